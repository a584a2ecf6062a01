//! The folder of a cluster: used by one `cluster up` at a time.

use std::path::Path;

use super::ClusterError;
use crate::standin::directory_lock::{DirectoryLock, LockError, WHOLE};

/// Takes the folder, which is made if need be, for as long as the lock is held.
pub(super) fn lock(data: &Path) -> Result<DirectoryLock, ClusterError> {
    let failed = |source| ClusterError::File { path: data.to_owned(), source };
    std::fs::create_dir_all(data).map_err(failed)?;
    DirectoryLock::take(data, WHOLE).map_err(|error| match error {
        LockError::Taken => ClusterError::InUse { data: data.to_owned() },
        LockError::Io { path, source, .. } => ClusterError::File { path, source },
    })
}
