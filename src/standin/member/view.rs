//! A member's copy of the agency's tree.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::gate::Gate;
use super::worker::{Worker, WorkerGone};
use crate::agency::value::Value;
use crate::client::{AgencyClient, ClientError, Poll};
use crate::standin::agent::store::Store;
use crate::standin::model::Tree;

/// How long a poll waits.
const POLL: Duration = Duration::from_secs(10);
/// How long nobody is asked after an error.
const PAUSE: Duration = Duration::from_millis(100);

/// The tree as it is known here: some milliseconds old, or older while the agency has no leader.
/// Clones see the same.
#[derive(Clone, Debug)]
pub(in crate::standin) struct AgencyView {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    tree: Mutex<Store>,
    /// The index of the last entry that is in the tree; 0 before it is there.
    index: watch::Sender<u64>,
}

impl Shared {
    fn store(&self) -> MutexGuard<'_, Store> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for AgencyView {
    fn default() -> Self {
        let shared = Shared { tree: Mutex::default(), index: watch::Sender::new(0) };
        Self { shared: Arc::new(shared) }
    }
}

impl AgencyView {
    /// The tree.
    pub(in crate::standin) fn tree(&self) -> Tree {
        Tree(self.shared.store().root().clone())
    }

    /// The index of the last entry of the agency's log that is in the tree.
    pub(in crate::standin) fn index(&self) -> u64 {
        *self.shared.index.borrow()
    }

    /// Tells of each new index.
    pub(in crate::standin) fn changes(&self) -> watch::Receiver<u64> {
        self.shared.index.subscribe()
    }

    /// Returns once an entry is in the tree, such as one of this member's own.
    pub(in crate::standin) async fn reached(&self, index: u64) {
        let mut changes = self.changes();
        // the sender is in self
        let _ = changes.wait_for(|known| *known >= index).await;
    }

    /// Follows the agency, until the client's deadline is over.
    pub(in crate::standin) async fn follow(&self, client: AgencyClient, gate: Gate) {
        let worker = match Worker::start("agency-view") {
            Ok(worker) => worker,
            Err(error) => {
                tracing::error!(%error, "the agency cannot be followed");
                return;
            }
        };
        while !client.deadline().is_over() {
            gate.passed().await;
            let next = match self.index() {
                0 => 0,
                index => index + 1,
            };
            let asked = client.clone();
            match worker.run(move || asked.poll(next, POLL)).await {
                Ok(Ok(poll)) => {
                    // What comes while the member is suspended waits in its sockets.
                    gate.passed().await;
                    self.take(poll, next);
                }
                Ok(Err(ClientError::Stopped(_))) | Err(WorkerGone) => return,
                Ok(Err(error)) => {
                    tracing::debug!(%error, "the agency does not tell of changes");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn take(&self, poll: Poll, asked: u64) {
        let mut store = self.shared.store();
        let index = if let Some(snapshot) = poll.snapshot {
            *store = Store::from_value(Value::from(snapshot));
            // An agency that has committed nothing is asked for everything again.
            poll.commit_index
        } else if poll.first_index.is_none() {
            // Nothing is new, or the agency has been set up anew and has fewer entries.
            if poll.commit_index.saturating_add(1) < asked { 0 } else { self.index() }
        } else {
            let mut last = asked.saturating_sub(1);
            for item in poll.log.into_iter().filter(|item| item.index >= asked) {
                last = last.max(item.index);
                if let Value::Object(operations) = Value::from(item.operations)
                    && let Err(error) = store.apply(&operations)
                {
                    tracing::error!(%error, "an entry of the agency's log does not apply here");
                }
            }
            last.max(poll.commit_index)
        };
        drop(store);
        self.shared.index.send_replace(index);
    }

    /// Another tree, for tests.
    #[cfg(test)]
    pub(in crate::standin) fn replace(&self, tree: Tree) {
        *self.shared.store() = Store::from_value(tree.0);
        self.shared.index.send_modify(|index| *index += 1);
    }
}
