//! openraft's own tests of a storage, run against ours.

use openraft::StorageError;
use openraft::testing::{StoreBuilder, Suite};

use super::log_store::RaftLog;
use super::replica::CompactionRule;
use super::state_machine::StateMachine;
use super::storage::Storage;
use super::types::{NodeId, TypeConfig};

struct InMemory;

impl StoreBuilder<TypeConfig, RaftLog, StateMachine, ()> for InMemory {
    async fn build(&self) -> Result<((), RaftLog, StateMachine), StorageError<NodeId>> {
        let machine = StateMachine::new(CompactionRule::default());
        Ok(((), RaftLog::default(), machine))
    }
}

#[test]
fn storage_passes_the_suite_of_openraft() {
    Suite::test_all(InMemory).unwrap();
}

struct OnDisk;

impl StoreBuilder<TypeConfig, RaftLog, StateMachine, tempfile::TempDir> for OnDisk {
    async fn build(
        &self,
    ) -> Result<(tempfile::TempDir, RaftLog, StateMachine), StorageError<NodeId>> {
        let directory = tempfile::tempdir().unwrap();
        let storage = Storage::Disk(directory.path().to_owned());
        let stored = storage.open("AGNT-suite", CompactionRule::default(), true).unwrap();
        Ok((directory, stored.log, stored.machine))
    }
}

#[test]
fn storage_on_disk_passes_the_suite_of_openraft() {
    Suite::test_all(OnDisk).unwrap();
}
