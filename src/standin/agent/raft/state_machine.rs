//! openraft's view of the [`Replica`]: applying, building and installing
//! snapshots.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openraft::storage::RaftStateMachine;
use openraft::{EntryPayload, OptionalSend, RaftSnapshotBuilder};
use serde::Deserialize;
use tokio::sync::watch;

use super::log_store::MemoryLog;
use super::replica::{CompactionRule, Replica};
use super::types::{
    Applied, Entry, LogId, Snapshot, SnapshotMeta, StorageError, StoredMembership, TypeConfig,
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
}

#[derive(Debug)]
struct State {
    replica: Replica,
    last_applied: Option<LogId>,
    membership: StoredMembership,
    /// Raft index -> agency commit index, of the last commands applied.
    indices: std::collections::VecDeque<(u64, u64)>,
    snapshot: Option<(SnapshotMeta, Arc<Replica>)>,
    snapshots_built: u64,
}

const REMEMBERED_INDICES: usize = 4096;

impl StateMachine {
    /// The state of a fresh agent.
    pub fn new(rule: CompactionRule) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(State {
                    replica: Replica::new(rule),
                    last_applied: None,
                    membership: StoredMembership::default(),
                    indices: std::collections::VecDeque::new(),
                    snapshot: None,
                    snapshots_built: 0,
                }),
                progress: watch::Sender::new(Progress::default()),
                rule,
            }),
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
    pub fn ahead_of(&self, log: &MemoryLog) -> HashMap<Arc<str>, u64> {
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
                EntryPayload::Normal(command) => state.replica.apply(&command),
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
        let mut state = self.lock();
        state.replica = replica;
        state.last_applied = meta.last_log_id;
        state.membership = meta.last_membership.clone();
        state.indices.clear();
        state.snapshot = Some((meta.clone(), *snapshot));
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
        let mut state = self.lock();
        state.snapshots_built += 1;
        let meta = SnapshotMeta {
            last_log_id: state.last_applied,
            last_membership: state.membership.clone(),
            snapshot_id: format!(
                "{}-{}",
                state.last_applied.map_or(0, |l| l.index),
                state.snapshots_built
            ),
        };
        let replica = Arc::new(state.replica.for_transfer());
        state.snapshot = Some((meta.clone(), replica.clone()));
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
