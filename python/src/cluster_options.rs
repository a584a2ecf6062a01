//! What clusters are made of, as keyword arguments.

use std::path::PathBuf;

use agencysh::cluster::LaunchOptions;
use agencysh::host::HostError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, Value, json};

use crate::errors;
use crate::settings::without_paths;
use crate::values::json as value_of;

/// What a cluster is made of.
///
/// # Errors
/// There can be no such cluster.
pub(crate) fn launch_options(
    py: Python<'_>,
    agents: usize,
    dbservers: usize,
    coordinators: usize,
    world: &str,
    arangod: Option<PathBuf>,
    launch: Option<Bound<'_, PyDict>>,
) -> PyResult<LaunchOptions> {
    let mut options = match launch {
        None => Map::new(),
        Some(launch) => {
            let plain = value_of(&without_paths(&launch)?);
            match plain.map_err(|misfit| misfit.into_error("launch"))? {
                Value::Object(options) => options,
                _ => Map::new(),
            }
        }
    };
    let known = json!({
        "agents": agents, "dbservers": dbservers, "coordinators": coordinators,
        "world": world, "arangod": arangod,
    });
    if let Value::Object(known) = known {
        options.extend(known);
    }
    LaunchOptions::from_map(&options)
        .map_err(|error| errors::of_host(py, &HostError::Launch(error)))
}

/// Raises what `Cluster` would raise for options that describe no cluster; starts nothing.
#[pyfunction]
#[pyo3(signature = (
    agents=3, dbservers=0, coordinators=0, world="embedded", arangod=None, **launch
))]
pub(crate) fn check_launch(
    py: Python<'_>,
    agents: usize,
    dbservers: usize,
    coordinators: usize,
    world: &str,
    arangod: Option<PathBuf>,
    launch: Option<Bound<'_, PyDict>>,
) -> PyResult<()> {
    launch_options(py, agents, dbservers, coordinators, world, arangod, launch).map(drop)
}
