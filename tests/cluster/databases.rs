//! Databases and their collections, with logs and without, and what coordinators tell of them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, World, shared, wait_for};

/// Where the tree speaks of databases by name.
const PLACES: [&str; 14] = [
    "Plan/Databases",
    "Plan/Collections",
    "Plan/CollectionGroups",
    "Plan/ReplicatedLogs",
    "Plan/Analyzers",
    "Target/Collections",
    "Target/CollectionNames",
    "Target/CollectionGroups",
    "Target/ReplicatedLogs",
    "Current/Databases",
    "Current/Collections",
    "Current/CollectionGroups",
    "Current/ReplicatedLogs",
    "Plan/Views",
];

fn ask(world: &World, method: &str, path: &str, body: Value) -> Answer {
    let body = (!body.is_null()).then_some(body);
    let answer = world.coordinate(method, path, body);
    assert!(answer.status < 300, "{method} {path}: {answer:?}");
    answer
}

/// The servers of each shard, the leader first.
fn rows(world: &World, collection: &str) -> Vec<Vec<String>> {
    let shown = ask(world, "GET", &format!("{collection}/shards?details=true"), Value::Null);
    let shards = shown.body["shards"].as_object().unwrap();
    shards.values().map(|servers| serde_json::from_value(servers.clone()).unwrap()).collect()
}

fn comes_and_goes(version: &str) {
    let world = shared();
    let name = format!("v{version}-{}", world.unique());
    let options = json!({ "replicationVersion": version, "replicationFactor": 2 });
    let made = ask(world, "POST", "/_api/database", json!({ "name": name, "options": options }));
    assert_eq!((made.status, made.result()), (201, &json!(true)));
    let twice = world.coordinate("POST", "/_api/database", Some(json!({ "name": name })));
    twice.is_error(409, 1207);
    let names = ask(world, "GET", "/_api/database", Value::Null);
    assert!(names.result().as_array().unwrap().contains(&json!(name)));
    let database = format!("/_db/{name}/_api");
    let current = ask(world, "GET", &format!("{database}/database/current"), Value::Null);
    assert_eq!(current.result()["replicationVersion"], version);
    let collections = format!("{database}/collection");
    let system = ask(world, "GET", &collections, Value::Null);
    assert_eq!(system.result().as_array().unwrap().len(), 8, "{system:?}");
    let prototype = rows(world, &format!("{collections}/_graphs"));
    assert_eq!((prototype.len(), prototype[0].len()), (1, 2));
    assert_eq!(rows(world, &format!("{collections}/_jobs")), prototype);

    let body = json!({ "name": "c", "numberOfShards": 3, "replicationFactor": 2 });
    let made = ask(world, "POST", &collections, body);
    let id = made.body["id"].as_str().unwrap();
    let shards = rows(world, &format!("{collections}/c"));
    assert!(shards.len() == 3 && shards.iter().all(|servers| servers.len() == 2), "{shards:?}");
    let reports = format!("Current/Collections/{name}/{id}");
    let reports = world.client.get(&reports).unwrap().unwrap_or_default();
    assert_eq!(reports.as_object().unwrap().len(), 3);
    let change = json!({ "replicationFactor": 3, "waitForSync": true });
    let changed = ask(world, "PUT", &format!("{collections}/c/properties"), change);
    assert_eq!(
        (&changed.body["replicationFactor"], &changed.body["waitForSync"]),
        (&json!(3), &json!(true))
    );
    wait_for("the third copies", || {
        let rows = rows(world, &format!("{collections}/c"));
        rows.iter().all(|servers| servers.len() == 3).then_some(())
    });
    ask(world, "DELETE", &format!("{collections}/c"), Value::Null);
    world.coordinate("GET", &format!("{collections}/c"), None).is_error(404, 1203);

    ask(world, "DELETE", &format!("/_api/database/{name}"), Value::Null);
    world.coordinate("GET", &collections, None).is_error(404, 1228);
    wait_for("nothing is left of the database", || {
        let left = |place: &&str| world.client.exists(&format!("{place}/{name}")).unwrap();
        (!PLACES.iter().any(left)).then_some(())
    });
}

#[test]
fn c6_1_a_database_with_logs_comes_and_goes() {
    comes_and_goes("2");
}

#[test]
fn c6_1_a_database_without_logs_comes_and_goes() {
    comes_and_goes("1");
}

#[test]
fn c6_1_a_database_is_completed_though_its_client_has_gone() {
    let world = World::of(2, 1);
    let server = world.dbservers()[0].clone();
    world.cluster.pause(&server).unwrap();
    let body = json!({ "name": "late" });
    let patience = Duration::from_millis(300);
    assert!(world.ask_within("POST", "/_api/database", body.clone(), patience).is_none());
    assert_eq!(world.tree()["Plan"]["Databases"]["late"]["isBuilding"], true);
    world.cluster.resume(&server).unwrap();
    world.wait("the database is complete", |tree| {
        let planned = tree["Plan"]["Databases"].get("late")?;
        planned.get("isBuilding").is_none().then_some(())
    });
    world.coordinate("POST", "/_api/database", Some(body)).is_error(409, 1207);
    ask(&world, "DELETE", "/_api/database/late", Value::Null);
}

#[test]
fn c3_5_a_server_is_sent_into_maintenance_and_called_back() {
    let world = World::of(2, 1);
    let server = world.dbservers()[0].clone();
    let path = format!("/_admin/cluster/maintenance/{server}");
    ask(&world, "PUT", &path, json!({ "mode": "maintenance", "timeout": 600 }));
    let shown = ask(&world, "GET", &path, Value::Null);
    assert_eq!(shown.result()["Mode"], "maintenance");
    ask(&world, "PUT", &path, json!({ "mode": "normal" }));
    let shown = ask(&world, "GET", &path, Value::Null);
    assert!(shown.body.get("result").is_none(), "{shown:?}");
}
