//! Why there is no dump, or why one cannot be read.

use std::path::PathBuf;

use crate::client::ClientError;
use crate::deadline::Stop;
use crate::document::DocumentError;

/// Why there is no dump, or why one cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    /// Nobody tells who the agents are.
    #[error("nobody tells who the agents are")]
    NoAgents(#[source] ClientError),
    /// No agent of this id or name.
    #[error("no agent '{agent}' in it; there are {known}")]
    UnknownAgent {
        /// What was asked for.
        agent: String,
        /// Those that there are.
        known: String,
    },
    /// The archive cannot be written.
    #[error("cannot write the dump '{}'", .path.display())]
    Unwritable {
        /// The archive, or the folder for it.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is something of this name, which is not overwritten.
    #[error("'{}' exists already", .path.display())]
    Exists {
        /// The archive.
        path: PathBuf,
    },
    /// The file is not there or cannot be read.
    #[error("cannot read the dump '{}'", .path.display())]
    Unreadable {
        /// The dump.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no dump.
    #[error("'{}' is no dump of an agency: {reason}", .path.display())]
    NoDump {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A part of the dump is not there.
    #[error("the dump '{}' has no {part}", .path.display())]
    Missing {
        /// The dump.
        path: PathBuf,
        /// What is missing.
        part: String,
    },
    /// A part of the dump is no JSON.
    #[error("'{part}' in the dump '{}' is no JSON", .path.display())]
    Malformed {
        /// The dump.
        path: PathBuf,
        /// Its part.
        part: String,
        /// What is wrong with it.
        source: DocumentError,
    },
    /// No token can be made for the agents.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The run has to end.
    #[error(transparent)]
    Stopped(#[from] Stop),
}

impl DumpError {
    /// The stable dotted name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoAgents(error) | Self::Client(error) => error.kind(),
            Self::UnknownAgent { .. } => "agency.unknown_agent",
            Self::Unwritable { .. } | Self::Exists { .. } => "dump.failed",
            Self::Unreadable { .. } => "dump.unreadable",
            Self::NoDump { .. } | Self::Malformed { .. } => "dump.malformed",
            Self::Missing { .. } => "dump.missing",
            Self::Stopped(_) => "run.stopped",
        }
    }
}
