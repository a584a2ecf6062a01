//! Collections of a group: which there are, their properties, their indexes, where their shards
//! are.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::action::{Action, Properties};
use super::creation::planned;
use super::group::{Group, Member};
use crate::agency::value::Value;
use crate::standin::model::ServerId;
use crate::standin::model::collection::{Collection, CollectionId, Shards, flag, index_id};
use crate::standin::model::group::GroupPlan;
use crate::standin::model::log::{LogPlan, LogTarget};
use crate::standin::supervision::ids::Ids;

/// The properties of a collection that can be changed, besides its indexes.
const MUTABLE: [&str; 3] = ["cacheEnabled", "computedValues", "schema"];

/// A collection that is not in Plan yet, or not in Target any more.
pub(super) fn join_or_leave(group: &Group, plan: &GroupPlan, ids: &mut Ids) -> Option<Action> {
    let new = group
        .collections
        .iter()
        .find(|(id, member)| member.target.is_some() && !group.is_planned(id));
    if let Some((id, Member { target: Some(wanted), .. })) = new {
        let places: Vec<_> = group
            .logs
            .iter()
            .map(|log| {
                let planned = log.plan.as_ref().map(servers_of_plan);
                planned.or_else(|| log.target.as_ref().map(servers_of_target)).unwrap_or_default()
            })
            .collect();
        let collection = planned(wanted, &places, ids)?;
        return Some(Action::AddCollection { id: id.clone(), collection });
    }
    // An empty id is rubbish, and no path leads to it.
    let mut planned = plan.collections.keys().filter(|id| !id.is_empty());
    let gone = planned.find(|id| !group.target.collections.contains_key(*id))?;
    let reported = group.collections.get(gone).is_some_and(|member| member.reported);
    Some(Action::DropCollection { id: gone.clone(), reported })
}

/// A collection whose properties or indexes are not as they are wanted.
pub(super) fn modify(group: &Group) -> Option<Action> {
    group.collections.iter().find_map(|(id, member)| {
        let (wanted, planned) = (member.target.as_ref()?, member.plan.as_ref()?);
        let properties = changed_properties(wanted, planned);
        let indexes = changed_indexes(wanted, planned, member);
        let changed = !properties.is_empty() || indexes.is_some();
        changed.then(|| Action::ModifyCollection { id: id.clone(), properties, indexes })
    })
}

fn changed_properties(wanted: &Collection, planned: &Collection) -> Properties {
    let changed = MUTABLE.into_iter().filter_map(|name| {
        let value = wanted.rest.get(name);
        (value != planned.rest.get(name)).then(|| (name, value.cloned()))
    });
    changed.collect()
}

/// The indexes that are to be planned, if they are not the ones that are. A new one is being built
/// until all shards have it.
fn changed_indexes(
    wanted: &Collection,
    planned: &Collection,
    member: &Member,
) -> Option<Vec<Value>> {
    let find = |indexes: &'_ [Value], id: &str| indexes.iter().any(|i| index_id(i) == Some(id));
    let is_wanted = |index: &&Value| index_id(index).is_some_and(|id| find(&wanted.indexes, id));
    let everywhere = |id: &str| {
        let has = |shard| member.current.get(shard).is_some_and(|shard| shard.has_index(id));
        member.shards().iter().all(has)
    };
    let kept = planned.indexes.iter().filter(is_wanted).map(|index| {
        let built = flag(index, "isBuilding") && index_id(index).is_some_and(everywhere);
        if built { with_flag(index, None) } else { index.clone() }
    });
    let is_new = |index: &&Value| index_id(index).is_some_and(|id| !find(&planned.indexes, id));
    let new = wanted.indexes.iter().filter(is_new).map(|index| with_flag(index, Some(true)));
    let indexes: Vec<_> = kept.chain(new).collect();
    (indexes != planned.indexes).then_some(indexes)
}

/// An index with the mark of one that is being built, or without it.
fn with_flag(index: &Value, building: Option<bool>) -> Value {
    let mut index = index.clone();
    match building {
        Some(building) => {
            index.make_object().insert(Arc::from("isBuilding"), Value::Bool(building));
        }
        None => {
            index.make_object().remove("isBuilding");
        }
    }
    index
}

/// Collections whose list of servers is not that of their logs any more.
pub(super) fn refresh_shards(group: &Group) -> Option<Action> {
    let servers: Vec<_> =
        group.logs.iter().map(|log| log.plan.as_ref().map(servers_of_plan)).collect();
    let changed = group.collections.iter().filter_map(|(id, member)| {
        let planned = member.plan.as_ref()?.shards.as_ref();
        let shards = shards(member, planned, &servers);
        (planned != Some(&shards)).then(|| (id.clone(), shards))
    });
    let changed: BTreeMap<CollectionId, Shards> = changed.collect();
    (!changed.is_empty()).then_some(Action::SetShards(changed))
}

/// Where the shards of a collection are; those of a log that is not there yet stay.
fn shards(member: &Member, planned: Option<&Shards>, logs: &[Option<Vec<ServerId>>]) -> Shards {
    let shards = member.shards().iter().zip(logs).filter_map(|(shard, servers)| {
        let known = || planned?.get(shard).cloned();
        Some((shard.clone(), servers.clone().or_else(known)?))
    });
    shards.collect()
}

/// Who has a log: the planned leader first, the others in order.
fn servers_of_plan(log: &LogPlan) -> Vec<ServerId> {
    let leader = log.leader().map(|leader| &leader.server_id);
    listed(leader, log.participants_config.participants.keys())
}

/// Who shall have a log.
fn servers_of_target(log: &LogTarget) -> Vec<ServerId> {
    listed(log.leader.as_ref(), log.participants.keys())
}

fn listed<'a>(
    leader: Option<&ServerId>,
    participants: impl Iterator<Item = &'a ServerId>,
) -> Vec<ServerId> {
    let mut servers: Vec<_> = participants.cloned().collect();
    // A stable sort by one bit: the others are in order already.
    servers.sort_by_key(|server| Some(server) != leader);
    servers
}
