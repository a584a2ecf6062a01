//! Snapshots as files: a preamble, a line about the snapshot, the replica.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::super::replica::Replica;
use super::super::state_machine::{Checkpoint, decode_deep};
use super::super::types::{LogId, SnapshotMeta};
use super::error::{DiskError, io};
use super::files::{FORMAT, create_directory, put_in_place, temporary};
use crate::standin::directory_lock::DirectoryLock;

/// Magic, format, checksum of the rest of the file, its length, checksum of all these.
const PREAMBLE: usize = 28;
const MAGIC: [u8; 8] = *b"AGSHSNAP";

/// What a file says about its snapshot.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::standin::agent::raft) struct Description {
    /// openraft's description of it.
    pub(in crate::standin::agent::raft) meta: SnapshotMeta,
    /// Where entries of the agency's log stand in openraft's.
    pub(in crate::standin::agent::raft) checkpoints: Vec<Checkpoint>,
}

/// The directory of the snapshots. Clones share it.
#[derive(Clone, Debug)]
pub(in crate::standin::agent::raft) struct SnapshotFiles {
    directory: PathBuf,
    lock: Arc<Mutex<Option<Arc<DirectoryLock>>>>,
}

fn path_of(directory: &Path, index: u64) -> PathBuf {
    directory.join(format!("{index:020}.snapshot"))
}

/// Index of the last entry of openraft's log in a snapshot.
pub(super) fn index_of(meta: &SnapshotMeta) -> u64 {
    meta.last_log_id.map_or(0, |l| l.index)
}

impl SnapshotFiles {
    pub(super) fn new(directory: &Path, lock: Arc<DirectoryLock>) -> Result<Self, DiskError> {
        create_directory(directory)?;
        Ok(Self { directory: directory.to_owned(), lock: Arc::new(Mutex::new(Some(lock))) })
    }

    /// Writes a snapshot, durably, and removes those before the one before it. To be called
    /// where blocking is allowed.
    pub(in crate::standin::agent::raft) fn write(
        &self,
        description: &Description,
        replica: &Replica,
    ) -> Result<(), DiskError> {
        // One at a time, and none once the directory has been given back.
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let index = index_of(&description.meta);
        let path = path_of(&self.directory, index);
        if lock.is_none() {
            return Err(io("write", &path)(io::ErrorKind::NotConnected.into()));
        }
        write_file(&temporary(&path), description, replica).map_err(io("write", &path))?;
        put_in_place(&path)?;
        let mut older = present(&self.directory)?;
        older.retain(|(other, _)| *other < index);
        // The newest of them is what is left if this one should be damaged.
        older.pop();
        for (_, path) in older {
            fs::remove_file(&path).map_err(io("remove", &path))?;
        }
        Ok(())
    }

    /// Waits for a snapshot that is being written, and allows no more.
    pub(in crate::standin::agent::raft) fn close(&self) {
        *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Reads the newest snapshot. A damaged one is passed over for an older one, or for none,
    /// if the log leads on from there: it has been purged up to `purged`.
    pub(super) fn read(
        &self,
        purged: Option<LogId>,
    ) -> Result<Option<(Description, Replica)>, DiskError> {
        for leftover in leftovers(&self.directory)? {
            fs::remove_file(&leftover).map_err(io("remove", &leftover))?;
        }
        let mut damage = None;
        for (index, path) in present(&self.directory)?.into_iter().rev() {
            match read_file(&path, index) {
                Ok(found) if damage.is_none() || purged <= found.0.meta.last_log_id => {
                    return Ok(Some(found));
                }
                Ok(_) => break,
                Err(error @ DiskError::Damaged { .. }) => {
                    tracing::error!(%error, "a snapshot is passed over");
                    damage.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        match damage {
            Some(error) if purged.is_some() => Err(error),
            _ => Ok(None),
        }
    }
}

fn list(directory: &Path) -> Result<Vec<PathBuf>, DiskError> {
    let listed = fs::read_dir(directory).map_err(io("list", directory))?;
    let paths: io::Result<Vec<_>> = listed.map(|file| Ok(file?.path())).collect();
    paths.map_err(io("list", directory))
}

fn leftovers(directory: &Path) -> Result<Vec<PathBuf>, DiskError> {
    let all = list(directory)?;
    Ok(all.into_iter().filter(|path| path.extension().is_some_and(|e| e == "tmp")).collect())
}

/// All snapshots in ascending order.
fn present(directory: &Path) -> Result<Vec<(u64, PathBuf)>, DiskError> {
    let mut found = Vec::new();
    for path in list(directory)? {
        if path.extension().is_none_or(|e| e != "snapshot") {
            continue;
        }
        let index = path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse().ok());
        let damaged = || DiskError::damaged(&path, 0, "the name is not that of a snapshot");
        found.push((index.ok_or_else(damaged)?, path.clone()));
    }
    found.sort();
    Ok(found)
}

/// Counts and sums up what passes through.
struct Summed<W> {
    inner: W,
    check: crc32fast::Hasher,
    length: u64,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.check.update(&bytes[..written]);
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn write_file(path: &Path, description: &Description, replica: &Replica) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(&[0; PREAMBLE])?;
    let mut body = Summed {
        inner: BufWriter::with_capacity(256 << 10, &file),
        check: crc32fast::Hasher::new(),
        length: 0,
    };
    serde_json::to_writer(&mut body, description)?;
    body.write_all(b"\n")?;
    serde_json::to_writer(&mut body, replica)?;
    body.flush()?;
    let (check, length) = (body.check.clone().finalize(), body.length);
    drop(body);
    file.write_all_at(&preamble(check, length), 0)?;
    file.sync_all()
}

fn preamble(check: u32, length: u64) -> [u8; PREAMBLE] {
    let mut bytes = [0; PREAMBLE];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&(FORMAT as u32).to_le_bytes());
    bytes[12..16].copy_from_slice(&check.to_le_bytes());
    bytes[16..24].copy_from_slice(&length.to_le_bytes());
    let own = crc32fast::hash(&bytes[..24]);
    bytes[24..].copy_from_slice(&own.to_le_bytes());
    bytes
}

fn read_file(path: &Path, index: u64) -> Result<(Description, Replica), DiskError> {
    let bytes = fs::read(path).map_err(io("read", path))?;
    let damaged = |at: usize, what: &str| DiskError::damaged(path, at, what);
    let head = bytes.get(..PREAMBLE).ok_or_else(|| damaged(0, "too short"))?;
    let word = |at: usize| head[at..at + 4].try_into().map(u32::from_le_bytes).unwrap_or_default();
    if head[..8] != MAGIC || word(24) != crc32fast::hash(&head[..24]) {
        return Err(damaged(0, "not the beginning of a snapshot"));
    }
    let format = u64::from(word(8));
    if format != FORMAT {
        return Err(DiskError::Format { path: path.to_owned(), found: format, known: FORMAT });
    }
    let body = &bytes[PREAMBLE..];
    let length = head[16..24].try_into().map(u64::from_le_bytes).unwrap_or_default();
    if body.len() as u64 != length {
        return Err(damaged(bytes.len(), "its length is not what was written"));
    }
    if crc32fast::hash(body) != word(12) {
        return Err(damaged(PREAMBLE, "checksum differs"));
    }
    let end = body.iter().position(|b| *b == b'\n');
    let end = end.ok_or_else(|| damaged(PREAMBLE, "not a snapshot"))?;
    let invalid = |e: serde_json::Error| damaged(PREAMBLE, &e.to_string());
    let description: Description = decode_deep(&body[..end]).map_err(invalid)?;
    let replica = decode_deep(&body[end + 1..]).map_err(invalid)?;
    if index_of(&description.meta) != index {
        return Err(damaged(0, "the name of the file is that of another snapshot"));
    }
    Ok((description, replica))
}
