//! One agent as a process of its own: finds its agency, serves, and ends when told to.

use std::net::TcpListener as StdListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::TcpListener;

use super::{ProcessError, told_to_end};
use crate::standin::agent::{
    self, AgentConfig, Authentication, CompactionRule, Gossip, LogControl, ServerCertificate,
    Storage, SupervisionConfig, agent_id, discover,
};
use crate::standin::{runtime, supervision};

/// What an agent is started with.
#[derive(Debug)]
pub struct AgentProcess {
    /// Where it listens.
    pub listener: StdListener,
    /// The endpoint that it advertises.
    pub endpoint: String,
    /// Endpoints of the agents, its own among them.
    pub peers: Vec<String>,
    /// How many agents the agency has.
    pub size: usize,
    /// Where its data lies; without it nothing is kept.
    pub directory: Option<PathBuf>,
    /// Who may ask.
    pub authentication: Option<Authentication>,
    /// What it shows to clients, which have to speak TLS then.
    pub certificate: Option<ServerCertificate>,
    /// Lower bound of the election timeout.
    pub min_ping: Duration,
    /// Upper bound of the election timeout.
    pub max_ping: Duration,
    /// Whether transactions are taken in the portions of an agent that waits for its disk.
    pub wait_for_sync: bool,
    /// Log entries between two snapshots.
    pub compaction_step: u64,
    /// Log entries kept before a snapshot.
    pub compaction_keep: u64,
    /// What it logs.
    pub log: LogControl,
    /// What the configuration shows of the supervision.
    pub supervision: SupervisionConfig,
}

/// The agents of the agency, kept so that some of them can start while others are away.
struct Pool(Vec<(String, String)>);

impl Pool {
    fn path(directory: &Path) -> PathBuf {
        directory.join("pool.json")
    }

    /// The pool that the agent was in before, if it was in one.
    fn read(directory: &Path) -> Result<Option<Self>, ProcessError> {
        let path = Self::path(directory);
        let failed = |source| ProcessError::Pool { path: path.clone(), source };
        match std::fs::read(&path) {
            Ok(text) => {
                let pool = serde_json::from_slice(&text).map_err(|error| failed(error.into()))?;
                Ok(Some(Self(pool)))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn write(directory: &Path, pool: &[(String, String)]) -> Result<(), ProcessError> {
        let path = Self::path(directory);
        let failed = |source| ProcessError::Pool { path: path.clone(), source };
        let text = serde_json::to_vec_pretty(pool).map_err(|error| failed(error.into()))?;
        let mut file = tempfile::NamedTempFile::new_in(directory).map_err(failed)?;
        std::io::Write::write_all(&mut file, &text).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// The pool, in which this agent must have its old address.
    fn known_to(self, id: &str, endpoint: &str) -> Result<Vec<(String, String)>, ProcessError> {
        match self.0.iter().find(|(member, _)| member == id) {
            Some((_, known)) if known != endpoint => {
                Err(ProcessError::Moved { known: known.clone(), given: endpoint.to_owned() })
            }
            _ => Ok(self.0),
        }
    }
}

/// Keeps the new pool for the next start. The agent goes on if that fails: the pool is logged.
fn remember(directory: Option<&Path>, pool: &[(String, String)]) {
    if let Some(directory) = directory
        && let Err(error) = Pool::write(directory, pool)
    {
        let error: &dyn std::error::Error = &error;
        tracing::error!(error, "the new pool is not kept");
    }
}

impl AgentProcess {
    /// Serves until SIGTERM or SIGINT, or until a client asks the agent to end.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub fn run(self) -> Result<(), ProcessError> {
        let runtime = runtime("agent").map_err(ProcessError::Runtime)?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> Result<(), ProcessError> {
        let directory = self.directory.clone();
        let told_to_end = told_to_end()?;
        tokio::pin!(told_to_end);
        let agent = tokio::select! {
            agent = self.start() => agent?,
            () = &mut told_to_end => return Ok(()),
        };
        tokio::spawn(supervision::run(agent.candidate()));
        let mut changes = agent.pool_changes();
        let keep = directory.as_deref();
        let known = async {
            while let Some(pool) = changes.next().await {
                remember(keep, &pool);
            }
        };
        tokio::select! { () = told_to_end => {}, _ = agent.asked_to_end() => {}, () = known => {} }
        tracing::info!("agent {} ends", agent.id());
        agent.shutdown().await;
        Ok(())
    }

    async fn start(self) -> Result<agent::AgentHandle, ProcessError> {
        self.listener.set_nonblocking(true).map_err(ProcessError::Listen)?;
        let listener = TcpListener::from_std(self.listener).map_err(ProcessError::Listen)?;
        let (id, storage) = match &self.directory {
            Some(directory) => (agent_id(directory)?, Storage::Disk(directory.clone())),
            None => (format!("AGNT-{}", uuid::Uuid::new_v4()), Storage::Memory),
        };
        let gossip = Gossip {
            id: id.clone(),
            endpoint: self.endpoint.clone(),
            peers: self.peers,
            size: self.size,
            authentication: self.authentication.clone(),
            certificate: self.certificate.clone(),
        };
        let pool = match self.directory.as_deref().map(Pool::read).transpose()?.flatten() {
            Some(pool) => pool.known_to(&id, &self.endpoint)?,
            None => {
                let pool = discover(&listener, gossip).await?;
                if let Some(directory) = &self.directory {
                    Pool::write(directory, &pool)?;
                }
                pool
            }
        };
        let mut config = AgentConfig::new(id, self.endpoint, pool);
        config.min_ping = self.min_ping;
        config.max_ping = self.max_ping;
        config.wait_for_sync = self.wait_for_sync;
        config.compaction =
            CompactionRule { step: self.compaction_step, keep: self.compaction_keep };
        config.storage = storage;
        config.authentication = self.authentication;
        config.certificate = self.certificate;
        config.supervision = self.supervision;
        config.log = self.log;
        let agent = agent::start(listener, config).await?;
        tracing::info!("agent {} serves at {}", agent.id(), agent.url());
        Ok(agent)
    }
}
