//! How a host makes clusters for its scripts.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map as JsonMap, Value};

use super::adopted::AdoptedServers;
use super::embedded::EmbeddedServers;
use super::launched::LaunchedServers;
use super::restored::RestoredServers;
use crate::client::{AgencyClient, ClientOptions};
use crate::cluster::{ClusterError, LaunchError, LaunchOptions, World, program_of_environment};
use crate::deadline::Deadline;
use crate::http::Endpoint;
use crate::natives::cluster::{Access, Adopted, Launcher, Provider};
use crate::natives::{NativeError, NativeResult, with_causes};

/// Makes clusters for one host.
pub(super) struct HostLauncher {
    pub(super) operation_limit: Option<Duration>,
    /// What processes are started from unless their options or `AGENCYSH_PROGRAM` say so.
    pub(super) program: Option<PathBuf>,
}

impl HostLauncher {
    /// As [`Self::provider`], with what this host knows.
    pub(super) fn described(&self, mut options: LaunchOptions) -> Arc<dyn Provider> {
        if options.program.is_none() && program_of_environment().is_none() {
            options.program.clone_from(&self.program);
        }
        Self::provider(options, self.operation_limit)
    }

    /// The servers that these options describe, which are not started yet.
    pub(super) fn provider(
        options: LaunchOptions,
        operation_limit: Option<Duration>,
    ) -> Arc<dyn Provider> {
        match options.world {
            World::Embedded => Arc::new(EmbeddedServers::new(options, operation_limit)),
            World::Processes => Arc::new(LaunchedServers::new(options, operation_limit)),
        }
    }
}

impl Launcher for HostLauncher {
    fn launch(&self, options: &JsonMap<String, Value>) -> NativeResult<Arc<dyn Provider>> {
        let options = LaunchOptions::from_map(options).map_err(|error| refused(&error))?;
        Ok(self.described(options))
    }

    fn adopt(&self, source: &Adopted) -> NativeResult<Arc<dyn Provider>> {
        Ok(match source {
            Adopted::Map(map) if map.contains_key("arangods") => {
                Arc::new(RestoredServers::new(map, self.operation_limit)?)
            }
            source => Arc::new(AdoptedServers::new(source, self.operation_limit)?),
        })
    }
}

/// A map that describes no cluster.
pub(super) fn refused(error: &LaunchError) -> NativeError {
    let number = match error {
        LaunchError::Unsupported { .. } => 9,
        _ => 10,
    };
    NativeError::arango(error.kind(), number, with_causes(error))
}

/// A cluster of processes that does not do as asked.
pub(super) fn failed(error: &ClusterError) -> NativeError {
    let number = match error {
        ClusterError::UnknownServer { .. }
        | ClusterError::WrongState { .. }
        | ClusterError::Topology { .. }
        | ClusterError::NoTopology { .. } => 10,
        ClusterError::File { .. } => 2,
        ClusterError::Refused { .. } | ClusterError::NobodyThere { .. } => 11,
        _ => 4,
    };
    NativeError::arango(error.kind(), number, with_causes(error))
}

/// A client of agents at these URLs or endpoints.
pub(super) fn client(
    places: impl IntoIterator<Item = String>,
    access: &Access,
    operation_limit: Option<Duration>,
    deadline: &Deadline,
) -> NativeResult<AgencyClient> {
    let endpoints: Result<Vec<_>, _> =
        places.into_iter().map(|place| Endpoint::parse(&place)).collect();
    let endpoints =
        endpoints.map_err(|error| NativeError::arango(error.kind(), 10, error.to_string()))?;
    let defaults = ClientOptions::default();
    let timeout = operation_limit.unwrap_or(defaults.timeout);
    let (auth, tls) = (access.auth.clone(), access.tls.clone());
    let options = ClientOptions { endpoints, timeout, auth, tls, ..defaults };
    Ok(AgencyClient::new(options, deadline.clone())?)
}

/// The options as a map, without what was not given.
pub(super) fn shown(options: &LaunchOptions) -> JsonMap<String, Value> {
    let shown = serde_json::to_value(options).unwrap_or_default();
    let mut shown = shown.as_object().cloned().unwrap_or_default();
    shown.retain(|_, value| !value.is_null());
    shown
}
