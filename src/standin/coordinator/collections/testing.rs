//! What others do when coordinators make collections.

use serde_json::{Value as Json, json};

use crate::standin::coordinator::testing::World;
use crate::standin::model::{Transaction, Tree};

/// A cluster with the database `d`.
pub(super) fn world(replication_version: &str) -> World {
    let world = World::with_servers(&["PRMR-a", "PRMR-b", "PRMR-c"], &["CRDN-1", "CRDN-2"]);
    world.add_database("d", replication_version);
    world.set("/arango/Plan/Databases/d/replicationFactor", json!(1));
    world
}

fn object(tree: &Tree, path: &str) -> serde_json::Map<String, Json> {
    match tree.get(path).map(Json::from) {
        Some(Json::Object(object)) => object,
        _ => serde_json::Map::new(),
    }
}

/// The supervision, as far as it plans collections as they are wanted, and reaches versions.
pub(in crate::standin::coordinator) fn supervision(tree: &Tree) -> Option<Transaction> {
    let databases: Vec<String> =
        tree.children("/arango/Plan/Databases").map(|(name, _)| name.to_owned()).collect();
    databases.iter().find_map(|database| supervise(tree, database))
}

fn supervise(tree: &Tree, database: &str) -> Option<Transaction> {
    let (target, plan) = (
        format!("/arango/Target/Collections/{database}"),
        format!("/arango/Plan/Collections/{database}"),
    );
    for (id, entry) in object(tree, &target) {
        let mut planned = entry.clone();
        let shards = entry.get("shadowCollections").is_none();
        planned["shards"] =
            if shards { json!({ format!("s{id}"): ["PRMR-a"] }) } else { json!({}) };
        if tree.get(&format!("{plan}/{id}")).map(Json::from) != Some(planned.clone()) {
            return Some(Transaction::new().set(format!("{plan}/{id}"), planned));
        }
    }
    for (id, entry) in object(tree, &plan) {
        if entry.get("groupId").is_some() && !tree.has(&format!("{target}/{id}")) {
            return Some(Transaction::new().delete(format!("{plan}/{id}")));
        }
    }
    let groups = format!("/arango/Target/CollectionGroups/{database}");
    for (id, group) in object(tree, &groups) {
        let reached =
            format!("/arango/Current/CollectionGroups/{database}/{id}/supervision/targetVersion");
        if tree.get(&reached).map(Json::from) != group.get("version").cloned() {
            return Some(Transaction::new().set(reached, &group["version"]));
        }
    }
    None
}

/// The DB-servers, as far as they report shards that are planned, and remove others.
pub(in crate::standin::coordinator) fn db_servers(tree: &Tree) -> Option<Transaction> {
    let databases: Vec<String> =
        tree.children("/arango/Plan/Databases").map(|(name, _)| name.to_owned()).collect();
    databases.iter().find_map(|database| maintain(tree, database))
}

fn maintain(tree: &Tree, database: &str) -> Option<Transaction> {
    let (plan, current) = (
        format!("/arango/Plan/Collections/{database}"),
        format!("/arango/Current/Collections/{database}"),
    );
    for (id, entry) in object(tree, &plan) {
        for (shard, servers) in entry["shards"].as_object().into_iter().flatten() {
            let path = format!("{current}/{id}/{shard}");
            if !tree.has(&path) {
                let report = json!({"error": false, "errorNum": 0, "errorMessage": "", "indexes": [],
                    "servers": servers, "failoverCandidates": servers});
                return Some(Transaction::new().set(path, report));
            }
        }
    }
    let gone =
        object(tree, &current).into_iter().find(|(id, _)| !tree.has(&format!("{plan}/{id}")));
    gone.map(|(id, _)| Transaction::new().delete(format!("{current}/{id}")))
}
