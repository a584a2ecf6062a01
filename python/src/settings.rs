//! The settings of a shell, as keyword arguments.

use std::sync::Arc;

use agencysh::Target;
use agencysh::host::{HostBuilder, HostError, HostSettings};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use serde_json::{Map, Value};

use crate::callbacks::Callbacks;
use crate::cluster::Cluster;
use crate::{errors, natives, program, sinks, values, waiting};

/// What a shell is made of.
pub(crate) struct Settings<'a, 'py> {
    /// Those of [`HostSettings`], by name.
    pub(crate) plain: Vec<(&'static str, Option<Bound<'py, PyAny>>)>,
    pub(crate) cluster: Option<&'a Bound<'py, Cluster>>,
    pub(crate) natives: Option<Bound<'py, PyAny>>,
    pub(crate) output: Option<Bound<'py, PyAny>>,
}

impl Settings<'_, '_> {
    /// The builder of a host.
    ///
    /// # Errors
    /// A setting has a value that it cannot have.
    pub(crate) fn builder(
        self,
        py: Python<'_>,
        callbacks: &Arc<Callbacks>,
    ) -> PyResult<HostBuilder> {
        let given = self.plain.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let plain = given
            .map(|(name, value)| Ok((name.to_owned(), setting(name, &value)?)))
            .collect::<PyResult<Map<String, Value>>>()?;
        let mut builder = HostSettings::from_json(&Value::Object(plain))
            .and_then(HostSettings::builder)
            .map_err(|error| errors::of_host(py, &HostError::from(error)))?;
        if let Some(program) = program::of_servers(py)? {
            builder = builder.server_program(program);
        }
        if let Some(cluster) = self.cluster {
            builder = builder.target(Target::Shared(cluster.get().shared(py)?));
        }
        if let Some(natives) = self.natives {
            for (name, module) in natives::modules(&natives, callbacks)? {
                builder = builder.module(name, module);
            }
        }
        builder = sinks::connect(builder, self.output.map(Bound::unbind), callbacks);
        Ok(builder.while_waiting(waiting::look))
    }
}

/// The value of a setting, in which paths may be objects and a text may stand for a list of one.
fn setting(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let value = without_paths(value)?;
    let value = values::json(&value).map_err(|misfit| misfit.into_error(name))?;
    Ok(match value {
        text @ Value::String(_) if name == "endpoints" => Value::Array(vec![text]),
        value => value,
    })
}

/// The same with texts in place of `os.PathLike` objects, and dicts in place of other mappings.
pub(crate) fn without_paths<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    if value.is_instance_of::<PyString>() {
        return Ok(value.clone());
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let items = value.try_iter()?.map(|item| without_paths(&item?));
        return Ok(PyList::new(py, items.collect::<PyResult<Vec<_>>>()?)?.into_any());
    }
    if value.hasattr("__fspath__")? {
        return value.call_method0("__fspath__");
    }
    if value.hasattr("keys")? {
        let members = PyDict::new(py);
        for key in value.call_method0("keys")?.try_iter()? {
            let key = key?;
            members.set_item(&key, without_paths(&value.get_item(&key)?)?)?;
        }
        return Ok(members.into_any());
    }
    Ok(value.clone())
}
