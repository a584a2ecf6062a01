//! Reading dumps.

use std::path::{Path, PathBuf};

use crate::agency::json;
use crate::agency::value::{Object, Value};
use crate::dump::{self as packed, DumpError};

use super::document::{self, Document, type_name};
use super::entry::{Entry, number};
use super::error::ReplayError;

/// A recorded agency: its log, and the tree that the log made.
#[derive(Clone, Debug)]
pub struct Dump {
    file: PathBuf,
    index: Option<u64>,
    term: Option<u64>,
    tree: Option<Value>,
    snapshot: Option<Snapshot>,
    entries: Vec<Entry>,
}

/// The tree right after one entry, as compaction has kept it.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Index of the last entry contained.
    pub index: u64,
    /// The tree.
    pub tree: Value,
}

impl Dump {
    /// Reads a dump from a file; of one that several agents are in, what the leader had.
    ///
    /// # Errors
    /// The file cannot be read, is no JSON or no dump, has no log, or a part of it
    /// is not what it must be.
    pub fn read(file: impl AsRef<Path>) -> Result<Self, ReplayError> {
        Self::read_of(file, None)
    }

    /// As [`read`](Self::read), of the given agent.
    ///
    /// # Errors
    /// As [`read`](Self::read); there is no such agent.
    pub fn read_of(file: impl AsRef<Path>, agent: Option<&str>) -> Result<Self, ReplayError> {
        let file = file.as_ref();
        Self::parse(file, &text_of(file, agent)?)
    }

    /// Reads a dump from its text; `file` is what errors call it.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(file: impl Into<PathBuf>, text: &[u8]) -> Result<Self, ReplayError> {
        let file = file.into();
        if let Err(error) = std::str::from_utf8(text) {
            return Err(ReplayError::NotUtf8 { file, offset: error.valid_up_to() });
        }
        let document = match json::parse(text) {
            Ok(document) => document,
            Err(source) => return Err(ReplayError::NotJson { file, source }),
        };
        match document::find(&document) {
            Document::State(state) => Self::from_state(file, state),
            Document::Entries(log) => Self::from_log(file, log),
            Document::TreeOnly => Err(ReplayError::NoLog { file }),
            Document::Unknown => Err(ReplayError::NotADump { file }),
        }
    }

    fn from_log(file: PathBuf, log: &Value) -> Result<Self, ReplayError> {
        let entries = entries(&file, log)?;
        Ok(Self { file, index: None, term: None, tree: None, snapshot: None, entries })
    }

    fn from_state(file: PathBuf, state: &Object) -> Result<Self, ReplayError> {
        let log = state.get("log").unwrap_or(&Value::Null);
        let whole = |member: &'static str| match state.get(member) {
            None => Ok(None),
            Some(value) => number(value)
                .map(Some)
                .ok_or_else(|| bad_member(&file, member, "a number from 0 on", value)),
        };
        let (index, term) = (whole("index")?, whole("term")?);
        let entries = entries(&file, log)?;
        let begins_late = entries.first().is_none_or(|entry| entry.index > 1);
        let snapshot = match snapshot(&file, state) {
            // what is not needed may look as it likes
            Err(_) if !begins_late => None,
            other => other?,
        };
        if entries.is_empty() && snapshot.is_none() {
            return Err(ReplayError::NoLog { file });
        }
        let tree = state.get("agency").cloned();
        Ok(Self { file, index, term, tree, snapshot, entries })
    }

    /// The file that the dump was read from.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Index of the recorded tree, if the dump tells.
    pub fn index(&self) -> Option<u64> {
        self.index
    }

    /// Term at the time of the dump, if it tells.
    pub fn term(&self) -> Option<u64> {
        self.term
    }

    /// The recorded tree, if there is one.
    pub fn tree(&self) -> Option<&Value> {
        self.tree.as_ref()
    }

    /// The recorded snapshot, if there is one.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref()
    }

    /// Index of the last entry that was accepted up to a time in milliseconds since 1970; the
    /// one before the log if none was.
    ///
    /// # Errors
    /// The log does not tell when its entries were accepted.
    pub fn index_at(&self, millis: i64) -> Result<u64, ReplayError> {
        let no_times = || ReplayError::NoTimes { file: self.file.clone() };
        if self.entries.iter().all(|entry| entry.millis.is_none()) {
            return Err(no_times());
        }
        let later = self.entries.iter().find(|entry| entry.millis.is_some_and(|at| at > millis));
        let before = match later {
            Some(entry) => entry.index.saturating_sub(1),
            None => self.entries.last().map_or(0, |entry| entry.index),
        };
        Ok(before)
    }

    /// The log in ascending order of the indices.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// The text of a recording, however it is packed.
pub(super) fn text_of(file: &Path, agent: Option<&str>) -> Result<Vec<u8>, ReplayError> {
    if packed::is_packed(file) || agent.is_some() {
        return packed::state_text(file, agent).map_err(|source| match source {
            DumpError::Unreadable { source, .. } => {
                ReplayError::Unreadable { file: file.to_owned(), source }
            }
            other => ReplayError::Packed { file: file.to_owned(), source: Box::new(other) },
        });
    }
    std::fs::read(file).map_err(|source| ReplayError::Unreadable { file: file.to_owned(), source })
}

/// The elements of a log in order; an entry that is there twice is taken once.
fn entries(file: &Path, log: &Value) -> Result<Vec<Entry>, ReplayError> {
    let Value::Array(elements) = log else {
        return Err(bad_member(file, "log", "an array", log));
    };
    let mut entries = Vec::with_capacity(elements.len());
    for (position, element) in elements.iter().enumerate() {
        let entry = Entry::from_element(element).map_err(|problem| ReplayError::BadEntry {
            file: file.to_owned(),
            position,
            problem,
        })?;
        entries.push(entry);
    }
    entries.sort_by_key(|entry| entry.index);
    entries.dedup();
    match entries.windows(2).find(|pair| pair[0].index == pair[1].index) {
        Some(pair) => Err(ReplayError::Conflict { file: file.to_owned(), index: pair[0].index }),
        None => Ok(entries),
    }
}

/// The snapshot in `compaction`: an index and `readDB`, whose first element is the tree.
fn snapshot(file: &Path, state: &Object) -> Result<Option<Snapshot>, ReplayError> {
    let compaction = match state.get("compaction") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(compaction)) if compaction.is_empty() => return Ok(None),
        Some(Value::Object(compaction)) => compaction,
        Some(other) => return Err(bad_member(file, "compaction", "an object", other)),
    };
    let key = compaction.get("_key").or_else(|| compaction.get("index")).unwrap_or(&Value::Null);
    let index = number(key)
        .ok_or_else(|| bad_member(file, "compaction._key", "a number from 0 on", key))?;
    let tree = match compaction.get("readDB").unwrap_or(&Value::Null) {
        Value::Array(trees) if !trees.is_empty() => trees[0].clone(),
        tree @ Value::Object(_) => tree.clone(),
        other => return Err(bad_member(file, "compaction.readDB", "an array with a tree", other)),
    };
    Ok(Some(Snapshot { index, tree }))
}

fn bad_member(
    file: &Path,
    member: &'static str,
    expected: &'static str,
    found: &Value,
) -> ReplayError {
    ReplayError::BadMember { file: file.to_owned(), member, expected, found: type_name(found) }
}
