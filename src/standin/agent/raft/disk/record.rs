//! What stands in the frames of the raft log: one JSON object a line.

use std::io::Write;

use serde::{Deserialize, Serialize};

use super::super::state_machine::decode_deep;
use super::super::types::{Entry, LogId};

/// One change of the raft log.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Record {
    /// Begins every segment: what the segments before it amount to.
    Base(Base),
    /// The next entry.
    Entry(Entry),
    /// The entries from this index on are withdrawn.
    Truncate(u64),
    /// The entries up to this one are not needed any more.
    Purge(LogId),
    /// The entries up to this one are committed.
    Committed(LogId),
}

/// What remains of segments that are gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Base {
    /// Last entry that is not needed any more.
    pub(super) purged: Option<LogId>,
    /// Last entry known to be committed.
    pub(super) committed: Option<LogId>,
}

/// Appends a record to the payload of a frame.
pub(super) fn encode(frame: &mut Vec<u8>, record: &Record) -> serde_json::Result<()> {
    let begin = frame.len();
    let outcome = serde_json::to_writer(&mut *frame, record);
    if outcome.is_err() {
        frame.truncate(begin);
        return outcome;
    }
    frame.write_all(b"\n").map_err(serde_json::Error::io)
}

/// The records in a payload.
pub(super) fn decode(payload: &[u8]) -> impl Iterator<Item = serde_json::Result<Record>> {
    payload.split(|b| *b == b'\n').filter(|line| !line.is_empty()).map(decode_deep)
}
