//! S48 to S51: servers leave.

use serde_json::{Value, json};

use crate::support::{DATABASE, World, wait_for};

fn remove(world: &World, server: &str) -> u16 {
    let body = json!({ "server": server });
    world.coordinate("POST", "/_admin/cluster/removeServer", Some(body)).status
}

/// Ends a server for good, and waits until that is noticed.
fn stop(world: &World, server: &str) {
    world.cluster.stop(server).unwrap();
    world.wait_status(server, "FAILED");
}

#[test]
fn s48_a_running_server_is_not_removed_and_an_unknown_one_is_not_found() {
    let world = World::of(3, 1);
    assert_eq!(remove(&world, "PRMR-nobody"), 404);
    let body = json!("PRMR-nobody");
    let answer = world.coordinate("POST", "/_admin/cluster/removeServer", Some(body));
    assert_eq!(answer.status, 404);
    assert_eq!(world.coordinate("GET", "/_admin/cluster/removeServer", None).status, 405);
    for body in [json!(1), json!({}), json!([])] {
        let answer = world.coordinate("POST", "/_admin/cluster/removeServer", Some(body));
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    assert_eq!(remove(&world, &world.dbservers()[0]), 412);
    assert_eq!(world.status(&world.dbservers()[0]), "GOOD");
}

#[test]
fn s49_a_failed_server_is_removed_with_all_its_keys() {
    let world = World::of(4, 1);
    let servers = world.dbservers();
    let log = world.log(&servers[..3], |target| target["leader"] = json!(servers[1]));
    log.settled();
    stop(&world, &servers[0]);
    let plan = log.state().plan;
    assert_eq!(remove(&world, &servers[0]), 200);
    let tree = world.tree();
    for path in [
        "Plan/DBServers",
        "Current/DBServers",
        "Current/ServersRegistered",
        "Current/ServersKnown",
        "Supervision/Health",
        "Target/MapUniqueToShortID",
    ] {
        let keys = path.split('/').fold(&tree, |node, key| &node[key]);
        assert!(keys.get(&servers[0]).is_none(), "{path}: {keys}");
    }
    assert!(tree["Target"]["RemovedServers"][&servers[0]].is_string());
    assert_eq!(remove(&world, &servers[0]), 404);
    // a log that nobody else cares for still names it
    let state = log.state();
    assert!(state.wanted().contains(&servers[0]));
    assert_eq!(
        state.plan["participantsConfig"]["participants"],
        plan["participantsConfig"]["participants"]
    );
}

#[test]
fn s50_a_removal_waits_for_the_failover() {
    let world = World::of(3, 1);
    let log = world.log(&world.dbservers(), |_| {});
    log.settled();
    let leader = log.leader();
    // a term without leader holds every participant, until somebody may be elected
    log.forbid_leaders();
    stop(&world, &leader);
    log.wait("no leader", |state| state.leader().is_none());
    std::thread::scope(|scope| {
        let removal = scope.spawn(|| remove(&world, &leader));
        // the supervision and everybody else go on meanwhile
        let others: Vec<String> =
            world.dbservers().into_iter().filter(|id| *id != leader).collect();
        world.log(&others, |_| {}).settled();
        assert!(!removal.is_finished());
        log.allow_leaders(&world.dbservers());
        assert_eq!(removal.join().unwrap(), 200);
    });
    assert!(log.state().leader().is_some_and(|id| id != leader));
}

#[test]
fn s51_a_removed_coordinator_is_no_endpoint_any_more() {
    let world = World::of(1, 2);
    let coordinators = world.coordinators();
    let endpoints = || {
        let answer = world.ask(&coordinators[0], "GET", "/_api/cluster/endpoints", None);
        answer.body["endpoints"].as_array().unwrap().len()
    };
    assert_eq!(endpoints(), 2);
    let health = world.coordinate("GET", "/_admin/cluster/health", None);
    assert_eq!(health.body["Health"][&coordinators[1]]["CanBeDeleted"], false);
    world.cluster.kill(&coordinators[1]).unwrap();
    world.wait_status(&coordinators[1], "FAILED");
    let health = world.coordinate("GET", "/_admin/cluster/health", None);
    assert_eq!(health.body["Health"][&coordinators[1]]["CanBeDeleted"], true);
    assert_eq!(remove(&world, &coordinators[1]), 200);
    wait_for("one endpoint is left", || (endpoints() == 1).then_some(()));
}

#[test]
fn s49_logs_of_a_group_replace_a_removed_server() {
    let world = World::of(4, 1);
    let body =
        json!({ "name": "c", "numberOfShards": 1, "replicationFactor": 3, "writeConcern": 2 });
    let made = world.coordinate("POST", &format!("/_db/{DATABASE}/_api/collection"), Some(body));
    assert_eq!(made.status, 200, "{made:?}");
    let target = |tree: &Value| -> Option<Value> {
        tree["Target"]["ReplicatedLogs"][DATABASE].as_object()?.values().next().cloned()
    };
    let log = target(&world.tree()).unwrap();
    let members = log["participants"].as_object().unwrap();
    let follower = members.keys().find(|id| log["leader"] != **id).unwrap();
    stop(&world, follower);
    assert_eq!(remove(&world, follower), 200);
    world.wait("the server has been replaced", |tree| {
        let now = target(tree)?;
        let participants = now["participants"].as_object()?;
        (participants.len() == 3 && !participants.contains_key(follower)).then_some(())
    });
}
