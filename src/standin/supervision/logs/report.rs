//! What the supervision tells about a log that is not as wanted.

use serde_json::json;

use super::election::Election;
use crate::standin::model::log;

/// What is in the way, or how an election ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Report {
    /// Too few servers for the write concern.
    TargetNotEnoughParticipants,
    /// The wanted leader takes no part, or is unknown.
    TargetLeaderInvalid,
    /// The wanted leader may not lead.
    TargetLeaderExcluded,
    /// The wanted leader does not have everything.
    TargetLeaderSnapshotMissing,
    /// The wanted leader is not well.
    TargetLeaderFailed,
    /// More votes are required than there are participants.
    LeaderElectionImpossible,
    /// Nobody can be elected.
    LeaderElectionOutOfBounds,
    /// Too few participants vote.
    LeaderElectionQuorumNotReached(Election),
    /// A leader was elected.
    LeaderElectionSuccess(Election),
    /// The leader shall leave, and nobody can take its place.
    SwitchLeaderFailed,
    /// Something has to wait for the leader to commit the configuration.
    WaitingForConfigCommitted,
}

impl Report {
    /// The report as it stands in the tree.
    pub(super) fn record(&self) -> log::Report {
        let (kind, detail) = match self {
            Self::TargetNotEnoughParticipants => ("TargetNotEnoughParticipants", json!({})),
            Self::TargetLeaderInvalid => ("TargetLeaderInvalid", json!({})),
            Self::TargetLeaderExcluded => ("TargetLeaderExcluded", json!({})),
            Self::TargetLeaderSnapshotMissing => ("TargetLeaderSnapshotMissing", json!({})),
            Self::TargetLeaderFailed => ("TargetLeaderFailed", json!({})),
            Self::LeaderElectionImpossible => ("LeaderElectionImpossible", json!({})),
            Self::LeaderElectionOutOfBounds => ("LeaderElectionOutOfBounds", json!({})),
            Self::LeaderElectionQuorumNotReached(election) => {
                ("LeaderElectionQuorumNotReached", json!({ "election": election }))
            }
            Self::LeaderElectionSuccess(election) => {
                ("LeaderElectionSuccess", json!({ "election": election }))
            }
            Self::SwitchLeaderFailed => ("SwitchLeaderFailed", json!({})),
            Self::WaitingForConfigCommitted => ("WaitingForConfigCommitted", json!({})),
        };
        log::Report { kind: kind.to_owned(), detail: detail.into() }
    }
}
