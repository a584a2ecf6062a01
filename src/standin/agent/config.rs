//! Configuration of one agent.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::raft::replica::CompactionRule;
use super::raft::storage::Storage;
use crate::standin::cuts::Way;
use crate::standin::web::{Authentication, Limits, LogControl, ServerCertificate};

/// How an agent is set up. Durations and counts have the defaults of a
/// configured `arangod`; identity, endpoint and pool have to be given.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// This agent's id, `AGNT-` and a UUID.
    pub id: String,
    /// The advertised endpoint, such as `tcp://127.0.0.1:8531`, or `ssl://127.0.0.1:8531`.
    pub endpoint: String,
    /// All agents of the agency, this one included, as (id, endpoint).
    pub pool: Vec<(String, String)>,
    /// Whether this agent calls the first election of a fresh agency. The
    /// other agents join in after a while if nobody did.
    pub first: bool,
    /// Lower bound of the election timeout.
    pub min_ping: Duration,
    /// Upper bound of the election timeout.
    pub max_ping: Duration,
    /// How long a write waits for the commit index to move.
    pub commit_timeout: Duration,
    /// Whether the log is fsynced; also decides the size of chunks.
    pub wait_for_sync: bool,
    /// When log entries are dropped.
    pub compaction: CompactionRule,
    /// Where log, vote and snapshots are kept.
    pub storage: Storage,
    /// Settings of the supervision.
    pub supervision: SupervisionConfig,
    /// What clients have to keep to.
    pub limits: Limits,
    /// What the process logs.
    pub log: LogControl,
    /// Who may ask; everybody without it.
    pub authentication: Option<Authentication>,
    /// What it shows to clients, which have to speak TLS then; without it they must not.
    pub certificate: Option<ServerCertificate>,
    /// The version the agent claims to be.
    pub version: String,
    /// How it reaches the other agents.
    pub way: Way,
}

/// Settings of the supervision; shown and changed by the config endpoint.
#[derive(Clone, Debug)]
pub struct SupervisionConfig {
    /// Whether the leader supervises the cluster.
    pub enabled: bool,
    /// Pause between two rounds, in seconds.
    pub frequency: f64,
    /// A silent server counts as failed after so many seconds.
    pub grace_period: f64,
    /// A server counts as good for so many seconds after a heartbeat.
    pub ok_threshold: f64,
    /// A server that left is forgotten after so many seconds.
    pub expired_servers_grace_period: f64,
    /// Seconds before a new follower is added.
    pub delay_add_follower: u64,
    /// Seconds before a failed follower is replaced.
    pub delay_failed_follower: u64,
    /// Whether replacing a leader also adds a follower.
    pub failed_leader_adds_follower: bool,
}

impl Default for SupervisionConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            frequency: 1.0,
            grace_period: 10.0,
            ok_threshold: 5.0,
            expired_servers_grace_period: 3600.0,
            delay_add_follower: 0,
            delay_failed_follower: 0,
            failed_leader_adds_follower: true,
        }
    }
}

/// Factor of all Raft timings; it never changes here.
pub const TIMEOUT_MULT: u32 = 1;

impl AgentConfig {
    /// The defaults for an agent of the given id, endpoint and pool.
    pub fn new(
        id: impl Into<String>,
        endpoint: impl Into<String>,
        pool: Vec<(String, String)>,
    ) -> Self {
        let id = id.into();
        Self {
            first: pool.first().is_none_or(|(first, _)| *first == id),
            id,
            endpoint: endpoint.into(),
            pool,
            min_ping: Duration::from_secs(1),
            max_ping: Duration::from_secs(5),
            commit_timeout: Duration::from_secs(10),
            wait_for_sync: true,
            compaction: CompactionRule::default(),
            storage: Storage::default(),
            supervision: SupervisionConfig::default(),
            limits: Limits::default(),
            log: LogControl::default(),
            authentication: None,
            certificate: None,
            version: "3.12.7".to_owned(),
            way: Way::default(),
        }
    }

    /// Number of agents.
    pub fn size(&self) -> usize {
        self.pool.len().max(1)
    }

    /// Transactions evaluated and logged in one step.
    pub fn chunk_size(&self) -> usize {
        if self.wait_for_sync { 25 } else { 250 }
    }

    /// A leader steps down after so long without contact to a majority.
    pub fn leadership_timeout(&self) -> Duration {
        self.max_ping * TIMEOUT_MULT
    }

    /// How long an agent that has heard from a leader elects no other one.
    pub fn lease(&self) -> Duration {
        self.max_ping * TIMEOUT_MULT / 2
    }

    /// Time between two heartbeats of a leader.
    pub fn heartbeat(&self) -> Duration {
        self.min_ping / 4
    }

    /// openraft's timing. It waits for a lease of its upper bound plus a
    /// random time between both bounds before it calls an election, so that
    /// half of our bounds gives election timeouts between ours.
    pub fn raft_config(&self) -> openraft::Config {
        let millis = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX / 4);
        let heartbeat = millis(self.heartbeat()).max(1);
        let min = millis(self.min_ping / 2).max(heartbeat + 1);
        let max = millis(self.lease()).max(min + 1);
        openraft::Config {
            cluster_name: "agency".to_owned(),
            heartbeat_interval: heartbeat,
            election_timeout_min: min,
            election_timeout_max: max,
            install_snapshot_timeout: 150_000,
            // Snapshots and purges follow the agency's own compaction.
            snapshot_policy: openraft::SnapshotPolicy::Never,
            max_in_snapshot_log_to_keep: u64::MAX,
            ..openraft::Config::default()
        }
    }

    /// The `configuration` object of the config endpoint; `version` grows with local changes.
    pub fn to_json(&self, restarted: bool, version: u64) -> Json {
        let pool: serde_json::Map<String, Json> =
            self.pool.iter().map(|(id, endpoint)| (id.clone(), json!(endpoint))).collect();
        let active: Vec<&String> = self.pool.iter().map(|(id, _)| id).collect();
        let supervision = &self.supervision;
        json!({
            "pool": pool,
            "active": active,
            "id": self.id,
            "agency size": self.size(),
            "pool size": self.size(),
            "endpoint": self.endpoint,
            "min ping": self.min_ping.as_secs_f64(),
            "max ping": self.max_ping.as_secs_f64(),
            "timeoutMult": TIMEOUT_MULT,
            "supervision": supervision.enabled,
            "supervision frequency": supervision.frequency,
            "compaction step size": self.compaction.step,
            "compaction keep size": self.compaction.keep,
            "supervision grace period": supervision.grace_period,
            "supervision ok threshold": supervision.ok_threshold,
            "supervision expired servers grace period": supervision.expired_servers_grace_period,
            "supervision delay add follower job time": supervision.delay_add_follower,
            "supervision delay failed follower job time": supervision.delay_failed_follower,
            "supervision FailedLeader job adds a new follower":
                supervision.failed_leader_adds_follower,
            "version": version,
            "startup": if restarted { "persistence" } else { "origin" },
        })
    }

    /// The value of `.agency` that a leader of `term` announces.
    pub fn agency_key(&self, term: u64) -> Json {
        let pool: serde_json::Map<String, Json> =
            self.pool.iter().map(|(id, endpoint)| (id.clone(), json!(endpoint))).collect();
        let active: Vec<&String> = self.pool.iter().map(|(id, _)| id).collect();
        json!({
            "term": term,
            "id": self.id,
            "active": active,
            "pool": pool,
            "size": self.size(),
            "timeoutMult": TIMEOUT_MULT,
        })
    }
}
