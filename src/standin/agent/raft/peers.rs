//! What a leader remembers about the answers of the other agents.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::types::NodeId;

/// When and how far each other agent acknowledged what it was sent.
#[derive(Debug, Default)]
pub struct Peers {
    contacts: Mutex<HashMap<NodeId, Contact>>,
}

/// The last exchanges with one agent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Contact {
    /// Last answer to any append, heartbeats included.
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

    /// Notes an answer of `peer`; `stored` is the last entry it acknowledged,
    /// absent for a heartbeat.
    pub fn answered(&self, peer: NodeId, stored: Option<u64>) {
        let now = Instant::now();
        let mut contacts = self.lock();
        let contact = contacts.entry(peer).or_default();
        contact.answered = Some(now);
        if let Some(index) = stored {
            contact.acknowledged = Some(now);
            contact.raft_index = contact.raft_index.max(index);
        }
    }

    /// Forgets everything, at the beginning of a leadership.
    pub fn reset(&self) {
        self.lock().clear();
    }

    /// The last exchanges with `peer`.
    pub fn contact(&self, peer: NodeId) -> Contact {
        self.lock().get(&peer).copied().unwrap_or_default()
    }

    /// How many other agents answered within the last `period`.
    pub fn answered_within(&self, period: Duration) -> usize {
        self.lock().values().filter(|c| c.answered.is_some_and(|at| at.elapsed() <= period)).count()
    }
}
