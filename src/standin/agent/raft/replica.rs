//! What an agent knows to be committed: the tree, the retained part of the
//! agency's log, its snapshots and the client ids found in it.
//!
//! Knows nothing of openraft beyond the commands it applies.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::agency::entry::LogEntry;
use crate::agency::value::{Object, Value};
use crate::standin::agent::store::Store;

use super::types::Command;

/// One entry of the agency's log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Position in the agency's log.
    pub index: u64,
    /// Term of the leader that accepted it.
    pub term: u64,
    /// The accepted transaction.
    pub entry: Arc<LogEntry>,
}

/// The tree as it was right after one entry, kept by compaction.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Compaction {
    /// Index of the last entry contained.
    pub index: u64,
    /// Term of that entry.
    pub term: u64,
    /// The whole tree, hidden keys included.
    pub tree: Value,
}

/// When entries are dropped from the retained log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompactionRule {
    /// A snapshot is taken every so many entries.
    pub step: u64,
    /// So many entries before the snapshot are kept.
    pub keep: u64,
}

impl Default for CompactionRule {
    fn default() -> Self {
        Self { step: 1000, keep: 50_000 }
    }
}

/// The committed state of one agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Replica {
    tree: Value,
    leader_term: u64,
    log: VecDeque<Record>,
    snapshots: VecDeque<Compaction>,
    next_compaction_after: u64,
    /// Whether the tree is itself the newest snapshot, which is not repeated then; only in
    /// replicas that are to be stored or sent.
    #[serde(default)]
    tree_is_snapshot: bool,
    /// Entries before this one are shown but count as dropped.
    #[serde(skip)]
    retained_from: u64,
    #[serde(skip)]
    clients: HashMap<Arc<str>, u64>,
    #[serde(skip)]
    rule: CompactionRule,
}

impl Replica {
    /// The state of a fresh agent: an empty tree and the sentinel entry 0.
    pub fn new(rule: CompactionRule) -> Self {
        let sentinel = LogEntry {
            request: Value::Object(Object::default()),
            client_id: None,
            epoch_millis: 0,
        };
        Self {
            tree: Store::default().root().clone(),
            leader_term: 0,
            log: VecDeque::from([Record { index: 0, term: 0, entry: Arc::new(sentinel) }]),
            snapshots: VecDeque::new(),
            next_compaction_after: rule.step,
            tree_is_snapshot: false,
            retained_from: 0,
            clients: HashMap::new(),
            rule,
        }
    }

    /// Completes a replica that came over the wire or from disk.
    pub fn restored(mut self, rule: CompactionRule) -> Self {
        self.rule = rule;
        if std::mem::take(&mut self.tree_is_snapshot) {
            let (index, term) = (self.commit_index(), self.leader_term);
            self.snapshots = VecDeque::from([Compaction { index, term, tree: self.tree.clone() }]);
        }
        self.next_compaction_after = self.last_compaction_at() + rule.step;
        self.clients.clear();
        for record in &self.log {
            if let Some(id) = &record.entry.client_id {
                self.clients.insert(id.clone(), record.index);
            }
        }
        self
    }

    /// Applies one command of the replicated log.
    ///
    /// Writes of a leader that has been replaced, or that leave a gap because
    /// something before them was lost, change nothing.
    pub fn apply(&mut self, command: &Command) {
        let position = Position { index: self.commit_index(), term: self.leader_term };
        let (term, entries) = position.accepted(command);
        self.leader_term = term;
        for entry in entries {
            self.append(entry);
        }
        if !entries.is_empty() {
            self.compact();
        }
    }

    /// The client ids in commands that are not applied yet, with the highest
    /// index that each would get.
    pub fn clients_in(&self, commands: &[Command]) -> HashMap<Arc<str>, u64> {
        let mut position = Position { index: self.commit_index(), term: self.leader_term };
        let mut clients = HashMap::new();
        for command in commands {
            let (term, entries) = position.accepted(command);
            position.term = term;
            for entry in entries {
                position.index += 1;
                if let Some(id) = &entry.client_id {
                    clients.insert(id.clone(), position.index);
                }
            }
        }
        clients
    }

    /// Takes in entries from before those that are here: the commands between a position and
    /// the first entry. They are shown, as far as the rule keeps them.
    pub fn recall(&mut self, mut position: Position, commands: &[Command]) {
        let mut log = VecDeque::new();
        if position.index == 0 {
            log.extend(Self::new(self.rule).log);
        }
        for command in commands {
            let (term, entries) = position.accepted(command);
            position.term = term;
            for entry in entries {
                position.index += 1;
                log.push_back(Record { index: position.index, term, entry: entry.clone() });
            }
        }
        // They have to lead here; otherwise something is missing between.
        if position != (Position { index: self.commit_index(), term: self.leader_term }) {
            return;
        }
        let (first, first_kept) =
            (self.first_index(), self.last_compaction_at().saturating_sub(self.rule.keep));
        log.retain(|record| first_kept <= record.index && record.index < first);
        log.append(&mut self.log);
        self.log = log;
    }

    /// Forgets what an agent that was restarted does not know: entries before its newest
    /// snapshot are shown, but not retained.
    pub fn restarted(&mut self) {
        self.retained_from = self.last_compaction_at();
        let from = self.retained_from;
        self.clients.retain(|_, index| *index >= from);
    }

    fn append(&mut self, entry: &Arc<LogEntry>) {
        let index = self.commit_index() + 1;
        if let Value::Object(operations) = &entry.request {
            let mut store = Store::from_value(std::mem::replace(&mut self.tree, Value::Null));
            // The leader ran the same operations on the same tree before it
            // accepted them; should they fail here, they do so on every agent.
            let _ = store.apply(operations);
            self.tree = store.root().clone();
        }
        if let Some(id) = &entry.client_id {
            self.clients.insert(id.clone(), index);
        }
        self.log.push_back(Record { index, term: self.leader_term, entry: entry.clone() });
    }

    fn compact(&mut self) {
        let index = self.commit_index();
        if self.rule.step == 0 || index < self.next_compaction_after {
            return;
        }
        self.snapshots.push_back(Compaction {
            index,
            term: self.leader_term,
            tree: self.tree.clone(),
        });
        self.next_compaction_after = index + self.rule.step;
        let first_kept = index.saturating_sub(self.rule.keep);
        while self.log.len() > 1 && self.first_index() < first_kept {
            if let Some(dropped) = self.log.pop_front() {
                self.forget(&dropped);
            }
        }
        let oldest = index.saturating_sub(self.rule.keep.saturating_mul(3));
        self.snapshots.retain(|s| s.index >= oldest);
    }

    fn forget(&mut self, dropped: &Record) {
        if let Some(id) = &dropped.entry.client_id
            && self.clients.get(id) == Some(&dropped.index)
        {
            self.clients.remove(id);
        }
    }

    /// The committed tree.
    pub fn store(&self) -> Store {
        Store::from_value(self.tree.clone())
    }

    /// Index of the last committed entry.
    pub fn commit_index(&self) -> u64 {
        self.log.back().map_or(0, |r| r.index)
    }

    /// Index of the oldest entry that counts as retained.
    pub fn first_retained(&self) -> u64 {
        self.first_index().max(self.retained_from)
    }

    /// Index of the oldest entry that is there.
    pub fn first_index(&self) -> u64 {
        self.log.front().map_or(0, |r| r.index)
    }

    /// Term of the leader whose entries are being applied.
    pub fn leader_term(&self) -> u64 {
        self.leader_term
    }

    /// Index of the newest snapshot, 0 if there is none.
    pub fn last_compaction_at(&self) -> u64 {
        self.snapshots.back().map_or(0, |s| s.index)
    }

    /// Commit index that causes the next snapshot.
    pub fn next_compaction_after(&self) -> u64 {
        self.next_compaction_after
    }

    /// Retained snapshots, oldest first.
    pub fn snapshots(&self) -> impl DoubleEndedIterator<Item = &Compaction> {
        self.snapshots.iter()
    }

    /// Highest index logged with a client id.
    pub fn index_of(&self, client_id: &str) -> Option<u64> {
        self.clients.get(client_id).copied()
    }

    /// Term of a retained entry.
    pub fn term_of(&self, index: u64) -> Option<u64> {
        self.records_from(index).next().filter(|r| r.index == index).map(|r| r.term)
    }

    /// Entries from `index` on, as far as they are there.
    pub fn records_from(&self, index: u64) -> impl Iterator<Item = &Record> {
        let skipped = index.saturating_sub(self.first_index());
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        self.log.range(skipped.min(self.log.len())..)
    }

    /// The tree as it was after entry `index`, clamped to what can still be
    /// computed: the newest snapshot and everything after it.
    pub fn tree_at(&self, index: u64) -> Store {
        if index >= self.commit_index() {
            return self.store();
        }
        let (base, mut store) = match self.snapshots.back() {
            Some(snapshot) => (snapshot.index, Store::from_value(snapshot.tree.clone())),
            None => (0, Store::default()),
        };
        for record in self.records_from(base + 1) {
            if record.index > index {
                break;
            }
            if let Value::Object(operations) = &record.entry.request {
                let _ = store.apply(operations);
            }
        }
        store
    }

    /// A copy as of the newest snapshot, if there is one: to be sent to an agent that lags
    /// behind.
    pub fn as_of_snapshot(&self) -> Option<Self> {
        let newest = self.snapshots.back()?;
        let records = usize::try_from(newest.index + 1 - self.first_index()).ok()?;
        Some(Self {
            tree: newest.tree.clone(),
            leader_term: newest.term,
            log: self.log.range(..records.min(self.log.len())).cloned().collect(),
            snapshots: VecDeque::new(),
            next_compaction_after: newest.index + self.rule.step,
            tree_is_snapshot: true,
            retained_from: 0,
            clients: HashMap::new(),
            rule: self.rule,
        })
    }

    /// A copy as of now, of the snapshots only the newest.
    pub fn as_of_now(&self) -> Self {
        Self {
            tree: self.tree.clone(),
            leader_term: self.leader_term,
            log: self.log.clone(),
            snapshots: self.snapshots.back().cloned().into_iter().collect(),
            next_compaction_after: self.next_compaction_after,
            tree_is_snapshot: false,
            retained_from: 0,
            clients: HashMap::new(),
            rule: self.rule,
        }
    }

    /// A copy that knows of the log only where it ends.
    pub fn without_history(&self) -> Self {
        Self {
            tree: self.tree.clone(),
            leader_term: self.leader_term,
            log: self.log.back().cloned().into_iter().collect(),
            snapshots: self.snapshots.clone(),
            next_compaction_after: self.next_compaction_after,
            tree_is_snapshot: self.tree_is_snapshot,
            retained_from: 0,
            clients: HashMap::new(),
            rule: self.rule,
        }
    }
}

/// A place in the agency's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Index of the last entry.
    pub index: u64,
    /// Term of the leader whose entries are being applied.
    pub term: u64,
}

impl Position {
    /// The term after a command, and the entries that it adds: none if its leader has been
    /// replaced, or something before it was lost.
    fn accepted(self, command: &Command) -> (u64, &[Arc<LogEntry>]) {
        match command {
            Command::Lead { term, entry } => (*term, std::slice::from_ref(entry)),
            Command::Write { term, first_index, entries }
                if *term == self.term && *first_index == self.index + 1 =>
            {
                (*term, entries)
            }
            Command::Write { .. } => (self.term, &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(client_id: &str) -> Arc<LogEntry> {
        Arc::new(LogEntry {
            request: Value::Object(Object::default()),
            client_id: Some(client_id.into()).filter(|id: &Arc<str>| !id.is_empty()),
            epoch_millis: 0,
        })
    }

    /// What a leader that is catching up answers to an inquiry: the same as
    /// after it has applied its log.
    #[test]
    fn i1_ids_in_the_log_are_known_before_they_are_committed() {
        let write = |term, first_index, ids: &[&str]| Command::Write {
            term,
            first_index,
            entries: ids.iter().map(|id| entry(id)).collect(),
        };
        let mut replica = Replica::new(CompactionRule::default());
        replica.apply(&Command::Lead { term: 1, entry: entry("") });
        let ahead = [
            write(1, 2, &["a", "b"]),
            write(1, 5, &["after a gap"]),
            write(1, 4, &["a"]),
            Command::Lead { term: 2, entry: entry("") },
            write(1, 6, &["of a leader replaced"]),
            write(2, 6, &["c"]),
        ];
        let foreseen = replica.clients_in(&ahead);
        for command in &ahead {
            replica.apply(command);
        }
        assert_eq!(foreseen, replica.clients);
        assert_eq!(foreseen.get("a"), Some(&4));
        assert_eq!(foreseen.get("c"), Some(&6));
        assert_eq!(foreseen.get("after a gap"), None);
    }
}
