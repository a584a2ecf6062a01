//! Entries that are no jobs, or lack something, and jobs by the thousand.

use serde_json::{Map, Value as Json, json};

use crate::standin::supervision::servers::testing::Story;

#[test]
fn c7_1_what_is_no_job_counts_as_failed_and_holds_up_no_other() {
    for state in ["ToDo", "Pending"] {
        let mut story = Story::with_servers(3, 1);
        story.run(2.0);
        for (id, entry) in [
            ("1", json!("x")),
            ("2", json!({})),
            ("3", json!({"type": 5, "jobId": "3"})),
            ("4", json!({"type": "failedServer", "jobId": 4})),
            ("5", json!({"type": "failedServer", "jobId": "6"})),
            ("7", json!(null)),
        ] {
            story.world.set(&format!("/arango/Target/{state}/{id}"), entry);
        }
        story.suspend("PRMR-b");
        story.until(|story| story.status("PRMR-b") == "FAILED");
        assert_eq!(story.jobs("failedServer").iter().filter(|(s, _)| *s == "Finished").count(), 1);
        for id in ["1", "2", "3", "4", "5", "7"] {
            let (state, entry) = story.job(id);
            assert_eq!(state, "Failed", "{id}");
            assert!(entry["reason"].is_string() && entry["timeFinished"].is_string());
        }
        assert_eq!(story.job("1").1["entry"], "x");
    }
}

/// A complete job of each type.
fn complete() -> Vec<Json> {
    let place = json!({"database": "_system", "collection": "5", "shard": "s6",
        "timeCreated": "2027-01-15T08:00:00Z"});
    let with = |kind: &str, more: Json| {
        let mut job = json!({"type": kind, "jobId": "1", "creator": "x"});
        for part in [&place, &more] {
            for (key, value) in part.as_object().unwrap() {
                job[key] = value.clone();
            }
        }
        job
    };
    let mut jobs = vec![
        with("addFollower", json!({"notBefore": ""})),
        with("removeFollower", json!({})),
        with("failedLeader", json!({"fromServer": "PRMR-a", "addsFollower": true})),
        with("failedFollower", json!({"fromServer": "PRMR-a", "notBefore": ""})),
        with(
            "moveShard",
            json!({"fromServer": "PRMR-a", "toServer": "PRMR-b", "isLeader": true,
            "remainsFollower": true}),
        ),
    ];
    // not required by these
    for (index, job) in jobs.iter_mut().enumerate() {
        if [1, 4].contains(&index) {
            job.as_object_mut().unwrap().remove("timeCreated");
        }
    }
    jobs.push(json!({"type": "cleanOutServer", "jobId": "1", "creator": "x", "server": "PRMR-x"}));
    jobs.push(
        json!({"type": "resignLeadership", "jobId": "1", "creator": "x", "server": "PRMR-x"}),
    );
    jobs.push(json!({"type": "failedServer", "jobId": "1", "creator": "x", "server": "PRMR-x",
        "failedLeaderAddsFollower": true}));
    jobs.push(json!({"type": "reconfigureReplicatedLog", "jobId": "1", "database": "d",
        "logId": 7, "operations": []}));
    jobs
}

#[test]
fn c7_1_a_job_that_lacks_a_key_its_type_requires_fails() {
    for job in complete() {
        for key in job.as_object().unwrap().keys() {
            for state in ["ToDo", "Pending"] {
                let mut story = Story::with_servers(2, 1);
                story.run(1.0);
                let mut partial = job.clone();
                partial.as_object_mut().unwrap().remove(key);
                story.world.set(&format!("/arango/Target/{state}/1"), partial);
                story.run(0.5);
                let (state, ended) = story.job("1");
                assert_eq!(state, "Failed", "{} without {key}", job["type"]);
                let reason = ended["reason"].as_str().unwrap();
                let about_key = ["type", "jobId"].contains(&&**key) || reason.contains(&**key);
                assert!(about_key, "{} without {key}: {reason}", job["type"]);
            }
        }
    }
}

#[test]
fn c7_1_jobs_of_a_type_that_nobody_knows_are_ignored() {
    let mut story = Story::with_servers(2, 1);
    let job = json!({"type": "brewTea", "jobId": "1"});
    story.world.set("/arango/Target/ToDo/1", job.clone());
    story.run(10.0);
    assert_eq!(story.job("1"), ("ToDo", job));
}

#[test]
fn values_of_any_kind_in_jobs_and_locks_harm_nobody() {
    let values = [
        json!(null),
        json!(-3),
        json!(1.5),
        json!("a/b"),
        json!(""),
        json!("PRMR-a"),
        json!([]),
        json!(["x", {}]),
        json!({}),
        json!({"x": {}}),
        json!(u64::MAX),
    ];
    for job in complete() {
        for key in
            job.as_object().unwrap().keys().filter(|key| !["type", "jobId"].contains(&&***key))
        {
            let mut story = Story::with_servers(2, 1);
            story.create_log(7, "PRMR-a", &["PRMR-a", "PRMR-b"]);
            for (n, value) in values.iter().enumerate() {
                story.world.set(
                    "/arango/Plan/Collections/_system/5",
                    json!({"replicationFactor": 2, "shards": {"s6": ["PRMR-a"], "s7": value}}),
                );
                story.world.set("/arango/Supervision/Shards/s6", value.clone());
                for (state, id) in [("ToDo", format!("1{n}")), ("Pending", format!("2{n}"))] {
                    let mut odd = job.clone();
                    odd["jobId"] = json!(id);
                    odd[key] = value.clone();
                    story.world.set(&format!("/arango/Target/{state}/{id}"), odd);
                }
                let path = format!("/arango/Target/ReturnLeadership/{key}");
                story.world.set(
                    &path,
                    json!({"reconfigureReplicatedLog": value, "rebootId": 0,
                        "removeIfNotStartedBy": value, "jobId": value}),
                );
                story.run(1.0);
                assert_eq!(story.world.get(&path), None);
            }
        }
    }
}

#[test]
fn c7_4_of_more_than_1000_jobs_some_are_drawn_until_all_had_their_turn() {
    let mut story = Story::with_servers(2, 1);
    story.create_log(7, "PRMR-a", &["PRMR-a", "PRMR-b"]);
    story.run(1.0);
    let jobs: Map<String, Json> = (0..1500)
        .map(|n| {
            let id = format!("{}", 100_000 + n);
            let job = json!({"type": "reconfigureReplicatedLog", "jobId": id, "database": "d",
                "logId": 99, "operations": []});
            (id, job)
        })
        .collect();
    story.world.set("/arango/Target/ToDo", Json::Object(jobs));
    story.world.round();
    let count = |story: &Story, state: &str| {
        story.world.tree().children(&format!("/arango/Target/{state}")).count()
    };
    assert_eq!((count(&story, "ToDo"), count(&story, "Failed")), (500, 1000));
    story.world.round();
    assert_eq!((count(&story, "ToDo"), count(&story, "Failed")), (0, 1500));
}

#[test]
fn c7_1_ended_jobs_are_cut_back_once_they_are_old() {
    let mut story = Story::with_servers(2, 1);
    story.run(1.0);
    let finished = |story: &Story| story.world.tree().children("/arango/Target/Finished").count();
    let jobs: Map<String, Json> = (0..1100)
        .map(|n| {
            let time = crate::standin::model::stamp::stamp(story.world.now);
            (
                format!("{n}"),
                json!({"type": "x", "jobId": format!("{n}"), "timeCreated": time,
                "timeFinished": time}),
            )
        })
        .collect();
    story.world.set("/arango/Target/Finished", Json::Object(jobs));
    story.step(60.0, 3500.0);
    assert_eq!(finished(&story), 1100);
    story.step(60.0, 200.0);
    assert_eq!(finished(&story), 500);
}
