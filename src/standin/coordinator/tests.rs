//! A coordinator with an agency that there is.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::testing::{World, call};
use super::{Coordinator, Settings};
use crate::client::AgencyClient;
use crate::deadline::Deadline;
use crate::http::Endpoint;
use crate::standin::EmbeddedAgency;
use crate::standin::member::{Member, MemberRole};

/// An agency of one agent without supervision, and a coordinator.
fn cluster() -> (EmbeddedAgency, AgencyClient, Arc<Coordinator>) {
    let agency = EmbeddedAgency::start(1).unwrap();
    let endpoint = Endpoint::parse(&agency.endpoints()[0]).unwrap();
    let client = AgencyClient::builder().endpoint(endpoint).build(Deadline::default()).unwrap();
    let member = Arc::new(Member::bare(MemberRole::Coordinator, client.clone()));
    let made = Duration::from_secs(10);
    let settings = Settings { made, ..Settings::default() };
    (agency, client, Coordinator::new(member, settings))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_coordinator_does_is_sendable_and_falls_through() {
    fn sendable<T: Send>(future: T) -> T {
        future
    }
    let (_agency, _client, coordinator) = cluster();
    for request in ["GET /_api/version", "GET /", "GET /_admin/server/id", "GET /_api"] {
        assert!(sendable(coordinator.answer(&call(request, None))).await.is_none(), "{request}");
    }
    let (shutdown, told) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(sendable(Arc::clone(&coordinator).run(told)));
    shutdown.send(true).unwrap();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_numbers_of_coordinators_and_scripts_differ_in_a_real_agency() {
    let (_agency, client, coordinator) = cluster();
    coordinator.wait_for(Duration::from_secs(10), |tree| tree.has("/arango").then_some(())).await;
    let drawing = (0..20).map(|_| {
        let coordinator = Arc::clone(&coordinator);
        tokio::spawn(async move { coordinator.unique_ids(600_000).await.unwrap() })
    });
    let scripts = std::thread::spawn(move || {
        let mut own = Vec::new();
        for _ in 0..20 {
            client.increment("Sync/LatestID", 1).unwrap();
            own.push(client.unique_id(1).unwrap());
        }
        own
    });
    let mut firsts = Vec::new();
    for drawn in drawing.collect::<Vec<_>>() {
        firsts.push(drawn.await.unwrap());
    }
    let own = tokio::task::spawn_blocking(|| scripts.join().unwrap()).await.unwrap();
    firsts.sort_unstable();
    assert!(firsts.windows(2).all(|pair| pair[1] - pair[0] >= 600_000));
    let is_free = |id: &u64| !firsts.iter().any(|first| (*first..first + 600_000).contains(id));
    assert!(own.iter().all(is_free), "{own:?} {firsts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s60_s61_and_s12_in_a_real_agency() {
    let (_agency, client, coordinator) = cluster();
    let ask = |request: &'static str, body: Option<Json>| coordinator.ask(request, body);
    let write = async |path: &'static str, value: Json| {
        let client = client.clone();
        tokio::task::spawn_blocking(move || client.set(path, value)).await.unwrap().unwrap()
    };
    let read = async |path: &'static str| {
        let client = client.clone();
        tokio::task::spawn_blocking(move || client.get(path)).await.unwrap().unwrap()
    };
    for id in ["Current/DBServers/PRMR-a", "Current/DBServers/PRMR-b"] {
        write(id, json!("none")).await;
    }
    let entry = json!({"id": "7", "name": "d", "replicationVersion": "2"});
    let index = write("Plan/Databases/d", entry).await;
    coordinator.view().reached(index).await;
    let ready = async {
        let there = |tree: &crate::standin::model::Tree| {
            tree.has("/arango/Target/ReplicatedLogs/d/4").then_some(())
        };
        coordinator.wait_for(Duration::from_secs(10), there).await.unwrap();
        write("Current/ReplicatedLogs/d/4/supervision", json!({"targetVersion": 1})).await;
    };
    let creating = ask("POST /_db/d/_api/log", Some(json!({"id": 4, "servers": ["PRMR-a"]})));
    let ((status, body), ()) = tokio::join!(creating, ready);
    assert_eq!((status, &body["result"]), (200, &json!({"id": 4, "servers": ["PRMR-a"]})));
    assert_eq!(ask("POST /_db/d/_api/log/4/leader/PRMR-a", None).await.0, 200);
    let replace = "POST /_db/d/_api/log/4/participant/PRMR-a/replace-with/PRMR-b";
    assert_eq!(ask(replace, None).await.0, 200);
    let target = read("Target/ReplicatedLogs/d/4").await.unwrap();
    assert_eq!(
        (&target["leader"], &target["participants"]),
        (&json!("PRMR-b"), &json!({"PRMR-b": {}}))
    );
    assert_eq!(ask(replace, None).await.0, 412);
    assert_eq!(ask("DELETE /_db/d/_api/log/4", None).await.0, 200);
    assert_eq!(read("Target/ReplicatedLogs/d/4").await, None);
    assert_eq!(read("Current/ReplicatedLogs/d/4").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn c8_2_a_real_agency_tells_of_its_agents_and_its_state() {
    let (agency, _client, coordinator) = cluster();
    let there = |tree: &crate::standin::model::Tree| tree.has("/.agency/pool").then_some(());
    coordinator.wait_for(Duration::from_secs(10), there).await.unwrap();
    let (status, body) = coordinator.ask("GET /_admin/cluster/health", None).await;
    let agent = &body["Health"][&agency.agent_ids()[0]];
    assert_eq!((status, &agent["Status"], &agent["Leading"]), (200, &json!("GOOD"), &json!(true)));
    assert_eq!(
        (&agent["Role"], &agent["Leader"]),
        (&json!("Agent"), &json!(agency.agent_ids()[0]))
    );
    assert!(agent["LastAckedTime"].is_number() && agent["Version"].is_string());
    let (status, dump) = coordinator.ask("GET /_api/cluster/agency-dump", None).await;
    assert_eq!((status, &dump["agency"]["arango"]["InitDone"]), (200, &json!(true)));
    assert!(dump["log"].as_array().is_some_and(|log| !log.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_have_just_written_counts() {
    let (_agency, client, coordinator) = cluster();
    for n in 0..20 {
        let client = client.clone();
        let name = format!("d{n}");
        let (database, job) = (format!("Plan/Databases/{name}"), format!("Target/ToDo/{n}"));
        let writing = tokio::task::spawn_blocking(move || {
            client.set(&database, json!({"replicationVersion": "2"})).unwrap();
            client.set(&job, json!({"type": "moveShard"})).unwrap();
        });
        writing.await.unwrap();
        let query = format!("GET /_admin/cluster/queryAgencyJob?id={n}");
        assert_eq!(coordinator.ask(&query, None).await.1["status"], "ToDo");
        assert_eq!(coordinator.ask(&format!("GET /_db/{name}/_api/log"), None).await.0, 200);
    }
}

/// What may be written to anywhere in a tree.
fn rubbish() -> [Json; 6] {
    [
        json!(null),
        json!(-1.5),
        json!("rubbish"),
        json!([{"x": []}, "PRMR-a", 3]),
        json!({"d": 7, "PRMR-a": [], "4": "x", "ToDo": {}, "name": 3, "1": {"shards": []}}),
        json!({"d": {"4": {"leader": [], "participants": 1, "currentTerm": {"leader": "x"},
            "shards": {"s1": 1}, "groupId": "x", "name": "c", "shardsR2": {}, "supervision": 1}}}),
    ]
}

#[tokio::test]
async fn rubbish_in_the_tree_harms_nobody() {
    let places = [
        "Plan",
        "Plan/Databases",
        "Plan/Databases/d",
        "Plan/Collections",
        "Plan/Collections/d",
        "Plan/Collections/d/4",
        "Plan/CollectionGroups",
        "Plan/ReplicatedLogs",
        "Plan/ReplicatedLogs/d",
        "Plan/ReplicatedLogs/d/4",
        "Plan/DBServers",
        "Plan/Version",
        "Current",
        "Current/DBServers",
        "Current/Coordinators",
        "Current/ServersRegistered",
        "Current/ServersRegistered/PRMR-a",
        "Current/ReplicatedLogs",
        "Current/ReplicatedLogs/d/4",
        "Current/Collections",
        "Current/CollectionGroups",
        "Current/MaintenanceDBServers",
        "Target",
        "Target/ToDo",
        "Target/ToDo/4",
        "Target/FailedServers",
        "Target/CleanedServers",
        "Target/ToBeCleanedServers",
        "Target/MapUniqueToShortID",
        "Target/CollectionGroups",
        "Target/CollectionGroups/d/9",
        "Target/CollectionNames",
        "Target/ReplicatedLogs",
        "Supervision",
        "Supervision/Health",
        "Supervision/Health/PRMR-a",
        "Supervision/State",
        "Sync",
    ];
    let requests = [
        ("GET /_admin/cluster/health", json!(null)),
        ("GET /_admin/cluster/queryAgencyJob?id=4", json!(null)),
        ("GET /_admin/cluster/numberOfServers", json!(null)),
        ("GET /_admin/cluster/maintenance", json!(null)),
        ("GET /_admin/cluster/maintenance/PRMR-a", json!(null)),
        ("GET /_api/cluster/endpoints", json!(null)),
        ("GET /_api/database", json!(null)),
        ("GET /_db/d/_api/database/current", json!(null)),
        ("GET /_db/d/_api/collection", json!(null)),
        ("GET /_db/d/_api/collection/c/properties", json!(null)),
        ("GET /_db/d/_api/collection/c/shards?details=true", json!(null)),
        ("GET /_db/d/_api/log", json!(null)),
        ("GET /_db/d/_api/log/4", json!(null)),
        ("GET /_db/d/_api/log/4/head", json!(null)),
        ("GET /_db/d/_api/log/collection-status/c", json!(null)),
        ("POST /_admin/cluster/removeServer", json!("PRMR-a")),
        ("POST /_admin/cluster/cleanOutServer", json!({"server": "DBServer0001"})),
        ("POST /_admin/cluster/cancelAgencyJob", json!({"id": "4"})),
        (
            "POST /_admin/cluster/moveShard",
            json!({"database": "d", "collection": "c", "shard": "s1",
            "fromServer": "PRMR-a", "toServer": "PRMR-b"}),
        ),
        ("POST /_db/d/_api/log", json!({"waitForReady": false})),
        ("POST /_db/d/_api/log/4/leader/PRMR-a", json!(null)),
        ("DELETE /_db/d/_api/log/4/leader", json!(null)),
    ];
    for place in places {
        for value in rubbish() {
            let world = World::with_servers(&["PRMR-a", "PRMR-b"], &["CRDN-1"]);
            world.add_database("d", "2");
            let entry = json!({"id": "4", "name": "c", "groupId": 9, "shards": {"s1": ["PRMR-a"]}});
            world.set("/arango/Plan/Collections/d/4", entry);
            world.set(&format!("/arango/{place}"), value.clone());
            let coordinator = world.coordinator("CRDN-1");
            for (request, body) in &requests {
                let (status, _) = coordinator.ask(request, Some(body.clone())).await;
                assert!((200..600).contains(&status), "{place} {value}: {request}");
            }
        }
    }
}

#[tokio::test]
async fn c8_2_requests_that_come_together_ask_the_agency_once() {
    let world = World::with_servers(&["PRMR-a"], &["CRDN-1"]);
    let coordinator = world.coordinator("CRDN-1");
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let coordinator = Arc::clone(&coordinator);
        asking.spawn(async move { coordinator.status("GET /_api/cluster/endpoints", None).await });
    }
    assert!(asking.join_all().await.into_iter().all(|status| status == 200));
    // an agency that does not answer costs each of them this long
    assert!(world.looked() <= 2, "{}", world.looked());
    coordinator.status("GET /_api/cluster/endpoints", None).await;
    assert!(world.looked() <= 3, "{}", world.looked());
}
