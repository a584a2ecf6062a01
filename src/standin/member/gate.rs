//! Whether a member that runs in this process is suspended, as SIGSTOP suspends a process of its own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{oneshot, watch};

/// Requests that wait for a suspended member. For one more the oldest gives up: whoever sent it
/// has most likely gone, which nobody notices.
const LONGEST_LINE: usize = 256;

/// Passed by everything that a member does of itself; clones are the same gate.
#[derive(Clone, Debug)]
pub(in crate::standin) struct Gate {
    open: watch::Sender<bool>,
    line: Arc<Mutex<VecDeque<oneshot::Sender<()>>>>,
}

/// So many have come since that this one waits no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PushedOut;

impl Default for Gate {
    fn default() -> Self {
        Self { open: watch::Sender::new(true), line: Arc::default() }
    }
}

impl Gate {
    /// Suspends the member.
    pub(in crate::standin) fn close(&self) {
        self.open.send_replace(false);
    }

    /// Lets the member go on.
    pub(in crate::standin) fn open(&self) {
        self.open.send_replace(true);
    }

    /// Whether the member runs.
    pub(in crate::standin) fn is_open(&self) -> bool {
        *self.open.borrow()
    }

    /// Returns once the member runs.
    pub(in crate::standin) async fn passed(&self) {
        let mut open = self.open.subscribe();
        // the sender is in self
        let _ = open.wait_for(|open| *open).await;
    }

    /// The same for what comes from outside, of which only so much waits.
    pub(super) async fn passed_in_line(&self) -> Result<(), PushedOut> {
        if self.is_open() {
            return Ok(());
        }
        let (place, pushed_out) = oneshot::channel();
        {
            let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
            line.retain(|waiting| !waiting.is_closed());
            line.push_back(place);
            if line.len() > LONGEST_LINE {
                line.pop_front();
            }
        }
        tokio::select! {
            biased;
            () = self.passed() => Ok(()),
            _ = pushed_out => Err(PushedOut),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn s24_few_requests_wait_for_a_suspended_member() {
        let gate = Gate::default();
        assert_eq!(gate.passed_in_line().await, Ok(()));
        gate.close();
        let mut waiting = Vec::new();
        for _ in 0..LONGEST_LINE + 10 {
            let gate = gate.clone();
            waiting.push(tokio::spawn(async move { gate.passed_in_line().await }));
            tokio::task::yield_now().await;
        }
        for pushed_out in waiting.drain(..10) {
            assert_eq!(pushed_out.await.unwrap(), Err(PushedOut));
        }
        // those that have gone take no place
        waiting.pop().unwrap().abort();
        tokio::task::yield_now().await;
        let last = tokio::spawn({
            let gate = gate.clone();
            async move { gate.passed_in_line().await }
        });
        tokio::task::yield_now().await;
        assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
        gate.open();
        for waiting in waiting.into_iter().chain([last]) {
            assert_eq!(waiting.await.unwrap(), Ok(()));
        }
        assert_eq!(gate.passed_in_line().await, Ok(()));
    }
}
