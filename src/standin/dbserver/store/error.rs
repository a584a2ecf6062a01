//! Why logs cannot be kept.

use std::io;
use std::path::{Path, PathBuf};

/// Why a server cannot use its journal of replicated logs. Each names the file and says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(in crate::standin) enum StoreError {
    /// Another server uses the directory.
    #[error("{directory} is in use by another server; stop that one or choose another directory")]
    Locked {
        /// The directory.
        directory: PathBuf,
    },
    /// The operating system refuses something.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The journal holds something that the server did not write.
    #[error(
        "{path} is damaged at byte {offset} ({what}); restore the server's directory from a copy, \
         or remove the file: the server then begins without entries and gets them from the \
         leaders of its logs"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// The thread that writes is gone.
    #[error("the journal is not written any more: its writer has ended")]
    Ended,
}

/// For `map_err`: an error of the operating system with what was tried on which file.
pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { action, path, source }
}
