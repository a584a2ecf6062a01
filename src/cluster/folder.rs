//! The folder of a cluster: used by one `cluster up` at a time.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::ClusterError;

/// Takes the folder, which is made if need be, for as long as the file is open.
pub(super) fn lock(data: &Path) -> Result<File, ClusterError> {
    let failed = |source| ClusterError::File { path: data.to_owned(), source };
    std::fs::create_dir_all(data).map_err(failed)?;
    let path = data.join("LOCK");
    let file =
        File::create(&path).map_err(|source| ClusterError::File { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ClusterError::InUse { data: data.to_owned() }),
        Err(TryLockError::Error(source)) => Err(ClusterError::File { path, source }),
    }
}
