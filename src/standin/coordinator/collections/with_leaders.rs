//! The Plan of collections whose shards have leaders and followers.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::find::Found;
use super::wish::{Copies, Draft, Wish};
use crate::agency::value::Value;
use crate::standin::coordinator::names::{child, member};
use crate::standin::model::{ServerId, Transaction, Tree, paths};

/// Where a collection stands in the Plan.
pub(super) fn plan_path(database: &str, id: &str) -> String {
    format!("/arango/Plan/Collections/{database}/{id}")
}

/// Who makes a collection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Maker<'a> {
    /// The coordinator.
    pub(super) id: &'a str,
    /// Which incarnation of it.
    pub(super) reboot_id: u64,
}

/// Servers for so many shards, the leader of each first; in turn over the servers as they come.
pub(super) fn place(shards: u64, copies: Copies, servers: &[ServerId]) -> Vec<Vec<ServerId>> {
    let count = match copies {
        Copies::Number(number) => usize::try_from(number).unwrap_or(usize::MAX),
        Copies::Everywhere => usize::MAX,
    };
    let row = |shard: u64| {
        let first = usize::try_from(shard).unwrap_or_default() % servers.len().max(1);
        servers.iter().cycle().skip(first).take(count.min(servers.len())).cloned().collect()
    };
    (0..shards).map(row).collect()
}

/// The number of a shard, such as 2011 of `s2011`, by which shards are in order.
fn number(shard: &str) -> u64 {
    shard.trim_start_matches('s').parse().unwrap_or(u64::MAX)
}

/// The servers of each shard of a collection, in the order of the shards.
pub(super) fn servers_of(prototype: &Found) -> Vec<Vec<ServerId>> {
    let shards = prototype.entry.get("shards").and_then(Value::as_object);
    let shards = shards.into_iter().flat_map(|shards| shards.iter());
    let ordered: BTreeMap<u64, Vec<ServerId>> = shards
        .map(|(shard, servers)| {
            let servers = servers.as_array().unwrap_or_default().iter();
            let ids =
                servers.filter_map(|id| id.as_str()).map(|id| id.trim_start_matches('_').into());
            (number(shard), ids.collect())
        })
        .collect();
    ordered.into_values().collect()
}

/// So many ids of shards the drafts need.
pub(super) fn shard_count(drafts: &[Draft], rows: &[Vec<ServerId>]) -> u64 {
    let with_shards = drafts.iter().filter(|draft| !draft.is_virtual).count();
    (with_shards * rows.len()) as u64
}

/// The entries of collections that are made together: the shards of all go with those of `like`,
/// or else with those of the first one. Shards are numbered from `first_shard`.
pub(super) fn entries(
    wish: &Wish,
    drafts: &[Draft],
    like: Option<&str>,
    rows: &[Vec<ServerId>],
    first_shard: u64,
) -> Vec<(String, Map<String, Json>)> {
    let mut next = first_shard;
    let leader = drafts.first().map(|draft| draft.id.clone());
    drafts
        .iter()
        .map(|draft| {
            let mut entry = draft.entry();
            let mut shards = Map::new();
            if !draft.is_virtual {
                for servers in rows {
                    shards.insert(format!("s{next}"), json!(servers));
                    next += 1;
                }
            }
            let common = json!({
                "numberOfShards": shards.len(),
                "replicationFactor": wish.copies.json(),
                "writeConcern": wish.write_concern,
                "minReplicationFactor": wish.write_concern,
                "waitForSync": wish.wait_for_sync,
                "syncByRevision": true,
                "usesRevisionsAsDocumentIds": true,
                "internalValidatorType": 0,
                "deleted": false,
                "status": 3,
                "statusString": "loaded",
                "shards": shards,
            });
            if let Json::Object(common) = common {
                entry.extend(common);
            }
            let like = like.map(str::to_owned).or_else(|| leader.clone());
            if let Some(like) = like.filter(|like| *like != draft.id) {
                entry.insert("distributeShardsLike".to_owned(), json!(like));
            }
            (draft.id.clone(), entry)
        })
        .collect()
}

/// Puts entries into the Plan that are about to be complete, provided the Plan is as it was.
pub(super) fn begin(
    database: &str,
    entries: &[(String, Map<String, Json>)],
    maker: Maker<'_>,
    plan_version: &Value,
) -> Transaction {
    let mut transaction = Transaction::new();
    for (id, entry) in entries {
        let mut entry = entry.clone();
        entry.insert("isBuilding".to_owned(), json!(true));
        entry.insert("coordinator".to_owned(), json!(maker.id));
        entry.insert("coordinatorRebootId".to_owned(), json!(maker.reboot_id));
        let path = plan_path(database, id);
        transaction = transaction.set(&*path, entry).when_missing(path);
    }
    transaction
        .increment(paths::PLAN_VERSION)
        .when_equal(paths::PLAN_VERSION, plan_version)
        .when_there(format!("/arango/Plan/Databases/{database}"))
}

/// Tells that entries are complete.
pub(super) fn finish(database: &str, ids: &[String]) -> Transaction {
    let mut transaction = Transaction::new();
    for id in ids {
        let path = plan_path(database, id);
        for key in ["isBuilding", "coordinator", "coordinatorRebootId"] {
            transaction = transaction.delete(format!("{path}/{key}"));
        }
        transaction = transaction.when_equal(format!("{path}/isBuilding"), true);
    }
    transaction.increment(paths::PLAN_VERSION)
}

/// Takes entries out of the Plan.
pub(super) fn remove(database: &str, ids: &[String]) -> Transaction {
    let mut transaction = Transaction::new();
    for id in ids {
        transaction = transaction.delete(plan_path(database, id));
    }
    transaction.increment(paths::PLAN_VERSION)
}

/// Whether all shards of entries are there; the text of the error if one could not be made.
pub(super) fn outcome(
    tree: &Tree,
    database: &str,
    entries: &[(String, Map<String, Json>)],
) -> Option<Result<(), String>> {
    let current = child(tree, "/arango/Current/Collections", database);
    let mut all = true;
    for (id, entry) in entries {
        let there = current.and_then(|current| member(current, id));
        for shard in entry.get("shards").and_then(Json::as_object).into_iter().flat_map(Map::keys) {
            match there.and_then(|shards| member(shards, shard)) {
                None => all = false,
                Some(made) if member(made, "error") == Some(&Value::Bool(true)) => {
                    let message = member(made, "errorMessage").and_then(Value::as_str);
                    return Some(Err(message.unwrap_or("it does not say why").to_owned()));
                }
                Some(_) => {}
            }
        }
    }
    all.then_some(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c6_2_shards_are_placed_in_turn() {
        let servers: Vec<ServerId> = ["a", "b", "c"].map(ServerId::from).to_vec();
        let placed = |shards, copies| {
            let rows = place(shards, copies, &servers);
            rows.iter().map(|row| row.concat()).collect::<Vec<String>>()
        };
        assert_eq!(placed(4, Copies::Number(2)), ["ab", "bc", "ca", "ab"]);
        assert_eq!(placed(1, Copies::Number(5)), ["abc"]);
        assert_eq!(placed(1, Copies::Everywhere), ["abc"]);
        assert_eq!(place(2, Copies::Number(1), &[]), [Vec::<ServerId>::new(), Vec::new()]);
    }
}
