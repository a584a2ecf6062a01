//! A whole cluster inside this process: agents with a supervision, DB-servers, coordinators.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;

use super::agency::{Contents, EmbeddedAgency};
use super::member::{self, EmbeddedMember, Place, ServerState};
use crate::standin::StandinError;
use crate::standin::agent::{Storage, SupervisionConfig};
use crate::standin::member::{Ending, MemberHandle, MemberRole, MemberTiming};
use crate::standin::web::endpoint;

/// How many servers of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterSize {
    /// Agents; the number must be odd.
    pub agents: usize,
    /// DB-servers.
    pub dbservers: usize,
    /// Coordinators.
    pub coordinators: usize,
}

impl ClusterSize {
    /// Agents alone.
    pub const fn agents(agents: usize) -> Self {
        Self { agents, dbservers: 0, coordinators: 0 }
    }

    /// Whether there is more than agents.
    pub const fn has_members(self) -> bool {
        self.dbservers + self.coordinators > 0
    }
}

/// A server of an embedded cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddedServer {
    /// Its id, such as `PRMR-…`.
    pub id: String,
    /// Its name in this cluster, such as `dbserver1`.
    pub name: String,
    /// `agent`, `dbserver` or `coordinator`.
    pub role: &'static str,
    /// The start of its URLs.
    pub url: String,
    /// What it does.
    pub state: ServerState,
}

/// Servers in this process. They end when it is dropped.
pub struct EmbeddedCluster {
    /// Ends before the agents: what is first is dropped first.
    shared: Arc<Mutex<Members>>,
    agency: EmbeddedAgency,
    timing: MemberTiming,
    /// What servers keep, each in a folder of its own.
    folder: Mutex<Option<tempfile::TempDir>>,
}

#[derive(Default)]
struct Members {
    all: Vec<EmbeddedMember>,
    /// How many DB-servers there have been.
    dbservers: usize,
}

fn lock(members: &Mutex<Members>) -> MutexGuard<'_, Members> {
    members.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How the servers of an embedded cluster are set up.
#[derive(Clone, Debug)]
pub struct ClusterConfig {
    /// What the supervision goes by, but for whether it is on.
    pub supervision: SupervisionConfig,
    /// Whether there is a supervision; where there are members unless told.
    pub supervised: Option<bool>,
    /// Whether agents keep what they know, so that they can be started again.
    pub agents_keep: bool,
    /// Time between two heartbeats of a member.
    pub heartbeat: Duration,
    /// How long members wait for others.
    pub timing: MemberTiming,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self {
            supervision: SupervisionConfig::default(),
            supervised: None,
            agents_keep: false,
            heartbeat: HEARTBEAT,
            timing: MemberTiming::default(),
        }
    }
}

/// Time between two heartbeats of members, unless told otherwise.
const HEARTBEAT: Duration = Duration::from_secs(1);

impl EmbeddedCluster {
    /// Starts the servers; returns when the agency has a leader and its initial contents, and all
    /// members are registered. Without members there is no supervision.
    ///
    /// # Errors
    /// The number of agents is not odd, a port cannot be had, nobody is elected or a member does
    /// not register within ten seconds.
    pub fn start(size: ClusterSize) -> Result<Self, StandinError> {
        Self::start_configured(size, ClusterConfig::default())
    }

    /// As [`Self::start`], with other times.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_configured(
        size: ClusterSize,
        config: ClusterConfig,
    ) -> Result<Self, StandinError> {
        let ClusterConfig { supervision, supervised, agents_keep, heartbeat, timing } = config;
        let supervised = supervised.unwrap_or(size.has_members());
        let contents = match heartbeat == HEARTBEAT {
            true => Contents::Initial,
            false => Contents::InitialWithHeartbeat(heartbeat),
        };
        let folder = match agents_keep {
            true => Some(tempfile::tempdir().map_err(StandinError::Folder)?),
            false => None,
        };
        let agency = EmbeddedAgency::start_configured(size.agents, contents, |agent| {
            if let Some(folder) = &folder {
                agent.storage = Storage::Disk(folder.path().join(&agent.id));
            }
            agent.supervision = SupervisionConfig { enabled: supervised, ..supervision.clone() };
        })?;
        let (shared, folder) = (Arc::default(), Mutex::new(folder));
        let cluster = Self { shared, agency, timing, folder };
        let dbservers = (0..size.dbservers).map(|_| MemberRole::DbServer);
        let coordinators = (0..size.coordinators).map(|_| MemberRole::Coordinator);
        cluster.add(dbservers.chain(coordinators).collect())?;
        Ok(cluster)
    }

    /// Starts members, all at the same time; gives their ids.
    fn add(&self, roles: Vec<MemberRole>) -> Result<Vec<String>, StandinError> {
        if roles.is_empty() {
            return Ok(Vec::new());
        }
        let folder = self.folder()?;
        let mut coordinators = 0;
        let mut places = Vec::new();
        for role in roles {
            let name = match role {
                MemberRole::DbServer => numbered("dbserver", &mut lock(&self.shared).dbservers),
                MemberRole::Coordinator => numbered("coordinator", &mut coordinators),
            };
            let directory = folder.join(&name);
            let mut place = Place::find(name, role, directory, self.agency.endpoints())?;
            place.config.timing = self.timing;
            place.config.way = self.agency.cuts().way_from(&place.config.endpoint);
            places.push(place);
        }
        let started = self.agency.run(start_all(places))?;
        let members = started?;
        let ids = members.iter().map(|member| member.id.clone()).collect();
        for member in members {
            self.keep(member)?;
        }
        Ok(ids)
    }

    /// The folder of all servers, made for the first that needs it.
    fn folder(&self) -> Result<PathBuf, StandinError> {
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        let made = match folder.take() {
            Some(made) => made,
            None => tempfile::tempdir().map_err(StandinError::Folder)?,
        };
        Ok(folder.insert(made).path().to_owned())
    }

    /// Keeps a member, and ends it when a client asks for that.
    fn keep(&self, member: EmbeddedMember) -> Result<(), StandinError> {
        let (id, asked) = (member.id.clone(), member.asked_to_end());
        let mut members = lock(&self.shared);
        match members.all.iter_mut().find(|known| known.id == id) {
            Some(known) => *known = member,
            None => members.all.push(member),
        }
        drop(members);
        let shared = Arc::downgrade(&self.shared);
        let Some(asked) = asked else { return Ok(()) };
        self.agency.spawn(async move {
            let Some(ending) = asked.await else { return };
            let leaving = shared.upgrade().and_then(|members| {
                let mut members = lock(&members);
                members.all.iter_mut().find(|known| known.id == id)?.handle.take()
            });
            if let Some(leaving) = leaving {
                leaving.shutdown(ending).await;
            }
        })
    }

    /// Starts one more DB-server; gives its id.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn add_dbserver(&self) -> Result<String, StandinError> {
        let ids = self.add(vec![MemberRole::DbServer])?;
        ids.into_iter().next().ok_or(StandinError::Stopped)
    }

    /// The agents.
    pub fn agency(&self) -> &EmbeddedAgency {
        &self.agency
    }

    /// All servers, whether they run or not.
    pub fn servers(&self) -> Vec<EmbeddedServer> {
        let agents = self.agency.all().into_iter().map(|(number, id, url, state)| EmbeddedServer {
            id,
            name: format!("agent{number}"),
            role: "agent",
            url,
            state,
        });
        let members = lock(&self.shared);
        let members = members.all.iter().map(|member| EmbeddedServer {
            id: member.id.clone(),
            name: member.name.clone(),
            role: match member.config.role {
                MemberRole::DbServer => "dbserver",
                MemberRole::Coordinator => "coordinator",
            },
            url: endpoint::to_url(&member.config.endpoint),
            state: member.state(),
        });
        agents.chain(members).collect()
    }

    /// The URLs of the agents that run.
    pub fn endpoints(&self) -> Vec<String> {
        self.agency.endpoints()
    }

    /// The URLs of the coordinators.
    pub fn coordinators(&self) -> Vec<String> {
        let coordinators = self.servers().into_iter().filter(|one| one.role == "coordinator");
        coordinators.map(|one| one.url).collect()
    }

    /// Suspends a server, by its id or name, as SIGSTOP does a process.
    ///
    /// # Errors
    /// There is no such server, or it does not run.
    pub fn pause(&self, server: &str) -> Result<(), StandinError> {
        match self.agent_called(server) {
            Some(agent) => self.agency.suspend_agent(&agent),
            None => self.with_running(server, "paused", ServerState::Running, MemberHandle::pause),
        }
    }

    /// Lets a suspended server go on.
    ///
    /// # Errors
    /// There is no such server, or it is not suspended.
    pub fn resume(&self, server: &str) -> Result<(), StandinError> {
        match self.agent_called(server) {
            Some(agent) => self.agency.resume_agent(&agent),
            None => self.with_running(server, "resumed", ServerState::Paused, MemberHandle::resume),
        }
    }

    fn with_running(
        &self,
        server: &str,
        action: &'static str,
        needed: ServerState,
        act: impl FnOnce(&MemberHandle),
    ) -> Result<(), StandinError> {
        let members = lock(&self.shared);
        let member = find(&members.all, server)?;
        match &member.handle {
            Some(handle) if member.state() == needed => {
                act(handle);
                Ok(())
            }
            _ => Err(wrong_state(server, action, member.state())),
        }
    }

    /// Ends a server at once, as SIGKILL does a process. An agent does not come back from that:
    /// it keeps nothing.
    ///
    /// # Errors
    /// There is no such server, or it does not run.
    pub fn kill(&self, server: &str) -> Result<(), StandinError> {
        match self.agent_called(server) {
            Some(agent) => self.agency.stop_agent(&agent),
            None => {
                let handle = self.take(server, "killed")?;
                self.agency.run(handle.kill())
            }
        }
    }

    /// Ends a server in good order: a member takes its leave of the agency.
    ///
    /// # Errors
    /// There is no such server, or it does not run.
    pub fn stop(&self, server: &str) -> Result<(), StandinError> {
        match self.agent_called(server) {
            Some(agent) => self.agency.stop_agent(&agent),
            None => {
                let handle = self.take(server, "stopped")?;
                self.agency.run(handle.shutdown(Ending::LogOff))
            }
        }
    }

    /// Starts a server again, with the same identity and at the same place; it is stopped first
    /// if it runs. Returns when it serves.
    ///
    /// # Errors
    /// There is no such server, it keeps nothing, or it does not come back within ten seconds.
    pub fn restart(&self, server: &str) -> Result<(), StandinError> {
        if let Some(agent) = self.agent_called(server) {
            return self.agency.restart_agent(&agent);
        }
        if let Ok(handle) = self.take(server, "stopped") {
            self.agency.run(handle.shutdown(Ending::LogOff))?;
        }
        let known = find(&lock(&self.shared).all, server)
            .map(|member| (member.name.clone(), member.id.clone(), member.config.clone()));
        let (name, id, config) = known?;
        let handle = Some(self.agency.run(member::restart(config.clone()))??);
        self.keep(EmbeddedMember { name, id, config, handle })
    }

    /// Takes what runs of a member.
    fn take(&self, server: &str, action: &'static str) -> Result<MemberHandle, StandinError> {
        let mut members = lock(&self.shared);
        let place = members.all.iter().position(|one| one.id == server || one.name == server);
        let member = place.and_then(|place| members.all.get_mut(place));
        let member = member.ok_or_else(|| unknown(server))?;
        let state = member.state();
        member.handle.take().ok_or_else(|| wrong_state(server, action, state))
    }

    /// The id of an agent of this name or id.
    fn agent_called(&self, server: &str) -> Option<String> {
        let agents = self.agency.all().into_iter();
        let mut agents = agents.map(|(number, id, ..)| (format!("agent{number}"), id));
        agents.find(|(name, id)| name == server || id == server).map(|(_, id)| id)
    }

    /// Ends all servers and waits until they are gone.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for EmbeddedCluster {
    fn drop(&mut self) {
        let mut members = lock(&self.shared);
        let handles: Vec<_> =
            members.all.iter_mut().filter_map(|member| member.handle.take()).collect();
        drop(members);
        // Nobody has to be told: the agency ends as well.
        let _ = self.agency.run(async move {
            let mut ending: JoinSet<()> = handles.into_iter().map(MemberHandle::kill).collect();
            while ending.join_next().await.is_some() {}
        });
    }
}

fn numbered(word: &str, count: &mut usize) -> String {
    *count += 1;
    format!("{word}{count}")
}

fn find<'a>(
    members: &'a [EmbeddedMember],
    server: &str,
) -> Result<&'a EmbeddedMember, StandinError> {
    let called = |member: &&EmbeddedMember| member.id == server || member.name == server;
    members.iter().find(called).ok_or_else(|| unknown(server))
}

fn unknown(server: &str) -> StandinError {
    StandinError::UnknownServer { id: server.to_owned() }
}

fn wrong_state(server: &str, action: &'static str, state: ServerState) -> StandinError {
    StandinError::WrongState { id: server.to_owned(), action, state }
}

/// Starts all, or none: those that have started end when another one fails.
async fn start_all(places: Vec<Place>) -> Result<Vec<EmbeddedMember>, StandinError> {
    let mut starting = JoinSet::new();
    for (at, place) in places.into_iter().enumerate() {
        starting.spawn(async move { (at, place.take().await) });
    }
    let mut started = Vec::new();
    let mut failure = None;
    while let Some(outcome) = starting.join_next().await {
        match outcome {
            Ok((at, Ok(member))) => started.push((at, member)),
            Ok((_, Err(error))) => failure = failure.or(Some(error)),
            Err(_) => failure = failure.or(Some(StandinError::Stopped)),
        }
    }
    started.sort_by_key(|(at, _)| *at);
    let started = started.into_iter().map(|(_, member)| member);
    match failure {
        None => Ok(started.collect()),
        Some(error) => {
            for handle in started.filter_map(|member| member.handle) {
                handle.kill().await;
            }
            Err(error)
        }
    }
}
