//! One agent at a time uses a directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::error::{DiskError, io};

/// Held as long as the directory is in use; ends with the process at the latest.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Takes the lock, or fails at once.
pub(super) fn take(directory: &Path) -> Result<Lock, DiskError> {
    let path = directory.join("LOCK");
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(DiskError::Locked { directory: directory.to_owned() }),
        Err(TryLockError::Error(source)) => Err(io("lock", &path)(source)),
    }
}
