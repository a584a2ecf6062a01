//! S57 to S61: entries of logs, and the calls of a coordinator.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{DATABASE, Log, World, shared, wait_for};

fn entries(log: &Log<'_>) -> Vec<Value> {
    let answer = log.world.coordinate("GET", &log.url("/head?limit=100"), None);
    answer.result().as_array().unwrap().clone()
}

#[test]
fn s57_a_log_begins_with_one_entry_and_flags_add_configurations() {
    let world = shared();
    let log = world.log(&world.dbservers()[..3], |_| {});
    let state = log.settled();
    let first = entries(&log);
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!((&first[0]["logIndex"], &first[0]["logTerm"]), (&json!(1), &json!(1)));
    let meta = &first[0]["meta"];
    assert_eq!(
        (&meta["type"], &meta["leader"]),
        (&json!("FirstEntryOfTerm"), &json!(state.leader()))
    );
    assert_eq!(meta["participants"]["generation"], 1);
    let follower = log.follower();
    log.reach(|target| target["participants"][&follower] = json!({ "allowedAsLeader": false }));
    let now = entries(&log);
    assert_eq!(now.len(), 2, "{now:?}");
    let meta = &now[1]["meta"];
    assert_eq!((&now[1]["logIndex"], &meta["type"]), (&json!(2), &json!("UpdateInnerTermConfig")));
    assert_eq!(meta["participants"]["generation"], 2);
    let safe: BTreeSet<&String> = meta["safeRebootIds"].as_object().unwrap().keys().collect();
    assert_eq!(safe.len(), 3);
}

#[test]
fn s58_an_insert_tells_of_a_quorum_that_works() {
    let world = World::of(3, 1);
    let log =
        world.log(&world.dbservers(), |target| target["config"]["softWriteConcern"] = json!(3));
    let all = |answer: &Value| answer["result"]["quorum"]["quorum"].as_array().unwrap().len();
    log.wait("three of three", |state| state.effective_write_concern() == 3 && state.established());
    let inserted = log.insert(json!({ "n": 1 }));
    assert_eq!(inserted.status, 201, "{inserted:?}");
    let result = inserted.result();
    assert!(result["result"]["commitIndex"].as_u64() >= result["index"].as_u64(), "{result}");
    assert_eq!(all(result), 3);
    let follower = log.follower();
    world.cluster.pause(&follower).unwrap();
    world.wait_status(&follower, "FAILED");
    log.wait("two of three", |state| state.effective_write_concern() == 2 && state.established());
    let inserted = log.insert(json!({ "n": 2 }));
    let quorum = inserted.result()["result"]["quorum"]["quorum"].as_array().unwrap();
    assert_eq!(quorum.len(), 2);
    assert!(!quorum.contains(&json!(follower)), "{quorum:?}");
    world.cluster.resume(&follower).unwrap();
    log.wait("three of three", |state| state.effective_write_concern() == 3 && state.established());
    let inserted = log.insert(json!({ "n": 3 }));
    assert_eq!(all(inserted.result()), 3);
}

#[test]
fn s59_committed_entries_survive_a_term_without_leader() {
    let world = World::of(3, 1);
    let log = world.log(&world.dbservers(), |_| {});
    log.settled();
    let mut written = Vec::new();
    for n in 0..10 {
        let inserted = log.insert(json!({ "n": n }));
        written.push((inserted.result()["index"].as_u64().unwrap(), json!({ "n": n })));
    }
    // nobody may lead for a while
    log.forbid_leaders();
    log.empty_term();
    log.wait("all know", |state| {
        let status = |id: &String| &state.current["localStatus"][id];
        world
            .dbservers()
            .iter()
            .all(|id| status(id)["state"] == "Connecting" && status(id)["term"] == state.term())
    });
    log.insert(json!(1)).is_error(503, 1422);
    let read = world.coordinate("GET", &log.url("/head"), None);
    read.is_error(503, 1422);
    log.allow_leaders(&world.dbservers()[1..]);
    log.wait("elected", |state| state.established());
    for (index, payload) in written {
        let entry = world.coordinate("GET", &log.url(&format!("/entry/{index}")), None);
        assert_eq!(entry.result()["payload"], payload, "{entry:?}");
    }
    let none = world.coordinate("GET", &log.url("/entry/1000"), None);
    assert_eq!(none.status, 404, "{none:?}");
}

#[test]
fn s60_a_log_is_ready_when_its_creation_is_answered() {
    let world = World::of(4, 1);
    let path = format!("/_db/{DATABASE}/_api/log");
    let body =
        json!({ "config": { "writeConcern": 2, "softWriteConcern": 2, "waitForSync": false } });
    let made = world.coordinate("POST", &path, Some(body));
    let log = Log { world: &world, id: made.result()["id"].as_u64().unwrap() };
    let state = log.state();
    assert!(state.established());
    let answered: BTreeSet<String> = made.result()["servers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect();
    assert_eq!((answered.len(), &answered), (3, &state.participants()));
    let safe = || {
        let state = log.state();
        let safe = state.current["safeRebootIds"].as_object().cloned().unwrap_or_default();
        let known: serde_json::Map<String, Value> = state
            .wanted()
            .into_iter()
            .map(|id| (id.clone(), json!(world.reboot_id(&id))))
            .collect();
        safe == known
    };
    wait_for("the participants are safe", || safe().then_some(()));
    // it follows when somebody is replaced
    let old = log.follower();
    let new = world.dbservers().into_iter().find(|id| !state.participants().contains(id)).unwrap();
    let replaced =
        world.coordinate("POST", &log.url(&format!("/participant/{old}/replace-with/{new}")), None);
    assert_eq!(replaced.status, 200, "{replaced:?}");
    log.wait("replaced", |state| state.participants() == state.wanted() && state.established());
    wait_for("the new ones are safe", || safe().then_some(()));
}

#[test]
fn s61_changes_show_when_a_call_returns_or_nothing_is_changed() {
    let world = shared();
    let servers = world.dbservers();
    let log = world.log(&servers[..3], |_| {});
    log.settled();
    let call = |method: &str, rest: &str| world.coordinate(method, &log.url(rest), None);
    let leader = call("POST", &format!("/leader/{}", servers[1]));
    assert_eq!((leader.status, log.state().target["leader"].as_str()), (200, Some(&*servers[1])));
    let version = log.state().target["version"].clone();
    let replaced =
        call("POST", &format!("/participant/{}/replace-with/{}", servers[1], servers[4]));
    assert_eq!(replaced.status, 200, "{replaced:?}");
    let target = log.state().target;
    assert_eq!((&target["leader"], &target["version"]), (&json!(servers[4]), &version));
    assert_eq!(target["participants"].get(&servers[1]), None);
    let unset = call("DELETE", "/leader");
    assert_eq!((unset.status, log.state().target.get("leader")), (200, None));
    let before = log.state().target;
    for (method, rest) in [
        ("POST", format!("/leader/{}", servers[5])),
        ("POST", format!("/participant/{}/replace-with/{}", servers[5], servers[3])),
        ("POST", format!("/participant/{}/replace-with/{}", servers[0], servers[2])),
    ] {
        let refused = call(method, &rest);
        assert_eq!(refused.status, 412, "{rest}: {refused:?}");
        assert_eq!(log.state().target, before);
    }
}

#[test]
fn c4_12_deeply_nested_entries_are_read_as_they_were_written() {
    let world = shared();
    let log = world.log(&world.dbservers()[..3], |_| {});
    let nested = |levels| (0..levels).fold(json!(1), |inside, _| json!([inside]));
    let inserted = log.insert(nested(180));
    let index = inserted.result()["index"].as_u64().unwrap();
    for what in ["/tail?limit=1".to_owned(), format!("/entry/{index}")] {
        let status = world.coordinate("GET", &log.url(&what), None).status;
        assert_eq!(status, 200, "{what}");
    }
    assert_eq!(log.insert(nested(181)).status, 400);
}
