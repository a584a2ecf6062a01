//! The threads of one embedded agent, which can be held up as SIGSTOP holds up a process.

use std::future::Future;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::{Handle, Runtime};

use crate::standin::{StandinError, runtime_of};

/// How long threads may take to notice that they are to stand still: what a task does without
/// waiting for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// Enough for heartbeats to go on while one is busy with a big value.
const WORKERS: usize = 3;

/// What one agent runs on. When all its threads stand still, connections to it are accepted by
/// the system and nothing is answered.
#[derive(Debug)]
pub(super) struct AgentThreads {
    runtime: Option<Runtime>,
    stop: Arc<Stop>,
}

#[derive(Debug, Default)]
struct Stop {
    state: Mutex<Standing>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Standing {
    /// Counts suspensions: a thread stands still for the newest one only.
    suspension: u64,
    suspended: bool,
    still: usize,
}

impl Stop {
    fn state(&self) -> MutexGuard<'_, Standing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the thread that runs this until the suspension is over.
    fn stand_still(&self, suspension: u64) {
        let mut state = self.state();
        let is_over = |state: &Standing| !state.suspended || state.suspension != suspension;
        if is_over(&state) {
            return;
        }
        state.still += 1;
        self.changed.notify_all();
        while !is_over(&state) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl AgentThreads {
    pub(super) fn start() -> Result<Self, StandinError> {
        let runtime = runtime_of("embedded-agent", WORKERS).map_err(StandinError::Runtime)?;
        Ok(Self { runtime: Some(runtime), stop: Arc::default() })
    }

    /// Where futures of the agent are spawned.
    pub(super) fn handle(&self) -> Result<Handle, StandinError> {
        self.runtime.as_ref().map(|runtime| runtime.handle().clone()).ok_or(StandinError::Stopped)
    }

    /// Runs a future beside the agent; it ends with it.
    pub(super) fn spawn(
        &self,
        future: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), StandinError> {
        self.handle()?.spawn(future);
        Ok(())
    }

    /// Whether the threads stand still.
    pub(super) fn are_suspended(&self) -> bool {
        self.stop.state().suspended
    }

    /// Lets all threads stand still; returns when they do.
    pub(super) fn suspend(&self) -> Result<(), StandinError> {
        let suspension = {
            let mut state = self.stop.state();
            state.suspended = true;
            state.still = 0;
            state.suspension += 1;
            state.suspension
        };
        for _ in 0..WORKERS {
            let stop = Arc::clone(&self.stop);
            self.spawn(async move { stop.stand_still(suspension) })?;
        }
        let waiting = |state: &mut Standing| state.still < WORKERS;
        let (state, timeout) = self
            .stop
            .changed
            .wait_timeout_while(self.stop.state(), PATIENCE, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        drop(state);
        if timeout.timed_out() {
            self.resume();
            return Err(StandinError::NotSuspended { after: PATIENCE });
        }
        Ok(())
    }

    /// Lets the threads go on.
    pub(super) fn resume(&self) {
        self.stop.state().suspended = false;
        self.stop.changed.notify_all();
    }
}

impl Drop for AgentThreads {
    fn drop(&mut self) {
        self.resume();
        if let Some(runtime) = self.runtime.take() {
            // Whatever is left of it holds nothing worth waiting for.
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn suspended_threads_do_nothing_and_go_on_later() {
        let threads = AgentThreads::start().unwrap();
        let count = Arc::new(AtomicU64::new(0));
        for _ in 0..8 {
            let count = Arc::clone(&count);
            let counting = async move {
                loop {
                    count.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            threads.spawn(counting).unwrap();
        }
        for _ in 0..3 {
            threads.suspend().unwrap();
            assert!(threads.are_suspended());
            let before = count.load(Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(20));
            assert_eq!(count.load(Ordering::SeqCst), before);
            threads.resume();
            while count.load(Ordering::SeqCst) == before {
                std::thread::yield_now();
            }
        }
        threads.suspend().unwrap();
        // nobody waits for suspended ones
        drop(threads);
    }
}
