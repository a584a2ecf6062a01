//! A group with its collections and logs, as they are read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use serde::Deserialize;

use super::view::{DatabaseView, child, reached};
use crate::agency::de::from_value;
use crate::agency::value::{Object, Value};
use crate::standin::model::collection::{Collection, CollectionId, CurrentShard, ShardId};
use crate::standin::model::group::{GroupCurrent, GroupPlan, GroupTarget};
use crate::standin::model::log::{LogPlan, LogTarget};

/// So many numbers a group may need at once.
const MOST_IDS: u64 = 200_000;

/// A group and all that belongs to it.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) target: GroupTarget,
    /// Nothing before it is made.
    pub(super) plan: Option<GroupPlan>,
    /// The version that is told as reached.
    pub(super) reached: Option<u64>,
    /// The collections of Target and Plan, without those that cannot be read.
    pub(super) collections: BTreeMap<CollectionId, Member>,
    /// The logs of the sheaves, in their order.
    pub(super) logs: Vec<SheafLog>,
}

/// A collection of a group.
#[derive(Clone, Debug, Default)]
pub(super) struct Member {
    pub(super) target: Option<Collection>,
    pub(super) plan: Option<Collection>,
    pub(super) current: BTreeMap<ShardId, CurrentShard>,
    /// Whether there is anything of it in Current.
    pub(super) reported: bool,
}

impl Member {
    /// The shards that are planned.
    pub(super) fn shards(&self) -> &[ShardId] {
        self.plan.as_ref().and_then(|plan| plan.shard_order.as_deref()).unwrap_or_default()
    }
}

/// A log of a group. What is missing may as well be unreadable: nobody can go by it.
#[derive(Clone, Debug)]
pub(super) struct SheafLog {
    pub(super) id: u64,
    /// Whether it says of itself that it is of another group, which alone decides about it.
    pub(super) foreign: bool,
    pub(super) target: Option<LogTarget>,
    pub(super) plan: Option<LogPlan>,
    /// The version that is told as reached.
    pub(super) reached: Option<u64>,
}

/// What cannot be read, or not be done.
#[derive(Debug, Default)]
pub(super) struct Complaints(pub(super) Vec<String>);

impl Complaints {
    fn add(&mut self, what: impl Display, why: impl Display) {
        self.0.push(format!("{what}: {why}"));
    }

    /// What a value says, if it can be read.
    fn read<'a, T: Deserialize<'a>>(&mut self, what: impl Display, value: &'a Value) -> Option<T> {
        from_value(value).inspect_err(|error| self.add(what, error)).ok()
    }
}

impl Group {
    /// What is there of a group; nothing if it cannot be read.
    pub(super) fn read(view: &DatabaseView, id: &str, complaints: &mut Complaints) -> Option<Self> {
        let target = child(&view.target.groups, id)?;
        let target: GroupTarget = complaints.read("the group in Target", target)?;
        if target.id.to_string() != id {
            complaints.add("the group in Target", format_args!("its id is {}", target.id));
            return None;
        }
        let plan: Option<GroupPlan> = match child(&view.plan.groups, id) {
            Some(plan) => Some(complaints.read("the group in Plan", plan)?),
            None => None,
        };
        let sheaves = plan.iter().flat_map(|plan| &plan.shard_sheaves);
        let group = target.id;
        let logs =
            sheaves.map(|sheaf| SheafLog::read(view, group, sheaf.replicated_log, complaints));
        let logs = logs.collect();
        let planned = plan.iter().flat_map(|plan| plan.collections.keys());
        let ids: BTreeSet<_> = target.collections.keys().chain(planned).collect();
        let ids = ids.into_iter().filter(|id| !id.is_empty());
        let collections = ids.filter_map(|id| {
            let member = if target.collections.contains_key(id) {
                Member::read(view, id, target.id, complaints)?
            } else {
                // It is dropped, whatever it is.
                let reported = child(&view.current.collections, id).is_some();
                Member { reported, ..Member::default() }
            };
            Some((id.clone(), member))
        });
        let collections = collections.collect();
        let current = child(&view.current.groups, id);
        let current = current
            .and_then(|current| complaints.read::<GroupCurrent>("the group in Current", current));
        let reached = current.and_then(|current| current.supervision.target_version);
        let group = Self { target, plan, reached, collections, logs };
        if group.ids_to_draw() > MOST_IDS {
            complaints.add("the group in Target", "it would have too many shards");
            return None;
        }
        Some(group)
    }

    /// At most so many numbers are needed for what is decided next.
    pub(super) fn ids_to_draw(&self) -> u64 {
        let new = |(id, member): &(&CollectionId, &Member)| {
            member.target.is_some() && !self.is_planned(id)
        };
        let collections = self.collections.iter().filter(new).count() as u64;
        match &self.plan {
            Some(plan) => collections.saturating_mul(plan.shard_sheaves.len() as u64),
            None => {
                let shards = self.target.attributes.immutable.number_of_shards;
                (collections + 1).saturating_mul(shards)
            }
        }
    }

    /// Whether a collection is in the Plan.
    pub(super) fn is_planned(&self, id: &CollectionId) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.collections.contains_key(id))
            && self.collections.get(id).is_some_and(|member| member.plan.is_some())
    }
}

impl Member {
    /// What is there of a collection that is wanted; nothing if it cannot be read.
    fn read(
        view: &DatabaseView,
        id: &str,
        group: u64,
        complaints: &mut Complaints,
    ) -> Option<Self> {
        let Some(target) = child(&view.target.collections, id) else {
            complaints.add(format_args!("collection {id} in Target"), "it is missing");
            return None;
        };
        let target: Collection =
            complaints.read(format_args!("collection {id} in Target"), target)?;
        if target.group_id != Some(group) {
            complaints.add(format_args!("collection {id} in Target"), "it is of another group");
            return None;
        }
        let plan = match child(&view.plan.collections, id) {
            Some(plan) => {
                let what = format_args!("collection {id} in Plan");
                let plan: Collection = complaints.read(what, plan)?;
                // Shards become keys: nothing could be written about this one.
                if plan.shard_order.iter().flatten().any(|shard| shard.contains('/')) {
                    complaints.add(what, "a shard has a slash");
                    return None;
                }
                Some(plan)
            }
            None => None,
        };
        let current = child(&view.current.collections, id);
        let shards = current.and_then(Value::as_object).into_iter().flat_map(Object::iter);
        let shards = shards.filter_map(|(shard, value)| {
            let what = format_args!("shard {shard} in Current");
            Some((shard.clone(), complaints.read(what, value)?))
        });
        let shards = shards.collect();
        Some(Self { target: Some(target), plan, current: shards, reported: current.is_some() })
    }
}

impl SheafLog {
    fn read(view: &DatabaseView, group: u64, log: u64, complaints: &mut Complaints) -> Self {
        let id = log.to_string();
        let target = child(&view.target.logs, &id);
        if target.is_none() {
            complaints.add(format_args!("log {id} in Target"), "it is missing");
        }
        let target: Option<LogTarget> =
            target.and_then(|target| complaints.read(format_args!("log {id} in Target"), target));
        let foreign = target.as_ref().and_then(group_of).is_some_and(|owner| owner != group);
        if foreign {
            complaints.add(format_args!("log {id} in Target"), "it is of another group");
        }
        let target = target.filter(|_| !foreign);
        let plan = child(&view.plan.logs, &id)
            .and_then(|plan| complaints.read(format_args!("log {id} in Plan"), plan));
        let reached = reached(child(&view.current.logs, &id));
        let reached = reached.and_then(|version| from_value(version).ok());
        Self { id: log, foreign, target, plan, reached }
    }
}

/// The group that a log says it is of.
fn group_of(log: &LogTarget) -> Option<u64> {
    let parameters = log.properties.implementation.parameters.as_ref()?;
    from_value(child(parameters, "groupId")?).ok()
}
