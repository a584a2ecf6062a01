//! All servers of a cluster: started, watched, and stopped with it.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::certificates::Certificates;
use super::control::{self, Action, Order, Request, Status};
use super::ports::Ports;
use super::server::{Process, ServerState};
use super::topology::Topology;
use super::{AgentPlan, ClusterError, folder, import};
use crate::auth::Secret;
use crate::client::{AgencyClient, ClientAuth, ClientOptions};
use crate::deadline::Deadline;
use crate::http::{Endpoint, TlsOptions};

/// How often the servers are looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long a cluster may take to become ready.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// How long an agent may take to tell how it is.
const QUESTION_PATIENCE: Duration = Duration::from_secs(2);
/// How long the agency may take to store a part of what it begins with.
const IMPORT_PATIENCE: Duration = Duration::from_secs(60);
/// How long a server may take to end after SIGTERM.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// How long whoever ordered the cluster down may take to hear that it is.
const ANSWER_PATIENCE: Duration = Duration::from_secs(1);
/// How often a start is tried when somebody else takes a port in between.
const STARTS: usize = 3;

/// What a cluster is made of.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// The program that is started, and words before its options.
    pub program: Vec<OsString>,
    /// How many agents.
    pub agents: usize,
    /// The folder for data and logs.
    pub data: PathBuf,
    /// The first of the ports; free ones without it.
    pub port_base: Option<u16>,
    /// The secret file; without one everybody gets in.
    pub jwt_secret_file: Option<PathBuf>,
    /// Whether servers speak TLS, with certificates made for them.
    pub tls: bool,
    /// How long a silent server counts as good.
    pub grace_period: Duration,
    /// Bounds of the election timeout.
    pub election_timeout: (Duration, Duration),
    /// Where the topology file is written.
    pub topology: PathBuf,
    /// What the agency begins with; it must be empty then.
    pub contents: Option<serde_json::Map<String, serde_json::Value>>,
}

impl ClusterOptions {
    /// The folder of an agent.
    fn folder_of(&self, at: usize) -> PathBuf {
        self.data.join(name_of(at))
    }

    /// The folder with an agent's data.
    fn data_of(&self, at: usize) -> PathBuf {
        self.folder_of(at).join("data")
    }
}

/// The name of an agent, by its place from 0 on.
fn name_of(at: usize) -> String {
    format!("agent{}", at + 1)
}

/// What happens in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A server ended unasked.
    Crashed {
        /// Its name.
        name: String,
        /// Its process.
        pid: u32,
        /// How it ended.
        end: String,
        /// The last lines it logged.
        log: String,
    },
    /// A server ended in good order, because somebody else told it to.
    Ended {
        /// Its name.
        name: String,
        /// Its process.
        pid: u32,
        /// How it ended.
        end: String,
    },
}

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    options: ClusterOptions,
    certificates: Option<Certificates>,
    processes: Vec<Process>,
    orders: Receiver<Order>,
    control: tempfile::TempDir,
    /// Held for as long as the folder is used.
    _folder: File,
}

impl Cluster {
    /// Starts all servers, waits until the agency has a leader that all know, fills it if it is
    /// to begin with something, and writes the topology file. `interrupted` ends the wait.
    ///
    /// # Errors
    /// [`ClusterError`]; nothing runs any more then.
    pub fn start(
        options: ClusterOptions,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Self, ClusterError> {
        let place = options.topology.parent().filter(|folder| !folder.as_os_str().is_empty());
        if place.is_some_and(|folder| !folder.is_dir()) {
            return Err(ClusterError::NoFolder { path: options.topology.clone() });
        }
        if control::is_taken(&options.topology) {
            return Err(ClusterError::TopologyInUse { path: options.topology.clone() });
        }
        let folder = folder::lock(&options.data)?;
        let control = tempfile::Builder::new()
            .prefix("agencysh-")
            .tempdir()
            .map_err(|source| ClusterError::File { path: std::env::temp_dir(), source })?;
        let socket = control.path().join("control");
        let failed = |source| ClusterError::File { path: socket.clone(), source };
        let listener = UnixListener::bind(&socket).map_err(failed)?;
        let (sender, orders) = mpsc::channel();
        control::listen(listener, sender).map_err(failed)?;
        let certificates = match options.tls {
            true => Some(Certificates::make(&options.data)?),
            false => None,
        };
        let mut cluster =
            Self { options, certificates, processes: Vec::new(), orders, control, _folder: folder };
        // Known before anything is started; whether the agency is empty is seen when it leads.
        let used = |at: usize| import::is_used(&cluster.options.data_of(at));
        if cluster.options.contents.is_some() && (0..cluster.options.agents).any(used) {
            return Err(ClusterError::NotEmpty { data: cluster.options.data.clone() });
        }
        let mut starts = 1;
        let ports = loop {
            let options = &cluster.options;
            let ports = Ports::choose(options.port_base, options.agents, &options.data)?;
            let started = cluster.launch(&ports).and_then(|()| cluster.wait_ready(interrupted));
            match started {
                Ok(()) => break ports,
                Err(error) => {
                    cluster.stop();
                    let port_taken = matches!(&error, ClusterError::EndedAtStart { log, .. }
                        if log.contains("cannot listen on"));
                    if !port_taken || ports.fixed || starts == STARTS {
                        return Err(error);
                    }
                    starts += 1;
                }
            }
        };
        ports.keep(&cluster.options.data)?;
        if let Some(contents) = cluster.options.contents.take() {
            let client = cluster.client(IMPORT_PATIENCE)?;
            if !import::is_empty(&client)? {
                return Err(ClusterError::NotEmpty { data: cluster.options.data.clone() });
            }
            import::fill(&client, &contents)?;
        }
        cluster.write_topology()?;
        Ok(cluster)
    }

    fn launch(&mut self, ports: &Ports) -> Result<(), ClusterError> {
        self.processes.clear();
        let options = &self.options;
        let scheme = if options.tls { "ssl" } else { "tcp" };
        let agents: Vec<String> =
            ports.numbers.iter().map(|port| format!("{scheme}://127.0.0.1:{port}")).collect();
        for (at, endpoint) in agents.iter().enumerate() {
            let (name, data) = (name_of(at), options.data_of(at));
            std::fs::create_dir_all(&data)
                .map_err(|source| ClusterError::File { path: data.clone(), source })?;
            let plan = AgentPlan {
                endpoint: endpoint.clone(),
                agents: agents.clone(),
                data,
                log: options.folder_of(at).join("log"),
                jwt_secret_file: options.jwt_secret_file.clone(),
                key_file: self.certificates.as_ref().map(|made| made.key_file.clone()),
                grace_period: options.grace_period,
                election_timeout: options.election_timeout,
            };
            self.processes.push(Process::start(&options.program, name, &plan)?);
        }
        Ok(())
    }

    /// Waits until all agents tell of the same leader, and notes their ids.
    fn wait_ready(&mut self, interrupted: &dyn Fn() -> bool) -> Result<(), ClusterError> {
        let client = self.client(QUESTION_PATIENCE)?;
        let begin = Instant::now();
        loop {
            for process in &mut self.processes {
                if process.ends_by_itself() {
                    return Err(ClusterError::EndedAtStart {
                        name: process.server.name.clone(),
                        end: process.end.clone().unwrap_or_default(),
                        log: process.log_tail(),
                    });
                }
            }
            let health = client.health();
            if let Ok(health) = &health
                && health.healthy
                && health.agents.len() == self.processes.len()
            {
                for process in &mut self.processes {
                    let own = &process.server.endpoint;
                    let agent = health.agents.iter().find(|one| one.agent.endpoint == *own);
                    process.server.id = agent.map(|one| one.agent.id.clone()).unwrap_or_default();
                }
                return Ok(());
            }
            if interrupted() {
                return Err(ClusterError::Interrupted);
            }
            if begin.elapsed() > START_PATIENCE {
                return Err(ClusterError::NotReady {
                    seconds: begin.elapsed().as_secs(),
                    state: health.map_or_else(
                        |error| error.to_string(),
                        |health| format!("{} agents answer, none leads all", health.agents.len()),
                    ),
                });
            }
            std::thread::sleep(LOOK);
        }
    }

    fn client(&self, timeout: Duration) -> Result<AgencyClient, ClusterError> {
        let endpoints = self.processes.iter().map(|one| Endpoint::parse(&one.server.endpoint));
        let auth = match &self.options.jwt_secret_file {
            Some(file) => ClientAuth::secret(Secret::from_file(file)?),
            None => ClientAuth::None,
        };
        let options = ClientOptions {
            endpoints: endpoints.filter_map(Result::ok).collect(),
            auth,
            tls: TlsOptions { insecure: false, ca_file: self.ca_file() },
            timeout,
            connect_timeout: Duration::from_secs(1),
            ..ClientOptions::default()
        };
        Ok(AgencyClient::new(options, Deadline::default())?)
    }

    /// The authority that vouches for the servers.
    fn ca_file(&self) -> Option<PathBuf> {
        self.certificates.as_ref().map(|made| made.ca_file.clone())
    }

    /// Where the servers are.
    pub fn topology(&self) -> Topology {
        Topology {
            version: 1,
            agents: self.processes.iter().map(|process| process.server.clone()).collect(),
            dbservers: Vec::new(),
            coordinators: Vec::new(),
            jwt_secret_file: self.options.jwt_secret_file.clone(),
            ca_file: self.ca_file(),
            control: Some(self.control.path().join("control")),
        }
    }

    fn write_topology(&self) -> Result<(), ClusterError> {
        self.topology().write(&self.options.topology)
    }

    /// Watches the servers and carries out orders until `interrupted`, or until somebody orders
    /// the cluster down; then stops all servers.
    ///
    /// # Errors
    /// The topology file can no longer be written.
    pub fn watch(
        mut self,
        interrupted: &dyn Fn() -> bool,
        report: &mut dyn FnMut(Event),
    ) -> Result<(), ClusterError> {
        let mut waiting = None;
        let mut outcome = Ok(());
        while !interrupted() {
            match self.orders.recv_timeout(LOOK) {
                Ok(order) if order.request.action == Action::Down => {
                    waiting = Some(order);
                    break;
                }
                Ok(order) => {
                    let answer = self.obey(&order.request).map_err(|error| error.to_string());
                    // whoever asked may be gone
                    let _ = order.answer.send(answer);
                    outcome = self.write_topology();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(LOOK),
            }
            self.look(report);
            if outcome.is_err() {
                break;
            }
        }
        self.stop();
        // it may have been removed by hand
        let _ = std::fs::remove_file(&self.options.topology);
        if let Some(order) = waiting {
            let _ = order.answer.send(Ok(self.status()));
            // this process ends now, and the answer must be out before
            let _ = order.written.recv_timeout(ANSWER_PATIENCE);
        }
        outcome
    }

    fn look(&mut self, report: &mut dyn FnMut(Event)) {
        for process in &mut self.processes {
            if !process.ends_by_itself() {
                continue;
            }
            let (name, pid) = (process.server.name.clone(), process.server.pid);
            let end = process.end.clone().unwrap_or_default();
            report(if process.state == ServerState::Crashed {
                Event::Crashed { name, pid, end, log: process.log_tail() }
            } else {
                Event::Ended { name, pid, end }
            });
        }
    }

    fn status(&self) -> Vec<Status> {
        let status = |process: &Process| Status {
            server: process.server.clone(),
            state: process.state,
            end: process.end.clone(),
        };
        self.processes.iter().map(status).collect()
    }

    fn obey(&mut self, request: &Request) -> Result<Vec<Status>, ClusterError> {
        // all names are looked up before anything is done
        let places: Result<Vec<usize>, _> =
            request.names.iter().map(|name| self.place(name)).collect();
        for place in places? {
            self.act(place, request.action)?;
        }
        Ok(self.status())
    }

    fn place(&self, name: &str) -> Result<usize, ClusterError> {
        let named = |process: &Process| process.server.name == name || process.server.id == name;
        self.processes.iter().position(named).ok_or_else(|| ClusterError::UnknownServer {
            name: name.to_owned(),
            known: self
                .processes
                .iter()
                .map(|process| process.server.name.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    fn act(&mut self, place: usize, action: Action) -> Result<(), ClusterError> {
        let process = &mut self.processes[place];
        let refused = |word, process: &Process| {
            Err(ClusterError::WrongState {
                name: process.server.name.clone(),
                action: word,
                state: process.state.to_string(),
            })
        };
        match (action, process.state) {
            (Action::Kill, ServerState::Running | ServerState::Paused) => {
                process.signal(Signal::SIGKILL);
                process.wait_killed();
            }
            (Action::Pause, ServerState::Running) => {
                process.signal(Signal::SIGSTOP);
                process.state = ServerState::Paused;
            }
            (Action::Resume, ServerState::Paused) => {
                process.signal(Signal::SIGCONT);
                process.state = ServerState::Running;
            }
            (Action::Restart, _) => {
                stop(std::slice::from_mut(process));
                process.restart()?;
            }
            (Action::Kill, _) => return refused("killed", process),
            (Action::Pause, _) => return refused("paused", process),
            (Action::Resume, _) => return refused("resumed", process),
            (Action::Status | Action::Down, _) => {}
        }
        Ok(())
    }

    /// Stops all servers and waits until they are gone.
    fn stop(&mut self) {
        stop(&mut self.processes);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

/// SIGTERM for all, SIGKILL for those that are still there after some time.
fn stop(processes: &mut [Process]) {
    for process in processes.iter_mut().filter(|process| process.is_there()) {
        process.signal(Signal::SIGTERM);
        // a suspended one takes notice only when it goes on
        process.signal(Signal::SIGCONT);
    }
    let begin = Instant::now();
    for process in processes.iter_mut().filter(|process| process.is_there()) {
        while !process.has_ended() {
            if begin.elapsed() > STOP_PATIENCE {
                process.signal(Signal::SIGKILL);
                process.wait_killed();
                break;
            }
            std::thread::sleep(LOOK / 5);
        }
    }
}
