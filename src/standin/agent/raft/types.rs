//! What the agents replicate, and the types openraft is instantiated with.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::agency::entry::LogEntry;

use super::replica::Replica;

/// Id of an agent inside openraft; agents are known to everybody else by
/// their agency id (`AGNT-…`).
pub type NodeId = u64;

/// What openraft stores about each agent of the pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentNode {
    /// The agent's agency id.
    pub agent_id: String,
    /// The agent's advertised endpoint, such as `tcp://127.0.0.1:8531`.
    pub endpoint: String,
}

impl std::fmt::Display for AgentNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.agent_id, self.endpoint)
    }
}

/// One entry of the replicated log. It may stand for no, one or many entries
/// of the agency's own log, whose indices are counted separately.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// A new leader takes over. Becomes one agency entry, which sets `.agency`.
    Lead {
        /// Term of the leadership that begins.
        term: u64,
        /// The operations object of the entry: `{".agency":{…}}`.
        entry: Arc<LogEntry>,
    },
    /// Transactions that the leader of `term` accepted, in order.
    Write {
        /// Term in which the transactions were accepted.
        term: u64,
        /// Agency index of the first entry; the others follow without a gap.
        first_index: u64,
        /// The accepted transactions.
        entries: Vec<Arc<LogEntry>>,
    },
}

/// Answer of the state machine to one [`Command`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Agency commit index after the command.
    pub commit_index: u64,
}

openraft::declare_raft_types!(
    /// The agency's instance of openraft.
    pub TypeConfig:
        D = Command,
        R = Applied,
        NodeId = NodeId,
        Node = AgentNode,
        Entry = openraft::Entry<TypeConfig>,
        SnapshotData = Arc<Replica>,
);

/// A running Raft node.
pub type Raft = openraft::Raft<TypeConfig>;
/// One entry of openraft's log.
pub type Entry = openraft::Entry<TypeConfig>;
/// Position of an entry in openraft's log.
pub type LogId = openraft::LogId<NodeId>;
/// A vote as openraft persists it.
pub type Vote = openraft::Vote<NodeId>;
/// The pool as openraft stores it.
pub type StoredMembership = openraft::StoredMembership<NodeId, AgentNode>;
/// Metadata of an openraft snapshot.
pub type SnapshotMeta = openraft::SnapshotMeta<NodeId, AgentNode>;
/// An openraft snapshot: a replica as it was. It is encoded only when it is
/// sent, so that taking one costs next to nothing.
pub type Snapshot = openraft::Snapshot<TypeConfig>;
/// A message with entries, or a heartbeat.
pub type AppendRequest = openraft::raft::AppendEntriesRequest<TypeConfig>;
/// What a storage method fails with.
pub type StorageError = openraft::StorageError<NodeId>;

/// The number openraft knows an agent by. It follows from the agency id, so
/// that agents agree on it without asking each other.
pub fn node_id(agent_id: &str) -> NodeId {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(agent_id.as_bytes());
    let mut head = [0; 8];
    head.copy_from_slice(&digest[..8]);
    // The two ends are kept free: 0 is openraft's default, MAX is nobody.
    u64::from_be_bytes(head).clamp(1, u64::MAX - 1)
}

/// A node id that belongs to no agent.
pub const NOBODY: NodeId = u64::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_ids_are_stable_and_differ() {
        assert_eq!(node_id("AGNT-a"), node_id("AGNT-a"));
        assert_ne!(node_id("AGNT-a"), node_id("AGNT-b"));
        assert_ne!(node_id(""), 0);
    }
}
