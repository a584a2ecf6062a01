//! Python's functions that run while a script does, and the exceptions they raise.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use agencysh::host::InterruptHandle;
use agencysh::natives::NativeError;
use pyo3::prelude::*;

use crate::errors;

/// How many exceptions are kept for scripts that catch them.
const KEPT: usize = 64;

/// The member of an error's context that tells which exception it was.
const NUMBER: &str = "python_exception";

thread_local! {
    /// The shells whose scripts have called Python on this thread, the innermost last.
    static INSIDE: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// The exceptions that Python's functions raised while scripts of one shell ran.
pub(crate) struct Callbacks {
    /// The number of the shell.
    shell: u64,
    interrupts: OnceLock<InterruptHandle>,
    raised: Mutex<Raised>,
}

#[derive(Default)]
struct Raised {
    next: i64,
    /// Those of natives, by number: scripts may catch them.
    by_natives: Vec<(i64, PyErr)>,
    /// What a function raised whose failure no script can see.
    unseen: Option<PyErr>,
}

impl Callbacks {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let shell = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { shell, interrupts: OnceLock::new(), raised: Mutex::default() }
    }

    /// Says what ends the runs of the shell.
    pub(crate) fn interrupt_with(&self, handle: InterruptHandle) {
        self.interrupts.get_or_init(|| handle);
    }

    /// Whether this thread is within a function that a script of this shell called.
    pub(crate) fn is_inside(&self) -> bool {
        INSIDE.with_borrow(|inside| inside.contains(&self.shell))
    }

    /// Runs a function of Python; `None` when Python has ended.
    fn call<T>(&self, function: impl FnOnce(Python<'_>) -> PyResult<T>) -> Option<PyResult<T>> {
        INSIDE.with_borrow_mut(|inside| inside.push(self.shell));
        let leaves = Leaves;
        let result = Python::try_attach(function);
        drop(leaves);
        result
    }

    /// Runs a function of Python whose failure ends the run: no script can see it.
    pub(crate) fn tell(&self, function: impl FnOnce(Python<'_>) -> PyResult<()>) {
        if let Some(Err(error)) = self.call(function) {
            self.raised().unseen.get_or_insert(error);
            if let Some(handle) = self.interrupts.get() {
                handle.interrupt();
            }
        }
    }

    /// Runs a function of Python for a script, which sees its exception as an error.
    pub(crate) fn answer<T>(
        &self,
        function: impl FnOnce(Python<'_>) -> PyResult<T>,
    ) -> Result<T, NativeError> {
        let ended = || NativeError::internal("python.ended", "Python has ended");
        let error = match self.call(function).ok_or_else(ended)? {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let described = Python::try_attach(|py| errors::describe(py, &error)).ok_or_else(ended)?;
        let mut raised = self.raised();
        let number = raised.next;
        raised.next += 1;
        if raised.by_natives.len() == KEPT {
            raised.by_natives.remove(0);
        }
        raised.by_natives.push((number, error));
        Err(described.with(NUMBER, number))
    }

    /// The exception behind an error that no script has caught.
    pub(crate) fn exception_of(
        &self,
        context: &serde_json::Map<String, serde_json::Value>,
    ) -> Option<PyErr> {
        let number = context.get(NUMBER)?.as_i64()?;
        let mut raised = self.raised();
        let place = raised.by_natives.iter().position(|(known, _)| *known == number)?;
        Some(raised.by_natives.remove(place).1)
    }

    /// What a function raised whose failure ended the run.
    pub(crate) fn unseen(&self) -> Option<PyErr> {
        self.raised().unseen.take()
    }

    /// Forgets what natives raised in a run that has ended.
    pub(crate) fn forget(&self) {
        let forgotten = std::mem::take(&mut self.raised().by_natives);
        // not while it is locked: this may run code of Python
        drop(forgotten);
    }

    fn raised(&self) -> MutexGuard<'_, Raised> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves the innermost function.
struct Leaves;

impl Drop for Leaves {
    fn drop(&mut self) {
        INSIDE.with_borrow_mut(Vec::pop);
    }
}
