//! Waiting until something is committed.

use tokio::time::Instant;

use super::leadership::Role;
use super::{Agent, turned_true};

/// Why a wait for a commit ended without one. Whether the entries will be
/// committed after all is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommitError {
    /// The commit index did not move for too long.
    Timeout,
    /// This agent leads no more.
    LeadershipLost,
    /// The agent is going down.
    ShuttingDown,
}

impl Agent {
    /// Returns once the entry that was logged at `index` in `term` is
    /// committed and the polls that waited for it are answered. Without a
    /// term any entry at that index counts.
    pub(super) async fn committed(&self, index: u64, term: Option<u64>) -> Result<(), CommitError> {
        let mut progress = self.machine.progress();
        let mut role = self.role.subscribe();
        let mut shutdown = self.shutdown.subscribe();
        let mut deadline = Instant::now() + self.config.commit_timeout;
        loop {
            let now = *progress.borrow_and_update();
            if now.commit_index >= index {
                let logged = self.machine.with(|r| r.term_of(index));
                if logged.is_some() && term.is_some() && logged != term {
                    return Err(CommitError::LeadershipLost);
                }
                self.polls.answered(now.commit_index).await;
                return Ok(());
            }
            let leading = leading_term(&role.borrow_and_update());
            if leading.is_none() || (term.is_some() && leading != term) {
                return Err(CommitError::LeadershipLost);
            }
            tokio::select! {
                _ = progress.changed() => deadline = Instant::now() + self.config.commit_timeout,
                _ = role.changed() => {}
                () = tokio::time::sleep_until(deadline) => return Err(CommitError::Timeout),
                () = turned_true(&mut shutdown) => return Err(CommitError::ShuttingDown),
            }
        }
    }
}

fn leading_term(role: &Role) -> Option<u64> {
    role.leading_term()
}
