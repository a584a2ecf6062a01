//! Participants that are wanted: those that are missing, and flags that differ.

use rand::rngs::StdRng;

use super::action::Action;
use super::report::Report;
use super::rules::Step;
use super::situation::Situation;

/// Plans a participant that is wanted.
pub(super) fn added(log: &Situation<'_>, _: &mut Vec<Report>, _: &mut StdRng) -> Option<Step> {
    let (participant, flags) =
        log.target.participants.iter().find(|(id, _)| log.planned(id).is_none())?;
    Some(Step::Act(Action::AddParticipantToPlan {
        participant: participant.clone(),
        flags: *flags,
    }))
}

/// Plans the flags that are wanted.
pub(super) fn flags(log: &Situation<'_>, _: &mut Vec<Report>, _: &mut StdRng) -> Option<Step> {
    let (participant, flags) = log
        .target
        .participants
        .iter()
        .find(|(id, wanted)| log.planned(id).is_some_and(|planned| planned != **wanted))?;
    Some(Step::Act(Action::UpdateParticipantFlags {
        participant: participant.clone(),
        flags: *flags,
    }))
}
