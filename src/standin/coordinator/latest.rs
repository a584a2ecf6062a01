//! How far the agency is: one question for all requests that wait at the same time.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

/// What the agency answered last.
#[derive(Debug, Default)]
pub(super) struct Latest {
    /// Questions that were begun.
    begun: AtomicU64,
    /// The number of the last question that is over, and what came of it.
    last: Mutex<(u64, Option<u64>)>,
}

impl Latest {
    /// The answer to a question that was begun after this was called, be it for somebody else.
    pub(super) async fn get(&self, ask: impl Future<Output = Option<u64>>) -> Option<u64> {
        let before = self.begun.load(Ordering::SeqCst);
        let mut last = self.last.lock().await;
        if last.0 > before {
            return last.1;
        }
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        *last = (number, ask.await);
        last.1
    }
}
