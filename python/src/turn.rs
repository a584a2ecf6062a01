//! One run after the other.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use pyo3::prelude::*;

use crate::errors;
use crate::waiting::waiting_for;

/// Lets one thread at a time run scripts.
#[derive(Default)]
pub(crate) struct Turn {
    runs: Mutex<Option<ThreadId>>,
    free: Condvar,
}

impl Turn {
    /// Waits for the own turn, which ends when the result is dropped.
    ///
    /// # Errors
    /// It is this thread's already; what the handler of a signal raised.
    pub(crate) fn take(&self, py: Python<'_>) -> PyResult<Taken<'_>> {
        let own = std::thread::current().id();
        let mut runs = self.runs();
        if *runs == Some(own) {
            return Err(errors::busy());
        }
        if runs.is_none() {
            *runs = Some(own);
            return Ok(Taken(self));
        }
        drop(runs);
        waiting_for(py, |pause| {
            let runs = self.runs();
            let waited = self.free.wait_timeout_while(runs, pause, |runs| runs.is_some());
            let mut runs = waited.unwrap_or_else(PoisonError::into_inner).0;
            runs.is_none().then(|| *runs = Some(own))
        })?;
        Ok(Taken(self))
    }

    /// Whether it is this thread's turn.
    pub(crate) fn is_own(&self) -> bool {
        *self.runs() == Some(std::thread::current().id())
    }

    fn runs(&self) -> MutexGuard<'_, Option<ThreadId>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The turn of a thread.
pub(crate) struct Taken<'a>(&'a Turn);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.0.runs() = None;
        self.0.free.notify_one();
    }
}
