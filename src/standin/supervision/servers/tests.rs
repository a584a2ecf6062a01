//! Stories of the health of servers.

use serde_json::{Value as Json, json};

use super::super::testing::World;
use super::testing::Story;
use crate::standin::model::paths;
use crate::standin::model::stamp::{EPOCH, parse};

#[test]
fn s1_registered_servers_with_heartbeats_become_good_within_a_few_rounds() {
    let mut story = Story::with_servers(3, 2);
    // the first look leaves the persisted record alone
    story.run(0.5);
    assert_eq!(story.status("PRMR-a"), "");
    assert!(story.world.get_transient(&paths::health("PRMR-a")).is_some());
    story.run(0.5);
    for id in ["PRMR-a", "PRMR-b", "PRMR-c", "CRDN-a", "CRDN-b"] {
        assert_eq!((&*story.status(id), story.reboot_id(id)), ("GOOD", 1), "{id}");
    }
    assert_eq!(story.mode(), "Normal");
    let record = story.world.get(&paths::health("PRMR-a")).unwrap();
    assert_eq!(record["ShortName"], "DBServer0001");
    assert_eq!(record["SyncStatus"], "SERVING");
    assert_eq!(record["Endpoint"], "tcp://PRMR-a:1");
    story.run(20.0);
    assert_eq!(story.world.get(&paths::health("PRMR-a")).unwrap(), record);
    assert!(story.jobs("failedServer").is_empty());
}

#[test]
fn c3_1_the_transient_copy_is_rewritten_each_round() {
    let mut story = Story::with_servers(1, 1);
    story.run(10.5);
    let record = story.world.get_transient(&paths::health("PRMR-a")).unwrap();
    let age = |key: &str| {
        let time = parse(record[key].as_str().unwrap()).unwrap();
        story.world.now.duration_since(time).unwrap().as_secs()
    };
    assert!(age("Timestamp") <= 1 && age("SyncTime") <= 1 && age("LastAckedTime") <= 1);
    let persisted = story.world.get(&paths::health("PRMR-a")).unwrap();
    assert_ne!(persisted["LastAckedTime"], record["LastAckedTime"]);
}

#[test]
fn c3_2_a_server_without_a_short_name_is_not_looked_at() {
    let mut story = Story::with_servers(2, 1);
    story.world.delete("/arango/Target/MapUniqueToShortID/PRMR-b");
    story.run(20.0);
    assert_eq!((&*story.status("PRMR-a"), &*story.status("PRMR-b")), ("GOOD", ""));
    assert!(story.world.get_transient(&paths::health("PRMR-b")).is_none());
}

#[test]
fn c3_2_a_server_that_never_sends_a_heartbeat_is_failed_at_once_and_without_a_job() {
    let mut story = Story::with_servers(2, 1);
    story.run(2.0);
    story.register("PRMR-x");
    story.register("CRDN-x");
    story.suspend("PRMR-x");
    story.suspend("CRDN-x");
    story.run(0.5);
    assert_eq!(story.status("PRMR-x"), "");
    story.run(0.5);
    for id in ["PRMR-x", "CRDN-x"] {
        let record = story.world.get(&paths::health(id)).unwrap();
        assert_eq!(record["Status"], "FAILED");
        assert_eq!(record["SyncStatus"], "UNKNOWN");
        assert_eq!((&record["SyncTime"], &record["LastAckedTime"]), (&json!(EPOCH), &json!(EPOCH)));
    }
    story.run(20.0);
    assert!(story.jobs("failedServer").is_empty());
    assert_eq!((story.reboot_id("PRMR-x"), story.reboot_id("CRDN-x")), (1, 1));
    story.resume("PRMR-x");
    story.run(1.0);
    assert_eq!(story.status("PRMR-x"), "GOOD");
}

/// The statuses that a server goes through, with the seconds after which it takes them.
fn statuses(story: &mut Story, id: &str, seconds: f64) -> Vec<(String, f64)> {
    let mut seen = vec![(story.status(id), 0.0)];
    let mut passed = 0.0;
    while passed < seconds {
        story.run(0.5);
        passed += 0.5;
        if seen.last().is_none_or(|(last, _)| *last != story.status(id)) {
            seen.push((story.status(id), passed));
        }
    }
    seen
}

#[test]
fn s24_a_suspended_server_becomes_bad_then_failed_and_is_failed_over() {
    let mut story = Story::with_servers(3, 1);
    story.run(3.0);
    let versions = story.world.tree().number(paths::CURRENT_VERSION).unwrap();
    story.suspend("PRMR-b");
    let seen = statuses(&mut story, "PRMR-b", 15.0);
    let names: Vec<_> = seen.iter().map(|(status, _)| &**status).collect();
    assert_eq!(names, ["GOOD", "BAD", "FAILED"]);
    assert!((5.0..=6.0).contains(&seen[1].1) && (10.0..=11.0).contains(&seen[2].1), "{seen:?}");
    assert_eq!(story.world.get("/arango/Target/FailedServers"), Some(json!({"PRMR-b": []})));
    assert_eq!(story.reboot_id("PRMR-b"), 2);
    assert_eq!(story.world.tree().number(paths::CURRENT_VERSION), Some(versions + 1));
    let jobs = story.jobs("failedServer");
    let (state, job) = &jobs[0];
    assert_eq!((jobs.len(), *state), (1, "Finished"));
    assert_eq!((&job["server"], &job["creator"]), (&json!("PRMR-b"), &json!("supervision")));
    for key in ["timeCreated", "timeStarted", "timeFinished", "failedLeaderAddsFollower"] {
        assert!(job.get(key).is_some(), "{key}");
    }
    assert_eq!(story.world.get("/arango/Supervision/DBServers"), Some(json!({})));
    assert_eq!((&*story.status("PRMR-a"), story.reboot_id("PRMR-a")), ("GOOD", 1));
}

#[test]
fn s24_all_happens_in_the_round_that_sees_the_server_failed() {
    let mut story = Story::with_servers(2, 1);
    story.run(3.0);
    story.suspend("PRMR-b");
    story.until(|story| story.status("PRMR-b") == "FAILED");
    assert_eq!(story.jobs("failedServer")[0].0, "Finished");
    assert_eq!(story.reboot_id("PRMR-b"), 2);
}

#[test]
fn s24_a_server_is_bad_before_it_is_failed_even_if_it_has_been_silent_for_long() {
    let mut story = Story::with_servers(2, 1);
    story.run(3.0);
    story.suspend("PRMR-b");
    story.world.pass(100.0);
    story.beat();
    story.world.round();
    assert_eq!(story.status("PRMR-b"), "BAD");
    assert!(story.jobs("failedServer").is_empty());
    story.world.round();
    assert_eq!(story.status("PRMR-b"), "FAILED");
}

#[test]
fn s26_the_failed_server_is_listed_until_it_is_good_again() {
    let mut story = Story::with_servers(3, 1);
    story.create_log(7, "PRMR-a", &["PRMR-a", "PRMR-b", "PRMR-c"]);
    story.run(3.0);
    let target = story.target(7);
    story.suspend("PRMR-b");
    story.until(|story| story.status("PRMR-b") == "FAILED");
    story.run(10.0);
    assert!(story.world.tree().has("/arango/Target/FailedServers/PRMR-b"));
    assert_eq!(story.target(7), target);
    assert_eq!(story.jobs("failedServer").len(), 1);
}

#[test]
fn s27_a_resumed_server_is_good_and_listed_no_more() {
    let mut story = Story::with_servers(3, 1);
    story.run(3.0);
    for times in 1..=2 {
        story.suspend("PRMR-b");
        story.until(|story| story.status("PRMR-b") == "FAILED");
        story.resume("PRMR-b");
        story.run(1.0);
        assert_eq!(story.status("PRMR-b"), "GOOD");
        assert_eq!(story.world.get("/arango/Target/FailedServers"), Some(json!({})));
        assert_eq!(
            (story.jobs("failedServer").len(), story.reboot_id("PRMR-b")),
            (times, 1 + times as u64)
        );
    }
}

#[test]
fn s25_a_server_that_is_bad_alone_triggers_nothing() {
    let mut story = Story::with_servers(2, 1);
    story.run(3.0);
    story.suspend("PRMR-b");
    story.until(|story| story.status("PRMR-b") == "BAD");
    story.resume("PRMR-b");
    story.run(5.0);
    assert_eq!((&*story.status("PRMR-b"), story.reboot_id("PRMR-b")), ("GOOD", 1));
    assert!(story.jobs("failedServer").is_empty());
}

#[test]
fn c3_2_thresholds_below_a_second_hold_though_stamps_have_whole_seconds() {
    let mut story = Story::with_servers(2, 1);
    story.world.settings.ok_threshold = 0.2;
    story.world.settings.grace_period = 0.4;
    story.step(0.05, 3.0);
    assert_eq!(story.status("PRMR-b"), "GOOD");
    assert!(story.jobs("failedServer").is_empty());
    story.suspend("PRMR-b");
    story.step(0.05, 0.3);
    assert_eq!(story.status("PRMR-b"), "BAD");
    story.step(0.05, 0.3);
    assert_eq!((&*story.status("PRMR-b"), &*story.status("PRMR-a")), ("FAILED", "GOOD"));
}

#[test]
fn c3_3_a_failed_coordinator_loses_its_incarnation_and_the_foxxmaster() {
    let mut story = Story::with_servers(1, 2);
    story.world.set("/arango/Current/Foxxmaster", json!("CRDN-a"));
    story.run(3.0);
    let versions = story.world.tree().number(paths::CURRENT_VERSION).unwrap();
    story.suspend("CRDN-a");
    story.until(|story| story.status("CRDN-a") == "FAILED");
    assert_eq!((story.reboot_id("CRDN-a"), story.reboot_id("CRDN-b")), (2, 1));
    assert_eq!(story.world.text("/arango/Current/Foxxmaster").as_deref(), Some(""));
    assert_eq!(story.world.tree().number(paths::CURRENT_VERSION), Some(versions + 1));
    assert_eq!(story.world.get("/arango/Target/FailedServers"), Some(json!({})));
    assert!(story.jobs("failedServer").is_empty());
    story.suspend("CRDN-b");
    story.world.set("/arango/Current/Foxxmaster", json!("CRDN-a"));
    story.until(|story| story.status("CRDN-b") == "FAILED");
    assert_eq!(story.world.text("/arango/Current/Foxxmaster").as_deref(), Some("CRDN-a"));
}

#[test]
fn c3_5_a_server_in_maintenance_fails_without_a_job() {
    let mut story = Story::with_servers(2, 1);
    story.run(3.0);
    let until =
        crate::standin::model::stamp::stamp(story.world.now + std::time::Duration::from_secs(60));
    let entry = json!({"Mode": "maintenance", "Until": until});
    story.world.set("/arango/Target/MaintenanceDBServers/PRMR-b", entry.clone());
    story.run(0.5);
    let current = "/arango/Current/MaintenanceDBServers/PRMR-b";
    assert_eq!(story.world.get(current), Some(entry));
    story.suspend("PRMR-b");
    story.until(|story| story.status("PRMR-b") == "FAILED");
    story.run(5.0);
    assert!(story.jobs("failedServer").is_empty());
    assert_eq!(story.world.get("/arango/Target/FailedServers"), Some(json!({})));
    assert_eq!(story.reboot_id("PRMR-b"), 1);
    story.until(|story| story.world.get("/arango/Current/MaintenanceDBServers/PRMR-b").is_none());
    assert!(story.world.get("/arango/Target/MaintenanceDBServers/PRMR-b").is_some());
}

#[test]
fn c3_2_records_of_servers_that_are_no_more_in_plan_are_deleted() {
    let mut story = Story::with_servers(2, 1);
    story.run(3.0);
    story.world.delete("/arango/Plan/DBServers/PRMR-b");
    story.run(0.5);
    assert!(story.world.get(&paths::health("PRMR-b")).is_none());
    assert!(story.world.get_transient(&paths::health("PRMR-b")).is_none());
    assert_eq!(story.status("PRMR-a"), "GOOD");
    story.run(10.0);
    assert!(story.world.get(&paths::health("PRMR-b")).is_none());
}

#[test]
fn c9_a_new_leader_waits_for_heartbeats_for_55_seconds() {
    let mut story = Story::with_servers(2, 1);
    story.run(3.0);
    story.suspend("PRMR-b");
    story.world.new_leader();
    story.run(55.0);
    assert_eq!(story.status("PRMR-b"), "GOOD");
    assert!(story.world.get_transient(&paths::health("PRMR-a")).is_none());
    story.run(5.0);
    assert_eq!((&*story.status("PRMR-a"), &*story.status("PRMR-b")), ("GOOD", "FAILED"));
    assert_eq!(story.jobs("failedServer").len(), 1);
}

#[test]
fn c9_a_new_leader_that_has_heard_of_all_servers_waits_no_longer() {
    let mut story = Story::with_servers(2, 1);
    story.run(3.0);
    story.world.new_leader();
    story.run(1.0);
    assert!(story.world.get_transient(&paths::health("PRMR-a")).is_some());
    story.suspend("PRMR-b");
    story.run(15.0);
    assert_eq!(story.status("PRMR-b"), "FAILED");
    // what a leader remembers is gone with it, what is persisted stays
    story.world.new_leader();
    story.resume("PRMR-b");
    story.run(0.5);
    assert_eq!(story.status("PRMR-b"), "FAILED");
    story.run(0.5);
    assert_eq!(story.status("PRMR-b"), "GOOD");
}

#[test]
fn c9_jobs_do_not_wait_for_heartbeats() {
    let mut story = Story::with_servers(2, 1);
    story.run(3.0);
    story.create_log(7, "PRMR-a", &["PRMR-a", "PRMR-b"]);
    story.suspend("PRMR-b");
    story.world.new_leader();
    let job = json!({"type": "reconfigureReplicatedLog", "jobId": "1", "database": "d",
        "logId": 7, "operations": [{"operation": "set-leader", "participant": "PRMR-b"}]});
    story.world.set("/arango/Target/ToDo/1", job);
    story.run(1.0);
    assert_eq!(story.job("1").0, "Finished");
}

#[test]
fn rubbish_in_the_tree_is_skipped() {
    let rubbish = [json!(null), json!(-1), json!("x"), json!([1]), json!({"": {"": 1}, "x": 5})];
    for path in [
        "Plan/DBServers",
        "Plan/Coordinators",
        "Plan/DBServers/PRMR-b",
        "Supervision/Health",
        "Supervision/Health/PRMR-b",
        "Supervision/Health/PRMR-b/Status",
        "Target/FailedServers",
        "Target/MapUniqueToShortID",
        "Target/MapUniqueToShortID/PRMR-b",
        "Current/ServersRegistered",
        "Current/ServersRegistered/PRMR-b",
        "Current/ServersKnown",
        "Current/ServersKnown/PRMR-b/rebootId",
        "Current/Foxxmaster",
        "Current/Databases",
        "Target/MaintenanceDBServers",
        "Current/MaintenanceDBServers",
        "Supervision/DBServers",
        "Target/ToDo",
        "Target/Pending",
        "Target/Finished",
        "Target/ReturnLeadership",
        "Plan/Collections",
        "Target/NumberOfDBServers",
        "Supervision/State",
        "Sync/LatestID",
        "Plan/Databases",
        "Target/CleanedServers",
        "Supervision/Shards",
        "Target/ReplicatedLogs",
    ] {
        for value in &rubbish {
            let mut story = Story::with_servers(2, 1);
            story.converging = false;
            story.world.settings.expired_servers_grace_period = 30.0;
            story.run(1.0);
            story.world.set(&format!("/arango/{path}"), value.clone());
            for id in ["PRMR-a", "PRMR-b", "CRDN-a"] {
                story.suspend(id);
            }
            story.step(4.0, 40.0);
            story.resume("PRMR-a");
            story.step(2.0, 4.0);
        }
    }
    for value in rubbish {
        let mut world = World::bootstrapped();
        world.set_transient("/arango/Sync/ServerStates", json!({"PRMR-a": value.clone()}));
        world.set("/arango/Plan/DBServers", json!({"PRMR-a": value, "odd": 1}));
        world.set(
            "/arango/Target/MapUniqueToShortID",
            json!({"PRMR-a": {"ShortName": "x"}, "odd": {"ShortName": "y"}}),
        );
        world.pass(60.0);
        for _ in 0..3 {
            world.round();
        }
        let status =
            |world: &World, id| world.get(&paths::health(id)).map(|r: Json| r["Status"].clone());
        assert_eq!(status(&world, "PRMR-a"), Some(json!("FAILED")));
        assert_eq!(status(&world, "odd"), Some(json!("FAILED")));
    }
}
