//! The agents' replicated log: openraft with our storage and network.

pub mod compaction;
pub mod disk;
pub mod log_store;
pub mod network;
pub mod peers;
pub mod proposer;
pub mod replica;
pub mod state_machine;
pub mod storage;
pub mod types;

#[cfg(test)]
mod storage_suite;
