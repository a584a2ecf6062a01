//! Why an agent cannot use its directory.

use std::io;
use std::path::{Path, PathBuf};

/// Why an agent does not start on a directory. Each names the file and says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiskError {
    /// Another process, or another agent of this one, uses the directory.
    #[error("{directory} is in use by another agent; stop that one or choose another directory")]
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
    /// A file holds something that the agent did not write.
    #[error(
        "{path} is damaged at byte {offset} ({what}); restore the agent's directory from a copy, \
         or empty it while a majority of the other agents runs; an agent without others begins anew then"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// A file is gone that ought to be there.
    #[error(
        "{path} is missing; restore the agent's directory from a copy, or empty it while a \
         majority of the other agents runs; an agent without others begins anew then"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file is of another version of the format.
    #[error("{path} has format {found}, this program knows {known}; use the program that wrote it")]
    Format {
        /// The file.
        path: PathBuf,
        /// The version found.
        found: u64,
        /// The version this program reads and writes.
        known: u64,
    },
    /// The directory is that of another agent.
    #[error("{path} belongs to agent {found}, not to {expected}; choose another directory")]
    OtherAgent {
        /// The file that tells.
        path: PathBuf,
        /// Whose it is.
        found: String,
        /// Who wants to start.
        expected: String,
    },
}

impl DiskError {
    /// A stable name for scripts and tests.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "disk.locked",
            Self::Io { .. } => "disk.io",
            Self::Damaged { .. } => "disk.damaged",
            Self::Missing { .. } => "disk.missing",
            Self::Format { .. } => "disk.format",
            Self::OtherAgent { .. } => "disk.other_agent",
        }
    }

    pub(super) fn damaged(path: &Path, offset: usize, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), offset: offset as u64, what: what.into() }
    }
}

/// For `map_err`: an error of the operating system with what was tried on which file.
pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError {
    let path = path.to_owned();
    move |source| DiskError::Io { action, path, source }
}
