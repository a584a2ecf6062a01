//! Wakes whoever waits for a change somewhere in the tree.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use super::retry::Budget;
use super::watch::{AT_ONCE, LONGEST_POLL, tells_of};
use super::{AgencyClient, ClientError, Shared, endpoints};
use crate::agency::path::absolute;
use crate::deadline::{Deadline, SLICE, Stop};

/// Changes that come so soon after each other are told together.
const TOGETHER: Duration = Duration::from_millis(10);
/// How long an agency that does not answer is left alone.
const AFTER_TROUBLE: Duration = Duration::from_millis(50);

/// Follows an agency's log, on a thread of its own, from when it was made until it is dropped.
#[derive(Debug)]
pub struct Changes {
    /// Ends the thread.
    ends: Deadline,
    changed: Receiver<()>,
}

impl AgencyClient {
    /// Follows what happens at, above and below the paths; does not wait for an answer of the agency.
    pub fn changes(&self, paths: &[&str]) -> Changes {
        let ends = Deadline::default();
        let (sender, changed) = sync_channel(1);
        let follower = Follower {
            client: self.apart(ends.clone()),
            paths: paths.iter().map(|path| absolute(path)).collect(),
            sender,
        };
        // where there can be no thread nobody is woken early, and looks again after his pause
        let started = std::thread::Builder::new().name("agencysh-changes".to_owned());
        drop(started.spawn(move || follower.run()));
        Changes { ends, changed }
    }

    /// The same client under a deadline of its own, and with a guess of its own who leads.
    fn apart(&self, deadline: Deadline) -> Self {
        let Shared { http, options, endpoints, .. } = &*self.shared;
        let shared = Shared {
            http: http.clone(),
            options: options.clone(),
            endpoints: endpoints::Endpoints::new(endpoints.all()),
            deadline,
        };
        Self { shared: Arc::new(shared), ..self.clone() }
    }
}

impl Changes {
    /// Waits up to `timeout` for a change since the last wait, or since these changes are followed; true when there was one.
    ///
    /// The first one can be told though nothing changed: nobody knows what happened before the agency answered.
    ///
    /// # Errors
    /// When the run has to end; the script's own deadline ends the wait without an error.
    pub fn wait(&self, timeout: Duration, deadline: &Deadline) -> Result<bool, Stop> {
        deadline.check()?;
        let end = Instant::now().checked_add(deadline.clamp(timeout));
        loop {
            let left = end.map_or(SLICE, |end| end.saturating_duration_since(Instant::now()));
            match self.changed.recv_timeout(left.min(SLICE)) {
                Ok(()) => return Ok(true),
                Err(RecvTimeoutError::Timeout) => {
                    deadline.check_run()?;
                    if left.is_zero() {
                        return Ok(false);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    deadline.sleep(left)?;
                    return Ok(false);
                }
            }
        }
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        self.ends.interrupt();
    }
}

struct Follower {
    client: AgencyClient,
    paths: Vec<String>,
    sender: SyncSender<()>,
}

impl Follower {
    fn run(self) {
        while self.follow().is_ok() {
            if self.client.shared.deadline.sleep(AFTER_TROUBLE).is_err() {
                return;
            }
        }
    }

    /// Follows the log until the agency does not answer.
    ///
    /// # Errors
    /// Nobody waits any more.
    fn follow(&self) -> Result<(), Stop> {
        let mut next = match self.next_index() {
            Err(ClientError::Stopped(stop)) => return Err(stop),
            Err(_) => return Ok(()),
            Ok(next) => next,
        };
        self.tell()?;
        loop {
            let asked = Instant::now();
            let poll = match self.client.poll(next, LONGEST_POLL) {
                Err(ClientError::Stopped(stop)) => return Err(stop),
                Err(_) => return Ok(()),
                Ok(poll) => poll,
            };
            if self.paths.iter().any(|path| tells_of(&poll, next, path)) {
                self.tell()?;
            }
            let news = poll.commit_index >= next || poll.first_index.is_some();
            if news {
                next = poll.commit_index.saturating_add(1);
            }
            if news || asked.elapsed() < AT_ONCE {
                self.client.shared.deadline.sleep(TOGETHER)?;
            }
        }
    }

    fn next_index(&self) -> Result<u64, ClientError> {
        let mut budget: Budget<'_> = self.client.budget();
        Ok(self.client.commit_index(&mut budget)?.saturating_add(1))
    }

    fn tell(&self) -> Result<(), Stop> {
        match self.sender.try_send(()) {
            Ok(()) | Err(TrySendError::Full(())) => Ok(()),
            Err(TrySendError::Disconnected(())) => Err(Stop::Interrupted),
        }
    }
}
