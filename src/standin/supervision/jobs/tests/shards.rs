//! Jobs for shards without logs.

use serde_json::{Value as Json, json};

use crate::standin::supervision::servers::testing::Story;

/// Four servers, and a collection with another one that follows it.
fn story(copies: u64, servers: &[&str]) -> Story {
    let mut story = Story::with_servers(4, 1);
    story.world.set(
        "/arango/Plan/Collections/_system",
        json!({
            "5": {"id": "5", "replicationFactor": copies, "shards": {"s6": servers}},
            "7": {"id": "7", "replicationFactor": copies, "distributeShardsLike": "5",
                "shards": {"s8": servers}},
        }),
    );
    follow(&mut story);
    story.run(2.0);
    story
}

fn planned(story: &Story, id: u64, shard: &str) -> Json {
    story.world.get(&format!("/arango/Plan/Collections/_system/{id}/shards/{shard}")).unwrap()
}

/// The servers do with the shards as planned.
fn follow(story: &mut Story) {
    for (id, shard) in [(5, "s6"), (7, "s8")] {
        let servers = planned(story, id, shard);
        story.world.set(
            &format!("/arango/Current/Collections/_system/{id}/{shard}"),
            json!({"servers": servers}),
        );
    }
}

/// Runs rounds, the servers following each; the plans that there were.
fn plans(story: &mut Story, rounds: usize) -> Vec<Json> {
    let mut seen = vec![planned(story, 5, "s6")];
    for _ in 0..rounds {
        story.run(0.5);
        assert_eq!(planned(story, 5, "s6"), planned(story, 7, "s8"));
        follow(story);
        if seen.last() != Some(&planned(story, 5, "s6")) {
            seen.push(planned(story, 5, "s6"));
        }
    }
    seen
}

fn move_shard(story: &mut Story, from: &str, to: &str, is_leader: bool) {
    let job = json!({"type": "moveShard", "jobId": "1", "creator": "CRDN-a",
        "database": "_system", "collection": "5", "shard": "s6", "fromServer": from,
        "toServer": to, "isLeader": is_leader, "remainsFollower": false, "tryUndo": false});
    story.world.set("/arango/Target/ToDo/1", job);
}

#[test]
fn c7_4_a_leader_moves_and_followers_of_the_collection_with_it() {
    let mut story = story(2, &["PRMR-a", "PRMR-b"]);
    move_shard(&mut story, "PRMR-a", "PRMR-c", true);
    assert_eq!(
        plans(&mut story, 10),
        [
            json!(["PRMR-a", "PRMR-b"]),
            json!(["PRMR-a", "PRMR-b", "PRMR-c"]),
            json!(["_PRMR-a", "PRMR-b", "PRMR-c"]),
            json!(["PRMR-c", "PRMR-b", "PRMR-a"]),
            json!(["PRMR-c", "PRMR-b"]),
        ]
    );
    assert_eq!(story.job("1").0, "Finished");
    assert_eq!(story.world.get("/arango/Supervision/Shards"), Some(json!({})));
    assert_eq!(story.world.get("/arango/Supervision/DBServers"), Some(json!({})));
    assert!(story.jobs("removeFollower").is_empty() && story.jobs("addFollower").is_empty());
}

#[test]
fn c7_1_a_move_that_is_given_up_leaves_the_shard_as_it_was() {
    let mut story = story(2, &["PRMR-a", "PRMR-b"]);
    move_shard(&mut story, "PRMR-a", "PRMR-c", true);
    plans(&mut story, 1);
    story.run(0.5);
    assert_eq!(planned(&story, 5, "s6"), json!(["_PRMR-a", "PRMR-b", "PRMR-c"]));
    story.world.set("/arango/Target/Pending/1/abort", json!(true));
    story.run(0.5);
    assert_eq!(story.job("1").0, "Failed");
    assert_eq!(planned(&story, 5, "s6"), json!(["PRMR-a", "PRMR-b"]));
    assert_eq!(planned(&story, 7, "s8"), json!(["PRMR-a", "PRMR-b"]));
}

#[test]
fn c7_4_moves_of_shards_that_make_no_sense_fail() {
    for (from, to, is_leader) in [
        ("PRMR-c", "PRMR-d", false),
        ("PRMR-b", "PRMR-d", true),
        ("PRMR-a", "PRMR-d", false),
        ("PRMR-b", "PRMR-a", false),
        ("PRMR-b", "PRMR-x", false),
    ] {
        let mut story = story(2, &["PRMR-a", "PRMR-b"]);
        move_shard(&mut story, from, to, is_leader);
        story.run(0.5);
        assert_eq!(story.job("1").0, "Failed", "{from} {to}");
    }
    let mut story = story(2, &["PRMR-a", "PRMR-b"]);
    move_shard(&mut story, "PRMR-a", "PRMR-d", true);
    story.world.set("/arango/Target/ToDo/1/collection", json!("7"));
    story.run(0.5);
    assert_eq!(story.job("1").0, "Failed");
}

#[test]
fn c7_4_as_many_followers_are_added_as_are_missing() {
    let mut story = story(3, &["PRMR-a"]);
    plans(&mut story, 6);
    assert_eq!(planned(&story, 5, "s6").as_array().unwrap().len(), 3);
    let jobs = story.jobs("addFollower");
    assert_eq!(jobs.len(), 2);
    for (state, job) in jobs {
        assert_eq!((state, &job["notBefore"]), ("Finished", &json!("")));
        assert!(job.get("timeStarted").is_none());
    }
    story.run(10.0);
    assert_eq!(story.jobs("addFollower").len(), 2);
}

#[test]
fn c7_4_as_many_followers_are_removed_as_are_too_many() {
    let mut story = story(2, &["PRMR-a", "PRMR-b", "PRMR-c", "PRMR-d"]);
    plans(&mut story, 4);
    assert_eq!(planned(&story, 5, "s6"), json!(["PRMR-a", "PRMR-b"]));
    let jobs = story.jobs("removeFollower");
    assert_eq!((jobs.len(), jobs[0].0), (1, "Finished"));
}

#[test]
fn c7_4_no_more_than_50_such_jobs_wait_and_collections_with_logs_have_none() {
    let mut story = Story::with_servers(3, 1);
    let shards: serde_json::Map<String, Json> =
        (0..80).map(|n| (format!("s{n}"), json!(["PRMR-a"]))).collect();
    story.world.set(
        "/arango/Plan/Databases/two",
        json!({"id": "2", "name": "two", "replicationVersion": "2"}),
    );
    for database in ["_system", "two"] {
        story.world.set(
            &format!("/arango/Plan/Collections/{database}/5"),
            json!({"id": "5", "replicationFactor": 2, "shards": shards}),
        );
    }
    story.world.settings.delay_add_follower = 60;
    story.run(3.0);
    let jobs = story.jobs("addFollower");
    assert_eq!(jobs.len(), 50);
    assert!(jobs.iter().all(|(state, job)| *state == "ToDo" && job["database"] == "_system"));
    story.run(65.0);
    let done = story.jobs("addFollower").iter().filter(|(state, _)| *state == "Finished").count();
    assert!(done >= 50, "{done}");
}

#[test]
fn c3_5_a_server_in_maintenance_counts_for_the_replication_factor() {
    let mut story = story(2, &["PRMR-a", "PRMR-b"]);
    story.world.set(
        "/arango/Target/MaintenanceDBServers/PRMR-b",
        json!({"Mode": "maintenance", "Until": "2100-01-01T00:00:00Z"}),
    );
    story.suspend("PRMR-b");
    story.run(30.0);
    assert_eq!(story.status("PRMR-b"), "FAILED");
    assert!(story.jobs("addFollower").is_empty());
    assert_eq!(planned(&story, 5, "s6"), json!(["PRMR-a", "PRMR-b"]));
}

#[test]
fn s46_shards_without_logs_leave_a_server_that_is_cleaned_out() {
    let mut story = story(2, &["PRMR-a", "PRMR-b"]);
    let job = json!({"type": "cleanOutServer", "jobId": "9", "creator": "x", "server": "PRMR-a"});
    story.world.set("/arango/Target/ToDo/9", job);
    plans(&mut story, 12);
    assert_eq!((story.job("9").0, story.job("9-0").0), ("Finished", "Finished"));
    let servers = planned(&story, 5, "s6");
    assert_eq!(servers.as_array().unwrap().len(), 2);
    assert!(!servers.as_array().unwrap().contains(&json!("PRMR-a")));
}

#[test]
fn s45_a_server_resigns_the_leadership_of_shards_without_logs() {
    let mut story = story(2, &["PRMR-a", "PRMR-b"]);
    let job = json!({"type": "resignLeadership", "jobId": "9", "creator": "x", "server": "PRMR-a"});
    story.world.set("/arango/Target/ToDo/9", job);
    plans(&mut story, 12);
    assert_eq!(story.job("9").0, "Finished");
    assert_eq!(planned(&story, 5, "s6"), json!(["PRMR-b", "PRMR-a"]));
    assert!(story.world.tree().has("/arango/Target/ReturnLeadership/s6"));
    story.register("PRMR-a");
    plans(&mut story, 12);
    assert_eq!(planned(&story, 5, "s6"), json!(["PRMR-a", "PRMR-b"]));
    assert!(!story.world.tree().has("/arango/Target/ReturnLeadership/s6"));
}
