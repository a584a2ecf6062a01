//! Participants that are not wanted any more.
//!
//! One leaves in two generations: first it does not count in the quorum any more, then it is
//! gone. As long as too few are left without it for the write concern, it stays.

use rand::rngs::StdRng;

use super::action::Action;
use super::report::Report;
use super::rules::Step;
use super::situation::Situation;
use crate::standin::model::ServerId;
use crate::standin::model::log::Flags;

/// Takes one step to remove participants that are not wanted.
pub(super) fn removed(
    log: &Situation<'_>,
    reports: &mut Vec<Report>,
    _: &mut StdRng,
) -> Option<Step> {
    let reported = log.reported_leader()?;
    reported.committed_participants_config.as_ref()?;
    let wanted = &log.target.participants;
    if log.plan.participants_config.participants.len() == wanted.len() {
        return None;
    }
    let (staying, mut leaving): (Vec<_>, Vec<_>) =
        log.participants().partition(|(id, _)| wanted.contains_key(*id));
    let needed = log.plan.participants_config.config.effective_write_concern;
    let mut usable = staying.iter().filter(|(id, _)| log.is_usable(id)).count() as u64;
    leaving.retain(|(id, flags)| {
        let retained = usable < needed && log.is_usable(id) && flags.allowed_in_quorum;
        usable += u64::from(retained);
        !retained
    });
    if usable < needed {
        let back = readmitted(log);
        if back.is_none() {
            reports.push(Report::TargetNotEnoughParticipants);
        }
        return back;
    }
    if !log.is_committed() {
        reports.push(Report::WaitingForConfigCommitted);
        return Some(Step::Wait);
    }
    // The leader goes only when another one leads.
    let (participant, flags) = leaving.into_iter().find(|(id, _)| **id != reported.server_id)?;
    Some(if flags.allowed_in_quorum {
        count(participant, flags, false)
    } else {
        Step::Act(Action::RemoveParticipantFromPlan { participant: participant.clone() })
    })
}

/// Lets a participant count again that does not, unless just that is wanted.
fn readmitted(log: &Situation<'_>) -> Option<Step> {
    let wanted = |id| log.target.participants.get(id);
    let (participant, flags) = log.participants().find(|(id, flags)| {
        !flags.allowed_in_quorum && wanted(*id).is_none_or(|wanted| wanted.allowed_in_quorum)
    })?;
    Some(count(participant, flags, true))
}

/// Lets a participant count in the quorum, or not.
fn count(participant: &ServerId, flags: Flags, allowed_in_quorum: bool) -> Step {
    Step::Act(Action::UpdateParticipantFlags {
        participant: participant.clone(),
        flags: Flags { allowed_in_quorum, ..flags },
    })
}
