//! Bounds how much clients do: each operation needs a ticket.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::wait::PATIENCE;

#[derive(Default)]
struct State {
    granted: u64,
    taken: u64,
    done: u64,
    closed: bool,
}

/// Tickets for a number of operations that grows as the scenario goes on.
#[derive(Default)]
pub struct Tickets {
    state: Mutex<State>,
    changed: Condvar,
}

impl Tickets {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a ticket; false when there will be no more.
    pub fn take(&self) -> bool {
        let mut state = self.state();
        while !state.closed && state.taken == state.granted {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return false;
        }
        state.taken += 1;
        drop(state);
        self.changed.notify_all();
        true
    }

    /// Gives a ticket back whose operation has ended.
    pub fn done(&self) {
        self.state().done += 1;
        self.changed.notify_all();
    }

    /// Allows so many operations more.
    pub fn grant(&self, operations: u64) {
        self.state().granted += operations;
        self.changed.notify_all();
    }

    /// Waits until no more than so many tickets are left to be taken.
    #[track_caller]
    pub fn wait_left(&self, left: u64) {
        self.wait("operations to begin", |state| state.granted - state.taken <= left);
    }

    /// Waits until all operations that were allowed have ended.
    #[track_caller]
    pub fn wait_done(&self) {
        self.wait("operations to end", |state| state.done == state.granted);
    }

    /// Ends the clients after the operation that each is at.
    pub fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    #[track_caller]
    fn wait(&self, what: &str, holds: impl Fn(&State) -> bool) {
        let end = Instant::now() + PATIENCE;
        let mut state = self.state();
        while !holds(&state) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "{what}: of {} operations {} have begun and {} ended within {PATIENCE:?}",
                state.granted,
                state.taken,
                state.done
            );
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
