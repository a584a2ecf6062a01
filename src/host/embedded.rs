//! Servers inside this process, as scripts see them: started when first asked for.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use serde_json::{Map as JsonMap, Value};

use super::clusters::client;
use crate::client::AgencyClient;
use crate::cluster::{LaunchOptions, Supervision};
use crate::deadline::{Deadline, SLICE};
use crate::natives::cluster::{
    Access, Capabilities, Crash, InstanceAction, InstanceExit, InstanceFacts, InstanceState,
    Provider,
};
use crate::natives::{NativeError, NativeResult, with_causes};
use crate::standin::agent::SupervisionConfig;
use crate::standin::{
    ClusterConfig, ClusterSize, EmbeddedCluster, EmbeddedServer, ServerState, StandinError,
};

/// The least number that stands for a process: no process has it.
const FIRST_NUMBER: i64 = 1 << 31;

/// Servers that belong to one host.
pub(super) struct EmbeddedServers {
    options: LaunchOptions,
    config: ClusterConfig,
    operation_limit: Option<Duration>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: Option<Arc<EmbeddedCluster>>,
    /// What was known of the servers when all of them ended.
    ended: Option<Vec<InstanceFacts>>,
    /// What is known of each beyond what runs.
    incarnations: BTreeMap<String, Incarnation>,
}

/// One life of a server.
struct Incarnation {
    number: i64,
    exit: Option<InstanceExit>,
}

impl State {
    fn next_number(&self) -> i64 {
        let numbers = self.incarnations.values().map(|one| one.number);
        numbers.max().map_or(FIRST_NUMBER, |last| last + 1)
    }

    fn incarnation(&mut self, name: &str) -> &mut Incarnation {
        let number = self.next_number();
        let new = Incarnation { number, exit: None };
        self.incarnations.entry(name.to_owned()).or_insert(new)
    }

    fn facts(&mut self, server: EmbeddedServer) -> InstanceFacts {
        let state = match server.state {
            ServerState::Running => InstanceState::Running,
            ServerState::Paused => InstanceState::Suspended,
            ServerState::Stopped => InstanceState::Stopped,
        };
        let incarnation = self.incarnation(&server.name);
        let in_good_order = InstanceExit { code: Some(0), signal: None };
        let ended = state == InstanceState::Stopped;
        InstanceFacts {
            name: server.name,
            role: server.role.to_owned(),
            id: Some(server.id),
            pid: Some(incarnation.number),
            endpoint: server.url.replacen("http://", "tcp://", 1),
            url: server.url,
            state,
            // nobody here ended it: it was asked to, as any server can be
            exit: ended.then(|| incarnation.exit.unwrap_or(in_good_order)),
            data_dir: None,
            log_file: None,
            arguments: Vec::new(),
            is_overdue: false,
            remains: Vec::new(),
        }
    }
}

impl EmbeddedServers {
    /// The servers that these options describe; agents keep what they know.
    pub(super) fn new(options: LaunchOptions, operation_limit: Option<Duration>) -> Self {
        let Supervision { grace_period, ok_threshold, frequency } = options.supervision_times();
        let supervision = SupervisionConfig {
            grace_period: grace_period.as_secs_f64(),
            ok_threshold: ok_threshold.as_secs_f64(),
            frequency: frequency.as_secs_f64(),
            ..SupervisionConfig::default()
        };
        let supervised = Some(options.supervision);
        let config = ClusterConfig {
            supervision,
            supervised,
            agents_keep: true,
            ..ClusterConfig::default()
        };
        Self { options, config, operation_limit, state: Mutex::default() }
    }

    /// Servers of which agents keep nothing, and are supervised only if there are others.
    pub(super) fn fleeting(size: ClusterSize, operation_limit: Option<Duration>) -> Self {
        let ClusterSize { agents, dbservers, coordinators } = size;
        let world = crate::cluster::World::Embedded;
        let supervision = size.has_members();
        let options = LaunchOptions {
            agents,
            dbservers,
            coordinators,
            world,
            supervision,
            ..LaunchOptions::default()
        };
        let config = ClusterConfig::default();
        Self { options, config, operation_limit, state: Mutex::default() }
    }

    /// The servers; a deadline or an interrupt ends the wait for them.
    fn start(&self, deadline: &Deadline) -> NativeResult<Arc<EmbeddedCluster>> {
        let mut state = self.state();
        if let Some(cluster) = &state.running {
            return Ok(Arc::clone(cluster));
        }
        if state.ended.is_some() {
            return Err(NativeError::arango(
                "cluster.wrong_state",
                10,
                "the cluster has been shut down",
            ));
        }
        let (done, started) = mpsc::channel();
        let LaunchOptions { agents, dbservers, coordinators, .. } = self.options;
        let (size, config) = (ClusterSize { agents, dbservers, coordinators }, self.config.clone());
        let start = move || {
            // nobody listens any more when the run has ended meanwhile: the servers end at once
            let _ = done.send(EmbeddedCluster::start_configured(size, config));
        };
        std::thread::Builder::new()
            .name("agencysh-start".to_owned())
            .spawn(start)
            .map_err(|error| NativeError::internal("cluster.start", error.to_string()))?;
        let cluster = loop {
            match started.recv_timeout(SLICE) {
                Ok(outcome) => break outcome.map_err(not_started)?,
                Err(mpsc::RecvTimeoutError::Timeout) => deadline.check()?,
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(not_started(StandinError::Stopped));
                }
            }
        };
        Ok(Arc::clone(state.running.insert(Arc::new(cluster))))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Provider for EmbeddedServers {
    fn world(&self) -> &'static str {
        "embedded"
    }

    fn is_started(&self) -> bool {
        self.state().running.is_some()
    }

    fn root(&self) -> Option<PathBuf> {
        None
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            coordinator_api: self.options.coordinators > 0,
            supervision: self.options.supervision,
            control: true,
            partition: true,
            ..Capabilities::default()
        }
    }

    fn options(&self) -> JsonMap<String, Value> {
        super::clusters::shown(&self.options)
    }

    fn agency(&self, deadline: &Deadline) -> NativeResult<AgencyClient> {
        let agents = self.start(deadline)?.servers().into_iter();
        let urls = agents.filter(|server| server.role == "agent").map(|server| server.url);
        client(urls, &Access::default(), self.operation_limit, deadline)
    }

    fn access(&self) -> NativeResult<Access> {
        Ok(Access::default())
    }

    fn instances(&self, deadline: &Deadline) -> NativeResult<Vec<InstanceFacts>> {
        if let Some(ended) = &self.state().ended {
            return Ok(ended.clone());
        }
        let servers = self.start(deadline)?.servers();
        let mut state = self.state();
        Ok(servers.into_iter().map(|server| state.facts(server)).collect())
    }

    fn act(&self, instance: &str, action: InstanceAction, deadline: &Deadline) -> NativeResult<()> {
        let cluster = self.start(deadline)?;
        let exit = match &action {
            InstanceAction::Kill(signal) => {
                Some(InstanceExit { code: None, signal: Some(*signal) })
            }
            InstanceAction::Stop => Some(InstanceExit { code: Some(0), signal: None }),
            _ => None,
        };
        let restarts = matches!(action, InstanceAction::Restart(_));
        match action {
            InstanceAction::Suspend => cluster.pause(instance),
            InstanceAction::Resume => cluster.resume(instance),
            InstanceAction::Kill(_) => cluster.kill(instance),
            InstanceAction::Stop => cluster.stop(instance),
            InstanceAction::Restart(arguments) if arguments.is_empty() => cluster.restart(instance),
            InstanceAction::Restart(_) => {
                let message = "a server inside this process has no command line";
                return Err(NativeError::arango("cluster.unsupported", 9, message));
            }
        }
        .map_err(not_obeyed)?;
        let mut state = self.state();
        if restarts {
            let number = state.next_number();
            *state.incarnation(instance) = Incarnation { number, exit: None };
        } else if exit.is_some() {
            state.incarnation(instance).exit = exit;
        }
        Ok(())
    }

    fn add_dbserver(&self, deadline: &Deadline) -> NativeResult<String> {
        let cluster = self.start(deadline)?;
        let id = cluster.add_dbserver().map_err(not_obeyed)?;
        let servers = cluster.servers();
        let name = servers.into_iter().find(|server| server.id == id).map(|server| server.name);
        name.ok_or_else(|| not_started(StandinError::Stopped))
    }

    fn partition(&self, groups: &[Vec<String>], deadline: &Deadline) -> NativeResult<()> {
        self.start(deadline)?.partition(groups).map_err(not_obeyed)
    }

    fn heal(&self, deadline: &Deadline) -> NativeResult<()> {
        self.start(deadline)?.heal();
        Ok(())
    }

    fn crashes(&self) -> Vec<Crash> {
        Vec::new()
    }

    fn has_ended(&self) -> bool {
        self.state().ended.is_some()
    }

    fn shutdown(&self, _patience: Duration, deadline: &Deadline) -> NativeResult<()> {
        let mut last = self.instances(deadline)?;
        for facts in &mut last {
            if facts.exit.is_none() {
                facts.exit = Some(InstanceExit { code: Some(0), signal: None });
            }
            facts.state = InstanceState::Stopped;
        }
        let mut state = self.state();
        state.ended = Some(last);
        let running = state.running.take();
        drop(state);
        drop(running);
        Ok(())
    }
}

fn not_obeyed(error: StandinError) -> NativeError {
    let (kind, number) = match error {
        StandinError::UnknownServer { .. } | StandinError::UnknownAgent { .. } => {
            ("cluster.unknown_server", 10)
        }
        StandinError::NamedTwice { .. } => return NativeError::bad_parameter(error.to_string()),
        StandinError::WrongState { .. } => ("cluster.wrong_state", 10),
        StandinError::NothingKept { .. } => ("cluster.nothing_kept", 11),
        _ => return not_started(error),
    };
    NativeError::arango(kind, number, with_causes(&error))
}

fn not_started(error: StandinError) -> NativeError {
    let (kind, number) = match error {
        StandinError::PoolSize { .. } => ("usage.agency_size", 10),
        _ => ("cluster.start", 4),
    };
    NativeError::arango(kind, number, with_causes(&error))
}
