//! Logs that are wanted and not planned yet.

use super::action::Action;
use super::report::Report;
use super::rules::Decision;
use super::write_concern::effective;
use crate::standin::model::ServerId;
use crate::standin::model::log::{Leader, LogTarget, PlanConfig};
use crate::standin::supervision::health_map::HealthMap;

/// Plans a log, unless a write could never succeed.
pub(super) fn create(target: &LogTarget, health: &HealthMap) -> Decision {
    if (target.participants.len() as u64).saturating_add(1) < target.config.write_concern {
        return Decision { action: None, reports: vec![Report::TargetNotEnoughParticipants] };
    }
    let ok = target.participants.keys().filter(|id| health.is_ok(id));
    let action = Action::AddLogToPlan {
        id: target.id,
        participants: target.participants.clone(),
        leader: first_leader(target, health),
        config: PlanConfig {
            effective_write_concern: effective(&target.config, ok),
            wait_for_sync: target.config.wait_for_sync,
        },
        properties: target.properties.clone(),
    };
    Decision { action: Some(action), reports: Vec::new() }
}

/// Who leads the first term: the one that is wanted, or else one of those that may. Whether it
/// is well is seen later. Nobody leads if there is no such server.
fn first_leader(target: &LogTarget, health: &HealthMap) -> Option<Leader> {
    let known = |server_id: &ServerId| {
        let reboot_id = health.reboot_id(server_id)?;
        Some(Leader { server_id: server_id.clone(), reboot_id })
    };
    if let Some(wanted) = &target.leader {
        return known(wanted);
    }
    let may_lead = target.participants.iter().filter(|(_, flags)| flags.allowed_as_leader);
    let may_lead: Vec<Leader> = may_lead.filter_map(|(id, _)| known(id)).collect();
    let chosen = target.id.checked_rem(may_lead.len() as u64)?;
    may_lead.into_iter().nth(usize::try_from(chosen).ok()?)
}
