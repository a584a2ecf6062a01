//! openraft's view of the [`Replica`]: applying, building and installing
//! snapshots.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use openraft::storage::RaftStateMachine;
use openraft::{AnyError, EntryPayload, OptionalSend, RaftSnapshotBuilder, StorageIOError};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::agency::entry::LogEntry;
use crate::agency::value::Value;

use super::super::pool::Pool;
use super::disk::{Description, SnapshotFiles};
use super::log_store::RaftLog;
use super::replica::{CompactionRule, Position, Replica};
use super::types::{
    Applied, Command, Entry, LogId, Snapshot, SnapshotMeta, StorageError, StoredMembership,
    TypeConfig,
};

/// How far an agent has applied the agency's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Index of the last committed entry.
    pub commit_index: u64,
    /// Term of the leader whose entries are being applied.
    pub leader_term: u64,
}

/// The committed state of an agent, shared between openraft, which changes
/// it, and the API, which reads it. Clones share the same state.
#[derive(Clone, Debug)]
pub struct StateMachine {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    progress: watch::Sender<Progress>,
    rule: CompactionRule,
    disk: Option<Disk>,
    announcements: OnceLock<Announcements>,
}

/// Who wants to know of endpoints that are announced, in entries after this one of openraft's
/// log: whoever starts an agent knows better than what is logged already.
#[derive(Debug)]
struct Announcements {
    pool: Pool,
    after: u64,
}

/// Where snapshots are written, and who wants to know that they are.
#[derive(Debug)]
struct Disk {
    files: SnapshotFiles,
    log: RaftLog,
}

/// A compaction of the agency's log: where it stands there and in openraft's log.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Last entry of openraft's log that is contained.
    pub raft: LogId,
    /// Last entry of the agency's log that is contained.
    pub agency: Position,
}

#[derive(Debug)]
struct State {
    replica: Replica,
    last_applied: Option<LogId>,
    membership: StoredMembership,
    /// Raft index -> agency commit index, of the last commands applied.
    indices: VecDeque<(u64, u64)>,
    snapshot: Option<(SnapshotMeta, Arc<Replica>)>,
    snapshots_built: u64,
    /// The compactions whose entries are still in openraft's log, and the one before them.
    checkpoints: VecDeque<Checkpoint>,
    /// The pool as of the newest compaction.
    compacted_membership: StoredMembership,
}

const REMEMBERED_INDICES: usize = 4096;

impl StateMachine {
    /// The state of a fresh agent.
    pub fn new(rule: CompactionRule) -> Self {
        Self::with_state(State::new(Replica::new(rule)), rule, None)
    }

    /// The state as of the newest snapshot on disk, with the entries before it that `log`
    /// still has.
    pub(super) fn on_disk(
        rule: CompactionRule,
        snapshot: Option<(Description, Replica)>,
        files: SnapshotFiles,
        log: &RaftLog,
    ) -> Self {
        let state = match snapshot {
            Some((description, replica)) => State::restored(description, replica, rule, log),
            None => State::new(Replica::new(rule)),
        };
        Self::with_state(state, rule, Some(Disk { files, log: log.clone() }))
    }

    fn with_state(state: State, rule: CompactionRule, disk: Option<Disk>) -> Self {
        let machine = Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                progress: watch::Sender::new(Progress::default()),
                rule,
                disk,
                announcements: OnceLock::new(),
            }),
        };
        machine.announce(&machine.lock());
        machine
    }

    /// Keeps `pool` up to date with what is announced in entries that are not in `log` yet.
    pub fn announce_pools(&self, pool: Pool, log: &RaftLog) {
        let after = log.last_index().unwrap_or(0);
        // An agent has one pool.
        let _ = self.shared.announcements.set(Announcements { pool, after });
    }

    fn hear(&self, raft_index: u64, command: &Command, replica: &Replica) {
        let Command::Write { entries, .. } = command else { return };
        let announces = |entry: &Arc<LogEntry>| matches!(&entry.request, Value::Object(operations) if operations.get(".agency").is_some());
        if let Some(to) = self.shared.announcements.get()
            && raft_index > to.after
            && entries.iter().any(announces)
            && let Value::Object(tree) = replica.store().root()
            && let Some(configuration) = tree.get(".agency")
        {
            to.pool.adopt(&configuration.clone().into());
        }
    }

    /// Forgets what an agent that was restarted does not know.
    pub fn restarted(&self) {
        self.lock().replica.restarted();
    }

    /// Where the newest compaction stands in openraft's log, if it is time for a snapshot of
    /// openraft's. Not at every compaction: a snapshot costs as much as the whole tree, and
    /// the entries that it could replace are mostly kept anyway.
    pub fn checkpoint_due(&self, snapshot: Option<LogId>) -> Option<LogId> {
        let state = self.lock();
        let newest = state.checkpoints.back().filter(|c| Some(c.raft) > snapshot)?;
        let before = state.checkpoints.iter().rev().find(|c| Some(c.raft) <= snapshot);
        let entries = newest.agency.index - before.map_or(0, |c| c.agency.index);
        let rule = self.shared.rule;
        (entries >= rule.step.max(rule.keep / 5)).then_some(newest.raft)
    }

    /// The last entry of openraft's log that nobody needs any more, given its newest snapshot:
    /// compaction has dropped everything up to there.
    pub fn superfluous(&self, snapshot: Option<LogId>) -> Option<u64> {
        let checkpoints = &mut self.lock().checkpoints;
        let newest = checkpoints.iter().rev().find(|c| Some(c.raft) <= snapshot)?;
        let first_kept = newest.agency.index.saturating_sub(self.shared.rule.keep);
        let dropped = checkpoints.iter().rposition(|c| c.agency.index < first_kept)?;
        checkpoints.drain(..dropped);
        checkpoints.front().map(|dropped| dropped.raft.index)
    }

    /// Waits for a snapshot that is being written, and writes no more. Blocks.
    pub fn close(&self) {
        if let Some(disk) = &self.shared.disk {
            disk.files.close();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the committed state. The closure must be quick: nothing is
    /// applied meanwhile.
    pub fn with<T>(&self, look: impl FnOnce(&Replica) -> T) -> T {
        look(&self.lock().replica)
    }

    /// The client ids in what `log` holds beyond the committed state, with the
    /// highest index that each will have once that is committed.
    pub fn ahead_of(&self, log: &RaftLog) -> HashMap<Arc<str>, u64> {
        let state = self.lock();
        let commands = log.commands_after(state.last_applied.map_or(0, |l| l.index));
        state.replica.clients_in(&commands)
    }

    /// Tells whenever entries have been applied.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.shared.progress.subscribe()
    }

    /// The agency index that an agent has stored if it has stored openraft's
    /// log up to `raft_index`.
    pub fn agency_index(&self, raft_index: u64) -> u64 {
        let state = self.lock();
        if state.last_applied.is_some_and(|l| raft_index >= l.index) {
            return state.replica.commit_index();
        }
        let after = state.indices.partition_point(|(r, _)| *r <= raft_index);
        match after.checked_sub(1).and_then(|at| state.indices.get(at)) {
            Some((_, agency)) => *agency,
            None => 0,
        }
    }

    fn announce(&self, state: &State) {
        self.shared.progress.send_replace(Progress {
            commit_index: state.replica.commit_index(),
            leader_term: state.replica.leader_term(),
        });
    }
}

impl State {
    fn new(replica: Replica) -> Self {
        Self {
            replica,
            last_applied: None,
            membership: StoredMembership::default(),
            indices: VecDeque::new(),
            snapshot: None,
            snapshots_built: 0,
            checkpoints: VecDeque::new(),
            compacted_membership: StoredMembership::default(),
        }
    }

    /// The state in a snapshot.
    fn restored(
        description: Description,
        snapshot: Replica,
        rule: CompactionRule,
        log: &RaftLog,
    ) -> Self {
        let Description { meta, checkpoints } = description;
        let mut replica = snapshot.clone().restored(rule);
        let purged = log.purged_index();
        // Where the entries begin that the log still has; from its beginning, if nothing was
        // ever purged.
        let base = match purged {
            None => Some((0, Position::default())),
            Some(purged) => {
                let base = checkpoints.iter().find(|c| c.raft.index >= purged);
                base.map(|c| (c.raft.index + 1, c.agency))
            }
        };
        if let (Some((from, position)), Some(last)) = (base, meta.last_log_id)
            && from <= last.index
        {
            replica.recall(position, &log.commands_in(from..=last.index));
        }
        let mut state = Self::new(replica);
        state.take_snapshot(&meta, Arc::new(snapshot));
        state.checkpoints = checkpoints.into();
        state
    }

    /// Goes to where a snapshot is, but for the replica.
    fn take_snapshot(&mut self, meta: &SnapshotMeta, snapshot: Arc<Replica>) {
        self.last_applied = meta.last_log_id;
        self.membership = meta.last_membership.clone();
        self.compacted_membership = self.membership.clone();
        self.indices.clear();
        self.checkpoints.clear();
        self.note_compaction();
        self.snapshot = Some((meta.clone(), snapshot));
    }

    /// Remembers the last command applied as a checkpoint, if it caused a compaction.
    fn note_compaction(&mut self) {
        let index = self.replica.last_compaction_at();
        if index == 0 || index != self.replica.commit_index() {
            return;
        }
        if self.checkpoints.back().is_some_and(|c| c.agency.index >= index) {
            return;
        }
        if let Some(raft) = self.last_applied {
            let agency = Position { index, term: self.replica.leader_term() };
            self.checkpoints.push_back(Checkpoint { raft, agency });
            self.compacted_membership = self.membership.clone();
        }
    }

    /// What a snapshot consists of that is taken now: the newest compaction, or the state as
    /// it is if there has been none since the last snapshot.
    fn describe_snapshot(&mut self) -> (Description, Replica) {
        let last = self.snapshot.as_ref().and_then(|(meta, _)| meta.last_log_id);
        let compacted = self.checkpoints.back().filter(|c| Some(c.raft) > last).copied();
        let compacted = compacted.and_then(|c| Some((c, self.replica.as_of_snapshot()?)));
        let (last_log_id, last_membership, replica) = match compacted {
            Some((checkpoint, replica)) => {
                (Some(checkpoint.raft), self.compacted_membership.clone(), replica)
            }
            None => (self.last_applied, self.membership.clone(), self.replica.as_of_now()),
        };
        self.snapshots_built += 1;
        let snapshot_id =
            format!("{}-{}", last_log_id.map_or(0, |l| l.index), self.snapshots_built);
        let meta = SnapshotMeta { last_log_id, last_membership, snapshot_id };
        let checkpoints = self.checkpoints.iter().copied().collect();
        (Description { meta, checkpoints }, replica)
    }
}

impl Disk {
    /// Writes a snapshot on a thread that may block; it is durable afterwards.
    async fn write(
        &self,
        description: Description,
        replica: Arc<Replica>,
    ) -> Result<Description, StorageError> {
        let files = self.files.clone();
        let signature = description.meta.signature();
        let writing = tokio::task::spawn_blocking(move || {
            files.write(&description, &replica).map(|()| description)
        });
        let failed = |e: AnyError| StorageIOError::write_snapshot(Some(signature.clone()), e);
        let written = writing.await.map_err(|e| failed(AnyError::new(&e)))?;
        let description = written.map_err(|e| failed(AnyError::new(&e)))?;
        self.log.snapshot_is_durable(description.meta.last_log_id.map_or(0, |l| l.index));
        Ok(description)
    }
}

impl RaftStateMachine<TypeConfig> for StateMachine {
    type SnapshotBuilder = Self;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), StorageError> {
        let state = self.lock();
        Ok((state.last_applied, state.membership.clone()))
    }

    async fn apply<I>(&mut self, entries: I) -> Result<Vec<Applied>, StorageError>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut state = self.lock();
        let mut answers = Vec::new();
        for entry in entries {
            state.last_applied = Some(entry.log_id);
            match entry.payload {
                EntryPayload::Blank => {}
                EntryPayload::Normal(command) => {
                    state.replica.apply(&command);
                    self.hear(entry.log_id.index, &command, &state.replica);
                    state.note_compaction();
                }
                EntryPayload::Membership(membership) => {
                    state.membership = StoredMembership::new(Some(entry.log_id), membership);
                }
            }
            let commit_index = state.replica.commit_index();
            if state.indices.len() == REMEMBERED_INDICES {
                state.indices.pop_front();
            }
            state.indices.push_back((entry.log_id.index, commit_index));
            answers.push(Applied { commit_index });
        }
        self.announce(&state);
        Ok(answers)
    }

    async fn get_snapshot_builder(&mut self) -> Self {
        self.clone()
    }

    async fn begin_receiving_snapshot(&mut self) -> Result<Box<Arc<Replica>>, StorageError> {
        Ok(Box::new(Arc::new(Replica::new(self.shared.rule))))
    }

    async fn install_snapshot(
        &mut self,
        meta: &SnapshotMeta,
        snapshot: Box<Arc<Replica>>,
    ) -> Result<(), StorageError> {
        let replica = Replica::clone(&snapshot).restored(self.shared.rule);
        if let Some(disk) = &self.shared.disk {
            // The entries before it are nowhere else.
            let description = Description { meta: meta.clone(), checkpoints: Vec::new() };
            disk.write(description, (*snapshot).clone()).await?;
        }
        let mut state = self.lock();
        state.replica = replica;
        state.take_snapshot(meta, *snapshot);
        self.announce(&state);
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<Snapshot>, StorageError> {
        let current = self.lock().snapshot.clone();
        Ok(current.map(|(meta, replica)| Snapshot { meta, snapshot: Box::new(replica) }))
    }
}

impl RaftSnapshotBuilder<TypeConfig> for StateMachine {
    async fn build_snapshot(&mut self) -> Result<Snapshot, StorageError> {
        let (description, replica) = self.lock().describe_snapshot();
        let replica = Arc::new(replica);
        let description = match &self.shared.disk {
            Some(disk) => disk.write(description, Arc::new(replica.without_history())).await?,
            None => description,
        };
        let meta = description.meta;
        let mut state = self.lock();
        // Meanwhile a newer one may have come from the leader.
        if state.snapshot.as_ref().is_none_or(|(of, _)| of.last_log_id <= meta.last_log_id) {
            state.snapshot = Some((meta.clone(), replica.clone()));
        }
        Ok(Snapshot { meta, snapshot: Box::new(replica) })
    }
}

/// Reads JSON of our own making however deeply it is nested.
///
/// # Errors
/// The bytes are not JSON of the expected shape.
pub fn decode_deep<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> serde_json::Result<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    deserializer.disable_recursion_limit();
    let value = T::deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}
