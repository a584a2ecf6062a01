//! openraft's own tests of a storage, run against ours.

use openraft::StorageError;
use openraft::testing::{StoreBuilder, Suite};

use super::log_store::MemoryLog;
use super::replica::CompactionRule;
use super::state_machine::StateMachine;
use super::types::{NodeId, TypeConfig};

struct InMemory;

impl StoreBuilder<TypeConfig, MemoryLog, StateMachine, ()> for InMemory {
    async fn build(&self) -> Result<((), MemoryLog, StateMachine), StorageError<NodeId>> {
        let machine = StateMachine::new(CompactionRule::default());
        Ok(((), MemoryLog::default(), machine))
    }
}

#[test]
fn storage_passes_the_suite_of_openraft() {
    Suite::test_all(InMemory).unwrap();
}
