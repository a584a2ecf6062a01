//! What an agent that leads offers to the supervision, which runs in its process.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::agency::value::Value;

use super::commit::CommitError;
use super::leadership::Role;
use super::raft::state_machine::Progress;
use super::spearhead::{ChunkError, Outcome};
use super::store::Store;
use super::store::transaction::{self, Transaction};
use super::{Agent, AgentHandle, SupervisionConfig, lock, turned_true};

/// An agent whose leaderships are of interest.
#[derive(Clone)]
pub(in crate::standin) struct Candidate {
    agent: Arc<Agent>,
}

/// One leadership, that of one term. Everything gives `None` once it has ended.
#[derive(Clone)]
pub(in crate::standin) struct Leadership {
    agent: Arc<Agent>,
    term: u64,
}

impl AgentHandle {
    /// The agent as one that may come to lead.
    pub(in crate::standin) fn candidate(&self) -> Candidate {
        Candidate { agent: Arc::clone(&self.agent) }
    }
}

impl Candidate {
    /// Returns once the agent leads and serves; nothing if it ends before that.
    pub(in crate::standin) async fn elected(&self) -> Option<Leadership> {
        let mut role = self.agent.role.subscribe();
        let mut shutdown = self.agent.shutdown.subscribe();
        loop {
            if let Role::Leader { term } = *role.borrow_and_update() {
                return Some(Leadership { agent: Arc::clone(&self.agent), term });
            }
            tokio::select! {
                changed = role.changed() => changed.ok()?,
                () = turned_true(&mut shutdown) => return None,
            }
        }
    }
}

impl Leadership {
    /// The newest tree, with what is accepted but not committed yet.
    pub(in crate::standin) fn tree(&self) -> Option<Value> {
        let spearhead = lock(&self.agent.spearhead);
        (spearhead.term == Some(self.term)).then(|| spearhead.store.root().clone())
    }

    /// The tree that only the leader has.
    pub(in crate::standin) fn transient(&self) -> Value {
        lock(&self.agent.transient).root().clone()
    }

    /// Runs transactions; tells of each whether it was applied.
    pub(in crate::standin) fn write(&self, transactions: &[Value]) -> Option<Vec<bool>> {
        let mut applied = Vec::with_capacity(transactions.len());
        for chunk in transactions.chunks(self.agent.config.chunk_size()) {
            match self.agent.write_chunk(self.term, chunk) {
                Ok(judged) => {
                    let outcomes = judged.outcomes.iter();
                    applied.extend(outcomes.map(|one| matches!(one, Outcome::Applied(_))));
                }
                Err(ChunkError::LeadershipLost) => return None,
                Err(ChunkError::Malformed(message)) => {
                    tracing::error!(%message, "the supervision wrote something misshapen");
                    applied.extend(chunk.iter().map(|_| false));
                }
            }
        }
        Some(applied)
    }

    /// Runs a transaction on the tree that only the leader has.
    pub(in crate::standin) fn write_transient(&self, transaction: &Value) -> bool {
        let mut transient: std::sync::MutexGuard<'_, Store> = lock(&self.agent.transient);
        matches!(transaction::run(&mut transient, transaction), Transaction::Applied { .. })
    }

    /// Waits until everything is committed that has been written so far.
    pub(in crate::standin) async fn committed(&self) -> Option<()> {
        loop {
            let index = {
                let spearhead = lock(&self.agent.spearhead);
                (spearhead.term == Some(self.term)).then(|| spearhead.last_index())?
            };
            match self.agent.committed(index, Some(self.term)).await {
                Ok(()) => return Some(()),
                // Leadership is lost soon, or the others come back.
                Err(CommitError::Timeout) => {}
                Err(CommitError::LeadershipLost | CommitError::ShuttingDown) => return None,
            }
        }
    }

    /// Tells of commits from now on.
    pub(in crate::standin) fn commits(&self) -> Commits {
        let mut progress = self.agent.machine.progress();
        progress.mark_unchanged();
        Commits { leadership: self.clone(), progress, role: self.agent.role.subscribe() }
    }

    /// How long it has lasted.
    pub(in crate::standin) fn age(&self) -> Duration {
        self.agent.led_since().elapsed()
    }

    /// The settings as they are now.
    pub(in crate::standin) fn settings(&self) -> SupervisionConfig {
        lock(&self.agent.supervision).clone()
    }
}

/// The commits of a leadership.
pub(in crate::standin) struct Commits {
    leadership: Leadership,
    progress: watch::Receiver<Progress>,
    role: watch::Receiver<Role>,
}

impl Commits {
    /// Returns once something has been committed since the last call, or the one before.
    pub(in crate::standin) async fn next(&mut self) -> Option<()> {
        let Leadership { agent, term } = &self.leadership;
        let ended = |role: &Role| role.leading_term() != Some(*term);
        let mut shutdown = agent.shutdown.subscribe();
        tokio::select! {
            _ = self.role.wait_for(ended) => None,
            changed = self.progress.changed() => changed.ok(),
            () = turned_true(&mut shutdown) => None,
        }
    }
}
