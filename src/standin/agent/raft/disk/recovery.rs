//! Reading the raft log back.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use super::super::types::{Entry, LogId};
use super::error::{DiskError, io};
use super::files;
use super::frame::{self, Found};
use super::record::{self, Base, Record};
use super::segments::{self, Current, Older, PREAMBLE, Segments, aligned, newest_path, path_of};

/// The raft log as it was.
#[derive(Debug, Default)]
pub(in crate::standin::agent::raft) struct Recovered {
    /// The entries that are not purged.
    pub(in crate::standin::agent::raft) entries: BTreeMap<u64, Entry>,
    /// Last entry that was purged.
    pub(in crate::standin::agent::raft) purged: Option<LogId>,
    /// Last entry known to be committed.
    pub(in crate::standin::agent::raft) committed: Option<LogId>,
}

impl Recovered {
    /// The last entry, purged or not.
    pub(in crate::standin::agent::raft) fn last(&self) -> Option<LogId> {
        self.entries.values().next_back().map(|e| e.log_id).or(self.purged)
    }
}

/// Reads all segments. A frame at the very end that was not written completely was never
/// acknowledged and is removed; anything else that is not as it should be is an error. New
/// segments will have `size` bytes.
pub(super) fn open(
    directory: &Path,
    size: u64,
    sync: bool,
) -> Result<(Segments, Recovered), DiskError> {
    let numbers = present(directory)?;
    let mut replay = Replay::default();
    let mut older = VecDeque::new();
    let mut current = None;
    for (position, number) in numbers.iter().enumerate() {
        let path = path_of(directory, *number);
        let last = position + 1 == numbers.len();
        let segment = read(&path, last, &mut replay)?;
        if last {
            current = Some(reopen(*number, path, &segment)?);
        } else {
            older.push_back(Older { number: *number, highest: segment.highest });
        }
    }
    let current = current.ok_or_else(|| DiskError::Missing { path: path_of(directory, 1) })?;
    let before_first = path_of(directory, numbers[0].saturating_sub(1));
    let base = replay.recovered.check(replay.gap, before_first, &current.path)?;
    let segments = Segments {
        directory: directory.to_owned(),
        size,
        sync,
        older,
        current,
        next_frame: replay.next_frame.unwrap_or(1),
        base,
    };
    Ok((segments, replay.recovered))
}

/// The numbers of the segments, ascending and without a gap.
fn present(directory: &Path) -> Result<Vec<u64>, DiskError> {
    let newest: u64 = files::read_small(&newest_path(directory))?
        .ok_or_else(|| DiskError::Missing { path: newest_path(directory) })?;
    let mut numbers = Vec::new();
    let listed = fs::read_dir(directory).map_err(io("list", directory))?;
    for file in listed {
        let path = file.map_err(io("list", directory))?.path();
        if path.extension().is_some_and(|e| e == "tmp") {
            fs::remove_file(&path).map_err(io("remove", &path))?;
        } else if path.extension().is_some_and(|e| e == "segment") {
            let number = path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse().ok());
            numbers.push(number.ok_or_else(|| {
                DiskError::damaged(&path, 0, "the name is not that of a segment")
            })?);
        }
    }
    numbers.sort_unstable();
    let missing = |number| DiskError::Missing { path: path_of(directory, number) };
    if let Some(pair) = numbers.windows(2).find(|pair| pair[0] + 1 != pair[1]) {
        return Err(missing(pair[0] + 1));
    }
    match numbers.last() {
        // A new segment is there before it is the newest.
        Some(last) if *last == newest || *last == newest + 1 => Ok(numbers),
        _ => Err(missing(newest)),
    }
}

/// The records read so far.
#[derive(Default)]
struct Replay {
    recovered: Recovered,
    next_frame: Option<u64>,
    /// Last index that is missing before an entry.
    gap: Option<u64>,
}

/// What was found in one segment.
struct Segment {
    highest: Option<u64>,
    end: usize,
    size: u64,
    torn: bool,
}

fn read(path: &Path, last: bool, replay: &mut Replay) -> Result<Segment, DiskError> {
    let bytes = fs::read(path).map_err(io("read", path))?;
    segments::check_preamble(path, &bytes)?;
    let mut segment =
        Segment { highest: None, end: PREAMBLE, size: bytes.len() as u64, torn: false };
    loop {
        let at = segment.end;
        let damaged = |what: &str| Err(DiskError::damaged(path, at, what));
        match frame::read(&bytes[at.min(bytes.len())..]) {
            Found::End if at == PREAMBLE => return damaged("the first frame is missing"),
            Found::End => return Ok(segment),
            Found::Damaged => return damaged("checksum differs"),
            Found::Torn if last && at > PREAMBLE => {
                tracing::warn!(
                    path = %path.display(), offset = at,
                    "what follows the last complete frame of the raft log was never acknowledged \
                     and is removed"
                );
                segment.torn = true;
                return Ok(segment);
            }
            Found::Torn => return damaged("not written completely"),
            Found::Frame { number, payload } => {
                if replay.next_frame.is_some_and(|next| next != number) {
                    return damaged("a frame is missing before this one");
                }
                replay.next_frame = Some(number + 1);
                for record in record::decode(payload) {
                    let record = match record {
                        Ok(record) => record,
                        Err(e) => return damaged(&e.to_string()),
                    };
                    if let Record::Entry(entry) = &record {
                        segment.highest = segment.highest.max(Some(entry.log_id.index));
                    }
                    if let Err(what) = replay.take(record, at == PREAMBLE) {
                        return damaged(what);
                    }
                }
                segment.end = aligned((at + frame::HEADER + payload.len()) as u64) as usize;
            }
        }
    }
}

impl Replay {
    fn take(&mut self, record: Record, first: bool) -> Result<(), &'static str> {
        let log = &mut self.recovered;
        match record {
            Record::Base(base) if first => {
                if log.entries.is_empty() && log.purged.is_none() {
                    log.purged = base.purged;
                    log.committed = base.committed;
                }
            }
            _ if first => return Err("a segment does not begin as it should"),
            Record::Base(_) => return Err("a segment begins within another"),
            Record::Entry(entry) => {
                let index = entry.log_id.index;
                let next = log.last().map_or(0, |l| l.index + 1);
                if index > next && log.entries.is_empty() {
                    // A later record has to tell that what was before it is purged.
                    self.gap = self.gap.max(Some(index - 1));
                } else if index > next {
                    return Err("entries are missing");
                } else if index < next && !log.entries.is_empty() {
                    return Err("an entry comes twice");
                }
                log.entries.insert(index, entry);
            }
            Record::Truncate(from) => drop(log.entries.split_off(&from)),
            Record::Purge(upto) => {
                log.purged = log.purged.max(Some(upto));
                log.entries = log.entries.split_off(&(upto.index + 1));
            }
            Record::Committed(committed) => log.committed = Some(committed),
        }
        Ok(())
    }
}

impl Recovered {
    /// Checks what can be said only at the end.
    fn check(
        &mut self,
        gap: Option<u64>,
        before_first: PathBuf,
        last: &Path,
    ) -> Result<Base, DiskError> {
        if let Some(purged) = self.purged {
            self.entries = self.entries.split_off(&(purged.index + 1));
        }
        if gap.is_some_and(|gap| self.purged.is_none_or(|purged| purged.index < gap)) {
            return Err(DiskError::Missing { path: before_first });
        }
        if self.committed > self.last() {
            return Err(DiskError::damaged(last, 0, "committed entries are missing"));
        }
        Ok(Base { purged: self.purged, committed: self.committed })
    }
}

/// Opens the last segment for writing; what is behind its last frame becomes zeros.
fn reopen(number: u64, path: PathBuf, segment: &Segment) -> Result<Current, DiskError> {
    let open = || {
        let file = OpenOptions::new().write(true).open(&path)?;
        if segment.torn {
            file.set_len(segment.end as u64)?;
            file.set_len(segment.size)?;
            file.sync_all()?;
        }
        Ok(file)
    };
    let file = open().map_err(io("open", &path))?;
    let (end, size) = (segment.end as u64, segment.size);
    Ok(Current { number, path, file, end, size, highest: segment.highest })
}
