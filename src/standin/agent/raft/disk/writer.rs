//! The thread that writes an agent's raft log: whatever waits goes into one frame.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use openraft::storage::LogFlushed;
use tokio::sync::oneshot;

use super::super::types::{Entry, LogId, TypeConfig, Vote};
use super::error::DiskError;
use super::files;
use super::frame::{HEADER, MAX_PAYLOAD};
use super::record::{self, Record};
use super::segments::Segments;
use crate::standin::directory_lock::DirectoryLock;

/// Bytes of a frame after which what waits has to wait for the next.
const FULL: usize = 4 << 20;

/// Tells whoever asked that something is durable, or that it cannot be made so.
pub(in crate::standin::agent::raft) type Done = oneshot::Sender<io::Result<()>>;

/// What the writer is asked to do.
pub(in crate::standin::agent::raft) enum Job {
    Append {
        entries: Vec<Entry>,
        flushed: LogFlushed<TypeConfig>,
    },
    Truncate {
        from: u64,
        done: Done,
    },
    Purge {
        upto: LogId,
        done: Done,
    },
    Vote {
        vote: Vote,
        done: Done,
    },
    /// Noted, and written with the next frame: it can be found out again.
    Committed(LogId),
    /// A snapshot that contains the log up to this index is durable.
    Snapshot(u64),
    /// Writes what waits and ends.
    Close(oneshot::Sender<()>),
}

/// Whoever waits for a frame.
enum Waiting {
    Append(LogFlushed<TypeConfig>),
    Other(Done),
}

impl Waiting {
    fn answer(self, outcome: io::Result<()>) {
        match self {
            Self::Append(flushed) => flushed.log_io_completed(outcome),
            // Nobody waits any more if the agent is going down.
            Self::Other(done) => drop(done.send(outcome)),
        }
    }
}

/// What the writer works with.
pub(super) struct Writer {
    pub(super) segments: Segments,
    pub(super) vote_path: PathBuf,
    /// Last index in the log.
    pub(super) last: Option<u64>,
    /// Last index in a durable snapshot.
    pub(super) snapshot: Option<u64>,
}

/// Starts the thread; it ends when all senders are gone or it is told to.
pub(super) fn start(writer: Writer, lock: Arc<DirectoryLock>) -> io::Result<Sender<Job>> {
    let (jobs, incoming) = channel();
    let thread = thread::Builder::new().name("raft-log".to_owned()).stack_size(8 << 20);
    thread.spawn(move || {
        let mut run = Run {
            writer,
            incoming,
            deferred: VecDeque::new(),
            pending_purge: None,
            committed: None,
            frame: Frame::default(),
            failed: false,
        };
        let closed = run.run();
        drop(run);
        drop(lock);
        if let Some(closed) = closed {
            let _ = closed.send(());
        }
    })?;
    Ok(jobs)
}

/// A frame in the making.
#[derive(Default)]
struct Frame {
    bytes: Vec<u8>,
    highest: Option<u64>,
    /// Last index once the frame is written; unchanged if absent.
    last: Option<Option<u64>>,
    purge: Option<LogId>,
    committed: Option<LogId>,
    waiting: Vec<Waiting>,
}

struct Run {
    writer: Writer,
    incoming: Receiver<Job>,
    /// Jobs that had to let a snapshot go first.
    deferred: VecDeque<Job>,
    /// Asked for before a durable snapshot contains what would be purged.
    pending_purge: Option<LogId>,
    /// Known to be committed, not written yet.
    committed: Option<LogId>,
    frame: Frame,
    /// After an error nothing is written any more: what is on disk is uncertain.
    failed: bool,
}

impl Run {
    /// Works until it is closed; whoever closed it waits for an answer.
    fn run(&mut self) -> Option<oneshot::Sender<()>> {
        let closed = loop {
            let Some(job) = self.next(true) else { break None };
            if let Job::Close(closed) = job {
                break Some(closed);
            }
            self.take(job);
            let mut closing = None;
            while self.frame.bytes.len() < FULL
                && let Some(job) = self.next(false)
            {
                if let Job::Close(closed) = job {
                    closing = Some(closed);
                    break;
                }
                self.take(job);
            }
            self.write();
            if closing.is_some() {
                break closing;
            }
        };
        self.add_committed();
        self.write();
        closed
    }

    fn next(&mut self, wait: bool) -> Option<Job> {
        if let Some(job) = self.deferred.pop_front() {
            return Some(job);
        }
        if wait { self.incoming.recv().ok() } else { self.incoming.try_recv().ok() }
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Append { entries, flushed } => {
                if let Some(first) = entries.first() {
                    self.await_snapshot_before(first.log_id.index);
                }
                let last = entries.last().map(|e| e.log_id.index);
                let records = entries.into_iter().map(Record::Entry);
                if self.add(records, Waiting::Append(flushed)) {
                    self.frame.highest = self.frame.highest.max(last);
                    self.frame.last = Some(last.max(self.last()));
                }
            }
            Job::Truncate { from, done } => {
                if self.add([Record::Truncate(from)], Waiting::Other(done)) {
                    self.frame.last = Some(from.checked_sub(1));
                }
            }
            Job::Purge { upto, done } => {
                self.pending_purge = self.pending_purge.max(Some(upto));
                self.purge_what_is_safe();
                self.frame.waiting.push(Waiting::Other(done));
            }
            Job::Vote { vote, done } => {
                // Entries of a term follow the vote for it.
                self.write();
                let outcome = self.unless_failed(|w| files::write_small(&w.vote_path, &Some(vote)));
                Waiting::Other(done).answer(outcome);
            }
            Job::Committed(upto) => self.committed = self.committed.max(Some(upto)),
            Job::Snapshot(index) => {
                self.writer.snapshot = self.writer.snapshot.max(Some(index));
                self.purge_what_is_safe();
            }
            // Seen to by whoever takes jobs.
            Job::Close(_) => {}
        }
    }

    fn last(&self) -> Option<u64> {
        self.frame.last.unwrap_or(self.writer.last)
    }

    /// Entries behind an installed snapshot may come before the snapshot is on disk. Without
    /// it they would mean nothing.
    fn await_snapshot_before(&mut self, first: u64) {
        let mut later = VecDeque::new();
        while !self.failed
            && self.pending_purge.is_some()
            && self.last().map_or(0, |last| last + 1) < first
        {
            match self.incoming.recv() {
                Ok(job @ Job::Snapshot(_)) => self.take(job),
                Ok(job @ Job::Close(_)) => {
                    later.push_back(job);
                    self.failed = true;
                }
                Ok(job) => later.push_back(job),
                Err(_) => self.failed = true,
            }
        }
        self.deferred.append(&mut later);
    }

    /// Nothing is purged that is not in a durable snapshot: a snapshot that is being
    /// installed may never become one.
    fn purge_what_is_safe(&mut self) {
        let Some(upto) = self.pending_purge else { return };
        if self.writer.snapshot < Some(upto.index) {
            return;
        }
        self.pending_purge = None;
        if self.add([Record::Purge(upto)], None) {
            self.frame.purge = self.frame.purge.max(Some(upto));
            self.frame.last = Some(self.last().max(Some(upto.index)));
        }
    }

    fn add_committed(&mut self) {
        // What is committed by a snapshot that is not on disk yet is not said to be there.
        if let Some(committed) = self.committed
            && Some(committed.index) <= self.last()
            && self.add([Record::Committed(committed)], None)
        {
            self.committed = None;
            self.frame.committed = Some(committed);
        }
    }

    /// Adds records to the frame, all or none.
    fn add(
        &mut self,
        records: impl IntoIterator<Item = Record>,
        waiting: impl Into<Option<Waiting>>,
    ) -> bool {
        let frame = &mut self.frame;
        if frame.bytes.is_empty() {
            frame.bytes.resize(HEADER, 0);
        }
        let begin = frame.bytes.len();
        let encoded = records.into_iter().try_for_each(|r| record::encode(&mut frame.bytes, &r));
        let outcome = match encoded {
            Ok(()) if frame.bytes.len() - HEADER <= MAX_PAYLOAD => Ok(()),
            Ok(()) => Err(io::Error::from(io::ErrorKind::FileTooLarge)),
            Err(error) => Err(error.into()),
        };
        let added = outcome.is_ok();
        if !added {
            frame.bytes.truncate(begin);
        }
        match (waiting.into(), outcome) {
            (Some(waiting), Ok(())) => frame.waiting.push(waiting),
            (Some(waiting), Err(error)) => waiting.answer(Err(error)),
            (None, _) => {}
        }
        added
    }

    /// Writes the frame and tells everybody who waits for it.
    fn write(&mut self) {
        if self.frame.bytes.len() > HEADER {
            self.add_committed();
        }
        let mut frame = std::mem::take(&mut self.frame);
        let mut outcome = Ok(());
        if frame.bytes.len() > HEADER {
            outcome = self.unless_failed(|writer| {
                writer.segments.write(&mut frame.bytes, frame.highest)?;
                let base = &mut writer.segments.base;
                base.committed = frame.committed.or(base.committed);
                if let Some(last) = frame.last {
                    writer.last = last;
                }
                match frame.purge {
                    Some(upto) => writer.segments.purged(upto),
                    None => Ok(()),
                }
            });
        } else if self.failed {
            outcome = Err(failed_before());
        }
        for waiting in frame.waiting.drain(..) {
            let outcome = match &outcome {
                Ok(()) => Ok(()),
                Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
            };
            waiting.answer(outcome);
        }
        if frame.bytes.capacity() <= 2 * FULL {
            frame.bytes.clear();
            self.frame.bytes = frame.bytes;
        }
    }

    fn unless_failed(
        &mut self,
        write: impl FnOnce(&mut Writer) -> Result<(), DiskError>,
    ) -> io::Result<()> {
        if self.failed {
            return Err(failed_before());
        }
        write(&mut self.writer).map_err(|error| {
            self.failed = true;
            io::Error::other(error)
        })
    }
}

fn failed_before() -> io::Error {
    io::Error::other("the raft log could not be written before, or is closed")
}
