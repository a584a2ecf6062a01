//! The Raft log: always in memory, and on disk as well if the agent has a directory.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io;
use std::ops::RangeBounds;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openraft::storage::{LogFlushed, LogState, RaftLogStorage};
use openraft::{
    AnyError, EntryPayload, ErrorSubject, ErrorVerb, OptionalSend, RaftLogReader, StorageIOError,
};
use tokio::sync::oneshot;

use super::disk::{Job, Recovered};
use super::network::Outboxes;
use super::types::{AppendRequest, Command, Entry, LogId, NodeId, StorageError, TypeConfig, Vote};

/// Raft log, vote and commit position. Clones share the same log.
#[derive(Clone, Debug, Default)]
pub struct RaftLog {
    inner: Arc<Mutex<Inner>>,
    /// Writes to disk; without it everything is gone at the end of the process.
    writer: Option<Sender<Job>>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: BTreeMap<u64, Entry>,
    last_purged: Option<LogId>,
    committed: Option<LogId>,
    vote: Option<Vote>,
    /// Where a leader's entries go, and the leader's id.
    outboxes: Option<(NodeId, Outboxes)>,
}

impl Inner {
    fn last(&self) -> Option<LogId> {
        self.entries.values().next_back().map(|e| e.log_id).or(self.last_purged)
    }

    /// What the other agents should be sent if this one is the leader and appends `entries`.
    fn ahead(&self, entries: &[Entry]) -> Option<(Outboxes, AppendRequest)> {
        let (own_id, outboxes) = self.outboxes.as_ref()?;
        let vote = self.vote.filter(|v| v.committed && v.leader_id.voted_for == Some(*own_id))?;
        let message = AppendRequest {
            vote,
            prev_log_id: self.last(),
            entries: entries.to_vec(),
            leader_commit: self.committed,
        };
        Some((outboxes.clone(), message))
    }
}

impl RaftLog {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A log that was read from disk and is continued there.
    pub(super) fn on_disk(
        vote: Option<Vote>,
        own_id: NodeId,
        log: Recovered,
        writer: Sender<Job>,
    ) -> Self {
        // An agent that led when it ended has to be elected again: what it told the others is not
        // known. Another leader's lease goes on, and counts from now: when it was heard of last is
        // not known either.
        let vote = vote.map(|vote| match vote.leader_id.voted_for {
            Some(other) if other != own_id => vote,
            _ => Vote::new(vote.leader_id.term, own_id),
        });
        let inner = Inner {
            entries: log.entries,
            last_purged: log.purged,
            committed: log.committed,
            vote,
            outboxes: None,
        };
        Self { inner: Arc::new(Mutex::new(inner)), writer: Some(writer) }
    }

    /// From now on, the entries that the agent appends as the leader are sent to the others
    /// at once, while they are still being written here.
    pub fn send_ahead(&self, own_id: NodeId, outboxes: Outboxes) {
        self.lock().outboxes = Some((own_id, outboxes));
    }

    /// Has the writer do something and waits until it is durable.
    async fn durably(
        &self,
        subject: ErrorSubject<NodeId>,
        job: impl FnOnce(oneshot::Sender<io::Result<()>>) -> Job,
    ) -> Result<(), StorageError> {
        let Some(writer) = &self.writer else {
            return Ok(());
        };
        let (done, outcome) = oneshot::channel();
        let outcome = match writer.send(job(done)) {
            Ok(()) => outcome.await.unwrap_or_else(|_| Err(closed())),
            Err(_) => Err(closed()),
        };
        outcome
            .map_err(|e| StorageIOError::new(subject, ErrorVerb::Write, AnyError::new(&e)).into())
    }

    /// Tells that a snapshot that contains the log up to an index is on disk.
    pub(super) fn snapshot_is_durable(&self, index: u64) {
        if let Some(writer) = &self.writer {
            // Without the writer, the log is closed.
            let _ = writer.send(Job::Snapshot(index));
        }
    }

    /// Writes what is left to be written and gives the directory back.
    pub async fn close(&self) {
        if let Some(writer) = &self.writer {
            let (done, closed) = oneshot::channel();
            if writer.send(Job::Close(done)).is_ok() {
                let _ = closed.await;
            }
        }
    }

    /// Index of the last entry that was purged.
    pub(super) fn purged_index(&self) -> Option<u64> {
        self.lock().last_purged.map(|l| l.index)
    }

    /// Index of the last entry, purged or not.
    pub(super) fn last_index(&self) -> Option<u64> {
        let inner = self.lock();
        inner.entries.keys().next_back().copied().max(inner.last_purged.map(|l| l.index))
    }

    /// The commands in the entries of a range.
    pub(super) fn commands_in(&self, range: impl RangeBounds<u64>) -> Vec<Command> {
        let inner = self.lock();
        commands(inner.entries.range(range))
    }

    /// The commands in all entries after an index.
    pub fn commands_after(&self, index: u64) -> Vec<Command> {
        self.commands_in(index.saturating_add(1)..)
    }
}

fn commands<'a>(entries: impl Iterator<Item = (&'a u64, &'a Entry)>) -> Vec<Command> {
    let commands = entries.filter_map(|(_, entry)| match &entry.payload {
        EntryPayload::Normal(command) => Some(command.clone()),
        _ => None,
    });
    commands.collect()
}

fn closed() -> io::Error {
    io::Error::other("the raft log is closed")
}

impl RaftLogReader<TypeConfig> for RaftLog {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: RB,
    ) -> Result<Vec<Entry>, StorageError> {
        Ok(self.lock().entries.range(range).map(|(_, e)| e.clone()).collect())
    }

    /// About a hundred agency entries per message, but always one Raft entry.
    async fn limited_get_log_entries(
        &mut self,
        start: u64,
        end: u64,
    ) -> Result<Vec<Entry>, StorageError> {
        const AGENCY_ENTRIES_PER_MESSAGE: usize = 512;
        let inner = self.lock();
        let mut taken = Vec::new();
        let mut weight = 0;
        for (_, entry) in inner.entries.range(start..end) {
            weight += entry_weight(entry);
            if !taken.is_empty() && weight > AGENCY_ENTRIES_PER_MESSAGE {
                break;
            }
            taken.push(entry.clone());
        }
        Ok(taken)
    }
}

fn entry_weight(entry: &Entry) -> usize {
    match &entry.payload {
        EntryPayload::Normal(Command::Write { entries, .. }) => entries.len().max(1),
        _ => 1,
    }
}

impl RaftLogStorage<TypeConfig> for RaftLog {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> Result<LogState<TypeConfig>, StorageError> {
        let inner = self.lock();
        Ok(LogState { last_purged_log_id: inner.last_purged, last_log_id: inner.last() })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), StorageError> {
        let vote = *vote;
        self.durably(ErrorSubject::Vote, |done| Job::Vote { vote, done }).await?;
        self.lock().vote = Some(vote);
        Ok(())
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, StorageError> {
        Ok(self.lock().vote)
    }

    /// Not durable at once: a new leader finds out what is committed anyway.
    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), StorageError> {
        self.lock().committed = committed;
        if let (Some(writer), Some(committed)) = (&self.writer, committed) {
            let _ = writer.send(Job::Committed(committed));
        }
        Ok(())
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, StorageError> {
        Ok(self.lock().committed)
    }

    async fn append<I>(
        &mut self,
        entries: I,
        flushed: LogFlushed<TypeConfig>,
    ) -> Result<(), StorageError>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries: Vec<Entry> = entries.into_iter().collect();
        let ahead = {
            let mut inner = self.lock();
            let ahead = inner.ahead(&entries);
            inner.entries.extend(entries.iter().map(|e| (e.log_id.index, e.clone())));
            ahead
        };
        match &self.writer {
            None => flushed.log_io_completed(Ok(())),
            Some(writer) => {
                if let Err(unsent) = writer.send(Job::Append { entries, flushed })
                    && let Job::Append { flushed, .. } = unsent.0
                {
                    flushed.log_io_completed(Err(closed()));
                }
            }
        }
        if let Some((outboxes, message)) = ahead {
            outboxes.send_ahead(message);
        }
        Ok(())
    }

    async fn truncate(&mut self, log_id: LogId) -> Result<(), StorageError> {
        self.lock().entries.split_off(&log_id.index);
        let from = log_id.index;
        self.durably(ErrorSubject::Log(log_id), |done| Job::Truncate { from, done }).await
    }

    async fn purge(&mut self, log_id: LogId) -> Result<(), StorageError> {
        {
            let mut inner = self.lock();
            inner.entries = inner.entries.split_off(&(log_id.index + 1));
            inner.last_purged = Some(log_id);
        }
        self.durably(ErrorSubject::Log(log_id), |done| Job::Purge { upto: log_id, done }).await
    }
}
