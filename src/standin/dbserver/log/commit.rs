//! Which entries are committed, and why others are not.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::standin::model::ServerId;
use crate::standin::model::log::{Flags, TermIndex};

/// A participant as the commit rule sees it.
#[derive(Clone, Copy, Debug)]
pub(in crate::standin) struct Voter {
    /// What it may do and must have.
    pub(in crate::standin) flags: Flags,
    /// The last entry that it acknowledged; the leader's own last one.
    pub(in crate::standin) acknowledged: TermIndex,
    /// Whether it has what was dropped.
    pub(in crate::standin) snapshot_available: bool,
}

/// Everybody, with the term and the write concern that are in force.
#[derive(Clone, Debug)]
pub(in crate::standin) struct Votes {
    /// The term of the leader.
    pub(in crate::standin) term: u64,
    /// So many have to have an entry.
    pub(in crate::standin) write_concern: u64,
    /// The participants.
    pub(in crate::standin) voters: BTreeMap<ServerId, Voter>,
}

/// Why nothing more is committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all_fields = "camelCase")]
pub(in crate::standin) enum CommitStatus {
    /// All is committed.
    NothingToCommit,
    /// Enough servers may be counted, but not all of them have the newest entry.
    QuorumSizeNotReached {
        /// Those that cannot be counted for it.
        who: BTreeMap<ServerId, Missing>,
        /// The newest entry.
        spearhead: TermIndex,
    },
    /// A server that every commit needs lags behind.
    ForcedParticipantNotInQuorum {
        /// The server.
        who: ServerId,
    },
    /// Too few servers may be counted.
    NonEligibleServerRequiredForQuorum {
        /// Those that may not be, and why.
        candidates: BTreeMap<ServerId, Ineligible>,
    },
    /// Not even all servers together are enough.
    FewerParticipantsThanWriteConcern {
        /// So many would be.
        effective_write_concern: u64,
        /// So many there are.
        num_participants: u64,
    },
}

/// A server that cannot be counted for the newest entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::standin) struct Missing {
    /// Whether it may be counted at all.
    is_allowed_in_quorum: bool,
    /// Whether it has what was dropped.
    snapshot_available: bool,
    /// The last entry that it acknowledged.
    last_acknowledged: TermIndex,
}

/// Why a server may not be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::standin) enum Ineligible {
    /// Its flags say so.
    NotAllowedInQuorum,
    /// It has acknowledged no entry of this term.
    WrongTerm,
    /// It has not what was dropped.
    SnapshotMissing,
}

impl Votes {
    fn ineligible(&self, voter: &Voter) -> Option<Ineligible> {
        if !voter.flags.allowed_in_quorum {
            Some(Ineligible::NotAllowedInQuorum)
        } else if voter.acknowledged.term != self.term {
            Some(Ineligible::WrongTerm)
        } else if !voter.snapshot_available {
            Some(Ineligible::SnapshotMissing)
        } else {
            None
        }
    }

    fn eligible(&self) -> impl Iterator<Item = (&ServerId, &Voter)> {
        self.voters.iter().filter(|(_, voter)| self.ineligible(voter).is_none())
    }

    fn forced(&self) -> impl Iterator<Item = (&ServerId, &Voter)> {
        self.voters.iter().filter(|(_, voter)| voter.flags.forced)
    }

    /// Nobody commits without anybody.
    fn needed(&self) -> usize {
        usize::try_from(self.write_concern.max(1)).unwrap_or(usize::MAX)
    }

    /// The last entry that enough servers have, whoever else must have it.
    fn allowed_by_quorum(&self) -> Option<u64> {
        let mut held: Vec<u64> = self.eligible().map(|(_, v)| v.acknowledged.index).collect();
        held.sort_unstable_by(|a, b| b.cmp(a));
        held.get(self.needed() - 1).copied()
    }

    /// The last entry that may be committed.
    pub(in crate::standin) fn committable(&self) -> Option<u64> {
        self.forced().try_fold(self.allowed_by_quorum()?, |index, (_, voter)| {
            let held = voter.acknowledged;
            (held.term == self.term).then(|| index.min(held.index))
        })
    }

    /// As many servers as are needed that have an entry; those come first that must have it, then
    /// the leader.
    pub(in crate::standin) fn quorum(&self, index: u64, leader: &ServerId) -> Vec<ServerId> {
        let mut having: Vec<_> =
            self.eligible().filter(|(_, voter)| voter.acknowledged.index >= index).collect();
        having.sort_by_key(|(id, voter)| (!voter.flags.forced, *id != leader));
        let mut quorum: Vec<_> =
            having.into_iter().take(self.needed()).map(|(id, _)| id.clone()).collect();
        quorum.sort_unstable();
        quorum
    }

    /// Why entries up to `newest` are not committed, given that they are not.
    pub(in crate::standin) fn obstacle(&self, newest: TermIndex) -> CommitStatus {
        let eligible = self.eligible().count();
        if eligible == self.voters.len() && eligible < self.needed() {
            return CommitStatus::FewerParticipantsThanWriteConcern {
                effective_write_concern: self.write_concern,
                num_participants: eligible as u64,
            };
        }
        let allowed = self.allowed_by_quorum().unwrap_or(0);
        let lags = |held: TermIndex| held.term != self.term || held.index < allowed;
        if let Some((who, _)) = self.forced().find(|(_, voter)| lags(voter.acknowledged)) {
            return CommitStatus::ForcedParticipantNotInQuorum { who: who.clone() };
        }
        if eligible >= self.needed() {
            let missing = |voter: &Voter| {
                self.ineligible(voter).is_some() || voter.acknowledged.index < newest.index
            };
            let who = self.voters.iter().filter(|(_, voter)| missing(voter));
            return CommitStatus::QuorumSizeNotReached {
                who: who
                    .map(|(id, voter)| {
                        let missing = Missing {
                            is_allowed_in_quorum: voter.flags.allowed_in_quorum,
                            snapshot_available: voter.snapshot_available,
                            last_acknowledged: voter.acknowledged,
                        };
                        (id.clone(), missing)
                    })
                    .collect(),
                spearhead: newest,
            };
        }
        let candidates = self.voters.iter();
        let candidates = candidates.filter_map(|(id, v)| Some((id.clone(), self.ineligible(v)?)));
        CommitStatus::NonEligibleServerRequiredForQuorum { candidates: candidates.collect() }
    }
}
