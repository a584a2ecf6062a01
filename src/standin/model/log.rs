//! Replicated logs as the tree describes them: what is wanted, what shall be, what is.
//!
//! Readers are strict: an unknown attribute, or a missing one that is required, makes the
//! structure unreadable. What is not set is left out when written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ServerId;
use crate::agency::value::Value;

/// Largest body with entries of clients, in bytes: what it becomes fits into a message between
/// servers.
pub(in crate::standin) const LARGEST_INSERT: usize = 8 << 20;

/// What a participant may do and must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(in crate::standin) struct Flags {
    /// Every commit must include this server.
    pub(in crate::standin) forced: bool,
    /// It may be counted towards the write concern.
    pub(in crate::standin) allowed_in_quorum: bool,
    /// It may be elected.
    pub(in crate::standin) allowed_as_leader: bool,
}

impl Default for Flags {
    fn default() -> Self {
        Self { forced: false, allowed_in_quorum: true, allowed_as_leader: true }
    }
}

/// The participants of a log.
pub(in crate::standin) type Participants = BTreeMap<ServerId, Flags>;

/// What is wanted of a log: `Target/ReplicatedLogs/<database>/<id>`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::standin) struct LogTarget {
    /// The number of the log.
    pub(in crate::standin) id: u64,
    /// What is told as reached once the log is as wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) version: Option<u64>,
    /// Who shall lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) leader: Option<ServerId>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) owner: Option<String>,
    /// Who shall take part.
    #[serde(default)]
    pub(in crate::standin) participants: Participants,
    /// How safe writes shall be.
    pub(in crate::standin) config: TargetConfig,
    /// What the log is for.
    pub(in crate::standin) properties: Properties,
    /// Settings of the supervision for this log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) supervision: Option<TargetSupervision>,
}

/// How safe writes shall be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::standin) struct TargetConfig {
    /// So many servers must have a write.
    pub(in crate::standin) write_concern: u64,
    /// So many must have it if there are enough; the write concern if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) soft_write_concern: Option<u64>,
    /// Whether they must have it on disk.
    pub(in crate::standin) wait_for_sync: bool,
}

/// What a log is for.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::standin) struct Properties {
    /// What its entries mean.
    pub(in crate::standin) implementation: Implementation,
}

/// What the entries of a log mean.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::standin) struct Implementation {
    /// `document` or `black-hole`.
    #[serde(rename = "type")]
    pub(in crate::standin) kind: String,
    /// What the implementation needs to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) parameters: Option<Value>,
}

/// Settings of the supervision for one log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::standin) struct TargetSupervision {
    /// So many of the last actions are kept in Current.
    pub(in crate::standin) max_actions_trace_length: u64,
}

/// What shall be: `Plan/ReplicatedLogs/<database>/<id>`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::standin) struct LogPlan {
    /// The number of the log.
    pub(in crate::standin) id: u64,
    /// `target` for logs that the supervision made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) owner: Option<String>,
    /// The term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) current_term: Option<Term>,
    /// Who takes part, and how safe writes are.
    pub(in crate::standin) participants_config: ParticipantsConfig,
    /// What the log is for.
    pub(in crate::standin) properties: Properties,
}

impl LogPlan {
    /// The number of the term.
    pub(in crate::standin) fn term(&self) -> Option<u64> {
        self.current_term.as_ref().map(|term| term.term)
    }

    /// The planned leader.
    pub(in crate::standin) fn leader(&self) -> Option<&Leader> {
        self.current_term.as_ref()?.leader.as_ref()
    }
}

/// A term of a log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::standin) struct Term {
    /// Its number.
    pub(in crate::standin) term: u64,
    /// Who leads; nobody while one is to be elected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) leader: Option<Leader>,
}

/// An incarnation of a server that leads.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::standin) struct Leader {
    /// The server.
    pub(in crate::standin) server_id: ServerId,
    /// Which incarnation of it.
    pub(in crate::standin) reboot_id: u64,
}

/// A generation of participants.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::standin) struct ParticipantsConfig {
    /// Grows by 1 with each change.
    pub(in crate::standin) generation: u64,
    /// How safe writes are.
    pub(in crate::standin) config: PlanConfig,
    /// Who takes part.
    #[serde(default)]
    pub(in crate::standin) participants: Participants,
}

/// How safe writes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::standin) struct PlanConfig {
    /// So many servers must have a write.
    pub(in crate::standin) effective_write_concern: u64,
    /// Whether they must have it on disk.
    pub(in crate::standin) wait_for_sync: bool,
}

/// A place in a log; the term counts first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize,
)]
#[serde(deny_unknown_fields)]
pub(in crate::standin) struct TermIndex {
    /// The term.
    pub(in crate::standin) term: u64,
    /// The index, from 1 on; 0 before the first entry.
    pub(in crate::standin) index: u64,
}

/// How far a participant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(in crate::standin) enum ParticipantState {
    /// A leader whose first entry is not committed.
    Unconfigured,
    /// A leader that rebuilds its state.
    RecoveryInProgress,
    /// A follower that has not heard of a commit.
    Connecting,
    /// A follower that is behind what the leader still has.
    AcquiringSnapshot,
    /// All is well.
    ServiceOperational,
}

/// What is: `Current/ReplicatedLogs/<database>/<id>`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::standin) struct LogCurrent {
    /// What each participant said of itself last; those that left stay.
    #[serde(default)]
    pub(in crate::standin) local_status: BTreeMap<ServerId, LocalStatus>,
    /// What the leader said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) leader: Option<CurrentLeader>,
    /// The incarnations that are known to have all that is committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) safe_reboot_ids: Option<BTreeMap<ServerId, u64>>,
    /// What the supervision keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) supervision: Option<CurrentSupervision>,
    /// The last actions of the supervision, the oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) actions: Option<Value>,
}

/// What a participant says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::standin) struct LocalStatus {
    /// The term that it runs in.
    pub(in crate::standin) term: u64,
    /// Its last entry.
    pub(in crate::standin) spearhead: TermIndex,
    /// How far it is.
    pub(in crate::standin) state: ParticipantState,
    /// Whether it has what was dropped from the log.
    pub(in crate::standin) snapshot_available: bool,
    /// Which incarnation of the server said so.
    pub(in crate::standin) reboot_id: u64,
}

/// What a leader says.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::standin) struct CurrentLeader {
    /// Who it is.
    pub(in crate::standin) server_id: ServerId,
    /// In which term.
    pub(in crate::standin) term: u64,
    /// Whether an entry of this term is committed.
    pub(in crate::standin) leadership_established: bool,
    /// The newest generation that is committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) committed_participants_config: Option<ParticipantsConfig>,
    /// Why nothing is committed, if something should have been for long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) commit_status: Option<Value>,
}

/// What the supervision keeps.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::standin) struct CurrentSupervision {
    /// A lower bound of the write concern of all that is committed.
    #[serde(default = "one")]
    pub(in crate::standin) assumed_write_concern: u64,
    /// Whether all that is committed is on disk.
    #[serde(default)]
    pub(in crate::standin) assumed_wait_for_sync: bool,
    /// The version of the Target that is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) target_version: Option<u64>,
    /// When the supervision last did something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) last_time_modified: Option<String>,
    /// What is in the way.
    #[serde(default, rename = "StatusReport", skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) status_report: Option<Vec<Report>>,
}

fn one() -> u64 {
    1
}

/// One thing that is in the way.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::standin) struct Report {
    /// Its name.
    #[serde(rename = "type")]
    pub(in crate::standin) kind: String,
    /// More of it; `{}` if there is no more.
    pub(in crate::standin) detail: Value,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::agency::de::{ReadError, from_value};

    fn target(json: serde_json::Value) -> Result<LogTarget, ReadError> {
        from_value(&Value::from(json))
    }

    #[test]
    fn s13_a_target_with_an_unknown_or_a_missing_attribute_is_unreadable() {
        let good = json!({
            "id": 1, "participants": {"PRMR-a": {}, "PRMR-b": {"forced": true}},
            "config": {"writeConcern": 2, "waitForSync": false},
            "properties": {"implementation": {"type": "black-hole", "parameters": {}}},
        });
        let read = target(good.clone()).unwrap();
        assert_eq!(read.participants["PRMR-a"], Flags::default());
        assert!(
            read.participants["PRMR-b"].forced && read.participants["PRMR-b"].allowed_in_quorum
        );
        let mut surplus = good.clone();
        surplus["config"]["replicationFactor"] = json!(3);
        assert!(target(surplus).unwrap_err().to_string().contains("replicationFactor"));
        let mut missing = good;
        missing["config"].as_object_mut().unwrap().remove("waitForSync");
        assert!(target(missing).unwrap_err().to_string().contains("waitForSync"));
    }

    #[test]
    fn what_is_not_set_is_not_written_and_flags_are_written_in_full() {
        let read = target(json!({
            "id": 1, "participants": {"PRMR-a": {}}, "config": {"writeConcern": 1, "waitForSync": true},
            "properties": {"implementation": {"type": "document"}},
        }));
        assert_eq!(
            serde_json::to_value(read.unwrap()).unwrap(),
            json!({
                "id": 1, "config": {"writeConcern": 1, "waitForSync": true},
                "participants": {"PRMR-a":
                    {"forced": false, "allowedInQuorum": true, "allowedAsLeader": true}},
                "properties": {"implementation": {"type": "document"}},
            })
        );
    }
}
