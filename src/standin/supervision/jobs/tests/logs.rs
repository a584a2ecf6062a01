//! Jobs that change a log.

use serde_json::{Value as Json, json};

use crate::standin::model::paths;
use crate::standin::supervision::servers::testing::Story;

/// Three servers, a fourth to spare, and log 7 of the first three.
fn story() -> Story {
    let mut story = Story::with_servers(4, 1);
    story.create_log(7, "PRMR-a", &["PRMR-a", "PRMR-b", "PRMR-c"]);
    story.run(2.0);
    story
}

fn reconfigure(id: &str, operations: &[(&str, &str)]) -> Json {
    let operations: Vec<_> = operations
        .iter()
        .map(|(operation, participant)| json!({"operation": operation, "participant": participant}))
        .collect();
    json!({"type": "reconfigureReplicatedLog", "jobId": id, "database": "d", "logId": 7,
        "operations": operations})
}

fn order(story: &mut Story, job: Json) {
    let path = format!("/arango/Target/ToDo/{}", job["jobId"].as_str().unwrap());
    story.world.set(&path, job);
}

#[test]
fn s41_a_new_leader_is_wanted_and_the_job_is_finished_once_the_version_is_reached() {
    let mut story = story();
    story.converging = false;
    order(&mut story, reconfigure("1", &[("set-leader", "PRMR-b")]));
    story.run(0.5);
    let (state, job) = story.job("1");
    assert_eq!((state, &job["expectedVersion"]), ("Pending", &json!(2)));
    assert!(job["timeStarted"].is_string());
    let target = story.target(7);
    assert_eq!((&target["leader"], &target["version"]), (&json!("PRMR-b"), &json!(2)));
    story.run(5.0);
    assert_eq!(story.job("1").0, "Pending");
    story.converging = true;
    story.run(1.0);
    let (state, job) = story.job("1");
    assert_eq!(state, "Finished");
    assert!(job["timeFinished"].is_string() && job.get("reason").is_none());
    assert!(story.world.get("/arango/Target/ReturnLeadership").is_none());
}

#[test]
fn s41_a_target_without_a_version_counts_as_the_first() {
    let mut story = story();
    story.world.delete(&format!("{}/version", paths::target_log("d", "7")));
    order(&mut story, reconfigure("1", &[("set-leader", "PRMR-b")]));
    story.until(|story| story.job("1").0 == "Finished");
    assert_eq!(story.job("1").1["expectedVersion"], 2);
}

#[test]
fn s42_operations_are_applied_in_their_order_and_in_one_step() {
    let mut story = story();
    story.converging = false;
    let operations =
        [("add-participant", "PRMR-d"), ("remove-participant", "PRMR-a"), ("set-leader", "PRMR-d")];
    order(&mut story, reconfigure("1", &operations));
    let written = story.world.agency.written.len();
    story.world.round();
    let steps = story.world.agency.written[written..].iter().map(|step| step.operations());
    let steps: Vec<_> =
        steps.filter(|step| step.keys().any(|path| path.contains("Target"))).collect();
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert!(steps[0].contains_key("/arango/Target/Pending/1"));
    let target = story.target(7);
    let servers: Vec<_> = target["participants"].as_object().unwrap().keys().collect();
    assert_eq!(servers, ["PRMR-b", "PRMR-c", "PRMR-d"]);
    assert_eq!((&target["leader"], &target["version"]), (&json!("PRMR-d"), &json!(2)));
    let flags = json!({"forced": false, "allowedInQuorum": true, "allowedAsLeader": true});
    assert_eq!(target["participants"]["PRMR-b"], flags);
    story.converging = true;
    story.until(|story| story.job("1").0 == "Finished");
}

#[test]
fn c7_4_removing_the_wanted_leader_leaves_none_and_added_ones_keep_their_flags() {
    let mut story = story();
    let flags = json!({"forced": true, "allowedInQuorum": true, "allowedAsLeader": true});
    story.world.set(&format!("{}/participants/PRMR-b", paths::target_log("d", "7")), flags.clone());
    let operations = [("remove-participant", "PRMR-a"), ("add-participant", "PRMR-b")];
    order(&mut story, reconfigure("1", &operations));
    story.until(|story| story.job("1").0 == "Finished");
    let target = story.target(7);
    assert!(target.get("leader").is_none() && target["participants"].get("PRMR-a").is_none());
    assert_eq!(target["participants"]["PRMR-b"], flags);
}

#[test]
fn s43_a_job_for_a_log_that_does_not_exist_or_has_a_text_as_number_fails() {
    let mut story = story();
    let mut missing = reconfigure("1", &[("set-leader", "PRMR-b")]);
    missing["logId"] = json!(8);
    let mut text = reconfigure("2", &[("set-leader", "PRMR-b")]);
    text["logId"] = json!("7");
    order(&mut story, missing);
    order(&mut story, text);
    story.run(0.5);
    for id in ["1", "2"] {
        let (state, job) = story.job(id);
        assert_eq!(state, "Failed", "{job}");
        assert!(job["reason"].is_string() && job["timeFinished"].is_string());
        assert_eq!(job["type"], "reconfigureReplicatedLog");
    }
}

#[test]
fn s43_two_jobs_for_one_log_both_finish() {
    let mut story = story();
    order(&mut story, reconfigure("1", &[("set-leader", "PRMR-b")]));
    order(&mut story, reconfigure("2", &[("add-participant", "PRMR-d")]));
    story.until(|story| story.job("1").0 == "Finished" && story.job("2").0 == "Finished");
    let expected = |id| story.job(id).1["expectedVersion"].as_u64();
    assert_eq!((expected("1"), expected("2")), (Some(2), Some(3)));
    let target = story.target(7);
    assert_eq!((&target["leader"], &target["version"]), (&json!("PRMR-b"), &json!(3)));
    assert!(target["participants"].get("PRMR-d").is_some());
}

#[test]
fn s44_a_job_whose_goal_cannot_be_reached_stays_pending_until_it_can() {
    let mut story = story();
    order(&mut story, reconfigure("1", &[("set-leader", "PRMR-d")]));
    story.run(60.0);
    assert_eq!(story.job("1").0, "Pending");
    let flags = json!({});
    story.world.set(&format!("{}/participants/PRMR-d", paths::target_log("d", "7")), flags);
    story.until(|story| story.job("1").0 == "Finished");
}

#[test]
fn s43_a_pending_job_fails_when_its_log_is_deleted() {
    let mut story = story();
    story.converging = false;
    order(&mut story, reconfigure("1", &[("set-leader", "PRMR-b")]));
    story.run(1.0);
    story.world.delete(&paths::target_log("d", "7"));
    story.run(0.5);
    assert_eq!(story.job("1").0, "Failed");
}

#[test]
fn s13_a_job_for_a_log_that_cannot_be_read_waits() {
    let mut story = story();
    story.world.set(&format!("{}/config/replicationFactor", paths::target_log("d", "7")), json!(3));
    order(&mut story, reconfigure("1", &[("set-leader", "PRMR-b")]));
    story.run(5.0);
    assert_eq!(story.job("1").0, "ToDo");
    story.world.delete(&format!("{}/config/replicationFactor", paths::target_log("d", "7")));
    story.until(|story| story.job("1").0 == "Finished");
}

#[test]
fn s45_the_leader_before_gets_the_leadership_back_if_that_is_wanted() {
    let mut story = story();
    let mut job = reconfigure("1", &[("set-leader", "PRMR-b")]);
    job["undoSetLeader"] = json!(true);
    order(&mut story, job);
    story.until(|story| story.job("1").0 == "Finished");
    let entry = story.world.get("/arango/Target/ReturnLeadership/7").unwrap();
    assert_eq!(entry["reconfigureReplicatedLog"], json!({"database": "d", "server": "PRMR-a"}));
    assert_eq!(entry["rebootId"], 1);
    story.run(5.0);
    assert!(story.world.tree().has("/arango/Target/ReturnLeadership/7"));
    story.register("PRMR-a");
    story.until(|story| story.target(7)["leader"] == "PRMR-a");
    story.until(|story| !story.world.tree().has("/arango/Target/ReturnLeadership/7"));
    assert_eq!(story.jobs("reconfigureReplicatedLog").len(), 2);
    story.run(5.0);
    assert_eq!(story.jobs("reconfigureReplicatedLog").len(), 2);
}

#[test]
fn c7_4_an_undo_entry_goes_when_its_time_is_over_or_there_is_nothing_to_return() {
    let ready = || {
        let mut story = story();
        let mut job = reconfigure("1", &[("set-leader", "PRMR-b")]);
        job["undoSetLeader"] = json!("PRMR-a");
        order(&mut story, job);
        story.until(|story| story.job("1").0 == "Finished");
        story
    };
    let noted = |story: &Story| story.world.tree().has("/arango/Target/ReturnLeadership/7");
    let mut story = ready();
    story.step(10.0, 1190.0);
    assert!(noted(&story));
    story.step(10.0, 20.0);
    assert!(!noted(&story));

    let changes: [(&str, Json); 4] = [
        ("Target/ReplicatedLogs/d", json!({})),
        ("Target/ReplicatedLogs/d/7/participants", json!({"PRMR-b": {}})),
        ("Target/ReplicatedLogs/d/7/leader", json!("PRMR-a")),
        ("Plan/DBServers", json!({"PRMR-b": "none"})),
    ];
    for (path, value) in changes {
        let mut story = ready();
        assert!(noted(&story));
        story.world.set(&format!("/arango/{path}"), value);
        story.run(1.0);
        assert!(!noted(&story), "{path}");
        assert_eq!(story.jobs("reconfigureReplicatedLog").len(), 1);
    }
}

/// A collection with two shards, the second of which has log 7.
fn with_collection(mut story: Story) -> Story {
    story.world.set(
        "/arango/Plan/Collections/d/20",
        json!({"id": "20", "groupId": 19, "shardsR2": ["s21", "s22"],
            "shards": {"s21": ["PRMR-a"], "s22": ["PRMR-a"]}}),
    );
    story.world.set(
        "/arango/Plan/CollectionGroups/d/19",
        json!({"id": 19, "shardSheaves": [{"replicatedLog": 6}, {"replicatedLog": 7}]}),
    );
    story
}

fn move_shard(id: &str, from: &str, to: &str, is_leader: bool) -> Json {
    json!({"type": "moveShard", "jobId": id, "creator": "CRDN-a", "database": "d",
        "collection": "20", "shard": "s22", "fromServer": from, "toServer": to,
        "isLeader": is_leader, "remainsFollower": false, "tryUndo": false})
}

#[test]
fn c7_4_a_shard_with_a_log_moves_to_a_new_server() {
    let mut story = with_collection(story());
    story.converging = false;
    order(&mut story, move_shard("1", "PRMR-a", "PRMR-d", true));
    story.run(0.5);
    let (state, job) = story.job("1");
    assert_eq!((state, &job["expectedTargetVersion"]), ("Pending", &json!(2)));
    assert_eq!(story.world.get("/arango/Supervision/Shards/s22"), Some(json!("1")));
    assert_eq!(story.world.get("/arango/Supervision/DBServers/PRMR-d"), Some(json!(["1"])));
    let target = story.target(7);
    let servers: Vec<_> = target["participants"].as_object().unwrap().keys().collect();
    assert_eq!(servers, ["PRMR-b", "PRMR-c", "PRMR-d"]);
    assert_eq!(target["leader"], "PRMR-d");
    // the shard is taken
    order(&mut story, move_shard("2", "PRMR-b", "PRMR-a", false));
    story.run(1.0);
    assert_eq!(story.job("2").0, "ToDo");
    story.converging = true;
    story.until(|story| story.job("1").0 == "Finished" && story.job("2").0 == "Finished");
    assert_eq!(story.world.get("/arango/Supervision/Shards"), Some(json!({})));
    assert_eq!(story.world.get("/arango/Supervision/DBServers"), Some(json!({})));
    assert!(story.world.get("/arango/Target/ReturnLeadership").is_none());
}

#[test]
fn c7_4_leader_and_follower_of_a_log_change_places_and_change_back() {
    let mut story = with_collection(story());
    let mut job = move_shard("1", "PRMR-a", "PRMR-b", true);
    job["tryUndo"] = json!(true);
    order(&mut story, job);
    story.until(|story| story.job("1").0 == "Finished");
    let target = story.target(7);
    assert_eq!(
        (&target["leader"], target["participants"].as_object().unwrap().len()),
        (&json!("PRMR-b"), 3)
    );
    assert!(story.world.tree().has("/arango/Target/ReturnLeadership/s22/moveShard"));
    story.register("PRMR-a");
    story.until(|story| story.target(7)["leader"] == "PRMR-a");
    story.until(|story| !story.world.tree().has("/arango/Target/ReturnLeadership/s22"));
}

#[test]
fn c7_4_a_move_that_makes_no_sense_fails_and_one_that_cannot_begin_waits() {
    for (from, to, is_leader, state) in [
        ("PRMR-a", "PRMR-a", true, "Failed"),
        ("PRMR-a", "PRMR-b", false, "Failed"),
        ("PRMR-d", "PRMR-x", false, "Failed"),
        ("PRMR-d", "PRMR-e", false, "Failed"),
        ("PRMR-a", "PRMR-e", true, "Finished"),
    ] {
        let mut story = with_collection(story());
        story.register("PRMR-e");
        story.run(2.0);
        order(&mut story, move_shard("1", from, to, is_leader));
        story.run(2.0);
        assert_eq!(story.job("1").0, state, "{from} {to} {is_leader}: {}", story.job("1").1);
    }
    let mut story = with_collection(story());
    story.suspend("PRMR-d");
    story.until(|story| story.status("PRMR-d") == "BAD");
    order(&mut story, move_shard("1", "PRMR-a", "PRMR-d", true));
    story.run(1.0);
    assert_eq!(story.job("1").0, "ToDo");
    story.until(|story| story.status("PRMR-d") == "FAILED");
    story.run(0.5);
    assert_eq!(story.job("1").0, "Failed");
}

#[test]
fn c7_1_a_move_is_given_up_on_request() {
    let mut story = with_collection(story());
    story.converging = false;
    order(&mut story, move_shard("1", "PRMR-a", "PRMR-d", true));
    story.run(0.5);
    story.world.set("/arango/Target/Pending/1/abort", json!(true));
    story.run(0.5);
    assert_eq!(story.job("1").0, "Failed");
    assert_eq!(story.world.get("/arango/Supervision/DBServers"), Some(json!({})));
    let mut todo = move_shard("2", "PRMR-b", "PRMR-a", false);
    todo["abort"] = json!(true);
    order(&mut story, todo);
    story.run(0.5);
    assert_eq!(story.job("2").0, "Failed");
}
