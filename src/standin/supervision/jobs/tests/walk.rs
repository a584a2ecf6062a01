//! Random lives of a cluster: whatever happens, jobs end and leave nothing locked.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value as Json, json};

use crate::agency::value::Value;
use crate::standin::model::paths;
use crate::standin::supervision::servers::testing::Story;

const SERVERS: [&str; 5] = ["PRMR-a", "PRMR-b", "PRMR-c", "PRMR-d", "PRMR-e"];
const LOGS: u64 = 6;

/// A cluster with logs and with shards that have none.
fn begin(random: &mut StdRng) -> Story {
    let mut story = Story::with_servers(SERVERS.len(), 1);
    for id in 0..LOGS {
        let servers: Vec<&str> = SERVERS.sample(random, 3).copied().collect();
        story.create_log(id, servers[0], &servers);
    }
    let shards: serde_json::Map<String, Json> = (0..3)
        .map(|n| {
            let servers: Vec<&str> = SERVERS.sample(random, 2).copied().collect();
            (format!("s{n}"), json!(servers))
        })
        .collect();
    story.world.set(
        "/arango/Plan/Collections/_system/5",
        json!({"id": "5", "replicationFactor": 2, "shards": shards}),
    );
    story.run(2.0);
    story
}

/// The servers that run do with the shards as planned.
fn follow(story: &mut Story, suspended: &BTreeSet<&str>) {
    for n in 0..3 {
        let path = format!("/arango/Plan/Collections/_system/5/shards/s{n}");
        let Some(Json::Array(planned)) = story.world.get(&path) else { continue };
        let is_silent = |server: &Json| {
            suspended.contains(server.as_str().unwrap_or_default().trim_start_matches('_'))
        };
        // it is the leader that tells
        if planned.first().is_some_and(|leader| !is_silent(leader)) {
            let servers: Vec<_> = planned.into_iter().filter(|server| !is_silent(server)).collect();
            story.world.set(
                &format!("/arango/Current/Collections/_system/5/s{n}"),
                json!({"servers": servers}),
            );
        }
    }
}

/// Something happens.
fn happen(
    story: &mut Story,
    suspended: &mut BTreeSet<&'static str>,
    next_job: &mut u64,
    random: &mut StdRng,
) {
    let server = *SERVERS.choose(random).unwrap();
    let other = *SERVERS.choose(random).unwrap();
    let mut order = |story: &mut Story, mut job: Json| {
        *next_job += 1;
        job["jobId"] = json!(next_job.to_string());
        job["creator"] = json!("CRDN-a");
        story.world.set(&format!("/arango/Target/ToDo/{next_job}"), job);
    };
    match random.random_range(0..14) {
        0 | 1 if suspended.len() < 2 => {
            suspended.insert(server);
            story.suspend(server);
        }
        2 | 3 => {
            suspended.remove(server);
            story.resume(server);
        }
        4 => {
            suspended.remove(server);
            story.register(server);
        }
        5 => order(story, json!({"type": "resignLeadership", "server": server})),
        6 => order(story, json!({"type": "cleanOutServer", "server": server})),
        7 => story.world.set("/arango/Target/CleanedServers", json!([])),
        8 => {
            let operation = ["set-leader", "add-participant", "remove-participant"];
            let operation = operation.choose(random).unwrap();
            order(
                story,
                json!({"type": "reconfigureReplicatedLog", "database": "d",
                    "logId": random.random_range(0..=LOGS),
                    "operations": [{"operation": operation, "participant": server}]}),
            );
        }
        9 | 10 => order(
            story,
            json!({"type": "moveShard", "database": "_system", "collection": "5",
                "shard": format!("s{}", random.random_range(0..3)), "fromServer": server,
                "toServer": other, "isLeader": random.random::<bool>(),
                "remainsFollower": random.random::<bool>(), "tryUndo": random.random::<bool>()}),
        ),
        11 => {
            let pending = story.world.tree();
            let pending: Vec<_> =
                pending.children("/arango/Target/Pending").map(|(id, _)| id.to_owned()).collect();
            if let Some(id) = pending.choose(random) {
                story.world.set(&format!("/arango/Target/Pending/{id}/abort"), json!(true));
            }
        }
        12 => story.world.new_leader(),
        _ => {}
    }
}

/// What holds after every round.
fn check(story: &Story, reboot_ids: &mut BTreeMap<&str, u64>) {
    let tree = story.world.tree();
    let mut seen = BTreeSet::new();
    for state in ["ToDo", "Pending", "Finished", "Failed"] {
        for (id, _) in tree.children(&format!("/arango/Target/{state}")) {
            assert!(seen.insert(id.to_owned()), "{id} is in two places");
        }
    }
    for table in ["DBServers", "Shards"] {
        for (name, lock) in tree.children(&format!("/arango/Supervision/{table}")) {
            let holders = match lock {
                Value::String(holder) => vec![holder.to_string()],
                lock => lock
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|h| h.as_str().unwrap().to_owned())
                    .collect(),
            };
            assert!(!holders.is_empty());
            for holder in holders {
                assert!(tree.has(&paths::job("Pending", &holder)), "{name} is held by {holder}");
            }
        }
    }
    for server in SERVERS {
        let now = story.reboot_id(server);
        let before = reboot_ids.insert(server, now);
        assert!(before.is_none_or(|before| before <= now), "{server}: {before:?} {now}");
        if tree.has(&format!("/arango/Target/FailedServers/{server}")) {
            assert_ne!(story.status(server), "GOOD", "{server} counts as failed");
        }
    }
    for n in 0..3 {
        let planned = tree.texts(&format!("/arango/Plan/Collections/_system/5/shards/s{n}"));
        let planned: Vec<_> = planned.map(|server| server.trim_start_matches('_')).collect();
        let distinct: BTreeSet<_> = planned.iter().collect();
        assert!(!planned.is_empty() && distinct.len() == planned.len(), "s{n}: {planned:?}");
    }
}

#[test]
fn c7_1_whatever_happens_jobs_end_and_leave_nothing_locked() {
    let mut ends: BTreeSet<(String, &str)> = BTreeSet::new();
    for seed in 0..3 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut story = begin(&mut random);
        let (mut suspended, mut next_job) = (BTreeSet::new(), 1_000_000);
        let mut reboot_ids = BTreeMap::new();
        let mut rounds = |story: &mut Story, suspended: &BTreeSet<&str>, count: usize| {
            for _ in 0..count {
                follow(story, suspended);
                story.run(0.5);
                check(story, &mut reboot_ids);
            }
        };
        for _ in 0..60 {
            happen(&mut story, &mut suspended, &mut next_job, &mut random);
            let count = random.random_range(0..12);
            rounds(&mut story, &suspended, count);
        }
        // Everybody comes back, and what cannot be reached is made possible.
        for server in SERVERS {
            story.resume(server);
        }
        for id in 0..LOGS {
            let log = paths::target_log("d", &id.to_string());
            let participants: serde_json::Map<String, Json> =
                SERVERS.iter().map(|server| ((*server).to_owned(), json!({}))).collect();
            story.world.set(&format!("{log}/participants"), Json::Object(participants));
        }
        story.world.set("/arango/Target/CleanedServers", json!([]));
        rounds(&mut story, &BTreeSet::new(), 240);
        let get = |path: &str| story.world.get(&format!("/arango/{path}"));
        for path in [
            "Target/ToDo",
            "Target/Pending",
            "Supervision/DBServers",
            "Supervision/Shards",
            "Target/FailedServers",
        ] {
            assert_eq!(get(path), Some(json!({})), "seed {seed}: {path}");
        }
        assert_eq!(get("Target/ToBeCleanedServers"), Some(json!([])), "seed {seed}");
        for server in SERVERS {
            assert_eq!(story.status(server), "GOOD", "seed {seed}: {server}");
        }
        for n in 0..3 {
            let planned = get(&format!("Plan/Collections/_system/5/shards/s{n}")).unwrap();
            let planned = planned.as_array().unwrap().clone();
            assert_eq!(planned.len(), 2, "seed {seed}: s{n} {planned:?}");
            assert!(!planned[0].as_str().unwrap().starts_with('_'), "seed {seed}: {planned:?}");
        }
        let tree = story.world.tree();
        for state in ["Finished", "Failed"] {
            for (_, job) in tree.children(&format!("/arango/Target/{state}")) {
                let kind = Json::from(job)["type"].as_str().unwrap().to_owned();
                ends.insert((kind, state));
            }
        }
    }
    // each of these did and did not what it was for
    for kind in ["cleanOutServer", "moveShard", "reconfigureReplicatedLog", "resignLeadership"] {
        for state in ["Finished", "Failed"] {
            assert!(ends.contains(&(kind.to_owned(), state)), "{kind} {state}: {ends:?}");
        }
    }
    for kind in ["failedServer", "failedLeader", "failedFollower"] {
        assert!(ends.contains(&(kind.to_owned(), "Finished")), "{kind}: {ends:?}");
    }
}
