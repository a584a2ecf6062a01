//! What a shell has until it is closed.

use std::sync::{Arc, OnceLock, PoisonError, RwLock, TryLockError};

use agencysh::Host;
use agencysh::host::{HostError, InterruptHandle, Outcome};
use pyo3::prelude::*;

use crate::callbacks::Callbacks;
use crate::clients::Clients;
use crate::errors;
use crate::turn::Turn;
use crate::values::from_dynamic;
use crate::waiting::{aside, drop_detached, waiting, waiting_for};

/// What a shell has until it is closed.
pub(crate) struct Open {
    /// Taken away at the end; read by those who use it.
    pub(crate) host: RwLock<Option<Host>>,
    pub(crate) turn: Turn,
    pub(crate) interrupts: InterruptHandle,
    pub(crate) callbacks: Arc<Callbacks>,
    pub(crate) clients: OnceLock<Arc<Clients>>,
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(host) = self.host.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            drop_detached(host);
        }
    }
}

impl Open {
    pub(crate) fn new(host: Host, callbacks: Arc<Callbacks>) -> Self {
        let interrupts = host.interrupt_handle();
        callbacks.interrupt_with(interrupts.clone());
        let (host, turn, clients) = (RwLock::new(Some(host)), Turn::default(), OnceLock::new());
        Self { host, turn, interrupts, callbacks, clients }
    }

    /// Ends what runs now.
    pub(crate) fn interrupt(&self) {
        self.interrupts.interrupt();
        if let Some(clients) = self.clients.get() {
            clients.interrupt();
        }
    }

    /// Whether a script that this thread waits for, or that has called this thread, would have to end first.
    pub(crate) fn is_busy_here(&self) -> bool {
        self.callbacks.is_inside() || self.turn.is_own()
    }

    /// Ends what runs, and the host.
    ///
    /// # Errors
    /// What the handler of a signal raised; the host is left behind then.
    pub(crate) fn close(&self, py: Python<'_>) -> PyResult<()> {
        if let Some(clients) = self.clients.get() {
            clients.close();
        }
        let host = waiting_for(py, |pause| {
            self.interrupts.interrupt();
            match self.host.try_write() {
                Ok(mut host) => Some(host.take()),
                Err(TryLockError::Poisoned(host)) => Some(host.into_inner().take()),
                Err(TryLockError::WouldBlock) => {
                    std::thread::sleep(pause / 10);
                    None
                }
            }
        })?;
        aside(py, move || drop(host)).map(drop)
    }

    /// Does something with the host without the GIL; `None` when it has been closed.
    ///
    /// # Errors
    /// What the handler of a signal raised.
    pub(crate) fn with_host<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Host) -> T + Send,
    ) -> PyResult<Option<T>> {
        let interrupts = self.interrupts.clone();
        waiting(
            py,
            move || interrupts.interrupt(),
            || {
                let host = self.host.read().unwrap_or_else(PoisonError::into_inner);
                host.as_ref().map(work)
            },
        )
    }

    /// Runs scripts when it is this thread's turn.
    ///
    /// # Errors
    /// The exception of the run.
    pub(crate) fn run<'py>(
        &self,
        py: Python<'py>,
        work: impl FnOnce(&Host) -> Result<Outcome, HostError> + Send,
    ) -> PyResult<Bound<'py, PyAny>> {
        if self.callbacks.is_inside() {
            return Err(errors::busy());
        }
        let _turn = self.turn.take(py)?;
        let ran = self.with_host(py, work);
        let result = ran.and_then(|ran| self.result(py, ran));
        self.callbacks.forget();
        result
    }

    /// The value of a run, or its exception.
    fn result<'py>(
        &self,
        py: Python<'py>,
        ran: Option<Result<Outcome, HostError>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let outcome = ran.ok_or_else(|| errors::closed(py, "shell"))?;
        let outcome = outcome.map_err(|error| errors::of_run(py, &error, &self.callbacks))?;
        if let Some(unseen) = self.callbacks.unseen() {
            return Err(unseen);
        }
        match outcome.exit_code {
            None | Some(0) => from_dynamic(py, &outcome.value),
            Some(code) => {
                let message = format!("the script ended with exit({code})");
                Err(errors::named(py, "ScriptExit", message, "exit_code", code))
            }
        }
    }
}
