//! A thread for calls that block, one after the other.

use std::sync::mpsc::{self, Sender};
use std::thread;

use tokio::sync::oneshot;

type Call = Box<dyn FnOnce() + Send>;

/// A thread of its own; it ends with its owner, after the call that runs.
#[derive(Debug)]
pub(super) struct Worker {
    calls: Sender<Call>,
}

/// The thread has ended: the call panicked, or one before it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the thread for calls that block has ended")]
pub(super) struct WorkerGone;

impl Worker {
    /// Starts the thread.
    pub(super) fn start(name: &str) -> std::io::Result<Self> {
        let (calls, waiting) = mpsc::channel::<Call>();
        let run = move || waiting.into_iter().for_each(|call| call());
        thread::Builder::new().name(name.to_owned()).spawn(run)?;
        Ok(Self { calls })
    }

    /// Runs a call on the thread.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, WorkerGone> {
        let (done, outcome) = oneshot::channel();
        let call = move || {
            // nobody waits any more if the member ends meanwhile
            let _ = done.send(call());
        };
        self.calls.send(Box::new(call)).map_err(|_| WorkerGone)?;
        outcome.await.map_err(|_| WorkerGone)
    }
}
