//! Servers as processes of their own.
//!
//! * `agent`: finds its agency, serves, and ends when told to
//! * `member`: registers in its cluster, serves, and ends when told to

mod agent;
mod member;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::agent::{AgentError, DiskError, GossipError};
use super::member::MemberError;

pub use agent::AgentProcess;
pub use member::MemberProcess;

/// Why a server ends, or does not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The runtime does not start.
    #[error("threads for the server cannot be started")]
    Runtime(#[source] std::io::Error),
    /// The listener, or the signals, cannot be used.
    #[error("the server cannot listen")]
    Listen(#[source] std::io::Error),
    /// The agency is not complete.
    #[error("the agency does not come together")]
    Gossip(#[from] GossipError),
    /// The agent does not start.
    #[error("the agent does not start")]
    Agent(#[from] AgentError),
    /// The data directory cannot be used.
    #[error("the agent cannot use its data directory")]
    Disk(#[from] DiskError),
    /// The file with the pool cannot be used.
    #[error("cannot use '{}'; a damaged one may be removed, the agents then find each other anew", .path.display())]
    Pool {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
    /// The agency knows this agent under another address.
    #[error(
        "the agency knows this agent as {known}, not as {given}: start it with --agency.my-address {known}"
    )]
    Moved {
        /// The address that the others know.
        known: String,
        /// The address that it was started with.
        given: String,
    },
    /// The member does not start, or cannot go on.
    #[error("the member cannot serve")]
    Member(#[source] Arc<MemberError>),
}

/// Returns at SIGTERM or SIGINT.
fn told_to_end() -> Result<impl Future<Output = ()>, ProcessError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(ProcessError::Listen)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ProcessError::Listen)?;
    Ok(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    })
}
