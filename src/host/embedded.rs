//! The embedded agency of a run: started when first asked for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use crate::client::{AgencyClient, ClientOptions};
use crate::connection::ConnectionOptions;
use crate::deadline::{Deadline, SLICE};
use crate::http::Endpoint;
use crate::natives::cluster::OwnServers;
use crate::natives::{NativeError, NativeResult, with_causes};
use crate::standin::{EmbeddedAgency, StandinError};

/// Agents that belong to one host.
pub(super) struct EmbeddedServers {
    agents: usize,
    operation_limit: Option<Duration>,
    running: Mutex<Option<Arc<EmbeddedAgency>>>,
}

impl EmbeddedServers {
    pub(super) fn new(agents: usize, operation_limit: Option<Duration>) -> Self {
        Self { agents, operation_limit, running: Mutex::default() }
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

    /// Where the first of the agents listens, which are started first unless they run.
    pub(super) fn first_server(&self, deadline: &Deadline) -> NativeResult<ConnectionOptions> {
        let none = || NativeError::internal("cluster.start", "no agent runs");
        let url = self.start(deadline)?.endpoints().first().cloned().ok_or_else(none)?;
        let endpoint = Endpoint::parse(&url)
            .map_err(|error| NativeError::internal("cluster.start", error.to_string()))?;
        Ok(ConnectionOptions::new(endpoint))
    }

    /// The agency; a deadline or an interrupt ends the wait for it.
    fn start(&self, deadline: &Deadline) -> NativeResult<Arc<EmbeddedAgency>> {
        let mut running = self.running();
        if let Some(agency) = &*running {
            return Ok(Arc::clone(agency));
        }
        let (done, started) = mpsc::channel();
        let agents = self.agents;
        let start = move || {
            // nobody listens any more when the run has ended meanwhile: the agency ends at once
            let _ = done.send(EmbeddedAgency::start(agents));
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

    fn running(&self) -> MutexGuard<'_, Option<Arc<EmbeddedAgency>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OwnServers for EmbeddedServers {
    fn agents(&self, deadline: &Deadline) -> NativeResult<Vec<String>> {
        Ok(self.start(deadline)?.agent_ids())
    }

    fn stop(&self, id: &str, deadline: &Deadline) -> NativeResult<()> {
        self.start(deadline)?.stop_agent(id).map_err(|error| match error {
            StandinError::UnknownAgent { .. } => {
                NativeError::arango("cluster.unknown_server", 10, error.to_string())
            }
            other => not_started(other),
        })
    }
}

fn not_started(error: StandinError) -> NativeError {
    let (kind, number) = match error {
        StandinError::PoolSize { .. } => ("cluster.pool_size", 10),
        _ => ("cluster.start", 4),
    };
    NativeError::arango(kind, number, with_causes(&error))
}
