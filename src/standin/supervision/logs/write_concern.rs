//! How many servers must have a write, and whether on disk.

use rand::rngs::StdRng;

use super::action::Action;
use super::report::Report;
use super::rules::Step;
use super::situation::Situation;
use crate::standin::model::log::TargetConfig;

/// As many as there are of these servers, within the bounds of what is wanted.
pub(super) fn effective<T>(wanted: &TargetConfig, servers: impl Iterator<Item = T>) -> u64 {
    let soft = wanted.soft_write_concern.unwrap_or(wanted.write_concern);
    wanted.write_concern.max(soft.min(servers.count() as u64))
}

/// Plans the write concern that is wanted and possible, and whether writes have to be on disk.
pub(super) fn planned(log: &Situation<'_>, _: &mut Vec<Report>, _: &mut StdRng) -> Option<Step> {
    log.supervision()?;
    let planned = log.plan.participants_config.config;
    let effective = log.effective_write_concern();
    if effective != planned.effective_write_concern {
        return Some(Step::Act(Action::UpdateEffectiveAndAssumedWriteConcern {
            new_effective_write_concern: effective,
            new_assumed_write_concern: effective.min(log.assumed_write_concern()),
        }));
    }
    let wanted = log.target.config.wait_for_sync;
    (wanted != planned.wait_for_sync).then_some(Step::Act(Action::UpdateWaitForSync {
        new_wait_for_sync: wanted,
        new_assumed_wait_for_sync: wanted && log.assumed_wait_for_sync(),
    }))
}

/// Relies on what is planned once it is committed.
pub(super) fn assumed(log: &Situation<'_>, _: &mut Vec<Report>, _: &mut StdRng) -> Option<Step> {
    if !log.is_committed() {
        return None;
    }
    let planned = log.plan.participants_config.config;
    if planned.effective_write_concern != log.assumed_write_concern() {
        return Some(Step::Act(Action::SetAssumedWriteConcern {
            new_assumed_write_concern: planned.effective_write_concern,
        }));
    }
    (planned.wait_for_sync != log.assumed_wait_for_sync()).then_some(Step::Act(
        Action::SetAssumedWaitForSync { new_assumed_wait_for_sync: planned.wait_for_sync },
    ))
}
