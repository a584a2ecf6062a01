//! Jobs that take something from a server.

use serde_json::{Value as Json, json};

use crate::standin::supervision::servers::testing::Story;

fn story() -> Story {
    let mut story = Story::with_servers(4, 1);
    for (id, leader) in [(7, "PRMR-a"), (8, "PRMR-b"), (9, "PRMR-a")] {
        story.create_log(id, leader, &["PRMR-a", "PRMR-b", "PRMR-c"]);
    }
    story.create_log(10, "PRMR-d", &["PRMR-b", "PRMR-d"]);
    story.run(2.0);
    story
}

fn order(story: &mut Story, id: &str, kind: &str, server: &str) {
    let job = json!({"type": kind, "jobId": id, "creator": "CRDN-a", "server": server,
        "timeCreated": "2027-01-15T08:00:00Z"});
    story.world.set(&format!("/arango/Target/ToDo/{id}"), job);
}

fn participants(story: &Story, id: u64) -> Vec<String> {
    let target = story.target(id);
    target["participants"].as_object().unwrap().keys().cloned().collect()
}

fn list(story: &Story, name: &str) -> Json {
    story.world.get(&format!("/arango/Target/{name}")).unwrap()
}

#[test]
fn s45_a_server_resigns_the_leadership_of_all_logs_and_gets_it_back_after_a_restart() {
    let mut story = story();
    story.converging = false;
    order(&mut story, "1", "resignLeadership", "PRMR-a");
    story.run(0.5);
    assert_eq!(story.job("1").0, "Pending");
    assert_eq!(story.world.get("/arango/Supervision/DBServers/PRMR-a"), Some(json!("1")));
    assert_eq!(list(&story, "ToBeCleanedServers"), json!(["PRMR-a"]));
    let (_, part) = story.job("1-0");
    assert_eq!(
        (&part["creator"], &part["type"]),
        (&json!("1"), &json!("reconfigureReplicatedLog"))
    );
    assert!(story.job("1-1").0 != "nowhere" && story.job("1-2").0 == "nowhere");
    story.converging = true;
    story.until(|story| story.job("1").0 == "Finished");
    for id in [7, 9] {
        assert_ne!(story.target(id)["leader"], "PRMR-a");
        assert_eq!(participants(&story, id), ["PRMR-a", "PRMR-b", "PRMR-c"]);
        assert!(story.world.tree().has(&format!("/arango/Target/ReturnLeadership/{id}")));
    }
    assert_eq!(story.target(8)["leader"], "PRMR-b");
    assert_eq!(
        (list(&story, "ToBeCleanedServers"), list(&story, "CleanedServers")),
        (json!([]), json!([]))
    );
    assert_eq!(story.world.get("/arango/Supervision/DBServers"), Some(json!({})));
    story.register("PRMR-a");
    story.until(|story| {
        story.target(7)["leader"] == "PRMR-a" && story.target(9)["leader"] == "PRMR-a"
    });
}

#[test]
fn s45_without_undo_nothing_returns_and_leaders_by_plan_resign_too() {
    let mut story = story();
    story.world.delete("/arango/Target/ReplicatedLogs/d/7/leader");
    story.world.set("/arango/Plan/ReplicatedLogs/d/7/currentTerm/leader/serverId", json!("PRMR-a"));
    story.run(1.0);
    order(&mut story, "1", "resignLeadership", "PRMR-a");
    story.world.set("/arango/Target/ToDo/1/undoMoves", json!(false));
    story.until(|story| story.job("1").0 == "Finished");
    assert!(story.target(7)["leader"].is_string() && story.target(7)["leader"] != "PRMR-a");
    assert!(story.world.get("/arango/Target/ReturnLeadership").is_none());
    assert_eq!(story.jobs("reconfigureReplicatedLog").len(), 2);
}

#[test]
fn s45_resigning_takes_a_day_at_most() {
    let mut story = story();
    story.converging = false;
    order(&mut story, "1", "resignLeadership", "PRMR-a");
    story.run(2.0);
    story.step(600.0, 85_800.0);
    assert_eq!((story.job("1").0, story.job("1-0").0), ("Pending", "Pending"));
    story.step(600.0, 1200.0);
    assert_eq!((story.job("1").0, story.job("1-0").0), ("Failed", "Failed"));
    assert_eq!(list(&story, "ToBeCleanedServers"), json!([]));
    assert_eq!(story.world.get("/arango/Supervision/DBServers"), Some(json!({})));
}

#[test]
fn s46_a_server_is_cleaned_out() {
    let mut story = story();
    story.converging = false;
    order(&mut story, "1", "cleanOutServer", "PRMR-a");
    story.run(1.0);
    assert_eq!(story.job("1").0, "Pending");
    assert_eq!(
        (list(&story, "ToBeCleanedServers"), list(&story, "CleanedServers")),
        (json!(["PRMR-a"]), json!([]))
    );
    story.converging = true;
    story.until(|story| story.job("1").0 == "Finished");
    assert_eq!(
        (list(&story, "ToBeCleanedServers"), list(&story, "CleanedServers")),
        (json!([]), json!(["PRMR-a"]))
    );
    assert_eq!(story.world.get("/arango/Supervision/DBServers"), Some(json!({})));
    for id in [7, 8, 9] {
        assert_eq!(participants(&story, id), ["PRMR-b", "PRMR-c"]);
        assert_ne!(story.target(id)["leader"], "PRMR-a");
    }
    assert_eq!(story.target(7)["participants"].as_object().unwrap().len(), 2);
    assert_eq!(participants(&story, 10), ["PRMR-b", "PRMR-d"]);
    // it has been cleaned out, so it cannot be again
    order(&mut story, "2", "cleanOutServer", "PRMR-a");
    story.run(0.5);
    assert_eq!(story.job("2").0, "Failed");
}

#[test]
fn c7_4_logs_without_another_healthy_participant_are_left_alone() {
    let mut story = story();
    story.create_log(11, "PRMR-d", &["PRMR-d"]);
    story.suspend("PRMR-b");
    story.until(|story| story.status("PRMR-b") == "BAD");
    order(&mut story, "1", "cleanOutServer", "PRMR-d");
    story.until(|story| story.job("1").0 == "Finished");
    assert_eq!(participants(&story, 10), ["PRMR-b", "PRMR-d"]);
    assert_eq!(participants(&story, 11), ["PRMR-d"]);
    assert_eq!(list(&story, "CleanedServers"), json!(["PRMR-d"]));
}

#[test]
fn c7_4_only_logs_of_databases_with_collections_are_touched() {
    let mut story = story();
    story.world.delete("/arango/Plan/Collections/d");
    order(&mut story, "1", "cleanOutServer", "PRMR-a");
    story.until(|story| story.job("1").0 == "Finished");
    assert!(participants(&story, 7).contains(&"PRMR-a".to_owned()));
}

#[test]
fn s47_jobs_for_a_server_that_nobody_knows_fail() {
    let mut story = story();
    for (id, kind) in [("1", "cleanOutServer"), ("2", "resignLeadership")] {
        order(&mut story, id, kind, "PRMR-x");
        story.run(0.5);
        assert_eq!(story.job(id).0, "Failed");
    }
    assert_eq!(list(&story, "ToBeCleanedServers"), json!([]));
}

#[test]
fn s47_jobs_for_a_server_that_is_not_good_wait_until_it_is() {
    for kind in ["cleanOutServer", "resignLeadership"] {
        for status in ["BAD", "FAILED"] {
            let mut story = story();
            story.suspend("PRMR-c");
            story.until(|story| story.status("PRMR-c") == status);
            order(&mut story, "1", kind, "PRMR-c");
            story.run(3.0);
            assert_eq!(story.job("1").0, "ToDo", "{kind} {status}");
            story.resume("PRMR-c");
            story.until(|story| story.job("1").0 == "Finished");
        }
    }
}

#[test]
fn c7_4_the_last_server_stays_and_so_does_one_that_a_replication_factor_needs() {
    let mut story = Story::with_servers(1, 1);
    story.run(2.0);
    order(&mut story, "1", "cleanOutServer", "PRMR-a");
    order(&mut story, "2", "resignLeadership", "PRMR-a");
    story.run(0.5);
    assert_eq!((story.job("1").0, story.job("2").0), ("Failed", "Failed"));

    let mut story = Story::with_servers(3, 1);
    story.world.set(
        "/arango/Plan/Collections/_system/5",
        json!({"id": "5", "replicationFactor": 3, "shards": {}}),
    );
    story.run(2.0);
    order(&mut story, "1", "cleanOutServer", "PRMR-a");
    order(&mut story, "2", "resignLeadership", "PRMR-a");
    story.run(1.0);
    assert_eq!((story.job("1").0, story.job("2").0), ("Failed", "Finished"));
}

#[test]
fn c7_1_a_clean_out_is_given_up_on_request_with_all_its_parts() {
    let mut story = story();
    story.converging = false;
    order(&mut story, "1", "cleanOutServer", "PRMR-a");
    story.run(1.0);
    assert_eq!(story.job("1-0").0, "Pending");
    story.world.set("/arango/Target/Pending/1/abort", json!(true));
    story.run(0.5);
    for id in ["1", "1-0", "1-1", "1-2"] {
        assert_eq!(story.job(id).0, "Failed", "{id}");
    }
    assert_eq!(
        (list(&story, "ToBeCleanedServers"), list(&story, "CleanedServers")),
        (json!([]), json!([]))
    );
    assert_eq!(story.world.get("/arango/Supervision/DBServers"), Some(json!({})));
}

#[test]
fn c7_4_a_clean_out_fails_when_a_part_of_it_does() {
    let mut story = story();
    story.converging = false;
    order(&mut story, "1", "cleanOutServer", "PRMR-a");
    story.run(1.0);
    story.world.delete("/arango/Target/ReplicatedLogs/d/7");
    story.converging = true;
    story.until(|story| story.job("1").0 == "Failed");
    assert_eq!(
        (list(&story, "ToBeCleanedServers"), list(&story, "CleanedServers")),
        (json!([]), json!([]))
    );
    assert_eq!(story.world.get("/arango/Supervision/DBServers"), Some(json!({})));
}

#[test]
fn c7_4_a_server_that_fails_while_it_is_cleaned_out_is_failed_over() {
    let mut story = story();
    story.converging = false;
    order(&mut story, "1", "cleanOutServer", "PRMR-a");
    story.run(1.0);
    story.suspend("PRMR-a");
    story.until(|story| story.status("PRMR-a") == "FAILED");
    story.run(1.0);
    for id in ["1", "1-0", "1-1", "1-2"] {
        assert_eq!(story.job(id).0, "Failed", "{id}");
    }
    assert_eq!(story.jobs("failedServer")[0].0, "Finished");
    assert_eq!(story.reboot_id("PRMR-a"), 2);
    assert_eq!(list(&story, "ToBeCleanedServers"), json!([]));
    assert_eq!(story.world.get("/arango/Supervision/DBServers"), Some(json!({})));
}

#[test]
fn c7_4_the_cluster_shrinks_to_the_number_of_servers_that_is_wanted() {
    let mut story = story();
    story.world.set("/arango/Target/NumberOfDBServers", json!(3));
    story.until(|story| list(story, "CleanedServers") == json!(["PRMR-d"]));
    story.run(10.0);
    let jobs = story.jobs("cleanOutServer");
    assert_eq!((jobs.len(), jobs[0].0), (1, "Finished"));
    assert_eq!(jobs[0].1["creator"], "supervision");
    assert_eq!(participants(&story, 10), ["PRMR-b"]);
}
