//! One agent: its Raft node, its store and its HTTP API.
//!
//! ```text
//! server -> api -> Agent (leadership, spearhead, commit, polls) -> raft -> store
//! ```

mod api;
mod commit;
mod config;
mod gossip;
mod leadership;
mod leading;
mod polls;
mod pool;
pub mod raft;
mod spearhead;
pub mod store;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use crate::agency::entry::LogEntry;
use crate::agency::value::Value;

pub use super::web::{Authentication, KeyFileError, Limits, ServerCertificate};
pub use super::web::{LogControl, LogLevel, LogLevelError, LogLevels};
pub use config::{AgentConfig, SupervisionConfig, TIMEOUT_MULT};
pub use gossip::{Gossip, GossipError, discover};
pub use leadership::Role;
pub(in crate::standin) use leading::{Candidate, Leadership};
pub use pool::{Changes, Members, Pool};
pub use raft::disk::{DiskError, agent_id};
pub use raft::replica::CompactionRule;
pub use raft::storage::Storage;

use super::web::jobs::{self, Jobs};
use super::web::listener::{self, Site};
use super::web::turned_true;
use polls::Polls;
use raft::compaction;
use raft::log_store::RaftLog;
use raft::network::{self, Network, Outboxes};
use raft::peers::Peers;
use raft::proposer::{self, Batch};
use raft::state_machine::StateMachine;
use raft::storage::Stored;
use raft::types::{AgentNode, NodeId, Raft, node_id};
use spearhead::{Ongoing, Spearhead};
use store::Store;

/// Why an agent cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// The listener's own address cannot be told.
    #[error("address of the listener is unknown")]
    Listener(#[source] std::io::Error),
    /// The timings contradict each other.
    #[error("timings of the agent contradict each other")]
    Timing(#[source] Box<openraft::ConfigError>),
    /// The agent's directory cannot be used.
    #[error("the agent's directory cannot be used")]
    Disk(#[from] DiskError),
    /// The directory is from an agency of other agents; the pool of an agency is fixed.
    #[error(
        "agent {id} was started in an agency of {before} agents, the pool given is another one"
    )]
    Pool {
        /// The agent's id.
        id: String,
        /// Number of agents that its directory knows.
        before: usize,
    },
    /// Raft does not start.
    #[error("raft does not start")]
    Raft(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Everything the endpoints of one agent share.
pub(crate) struct Agent {
    config: AgentConfig,
    supervision: Mutex<SupervisionConfig>,
    node_id: NodeId,
    /// What messages to this agent have to be addressed to.
    raft_address: String,
    raft: Raft,
    raft_log: RaftLog,
    /// Whether it has been running on its directory before.
    restarted: bool,
    machine: StateMachine,
    pool: Pool,
    peers: Arc<Peers>,
    spearhead: Mutex<Spearhead>,
    transient: Mutex<Store>,
    ongoing: Ongoing,
    polls: Polls,
    jobs: Jobs,
    batches: mpsc::UnboundedSender<Batch>,
    role: watch::Sender<Role>,
    resigned: Mutex<Option<u64>>,
    resignation: Notify,
    led_since: Mutex<Instant>,
    /// Whether a client wants the agent to end.
    asked_to_end: watch::Sender<bool>,
    shutdown: watch::Sender<bool>,
    tasks: Mutex<JoinSet<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Agent {
    fn role(&self) -> Role {
        self.role.borrow().clone()
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        let mut tasks = lock(&self.tasks);
        // Finished ones need not be remembered.
        while tasks.try_join_next().is_some() {}
        tasks
    }

    fn led_since(&self) -> MutexGuard<'_, Instant> {
        lock(&self.led_since)
    }

    fn resigned_term(&self) -> Option<u64> {
        *lock(&self.resigned)
    }

    /// Changes the role; whatever depends on leading ends with it.
    fn set_role(&self, role: Role) {
        let leads = role.leading_term();
        self.role.send_if_modified(|current| {
            let changed = *current != role;
            *current = role;
            changed
        });
        let mut spearhead = lock(&self.spearhead);
        if spearhead.term.is_some() && spearhead.term != leads {
            spearhead.term = None;
        }
    }

    /// Gives up the leadership of `term`.
    fn resign(&self, term: u64) {
        *lock(&self.resigned) = Some(term);
        if self.role().leading_term() == Some(term) {
            self.set_role(Role::Leaderless);
        }
        self.resignation.notify_one();
    }

    /// Whether enough other agents answered lately.
    fn has_majority(&self) -> bool {
        let period = self.config.leadership_timeout();
        self.led_since().elapsed() <= period
            || self.peers.answered_within(period) >= self.config.size() / 2
    }

    /// Whether nobody else can have been elected since the leadership of `term` began: a majority
    /// answered so lately that its members elect nobody yet, and openraft knows of nobody.
    fn holds_lease(&self, term: u64) -> bool {
        let answered = self.peers.answered_within(self.config.lease());
        let metrics = self.raft.server_metrics();
        let leads = {
            let now = metrics.borrow();
            now.state == openraft::ServerState::Leader && now.vote.leader_id().term == term
        };
        leads && answered >= self.config.size() / 2
    }

    /// Takes over what is committed and lets the clients in.
    fn begin_serving(&self, term: u64) {
        let mut spearhead = lock(&self.spearhead);
        let (store, last_index, leader_term) =
            self.machine.with(|r| (r.store(), r.commit_index(), r.leader_term()));
        if leader_term != term {
            return;
        }
        *lock(&self.transient) = Store::default();
        self.role.send_if_modified(|role| {
            let waiting = *role == Role::Preparing { term };
            if waiting {
                tracing::info!(term, "agent {} leads", self.config.id);
                *spearhead = Spearhead::new(term, store, last_index);
                *role = Role::Leader { term };
            }
            waiting
        });
    }

    /// The agency entry that opens the leadership of `term`.
    fn leadership_entry(&self, term: u64) -> LogEntry {
        LogEntry {
            request: Value::from(json!({ ".agency": self.known_config().agency_key(term) })),
            client_id: None,
            epoch_millis: now_millis(),
        }
    }

    /// The configuration with what is known by now of endpoints and supervision.
    fn known_config(&self) -> AgentConfig {
        let mut config = self.config.clone();
        config.pool = self.pool.members();
        config.endpoint = self.endpoint();
        config.supervision = lock(&self.supervision).clone();
        config
    }

    /// Where the others reach this agent.
    fn endpoint(&self) -> String {
        let own = self.pool.member(self.node_id);
        own.map_or_else(|| self.config.endpoint.clone(), |(_, endpoint)| endpoint)
    }

    /// This agent's Raft term.
    fn term(&self) -> u64 {
        self.raft.server_metrics().borrow().vote.leader_id().term
    }

    fn is_shutting_down(&self) -> bool {
        *self.shutdown.borrow()
    }
}

/// Unix time in milliseconds.
fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

/// A running agent. Dropping it ends the agent without waiting for that.
pub struct AgentHandle {
    agent: Arc<Agent>,
    url: String,
}

impl std::fmt::Debug for AgentHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentHandle")
            .field("id", &self.agent.config.id)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Starts an agent that serves `listener`.
///
/// With [`Storage::Disk`], an agent goes on where the one before it on that directory ended,
/// however it ended.
///
/// # Errors
/// The timings contradict each other, the directory cannot be used or knows another pool, or
/// Raft does not start.
pub async fn start(listener: TcpListener, config: AgentConfig) -> Result<AgentHandle, AgentError> {
    let address = listener.local_addr().map_err(AgentError::Listener)?;
    let raft_config =
        config.raft_config().validate().map_err(|e| AgentError::Timing(Box::new(e)))?;
    let peers = Arc::new(Peers::default());
    let own_id = node_id(&config.id);
    let Stored { log: raft_log, machine, restarted } = open(&config).await?;
    let outboxes = Outboxes::default();
    raft_log.send_ahead(own_id, outboxes.clone());
    let pool = Pool::new(config.pool.clone());
    machine.announce_pools(pool.clone(), &raft_log);
    let raft = Raft::new(
        own_id,
        Arc::new(raft_config),
        Network::new(peers.clone(), outboxes, pool.clone(), &config),
        raft_log.clone(),
        machine.clone(),
    )
    .await
    .map_err(|e| AgentError::Raft(Box::new(e)))?;
    if restarted {
        machine.restarted();
        if let Err(error) = check_pool(&raft, &config).await {
            let _ = raft.shutdown().await;
            close(machine, &raft_log).await;
            return Err(error);
        }
    }
    let (batches, batches_in) = mpsc::unbounded_channel();
    let agent = Arc::new(Agent {
        supervision: Mutex::new(config.supervision.clone()),
        raft_address: network::address(&config.pool, own_id),
        node_id: own_id,
        raft,
        raft_log,
        restarted,
        machine,
        pool,
        peers,
        spearhead: Mutex::default(),
        transient: Mutex::default(),
        ongoing: Ongoing::default(),
        polls: Polls::new(config.limits.polls),
        jobs: Jobs::new(&config.limits),
        batches,
        role: watch::Sender::new(Role::Leaderless),
        resigned: Mutex::new(None),
        resignation: Notify::new(),
        led_since: Mutex::new(Instant::now()),
        config,
        asked_to_end: watch::Sender::new(false),
        shutdown: watch::Sender::new(false),
        tasks: Mutex::new(JoinSet::new()),
    });
    {
        let mut tasks = agent.tasks();
        let down = || agent.shutdown.subscribe();
        tasks.spawn(listener::run(listener, site(&agent), down()));
        tasks.spawn(leadership::run(agent.clone(), down()));
        tasks.spawn(proposer::run(agent.raft.clone(), batches_in, down()));
        tasks.spawn(compaction::run(agent.raft.clone(), agent.machine.clone(), down()));
        tasks.spawn(found(agent.clone()));
        tasks.spawn(jobs::forget_old_answers(agent.clone(), down()));
    }
    let scheme = if agent.config.certificate.is_some() { "https" } else { "http" };
    Ok(AgentHandle { agent, url: format!("{scheme}://{address}") })
}

/// What the agent serves.
fn site(agent: &Arc<Agent>) -> Site {
    let peers = Arc::clone(agent);
    Site {
        limits: agent.config.limits.clone(),
        certificate: agent.config.certificate.clone(),
        router: api::router(Arc::clone(agent)),
        is_peer: Arc::new(move |head| api::is_peer(&peers, head)),
    }
}

/// Opens the agent's storage where blocking is allowed.
async fn open(config: &AgentConfig) -> Result<Stored, AgentError> {
    let config = config.clone();
    let opening = tokio::task::spawn_blocking(move || {
        config.storage.open(&config.id, config.compaction, config.wait_for_sync)
    });
    match opening.await {
        Ok(stored) => Ok(stored?),
        Err(error) => Err(AgentError::Raft(Box::new(error))),
    }
}

/// Gives the agent's directory back.
async fn close(machine: StateMachine, raft_log: &RaftLog) {
    let _ = tokio::task::spawn_blocking(move || machine.close()).await;
    raft_log.close().await;
}

/// Checks that the pool is the one that the agent has been in before.
async fn check_pool(raft: &Raft, config: &AgentConfig) -> Result<(), AgentError> {
    let before = raft.with_raft_state(|state| {
        state.membership_state.effective().voter_ids().collect::<BTreeSet<NodeId>>()
    });
    let before = before.await.map_err(|e| AgentError::Raft(Box::new(e)))?;
    let pool: BTreeSet<NodeId> = config.pool.iter().map(|(id, _)| node_id(id)).collect();
    if before.is_empty() || before == pool {
        return Ok(());
    }
    Err(AgentError::Pool { id: config.id.clone(), before: before.len() })
}

/// Founds the agency: the first agent of the pool at once, the others only
/// if they hear of nobody for some time. Founding twice does no harm, because
/// all begin with the same entry.
async fn found(agent: Arc<Agent>) {
    let mut down = agent.shutdown.subscribe();
    let founded = agent.raft.is_initialized().await.unwrap_or(false);
    if founded && agent.config.size() == 1 {
        // Nobody else could be elected: there is nothing to wait for.
        let _ = agent.raft.trigger().elect().await;
    }
    if founded {
        return;
    }
    if !agent.config.first {
        let patience = agent.config.max_ping.max(Duration::from_millis(500));
        tokio::select! {
            () = tokio::time::sleep(patience) => {}
            () = turned_true(&mut down) => return,
        }
        if agent.raft.is_initialized().await.unwrap_or(false) {
            return;
        }
    }
    let members = agent.config.pool.iter().map(|(id, endpoint)| {
        let node = AgentNode { agent_id: id.clone(), endpoint: endpoint.clone() };
        (node_id(id), node)
    });
    let members: std::collections::BTreeMap<_, _> = members.collect();
    if let Err(error) = agent.raft.initialize(members).await {
        tracing::debug!(%error, "agency has been founded already");
    }
}

impl AgentHandle {
    /// The URL the agent listens on, such as `http://127.0.0.1:8531`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The agent's id.
    pub fn id(&self) -> &str {
        &self.agent.config.id
    }

    /// The part the agent plays at the moment.
    pub fn role(&self) -> Role {
        self.agent.role()
    }

    /// Tells whenever the agent's part changes.
    pub fn watch_role(&self) -> watch::Receiver<Role> {
        self.agent.role.subscribe()
    }

    /// Tells whenever an agent is announced at another endpoint.
    pub fn pool_changes(&self) -> Changes {
        self.agent.pool.changes()
    }

    /// True once a client has asked the agent to end, which whoever holds the handle has to do;
    /// false if the agent ends without that.
    pub fn asked_to_end(&self) -> impl Future<Output = bool> + Send + 'static {
        let mut asked = self.agent.asked_to_end.subscribe();
        async move { asked.wait_for(|asked| *asked).await.is_ok() }
    }

    /// Runs one transaction and waits for its commit, as the write endpoint
    /// does. False if the agent does not lead, or leads no more.
    pub(super) async fn write(&self, transaction: &Value) -> bool {
        let Role::Leader { term } = self.role() else {
            return false;
        };
        let chunk = std::slice::from_ref(transaction);
        let Ok(judged) = self.agent.write_chunk(term, chunk) else {
            return false;
        };
        match judged.outcomes.first().map_or(0, spearhead::Outcome::index) {
            0 => true,
            index => self.agent.committed(index, Some(term)).await.is_ok(),
        }
    }

    /// Tells the agent to end, which [`Self::shutdown`] waits for.
    pub(super) fn begin_shutdown(&self) {
        self.agent.shutdown.send_replace(true);
    }

    /// Ends the agent: requests in progress are answered with 503, then
    /// everything it runs is ended and awaited. Its directory is free then.
    pub async fn shutdown(self) {
        self.agent.shutdown.send_replace(true);
        if let Err(error) = self.agent.raft.shutdown().await {
            tracing::debug!(%error, "raft ended abnormally");
        }
        let mut tasks = std::mem::take(&mut *self.agent.tasks());
        let ended = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(2), ended).await.is_err() {
            tasks.shutdown().await;
        }
        close(self.agent.machine.clone(), &self.agent.raft_log).await;
    }
}

impl Drop for AgentHandle {
    fn drop(&mut self) {
        self.agent.shutdown.send_replace(true);
    }
}
