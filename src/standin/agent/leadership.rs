//! Who leads, as this agent sees it, and what happens when that changes.

use std::sync::Arc;
use std::time::Duration;

use openraft::ServerState;
use openraft::raft::VoteRequest;
use tokio::sync::watch;

use super::raft::types::{Command, LogId, NOBODY, NodeId, Vote};
use super::{Agent, turned_true};

/// The part this agent plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// No leader is known.
    Leaderless,
    /// Another agent leads.
    Follower {
        /// The leader's agency id.
        leader: String,
        /// The leader's endpoint, absent if it is not in the pool.
        endpoint: Option<String>,
    },
    /// This agent was elected and is catching up: clients have to wait.
    Preparing {
        /// Term of the leadership.
        term: u64,
    },
    /// This agent leads and serves.
    Leader {
        /// Term of the leadership.
        term: u64,
    },
}

impl Role {
    /// Id of the known leader, `""` if there is none.
    pub fn leader_id<'a>(&'a self, own_id: &'a str) -> &'a str {
        match self {
            Self::Leaderless => "",
            Self::Follower { leader, .. } => leader,
            Self::Preparing { .. } | Self::Leader { .. } => own_id,
        }
    }

    /// The term, if this agent leads.
    pub fn leading_term(&self) -> Option<u64> {
        match self {
            Self::Preparing { term } | Self::Leader { term } => Some(*term),
            _ => None,
        }
    }
}

/// Follows openraft's state and keeps the agent's [`Role`] up to date, until
/// `shutdown` turns true.
pub(super) async fn run(agent: Arc<Agent>, mut shutdown: watch::Receiver<bool>) {
    let mut metrics = agent.raft.server_metrics();
    let pause = agent.config.heartbeat().max(Duration::from_millis(5));
    let mut clock = tokio::time::interval(pause);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let (state, term, leader) = {
            let m = metrics.borrow_and_update();
            (m.state, m.vote.leader_id().term, m.current_leader)
        };
        let leads = state == ServerState::Leader && leader == Some(agent.node_id);
        if leads && agent.resigned_term() == Some(term) {
            agent.set_role(Role::Leaderless);
            step_down(&agent, term).await;
        } else if leads {
            if agent.role().leading_term() != Some(term) {
                agent.set_role(Role::Preparing { term });
                agent.peers.reset();
                *agent.led_since() = std::time::Instant::now();
                let new_leader = agent.clone();
                agent.tasks().spawn(async move { prepare(&new_leader, term).await });
            } else if !agent.has_majority() {
                agent.resign(term);
                continue;
            }
        } else {
            agent.set_role(role_of_other(&agent, leader));
        }
        tokio::select! {
            changed = metrics.changed() => if changed.is_err() {
                agent.set_role(Role::Leaderless);
                return;
            },
            _ = clock.tick() => {}
            () = agent.resignation.notified() => {}
            () = turned_true(&mut shutdown) => return,
        }
    }
}

fn role_of_other(agent: &Agent, leader: Option<NodeId>) -> Role {
    let Some(leader) = leader.filter(|l| *l != agent.node_id) else {
        return Role::Leaderless;
    };
    match agent.pool.member(leader) {
        Some((leader, endpoint)) => Role::Follower { leader, endpoint: Some(endpoint) },
        None => Role::Follower { leader: String::new(), endpoint: None },
    }
}

/// Logs the leadership; once that is committed, so is everything before it,
/// and the agent can serve.
async fn prepare(agent: &Arc<Agent>, term: u64) {
    let command = Command::Lead { term, entry: Arc::new(agent.leadership_entry(term)) };
    match agent.raft.client_write(command).await {
        Ok(_) => agent.begin_serving(term),
        Err(error) => tracing::debug!(%error, term, "leadership was not logged"),
    }
}

/// Makes openraft give up leadership, which it never does by itself: the agent
/// casts its vote of the next term for nobody. Refused, and so repeated, as
/// long as the leader's own lease lasts.
async fn step_down(agent: &Agent, term: u64) {
    let beyond_any_log =
        LogId { leader_id: openraft::CommittedLeaderId::new(u64::MAX, NOBODY), index: u64::MAX };
    let request =
        VoteRequest { vote: Vote::new(term + 1, NOBODY), last_log_id: Some(beyond_any_log) };
    if let Err(error) = agent.raft.vote(request).await {
        tracing::debug!(%error, term, "leadership was not given up");
    }
}
