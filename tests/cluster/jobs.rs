//! S41 to S47: jobs.

use agencysh::client::Transaction;
use serde_json::{Value, json};

use crate::recorder::Recorder;
use crate::support::{DATABASE, Log, World, shared, wait_for};

/// Where a job stands.
fn job(tree: &Value, id: &str) -> Option<(&'static str, Value)> {
    let states = ["ToDo", "Pending", "Finished", "Failed"];
    states.into_iter().find_map(|state| Some((state, tree["Target"][state].get(id)?.clone())))
}

fn wait_job(world: &World, id: &str, state: &str) -> Value {
    world.wait(&format!("job {id} is {state}"), |tree| {
        job(tree, id).filter(|(at, _)| *at == state).map(|(_, job)| job)
    })
}

fn reconfigure(log: &Log<'_>, log_id: Value, operations: &Value) -> String {
    let world = log.world;
    let id = world.unique().to_string();
    let job = json!({
        "type": "reconfigureReplicatedLog", "jobId": id, "database": DATABASE, "logId": log_id,
        "operations": operations,
    });
    world.write(Transaction::new(json!({
        format!("/arango/Target/ToDo/{id}"): { "op": "set", "new": job },
    })));
    id
}

#[test]
fn s41_a_job_sets_a_leader() {
    let world = shared();
    let log = world.log(&world.dbservers()[..3], |_| {});
    log.settled();
    let follower = log.follower();
    let recorder = Recorder::start(&world.client);
    let operations = json!([{ "operation": "set-leader", "participant": follower }]);
    let id = reconfigure(&log, json!(log.id), &operations);
    let done = wait_job(world, &id, "Finished");
    assert_eq!(done["expectedVersion"], 2);
    let state = log.state();
    assert_eq!((&state.target["version"], &state.target["leader"]), (&json!(2), &json!(follower)));
    assert_eq!(state.leader(), Some(&*follower));
    let pending = recorder.values(&format!("/arango/Target/Pending/{id}/expectedVersion"));
    assert_eq!(pending, [json!(null), json!(2), json!(null)]);
    assert!(done["timeStarted"].is_string() && done["timeFinished"].is_string());
}

#[test]
fn s42_a_job_replaces_the_leader() {
    let world = shared();
    let servers = world.dbservers();
    let log = world.log(&servers[..3], |_| {});
    log.settled();
    let (old, new) = (log.leader(), servers[4].clone());
    let operations = json!([
        { "operation": "add-participant", "participant": new },
        { "operation": "remove-participant", "participant": old },
        { "operation": "set-leader", "participant": new },
    ]);
    let id = reconfigure(&log, json!(log.id), &operations);
    wait_job(world, &id, "Finished");
    let state = log.state();
    assert_eq!(state.leader(), Some(&*new));
    assert!(!state.participants().contains(&old));
}

#[test]
fn s43_jobs_fail_that_name_no_log_and_two_for_one_log_both_finish() {
    let world = shared();
    let log = world.log(&world.dbservers()[..3], |_| {});
    log.settled();
    let follower = log.follower();
    let lead = |server: &str| json!([{ "operation": "set-leader", "participant": server }]);
    for id in [json!(1), json!(log.id.to_string())] {
        let id = reconfigure(&log, id, &lead(&follower));
        wait_job(world, &id, "Failed");
    }
    let first = reconfigure(&log, json!(log.id), &lead(&follower));
    let second = reconfigure(&log, json!(log.id), &lead(&log.leader()));
    wait_job(world, &first, "Finished");
    wait_job(world, &second, "Finished");
    assert_eq!(log.state().target["version"], 3);
}

#[test]
fn s44_a_job_waits_until_it_can_be_done() {
    let world = World::of(3, 0);
    let log = world.log(&world.dbservers(), |target| {
        target["config"] =
            json!({ "writeConcern": 3, "softWriteConcern": 3, "waitForSync": false });
    });
    let state = log.settled();
    let leader = log.leader();
    let others: Vec<String> = state.participants().into_iter().filter(|id| *id != leader).collect();
    world.cluster.pause(&others[0]).unwrap();
    world.wait_status(&others[0], "FAILED");
    // the flag that comes first needs all three
    let operations = json!([{ "operation": "set-leader", "participant": others[1] }]);
    let id = reconfigure(&log, json!(log.id), &operations);
    log.wait("nothing is committed", |state| state.commit_status().is_some());
    assert_eq!(job(&world.tree(), &id).map(|(state, _)| state), Some("Pending"));
    assert_eq!(log.leader(), leader);
    world.cluster.resume(&others[0]).unwrap();
    wait_job(&world, &id, "Finished");
    log.wait("leads", |state| state.leader() == Some(&*others[1]) && state.established());
}

#[test]
fn s45_a_server_resigns_its_leaderships_and_gets_them_back() {
    let world = World::of(3, 1);
    let servers = world.dbservers();
    let logs: Vec<_> = (0..2)
        .map(|_| world.log(&servers, |target| target["leader"] = json!(servers[0])))
        .collect();
    logs.iter().for_each(|log| drop(log.settled()));
    let body = json!({ "server": servers[0] });
    let asked = world.coordinate("POST", "/_admin/cluster/resignLeadership", Some(body));
    assert_eq!(asked.status, 202, "{asked:?}");
    let id = asked.body["id"].as_str().unwrap().to_owned();
    wait_job(&world, &id, "Finished");
    let told = world.coordinate("GET", &format!("/_admin/cluster/queryAgencyJob?id={id}"), None);
    assert_eq!((&told.body["status"], &told.body["job"]), (&json!("Finished"), &json!(id)));
    for log in &logs {
        let state = log.state();
        assert_ne!(state.leader(), Some(&*servers[0]));
        let path = format!("Target/ReturnLeadership/{}", log.id);
        assert!(world.client.exists(&path).unwrap(), "no {path}");
    }
    for n in 0..2 {
        wait_job(&world, &format!("{id}-{n}"), "Finished");
    }
    world.cluster.restart(&servers[0]).unwrap();
    for log in &logs {
        log.wait("leads again", |state| {
            state.leader() == Some(&*servers[0]) && state.established()
        });
    }
}

#[test]
fn s46_a_server_is_cleaned_out() {
    let world = World::of(4, 1);
    let servers = world.dbservers();
    let log = world.log(&servers[..3], |_| {});
    log.settled();
    let leader = log.leader();
    let recorder = Recorder::start(&world.client);
    let body = json!({ "server": leader });
    let asked = world.coordinate("POST", "/_admin/cluster/cleanOutServer", Some(body));
    assert_eq!(asked.status, 202, "{asked:?}");
    let id = asked.body["id"].as_str().unwrap().to_owned();
    wait_job(&world, &id, "Finished");
    let tree = world.tree();
    assert_eq!(tree["Target"]["CleanedServers"], json!([leader]));
    assert_eq!(tree["Target"]["ToBeCleanedServers"], json!([]));
    let seen = recorder.values("/arango/Target/ToBeCleanedServers");
    assert_eq!(seen, [json!([]), json!([leader]), json!([])]);
    let state = log.wait("it has left", |state| !state.participants().contains(&leader));
    assert_eq!(state.wanted().len(), 2);
    let numbers = world.coordinate("GET", "/_admin/cluster/numberOfServers", None);
    assert_eq!(numbers.body["cleanedServers"], json!([leader]));
}

#[test]
fn s47_jobs_for_unknown_servers_fail_and_those_for_bad_ones_wait() {
    let world = World::of(3, 1);
    let server = world.dbservers()[0].clone();
    for call in ["cleanOutServer", "resignLeadership"] {
        let id = world.unique().to_string();
        let job = json!({
            "type": call, "jobId": id, "server": "PRMR-nobody", "creator": "CRDN-test",
            "timeCreated": "2026-01-01T00:00:00Z",
        });
        world.client.set(&format!("Target/ToDo/{id}"), job).unwrap();
        wait_job(&world, &id, "Failed");
    }
    world.cluster.pause(&server).unwrap();
    wait_for("not good any more", || (world.status(&server) != "GOOD").then_some(()));
    let body = json!({ "server": server });
    let asked = world.coordinate("POST", "/_admin/cluster/resignLeadership", Some(body));
    let id = asked.body["id"].as_str().unwrap().to_owned();
    world.wait_status(&server, "FAILED");
    assert_eq!(job(&world.tree(), &id).map(|(state, _)| state), Some("ToDo"));
    world.cluster.resume(&server).unwrap();
    wait_job(&world, &id, "Finished");
}
