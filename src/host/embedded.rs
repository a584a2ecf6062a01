//! The embedded servers of a run: started when first asked for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use super::target::SupervisionTimes;
use crate::client::{AgencyClient, ClientOptions};
use crate::connection::ConnectionOptions;
use crate::deadline::{Deadline, SLICE};
use crate::http::Endpoint;
use crate::natives::cluster::{OwnServer, OwnServers};
use crate::natives::{NativeError, NativeResult, with_causes};
use crate::standin::{ClusterConfig, ClusterSize, EmbeddedCluster, StandinError};

/// Servers that belong to one host.
pub(super) struct EmbeddedServers {
    size: ClusterSize,
    supervision: SupervisionTimes,
    operation_limit: Option<Duration>,
    running: Mutex<Option<Arc<EmbeddedCluster>>>,
}

impl EmbeddedServers {
    pub(super) fn new(
        size: ClusterSize,
        supervision: SupervisionTimes,
        operation_limit: Option<Duration>,
    ) -> Self {
        Self { size, supervision, operation_limit, running: Mutex::default() }
    }

    fn config(&self) -> ClusterConfig {
        let mut config = ClusterConfig::default();
        let SupervisionTimes { grace_period, ok_threshold, frequency } = self.supervision;
        let supervision = &mut config.supervision;
        supervision.grace_period = grace_period.unwrap_or(supervision.grace_period);
        supervision.ok_threshold = ok_threshold.unwrap_or(supervision.ok_threshold);
        supervision.frequency = frequency.unwrap_or(supervision.frequency);
        config
    }

    /// A client of the agents, which are started first unless they run.
    pub(super) fn connect(&self, deadline: &Deadline) -> NativeResult<AgencyClient> {
        let agency = self.start(deadline)?;
        let endpoints: Result<Vec<_>, _> =
            agency.endpoints().iter().map(|url| Endpoint::parse(url)).collect();
        let endpoints =
            endpoints.map_err(|error| NativeError::internal("cluster.start", error.to_string()))?;
        let defaults = ClientOptions::default();
        let timeout = self.operation_limit.unwrap_or(defaults.timeout);
        let options = ClientOptions { endpoints, timeout, ..defaults };
        Ok(AgencyClient::new(options, deadline.clone())?)
    }

    /// Where the first coordinator listens, or the first agent where there is none; they are
    /// started first unless they run.
    pub(super) fn first_server(&self, deadline: &Deadline) -> NativeResult<ConnectionOptions> {
        let none = || NativeError::internal("cluster.start", "no server runs");
        let cluster = self.start(deadline)?;
        let urls = cluster.coordinators().into_iter().chain(cluster.endpoints());
        let url = urls.into_iter().next().ok_or_else(none)?;
        let endpoint = Endpoint::parse(&url)
            .map_err(|error| NativeError::internal("cluster.start", error.to_string()))?;
        Ok(ConnectionOptions::new(endpoint))
    }

    /// The servers; a deadline or an interrupt ends the wait for it.
    fn start(&self, deadline: &Deadline) -> NativeResult<Arc<EmbeddedCluster>> {
        let mut running = self.running();
        if let Some(agency) = &*running {
            return Ok(Arc::clone(agency));
        }
        let (done, started) = mpsc::channel();
        let (size, config) = (self.size, self.config());
        let start = move || {
            // nobody listens any more when the run has ended meanwhile: the servers end at once
            let _ = done.send(EmbeddedCluster::start_configured(size, config));
        };
        std::thread::Builder::new()
            .name("agencysh-start".to_owned())
            .spawn(start)
            .map_err(|error| NativeError::internal("cluster.start", error.to_string()))?;
        let agency = loop {
            match started.recv_timeout(SLICE) {
                Ok(outcome) => break outcome.map_err(not_started)?,
                Err(mpsc::RecvTimeoutError::Timeout) => deadline.check()?,
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(not_started(StandinError::Stopped));
                }
            }
        };
        Ok(Arc::clone(running.insert(Arc::new(agency))))
    }

    fn running(&self) -> MutexGuard<'_, Option<Arc<EmbeddedCluster>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EmbeddedServers {
    fn order(
        &self,
        deadline: &Deadline,
        order: impl FnOnce(&EmbeddedCluster) -> Result<(), StandinError>,
    ) -> NativeResult<()> {
        order(&*self.start(deadline)?).map_err(not_obeyed)
    }
}

impl OwnServers for EmbeddedServers {
    fn servers(&self, deadline: &Deadline) -> NativeResult<Vec<OwnServer>> {
        let servers = self.start(deadline)?.servers();
        let own = servers.into_iter().map(|server| OwnServer {
            id: server.id,
            name: server.name,
            role: server.role,
            url: server.url,
            state: server.state.to_string(),
        });
        Ok(own.collect())
    }

    fn stop(&self, server: &str, deadline: &Deadline) -> NativeResult<()> {
        self.order(deadline, |cluster| cluster.stop(server))
    }

    fn kill(&self, server: &str, deadline: &Deadline) -> NativeResult<()> {
        self.order(deadline, |cluster| cluster.kill(server))
    }

    fn pause(&self, server: &str, deadline: &Deadline) -> NativeResult<()> {
        self.order(deadline, |cluster| cluster.pause(server))
    }

    fn resume(&self, server: &str, deadline: &Deadline) -> NativeResult<()> {
        self.order(deadline, |cluster| cluster.resume(server))
    }

    fn restart(&self, server: &str, deadline: &Deadline) -> NativeResult<()> {
        self.order(deadline, |cluster| cluster.restart(server))
    }

    fn add_dbserver(&self, deadline: &Deadline) -> NativeResult<String> {
        self.start(deadline)?.add_dbserver().map_err(not_obeyed)
    }
}

fn not_obeyed(error: StandinError) -> NativeError {
    let (kind, number) = match error {
        StandinError::UnknownServer { .. }
        | StandinError::UnknownAgent { .. }
        | StandinError::NotStopped { .. } => ("cluster.unknown_server", 10),
        StandinError::WrongState { .. } => ("cluster.wrong_state", 10),
        StandinError::InOneProcess { .. } => ("cluster.in_one_process", 11),
        StandinError::NothingKept { .. } => ("cluster.nothing_kept", 11),
        _ => return not_started(error),
    };
    NativeError::arango(kind, number, with_causes(&error))
}

fn not_started(error: StandinError) -> NativeError {
    let (kind, number) = match error {
        StandinError::PoolSize { .. } => ("cluster.pool_size", 10),
        _ => ("cluster.start", 4),
    };
    NativeError::arango(kind, number, with_causes(&error))
}
