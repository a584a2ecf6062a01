//! The table of decisions: the first row that applies to a group is carried out.

use std::collections::BTreeSet;

use rand::rngs::StdRng;

use super::action::Action;
use super::group::Group;
use super::{collections, creation, sheaves};
use crate::standin::model::ServerId;
use crate::standin::model::group::GroupPlan;
use crate::standin::supervision::health_map::HealthMap;
use crate::standin::supervision::ids::Ids;

/// The DB-servers that there are.
#[derive(Debug, Default)]
pub(super) struct Servers {
    pub(super) health: HealthMap,
    /// Those that are, or are to be, without data.
    pub(super) cleaned: BTreeSet<ServerId>,
}

impl Servers {
    /// All that are known.
    pub(super) fn known(&self) -> impl Iterator<Item = &ServerId> {
        self.health.servers().map(|(server, _)| server)
    }

    /// Those that are well.
    pub(super) fn ok(&self) -> impl Iterator<Item = &ServerId> {
        self.health.servers().filter(|(_, health)| health.ok).map(|(server, _)| server)
    }
}

/// What is to be done about a group, if anything.
pub(super) fn decide(
    database: &str,
    group: &Group,
    servers: &Servers,
    ids: &mut Ids,
    random: &mut StdRng,
) -> Option<Action> {
    let planned = group.plan.as_ref().map(|plan| &plan.collections);
    if group.target.collections.is_empty() && planned.is_none_or(|planned| planned.is_empty()) {
        let own = group.logs.iter().filter(|log| !log.foreign);
        let logs = own.map(|log| log.id).collect();
        return Some(Action::RemoveGroup { logs });
    }
    let Some(plan) = &group.plan else {
        return creation::create(database, group, servers, ids, random);
    };
    attributes(group, plan)
        .or_else(|| logs(group, servers, random))
        .or_else(|| collections::join_or_leave(group, plan, ids))
        .or_else(|| collections::modify(group))
        .or_else(|| collections::refresh_shards(group))
        .or_else(|| converge(group, plan))
}

/// Whether what is done about a group next may depend on which of the known servers are well.
pub(super) fn waits_for_servers(group: &Group, servers: &Servers) -> bool {
    let copies = sheaves::copies(&group.target.attributes.mutable, servers);
    let mut logs = group.logs.iter().filter_map(|log| log.target.as_ref());
    group.plan.is_none() || logs.any(|log| log.participants.len() != copies)
}

/// Attributes that were changed in Target.
fn attributes(group: &Group, plan: &GroupPlan) -> Option<Action> {
    let wanted = &group.target.attributes.mutable;
    (*wanted != plan.attributes.mutable).then(|| Action::SetAttributes(wanted.clone()))
}

/// Logs that are not as the group wants them; each goes one step.
fn logs(group: &Group, servers: &Servers, random: &mut StdRng) -> Option<Action> {
    let wanted = &group.target.attributes.mutable;
    let changes = group.logs.iter().filter_map(|log| {
        let target = log.target.as_ref()?;
        let leader = log.plan.as_ref().and_then(|plan| plan.leader());
        let leader = leader.map(|leader| &*leader.server_id);
        let change = sheaves::change(target, leader, wanted, servers, random)?;
        Some((log.id, target.version, change))
    });
    let changes: Vec<_> = changes.collect();
    (!changes.is_empty()).then_some(Action::ChangeLogs(changes))
}

/// A version that is reached: all logs have reached theirs, and all shards are there.
fn converge(group: &Group, plan: &GroupPlan) -> Option<Action> {
    let version = group.target.version.filter(|version| group.reached != Some(*version))?;
    let all_planned = group.target.collections.keys().all(|id| group.is_planned(id));
    let there = group
        .collections
        .values()
        .all(|member| member.shards().iter().all(|shard| member.current.contains_key(shard)));
    let reached = group.logs.len() == plan.shard_sheaves.len()
        && group
            .logs
            .iter()
            .all(|log| log.target.as_ref().is_some_and(|target| target.version == log.reached));
    (all_planned && there && reached).then_some(Action::Converge { version })
}
