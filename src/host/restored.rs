//! Servers that a snapshot tells of: they can be asked and signalled, and belong to somebody else.

use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde::Deserialize;
use serde_json::{Map as JsonMap, Value};

use super::clusters::client;
use super::launched::of_process;
use crate::auth::Secret;
use crate::client::{AgencyClient, ClientAuth};
use crate::cluster::stranger;
use crate::deadline::Deadline;
use crate::http::TlsOptions;
use crate::natives::cluster::{
    Access, Capabilities, Crash, InstanceAction, InstanceExit, InstanceFacts, InstanceState,
    Provider,
};
use crate::natives::{NativeError, NativeResult, with_causes};

/// Numbers from here on stand for processes and are none.
const NO_PROCESSES: i64 = 1 << 31;

/// How long a server may take to end in good order.
const STOP_PATIENCE: Duration = Duration::from_secs(60);

/// The servers of a snapshot.
pub(super) struct RestoredServers {
    snapshot: Snapshot,
    access: Access,
    operation_limit: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Snapshot {
    instance_count: i64,
    #[serde(default)]
    options: JsonMap<String, Value>,
    #[serde(default)]
    root_dir: Option<PathBuf>,
    arangods: Vec<Written>,
}

/// One instance as it is written down.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    name: String,
    instance_role: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    pid: Option<i64>,
    url: String,
    endpoint: String,
    up_and_running: bool,
    #[serde(default)]
    suspended: bool,
    #[serde(default)]
    server_crashed_local: bool,
    #[serde(default)]
    exit_status: Option<WrittenExit>,
    #[serde(default)]
    data_dir: Option<PathBuf>,
    #[serde(default)]
    log_file: Option<PathBuf>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default, rename = "JWT")]
    jwt: Option<String>,
}

#[derive(Deserialize)]
struct WrittenExit {
    exit: Option<i32>,
    signal: Option<i32>,
}

impl Written {
    /// The number of its process, if there is one.
    fn process(&self) -> Option<i32> {
        self.pid.filter(|pid| *pid < NO_PROCESSES).and_then(|pid| i32::try_from(pid).ok())
    }

    fn state(&self) -> InstanceState {
        match (self.up_and_running, self.process()) {
            (false, _) if self.server_crashed_local => InstanceState::Crashed,
            (false, _) => InstanceState::Stopped,
            (true, Some(pid)) => of_process(stranger::state_of(pid)),
            (true, None) if self.suspended => InstanceState::Suspended,
            (true, None) => InstanceState::Running,
        }
    }

    fn facts(&self) -> InstanceFacts {
        let exit = self.exit_status.as_ref();
        InstanceFacts {
            name: self.name.clone(),
            role: self.instance_role.clone(),
            id: self.id.clone(),
            pid: self.pid,
            url: self.url.clone(),
            endpoint: self.endpoint.clone(),
            state: self.state(),
            exit: exit.map(|exit| InstanceExit { code: exit.exit, signal: exit.signal }),
            data_dir: self.data_dir.clone(),
            log_file: self.log_file.clone(),
            arguments: self.args.clone(),
            is_overdue: false,
            remains: Vec::new(),
        }
    }
}

impl RestoredServers {
    /// Takes up what a snapshot tells; nothing is made and nobody is asked.
    pub(super) fn new(
        snapshot: &JsonMap<String, Value>,
        operation_limit: Option<Duration>,
    ) -> NativeResult<Self> {
        let snapshot: Snapshot =
            serde_json::from_value(snapshot.clone().into()).map_err(|error| {
                let message = format!("this is no snapshot of a cluster: {error}");
                NativeError::arango("usage.options", 10, message)
            })?;
        let secret = snapshot.arangods.iter().find_map(|one| one.jwt.as_deref());
        let auth = match secret.filter(|secret| *secret != "***") {
            Some(secret) => ClientAuth::secret(
                Secret::new(secret.as_bytes())
                    .map_err(|error| NativeError::arango(error.kind(), 10, with_causes(&error)))?,
            ),
            None => ClientAuth::None,
        };
        // the authority of their certificates is not part of a snapshot
        let access = Access { auth, tls: TlsOptions { insecure: true, ca_file: None } };
        Ok(Self { snapshot, access, operation_limit })
    }

    fn process(&self, instance: &str) -> NativeResult<i32> {
        let known = self.snapshot.arangods.iter().find(|one| one.name == instance);
        let process = known.filter(|one| one.up_and_running).and_then(Written::process);
        process.ok_or_else(|| {
            let message = format!("{instance} is no process that can be given a signal");
            NativeError::arango("cluster.not_ours", 11, message)
        })
    }
}

impl Provider for RestoredServers {
    fn world(&self) -> &'static str {
        "adopted"
    }

    fn is_started(&self) -> bool {
        true
    }

    fn check_ends(&self) -> NativeResult<()> {
        let message = "whoever started the cluster ends it";
        Err(NativeError::arango("cluster.not_ours", 11, message))
    }

    fn has_ended(&self) -> bool {
        false
    }

    fn root(&self) -> Option<PathBuf> {
        self.snapshot.root_dir.clone()
    }

    fn number(&self) -> Option<i64> {
        Some(self.snapshot.instance_count)
    }

    fn secret(&self) -> Option<String> {
        self.snapshot.arangods.iter().find_map(|one| one.jwt.clone())
    }

    fn capabilities(&self) -> Capabilities {
        let option = |key: &str| self.snapshot.options.get(key);
        let arangods = &self.snapshot.arangods;
        let processes = arangods.iter().any(|one| one.process().is_some());
        let coordinator_api = arangods.iter().any(|one| one.instance_role == "coordinator");
        let real_servers = option("arangod").is_some_and(|program| !program.is_null());
        Capabilities {
            real_servers,
            coordinator_api,
            collections: real_servers && coordinator_api,
            supervision: option("supervision").and_then(Value::as_bool).unwrap_or(true),
            signals: processes,
            control: processes,
            partition: false,
        }
    }

    fn options(&self) -> JsonMap<String, Value> {
        self.snapshot.options.clone()
    }

    fn agency(&self, deadline: &Deadline) -> NativeResult<AgencyClient> {
        let agents = self.snapshot.arangods.iter().filter(|one| one.instance_role == "agent");
        let places = agents.map(|one| one.url.clone());
        client(places, &self.access, self.operation_limit, deadline)
    }

    fn access(&self) -> NativeResult<Access> {
        Ok(self.access.clone())
    }

    fn instances(&self, _deadline: &Deadline) -> NativeResult<Vec<InstanceFacts>> {
        Ok(self.snapshot.arangods.iter().map(Written::facts).collect())
    }

    fn act(&self, instance: &str, action: InstanceAction, deadline: &Deadline) -> NativeResult<()> {
        let pid = self.process(instance)?;
        let (signal, ends) = match action {
            InstanceAction::Suspend => (Signal::SIGSTOP, false),
            InstanceAction::Resume => (Signal::SIGCONT, false),
            InstanceAction::Stop => (Signal::SIGTERM, true),
            InstanceAction::Kill(number) => {
                let signal = Signal::try_from(number).map_err(|_| {
                    NativeError::bad_parameter(format!("there is no signal {number}"))
                })?;
                (signal, true)
            }
            InstanceAction::Restart(_) => {
                let message = "only whoever started a server can start it again";
                return Err(NativeError::arango("cluster.not_ours", 11, message));
            }
        };
        stranger::signal(pid, signal).map_err(|error| {
            NativeError::arango("cluster.wrong_state", 10, format!("{instance}: {error}"))
        })?;
        if ends && !stranger::wait_gone(pid, STOP_PATIENCE, &|| deadline.check().is_err()) {
            deadline.check()?;
            let message = format!("{instance} is still there");
            return Err(NativeError::arango("cluster.not_ended", 4, message));
        }
        Ok(())
    }

    fn add_dbserver(&self, _deadline: &Deadline) -> NativeResult<String> {
        let message = "servers cannot be added to a cluster that others have started";
        Err(NativeError::arango("cluster.not_ours", 11, message))
    }

    fn crashes(&self) -> Vec<Crash> {
        // what a process that is no child of this one ended with, nobody tells
        Vec::new()
    }

    fn shutdown(&self, _patience: Duration, _deadline: &Deadline) -> NativeResult<()> {
        self.check_ends()
    }
}
