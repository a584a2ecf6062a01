//! The replay itself.

use crate::agency::value::Value;
use crate::standin::agent::store::{OperationError, Store};

use super::difference::{self, Difference};
use super::dump::Dump;
use super::error::ReplayError;

/// What the replay of a log made.
#[derive(Clone, Debug)]
pub struct Replayed {
    store: Store,
    index: u64,
    entries: usize,
    failed: Vec<FailedEntry>,
}

/// An entry of the log whose operations do not apply to the tree that it met.
///
/// An agency logs a transaction only after it has applied it, so there is none in
/// a log that was recorded faithfully. It changes nothing, as a failed transaction
/// changes nothing on an agency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedEntry {
    /// The entry's index.
    pub index: u64,
    /// Why its operations have no effect.
    pub error: OperationError,
}

impl Dump {
    /// Applies the log up to the index `at`, all of it without one.
    ///
    /// It starts with an empty tree, or with the recorded snapshot if the log
    /// does not reach back to the start.
    ///
    /// # Errors
    /// The log has a gap, begins late without a snapshot, or does not reach `at`.
    pub fn replay(&self, at: Option<u64>) -> Result<Replayed, ReplayError> {
        let (start, tree) = self.start()?;
        let last = self.entries().last().map_or(0, |entry| entry.index).max(start.unwrap_or(0));
        let end = at.unwrap_or(last);
        let first = start.unwrap_or(0);
        if !(first..=last).contains(&end) {
            return Err(ReplayError::OutOfRange {
                file: self.file().to_owned(),
                at: end,
                first,
                last,
            });
        }
        let mut replayed = Replayed { store: tree, index: end, entries: 0, failed: Vec::new() };
        let mut previous = start;
        let entries = self.entries().iter().skip_while(|entry| Some(entry.index) <= start);
        for entry in entries.take_while(|entry| entry.index <= end) {
            if let Some(after) = previous.filter(|after| entry.index - after > 1) {
                let (file, next) = (self.file().to_owned(), entry.index);
                return Err(ReplayError::Gap { file, after, next });
            }
            previous = Some(entry.index);
            replayed.entries += 1;
            if let Err(error) = replayed.store.apply_lenient(&entry.operations) {
                replayed.failed.push(FailedEntry { index: entry.index, error });
            }
        }
        Ok(replayed)
    }

    /// What the replay starts from: the index of a snapshot and its tree, or no
    /// index and the empty tree.
    fn start(&self) -> Result<(Option<u64>, Store), ReplayError> {
        let first = self.entries().first().map(|entry| entry.index);
        match (first, self.snapshot()) {
            (Some(0 | 1), _) => Ok((None, Store::default())),
            (_, Some(snapshot)) => {
                Ok((Some(snapshot.index), Store::from_value(snapshot.tree.clone())))
            }
            (first, None) => Err(ReplayError::NoStart {
                file: self.file().to_owned(),
                first: first.unwrap_or(0),
            }),
        }
    }
}

impl Replayed {
    /// The tree with everything applied.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The node at a path, hidden or not.
    pub fn get(&self, path: &str) -> Option<&Value> {
        self.store.get(path)
    }

    /// Index that the tree is at.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Number of entries applied, failed ones included.
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// The entries whose operations do not apply.
    pub fn failed(&self) -> &[FailedEntry] {
        &self.failed
    }

    /// Where the tree differs from the one that the dump records, by ascending path.
    ///
    /// The recorded tree is that of [`Dump::index`]; after a replay up to another
    /// index what has happened in between differs too.
    ///
    /// # Errors
    /// The dump records no tree.
    pub fn differences(&self, dump: &Dump) -> Result<Vec<Difference>, ReplayError> {
        let recorded =
            dump.tree().ok_or_else(|| ReplayError::NoTree { file: dump.file().to_owned() })?;
        Ok(difference::between(recorded, self.store.root()))
    }
}
