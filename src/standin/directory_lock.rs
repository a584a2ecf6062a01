//! One server at a time uses a directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The file that is locked for a whole directory.
pub(crate) const WHOLE: &str = "LOCK";

/// Held as long as the directory is in use; ends with the process at the latest.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    _file: File,
}

/// Why a directory cannot be taken.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Somebody else uses it.
    Taken,
    /// The operating system refuses something.
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl DirectoryLock {
    /// Takes the lock of this name in a directory that is there, or fails at once.
    pub(crate) fn take(directory: &Path, name: &str) -> Result<Self, LockError> {
        let path = directory.join(name);
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(&path);
        let file = match file {
            Ok(file) => file,
            Err(source) => return Err(LockError::Io { action: "open", path, source }),
        };
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Taken),
            Err(TryLockError::Error(source)) => Err(LockError::Io { action: "lock", path, source }),
        }
    }
}
