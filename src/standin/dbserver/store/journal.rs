//! A file that every change is appended to.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::LogName;
use super::error::{StoreError, io};
use super::record::{self, Found, Record};
use crate::standin::dbserver::log::kept::Kept;
use crate::standin::directory_lock::{DirectoryLock, LockError};

/// The file.
const NAME: &str = "replicated-logs.journal";
/// The file that is locked while the journal is used.
const LOCK: &str = "replicated-logs.lock";
/// What it begins with: its name and its format.
const MAGIC: &[u8] = b"agencysh-log-1\n";
/// It is not rewritten before it has so many bytes.
const SMALL: u64 = 4 << 20;

/// The journal of a server, locked for as long as it is used:
/// a write on a thread of its own may outlast the member.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    /// The length from which on most of it may be about what has been removed.
    rewrite_at: u64,
    _lock: DirectoryLock,
}

fn rewrite_at(length: u64) -> u64 {
    length.saturating_mul(4).max(SMALL)
}

fn lock(directory: &Path) -> Result<DirectoryLock, StoreError> {
    DirectoryLock::take(directory, LOCK).map_err(|error| match error {
        LockError::Taken => StoreError::Locked { directory: directory.to_owned() },
        LockError::Io { action, path, source } => StoreError::Io { action, path, source },
    })
}

impl Journal {
    /// Opens the journal of a directory, and reads what is in it.
    pub(super) fn open(directory: &Path) -> Result<(Self, BTreeMap<LogName, Kept>), StoreError> {
        fs::create_dir_all(directory).map_err(io("create", directory))?;
        let lock = lock(directory)?;
        let path = directory.join(NAME);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(io("read", &path)(error)),
        };
        let (logs, end) = replay(&path, &bytes)?;
        let mut options = OpenOptions::new();
        let file = options.append(true).create(true).open(&path).map_err(io("open", &path))?;
        let mut journal =
            Self { path, file, length: end, rewrite_at: rewrite_at(end), _lock: lock };
        if (end as usize) < bytes.len() {
            tracing::warn!(
                path = %journal.path.display(), at = end,
                "the journal's last record was not written to its end and is removed"
            );
            journal.file.set_len(end).map_err(io("shorten", &journal.path))?;
        }
        if end == 0 {
            journal.append(MAGIC)?;
        }
        Ok((journal, logs))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(bytes).map_err(io("write", &self.path))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Writes records; with `sync` they are on disk then.
    pub(super) fn write(&mut self, records: &[Record], sync: bool) -> Result<(), StoreError> {
        let bytes = encode(records).map_err(io("write", &self.path))?;
        self.append(&bytes)?;
        if sync {
            self.file.sync_data().map_err(io("sync", &self.path))?;
        }
        Ok(())
    }

    /// Whether most of it may be about what has been removed since.
    pub(super) fn is_long(&self) -> bool {
        self.length > self.rewrite_at
    }

    /// Writes the journal anew, with these records alone.
    pub(super) fn rewrite(&mut self, records: &[Record]) -> Result<(), StoreError> {
        let temporary = self.path.with_extension("journal.tmp");
        let write = || -> io::Result<(File, u64)> {
            let mut bytes = MAGIC.to_vec();
            bytes.extend(encode(records)?);
            fs::write(&temporary, &bytes)?;
            let file = OpenOptions::new().append(true).open(&temporary)?;
            file.sync_all()?;
            fs::rename(&temporary, &self.path)?;
            File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
            Ok((file, bytes.len() as u64))
        };
        let (file, length) = write().map_err(io("rewrite", &self.path))?;
        (self.file, self.length, self.rewrite_at) = (file, length, rewrite_at(length));
        Ok(())
    }
}

fn encode(records: &[Record]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for record in records {
        record::write(record, &mut bytes)?;
    }
    Ok(bytes)
}

/// What the records amount to, and where the last one ends.
fn replay(path: &Path, bytes: &[u8]) -> Result<(BTreeMap<LogName, Kept>, u64), StoreError> {
    let damaged = |offset: usize, what: String| StoreError::Damaged {
        path: path.to_owned(),
        offset: offset as u64,
        what,
    };
    let mut logs = BTreeMap::<LogName, Kept>::new();
    if MAGIC.starts_with(bytes) && bytes.len() < MAGIC.len() {
        return Ok((logs, 0));
    }
    if !bytes.starts_with(MAGIC) {
        return Err(damaged(0, "it does not begin as this program writes it".to_owned()));
    }
    let mut at = MAGIC.len();
    while at < bytes.len() {
        let (record, length) = match record::read(&bytes[at..]) {
            Found::Whole(record, length) => (record, length),
            Found::Torn => break,
            Found::Damaged(what) => return Err(damaged(at, what)),
        };
        match record.changes {
            None => drop(logs.remove(&record.log)),
            Some(changes) => {
                let kept = logs.entry(record.log).or_default();
                if !changes.iter().all(|change| kept.apply(change)) {
                    return Err(damaged(at, "a change does not fit".to_owned()));
                }
            }
        }
        at += length;
    }
    Ok((logs, at as u64))
}
