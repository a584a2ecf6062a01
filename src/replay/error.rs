//! Why a dump cannot be replayed.

use std::path::PathBuf;

use crate::agency::json::ParseError;
use crate::dump::DumpError;

/// Why a dump cannot be read, or its log not be replayed. The file is always named.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The file cannot be opened or read.
    #[error("{} cannot be read", .file.display())]
    Unreadable {
        /// The dump.
        file: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The dump is packed, and what is needed cannot be taken out of it.
    #[error("{} cannot be replayed", .file.display())]
    Packed {
        /// The dump.
        file: PathBuf,
        /// What is wrong with it.
        source: Box<DumpError>,
    },
    /// A time is given, and the log has none.
    #[error("the log in {} does not tell when its entries were made", .file.display())]
    NoTimes {
        /// The dump.
        file: PathBuf,
    },
    /// The file is no text.
    #[error("{} is not UTF-8 text, see byte {offset}", .file.display())]
    NotUtf8 {
        /// The dump.
        file: PathBuf,
        /// Position of the first byte that does not fit, from 0 on.
        offset: usize,
    },
    /// The text is no JSON.
    #[error("{} is not JSON as an agency writes it", .file.display())]
    NotJson {
        /// The dump.
        file: PathBuf,
        /// What is wrong and where.
        source: ParseError,
    },
    /// It is JSON, but neither with a log nor with a tree.
    #[error(
        "{} is no agency dump; one is an object with `log` and `agency`, \
         as GET /_api/agency/state answers it",
        .file.display()
    )]
    NotADump {
        /// The dump.
        file: PathBuf,
    },
    /// There is a tree, but nothing that could be replayed.
    #[error(
        "{} has no log to replay, only a tree; \
         a dump with a log is what GET /_api/agency/state answers",
        .file.display()
    )]
    NoLog {
        /// The dump.
        file: PathBuf,
    },
    /// A part of the dump has another type than it must have.
    #[error("{}: `{member}` must be {expected}, but is {found}", .file.display())]
    BadMember {
        /// The dump.
        file: PathBuf,
        /// The name of the part.
        member: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// An element of the log is not understood.
    #[error("{}: element {position} of the log is no entry: {problem}", .file.display())]
    BadEntry {
        /// The dump.
        file: PathBuf,
        /// Position in the file's log, from 0 on.
        position: usize,
        /// What is wrong with it.
        problem: EntryProblem,
    },
    /// Two entries have the same index and different operations.
    #[error("{}: the log has two different entries with index {index}", .file.display())]
    Conflict {
        /// The dump.
        file: PathBuf,
        /// The index of both.
        index: u64,
    },
    /// Entries are missing in the middle of the log.
    #[error(
        "{}: the log has a gap, entry {after} is followed by {next}; nothing after {after} can be \
         replayed",
        .file.display()
    )]
    Gap {
        /// The dump.
        file: PathBuf,
        /// Index of the last entry before the gap, or of the snapshot.
        after: u64,
        /// Index of the first entry after it.
        next: u64,
    },
    /// The log begins late and there is no snapshot to begin with.
    #[error(
        "{}: the log begins at entry {first} and there is no snapshot in `compaction` to start from",
        .file.display()
    )]
    NoStart {
        /// The dump.
        file: PathBuf,
        /// Index of the first entry.
        first: u64,
    },
    /// The index asked for is not covered by the dump.
    #[error("{}: index {at} is out of range, the dump covers {first} to {last}", .file.display())]
    OutOfRange {
        /// The dump.
        file: PathBuf,
        /// The index asked for.
        at: u64,
        /// Lowest index that can be replayed to.
        first: u64,
        /// Index of the last entry.
        last: u64,
    },
    /// It has no tree, which is what is wanted of it.
    #[error("{} has no tree, such as a dump has as `agency`", .file.display())]
    NoTree {
        /// The dump.
        file: PathBuf,
    },
}

impl ReplayError {
    /// The stable name of the error.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "replay.unreadable",
            Self::Packed { source, .. } => source.kind(),
            Self::NoTimes { .. } => "replay.no_times",
            Self::NotUtf8 { .. } => "replay.not_utf8",
            Self::NotJson { .. } => "replay.not_json",
            Self::NotADump { .. } => "replay.not_a_dump",
            Self::NoLog { .. } => "replay.no_log",
            Self::BadMember { .. } => "replay.bad_member",
            Self::BadEntry { .. } => "replay.bad_entry",
            Self::Conflict { .. } => "replay.conflict",
            Self::Gap { .. } => "replay.gap",
            Self::NoStart { .. } => "replay.no_start",
            Self::OutOfRange { .. } => "replay.out_of_range",
            Self::NoTree { .. } => "replay.no_tree",
        }
    }
}

/// What is wrong with an element of the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryProblem {
    /// It is not an object.
    #[error("it must be an object, but is {found}")]
    NotAnObject {
        /// What it is.
        found: &'static str,
    },
    /// It has neither `_key` nor `index`.
    #[error("it has neither `_key` nor `index`")]
    NoIndex,
    /// Its index is no number.
    #[error("its index must be a number from 0 on, in digits or quoted, but is {found}")]
    BadIndex {
        /// What it is, as JSON.
        found: String,
    },
    /// It has neither `request` nor `query`.
    #[error("it has neither `request` nor `query`")]
    NoOperations,
    /// Its operations are no object.
    #[error("its operations must be an object, but are {found}")]
    BadOperations {
        /// What they are.
        found: &'static str,
    },
    /// What it stores lies deeper than any agency stores it.
    #[error("it stores something more than {most} levels deep")]
    TooDeep {
        /// Most levels that are replayed.
        most: usize,
    },
}
