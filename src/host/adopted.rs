//! Servers that exist already, as scripts see them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map as JsonMap, Value};

use super::clusters::{client, failed};
use super::launched::{of_process, of_status};
use crate::auth::Secret;
use crate::client::{AgencyClient, ClientAuth};
use crate::cluster::{Action, ClusterError, Request, Status, Topology, ask};
use crate::deadline::Deadline;
use crate::http::{Endpoint, TlsOptions};
use crate::natives::cluster::{
    Access, Adopted, Capabilities, Crash, InstanceAction, InstanceExit, InstanceFacts,
    InstanceState, Provider,
};
use crate::natives::{NativeError, NativeResult, with_causes};

/// Servers that others have started.
pub(super) struct AdoptedServers {
    known: Vec<InstanceFacts>,
    /// The file of a `cluster up` that takes orders.
    topology: Option<PathBuf>,
    access: Access,
    operation_limit: Option<Duration>,
}

/// What a map says of a cluster.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    agents: Vec<Place>,
    #[serde(default)]
    dbservers: Vec<Place>,
    #[serde(default)]
    coordinators: Vec<Place>,
    #[serde(default)]
    jwt_secret_file: Option<PathBuf>,
    #[serde(default)]
    ca_file: Option<PathBuf>,
    #[serde(default)]
    insecure: bool,
}

/// Where a server is.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Place {
    Endpoint(String),
    Server {
        endpoint: String,
        #[serde(default)]
        id: Option<String>,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        pid: Option<i64>,
    },
}

fn access(secret: Option<&Path>, ca_file: Option<PathBuf>, insecure: bool) -> NativeResult<Access> {
    let auth = match secret {
        Some(file) => ClientAuth::secret(
            Secret::from_file(file)
                .map_err(|error| NativeError::arango(error.kind(), 10, with_causes(&error)))?,
        ),
        None => ClientAuth::None,
    };
    Ok(Access { auth, tls: TlsOptions { insecure, ca_file } })
}

fn of_place(place: Place, role: &str, number: usize) -> NativeResult<InstanceFacts> {
    let (text, id, name, pid) = match place {
        Place::Endpoint(endpoint) => (endpoint, None, None, None),
        Place::Server { endpoint, id, name, pid } => (endpoint, id, name, pid),
    };
    let endpoint = Endpoint::parse(&text)
        .map_err(|error| NativeError::arango(error.kind(), 10, error.to_string()))?;
    let url = endpoint.url();
    Ok(InstanceFacts {
        name: name.unwrap_or_else(|| format!("{role}{number}")),
        role: role.to_owned(),
        id: id.filter(|id| !id.is_empty()),
        pid,
        endpoint: url.replacen("http://", "tcp://", 1).replacen("https://", "ssl://", 1),
        url,
        state: InstanceState::Running,
        exit: None,
        data_dir: None,
        log_file: None,
        arguments: Vec::new(),
        is_overdue: false,
        remains: Vec::new(),
    })
}

impl AdoptedServers {
    pub(super) fn new(source: &Adopted, operation_limit: Option<Duration>) -> NativeResult<Self> {
        match source {
            Adopted::File(path) => Self::of_file(path, operation_limit),
            Adopted::Map(map) => Self::of_map(map, operation_limit),
        }
    }

    fn of_file(path: &Path, operation_limit: Option<Duration>) -> NativeResult<Self> {
        let topology = Topology::read(path).map_err(|error| match error {
            ClusterError::File { path, source }
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                failed(&ClusterError::NoTopology { path })
            }
            error => failed(&error),
        })?;
        let status = |server: &crate::cluster::Server| {
            of_status(Status {
                server: server.clone(),
                state: crate::cluster::ServerState::Running,
                end: None,
                exit: None,
                overdue: false,
                remains: Vec::new(),
            })
        };
        let known = topology.servers().map(status).collect();
        let access = access(topology.jwt_secret_file.as_deref(), topology.ca_file.clone(), false)?;
        let topology = topology.control.is_some().then(|| path.to_owned());
        Ok(Self { known, topology, access, operation_limit })
    }

    fn of_map(
        map: &JsonMap<String, Value>,
        operation_limit: Option<Duration>,
    ) -> NativeResult<Self> {
        let described: Described = serde_json::from_value(map.clone().into()).map_err(|error| {
            NativeError::arango("usage.options", 10, format!("this describes no cluster: {error}"))
        })?;
        if described.agents.is_empty() {
            return Err(NativeError::bad_parameter("a cluster has at least one agent"));
        }
        let access =
            access(described.jwt_secret_file.as_deref(), described.ca_file, described.insecure)?;
        let roles = [
            ("agent", described.agents),
            ("dbserver", described.dbservers),
            ("coordinator", described.coordinators),
        ];
        let mut known = Vec::new();
        for (role, places) in roles {
            for (place, number) in places.into_iter().zip(1..) {
                known.push(of_place(place, role, number)?);
            }
        }
        Ok(Self { known, topology: None, access, operation_limit })
    }

    /// The file of the `cluster up` that takes orders.
    fn control(&self) -> NativeResult<&Path> {
        self.topology.as_deref().ok_or_else(|| {
            let message =
                "nobody here controls these servers: they are known by their places alone";
            NativeError::arango("cluster.not_ours", 11, message)
        })
    }

    fn order(&self, action: Action, names: &[&str]) -> NativeResult<Vec<Status>> {
        let topology = self.control()?;
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        ask(topology, &Request { action, names }).map_err(|error| failed(&error))
    }
}

impl Provider for AdoptedServers {
    fn world(&self) -> &'static str {
        "adopted"
    }

    fn is_started(&self) -> bool {
        true
    }

    fn root(&self) -> Option<PathBuf> {
        None
    }

    fn capabilities(&self) -> Capabilities {
        let coordinator_api = self.known.iter().any(|one| one.role == "coordinator");
        let members = self.known.iter().any(|one| one.role != "agent");
        let controlled = self.topology.is_some();
        Capabilities {
            coordinator_api,
            supervision: members,
            signals: controlled,
            control: controlled,
            ..Capabilities::default()
        }
    }

    fn options(&self) -> JsonMap<String, Value> {
        JsonMap::new()
    }

    fn agency(&self, deadline: &Deadline) -> NativeResult<AgencyClient> {
        let agents = self.known.iter().filter(|one| one.role == "agent");
        let places = agents.map(|one| one.url.clone());
        client(places, &self.access, self.operation_limit, deadline)
    }

    fn access(&self) -> NativeResult<Access> {
        Ok(self.access.clone())
    }

    fn instances(&self, _deadline: &Deadline) -> NativeResult<Vec<InstanceFacts>> {
        if self.topology.is_none() {
            return Ok(self.known.clone());
        }
        Ok(self.order(Action::Status, &[])?.into_iter().map(of_status).collect())
    }

    fn act(
        &self,
        instance: &str,
        action: InstanceAction,
        _deadline: &Deadline,
    ) -> NativeResult<()> {
        let action = match action {
            InstanceAction::Suspend => Action::Pause,
            InstanceAction::Resume => Action::Resume,
            InstanceAction::Kill(9) => Action::Kill,
            InstanceAction::Restart(arguments) if arguments.is_empty() => Action::Restart,
            InstanceAction::Stop => Action::Stop,
            InstanceAction::Kill(_) | InstanceAction::Restart(_) => {
                let message = "`cluster up` takes no such order: only signal 9, and no arguments";
                return Err(NativeError::arango("cluster.unsupported", 9, message));
            }
        };
        self.order(action, &[instance]).map(drop)
    }

    fn add_dbserver(&self, _deadline: &Deadline) -> NativeResult<String> {
        let message = "servers cannot be added to a cluster that others have started";
        Err(NativeError::arango("cluster.not_ours", 11, message))
    }

    fn crashes(&self) -> Vec<Crash> {
        let Ok(status) = self.order(Action::Status, &[]) else { return Vec::new() };
        let crashed =
            status.into_iter().filter(|one| of_process(one.state) == InstanceState::Crashed);
        let crash = |one: Status| Crash {
            instance: one.server.name,
            pid: i64::from(one.server.pid),
            exit: one
                .exit
                .map(|exit| InstanceExit { code: exit.code, signal: exit.signal })
                .unwrap_or_default(),
            end: one.end.unwrap_or_default(),
            log: crate::cluster::log_tail(&one.server.log),
            files: one.remains,
        };
        crashed.map(crash).collect()
    }

    fn check_ends(&self) -> NativeResult<()> {
        self.control().map(drop)
    }

    fn has_ended(&self) -> bool {
        false
    }

    fn shutdown(&self, _patience: Duration, _deadline: &Deadline) -> NativeResult<()> {
        self.order(Action::Down, &[]).map(drop)
    }
}
