//! What the supervision does to a log, and what becomes of the Plan by that.

use serde::Serialize;

use super::election::Election;
use crate::standin::model::ServerId;
use crate::standin::model::log::{
    CurrentSupervision, Flags, Leader, LogPlan, Participants, ParticipantsConfig, PlanConfig,
    Properties, Term,
};

/// The owner of logs that are made from a Target.
pub(super) const OWNER: &str = "target";

/// One change to a log. Serialized, it is the description that stands in the trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub(super) enum Action {
    /// Plans the log.
    #[serde(rename = "AddLogToPlanAction")]
    AddLogToPlan {
        /// Its number.
        id: u64,
        /// Who takes part.
        participants: Participants,
        /// Who leads the first term.
        #[serde(skip_serializing_if = "Option::is_none")]
        leader: Option<Leader>,
        /// How safe writes are.
        config: PlanConfig,
        /// What it is for.
        #[serde(skip)]
        properties: Properties,
    },
    /// Begins a term with a leader that was elected.
    #[serde(rename = "LeaderElectionAction")]
    LeaderElection {
        /// How it came to that.
        election: Election,
        /// Who leads.
        elected_leader: Leader,
        /// The write concern of the term.
        #[serde(skip)]
        effective_write_concern: u64,
        /// What is assumed from now on.
        #[serde(skip)]
        assumed_write_concern: u64,
    },
    /// Begins a term without a leader.
    #[serde(rename = "WriteEmptyTermAction")]
    WriteEmptyTerm {
        /// The term comes after this one.
        min_term: u64,
    },
    /// Begins a term with another leader.
    #[serde(rename = "SwitchLeaderAction")]
    SwitchLeader {
        /// Who leads.
        leader: Leader,
    },
    /// Changes the flags of a participant.
    #[serde(rename = "UpdateParticipantFlagsAction")]
    UpdateParticipantFlags {
        /// Whose.
        participant: ServerId,
        /// All of them.
        flags: Flags,
    },
    /// Adds a participant.
    #[serde(rename = "AddParticipantToPlanAction")]
    AddParticipantToPlan {
        /// Who.
        participant: ServerId,
        /// Its flags.
        flags: Flags,
    },
    /// Removes a participant.
    #[serde(rename = "RemoveParticipantFromPlanAction")]
    RemoveParticipantFromPlan {
        /// Who.
        participant: ServerId,
    },
    /// Changes how many servers must have a write.
    #[serde(rename = "UpdateEffectiveAndAssumedWriteConcernAction")]
    UpdateEffectiveAndAssumedWriteConcern {
        /// From now on.
        new_effective_write_concern: u64,
        /// At least so many have had it so far.
        new_assumed_write_concern: u64,
    },
    /// Changes whether writes have to be on disk.
    #[serde(rename = "UpdateWaitForSyncAction")]
    UpdateWaitForSync {
        /// From now on.
        new_wait_for_sync: bool,
        /// Whether all that there is can be relied on to be on disk.
        new_assumed_wait_for_sync: bool,
    },
    /// Relies on the write concern that is committed.
    #[serde(rename = "SetAssumedWriteConcernAction")]
    SetAssumedWriteConcern {
        /// At least so many servers have what is committed.
        new_assumed_write_concern: u64,
    },
    /// Relies on writes being on disk, as is committed, or does so no more.
    #[serde(rename = "SetAssumedWaitForSyncAction")]
    SetAssumedWaitForSync {
        /// Whether they are. The key of the protocol has a name that does not fit.
        #[serde(rename = "newAssumedWriteConcern")]
        new_assumed_wait_for_sync: bool,
    },
    /// Tells that the Target is reached.
    #[serde(rename = "ConvergedToTargetAction")]
    ConvergedToTarget {
        /// The version that it has.
        version: u64,
    },
}

impl Action {
    /// The Plan after the action; nothing if it stays as it is.
    pub(super) fn plan(&self, plan: Option<&LogPlan>) -> Option<LogPlan> {
        if let Self::AddLogToPlan { id, participants, leader, config, properties } = self {
            return Some(LogPlan {
                id: *id,
                owner: Some(OWNER.to_owned()),
                current_term: Some(Term { term: 1, leader: leader.clone() }),
                participants_config: ParticipantsConfig {
                    generation: 1,
                    config: *config,
                    participants: participants.clone(),
                },
                properties: properties.clone(),
            });
        }
        let mut plan = plan?.clone();
        match self {
            Self::LeaderElection { elected_leader, .. } => begin(&mut plan, Some(elected_leader)),
            Self::SwitchLeader { leader } => begin(&mut plan, Some(leader)),
            Self::WriteEmptyTerm { min_term } => {
                let term = min_term.saturating_add(1);
                plan.current_term = Some(Term { term, leader: None });
            }
            _ => {}
        }
        let configured = self.configure(&mut plan.participants_config);
        (configured || self.begins_term()).then_some(plan)
    }

    /// Whether the action begins a term.
    fn begins_term(&self) -> bool {
        matches!(
            self,
            Self::LeaderElection { .. } | Self::SwitchLeader { .. } | Self::WriteEmptyTerm { .. }
        )
    }

    /// Makes the next generation, if the action is about the configuration.
    fn configure(&self, configuration: &mut ParticipantsConfig) -> bool {
        let ParticipantsConfig { generation, config, participants } = configuration;
        match self {
            Self::LeaderElection { effective_write_concern, .. } => {
                config.effective_write_concern = *effective_write_concern;
            }
            Self::UpdateParticipantFlags { participant, flags }
            | Self::AddParticipantToPlan { participant, flags } => {
                participants.insert(participant.clone(), *flags);
            }
            Self::RemoveParticipantFromPlan { participant } => {
                participants.remove(participant);
            }
            Self::UpdateEffectiveAndAssumedWriteConcern { new_effective_write_concern, .. } => {
                config.effective_write_concern = *new_effective_write_concern;
            }
            Self::UpdateWaitForSync { new_wait_for_sync, .. } => {
                config.wait_for_sync = *new_wait_for_sync;
            }
            _ => return false,
        }
        *generation = generation.saturating_add(1);
        true
    }

    /// Changes what the supervision keeps of the log.
    pub(super) fn note(&self, kept: &mut CurrentSupervision) {
        match self {
            Self::AddLogToPlan { config, .. } => {
                kept.assumed_write_concern = config.effective_write_concern;
                kept.assumed_wait_for_sync = config.wait_for_sync;
            }
            Self::LeaderElection { assumed_write_concern: assumed, .. }
            | Self::UpdateEffectiveAndAssumedWriteConcern {
                new_assumed_write_concern: assumed,
                ..
            }
            | Self::SetAssumedWriteConcern { new_assumed_write_concern: assumed } => {
                kept.assumed_write_concern = *assumed;
            }
            Self::UpdateWaitForSync { new_assumed_wait_for_sync: assumed, .. }
            | Self::SetAssumedWaitForSync { new_assumed_wait_for_sync: assumed } => {
                kept.assumed_wait_for_sync = *assumed;
            }
            Self::ConvergedToTarget { version } => kept.target_version = Some(*version),
            Self::WriteEmptyTerm { .. }
            | Self::SwitchLeader { .. }
            | Self::UpdateParticipantFlags { .. }
            | Self::AddParticipantToPlan { .. }
            | Self::RemoveParticipantFromPlan { .. } => {}
        }
    }
}

/// Begins the next term.
fn begin(plan: &mut LogPlan, leader: Option<&Leader>) {
    let term = plan.term().unwrap_or(0).saturating_add(1);
    plan.current_term = Some(Term { term, leader: leader.cloned() });
}
