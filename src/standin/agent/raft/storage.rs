//! Where an agent keeps what it must not forget.

use std::path::PathBuf;

use super::disk::{self, DiskError, Opened};
use super::log_store::RaftLog;
use super::replica::CompactionRule;
use super::state_machine::StateMachine;
use super::types::{NodeId, node_id};

/// Where an agent keeps log, vote and snapshots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// In memory: all is gone when the agent ends, and it must not be started again under the
    /// same id.
    #[default]
    Memory,
    /// In this directory, which is created if need be.
    Disk(PathBuf),
}

/// What an agent starts with.
#[derive(Debug)]
pub struct Stored {
    /// The raft log.
    pub log: RaftLog,
    /// The committed state, as of the newest snapshot.
    pub machine: StateMachine,
    /// Whether the agent has been running before.
    pub restarted: bool,
}

impl Storage {
    /// Opens the storage of the agent `id`. Blocks while it reads.
    ///
    /// # Errors
    /// The directory is in use, damaged or that of another agent.
    pub fn open(&self, id: &str, rule: CompactionRule, sync: bool) -> Result<Stored, DiskError> {
        match self {
            Self::Memory => Ok(Stored {
                log: RaftLog::default(),
                machine: StateMachine::new(rule),
                restarted: false,
            }),
            Self::Disk(directory) => {
                Ok(restore(disk::open(directory, id, sync)?, node_id(id), rule))
            }
        }
    }
}

fn restore(opened: Opened, own_id: NodeId, rule: CompactionRule) -> Stored {
    let log = RaftLog::on_disk(opened.vote, own_id, opened.log, opened.writer);
    let machine = StateMachine::on_disk(rule, opened.snapshot, opened.snapshots, &log);
    Stored { log, machine, restarted: opened.used_before }
}
