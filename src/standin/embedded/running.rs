//! One agent that runs, on threads of its own.

use std::net::TcpListener as StdListener;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::member::ServerState;
use super::threads::AgentThreads;
use crate::standin::StandinError;
use crate::standin::agent::{self, AgentConfig, AgentHandle, Role};

/// An agent and what it runs on.
#[derive(Debug)]
pub(super) struct RunningAgent {
    pub(super) handle: AgentHandle,
    pub(super) threads: AgentThreads,
}

impl RunningAgent {
    /// Starts an agent on threads of its own.
    pub(super) async fn start(
        listener: StdListener,
        config: AgentConfig,
    ) -> Result<Self, StandinError> {
        let threads = AgentThreads::start()?;
        let starting = threads.handle()?.spawn(async move {
            let listener = TcpListener::from_std(listener).map_err(StandinError::Port)?;
            Ok::<_, StandinError>(agent::start(listener, config).await?)
        });
        let handle = starting.await.map_err(|_| StandinError::Stopped)??;
        Ok(Self { handle, threads })
    }

    /// Ends it, suspended or not, and waits until it is gone.
    pub(super) async fn shutdown(self) {
        let Self { handle, threads } = self;
        handle.begin_shutdown();
        threads.resume();
        handle.shutdown().await;
        drop(threads);
    }

    pub(super) fn state(&self) -> ServerState {
        if self.threads.are_suspended() { ServerState::Paused } else { ServerState::Running }
    }
}

/// Ends all and waits until they are gone.
pub(super) async fn shut_down(agents: Vec<RunningAgent>) {
    let mut ending: JoinSet<()> = agents.into_iter().map(RunningAgent::shutdown).collect();
    while ending.join_next().await.is_some() {}
}

/// The first agent that leads, whenever that happens.
pub(super) async fn wait_for_leader(agents: &[RunningAgent]) -> Option<&AgentHandle> {
    let (found, mut leader) = tokio::sync::mpsc::channel(1);
    let mut watching = JoinSet::new();
    for (position, agent) in agents.iter().enumerate() {
        let mut role = agent.handle.watch_role();
        let found = found.clone();
        watching.spawn(async move {
            if role.wait_for(|r| matches!(r, Role::Leader { .. })).await.is_ok() {
                let _ = found.send(position).await;
            }
        });
    }
    drop(found);
    Some(&agents.get(leader.recv().await?)?.handle)
}
