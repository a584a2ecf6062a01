//! What an agent keeps on disk.
//!
//! ```text
//! DIRECTORY/
//!   LOCK                       locked while an agent uses the directory
//!   agent.json                 format and the agent's id
//!   vote.json                  openraft's vote
//!   raft-log/newest            number of the newest segment
//!   raft-log/N.segment         openraft's log, in segments
//!   snapshots/INDEX.snapshot   the newest snapshots, of which one is needed
//! ```
//!
//! Whatever openraft is told to be stored is on the device by then. What a crash can leave
//! behind is put right at the next start; anything else that is not as the agent wrote it
//! keeps the agent from starting.

mod error;
mod files;
mod frame;
mod record;
mod recovery;
mod segments;
mod snapshots;
mod writer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use serde::{Deserialize, Serialize};

use super::replica::Replica;
use super::types::Vote;
use crate::standin::directory_lock::{DirectoryLock, LockError, WHOLE};

pub use error::DiskError;
pub(super) use recovery::Recovered;
pub(super) use snapshots::{Description, SnapshotFiles};
pub(super) use writer::Job;

use files::FORMAT;
use segments::{SEGMENT_SIZE, Segments};
use writer::Writer;

/// What `agent.json` holds.
#[derive(Debug, Serialize, Deserialize)]
struct Identity {
    format: u64,
    id: String,
    /// Whether everything else has been created as well.
    complete: bool,
}

/// The directory of an agent, opened.
pub(super) struct Opened {
    /// Whether the agent has been running on it before.
    pub(super) used_before: bool,
    /// The vote, if one was given.
    pub(super) vote: Option<Vote>,
    /// The raft log.
    pub(super) log: Recovered,
    /// Writes to the raft log and the vote.
    pub(super) writer: Sender<Job>,
    /// The newest snapshot.
    pub(super) snapshot: Option<(Description, Replica)>,
    /// Writes snapshots.
    pub(super) snapshots: SnapshotFiles,
}

fn identity_path(directory: &Path) -> PathBuf {
    directory.join("agent.json")
}

/// The id of the agent that a directory belongs to. One that belongs to nobody, or does not
/// exist, is given to a new agent.
///
/// # Errors
/// The directory cannot be used.
pub fn agent_id(directory: &Path) -> Result<String, DiskError> {
    files::create_directory(directory)?;
    match identity(directory)? {
        Some(identity) => Ok(identity.id),
        None => {
            let _lock = take(directory)?;
            let id = format!("AGNT-{}", uuid::Uuid::new_v4());
            found(directory, &id).map(|identity| identity.id)
        }
    }
}

/// Whose directory it is.
fn identity(directory: &Path) -> Result<Option<Identity>, DiskError> {
    let path = identity_path(directory);
    // Read in two steps: another format may have other members.
    let Some(content) = files::read_small::<serde_json::Value>(&path)? else {
        return Ok(None);
    };
    let format = content["format"].as_u64().unwrap_or(0);
    if format != FORMAT {
        return Err(DiskError::Format { path, found: format, known: FORMAT });
    }
    let identity = serde_json::from_value(content);
    identity.map(Some).map_err(|e| DiskError::damaged(&path, 0, e.to_string()))
}

/// Makes the directory that of an agent.
fn found(directory: &Path, id: &str) -> Result<Identity, DiskError> {
    let remains = [vote_path(directory), log_path(directory), snapshots_path(directory)];
    if remains.iter().any(|path| path.exists()) {
        return Err(DiskError::Missing { path: identity_path(directory) });
    }
    let identity = Identity { format: FORMAT, id: id.to_owned(), complete: false };
    files::write_small(&identity_path(directory), &identity)?;
    Ok(identity)
}

fn vote_path(directory: &Path) -> PathBuf {
    directory.join("vote.json")
}

fn log_path(directory: &Path) -> PathBuf {
    directory.join("raft-log")
}

fn snapshots_path(directory: &Path) -> PathBuf {
    directory.join("snapshots")
}

/// Opens the directory of the agent `id`, creating it if need be. Without `sync`, the raft
/// log is left to the operating system: it survives the end of the process, but not of the
/// machine.
pub(super) fn open(directory: &Path, id: &str, sync: bool) -> Result<Opened, DiskError> {
    files::create_directory(directory)?;
    let lock = Arc::new(take(directory)?);
    let mut identity = match identity(directory)? {
        Some(identity) => identity,
        None => found(directory, id)?,
    };
    if identity.id != id {
        return Err(DiskError::OtherAgent {
            path: identity_path(directory),
            found: identity.id,
            expected: id.to_owned(),
        });
    }
    let used_before = identity.complete;
    if !used_before {
        // Nothing has been acknowledged yet: a start that broke off is begun again.
        Segments::create(&log_path(directory), SEGMENT_SIZE)?;
        files::write_small(&vote_path(directory), &None::<Vote>)?;
        files::create_directory(&snapshots_path(directory))?;
        identity.complete = true;
        files::write_small(&identity_path(directory), &identity)?;
    }
    for path in [log_path(directory), snapshots_path(directory)] {
        if !path.is_dir() {
            return Err(DiskError::Missing { path });
        }
    }
    let vote: Option<Vote> = files::read_small(&vote_path(directory))?
        .ok_or_else(|| DiskError::Missing { path: vote_path(directory) })?;
    let (segments, log) = recovery::open(&log_path(directory), SEGMENT_SIZE, sync)?;
    let snapshots = SnapshotFiles::new(&snapshots_path(directory), lock.clone())?;
    let snapshot = snapshots.read(log.purged)?;
    let covered = snapshot.as_ref().and_then(|(d, _)| d.meta.last_log_id);
    if log.purged > covered {
        return Err(DiskError::Missing { path: snapshots_path(directory).join("*.snapshot") });
    }
    let newest_term = log.last().max(covered).map_or(0, |l| l.leader_id.term);
    if vote.map_or(0, |v| v.leader_id.term) < newest_term {
        let what = format!("the log is of term {newest_term}");
        return Err(DiskError::damaged(&vote_path(directory), 0, what));
    }
    let writer = Writer {
        segments,
        vote_path: vote_path(directory),
        last: log.last().map(|l| l.index),
        snapshot: covered.map(|l| l.index),
    };
    let writer = writer::start(writer, lock).map_err(error::io("write", directory))?;
    Ok(Opened { used_before, vote, log, writer, snapshot, snapshots })
}

/// Takes a directory that an agent is to use alone.
fn take(directory: &Path) -> Result<DirectoryLock, DiskError> {
    DirectoryLock::take(directory, WHOLE).map_err(|error| match error {
        LockError::Taken => DiskError::Locked { directory: directory.to_owned() },
        LockError::Io { action, path, source } => DiskError::Io { action, path, source },
    })
}
