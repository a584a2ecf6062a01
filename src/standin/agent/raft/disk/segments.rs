//! The files of the raft log: written at the end, removed at the beginning.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::super::types::LogId;
use super::error::{DiskError, io};
use super::files::{self, FORMAT, put_in_place, sync_directory, temporary};
use super::frame::{self, ALIGNMENT, HEADER};
use super::record::{self, Base, Record};

/// Bytes of a segment, unless one frame needs more.
pub(super) const SEGMENT_SIZE: u64 = 4 << 20;

/// Bytes before the first frame: magic, format, size of the file, checksum of all these.
pub(super) const PREAMBLE: usize = 24;
const MAGIC: [u8; 8] = *b"AGSHRLOG";

/// Where frames are written, and what the older segments hold.
#[derive(Debug)]
pub(super) struct Segments {
    pub(super) directory: PathBuf,
    /// Size of new segments.
    pub(super) size: u64,
    /// Whether a frame is forced to the device before it counts as written.
    pub(super) sync: bool,
    /// The complete segments, oldest first.
    pub(super) older: VecDeque<Older>,
    pub(super) current: Current,
    /// Number of the next frame, counted from the agent's first.
    pub(super) next_frame: u64,
    /// What a new segment begins with.
    pub(super) base: Base,
}

/// A complete segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Older {
    pub(super) number: u64,
    /// Highest index of an entry in it.
    pub(super) highest: Option<u64>,
}

/// The segment being written.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// Where the next frame goes.
    pub(super) end: u64,
    pub(super) size: u64,
    pub(super) highest: Option<u64>,
}

/// Path of a segment.
pub(super) fn path_of(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:010}.segment"))
}

/// Path of the file that names the newest segment.
pub(super) fn newest_path(directory: &Path) -> PathBuf {
    directory.join("newest")
}

/// Where a frame may begin.
pub(super) fn aligned(position: u64) -> u64 {
    position.next_multiple_of(ALIGNMENT)
}

fn preamble(size: u64) -> [u8; PREAMBLE] {
    let mut bytes = [0; PREAMBLE];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&(FORMAT as u32).to_le_bytes());
    bytes[12..20].copy_from_slice(&size.to_le_bytes());
    let check = crc32fast::hash(&bytes[..20]);
    bytes[20..].copy_from_slice(&check.to_le_bytes());
    bytes
}

/// Checks the first bytes of a segment, and that it has the size it was made with.
pub(super) fn check_preamble(path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let damaged = |what: &str| DiskError::damaged(path, 0, what);
    let head = bytes.get(..PREAMBLE).ok_or_else(|| damaged("too short"))?;
    let word = |at: usize| head[at..at + 4].try_into().map(u32::from_le_bytes).unwrap_or_default();
    if head[..8] != MAGIC || word(20) != crc32fast::hash(&head[..20]) {
        return Err(damaged("not the beginning of a segment"));
    }
    let format = u64::from(word(8));
    if format != FORMAT {
        return Err(DiskError::Format { path: path.to_owned(), found: format, known: FORMAT });
    }
    let size = head[12..20].try_into().map(u64::from_le_bytes).unwrap_or_default();
    if bytes.len() as u64 != size {
        let what = format!("{size} bytes were written, {} are there", bytes.len());
        return Err(DiskError::damaged(path, bytes.len(), what));
    }
    Ok(())
}

impl Segments {
    /// The first segment of a fresh agent.
    pub(super) fn create(directory: &Path, size: u64) -> Result<(), DiskError> {
        files::create_directory(directory)?;
        new_segment(directory, 1, 1, &Base::default(), size)?;
        files::write_small(&newest_path(directory), &1_u64)
    }

    /// Writes a frame whose payload begins at [`HEADER`]; `highest` is the highest index of
    /// an entry in it. What was written before stays readable, whatever happens.
    pub(super) fn write(
        &mut self,
        frame: &mut [u8],
        highest: Option<u64>,
    ) -> Result<(), DiskError> {
        let length = frame.len() as u64;
        if self.current.end + length > self.current.size {
            self.rotate(length)?;
        }
        frame::seal(frame, self.next_frame);
        let current = &mut self.current;
        let written = current.file.write_all_at(frame, current.end);
        written.map_err(io("write", &current.path))?;
        if self.sync {
            current.file.sync_data().map_err(io("sync", &current.path))?;
        }
        current.end = aligned(current.end + length);
        current.highest = current.highest.max(highest);
        self.next_frame += 1;
        Ok(())
    }

    fn rotate(&mut self, frame_length: u64) -> Result<(), DiskError> {
        let number = self.current.number + 1;
        // With room for the first frame, which is small.
        let size = self.size.max(aligned(frame_length) + 4096);
        // The new segment says what the old ones amount to, so they have to be durable.
        self.current.file.sync_data().map_err(io("sync", &self.current.path))?;
        let next = new_segment(&self.directory, number, self.next_frame, &self.base, size)?;
        files::write_small(&newest_path(&self.directory), &number)?;
        let old = std::mem::replace(&mut self.current, next);
        self.older.push_back(Older { number: old.number, highest: old.highest });
        self.next_frame += 1;
        Ok(())
    }

    /// Notes that a purge is durable, and removes the segments that it makes superfluous.
    pub(super) fn purged(&mut self, upto: LogId) -> Result<(), DiskError> {
        self.base.purged = self.base.purged.max(Some(upto));
        while let Some(oldest) = self.older.front()
            && oldest.highest.is_none_or(|highest| highest <= upto.index)
        {
            let path = path_of(&self.directory, oldest.number);
            fs::remove_file(&path).map_err(io("remove", &path))?;
            // One by one, so that no crash leaves a gap between segments.
            sync_directory(&self.directory)?;
            self.older.pop_front();
        }
        Ok(())
    }
}

/// Makes a segment of zeros with its first frame, durably.
fn new_segment(
    directory: &Path,
    number: u64,
    first_frame: u64,
    base: &Base,
    size: u64,
) -> Result<Current, DiskError> {
    let path = path_of(directory, number);
    let unfinished = temporary(&path);
    let mut first = vec![0; HEADER];
    record::encode(&mut first, &Record::Base(*base)).map_err(|e| io("encode", &path)(e.into()))?;
    frame::seal(&mut first, first_frame);
    let make = || {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).open(&unfinished)?;
        let zeros = vec![0; 1 << 20];
        let mut left = size;
        while left > 0 {
            let part = left.min(zeros.len() as u64);
            file.write_all(&zeros[..part as usize])?;
            left -= part;
        }
        file.write_all_at(&preamble(size), 0)?;
        file.write_all_at(&first, PREAMBLE as u64)?;
        file.sync_all()?;
        Ok(file)
    };
    let file = make().map_err(io("write", &unfinished))?;
    put_in_place(&path)?;
    let end = aligned((PREAMBLE + first.len()) as u64);
    Ok(Current { number, path, file, end, size, highest: None })
}
