//! The start of a cluster: agents, what the agency begins with, then the members.

use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::certificates::Certificates;
use super::instance_info::Known;
use super::options::{ClusterOptions, name_of};
use super::ports::{Ports, ports_from};
use super::processes::{Cluster, LOOK};
use super::readiness::Readiness;
use super::role::ServerRole;
use super::server::{Launch, Process};
use super::{ClusterError, control, folder, import, instance_info};
use crate::auth::Secret;
use crate::client::{AgencyClient, ClientAuth, ClientOptions};
use crate::deadline::Deadline;
use crate::http::{Endpoint, TlsOptions};

/// How long the agents, or the members, may take to become ready.
const PATIENCE: Duration = Duration::from_secs(60);
/// The same for members in a tree that has others, which stay silent: the supervision waits for
/// them for almost a minute.
const PATIENCE_WITH_SILENT_ONES: Duration = Duration::from_secs(120);
/// How long an agent may take to tell how it is.
const QUESTION_PATIENCE: Duration = Duration::from_secs(2);
/// How long the agency may take to store a part of what it begins with.
const IMPORT_PATIENCE: Duration = Duration::from_secs(60);
/// How often a start is tried when somebody else takes a port in between.
const STARTS: usize = 3;

impl Cluster {
    /// Starts all servers and waits until the agency has a leader that all know, it is filled if
    /// it is to begin with something, and all members are ready; then writes the topology file.
    /// `interrupted` ends the wait.
    ///
    /// # Errors
    /// [`ClusterError`]; nothing runs any more then.
    pub fn start(
        options: ClusterOptions,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Self, ClusterError> {
        let mut cluster = Self::prepare(options)?;
        let outcome = cluster.start_all(interrupted);
        if outcome.is_err() {
            cluster.stop();
        }
        outcome.map(|()| cluster)
    }

    /// Takes what the cluster needs before its first server.
    fn prepare(options: ClusterOptions) -> Result<Self, ClusterError> {
        let place = options.topology.parent().filter(|folder| !folder.as_os_str().is_empty());
        if place.is_some_and(|folder| !folder.is_dir()) {
            return Err(ClusterError::NoFolder { path: options.topology.clone() });
        }
        if control::is_taken(&options.topology) {
            return Err(ClusterError::TopologyInUse { path: options.topology.clone() });
        }
        let folder = folder::lock(&options.data)?;
        // who speaks TLS, or does not, stands in the addresses that the agents keep
        let tls = Certificates::are_in(&options.data);
        if Ports::are_kept(&options.data) && tls != options.tls {
            return Err(ClusterError::OtherTls { data: options.data, tls });
        }
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
        Ok(Self { options, certificates, processes: Vec::new(), orders, control, _folder: folder })
    }

    fn start_all(&mut self, interrupted: &dyn Fn() -> bool) -> Result<(), ClusterError> {
        // Known before anything is started; whether the agency is empty is seen when it leads.
        let used = |number| import::is_used(&self.options.data_of(ServerRole::Agent, number));
        if self.options.contents.is_some() && (1..=self.options.agents).any(used) {
            return Err(ClusterError::NotEmpty { data: self.options.data.clone() });
        }
        let knows_others = self.options.contents.is_some() || used(1);
        self.start_agents(interrupted)?;
        if let Some(contents) = self.options.contents.take() {
            let client = self.client(IMPORT_PATIENCE)?;
            if !import::is_empty(&client)? {
                return Err(ClusterError::NotEmpty { data: self.options.data.clone() });
            }
            import::fill(&client, &contents)?;
        }
        if self.options.members() > 0 {
            let patience = if knows_others { PATIENCE_WITH_SILENT_ONES } else { PATIENCE };
            self.start_members(patience, interrupted)?;
        }
        self.write_topology()
    }

    fn start_agents(&mut self, interrupted: &dyn Fn() -> bool) -> Result<(), ClusterError> {
        let mut starts = 1;
        loop {
            let options = &self.options;
            let ports =
                Ports::choose(options.port_base, options.ports, options.agents, &options.data)?;
            let started = self.launch_agents(&ports).and_then(|()| self.wait_leader(interrupted));
            match started {
                Ok(()) => return ports.keep(&self.options.data),
                Err(error) if ports.fixed || starts == STARTS || !is_port_taken(&error) => {
                    return Err(error);
                }
                Err(_) => self.stop(),
            }
            starts += 1;
        }
    }

    fn launch_agents(&mut self, ports: &Ports) -> Result<(), ClusterError> {
        self.processes.clear();
        let agents: Vec<String> =
            ports.numbers.iter().map(|port| self.options.endpoint(*port)).collect();
        for (endpoint, number) in agents.iter().zip(1..) {
            self.launch((ServerRole::Agent, number), endpoint, &agents)?;
        }
        Ok(())
    }

    pub(super) fn launch(
        &mut self,
        server: (ServerRole, usize),
        endpoint: &str,
        agents: &[String],
    ) -> Result<(), ClusterError> {
        let key_file = self.certificates.as_ref().map(|made| made.key_file.clone());
        let mut launch = self.options.launch(server, endpoint, agents, key_file);
        let info = self.instance_info(&launch, agents);
        launch.environment.push((instance_info::VARIABLE, info.into()));
        self.processes.push(Process::start(&self.options.program, launch)?);
        Ok(())
    }

    /// What a server that is launched is told of the cluster: all agents, the members so far, itself.
    fn instance_info(&self, launch: &Launch, agents: &[String]) -> String {
        let agents = agents.iter().zip(1..).map(|(endpoint, number)| Known {
            name: name_of(ServerRole::Agent, number),
            role: ServerRole::Agent,
            endpoint: endpoint.clone(),
        });
        let members = self.processes.iter().map(|process| Known {
            name: process.server.name.clone(),
            role: process.role,
            endpoint: process.server.endpoint.clone(),
        });
        let own = Known {
            name: launch.name.clone(),
            role: launch.role,
            endpoint: launch.endpoint.clone(),
        };
        let members = members.chain([own]).filter(|one| one.role != ServerRole::Agent);
        let servers: Vec<Known> = agents.chain(members).collect();
        instance_info::text(&self.options.data, &servers, self.options.supervision.is_some())
    }

    /// Starts the members; they take any ports, because they tell the agency each time.
    fn start_members(
        &mut self,
        patience: Duration,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<(), ClusterError> {
        let mut starts = 1;
        let agents: Vec<String> =
            self.processes.iter().map(|process| process.server.endpoint.clone()).collect();
        loop {
            for (server, port) in self.options.each_member().zip(self.member_ports()?) {
                self.launch(server, &self.options.endpoint(port), &agents)?;
            }
            match self.wait_members(patience, interrupted) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    let fixed = self.options.port_base.is_some();
                    if fixed || starts == STARTS || !is_port_taken(&error) {
                        return Err(error);
                    }
                }
            }
            self.stop_members();
            self.processes.truncate(agents.len());
            starts += 1;
        }
    }

    fn member_ports(&self) -> Result<Vec<u16>, ClusterError> {
        let (agents, members) = (self.options.agents, self.options.members());
        match self.options.port_base {
            Some(base) => Ok((agents..agents + members)
                .map(|at| base.saturating_add(u16::try_from(at).unwrap_or(u16::MAX)))
                .collect()),
            None => ports_from(self.options.ports, members).map_err(ClusterError::Port),
        }
    }

    /// `Err` if a server has ended, or the wait was interrupted.
    fn check_starts(&mut self, interrupted: &dyn Fn() -> bool) -> Result<(), ClusterError> {
        for process in &mut self.processes {
            if process.ends_by_itself() {
                let (name, log) = (process.server.name.clone(), process.log_tail());
                let end = process.end.clone().unwrap_or_default();
                return Err(match port_problem(&log) {
                    Some(problem) => ClusterError::PortTaken { name, problem },
                    None => ClusterError::EndedAtStart { name, end, log },
                });
            }
        }
        if interrupted() { Err(ClusterError::Interrupted) } else { Ok(()) }
    }

    /// Waits until all agents tell of the same leader, and notes their ids.
    fn wait_leader(&mut self, interrupted: &dyn Fn() -> bool) -> Result<(), ClusterError> {
        let client = self.client(QUESTION_PATIENCE)?;
        let begin = Instant::now();
        loop {
            self.check_starts(interrupted)?;
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
            if begin.elapsed() > PATIENCE {
                return Err(not_ready(
                    begin,
                    match health {
                        Err(error) => error.to_string(),
                        Ok(health) => {
                            format!("{} agents answer, none leads all", health.agents.len())
                        }
                    },
                ));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until all members are ready, and notes their ids.
    fn wait_members(
        &mut self,
        patience: Duration,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<(), ClusterError> {
        let client = self.client(QUESTION_PATIENCE)?;
        let readiness = Readiness::new(client, self.auth()?, self.tls())?;
        let begin = Instant::now();
        loop {
            self.check_starts(interrupted)?;
            let members =
                self.processes.iter_mut().filter(|process| process.role != ServerRole::Agent);
            // The first that is not ready is enough to go on waiting.
            let lack = members.into_iter().find_map(|process| {
                readiness.lack(process).map(|lack| format!("{} {lack}", process.server.name))
            });
            match lack {
                None => return Ok(()),
                Some(lack) if begin.elapsed() > patience => return Err(not_ready(begin, lack)),
                Some(_) => std::thread::sleep(LOOK),
            }
        }
    }

    pub(super) fn auth(&self) -> Result<ClientAuth, ClusterError> {
        Ok(match &self.options.jwt_secret_file {
            Some(file) => ClientAuth::secret(Secret::from_file(file)?),
            None => ClientAuth::None,
        })
    }

    pub(super) fn tls(&self) -> TlsOptions {
        TlsOptions { insecure: false, ca_file: self.ca_file() }
    }

    pub(super) fn client(&self, timeout: Duration) -> Result<AgencyClient, ClusterError> {
        let agents = self.processes.iter().filter(|process| process.role == ServerRole::Agent);
        let endpoints = agents.map(|one| Endpoint::parse(&one.server.endpoint));
        let options = ClientOptions {
            endpoints: endpoints.filter_map(Result::ok).collect(),
            auth: self.auth()?,
            tls: self.tls(),
            timeout,
            connect_timeout: Duration::from_secs(1),
            ..ClientOptions::default()
        };
        Ok(AgencyClient::new(options, Deadline::default())?)
    }

    /// The authority that vouches for the servers.
    pub(super) fn ca_file(&self) -> Option<PathBuf> {
        self.certificates.as_ref().map(|made| made.ca_file.clone())
    }
}

fn not_ready(begin: Instant, state: String) -> ClusterError {
    ClusterError::NotReady { seconds: begin.elapsed().as_secs(), state }
}

/// What a server says, at its end, of a port at which somebody else listens.
fn port_problem(log: &str) -> Option<String> {
    let last = log.lines().next_back()?;
    last.find("cannot listen on").map(|place| last[place..].to_owned())
}

fn is_port_taken(error: &ClusterError) -> bool {
    matches!(error, ClusterError::PortTaken { .. })
}
