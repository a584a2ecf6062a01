//! What a leader remembers about the answers of the other agents.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::types::NodeId;

/// When and how far each other agent acknowledged what it was sent.
#[derive(Debug, Default)]
pub struct Peers {
    contacts: Mutex<HashMap<NodeId, Contact>>,
    news: Notify,
}

/// The last exchanges with one agent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Contact {
    /// When the newest append was sent that was answered, heartbeats included. Not when the
    /// answer was read: a process that was suspended reads answers that are long out of date.
    pub answered: Option<Instant>,
    /// Last time that entries were sent.
    pub appended: Option<Instant>,
    /// Last answer to an append with entries.
    pub acknowledged: Option<Instant>,
    /// Highest index of openraft's log known to be stored there.
    pub raft_index: u64,
}

impl Peers {
    fn lock(&self) -> MutexGuard<'_, HashMap<NodeId, Contact>> {
        self.contacts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that entries are on their way to `peer`.
    pub fn sending(&self, peer: NodeId) {
        self.lock().entry(peer).or_default().appended = Some(Instant::now());
    }

    /// Notes that `peer` answered what was sent to it at that time; `stored` is the last entry
    /// it acknowledged, absent for a heartbeat.
    pub fn answered(&self, peer: NodeId, sent: Instant, stored: Option<u64>) {
        let mut contacts = self.lock();
        let contact = contacts.entry(peer).or_default();
        contact.answered = contact.answered.max(Some(sent));
        if let Some(index) = stored {
            contact.acknowledged = Some(Instant::now());
            contact.raft_index = contact.raft_index.max(index);
        }
        drop(contacts);
        self.news.notify_waiters();
    }

    /// Returns at the next answer of anybody.
    pub async fn next_answer(&self) {
        self.news.notified().await;
    }

    /// Forgets everything, at the beginning of a leadership.
    pub fn reset(&self) {
        self.lock().clear();
    }

    /// The last exchanges with `peer`.
    pub fn contact(&self, peer: NodeId) -> Contact {
        self.lock().get(&peer).copied().unwrap_or_default()
    }

    /// How many other agents answered what was sent to them within the last `period`.
    pub fn answered_within(&self, period: Duration) -> usize {
        self.lock().values().filter(|c| c.answered.is_some_and(|at| at.elapsed() <= period)).count()
    }
}
