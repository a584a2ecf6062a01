//! The logs of a collection.

use serde_json::{Map, Value as Json, json};

use super::{Named, current};
use crate::agency::de::from_value;
use crate::agency::value::Value;
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::collections::find;
use crate::standin::coordinator::names::{child, member, text};
use crate::standin::coordinator::reply::{self, missing};
use crate::standin::model::Tree;
use crate::standin::web::answer::Answer;
use crate::standin::web::service::Call;

impl Coordinator {
    /// `GET /_api/log/collection-status/<collection>`.
    pub(super) async fn collection_status(&self, call: &Call, name: &str) -> Answer {
        let tree = self.view().tree();
        let collection = find(&tree, &call.database, name)?;
        let group = collection.entry.get("groupId").and_then(|id| from_value::<u64>(id).ok());
        let group = group.ok_or_else(|| missing(1203, format!("'{name}' is in no group")))?;
        let members = members(&tree, &call.database, group);
        let mut logs = Map::new();
        for (position, log) in sheaves(&tree, &call.database, group).into_iter().enumerate() {
            let status = match self.global_status(&call.database, log, false).await {
                Ok(status) => status,
                // dropped meanwhile
                Err(_) => continue,
            };
            let shards: Vec<&str> =
                members.values().filter_map(|shards| shards.get(position).copied()).collect();
            let snapshots = snapshots(&tree, &call.database, log);
            let entry = json!({ "globalStatus": status, "snapshots": snapshots, "shards": shards });
            logs.insert(log.to_string(), entry);
        }
        let own = members.get(&collection.name).map(Vec::as_slice).unwrap_or_default();
        let numbers: Vec<u64> = own.iter().filter_map(|shard| number(shard)).collect();
        let names: Vec<&String> = members.keys().collect();
        reply::result(json!({
            "groupId": group,
            "allCollectionsInGroup": names,
            "collectionShards": numbers,
            "logs": logs,
        }))
    }
}

/// The number in the id of a shard, such as `s2011`.
fn number(shard: &str) -> Option<u64> {
    shard.strip_prefix('s')?.parse().ok()
}

/// The collections of a group by their names, with their shards in the order of the logs.
fn members<'a>(tree: &'a Tree, database: &str, group: u64) -> Named<Vec<&'a str>> {
    let collections = child(tree, "/arango/Plan/Collections", database).and_then(Value::as_object);
    let collections = collections.into_iter().flat_map(|collections| collections.iter());
    let of_group = collections.filter(|(_, entry)| {
        member(entry, "groupId").and_then(|id| from_value::<u64>(id).ok()) == Some(group)
    });
    of_group
        .filter_map(|(_, entry)| {
            let shards = member(entry, "shardsR2").and_then(Value::as_array).unwrap_or_default();
            let shards = shards.iter().filter_map(Value::as_str).collect();
            Some((text(entry, "name")?.to_owned(), shards))
        })
        .collect()
}

/// The logs of a group.
fn sheaves(tree: &Tree, database: &str, group: u64) -> Vec<u64> {
    let groups = child(tree, "/arango/Plan/CollectionGroups", database);
    let group = groups.and_then(|groups| member(groups, &group.to_string()));
    let sheaves = group.and_then(|group| member(group, "shardSheaves")).and_then(Value::as_array);
    let logs = sheaves.unwrap_or_default().iter();
    logs.filter_map(|sheaf| from_value(member(sheaf, "replicatedLog")?).ok()).collect()
}

/// Whether each participant that reported has its snapshot.
fn snapshots(tree: &Tree, database: &str, log: u64) -> Map<String, Json> {
    let statuses = current(tree, database, log).and_then(|log| member(log, "localStatus"));
    let statuses = statuses.and_then(Value::as_object).into_iter().flat_map(|all| all.iter());
    let available = statuses.filter_map(|(id, status)| {
        let available = member(status, "snapshotAvailable")?;
        Some((id.to_string(), json!({ "snapshotAvailable": Json::from(available) })))
    });
    available.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{plan, world};

    #[tokio::test]
    async fn c4_12_the_logs_of_a_collection_are_those_of_its_group() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        let request = "GET /_db/d/_api/log/collection-status/c";
        assert_eq!(coordinator.status(request, None).await, 404);
        let entry = |id: &str, name: &str, shards: [&str; 2]| json!({"id": id, "groupId": 9, "name": name, "type": 2, "shardsR2": shards});
        world.set("/arango/Plan/Collections/d/10", entry("10", "c", ["s1", "s2"]));
        world.set("/arango/Plan/Collections/d/11", entry("11", "e", ["s3", "s4"]));
        world.set("/arango/Plan/Collections/d/12", json!({"id": "12", "name": "other", "type": 2}));
        let sheaves = json!([{"replicatedLog": 4}, {"replicatedLog": 5}, "rubbish"]);
        world.set("/arango/Plan/CollectionGroups/d/9", json!({"id": 9, "shardSheaves": sheaves}));
        world.set("/arango/Plan/ReplicatedLogs/d/4", plan(Some("PRMR-a")));
        world.set(
            "/arango/Current/ReplicatedLogs/d/4/localStatus",
            json!({
            "PRMR-a": {"snapshotAvailable": true}, "PRMR-b": 3}),
        );
        let (status, body) = coordinator.ask(request, None).await;
        assert_eq!(status, 200);
        let result = &body["result"];
        assert_eq!((&result["groupId"], &result["collectionShards"]), (&json!(9), &json!([1, 2])));
        assert_eq!(result["allCollectionsInGroup"], json!(["c", "e"]));
        assert_eq!(result["logs"].as_object().unwrap().keys().collect::<Vec<_>>(), ["4"]);
        assert_eq!(result["logs"]["4"]["shards"], json!(["s1", "s3"]));
        assert_eq!(
            result["logs"]["4"]["snapshots"],
            json!({"PRMR-a": {"snapshotAvailable": true}})
        );
        assert_eq!(result["logs"]["4"]["globalStatus"]["leaderId"], "PRMR-a");
        let other = "GET /_db/d/_api/log/collection-status/other";
        assert_eq!(coordinator.status(other, None).await, 404);
    }
}
