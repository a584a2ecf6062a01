//! New groups: where logs and shards go.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::json;

use super::action::Action;
use super::decision::Servers;
use super::group::Group;
use super::sheaves::{config, copies};
use crate::standin::model::ServerId;
use crate::standin::model::collection::{Collection, Shards};
use crate::standin::model::group::{GroupPlan, GroupTarget, Sheaf};
use crate::standin::model::log::{Flags, Implementation, LogTarget, Properties};
use crate::standin::supervision::ids::Ids;

/// Makes a group with its logs and collections, if there is a server for them.
pub(super) fn create(
    database: &str,
    group: &Group,
    servers: &Servers,
    ids: &mut Ids,
    random: &mut StdRng,
) -> Option<Action> {
    let target = &group.target;
    let wanted = &target.attributes.mutable;
    let mut candidates: Vec<ServerId> = if wanted.is_satellite() {
        servers.known().cloned().collect()
    } else {
        servers.ok().cloned().collect()
    };
    candidates.shuffle(random);
    let shards = usize::try_from(target.attributes.immutable.number_of_shards).ok()?;
    let places = places(&candidates, shards, copies(wanted, servers))?;
    let logs = places.iter().enumerate().map(|(position, place)| {
        let log = LogTarget {
            id: ids.take()?,
            version: Some(1),
            leader: place.first().cloned(),
            owner: None,
            participants: place.iter().map(|server| (server.clone(), Flags::default())).collect(),
            config: config(wanted, servers),
            properties: properties(database, target, position),
            supervision: None,
        };
        Some(log)
    });
    let logs = logs.collect::<Option<Vec<_>>>()?;
    let members = group.collections.iter().filter_map(|(id, member)| {
        let wanted = member.target.as_ref()?;
        Some(planned(wanted, &places, ids).map(|planned| (id.clone(), planned)))
    });
    let collections = members.collect::<Option<BTreeMap<_, _>>>()?;
    let plan = GroupPlan {
        id: target.id,
        leader: target.leader.clone(),
        collections: collections.keys().map(|id| (id.clone(), Default::default())).collect(),
        attributes: target.attributes.clone(),
        shard_sheaves: logs.iter().map(|log| Sheaf { replicated_log: log.id }).collect(),
    };
    Some(Action::CreateGroup { plan, logs, collections })
}

/// The servers of each shard, its leader first: everybody leads and follows equally often, as far
/// as it goes. Nothing if there is no server.
fn places(servers: &[ServerId], shards: usize, copies: usize) -> Option<Vec<Vec<ServerId>>> {
    if servers.is_empty() {
        return None;
    }
    let place = |shard: usize| {
        let from = servers.iter().cycle().skip(shard % servers.len());
        from.take(copies.min(servers.len())).cloned().collect()
    };
    Some((0..shards).map(place).collect())
}

fn properties(database: &str, group: &GroupTarget, position: usize) -> Properties {
    let parameters = json!({
        "databaseName": database, "groupId": group.id, "shardSheafIndex": position,
    });
    let implementation =
        Implementation { kind: "document".to_owned(), parameters: Some(parameters.into()) };
    Properties { implementation }
}

/// The collection in Plan that is made of the one in Target: it has shards at these places, unless
/// it is virtual. Nothing if there are too few numbers for them.
pub(super) fn planned(
    wanted: &Collection,
    places: &[Vec<ServerId>],
    ids: &mut Ids,
) -> Option<Collection> {
    let places = if wanted.is_virtual() { &[] } else { places };
    let mut order = Vec::with_capacity(places.len());
    let mut shards = Shards::new();
    for place in places {
        let shard: std::sync::Arc<str> = format!("s{}", ids.take()?).into();
        shards.insert(shard.clone(), leader_first(place));
        order.push(shard);
    }
    Some(Collection { shard_order: Some(order), shards: Some(shards), ..wanted.clone() })
}

/// The servers of a shard as they are listed: all but the leader, which comes first, in order.
fn leader_first(place: &[ServerId]) -> Vec<ServerId> {
    let mut servers = place.to_vec();
    if let Some((_, followers)) = servers.split_first_mut() {
        followers.sort();
    }
    servers
}
