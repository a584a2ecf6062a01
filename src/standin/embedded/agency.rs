//! An agency inside this process, on loopback ports, gone with its owner; what it knows can
//! be kept in a directory.

use std::future::Future;
use std::net::TcpListener as StdListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use serde_json::Value as Json;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::member::ServerState;
use super::running::{RunningAgent, shut_down, wait_for_leader};
use super::threads::AgentThreads;
use crate::standin::agent::{self, AgentConfig, Role, Storage};
use crate::standin::cuts::Cuts;
use crate::standin::initial;
use crate::standin::web::endpoint;
use crate::standin::{StandinError, runtime, supervision};

/// Election timing of embedded agents: short, yet long enough not to call
/// elections on a busy machine.
const MIN_PING: Duration = Duration::from_millis(400);
const MAX_PING: Duration = Duration::from_millis(1200);

/// Time an agency gets to elect its first leader.
const ELECTION_PATIENCE: Duration = Duration::from_secs(10);

/// Pause before the initial contents are written once more.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// What an embedded agency holds when it is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Nothing but the agents' own `.agency`.
    Empty,
    /// What the first server of a cluster writes.
    Initial,
    /// The same with another time between the heartbeats of members.
    InitialWithHeartbeat(Duration),
}

impl Contents {
    fn tree(self) -> Option<Json> {
        match self {
            Self::Empty => None,
            Self::Initial => Some(initial::tree()),
            Self::InitialWithHeartbeat(interval) => {
                let mut tree = initial::tree();
                let millis = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX).max(1);
                tree["Sync"]["HeartbeatIntervalMs"] = millis.into();
                Some(tree)
            }
        }
    }
}

/// Agents in this process. They end when it is dropped.
#[derive(Debug)]
pub struct EmbeddedAgency {
    runtime: Option<Runtime>,
    agents: Arc<Mutex<Vec<RunningAgent>>>,
    /// Of all agents, also those that have been stopped.
    configs: Vec<AgentConfig>,
    /// The network between the agents, and other servers of the same cluster.
    cuts: Cuts,
}

impl EmbeddedAgency {
    /// Starts so many agents, waits for a leader and writes the initial
    /// contents.
    ///
    /// # Errors
    /// The number of agents is not odd, a port cannot be had, or nobody is
    /// elected within ten seconds.
    pub fn start(agents: usize) -> Result<Self, StandinError> {
        Self::start_configured(agents, Contents::Initial, |_| {})
    }

    /// As [`Self::start`], with contents and configuration of choice. The
    /// closure sees each agent's configuration before the agent starts.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_configured(
        agents: usize,
        contents: Contents,
        configure: impl Fn(&mut AgentConfig),
    ) -> Result<Self, StandinError> {
        Self::begin(fresh_ids(agents), contents, configure)
    }

    /// As [`Self::start_configured`], with agents that keep everything in directories of their
    /// own below `directory`. Started there again, with as many agents, the agency is as it
    /// was; only its ports are others.
    ///
    /// # Errors
    /// As [`Self::start`], or a directory cannot be used.
    pub fn start_in(
        directory: &Path,
        agents: usize,
        contents: Contents,
        configure: impl Fn(&mut AgentConfig),
    ) -> Result<Self, StandinError> {
        let directories = (1..=agents).map(|n| directory.join(format!("agent-{n}")));
        let directories: Vec<PathBuf> = directories.collect();
        let ids: Result<Vec<String>, _> = directories.iter().map(|d| agent::agent_id(d)).collect();
        let ids = ids?;
        let stored = |config: &mut AgentConfig| {
            let position = ids.iter().position(|id| *id == config.id);
            if let Some(directory) = position.and_then(|p| directories.get(p)) {
                config.storage = Storage::Disk(directory.clone());
                config.wait_for_sync = true;
            }
            configure(config);
        };
        Self::begin(ids.clone(), contents, stored)
    }

    fn begin(
        ids: Vec<String>,
        contents: Contents,
        configure: impl Fn(&mut AgentConfig),
    ) -> Result<Self, StandinError> {
        let agents = ids.len();
        if agents.is_multiple_of(2) {
            return Err(StandinError::PoolSize { agents });
        }
        let runtime = runtime("embedded-agency").map_err(StandinError::Runtime)?;
        let (agents, cuts) = (Arc::default(), Cuts::default());
        let mut agency = Self { runtime: Some(runtime), agents, configs: Vec::new(), cuts };
        let starting: Vec<(StdListener, AgentConfig)> = bind_all(ids)?
            .into_iter()
            .map(|(listener, mut config)| {
                config.min_ping = MIN_PING;
                config.max_ping = MAX_PING;
                config.wait_for_sync = false;
                config.way = agency.cuts.way_from(&config.endpoint);
                configure(&mut config);
                (listener, config)
            })
            .collect();
        agency.configs = starting.iter().map(|(_, config)| config.clone()).collect();
        let handles = agency.run(start_all(starting, contents))??;
        for handle in handles {
            agency.keep(&mut agency.agents(), handle)?;
        }
        Ok(agency)
    }

    /// Keeps an agent until somebody ends it, be it a client.
    fn keep(
        &self,
        agents: &mut Vec<RunningAgent>,
        agent: RunningAgent,
    ) -> Result<(), StandinError> {
        let runtime = self.runtime.as_ref().ok_or(StandinError::Stopped)?;
        let handle = &agent.handle;
        let (id, asked, running) =
            (handle.id().to_owned(), handle.asked_to_end(), Arc::clone(&self.agents));
        agent.threads.spawn(supervision::run(handle.candidate()))?;
        agents.push(agent);
        runtime.spawn(async move {
            if !asked.await {
                return;
            }
            let leaving = {
                let mut agents = running.lock().unwrap_or_else(PoisonError::into_inner);
                let position = agents.iter().position(|a| a.handle.id() == id);
                position.map(|position| agents.remove(position))
            };
            if let Some(leaving) = leaving {
                leaving.shutdown().await;
            }
        });
        Ok(())
    }

    fn agents(&self) -> MutexGuard<'_, Vec<RunningAgent>> {
        self.agents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The network between the servers.
    pub(super) fn cuts(&self) -> &Cuts {
        &self.cuts
    }

    /// The URLs of the running agents.
    pub fn endpoints(&self) -> Vec<String> {
        self.agents().iter().map(|a| a.handle.url().to_owned()).collect()
    }

    /// The ids of the running agents, in the order of [`Self::endpoints`].
    pub fn agent_ids(&self) -> Vec<String> {
        self.agents().iter().map(|a| a.handle.id().to_owned()).collect()
    }

    /// All agents: the number of each, counted from 1, its id, its URL and what it does.
    pub(super) fn all(&self) -> Vec<(usize, String, String, ServerState)> {
        let agents = self.agents();
        let numbered = self.configs.iter().zip(1..).map(|(config, number)| {
            let running = agents.iter().find(|agent| agent.handle.id() == config.id);
            let state = running.map_or(ServerState::Stopped, RunningAgent::state);
            (number, config.id.clone(), endpoint::to_url(&config.endpoint), state)
        });
        numbered.collect()
    }

    /// The id of the agent that leads and serves at the moment.
    pub fn leader_id(&self) -> Option<String> {
        let agents = self.agents();
        let leader = agents
            .iter()
            .filter_map(|a| match a.handle.role() {
                Role::Leader { term } => Some((term, a)),
                _ => None,
            })
            .max_by_key(|(term, _)| *term);
        leader.map(|(_, a)| a.handle.id().to_owned())
    }

    /// Stops one agent for good and waits until it is gone.
    ///
    /// # Errors
    /// No running agent has this id.
    pub fn stop_agent(&self, id: &str) -> Result<(), StandinError> {
        let agent = {
            let mut agents = self.agents();
            let position = agents.iter().position(|a| a.handle.id() == id);
            let known = self.configs.iter().any(|config| config.id == id);
            let position = position.ok_or_else(|| match known {
                true => wrong_state(id, "stopped", ServerState::Stopped),
                false => StandinError::UnknownAgent { id: id.to_owned() },
            })?;
            agents.remove(position)
        };
        self.run(agent.shutdown())
    }

    /// Suspends an agent, as SIGSTOP does a process.
    ///
    /// # Errors
    /// No running agent has this id, or it is suspended already.
    pub fn suspend_agent(&self, id: &str) -> Result<(), StandinError> {
        self.with_agent(id, "paused", ServerState::Running, AgentThreads::suspend)
    }

    /// Lets a suspended agent go on.
    ///
    /// # Errors
    /// No running agent has this id, or it is not suspended.
    pub fn resume_agent(&self, id: &str) -> Result<(), StandinError> {
        self.with_agent(id, "resumed", ServerState::Paused, |threads| {
            threads.resume();
            Ok(())
        })
    }

    fn with_agent(
        &self,
        id: &str,
        action: &'static str,
        needed: ServerState,
        act: impl FnOnce(&AgentThreads) -> Result<(), StandinError>,
    ) -> Result<(), StandinError> {
        let agents = self.agents();
        let agent = agents.iter().find(|agent| agent.handle.id() == id);
        let state = agent.map_or(ServerState::Stopped, RunningAgent::state);
        match agent {
            Some(agent) if state == needed => act(&agent.threads),
            _ => Err(wrong_state(id, action, state)),
        }
    }

    /// Starts an agent again, on its directory and its port; one that runs is stopped first.
    ///
    /// # Errors
    /// There is no such agent, it has no directory, its port is taken, or it does not start.
    pub fn restart_agent(&self, id: &str) -> Result<(), StandinError> {
        let config = self.configs.iter().find(|c| c.id == id).cloned();
        let config = config.ok_or_else(|| StandinError::UnknownAgent { id: id.to_owned() })?;
        if config.storage == Storage::Memory {
            return Err(StandinError::NothingKept { id: id.to_owned() });
        }
        if self.agents().iter().any(|a| a.handle.id() == id) {
            self.stop_agent(id)?;
        }
        let mut agents = self.agents();
        let address = config.endpoint.rsplit("//").next().unwrap_or_default().to_owned();
        let started = self.run(async move {
            // tokio's own way to bind takes a port that was closed just before
            let listener = TcpListener::bind(address).await.map_err(StandinError::Port)?;
            let listener = listener.into_std().map_err(StandinError::Port)?;
            RunningAgent::start(listener, config).await
        });
        self.keep(&mut agents, started??)
    }

    /// Runs a future beside the agents; it ends with them.
    pub(super) fn spawn(
        &self,
        future: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), StandinError> {
        self.runtime.as_ref().ok_or(StandinError::Stopped)?.spawn(future);
        Ok(())
    }

    /// Runs a future to its end, also when called from within a runtime.
    pub(super) fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, StandinError> {
        let runtime = self.runtime.as_ref().ok_or(StandinError::Stopped)?;
        let (done, outcome) = mpsc::channel();
        runtime.spawn(async move {
            let _ = done.send(future.await);
        });
        outcome.recv().map_err(|_| StandinError::Stopped)
    }

    /// Stops all agents and waits until they are gone.
    pub fn shutdown(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let agents = std::mem::take(&mut *self.agents());
        let _ = self.run(shut_down(agents));
        if let Some(runtime) = self.runtime.take() {
            // Whatever is left of it holds nothing worth waiting for.
            runtime.shutdown_background();
        }
    }
}

impl Drop for EmbeddedAgency {
    fn drop(&mut self) {
        self.end();
    }
}

fn wrong_state(id: &str, action: &'static str, state: ServerState) -> StandinError {
    StandinError::WrongState { id: id.to_owned(), action, state }
}

fn fresh_ids(agents: usize) -> Vec<String> {
    (0..agents).map(|_| format!("AGNT-{}", uuid::Uuid::new_v4())).collect()
}

/// Binds a port for each agent, so that all know all endpoints.
fn bind_all(ids: Vec<String>) -> Result<Vec<(StdListener, AgentConfig)>, StandinError> {
    let mut listeners = Vec::new();
    let mut pool = Vec::new();
    for id in ids {
        let listener = StdListener::bind(("127.0.0.1", 0)).map_err(StandinError::Port)?;
        listener.set_nonblocking(true).map_err(StandinError::Port)?;
        let address = listener.local_addr().map_err(StandinError::Port)?;
        pool.push((id, format!("tcp://{address}")));
        listeners.push(listener);
    }
    let configs = pool.iter().map(|(id, endpoint)| AgentConfig::new(id, endpoint, pool.clone()));
    Ok(listeners.into_iter().zip(configs).collect())
}

async fn start_all(
    starting: Vec<(StdListener, AgentConfig)>,
    contents: Contents,
) -> Result<Vec<RunningAgent>, StandinError> {
    let mut agents = Vec::new();
    match start_each(starting, contents, &mut agents).await {
        Ok(()) => Ok(agents),
        Err(error) => {
            shut_down(agents).await;
            Err(error)
        }
    }
}

async fn start_each(
    starting: Vec<(StdListener, AgentConfig)>,
    contents: Contents,
    agents: &mut Vec<RunningAgent>,
) -> Result<(), StandinError> {
    // The first agent calls the election: it starts when the others listen.
    for (listener, config) in starting.into_iter().rev() {
        agents.push(RunningAgent::start(listener, config).await?);
    }
    agents.reverse();
    let ready = async {
        let mut leader = wait_for_leader(agents).await?;
        let Some(tree) = contents.tree() else { return Some(()) };
        while !initial::write(leader, &tree).await {
            // Leadership moved on; at worst the agents do not know yet.
            tokio::time::sleep(RETRY_PAUSE).await;
            leader = wait_for_leader(agents).await?;
        }
        Some(())
    };
    match tokio::time::timeout(ELECTION_PATIENCE, ready).await {
        Ok(Some(())) => Ok(()),
        _ => Err(StandinError::NoLeader { after: ELECTION_PATIENCE }),
    }
}
