//! Records: what the journal consists of.
//!
//! A record is a header of 12 bytes (length of the payload, checksum of the payload, checksum of
//! both; little-endian) and a line of JSON, which has no zero byte in it. So a record that was
//! not written to its end, at the end of the file, differs from one that was damaged later.

use serde::{Deserialize, Serialize};

use super::LogName;
use crate::agency::de::from_value;
use crate::agency::json;
use crate::standin::dbserver::log::kept::Change;

/// Bytes before the payload.
const HEADER: usize = 12;

/// What happened to a log.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(in crate::standin) struct Record {
    /// The log.
    #[serde(flatten)]
    pub(in crate::standin) log: LogName,
    /// What changed in it; nothing if the log is gone.
    pub(in crate::standin) changes: Option<Vec<Change>>,
}

/// Appends a record to bytes.
pub(super) fn write(record: &Record, bytes: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let start = bytes.len();
    bytes.extend([0; HEADER]);
    serde_json::to_writer(&mut *bytes, record)?;
    let Some((header, payload)) = bytes.get_mut(start..).map(|r| r.split_at_mut(HEADER)) else {
        return Ok(());
    };
    let length = u32::try_from(payload.len()).map_err(serde::ser::Error::custom)?;
    header[..4].copy_from_slice(&length.to_le_bytes());
    header[4..8].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
    let check = crc32fast::hash(&header[..8]);
    header[8..].copy_from_slice(&check.to_le_bytes());
    Ok(())
}

/// What is found at the place of a record.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    /// A record, and the bytes that it takes.
    Whole(Record, usize),
    /// One that was not written to its end.
    Torn,
    /// Something else.
    Damaged(String),
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    word.map(u32::from_le_bytes).unwrap_or_default()
}

/// Reads the record that the bytes, which go to the end of the file, begin with.
pub(super) fn read(bytes: &[u8]) -> Found {
    let damaged = |what: &str| Found::Damaged(what.to_owned());
    let Some((header, rest)) = bytes.split_at_checked(HEADER) else { return Found::Torn };
    if word(header, 8) != crc32fast::hash(&header[..8]) {
        // the system made the file longer and did not get round to writing
        let unwritten = bytes.iter().skip(HEADER - 1).all(|byte| *byte == 0);
        return if unwritten { Found::Torn } else { damaged("the header's checksum differs") };
    }
    let length = word(header, 0) as usize;
    let Some(payload) = rest.get(..length) else { return Found::Torn };
    if word(header, 4) != crc32fast::hash(payload) {
        let unwritten = rest.len() == length && payload.contains(&0);
        return if unwritten { Found::Torn } else { damaged("the checksum differs") };
    }
    let value = match json::parse(payload) {
        Ok(value) => value,
        Err(error) => return Found::Damaged(error.to_string()),
    };
    match from_value(&value) {
        Ok(record) => Found::Whole(record, HEADER + length),
        Err(error) => Found::Damaged(error.to_string()),
    }
}
