//! Clients of one agency: each operation has one for itself, so that it can be ended alone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use agencysh::AgencyClient;
use agencysh::deadline::Deadline;

/// Clients that share connections, each with a deadline of its own.
pub(crate) struct Clients {
    base: AgencyClient,
    state: Mutex<State>,
    closed: AtomicBool,
}

#[derive(Default)]
struct State {
    idle: Vec<AgencyClient>,
    next: u64,
    /// What ends the operations that go on.
    active: Vec<(u64, Deadline)>,
    /// How often they were interrupted.
    interrupts: u64,
}

impl Clients {
    pub(crate) fn new(base: AgencyClient) -> Self {
        Self { base, state: Mutex::default(), closed: AtomicBool::new(false) }
    }

    /// A client for one operation; `None` when the agency has been closed.
    pub(crate) fn lease(&self) -> Option<Lease<'_>> {
        let mut state = self.state();
        if self.is_closed() {
            return None;
        }
        let new = || self.base.with_deadline(self.base.deadline().sibling());
        let client = state.idle.pop().unwrap_or_else(new);
        let number = state.next;
        state.next += 1;
        state.active.push((number, client.deadline().clone()));
        Some(Lease { clients: self, client, number })
    }

    /// Ends the operations that go on.
    pub(crate) fn interrupt(&self) {
        let mut state = self.state();
        state.interrupts += 1;
        state.active.iter().for_each(|(_, deadline)| deadline.interrupt());
    }

    /// How often operations were interrupted so far.
    pub(crate) fn interrupts(&self) -> u64 {
        self.state().interrupts
    }

    /// Ends the operations that go on, and lets no other begin.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        self.closed.store(true, Ordering::Relaxed);
        state.active.iter().for_each(|(_, deadline)| deadline.interrupt());
        state.idle.clear();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client that is given back when this is dropped.
pub(crate) struct Lease<'a> {
    clients: &'a Clients,
    pub(crate) client: AgencyClient,
    number: u64,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut state = self.clients.state();
        state.active.retain(|(number, _)| *number != self.number);
        self.client.deadline().clear_interrupt();
        if !self.clients.is_closed() {
            state.idle.push(self.client.clone());
        }
    }
}
