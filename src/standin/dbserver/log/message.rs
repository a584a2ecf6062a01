//! What leader and followers tell each other.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::entry::Entry;
use crate::standin::model::ServerId;
use crate::standin::model::log::TermIndex;

/// What a leader sends.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::standin) struct Append {
    /// The leader.
    pub(in crate::standin) leader: ServerId,
    /// Its term.
    pub(in crate::standin) term: u64,
    /// The incarnation of the follower that is meant, as far as the leader knows.
    pub(in crate::standin) incarnation: u64,
    /// The number of this message, for the leader itself.
    pub(in crate::standin) sequence: u64,
    /// The entry before those that are sent.
    pub(in crate::standin) previous: TermIndex,
    /// The entries.
    pub(in crate::standin) entries: Vec<Arc<Entry>>,
    /// The last entry that is committed; 0 before the leader knows.
    pub(in crate::standin) commit_index: u64,
    /// Up to here nothing is needed any more.
    pub(in crate::standin) released: u64,
    /// Whether the entries have to be on disk before they are acknowledged.
    pub(in crate::standin) sync: bool,
    /// What stands in for entries that were dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) snapshot: Option<Snapshot>,
}

/// What stands in for entries that were dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::standin) struct Snapshot {
    /// The last of these entries.
    pub(in crate::standin) last: TermIndex,
    /// Whether this is the snapshot; otherwise it is to come.
    pub(in crate::standin) complete: bool,
}

/// What a follower answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::standin) struct Acknowledgement {
    /// The term of the message that is answered.
    pub(in crate::standin) term: u64,
    /// The number of the message that is answered.
    pub(in crate::standin) sequence: u64,
    /// What came of it.
    pub(in crate::standin) result: AppendResult,
    /// Whether the follower has what was dropped.
    pub(in crate::standin) snapshot_available: bool,
    /// What the follower knows to be committed.
    pub(in crate::standin) commit_index: u64,
}

/// What came of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::standin) enum AppendResult {
    /// Up to here the log is the leader's.
    Stored(TermIndex),
    /// The entry before those that were sent is missing or another one; the logs may agree up to
    /// this index.
    Conflict(u64),
    /// The follower does not follow this leader in this term, or not yet.
    NotFollowing,
}

/// Commit index, write quorum and term, as clients see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::standin) struct Committed {
    /// The last entry that is committed.
    pub(in crate::standin) commit_index: u64,
    /// Who has it.
    pub(in crate::standin) quorum: Quorum,
}

/// The servers that an entry is committed by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(in crate::standin) struct Quorum {
    /// The index of the entry.
    pub(in crate::standin) index: u64,
    /// The term of the leader.
    pub(in crate::standin) term: u64,
    /// The servers.
    pub(in crate::standin) quorum: Vec<ServerId>,
}
