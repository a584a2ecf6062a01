//! Brings accepted transactions into the replicated log.
//!
//! openraft takes one command per call and commits them one by one. So the
//! proposer keeps one call in flight and puts whatever was accepted meanwhile
//! into the next one.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::agency::entry::LogEntry;

use super::super::turned_true;
use super::types::{Command, Raft};

/// Agency entries per replicated command, unless one chunk has more.
const MAX_ENTRIES: usize = 256;

/// Transactions that were accepted in one step and are committed in one step.
#[derive(Debug)]
pub struct Batch {
    /// Term of the leadership that accepted them.
    pub term: u64,
    /// Agency index of the first entry.
    pub first_index: u64,
    /// The transactions.
    pub entries: Vec<Arc<LogEntry>>,
}

impl Batch {
    fn continues(&self, next: &Self) -> bool {
        self.term == next.term
            && self.first_index + self.entries.len() as u64 == next.first_index
            && self.entries.len() + next.entries.len() <= MAX_ENTRIES
    }
}

/// Proposes batches until the channel closes or `shutdown` turns true.
///
/// A batch that cannot be proposed, because leadership is lost, is dropped:
/// whoever waits for it learns of the loss from the agent's role.
pub async fn run(
    raft: Raft,
    mut batches: mpsc::UnboundedReceiver<Batch>,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut held_back = None;
    loop {
        let first = match held_back.take() {
            Some(batch) => batch,
            None => tokio::select! {
                batch = batches.recv() => match batch {
                    Some(batch) => batch,
                    None => return,
                },
                () = turned_true(&mut shutdown) => return,
            },
        };
        let mut batch = first;
        while let Ok(next) = batches.try_recv() {
            if batch.continues(&next) {
                batch.entries.extend(next.entries);
            } else {
                held_back = Some(next);
                break;
            }
        }
        let command = Command::Write {
            term: batch.term,
            first_index: batch.first_index,
            entries: batch.entries,
        };
        tokio::select! {
            outcome = raft.client_write(command) => {
                if let Err(error) = outcome {
                    tracing::debug!(%error, "transactions were not replicated");
                }
            }
            () = turned_true(&mut shutdown) => return,
        }
    }
}
