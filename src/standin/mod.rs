//! The stand-in for `arangod`: agents that speak the agency API, and the members of a cluster.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

pub mod agent;
mod coordinator;
mod cuts;
mod dbserver;
pub(crate) mod directory_lock;
mod embedded;
mod initial;
mod member;
mod model;
pub mod process;
mod roles;
mod supervision;
pub mod web;

pub use cuts::{Cuts, Way};
pub use embedded::{
    ClusterConfig, ClusterSize, Contents, EmbeddedAgency, EmbeddedCluster, EmbeddedServer,
    ServerState,
};
/// What the first server of a cluster writes into an empty agency.
pub use initial::tree as initial_tree;
pub use member::{MemberConfig, MemberError, MemberRole, MemberTiming, NoRole};
#[doc(hidden)]
pub use supervision::LogRounds;

/// Why a stand-in does not start, or does not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StandinError {
    /// An agency needs an odd number of agents.
    #[error("an agency of {agents} agents is not possible, the number must be odd")]
    PoolSize {
        /// The number asked for.
        agents: usize,
    },
    /// The runtime of the agents does not start.
    #[error("threads for the agents cannot be started")]
    Runtime(#[source] std::io::Error),
    /// No port to listen on.
    #[error("no loopback port to listen on")]
    Port(#[source] std::io::Error),
    /// An agent does not start.
    #[error("an agent does not start")]
    Agent(#[from] agent::AgentError),
    /// The directory of an agent cannot be used.
    #[error("the directory of an agent cannot be used")]
    Disk(#[from] agent::DiskError),
    /// No leader was elected in time.
    #[error("the agents elected no leader within {after:?}")]
    NoLeader {
        /// How long they had.
        after: Duration,
    },
    /// No running agent has this id.
    #[error("no running agent has the id {id}")]
    UnknownAgent {
        /// The id asked for.
        id: String,
    },
    /// An agent without a directory has forgotten everything: it must not come back.
    #[error("agent {id} keeps nothing on disk, so it cannot be started again")]
    NothingKept {
        /// The agent's id.
        id: String,
    },
    /// A folder for what members keep cannot be made.
    #[error("no folder for the data of members can be made")]
    Folder(#[source] std::io::Error),
    /// A member does not start.
    #[error("a member of the cluster does not start")]
    Member(#[source] Arc<MemberError>),
    /// A member did not register in time.
    #[error("{id} was not registered in the agency within {after:?}")]
    NotServing {
        /// Its id.
        id: String,
        /// How long it had.
        after: Duration,
    },
    /// No server has this id or name.
    #[error("no server is called '{id}'")]
    UnknownServer {
        /// The id or name asked for.
        id: String,
    },
    /// A server cannot be in two groups.
    #[error("'{id}' is named twice: a server is in one group at most")]
    NamedTwice {
        /// The id or name that was given the second time.
        id: String,
    },
    /// The server is not in the state that the action needs.
    #[error("{id} cannot be {action}: it is {state}")]
    WrongState {
        /// Which one.
        id: String,
        /// What was asked for.
        action: &'static str,
        /// What it is.
        state: ServerState,
    },
    /// The threads of an agent do not stand still.
    #[error("the agent is still busy after {after:?} and cannot be suspended")]
    NotSuspended {
        /// How long they had.
        after: Duration,
    },
    /// The agency has been stopped.
    #[error("the agency has been stopped")]
    Stopped,
}

/// More threads than the work of small requests needs: while some are busy
/// with big values, the others keep the heartbeats going.
const WORKERS: usize = 6;

/// Threads for big bodies and snapshots; whatever needs one waits for its turn.
const BLOCKING: usize = 8;

/// Bytes of stack per thread: trees may be nested hundreds of levels deep.
const STACK_SIZE: usize = 8 << 20;

/// What agents run on, be they in a process of their own or not.
fn runtime(thread_name: &str) -> std::io::Result<Runtime> {
    runtime_of(thread_name, WORKERS)
}

/// The same with so many threads for requests.
fn runtime_of(thread_name: &str, workers: usize) -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .max_blocking_threads(BLOCKING)
        .thread_name(thread_name)
        .thread_stack_size(STACK_SIZE)
        .enable_all()
        .build()
}
