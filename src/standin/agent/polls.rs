//! The polls that wait for an index.
//!
//! Waiters are released by the commit itself: a write is answered only after
//! every poll that waited for its index has its answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// Longest time a writer waits for polls to be answered. Only a poll that is
/// stuck for lack of processor time gets near it.
const PATIENCE: Duration = Duration::from_secs(2);

/// All polls in progress. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Polls {
    shared: Arc<Shared>,
    most: usize,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    answered: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    next_id: u64,
    /// (index waited for, id of the waiter).
    waiters: BTreeMap<(u64, u64), ()>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held by a poll until its answer is ready; for a deferred poll that is the
/// moment its answer is kept. Travels with the response as an extension.
#[derive(Clone, Debug)]
pub(super) struct Waiter {
    _ends: Arc<Ends>,
}

#[derive(Debug)]
struct Ends {
    shared: Arc<Shared>,
    key: (u64, u64),
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.shared.lock().waiters.remove(&self.key);
        self.shared.answered.notify_waiters();
    }
}

impl Polls {
    /// Room for so many polls.
    pub(super) fn new(most: usize) -> Self {
        Self { shared: Arc::default(), most }
    }

    /// Whether more polls wait than there is room for.
    pub(super) fn too_many(&self) -> bool {
        self.shared.lock().waiters.len() > self.most
    }

    /// Notes that a poll waits for `index`.
    pub(super) fn wait_for(&self, index: u64) -> Waiter {
        let mut waiting = self.shared.lock();
        waiting.next_id += 1;
        let key = (index, waiting.next_id);
        waiting.waiters.insert(key, ());
        drop(waiting);
        Waiter { _ends: Arc::new(Ends { shared: self.shared.clone(), key }) }
    }

    fn pending(&self, commit_index: u64) -> bool {
        let waiting = self.shared.lock();
        waiting.waiters.first_key_value().is_some_and(|((index, _), ())| *index <= commit_index)
    }

    /// Returns once no poll waits for an index up to `commit_index`.
    pub(super) async fn answered(&self, commit_index: u64) {
        let all = async {
            loop {
                let answered = self.shared.answered.notified();
                tokio::pin!(answered);
                answered.as_mut().enable();
                if !self.pending(commit_index) {
                    return;
                }
                answered.await;
            }
        };
        let _ = tokio::time::timeout(PATIENCE, all).await;
    }
}
