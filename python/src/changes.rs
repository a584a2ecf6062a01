//! The changes of a value, one after the other.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use agencysh::AgencyClient;
use agencysh::client::{ClientError, Flow};
use agencysh::deadline::{Deadline, Stop};
use pyo3::prelude::*;
use serde_json::Value;

use crate::absent::absent;
use crate::clients::Clients;
use crate::errors;
use crate::values::from_json;
use crate::waiting::{drop_detached, waiting_for};

/// What a path holds after a change: ``path``, absolute, and ``value``, which is `ABSENT` when nothing is there.
#[pyclass(frozen, get_all, module = "agencysh")]
pub(crate) struct Change {
    /// The path that is watched, absolute.
    path: Py<PyAny>,
    /// The value there; `ABSENT` when nothing is there.
    value: Py<PyAny>,
}

#[pymethods]
impl Change {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (path, value) = (self.path.bind(py).repr()?, self.value.bind(py).repr()?);
        Ok(format!("Change(path={path}, value={value})"))
    }
}

/// An iterator of `Change`, made by `Agency.watch`.
#[pyclass(frozen, module = "agencysh")]
pub(crate) struct Changes {
    path: String,
    clients: Arc<Clients>,
    follower: Mutex<Option<Arc<Follower>>>,
}

/// What the thread that follows the agency sends: a value, or why there are no more.
type Told = Result<Option<Value>, ClientError>;

/// What comes next.
enum Next {
    Value(Option<Value>),
    Failed(ClientError),
    /// There are no more.
    Ended,
    AgencyClosed,
}

/// The thread that follows the agency.
struct Follower {
    /// What ends it.
    ends: Deadline,
    told: Mutex<Option<Receiver<Told>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.ends.interrupt();
        // it may wait for somebody to take what it tells
        drop(self.told.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            drop_detached(Joined(Some(thread)));
        }
    }
}

/// A thread whose end is awaited.
struct Joined(Option<JoinHandle<()>>);

impl Drop for Joined {
    fn drop(&mut self) {
        // one that panicked has told so itself
        let _ = self.0.take().map(JoinHandle::join);
    }
}

impl Changes {
    /// Follows a value from now on.
    ///
    /// # Errors
    /// There can be no thread.
    pub(crate) fn follow(
        clients: Arc<Clients>,
        client: AgencyClient,
        path: String,
        limit: Duration,
    ) -> PyResult<Self> {
        // one change waits to be taken; those that follow meanwhile are seen as one
        let (sender, told) = sync_channel(0);
        let (ends, watched) = (client.deadline().clone(), path.clone());
        let thread = std::thread::Builder::new().name("agencysh-watch".to_owned());
        let thread = thread.spawn(move || tell(&client, &watched, limit, &sender))?;
        let (told, thread) = (Mutex::new(Some(told)), Mutex::new(Some(thread)));
        let follower = Arc::new(Follower { ends, told, thread });
        Ok(Self { path, clients, follower: Mutex::new(Some(follower)) })
    }

    fn follower(&self) -> Option<Arc<Follower>> {
        self.follower.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Sends each change, until nobody takes them any more.
fn tell(client: &AgencyClient, path: &str, limit: Duration, sender: &SyncSender<Told>) {
    let ended = client.watch(path, limit, |value| {
        Ok(match sender.send(Ok(value.cloned())) {
            Ok(()) => Flow::Continue,
            Err(_) => Flow::Stop,
        })
    });
    if let Err(error) = ended {
        // nobody listens any more when it was closed
        let _ = sender.send(Err(error));
    }
}

#[pymethods]
impl Changes {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Change>> {
        let Some(follower) = self.follower() else { return Ok(None) };
        let interrupts = self.clients.interrupts();
        let next = waiting_for(py, |pause| {
            if self.clients.is_closed() {
                return Some(Next::AgencyClosed);
            }
            if self.clients.interrupts() != interrupts {
                return Some(Next::Failed(Stop::Interrupted.into()));
            }
            let told = follower.told.lock().unwrap_or_else(PoisonError::into_inner);
            match told.as_ref().map(|told| told.recv_timeout(pause)) {
                // another thread may have closed it
                Some(Err(RecvTimeoutError::Timeout)) if self.follower().is_some() => None,
                Some(Ok(Ok(value))) => Some(Next::Value(value)),
                Some(Ok(Err(error))) => Some(Next::Failed(error)),
                Some(Err(_)) | None => Some(Next::Ended),
            }
        })?;
        match next.unwrap_or(Next::Ended) {
            Next::Value(value) => {
                let value = match value {
                    Some(value) => from_json(py, &value)?.unbind(),
                    None => absent(py)?.into_any(),
                };
                let path = self.path.as_str().into_pyobject(py)?.into_any().unbind();
                Ok(Some(Change { path, value }))
            }
            Next::Failed(error) => {
                // after an interrupt it can go on
                if !matches!(error, ClientError::Stopped(_)) {
                    self.close();
                }
                Err(errors::of_client(py, error))
            }
            Next::AgencyClosed => {
                self.close();
                Err(errors::closed(py, "agency"))
            }
            Next::Ended => {
                self.close();
                Ok(None)
            }
        }
    }

    /// Ends it; there are no more changes then.
    fn close(&self) {
        let follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(follower);
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (kind, error, trace, /))]
    fn __exit__(
        &self,
        kind: Option<Py<PyAny>>,
        error: Option<Py<PyAny>>,
        trace: Option<Py<PyAny>>,
    ) {
        drop((kind, error, trace));
        self.close();
    }
}
