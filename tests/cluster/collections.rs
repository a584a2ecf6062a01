//! S52 to S56: collections, groups and their shards.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{DATABASE, Log, World, shared, wait_for};

fn api(rest: &str) -> String {
    format!("/_db/{DATABASE}/_api/collection{rest}")
}

/// Makes a collection; gives its id.
fn collection(world: &World, body: Value) -> String {
    let made = world.coordinate("POST", &api(""), Some(body));
    assert_eq!(made.status, 200, "{made:?}");
    made.body["id"].as_str().unwrap().to_owned()
}

/// What Plan says of a collection.
fn planned(world: &World, id: &str) -> Value {
    world.client.get(&format!("Plan/Collections/{DATABASE}/{id}")).unwrap().unwrap_or_default()
}

fn group_of(world: &World, id: &str) -> Value {
    let group = planned(world, id)["groupId"].to_string();
    let part = |part: &str| {
        let path = format!("{part}/CollectionGroups/{DATABASE}/{group}");
        world.client.get(&path).unwrap().unwrap_or_default()
    };
    json!({ "Target": part("Target"), "Plan": part("Plan"), "Current": part("Current") })
}

fn logs_of<'a>(world: &'a World, id: &str) -> Vec<Log<'a>> {
    let group = group_of(world, id);
    let sheaves = group["Plan"]["shardSheaves"].as_array().unwrap();
    let ids = sheaves.iter().map(|sheaf| sheaf["replicatedLog"].as_u64().unwrap());
    ids.map(|id| Log { world, id }).collect()
}

fn unique(world: &World, name: &str) -> String {
    format!("{name}{}", world.unique())
}

#[test]
fn s52_a_collection_has_a_group_logs_and_shards() {
    let world = shared();
    let body = json!({
        "name": unique(world, "c"), "numberOfShards": 3, "replicationFactor": 2, "writeConcern": 1,
    });
    let id = collection(world, body);
    let plan = planned(world, &id);
    let shards: Vec<&str> =
        plan["shardsR2"].as_array().unwrap().iter().map(|shard| shard.as_str().unwrap()).collect();
    assert_eq!(shards.len(), 3);
    let group = group_of(world, &id);
    assert_eq!(group["Plan"]["shardSheaves"].as_array().unwrap().len(), 3);
    assert_eq!(group["Current"]["supervision"]["targetVersion"], group["Target"]["version"]);
    for (log, shard) in logs_of(world, &id).iter().zip(&shards) {
        let state = log.settled();
        let servers = plan["shards"][shard].as_array().unwrap();
        assert_eq!(servers[0].as_str(), state.leader());
        assert_eq!(servers.len(), 2);
        assert_eq!(state.plan["properties"]["implementation"]["type"], "document");
        let path = format!("Current/Collections/{DATABASE}/{id}/{shard}");
        let current = wait_for("the shard's report", || world.client.get(&path).unwrap());
        assert_eq!((&current["error"], &current["servers"][0]), (&json!(false), &servers[0]));
    }
}

#[test]
fn s53_shards_follow_the_leaders_and_leadership_returns() {
    let world = World::of(3, 1);
    let body =
        json!({ "name": "c", "numberOfShards": 1, "replicationFactor": 3, "writeConcern": 2 });
    let id = collection(&world, body);
    let shard = planned(&world, &id)["shardsR2"][0].as_str().unwrap().to_owned();
    let log = logs_of(&world, &id).remove(0);
    let before = log.settled();
    let leader = log.leader();
    let first = || {
        let path = format!("Current/Collections/{DATABASE}/{id}/{shard}/servers");
        let current = world.client.get(&path).unwrap().unwrap_or_default();
        let plan = planned(&world, &id)["shards"][&shard].clone();
        (plan[0].as_str().map(str::to_owned), current[0].as_str().map(str::to_owned))
    };
    assert_eq!(before.target["leader"], json!(leader));
    world.cluster.pause(&leader).unwrap();
    let state = log.wait("another leader", |state| {
        state.leader().is_some_and(|id| id != leader) && state.established()
    });
    let second = state.leader().map(str::to_owned);
    wait_for("the shard follows", || (first() == (second.clone(), second.clone())).then_some(()));
    world.cluster.resume(&leader).unwrap();
    let state = log.wait("leadership returns", |state| {
        state.leader() == Some(&*leader) && state.established()
    });
    assert_eq!(state.term(), before.term() + 3);
    let back = Some(leader);
    wait_for("the shard follows", || (first() == (back.clone(), back.clone())).then_some(()));
}

#[test]
fn s54_the_replication_factor_of_a_group_is_changed() {
    let world = shared();
    let body = json!({
        "name": unique(world, "c"), "numberOfShards": 2, "replicationFactor": 2, "writeConcern": 1,
    });
    let id = collection(world, body);
    let group = planned(world, &id)["groupId"].to_string();
    let path = format!("Target/CollectionGroups/{DATABASE}/{group}");
    for factor in [4, 2] {
        let mut version = 0;
        let changed = world.client.update(&path, |old| {
            let mut group = old.cloned().unwrap();
            version = group["version"].as_u64().unwrap() + 1;
            group["version"] = json!(version);
            group["attributes"]["mutable"]["replicationFactor"] = json!(factor);
            Ok::<_, agencysh::client::ClientError>(Some(group))
        });
        changed.unwrap();
        wait_for("the group is as wanted", || {
            (group_of(world, &id)["Current"]["supervision"]["targetVersion"] == version)
                .then_some(())
        });
        for log in logs_of(world, &id) {
            let state = log.state();
            assert_eq!(state.wanted().len(), factor, "{state:?}");
            assert_eq!(state.target["config"]["softWriteConcern"], factor);
            log.wait("Plan follows", |state| state.participants().len() == factor);
        }
    }
}

#[test]
fn s55_collections_of_a_group_share_logs_and_the_last_one_takes_them_along() {
    let world = shared();
    let (first, second) = (unique(world, "c"), unique(world, "c"));
    let id =
        collection(world, json!({ "name": first, "numberOfShards": 2, "replicationFactor": 2 }));
    let other = collection(world, json!({ "name": second, "distributeShardsLike": first }));
    let logs: Vec<u64> = logs_of(world, &id).iter().map(|log| log.id).collect();
    assert_eq!(logs_of(world, &other).iter().map(|log| log.id).collect::<Vec<_>>(), logs);
    let group = planned(world, &id)["groupId"].clone();
    assert_eq!(planned(world, &other)["groupId"], group);
    let shards = |id: &str| -> BTreeSet<String> {
        planned(world, id)["shards"].as_object().unwrap().keys().cloned().collect()
    };
    assert!(shards(&id).is_disjoint(&shards(&other)));
    for name in [&second, &first] {
        let dropped = world.coordinate("DELETE", &api(&format!("/{name}")), None);
        assert_eq!(dropped.status, 200, "{dropped:?}");
    }
    let key = group.to_string();
    world.wait("group and logs are gone", |tree| {
        let gone = |part: &str| {
            tree[part]["CollectionGroups"][DATABASE].get(&key).is_none()
                && logs
                    .iter()
                    .all(|id| tree[part]["ReplicatedLogs"][DATABASE].get(id.to_string()).is_none())
        };
        (gone("Target") && gone("Plan") && gone("Current")).then_some(())
    });
}

#[test]
fn s56_the_hidden_parts_of_a_smart_edge_collection_have_the_shards() {
    let world = shared();
    let name = unique(world, "e");
    let body = json!({
        "name": name, "type": 3, "isSmart": true, "numberOfShards": 2, "replicationFactor": 2,
        "shardKeys": ["_key:"],
    });
    let id = collection(world, body);
    let visible = planned(world, &id);
    assert!(visible["shards"].as_object().is_none_or(|shards| shards.is_empty()), "{visible}");
    let shadows = visible["shadowCollections"].as_array().unwrap();
    assert_eq!(shadows.len(), 3, "{visible}");
    let names: BTreeSet<String> = shadows
        .iter()
        .map(|id| {
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            let part = planned(world, &id);
            assert_eq!(part["shards"].as_object().unwrap().len(), 2, "{part}");
            assert_eq!(part["isSmartChild"], true, "{part}");
            part["name"].as_str().unwrap().to_owned()
        })
        .collect();
    let expected = ["_local_", "_from_", "_to_"].map(|prefix| format!("{prefix}{name}"));
    assert_eq!(names, BTreeSet::from(expected));
}
