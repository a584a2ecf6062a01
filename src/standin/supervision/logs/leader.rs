//! Leaders that failed, that shall leave, that are wanted.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::action::Action;
use super::report::Report;
use super::rules::Step;
use super::situation::Situation;
use crate::standin::model::ServerId;
use crate::standin::model::log::{Flags, Leader};

/// Begins a term without a leader if the planned one is not well, or is not the incarnation that
/// was planned.
pub(super) fn healthy(log: &Situation<'_>, _: &mut Vec<Report>, _: &mut StdRng) -> Option<Step> {
    let (current, term) = (log.current?, log.plan.term()?);
    let leader = log.plan.leader()?;
    let lives = log.health.is_ok(&leader.server_id)
        && log.health.reboot_id(&leader.server_id) == Some(leader.reboot_id);
    if lives {
        return None;
    }
    let terms = current.local_status.values().map(|status| status.spearhead.term);
    Some(Step::Act(Action::WriteEmptyTerm { min_term: terms.fold(term, u64::max) }))
}

/// Finds somebody to take the place of a leader that is not wanted among the participants.
pub(super) fn removed(
    log: &Situation<'_>,
    reports: &mut Vec<Report>,
    random: &mut StdRng,
) -> Option<Step> {
    let leader = &log.plan.leader()?.server_id;
    if log.target.participants.contains_key(leader) {
        return None;
    }
    let committed = log.reported_leader()?.committed_participants_config.as_ref();
    let Some(committed) = committed.filter(|_| log.is_committed()) else {
        reports.push(Report::WaitingForConfigCommitted);
        return Some(Step::Wait);
    };
    if log.target.leader.as_ref().is_some_and(|wanted| {
        log.health.is_ok(wanted) && log.planned(wanted).is_some_and(|it| it.allowed_as_leader)
    }) {
        // It is switched to because it is wanted.
        return None;
    }
    let candidates: Vec<(&ServerId, Flags, u64)> = committed
        .participants
        .iter()
        .filter(|(id, flags)| *id != leader && flags.allowed_as_leader && log.has_snapshot(id))
        // Another one that shall leave would have to be replaced in its turn.
        .filter(|(id, _)| log.target.participants.contains_key(*id))
        .filter_map(|(id, flags)| Some((id, *flags, log.health.reboot_id(id)?)))
        .collect();
    if let Some((id, _, reboot_id)) = candidates.iter().find(|(_, flags, _)| flags.forced) {
        let leader = Leader { server_id: (*id).clone(), reboot_id: *reboot_id };
        return Some(Step::Act(Action::SwitchLeader { leader }));
    }
    let ok: Vec<_> = candidates.iter().filter(|(id, _, _)| log.health.is_ok(id)).collect();
    let chosen = ok.choose(random).copied().or_else(|| candidates.choose(random));
    let Some((id, flags, _)) = chosen else {
        reports.push(Report::SwitchLeaderFailed);
        return None;
    };
    Some(force(id, *flags))
}

/// Makes the server the leader that is wanted as such.
pub(super) fn wanted(
    log: &Situation<'_>,
    reports: &mut Vec<Report>,
    _: &mut StdRng,
) -> Option<Step> {
    let wanted = log.target.leader.as_ref()?;
    log.current?;
    let mut refused = |why: Report| {
        reports.push(why);
        None
    };
    let Some(flags) = log.planned(wanted) else {
        return refused(Report::TargetLeaderInvalid);
    };
    if !log.health.is_ok(wanted) {
        return refused(Report::TargetLeaderFailed);
    }
    if log.plan.leader()?.server_id == *wanted {
        return None;
    }
    if !log.has_snapshot(wanted) {
        return refused(Report::TargetLeaderSnapshotMissing);
    }
    if !flags.allowed_as_leader {
        return refused(Report::TargetLeaderExcluded);
    }
    if !flags.forced {
        return Some(force(wanted, flags));
    }
    if !log.is_committed() {
        reports.push(Report::WaitingForConfigCommitted);
        return Some(Step::Wait);
    }
    let Some(reboot_id) = log.health.reboot_id(wanted) else {
        return refused(Report::TargetLeaderInvalid);
    };
    let leader = Leader { server_id: wanted.clone(), reboot_id };
    Some(Step::Act(Action::SwitchLeader { leader }))
}

/// A server that is forced has everything once that is committed, and can lead.
fn force(participant: &ServerId, flags: Flags) -> Step {
    Step::Act(Action::UpdateParticipantFlags {
        participant: participant.clone(),
        flags: Flags { forced: true, ..flags },
    })
}
