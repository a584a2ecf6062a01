//! Servers in processes of their own, as scripts see them: started when first asked for, ended
//! with the host.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Map as JsonMap, Value};

use super::clusters::{client, failed, shown};
use crate::auth::Secret;
use crate::client::{AgencyClient, ClientAuth};
use crate::cluster::{
    ClusterError, Event, LaunchOptions, OnCrash, RunningCluster, ServerState, Status,
};
use crate::deadline::Deadline;
use crate::http::TlsOptions;
use crate::natives::cluster::{
    Access, Capabilities, Crash, InstanceAction, InstanceExit, InstanceFacts, InstanceState,
    Provider,
};
use crate::natives::{NativeError, NativeResult, with_causes};

/// Processes that belong to one host.
pub(super) struct LaunchedServers {
    options: LaunchOptions,
    operation_limit: Option<Duration>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Ends before the folder goes.
    running: Option<Arc<RunningCluster>>,
    ended: Option<Ended>,
    root: Option<PathBuf>,
    temporary: Option<tempfile::TempDir>,
}

/// What is known of servers that have been ended.
struct Ended {
    facts: Vec<InstanceFacts>,
    crashes: Vec<Crash>,
}

impl LaunchedServers {
    pub(super) fn new(options: LaunchOptions, operation_limit: Option<Duration>) -> Self {
        Self { options, operation_limit, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The processes; a deadline or an interrupt ends the wait for them.
    fn start(&self, deadline: &Deadline) -> NativeResult<Arc<RunningCluster>> {
        let mut state = self.state();
        if let Some(running) = &state.running {
            return Ok(Arc::clone(running));
        }
        if state.ended.is_some() {
            let message = "the cluster has been shut down";
            return Err(NativeError::arango("cluster.wrong_state", 10, message));
        }
        let root = self.make_root(&mut state)?;
        let options = self.options.of_processes(&root).map_err(|error| failed(&error))?;
        let on_crash = self.on_crash(deadline);
        let started = RunningCluster::start(options, &|| deadline.check().is_err(), on_crash);
        let running = match started {
            Err(ClusterError::Interrupted) => {
                deadline.check()?;
                return Err(failed(&ClusterError::Interrupted));
            }
            started => started.map_err(|error| failed(&error))?,
        };
        Ok(Arc::clone(state.running.insert(Arc::new(running))))
    }

    /// What is done when something happens unasked.
    fn on_crash(&self, deadline: &Deadline) -> Box<dyn Fn(&Event) + Send + Sync> {
        if self.options.on_crash == OnCrash::Report {
            return Box::new(|_| {});
        }
        let deadline = deadline.clone();
        Box::new(move |event| {
            if let Some(crash) = of_event(event.clone()) {
                deadline.expire_script(crash.to_string());
            }
        })
    }

    fn make_root(&self, state: &mut State) -> NativeResult<PathBuf> {
        if let Some(root) = &state.root {
            return Ok(root.clone());
        }
        let root = match &self.options.root {
            Some(root) => {
                std::fs::create_dir_all(root)
                    .map_err(|source| failed(&ClusterError::File { path: root.clone(), source }))?;
                std::path::absolute(root).unwrap_or_else(|_| root.clone())
            }
            None => {
                let name = self.options.name.as_deref().map(in_a_name).unwrap_or_default();
                let made = tempfile::Builder::new().prefix(&format!("agencysh-{name}")).tempdir();
                let made = made.map_err(|source| {
                    failed(&ClusterError::File { path: std::env::temp_dir(), source })
                })?;
                state.temporary.insert(made).path().to_owned()
            }
        };
        Ok(state.root.insert(root).clone())
    }
}

/// A text as part of the name of a folder.
fn in_a_name(text: &str) -> String {
    let kept = text.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '_' });
    kept.take(64).chain(['-']).collect()
}

impl Drop for LaunchedServers {
    fn drop(&mut self) {
        let crashed = !self.crashes().is_empty();
        let mut state = self.state();
        // the servers go before their folder
        state.running = None;
        if (crashed || !self.options.cleanup)
            && let Some(folder) = state.temporary.take()
        {
            // whoever looks for the reason finds it there
            let _ = folder.keep();
        }
    }
}

fn facts(status: Status, running: &RunningCluster) -> InstanceFacts {
    let arguments = running.arguments(&status.server.name).unwrap_or_default();
    let (is_overdue, remains) = (status.overdue, status.remains.clone());
    InstanceFacts {
        arguments: arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        is_overdue,
        remains,
        ..of_status(status)
    }
}

/// What the status of a process tells of an instance.
pub(super) fn of_status(status: Status) -> InstanceFacts {
    let Status { server, state, exit, .. } = status;
    InstanceFacts {
        name: server.name,
        role: server.role,
        id: Some(server.id).filter(|id| !id.is_empty()),
        pid: Some(i64::from(server.pid)),
        url: server.url,
        endpoint: server.endpoint,
        state: of_process(state),
        exit: exit.map(|exit| InstanceExit { code: exit.code, signal: exit.signal }),
        data_dir: Some(server.data),
        log_file: Some(server.log),
        arguments: Vec::new(),
        is_overdue: false,
        remains: Vec::new(),
    }
}

/// The state in the words of scripts.
pub(super) fn of_process(state: ServerState) -> InstanceState {
    match state {
        ServerState::Running => InstanceState::Running,
        ServerState::Paused => InstanceState::Suspended,
        ServerState::Killed | ServerState::Ended => InstanceState::Stopped,
        ServerState::Crashed => InstanceState::Crashed,
    }
}

fn crashes(running: &RunningCluster) -> Vec<Crash> {
    running.events().into_iter().filter_map(of_event).collect()
}

fn of_event(event: Event) -> Option<Crash> {
    match event {
        Event::Crashed { name, pid, end, exit, log, remains } => Some(Crash {
            instance: name,
            pid: i64::from(pid),
            exit: InstanceExit { code: exit.code, signal: exit.signal },
            end,
            log,
            files: remains,
        }),
        Event::Ended { .. } => None,
    }
}

impl Provider for LaunchedServers {
    fn world(&self) -> &'static str {
        "processes"
    }

    fn is_started(&self) -> bool {
        self.state().running.is_some()
    }

    fn root(&self) -> Option<PathBuf> {
        self.state().root.clone()
    }

    fn capabilities(&self) -> Capabilities {
        let real = self.options.arangod.is_some();
        Capabilities {
            real_servers: real,
            coordinator_api: self.options.coordinators > 0,
            supervision: self.options.supervision,
            signals: true,
            collections: real && self.options.coordinators > 0,
            control: true,
            partition: false,
        }
    }

    fn options(&self) -> JsonMap<String, Value> {
        shown(&self.options)
    }

    fn secret(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.options.jwt_secret_file.as_ref()?).ok()?;
        Some(text.trim().to_owned())
    }

    fn agency(&self, deadline: &Deadline) -> NativeResult<AgencyClient> {
        let agents = self.start(deadline)?.topology().agents.into_iter();
        client(agents.map(|one| one.endpoint), &self.access()?, self.operation_limit, deadline)
    }

    fn access(&self) -> NativeResult<Access> {
        let auth = match &self.options.jwt_secret_file {
            Some(file) => ClientAuth::secret(
                Secret::from_file(file)
                    .map_err(|error| NativeError::arango(error.kind(), 10, with_causes(&error)))?,
            ),
            None => ClientAuth::None,
        };
        let ca_file = self.state().running.as_ref().and_then(|one| one.topology().ca_file);
        Ok(Access { auth, tls: TlsOptions { insecure: false, ca_file } })
    }

    fn instances(&self, deadline: &Deadline) -> NativeResult<Vec<InstanceFacts>> {
        if let Some(ended) = &self.state().ended {
            return Ok(ended.facts.clone());
        }
        let running = self.start(deadline)?;
        Ok(running.status().into_iter().map(|status| facts(status, &running)).collect())
    }

    fn act(&self, instance: &str, action: InstanceAction, deadline: &Deadline) -> NativeResult<()> {
        let running = self.start(deadline)?;
        match action {
            InstanceAction::Suspend => running.suspend(instance),
            InstanceAction::Resume => running.resume(instance),
            InstanceAction::Kill(number) => {
                let signal = Signal::try_from(number).map_err(|_| {
                    NativeError::bad_parameter(format!("there is no signal {number}"))
                })?;
                running.kill(instance, signal)
            }
            InstanceAction::Stop => running.stop(instance),
            InstanceAction::Restart(arguments) => {
                let words: Vec<OsString> = arguments.into_iter().map(OsString::from).collect();
                running.restart(instance, &words, &|| deadline.check().is_err())
            }
        }
        .map_err(|error| failed(&error))
    }

    fn add_dbserver(&self, deadline: &Deadline) -> NativeResult<String> {
        let running = self.start(deadline)?;
        running.add_dbserver(&|| deadline.check().is_err()).map_err(|error| failed(&error))
    }

    fn crashes(&self) -> Vec<Crash> {
        let state = self.state();
        match (&state.running, &state.ended) {
            (Some(running), _) => crashes(running),
            (None, Some(ended)) => ended.crashes.clone(),
            (None, None) => Vec::new(),
        }
    }

    fn has_ended(&self) -> bool {
        self.state().ended.is_some()
    }

    fn shutdown(&self, patience: Duration, deadline: &Deadline) -> NativeResult<()> {
        if self.state().ended.is_some() {
            return Ok(());
        }
        let running = self.start(deadline)?;
        let crashes = crashes(&running);
        running.end(patience);
        let facts = running.status().into_iter().map(|status| facts(status, &running)).collect();
        let mut state = self.state();
        state.ended = Some(Ended { facts, crashes });
        state.running = None;
        Ok(())
    }
}
