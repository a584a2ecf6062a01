//! Jobs that fail a server over.

use serde_json::{Value as Json, json};

use crate::standin::model::paths;
use crate::standin::supervision::servers::testing::Story;

fn order(story: &mut Story, id: &str, server: &str) {
    let job = json!({"type": "failedServer", "jobId": id, "creator": "supervision",
        "server": server, "failedLeaderAddsFollower": true, "timeCreated": "2027-01-15T08:00:00Z"});
    story.world.set(&format!("/arango/Target/ToDo/{id}"), job);
}

#[test]
fn c7_4_a_server_that_has_not_failed_is_not_failed_over() {
    let mut story = Story::with_servers(2, 1);
    story.run(2.0);
    order(&mut story, "1", "PRMR-a");
    order(&mut story, "2", "PRMR-x");
    story.run(0.5);
    assert_eq!((story.job("1").0, story.job("2").0), ("Failed", "Failed"));
    assert_eq!(story.reboot_id("PRMR-a"), 1);
    assert!(!story.world.tree().has("/arango/Current/ServersKnown/PRMR-x"));
}

#[test]
fn c7_4_a_server_that_is_locked_by_what_cannot_be_given_up_is_failed_over_later() {
    let mut story = Story::with_servers(2, 1);
    story.run(2.0);
    story.world.set("/arango/Supervision/DBServers/PRMR-b", json!("odd"));
    story.suspend("PRMR-b");
    story.until(|story| story.status("PRMR-b") == "FAILED");
    story.run(5.0);
    assert_eq!((story.jobs("failedServer")[0].0, story.reboot_id("PRMR-b")), ("ToDo", 1));
    story.world.delete("/arango/Supervision/DBServers/PRMR-b");
    story.run(0.5);
    assert_eq!((story.jobs("failedServer")[0].0, story.reboot_id("PRMR-b")), ("Finished", 2));
}

#[test]
fn c7_4_other_jobs_wait_for_the_round_after_one_that_failed_something_over() {
    let mut story = Story::with_servers(3, 1);
    story.create_log(7, "PRMR-a", &["PRMR-a", "PRMR-b"]);
    story.run(2.0);
    story.suspend("PRMR-c");
    story.until(|story| story.status("PRMR-c") == "FAILED");
    let set_leader = json!([{"operation": "set-leader", "participant": "PRMR-b"}]);
    let job = json!({"type": "reconfigureReplicatedLog", "jobId": "202", "database": "d",
        "logId": 7, "operations": set_leader});
    story.world.set("/arango/Target/ToDo/202", job);
    order(&mut story, "201", "PRMR-c");
    story.world.round();
    assert_eq!((story.job("201").0, story.job("202").0), ("Finished", "ToDo"));
    story.world.round();
    assert_eq!(story.job("202").0, "Pending");
}

#[test]
fn s49_what_the_removal_of_a_server_asks_for_holds_once_it_is_failed_over() {
    let mut story = Story::with_servers(3, 1);
    story.run(2.0);
    story.suspend("PRMR-b");
    story.until(|story| story.status("PRMR-b") == "FAILED");
    assert!(!story.world.tree().has("/arango/Supervision/DBServers/PRMR-b"));
    // what the removal deletes stays away, though the process goes on sending heartbeats
    let gone = [
        "Plan/DBServers",
        "Current/ServersRegistered",
        "Current/DBServers",
        "Current/ServersKnown",
        "Supervision/Health",
        "Target/MapUniqueToShortID",
    ];
    for path in gone {
        story.world.delete(&format!("/arango/{path}/PRMR-b"));
    }
    story.resume("PRMR-b");
    story.run(20.0);
    for path in gone {
        assert!(!story.world.tree().has(&format!("/arango/{path}/PRMR-b")), "{path}");
    }
    story.register("PRMR-b");
    story.run(1.0);
    assert_eq!(story.status("PRMR-b"), "GOOD");
}

#[test]
fn s48_a_server_that_runs_is_never_failed() {
    let mut story = Story::with_servers(2, 1);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..60 {
        story.run(1.0);
        seen.insert(story.status("PRMR-b"));
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["GOOD"]);
}

fn planned(story: &Story, shard: &str) -> Json {
    story.world.get(&format!("/arango/Plan/Collections/_system/5/shards/{shard}")).unwrap()
}

/// The servers do with a shard as planned.
fn follow(story: &mut Story, shard: &str) {
    let servers = planned(story, shard);
    story.world.set(
        &format!("/arango/Current/Collections/_system/5/{shard}"),
        json!({"servers": servers}),
    );
}

fn with_shards(copies: Json, servers: &[&str]) -> Story {
    let mut story = Story::with_servers(4, 1);
    story.world.set(
        "/arango/Plan/Collections/_system/5",
        json!({"id": "5", "replicationFactor": copies, "shards": {"s6": servers}}),
    );
    follow(&mut story, "s6");
    story.run(2.0);
    story
}

#[test]
fn c7_4_a_follower_in_sync_leads_a_shard_in_place_of_a_failed_server() {
    let mut story = with_shards(json!(2), &["PRMR-a", "PRMR-b"]);
    let version = story.world.tree().number(paths::PLAN_VERSION).unwrap();
    story.suspend("PRMR-a");
    story.until(|story| story.status("PRMR-a") == "FAILED");
    let parent = story.jobs("failedServer")[0].1["jobId"].as_str().unwrap().to_owned();
    let part = format!("{parent}-0");
    assert_eq!((story.job(&parent).0, story.job(&part).0), ("Pending", "ToDo"));
    story.run(0.5);
    let (state, job) = story.job(&part);
    assert_eq!((state, &job["toServer"]), ("Pending", &json!("PRMR-b")));
    assert_eq!((&job["type"], &job["addsFollower"]), (&json!("failedLeader"), &json!(true)));
    assert_eq!(story.world.get("/arango/Supervision/Shards/s6"), Some(json!(part)));
    let servers = planned(&story, "s6");
    assert_eq!((&servers[0], &servers[1]), (&json!("PRMR-b"), &json!("PRMR-a")));
    assert!(["PRMR-c", "PRMR-d"].contains(&servers[2].as_str().unwrap()));
    assert_eq!(story.world.tree().number(paths::PLAN_VERSION), Some(version + 1));
    follow(&mut story, "s6");
    story.run(1.0);
    assert_eq!((story.job(&part).0, story.job(&parent).0), ("Finished", "Finished"));
    assert_eq!(story.world.get("/arango/Supervision/Shards"), Some(json!({})));
}

#[test]
fn c7_4_without_a_follower_in_sync_the_shard_waits_for_77_minutes() {
    let mut story = with_shards(json!(2), &["PRMR-a", "PRMR-b"]);
    story.world.set("/arango/Current/Collections/_system/5/s6/servers", json!(["PRMR-a"]));
    story.suspend("PRMR-a");
    story.until(|story| story.status("PRMR-a") == "FAILED");
    story.step(30.0, 76.0 * 60.0);
    assert_eq!(story.jobs("failedLeader")[0].0, "ToDo");
    story.step(30.0, 120.0);
    assert_eq!(story.jobs("failedLeader")[0].0, "Failed");
    assert_eq!(story.jobs("failedServer")[0].0, "Finished");
}

#[test]
fn c7_4_another_server_follows_in_place_of_a_failed_one() {
    let mut story = with_shards(json!(2), &["PRMR-a", "PRMR-b"]);
    story.suspend("PRMR-b");
    story.until(|story| story.status("PRMR-b") == "FAILED");
    story.run(1.0);
    let jobs = story.jobs("failedFollower");
    assert_eq!((jobs.len(), jobs[0].0), (1, "Finished"));
    assert!(jobs[0].1.get("timeStarted").is_none());
    let servers = planned(&story, "s6");
    assert_eq!(servers[0], "PRMR-a");
    assert!(["PRMR-c", "PRMR-d"].contains(&servers[1].as_str().unwrap()));
    assert_eq!(story.jobs("failedServer")[0].0, "Finished");
}

#[test]
fn c7_4_the_replacement_of_a_follower_can_be_delayed() {
    let mut story = with_shards(json!(2), &["PRMR-a", "PRMR-b"]);
    story.world.settings.delay_failed_follower = 30;
    story.suspend("PRMR-b");
    story.until(|story| story.status("PRMR-b") == "FAILED");
    story.run(25.0);
    assert_eq!(planned(&story, "s6"), json!(["PRMR-a", "PRMR-b"]));
    story.run(10.0);
    assert_ne!(planned(&story, "s6"), json!(["PRMR-a", "PRMR-b"]));
}

#[test]
fn c7_4_shards_with_one_copy_and_copies_of_satellites_are_not_failed_over() {
    for (copies, servers) in
        [(json!(1), ["PRMR-b"].as_slice()), (json!("satellite"), &["PRMR-a", "PRMR-b"])]
    {
        let mut story = with_shards(copies, servers);
        story.suspend("PRMR-b");
        story.until(|story| story.status("PRMR-b") == "FAILED");
        assert_eq!(story.jobs("failedServer")[0].0, "Finished");
        assert!(story.jobs("failedLeader").is_empty() && story.jobs("failedFollower").is_empty());
        assert_eq!(planned(&story, "s6"), json!(servers));
    }
}
