//! Who watches over servers holds a lock while it lives: they end after it, however it ended.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::standin::directory_lock::WHOLE;

/// The environment variable of a server that names the file which whoever started it keeps locked.
pub(super) const VARIABLE: &str = "AGENCYSH_OWNER_LOCK";

/// The file that is locked while a cluster in this folder is watched over.
pub(super) fn lock_file(root: &Path) -> PathBuf {
    root.join(WHOLE)
}

/// The file that stays locked for as long as somebody watches over this process, if it was started so.
pub fn own_lock() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Returns when nobody watches over this process any more; the file stays locked until the result is dropped, so that
/// nobody uses the folder before this process has ended.
///
/// # Errors
/// The file cannot be opened or locked.
pub fn wait_until_alone(lock: &Path) -> io::Result<File> {
    let file = File::open(lock)?;
    file.lock_shared()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standin::directory_lock::DirectoryLock;

    #[test]
    fn who_waits_goes_on_when_the_lock_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let lock = DirectoryLock::take(folder.path(), WHOLE).unwrap();
        let file = lock_file(folder.path());
        let waiting = std::thread::spawn(move || wait_until_alone(&file).map(drop));
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!waiting.is_finished());
        drop(lock);
        waiting.join().unwrap().unwrap();
    }
}
