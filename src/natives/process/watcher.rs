//! Waits for children that end while no native looks at them.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::super::{NativeError, NativeResult};
use super::table::Shared;

/// How long a child that has ended stays unnoticed at most.
const ROUND: Duration = Duration::from_millis(50);

/// The thread that waits for children; there is none before the first child.
#[derive(Debug, Default)]
pub(super) struct Watcher(Mutex<Option<JoinHandle<()>>>);

impl Watcher {
    /// Starts the thread, unless it runs already.
    ///
    /// # Errors
    /// Number 4 when the system has no thread to give.
    pub(super) fn start(&self, shared: &Arc<Shared>) -> NativeResult<()> {
        let mut thread = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let shared = Arc::clone(shared);
            let begun = std::thread::Builder::new()
                .name("agencysh-children".to_owned())
                .spawn(move || watch(&shared));
            *thread = Some(begun.map_err(|error| {
                NativeError::internal(
                    "process.no_thread",
                    format!("cannot start a thread that waits for processes: {error}"),
                )
            })?);
        }
        Ok(())
    }

    /// Waits until the thread has ended, which it does when the table is over.
    pub(super) fn join(&self) {
        let thread = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // it has nothing to tell
            let _ = thread.join();
        }
    }
}

/// One round holds the table: after `unmonitor` has had it, nothing is triggered any more.
fn watch(shared: &Shared) {
    let mut table = shared.lock();
    while !table.is_over {
        let waited = if table.look() {
            shared
                .changed
                .wait_timeout(table, ROUND)
                .map(|(table, _)| table)
                .map_err(|poisoned| PoisonError::new(poisoned.into_inner().0))
        } else {
            shared.changed.wait(table)
        };
        table = waited.unwrap_or_else(PoisonError::into_inner);
    }
}
