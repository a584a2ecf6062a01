//! The write-ahead store of a leader: what is committed and what it accepted
//! since. Transactions are judged and numbered here, one chunk at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::agency::entry::LogEntry;
use crate::agency::value::{Object, Value};

use super::raft::proposer::Batch;
use super::store::Store;
use super::store::transaction::{self, Transaction};
use super::{Agent, lock, now_millis};

/// The write-ahead store.
#[derive(Debug, Default)]
pub(super) struct Spearhead {
    /// Term of the leadership it belongs to; none while not leading.
    pub(super) term: Option<u64>,
    /// Committed and accepted transactions applied.
    pub(super) store: Store,
    last_index: u64,
    /// Client ids accepted lately, with the highest index of each.
    clients: HashMap<Arc<str>, u64>,
    /// Number of client ids at which they are sorted out next.
    clients_to_sweep: usize,
}

/// So many client ids are kept before those of committed entries, which are
/// known elsewhere, are sorted out.
const MIN_SWEEP: usize = 4096;

impl Spearhead {
    /// The store of a leader that begins to serve.
    pub(super) fn new(term: u64, store: Store, last_index: u64) -> Self {
        Self {
            term: Some(term),
            store,
            last_index,
            clients: HashMap::new(),
            clients_to_sweep: MIN_SWEEP,
        }
    }

    /// Index of the last transaction that is in the store.
    pub(super) fn last_index(&self) -> u64 {
        self.last_index
    }

    fn number(&mut self, entry: &LogEntry) -> u64 {
        self.last_index += 1;
        if let Some(id) = &entry.client_id {
            self.clients.insert(id.clone(), self.last_index);
        }
        self.last_index
    }
}

/// What became of one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Accepted under this index.
    Applied(u64),
    /// A precondition does not hold.
    PreconditionFailed,
    /// It touches what belongs to the agents.
    Forbidden,
    /// An operation failed, or it is the misshapen last one of its chunk.
    Failed,
}

impl Outcome {
    /// The index, 0 if there is none.
    pub(super) fn index(&self) -> u64 {
        match self {
            Self::Applied(index) => *index,
            _ => 0,
        }
    }
}

/// What became of the transactions of a chunk.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) outcomes: Vec<Outcome>,
    /// The last index in the store that they were judged on, their own included. Until it is
    /// committed, refusals may yet turn out to be wrong, as acceptances may come to nothing.
    pub(super) rests_on: u64,
}

/// What became of one write of a transact request.
#[derive(Debug)]
pub(super) struct JudgedOne<T> {
    /// The index, 0 if there is none.
    pub(super) index: u64,
    /// As in [`Judged`].
    pub(super) rests_on: u64,
    pub(super) result: T,
}

/// Why a whole chunk was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ChunkError {
    /// This agent leads no more.
    LeadershipLost,
    /// Something is misshapen; nothing of the chunk was accepted.
    Malformed(String),
}

impl Agent {
    /// Runs the transactions of a chunk and hands the good ones over for
    /// replication. Either all of its effects stay or none.
    pub(super) fn write_chunk(&self, term: u64, chunk: &[Value]) -> Result<Judged, ChunkError> {
        let mut spearhead = lock(&self.spearhead);
        if spearhead.term != Some(term) {
            return Err(ChunkError::LeadershipLost);
        }
        let mut store = spearhead.store.clone();
        let mut judged = Vec::with_capacity(chunk.len());
        for (position, element) in chunk.iter().enumerate() {
            let last = position + 1 == chunk.len();
            judged.push(judge(&mut store, element, last)?);
        }
        let first_index = spearhead.last_index + 1;
        let mut entries = Vec::new();
        let mut outcomes = Vec::with_capacity(judged.len());
        for verdict in judged {
            outcomes.push(match verdict {
                Ok(entry) => {
                    let index = spearhead.number(&entry);
                    entries.push(Arc::new(entry));
                    Outcome::Applied(index)
                }
                Err(outcome) => outcome,
            });
        }
        spearhead.store = store;
        self.propose(&mut spearhead, term, first_index, entries);
        Ok(Judged { outcomes, rests_on: spearhead.last_index })
    }

    /// Runs one write of a transact request on the write-ahead store. The
    /// closure gets a copy of it and says what is to be logged.
    pub(super) fn write_one<T>(
        &self,
        term: u64,
        run: impl FnOnce(&mut Store) -> (Option<LogEntry>, T),
    ) -> Result<JudgedOne<T>, ChunkError> {
        let mut spearhead = lock(&self.spearhead);
        if spearhead.term != Some(term) {
            return Err(ChunkError::LeadershipLost);
        }
        let mut store = spearhead.store.clone();
        let (entry, result) = run(&mut store);
        let Some(entry) = entry else {
            return Ok(JudgedOne { index: 0, rests_on: spearhead.last_index, result });
        };
        spearhead.store = store;
        let index = spearhead.number(&entry);
        self.propose(&mut spearhead, term, index, vec![Arc::new(entry)]);
        Ok(JudgedOne { index, rests_on: index, result })
    }

    /// Called under the spearhead's lock, so that batches queue up in order.
    fn propose(
        &self,
        spearhead: &mut Spearhead,
        term: u64,
        first_index: u64,
        entries: Vec<Arc<LogEntry>>,
    ) {
        if entries.is_empty() {
            return;
        }
        if spearhead.clients.len() > spearhead.clients_to_sweep {
            let committed = self.machine.with(|r| r.commit_index());
            spearhead.clients.retain(|_, index| *index > committed);
            spearhead.clients_to_sweep = MIN_SWEEP.max(2 * spearhead.clients.len());
        }
        // Fails only if the proposer has ended, that is at shutdown.
        let _ = self.batches.send(Batch { term, first_index, entries });
    }

    /// Highest index logged with each client id, committed or not; 0 if unknown.
    pub(super) fn logged_with(&self, client_ids: &[&str]) -> Vec<u64> {
        let accepted: Option<Vec<Option<u64>>> = {
            let spearhead = lock(&self.spearhead);
            let look = |id: &&str| spearhead.clients.get(*id).copied();
            spearhead.term.map(|_| client_ids.iter().map(look).collect())
        };
        // A leader that is catching up knows what others accepted from its log.
        let accepted = accepted.unwrap_or_else(|| {
            let ahead = self.machine.ahead_of(&self.raft_log);
            client_ids.iter().map(|id| ahead.get(*id).copied()).collect()
        });
        self.machine.with(|replica| {
            let both = client_ids.iter().zip(accepted);
            both.map(|(client_id, accepted)| {
                // What is committed may have been forgotten since.
                let accepted = accepted.filter(|index| *index > replica.commit_index());
                accepted.max(replica.index_of(client_id)).unwrap_or(0)
            })
            .collect()
        })
    }
}

/// Runs one transaction: the entry to log, or why there is none.
fn judge(
    store: &mut Store,
    element: &Value,
    last: bool,
) -> Result<Result<LogEntry, Outcome>, ChunkError> {
    let malformed = |text: &str| Err(ChunkError::Malformed(text.to_owned()));
    if operations_of(element).is_some_and(is_too_deep) {
        return malformed(TOO_DEEP);
    }
    match transaction::run(store, element) {
        Transaction::Applied { operations, client_id } => {
            Ok(Ok(LogEntry { request: operations, client_id, epoch_millis: now_millis() }))
        }
        Transaction::PreconditionFailed { .. } => Ok(Err(Outcome::PreconditionFailed)),
        Transaction::Forbidden => Ok(Err(Outcome::Forbidden)),
        Transaction::OperationFailed => Ok(Err(Outcome::Failed)),
        Transaction::Structural { .. } if last => Ok(Err(Outcome::Failed)),
        Transaction::Structural { .. } => malformed("Invalid transaction syntax"),
        Transaction::Malformed { message } => Err(ChunkError::Malformed(message)),
    }
}

fn operations_of(transaction: &Value) -> Option<&Object> {
    match transaction {
        Value::Array(elements) => match elements.first() {
            Some(Value::Object(operations)) => Some(operations),
            _ => None,
        },
        _ => None,
    }
}

/// Longest path of an operation, in segments. Values may be nested 200 levels
/// deep; with paths without end a tree could outgrow every stack.
const MAX_PATH_SEGMENTS: usize = 200;

/// What a request with a longer path is told.
pub(super) const TOO_DEEP: &str = "Too deep nesting in path";

/// Whether a path of the operations is too long to be stored.
pub(super) fn is_too_deep(operations: &Object) -> bool {
    operations.keys().any(|path| {
        path.len() > MAX_PATH_SEGMENTS
            && path.split('/').filter(|s| !s.is_empty()).count() > MAX_PATH_SEGMENTS
    })
}

/// Client ids of the requests that are being processed right now.
#[derive(Debug, Default)]
pub(super) struct Ongoing {
    ids: Arc<Mutex<HashMap<Arc<str>, usize>>>,
}

/// Keeps the client ids of a request among the ongoing ones.
pub(super) struct OngoingGuard {
    all: Arc<Mutex<HashMap<Arc<str>, usize>>>,
    own: Vec<Arc<str>>,
}

impl Ongoing {
    /// Notes the client ids of a request until the guard is dropped.
    pub(super) fn register(&self, transactions: &[Value]) -> OngoingGuard {
        let own: Vec<Arc<str>> = transactions.iter().filter_map(client_id).collect();
        let mut all = lock(&self.ids);
        for id in &own {
            *all.entry(id.clone()).or_default() += 1;
        }
        OngoingGuard { all: self.ids.clone(), own }
    }

    /// Whether a request with this client id is being processed.
    pub(super) fn contains(&self, client_id: &str) -> bool {
        lock(&self.ids).contains_key(client_id)
    }
}

impl Drop for OngoingGuard {
    fn drop(&mut self) {
        let mut all = lock(&self.all);
        for id in &self.own {
            if let Some(count) = all.get_mut(id) {
                *count -= 1;
                if *count == 0 {
                    all.remove(id);
                }
            }
        }
    }
}

fn client_id(transaction: &Value) -> Option<Arc<str>> {
    match transaction {
        Value::Array(elements) => match elements.get(2) {
            Some(Value::String(id)) if !id.is_empty() => Some(id.clone()),
            _ => None,
        },
        _ => None,
    }
}
