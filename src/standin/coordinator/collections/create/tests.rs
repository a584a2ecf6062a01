//! New collections, with and without logs.

use serde_json::{Value as Json, json};

use super::*;
use crate::standin::coordinator::collections::testing::{db_servers, supervision, world};

const CREATE: &str = "POST /_db/d/_api/collection";

#[tokio::test]
async fn s52_a_collection_is_wanted_with_its_group_and_awaited() {
    let world = world("2");
    let coordinator = world.coordinator("CRDN-1");
    let body = json!({"name": "c", "numberOfShards": 2, "replicationFactor": 3, "writeConcern": 2,
        "waitForSync": true});
    let creating = coordinator.ask(CREATE, Some(body));
    let (status, answer) = world.while_playing(supervision, creating).await;
    assert_eq!((status, &answer["name"], &answer["error"]), (200, &json!("c"), &json!(false)));
    let id = answer["id"].as_str().unwrap();
    let groups = world.json("/arango/Target/CollectionGroups/d");
    let (group, target) = groups.as_object().unwrap().iter().next().unwrap();
    assert_eq!(
        *target,
        json!({
            "id": group.parse::<u64>().unwrap(), "leader": id, "version": 1,
            "collections": {id: {}},
            "attributes": {
                "mutable": {"writeConcern": 2, "replicationFactor": 3, "waitForSync": true},
                "immutable": {"numberOfShards": 2},
            },
        })
    );
    let entry = world.json(&format!("/arango/Target/Collections/d/{id}"));
    assert_eq!((&entry["groupId"], &entry["name"]), (&target["id"], &json!("c")));
    assert!(entry.get("shards").is_none() && entry.get("shardsR2").is_none());
    assert_eq!(world.json("/arango/Target/CollectionNames/d"), json!({"c": {}}));
    for (name, expected) in [
        ("numberOfShards", json!(2)),
        ("replicationFactor", json!(3)),
        ("writeConcern", json!(2)),
        ("waitForSync", json!(true)),
        ("type", json!(2)),
    ] {
        assert_eq!(answer[name], expected, "{name}");
    }
}

#[tokio::test]
async fn s55_a_collection_that_is_distributed_like_another_joins_its_group() {
    let world = world("2");
    let coordinator = world.coordinator("CRDN-1");
    let create = async |body: Json| {
        world.while_playing(supervision, coordinator.ask(CREATE, Some(body))).await
    };
    let (_, first) = create(json!({"name": "a", "numberOfShards": 3})).await;
    let (_, second) = create(json!({"name": "b", "distributeShardsLike": "a"})).await;
    let (_, third) = create(json!({"name": "c", "distributeShardsLike": "b"})).await;
    let groups = world.json("/arango/Target/CollectionGroups/d");
    assert_eq!(groups.as_object().unwrap().len(), 1);
    let group = groups.as_object().unwrap().values().next().unwrap();
    assert_eq!((&group["version"], &group["leader"]), (&json!(3), &first["id"]));
    for collection in [&first, &second, &third] {
        assert_eq!(group["collections"][collection["id"].as_str().unwrap()], json!({}));
        assert_eq!(collection["numberOfShards"], 3);
    }
    assert_eq!(second["distributeShardsLike"], "a");
    assert!(first.get("distributeShardsLike").is_none());
    let (status, _) = create(json!({"name": "x", "distributeShardsLike": "nope"})).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn s56_the_collections_of_smart_edges_are_in_one_group() {
    let world = world("2");
    let coordinator = world.coordinator("CRDN-1");
    let body = json!({"name": "e", "type": 3, "isSmart": true, "numberOfShards": 2});
    let creating = coordinator.ask(CREATE, Some(body));
    let (status, answer) = world.while_playing(supervision, creating).await;
    assert_eq!((status, &answer["name"]), (200, &json!("e")));
    let names = world.json("/arango/Target/CollectionNames/d");
    assert_eq!(names, json!({"_from_e": {}, "_local_e": {}, "_to_e": {}, "e": {}}));
    let groups = world.json("/arango/Target/CollectionGroups/d");
    let group = groups.as_object().unwrap().values().next().unwrap();
    assert_eq!(group["collections"].as_object().unwrap().len(), 4);
    let local = find(&world.tree(), "d", "_local_e").unwrap();
    assert_eq!(group["leader"], json!(local.id));
    assert_eq!(answer["numberOfShards"], 0);
    let shards = coordinator.ask("GET /_db/d/_api/collection/e/shards", None).await.1;
    assert_eq!(shards["shards"], json!([]));
    let dropping = coordinator.ask("DELETE /_db/d/_api/collection/e", None);
    assert_eq!(world.while_playing(supervision, dropping).await.0, 200);
    assert_eq!(world.json("/arango/Target/CollectionNames/d"), json!({}));
    assert_eq!(world.json("/arango/Target/Collections/d"), json!({}));
}

#[tokio::test]
async fn c6_2_a_collection_with_leaders_is_planned_and_awaited() {
    let world = world("1");
    let coordinator = world.coordinator("CRDN-1");
    let [_, plan, _] = world.versions();
    let body = json!({"name": "c", "numberOfShards": 3, "replicationFactor": 2});
    let creating = coordinator.ask(CREATE, Some(body));
    let (status, answer) = world.while_playing(db_servers, creating).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(world.versions()[1], plan + 2);
    let id = answer["id"].as_str().unwrap();
    let entry = world.json(&format!("/arango/Plan/Collections/d/{id}"));
    for (key, value) in [
        ("numberOfShards", json!(3)),
        ("replicationFactor", json!(2)),
        ("writeConcern", json!(1)),
        ("type", json!(2)),
        ("name", json!("c")),
    ] {
        assert_eq!(entry[key], value, "{key}");
    }
    assert!(entry.get("isBuilding").is_none() && entry.get("coordinator").is_none());
    let shards = entry["shards"].as_object().unwrap();
    let leaders: std::collections::BTreeSet<_> =
        shards.values().map(|servers| servers[0].as_str().unwrap()).collect();
    assert_eq!((shards.len(), leaders.len()), (3, 3));
    assert!(shards.values().all(|servers| servers.as_array().unwrap().len() == 2));
    assert!(!world.has("/arango/Target/Collections"));
}

#[tokio::test]
async fn c6_2_shards_are_on_the_servers_of_those_that_they_go_with() {
    let world = world("1");
    let coordinator = world.coordinator("CRDN-1");
    let create = async |body: Json| {
        world.while_playing(db_servers, coordinator.ask(CREATE, Some(body))).await
    };
    create(json!({"name": "a", "numberOfShards": 3, "replicationFactor": 2})).await;
    let (_, like) = create(json!({"name": "b", "distributeShardsLike": "a"})).await;
    let (_, edges) =
        create(json!({"name": "e", "type": 3, "isSmart": true, "distributeShardsLike": "a"})).await;
    assert_eq!(
        (like["numberOfShards"].clone(), like["replicationFactor"].clone()),
        (json!(3), json!(2))
    );
    assert_eq!((&like["distributeShardsLike"], &edges["numberOfShards"]), (&json!("a"), &json!(0)));
    let tree = world.tree();
    let rows = |name: &str| with_leaders::servers_of(&find(&tree, "d", name).unwrap());
    for name in ["b", "_local_e", "_from_e", "_to_e"] {
        assert_eq!(rows(name), rows("a"), "{name}");
    }
    assert!(rows("e").is_empty());
}

#[tokio::test]
async fn c6_2_what_a_server_cannot_make_is_taken_back() {
    let world = world("1");
    let coordinator = world.coordinator("CRDN-1");
    let fails = |tree: &Tree| {
        let transaction = db_servers(tree)?;
        let path = transaction.operations().keys().next()?.clone();
        let report = json!({"error": true, "errorNum": 28, "errorMessage": "disk full"});
        Some(crate::standin::model::Transaction::new().set(path, report))
    };
    let creating = coordinator.ask(CREATE, Some(json!({"name": "c"})));
    let (status, answer) = world.while_playing(fails, creating).await;
    assert_eq!((status, &answer["errorMessage"]), (500, &json!("disk full")));
    assert_eq!(world.json("/arango/Plan/Collections/d"), json!({}));
    let (status, _) = coordinator.ask(CREATE, Some(json!({"name": "c"}))).await;
    assert_eq!(status, 408);
    assert_eq!(world.json("/arango/Plan/Collections/d"), json!({}));
}

#[tokio::test]
async fn c6_what_makes_no_sense_or_is_there_already_is_not_created() {
    for (version, play) in [("1", db_servers as fn(&Tree) -> _), ("2", supervision)] {
        let world = world(version);
        let coordinator = world.coordinator("CRDN-1");
        let create = async |query: &str, body: Json| {
            let request = format!("{CREATE}{query}");
            let creating = coordinator.ask(&request, Some(body));
            let (status, answer) = world.while_playing(play, creating).await;
            (status, answer["errorNum"].as_u64().unwrap_or(0))
        };
        assert_eq!(create("", json!({"name": "c"})).await, (200, 0));
        assert_eq!(create("", json!({"name": "c"})).await, (409, 1207));
        assert_eq!(create("", json!({"name": "1c"})).await, (400, 1208));
        assert_eq!(create("", json!({"name": "_c"})).await, (400, 1208));
        assert_eq!(create("", json!({})).await, (400, 1208));
        assert_eq!(create("", json!([])).await, (400, 10));
        let many = json!({"name": "m", "replicationFactor": 4});
        assert_eq!(create("", many.clone()).await, (400, 10));
        assert_eq!(create("?enforceReplicationFactor=false", many).await, (200, 0));
        let satellite = json!({"name": "s", "replicationFactor": "satellite"});
        assert_eq!(create("", satellite).await, (200, 0));
        let shown = coordinator.ask("GET /_db/d/_api/collection/s/properties", None).await.1;
        assert_eq!(shown["replicationFactor"], "satellite");
        assert_eq!(coordinator.status("POST /_db/nope/_api/collection", None).await, 404);
    }
}

#[tokio::test]
async fn c6_two_coordinators_do_not_make_the_same_name_twice() {
    for (version, play) in [("1", db_servers as fn(&Tree) -> _), ("2", supervision)] {
        let world = world(version);
        let (one, other) = (world.coordinator("CRDN-1"), world.coordinator("CRDN-2"));
        let body = || Some(json!({"name": "c"}));
        let both = async { tokio::join!(one.status(CREATE, body()), other.status(CREATE, body())) };
        let (a, b) = world.while_playing(play, both).await;
        assert_eq!((a.min(b), a.max(b)), (200, 409), "{version}");
    }
}
