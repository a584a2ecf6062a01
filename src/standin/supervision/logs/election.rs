//! Elections: who leads when nobody does.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde::Serialize;

use super::action::Action;
use super::report::Report;
use super::rules::Step;
use super::situation::Situation;
use crate::standin::model::ServerId;
use crate::standin::model::log::{Flags, Leader, LocalStatus, TermIndex};

/// How an election went; a part of reports and of the action.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Election {
    /// The term without a leader.
    pub(super) term: u64,
    /// The newest entry of those that could lead.
    pub(super) best_term_index: TermIndex,
    /// So many votes are required.
    pub(super) participants_required: u64,
    /// So many participants know of the term.
    pub(super) participants_attending: u64,
    /// So many votes there are.
    pub(super) participants_voting: u64,
    /// Whether all participants know of the term.
    pub(super) all_participants_attending: bool,
    /// What is thought of each participant.
    pub(super) details: BTreeMap<ServerId, Detail>,
    /// Who can be elected.
    #[serde(rename = "electibleLeaderSet")]
    pub(super) electable: Vec<Leader>,
}

/// What is thought of a participant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Detail {
    code: u8,
    message: &'static str,
}

/// Whether a participant can be elected, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It can.
    Ok,
    /// It is not well.
    ServerNotGood,
    /// It does not know of the term yet.
    TermNotConfirmed,
    /// It may not lead.
    ServerExcluded,
    /// It does not have everything.
    SnapshotMissing,
}

impl Verdict {
    fn of(ok: bool, flags: Flags, status: Option<&LocalStatus>) -> Self {
        match status {
            _ if !ok => Self::ServerNotGood,
            _ if !flags.allowed_as_leader => Self::ServerExcluded,
            None => Self::TermNotConfirmed,
            Some(status) if !status.snapshot_available => Self::SnapshotMissing,
            Some(_) => Self::Ok,
        }
    }

    fn detail(self) -> Detail {
        let (code, message) = match self {
            Self::Ok => (0, "the server can be elected"),
            Self::ServerNotGood => (1, "the server is not well"),
            Self::TermNotConfirmed => (2, "the server has not confirmed the term"),
            Self::ServerExcluded => (3, "the server may not lead"),
            Self::SnapshotMissing => (4, "the server has no snapshot"),
        };
        Detail { code, message }
    }
}

/// Elects a leader if the term has none; nothing else happens to the log before it has one.
pub(super) fn leader_present(
    log: &Situation<'_>,
    reports: &mut Vec<Report>,
    random: &mut StdRng,
) -> Option<Step> {
    let term = log.plan.current_term.as_ref().filter(|term| term.leader.is_none())?.term;
    log.supervision()?;
    let participants = log.participants().count() as u64;
    let Some(required) = participants
        .saturating_add(1)
        .checked_sub(log.assumed_write_concern())
        .filter(|required| *required > 0)
    else {
        reports.push(Report::LeaderElectionImpossible);
        return Some(Step::Wait);
    };
    let election = hold(log, term, required);
    let Some(elected) = election.electable.choose(random).cloned() else {
        reports.push(Report::LeaderElectionOutOfBounds);
        return Some(Step::Wait);
    };
    if election.participants_voting < required {
        reports.push(Report::LeaderElectionQuorumNotReached(election));
        return Some(Step::Wait);
    }
    reports.push(Report::LeaderElectionSuccess(election.clone()));
    let effective = log.effective_write_concern();
    Some(Step::Act(Action::LeaderElection {
        election,
        elected_leader: elected,
        effective_write_concern: effective,
        assumed_write_concern: effective.min(log.assumed_write_concern()),
    }))
}

/// Looks at all participants.
fn hold(log: &Situation<'_>, term: u64, required: u64) -> Election {
    let candidates: Vec<_> = log
        .participants()
        .map(|(id, flags)| {
            let status = log.status_in_term(id);
            (id, status, Verdict::of(log.health.is_ok(id), flags, status))
        })
        .collect();
    let attending = candidates.iter().filter(|(_, status, _)| status.is_some()).count();
    let all = attending == candidates.len();
    let ok: Vec<(&ServerId, &LocalStatus)> = candidates
        .iter()
        .filter(|(_, _, verdict)| *verdict == Verdict::Ok)
        .filter_map(|(id, status, _)| Some((*id, (*status)?)))
        .collect();
    let voting = ok.iter().filter(|(id, status)| all || is_clean(log, id, status)).count();
    let best = ok.iter().map(|(_, status)| status.spearhead).max();
    let electable = ok.iter().filter(|(_, status)| Some(status.spearhead) == best);
    Election {
        term,
        best_term_index: best.unwrap_or_default(),
        participants_required: required,
        participants_attending: attending as u64,
        participants_voting: voting as u64,
        all_participants_attending: all,
        details: candidates
            .iter()
            .map(|(id, _, verdict)| ((*id).clone(), verdict.detail()))
            .collect(),
        electable: electable
            .map(|(id, status)| Leader { server_id: (*id).clone(), reboot_id: status.reboot_id })
            .collect(),
    }
}

/// Whether a participant has all that it once acknowledged: everything was on disk, or it has not
/// been started anew since.
fn is_clean(log: &Situation<'_>, server: &str, status: &LocalStatus) -> bool {
    let safe = log.current.and_then(|current| current.safe_reboot_ids.as_ref());
    log.assumed_wait_for_sync() || safe.and_then(|safe| safe.get(server)) == Some(&status.reboot_id)
}
