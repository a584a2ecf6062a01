//! What the supervision does about one log: the checks in their order.

use rand::rngs::StdRng;

use super::action::Action;
use super::report::Report;
use super::situation::Situation;
use super::{convergence, creation, election, leader, participants, removal, write_concern};
use crate::standin::model::log::{LogCurrent, LogPlan, LogTarget};
use crate::standin::supervision::health_map::HealthMap;

/// What ends a round for a log.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// Something has to happen elsewhere first.
    Wait,
    /// Something is done.
    Act(Action),
}

/// What a round does about a log.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Decision {
    /// What is done.
    pub(super) action: Option<Action>,
    /// What is told, in the order of the checks.
    pub(super) reports: Vec<Report>,
}

/// Looks at one thing. What it gives ends the round for the log.
type Check = fn(&Situation<'_>, &mut Vec<Report>, &mut StdRng) -> Option<Step>;

/// For logs that are planned; the first step counts.
const CHECKS: [Check; 10] = [
    election::leader_present,
    leader::healthy,
    write_concern::planned,
    write_concern::assumed,
    participants::added,
    removal::removed,
    leader::removed,
    leader::wanted,
    participants::flags,
    convergence::converged,
];

/// Decides about one log that is wanted.
pub(super) fn decide(
    target: &LogTarget,
    plan: Option<&LogPlan>,
    current: Option<&LogCurrent>,
    health: &HealthMap,
    random: &mut StdRng,
) -> Decision {
    let Some(plan) = plan else {
        return creation::create(target, health);
    };
    let log = Situation { target, plan, current, health };
    let mut reports = Vec::new();
    let step = CHECKS.iter().find_map(|check| check(&log, &mut reports, random));
    let action = match step {
        Some(Step::Act(action)) => Some(action),
        Some(Step::Wait) | None => None,
    };
    Decision { action, reports }
}
