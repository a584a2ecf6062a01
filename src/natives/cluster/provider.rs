//! What stands behind a cluster: servers in this process, processes, or what exists already.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map as JsonMap, Value};

use crate::client::{AgencyClient, ClientAuth};
use crate::deadline::Deadline;
use crate::http::TlsOptions;
use crate::natives::{NativeError, NativeResult};

/// What an instance does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceState {
    /// It runs.
    Running,
    /// It is suspended.
    Suspended,
    /// It has ended, because somebody told it to.
    Stopped,
    /// It has ended unasked.
    Crashed,
}

impl InstanceState {
    /// The word that scripts see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Suspended => "suspended",
            Self::Stopped => "stopped",
            Self::Crashed => "crashed",
        }
    }
}

/// How an instance ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InstanceExit {
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

/// What is known of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceFacts {
    /// Its name in the cluster, such as `dbserver1`.
    pub name: String,
    /// `agent`, `dbserver` or `coordinator`.
    pub role: String,
    /// Its id, such as `PRMR-…`, once it is known.
    pub id: Option<String>,
    /// Its process, or a number that stands for one.
    pub pid: Option<i64>,
    /// The start of its URLs.
    pub url: String,
    /// The same as an endpoint.
    pub endpoint: String,
    /// What it does.
    pub state: InstanceState,
    /// How it ended.
    pub exit: Option<InstanceExit>,
    /// Where its data lies.
    pub data_dir: Option<PathBuf>,
    /// Where its log goes.
    pub log_file: Option<PathBuf>,
    /// The words that it was started with.
    pub arguments: Vec<String>,
    /// Whether its end had to be forced.
    pub is_overdue: bool,
    /// What it has left behind that tells of trouble.
    pub remains: Vec<PathBuf>,
}

/// What can be done to an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstanceAction {
    /// Suspend it.
    Suspend,
    /// Let it go on.
    Resume,
    /// End it at once, with this signal.
    Kill(i32),
    /// End it in good order.
    Stop,
    /// Start it again, with these options in place of those of the same names.
    Restart(Vec<String>),
}

/// An instance that ended unasked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    /// Its name.
    pub instance: String,
    /// Its process.
    pub pid: i64,
    /// How it ended.
    pub exit: InstanceExit,
    /// The same in words.
    pub end: String,
    /// The last lines it logged.
    pub log: String,
    /// What it left behind: core files, reports of sanitizers.
    pub files: Vec<PathBuf>,
}

impl std::fmt::Display for Crash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { instance, pid, end, .. } = self;
        write!(formatter, "{instance} (process {pid}) ended unasked: {end}")
    }
}

/// What scripts may expect of a cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Servers are real ones, which keep documents.
    pub real_servers: bool,
    /// There is a coordinator to ask.
    pub coordinator_api: bool,
    /// Servers are supervised.
    pub supervision: bool,
    /// Servers are processes, which can be given any signal.
    pub signals: bool,
    /// Collections hold documents.
    pub collections: bool,
    /// Servers can be suspended, ended and started again.
    pub control: bool,
    /// The network between servers can be cut.
    pub partition: bool,
}

/// How servers are asked directly.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Credentials.
    pub auth: ClientAuth,
    /// How `https` servers are judged.
    pub tls: TlsOptions,
}

/// The servers of one cluster. They are started when somebody first asks for anything, unless they
/// run; that ends when the deadline says so. An instance is called by its name.
pub trait Provider: Send + Sync {
    /// `embedded`, `processes` or `adopted`.
    fn world(&self) -> &'static str;

    /// Whether they have been started.
    fn is_started(&self) -> bool;

    /// The folder of everything that belongs to the cluster.
    fn root(&self) -> Option<PathBuf>;

    /// What scripts may expect.
    fn capabilities(&self) -> Capabilities;

    /// The options that it was launched with.
    fn options(&self) -> JsonMap<String, Value>;

    /// The number of a cluster that had one before.
    fn number(&self) -> Option<i64> {
        None
    }

    /// The secret that opens the servers.
    fn secret(&self) -> Option<String> {
        None
    }

    /// A client of the agents.
    ///
    /// # Errors
    /// They do not start.
    fn agency(&self, deadline: &Deadline) -> NativeResult<AgencyClient>;

    /// How servers are asked directly.
    ///
    /// # Errors
    /// The secret cannot be read.
    fn access(&self) -> NativeResult<Access>;

    /// All instances: agents, DB-servers, coordinators, each in start order.
    ///
    /// # Errors
    /// They do not start.
    fn instances(&self, deadline: &Deadline) -> NativeResult<Vec<InstanceFacts>>;

    /// Does something to an instance.
    ///
    /// # Errors
    /// There is no such instance, it is in another state, or it cannot be done here.
    fn act(&self, instance: &str, action: InstanceAction, deadline: &Deadline) -> NativeResult<()>;

    /// Starts one more DB-server; gives its name.
    ///
    /// # Errors
    /// It does not start.
    fn add_dbserver(&self, deadline: &Deadline) -> NativeResult<String>;

    /// Cuts the network between groups of instances, called by id or name; those in none make up
    /// a group together. It takes the place of an earlier cut.
    ///
    /// # Errors
    /// `cluster.unsupported`, unless the servers are inside this process; `cluster.unknown_server`;
    /// `argument.invalid` for an instance that is named twice.
    fn partition(&self, _groups: &[Vec<String>], _deadline: &Deadline) -> NativeResult<()> {
        Err(no_partition())
    }

    /// Lets all instances reach each other again.
    ///
    /// # Errors
    /// `cluster.unsupported`, unless the servers are inside this process.
    fn heal(&self, _deadline: &Deadline) -> NativeResult<()> {
        Err(no_partition())
    }

    /// Which instances ended unasked so far.
    fn crashes(&self) -> Vec<Crash>;

    /// Whether they can be ended here.
    ///
    /// # Errors
    /// They belong to somebody else.
    fn check_ends(&self) -> NativeResult<()> {
        Ok(())
    }

    /// Whether they have been ended.
    fn has_ended(&self) -> bool;

    /// Ends all instances: coordinators, then DB-servers, then agents, each in reverse start order.
    /// The end of those that take longer is forced.
    ///
    /// # Errors
    /// They do not belong to this run.
    fn shutdown(&self, patience: Duration, deadline: &Deadline) -> NativeResult<()>;
}

/// Makes clusters for scripts.
pub trait Launcher: Send + Sync {
    /// A cluster of new servers, described by a map; nothing is started yet.
    ///
    /// # Errors
    /// The map describes no cluster.
    fn launch(&self, options: &JsonMap<String, Value>) -> NativeResult<Arc<dyn Provider>>;

    /// A cluster that exists, described by its topology file, or by a map.
    ///
    /// # Errors
    /// Neither describes one.
    fn adopt(&self, source: &Adopted) -> NativeResult<Arc<dyn Provider>>;
}

/// What describes a cluster that exists.
#[derive(Debug, Clone, PartialEq)]
pub enum Adopted {
    /// A topology file.
    File(PathBuf),
    /// What such a file, or a snapshot, says.
    Map(JsonMap<String, Value>),
}

/// The network between the servers cannot be cut.
fn no_partition() -> NativeError {
    let message = "only the network between servers inside this process (world \"embedded\") can be cut: processes share the machine's network; to suspend some is the nearest thing";
    NativeError::arango("cluster.unsupported", 9, message)
}
