//! Whether a log is as its Target wants it.

use rand::rngs::StdRng;

use super::action::Action;
use super::report::Report;
use super::rules::Step;
use super::situation::Situation;
use crate::standin::model::log::ParticipantState;

/// Tells that the version of the Target is reached. Whatever were left to be done would have been
/// found before.
pub(super) fn converged(log: &Situation<'_>, _: &mut Vec<Report>, _: &mut StdRng) -> Option<Step> {
    let version = log.target.version?;
    let told = log.supervision().and_then(|kept| kept.target_version);
    if told == Some(version) || !is_settled(log) {
        return None;
    }
    Some(Step::Act(Action::ConvergedToTarget { version }))
}

/// Whether the planned leader leads, has committed everything, and all participants that ever
/// said anything are at work. Those that have said nothing do not count, but for the one that
/// shall lead: it will, as soon as it can.
fn is_settled(log: &Situation<'_>) -> bool {
    let (Some(reported), Some(_)) = (log.reported_leader(), log.plan.leader()) else {
        return false;
    };
    let led = Some(reported.term) == log.plan.term() || reported.leadership_established;
    let wanted = log.target.leader.as_ref().filter(|id| log.health.is_ok(id));
    led && log.is_committed()
        && log.participants().all(|(id, _)| {
            let status = log.current.and_then(|current| current.local_status.get(id));
            status.map_or(wanted != Some(id), |status| {
                log.status_in_term(id).is_some()
                    && status.state == ParticipantState::ServiceOperational
            })
        })
}
