//! Clusters of processes: starts, watches and stops them.
//!
//! * `certificates`: what servers and clients need for TLS
//! * `options`: what a cluster is made of; `role`: what its servers do
//! * `command_line`: what each server is started with, ours and the real `arangod` alike
//! * `server`: one process and what became of it; `remains`: what it leaves behind
//! * `owner`: how servers know that nobody watches over them; `instance_info`: what they are told of the cluster
//! * `import`: what an agency begins with; `rename`: under which names of servers
//! * `startup`: starts all of them and waits until they are ready, which `readiness` tells of members
//! * `arguments`: options that replace others when a server is started again
//! * `processes`: all of them, with the topology file; `later`: servers that start when others run
//! * `running`: a cluster that is watched on a thread of this process; `launch`: how scripts describe one
//! * `control`: how another program asks for kill, pause, resume, restart, status, down
//! * `stranger`: processes that are known by their numbers alone
//! * `topology`: the file that tells where the servers are

mod arguments;
mod certificates;
mod command_line;
mod control;
mod folder;
mod import;
mod instance_info;
mod later;
mod launch;
mod options;
pub mod owner;
mod ports;
mod processes;
mod readiness;
mod remains;
mod rename;
mod role;
mod running;
mod server;
mod startup;
pub mod stranger;
mod topology;

use std::path::PathBuf;

pub use command_line::{
    AgentPlan, Common, MemberPlan, Supervision, agent_arguments, member_arguments,
};
pub use control::{Action, Request, Status, ask};
pub(crate) use launch::program_of_environment;
pub use launch::{ELECTION_TIMEOUT, LaunchError, LaunchOptions, OnCrash, World};
pub use options::ClusterOptions;
pub use processes::{Cluster, Event};
pub use rename::{RenameError, Renaming, rename};
pub use role::ServerRole;
pub use running::RunningCluster;
pub use server::{Exit, ServerState, log_tail};
pub use topology::{Server, Topology};

fn with(something: bool) -> &'static str {
    if something { "with" } else { "without" }
}

/// Why a cluster does not start, or does not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// A file or folder of the cluster cannot be used.
    #[error("cannot use '{}'", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The topology file does not say what a topology says.
    #[error("'{}' is no topology file", .path.display())]
    Topology {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// There is no such file, or no more.
    #[error("no topology file '{}': `cluster up --topology FILE` writes it and removes it at its end", .path.display())]
    NoTopology {
        /// The file.
        path: PathBuf,
    },
    /// The topology file is to be in a folder that is none.
    #[error("the topology file '{}' is to be in a folder that does not exist", .path.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
    },
    /// The topology file is that of a cluster that runs.
    #[error("'{}' belongs to a cluster that runs: `cluster down` ends it, or take another file", .path.display())]
    TopologyInUse {
        /// The file.
        path: PathBuf,
    },
    /// Another `cluster up` uses the folder.
    #[error("'{}' is used by a cluster that runs: end that one, or take another folder", .data.display())]
    InUse {
        /// The folder with its data.
        data: PathBuf,
    },
    /// The data is that of agents at other ports, or of another number of agents.
    #[error(
        "the {} agents in '{}' know each other at the ports {ports:?}: start all of them without --port-base, or begin in another folder",
        .ports.len(),
        .data.display()
    )]
    OtherAgents {
        /// The folder with their data.
        data: PathBuf,
        /// Their ports.
        ports: Vec<u16>,
    },
    /// The data is that of agents that speak TLS, or that do not, and these are to do otherwise.
    #[error(
        "the agents in '{}' know each other {} TLS: start them {} --tls, or begin in another folder",
        .data.display(),
        with(*.tls),
        with(*.tls)
    )]
    OtherTls {
        /// The folder with their data.
        data: PathBuf,
        /// Whether they speak TLS.
        tls: bool,
    },
    /// It was told to end while it was starting.
    #[error("interrupted while the cluster was starting")]
    Interrupted,
    /// A server does not start.
    #[error("cannot start '{program}'")]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nobody can watch over the servers.
    #[error("no thread to watch over the cluster")]
    Thread(#[source] std::io::Error),
    /// No ports to listen on.
    #[error("no loopback port to listen on")]
    Port(#[source] std::io::Error),
    /// A server ended while the cluster was starting.
    #[error("{name} ended while the cluster was starting ({end}); the end of its log:\n{log}")]
    EndedAtStart {
        /// Which one.
        name: String,
        /// How it ended.
        end: String,
        /// The last lines it logged.
        log: String,
    },
    /// Somebody else listens where a server has to.
    #[error(
        "{name} {problem}: end what listens there, such as a server that outlived its `cluster up`"
    )]
    PortTaken {
        /// Which one.
        name: String,
        /// What it said of the port.
        problem: String,
    },
    /// The servers are not ready in time.
    #[error("the cluster is not ready within {seconds} s: {state}")]
    NotReady {
        /// How long it had.
        seconds: u64,
        /// What was seen last.
        state: String,
    },
    /// An agency that is to be filled is there already.
    #[error(
        "'{}' holds an agency already; only a new one can be filled, in another folder",
        .data.display()
    )]
    NotEmpty {
        /// The folder with its data.
        data: PathBuf,
    },
    /// The agency does not take a part of the tree that it is to be filled with.
    #[error("the agency does not take what is to be written at {paths}")]
    NotTaken {
        /// Where it was to go.
        paths: String,
    },
    /// No server has this name.
    #[error("no server is called '{name}'; there are {known}")]
    UnknownServer {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The server is not in the state that the action needs.
    #[error("{name} cannot be {action}: it is {state}")]
    WrongState {
        /// Which one.
        name: String,
        /// What was asked for.
        action: &'static str,
        /// What it is.
        state: String,
    },
    /// Nobody watches over the cluster any more.
    #[error("no `cluster up` runs for '{}'; servers that outlived it are ended by the process ids in that file", .topology.display())]
    NobodyThere {
        /// The topology file.
        topology: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// `cluster up` refused.
    #[error("{message}")]
    Refused {
        /// Its words.
        message: String,
    },
    /// No certificates can be made.
    #[error("no certificates can be made")]
    Certificates(#[from] rcgen::Error),
    /// A client for the readiness check cannot be made.
    #[error("the agents cannot be asked whether they are ready")]
    Client(#[from] crate::client::ClientError),
    /// The secret cannot be used.
    #[error("the secret cannot be used")]
    Secret(#[from] crate::auth::SecretError),
}

impl ClusterError {
    /// The stable dotted name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File { .. } => "cluster.file",
            Self::Topology { .. } => "cluster.topology",
            Self::NoTopology { .. } => "cluster.no_topology",
            Self::NoFolder { .. } => "cluster.no_folder",
            Self::TopologyInUse { .. } => "cluster.topology_in_use",
            Self::InUse { .. } => "cluster.in_use",
            Self::OtherAgents { .. } => "cluster.other_agents",
            Self::OtherTls { .. } => "cluster.other_tls",
            Self::Interrupted => "cluster.interrupted",
            Self::Start { .. } => "cluster.start",
            Self::Thread(_) => "cluster.no_thread",
            Self::Port(_) => "cluster.port",
            Self::EndedAtStart { .. } => "cluster.ended_at_start",
            Self::PortTaken { .. } => "cluster.port_taken",
            Self::NotReady { .. } => "cluster.not_ready",
            Self::NotEmpty { .. } => "cluster.not_empty",
            Self::NotTaken { .. } => "cluster.not_taken",
            Self::UnknownServer { .. } => "cluster.unknown_server",
            Self::WrongState { .. } => "cluster.wrong_state",
            Self::NobodyThere { .. } => "cluster.nobody_there",
            Self::Refused { .. } => "cluster.refused",
            Self::Certificates(_) => "cluster.certificates",
            Self::Client(error) => error.kind(),
            Self::Secret(error) => error.kind(),
        }
    }
}
