//! Ends a whole test run, from any thread.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::host::InterruptHandle;

/// Ends all tests that run, and lets no other begin; cloning gives another handle to the same run.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<State>);

#[derive(Debug, Default)]
struct State {
    is_set: AtomicBool,
    hosts: Mutex<Hosts>,
}

#[derive(Debug, Default)]
struct Hosts {
    next: u64,
    running: BTreeMap<u64, InterruptHandle>,
}

impl Cancel {
    /// Interrupts whatever runs.
    pub fn cancel(&self) {
        self.0.is_set.store(true, Ordering::SeqCst);
        self.hosts().running.values().for_each(InterruptHandle::interrupt);
    }

    /// Whether the run is to end.
    pub fn is_set(&self) -> bool {
        self.0.is_set.load(Ordering::SeqCst)
    }

    /// Whether the other one ends the same run.
    pub(in crate::host) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Interrupts this host as well, until the result is dropped.
    pub(super) fn watch(&self, host: InterruptHandle) -> Watched {
        let mut hosts = self.hosts();
        let number = hosts.next;
        hosts.next += 1;
        hosts.running.insert(number, host);
        Watched { cancel: self.clone(), number }
    }

    fn hosts(&self) -> MutexGuard<'_, Hosts> {
        self.0.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A host that is interrupted with the others.
#[derive(Debug)]
pub(super) struct Watched {
    cancel: Cancel,
    number: u64,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.cancel.hosts().running.remove(&self.number);
    }
}
