//! Random edits of the whole tree, and rubbish in it: whatever stands there, no round panics, and
//! a time comes when rounds write nothing any more.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value as Json, json};

use super::servers::testing::Story;
use super::testing::DbServers;
use crate::standin::model::{Transaction, Tree};

const SERVERS: [&str; 4] = ["PRMR-a", "PRMR-b", "PRMR-c", "PRMR-d"];

/// A cluster with a bit of everything.
struct Walk {
    story: Story,
    servers: DbServers,
    suspended: BTreeSet<&'static str>,
    random: StdRng,
    history: Vec<String>,
    next_job: u64,
}

fn attributes(copies: u64) -> Json {
    json!({
        "mutable": {"writeConcern": 1, "replicationFactor": copies, "waitForSync": false},
        "immutable": {"numberOfShards": 2},
    })
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut story = Story::with_servers(SERVERS.len(), 2);
        story.converging = false;
        let servers = DbServers::register(&mut story.world, &SERVERS);
        for id in [1, 2] {
            story.create_log(id, SERVERS[0], &SERVERS[..3]);
        }
        let world = &mut story.world;
        for (group, copies) in [(10, 2), (11, 3), (12, 0)] {
            let collection = (group + 10).to_string();
            world.set(
                &format!("/arango/Target/Collections/d/{collection}"),
                json!({"groupId": group, "id": collection, "name": format!("c{collection}"),
                    "type": 2, "schema": null, "shardKeys": ["_key"],
                    "indexes": [{"id": "0", "type": "primary", "fields": ["_key"]}]}),
            );
            world.set(
                &format!("/arango/Target/CollectionGroups/d/{group}"),
                json!({"id": group, "leader": collection, "version": 1,
                    "collections": {&collection: {}}, "attributes": attributes(copies)}),
            );
        }
        for (id, copies) in [("5", json!(2)), ("6", json!("satellite"))] {
            world.set(
                &format!("/arango/Plan/Collections/_system/{id}"),
                json!({"id": id, "name": format!("c{id}"), "replicationFactor": copies,
                    "indexes": [{"id": "0", "type": "primary", "fields": ["_key"]}],
                    "shards": {format!("s{id}1"): ["PRMR-a", "PRMR-b"],
                        format!("s{id}2"): ["PRMR-b", "PRMR-c"]}}),
            );
        }
        world.set(
            "/arango/Plan/Collections/_system/7",
            json!({"id": "7", "name": "c7", "replicationFactor": 2, "distributeShardsLike": "5",
                "shards": {"s71": ["PRMR-a", "PRMR-b"], "s72": ["PRMR-b", "PRMR-c"]}}),
        );
        world.set("/arango/Plan/Analyzers/d", json!({"revision": 0, "buildingRevision": 0}));
        let mut walk = Self {
            story,
            servers,
            suspended: BTreeSet::new(),
            random: StdRng::seed_from_u64(seed),
            history: Vec::new(),
            next_job: 1_000_000_000,
        };
        walk.rounds(12);
        walk
    }

    /// Rounds of everybody; how many of them wrote something, and what was written.
    fn rounds(&mut self, count: usize) -> (usize, Vec<Transaction>) {
        let mut busy = 0;
        self.story.world.agency.written.clear();
        for _ in 0..count {
            let before = self.story.world.agency.written.len();
            self.story.run(0.5);
            busy += usize::from(self.story.world.agency.written.len() > before);
            self.servers.maintain(&mut self.story.world);
            self.play_shards();
        }
        (busy, std::mem::take(&mut self.story.world.agency.written))
    }

    /// The servers that run tell of the shards that they have.
    fn play_shards(&mut self) {
        let tree = self.story.world.tree();
        let runs = |server: &str| {
            SERVERS.contains(&server.trim_start_matches('_'))
                && !self.suspended.contains(server.trim_start_matches('_'))
        };
        let mut reports: BTreeMap<String, Option<Json>> = BTreeMap::new();
        for (database, _) in tree.children("/arango/Plan/Collections") {
            for (id, plan) in tree.children(&format!("/arango/Plan/Collections/{database}")) {
                let plan = Json::from(plan);
                let indexes: Vec<Json> = plan["indexes"].as_array().cloned().unwrap_or_default();
                let indexes: Vec<Json> = indexes
                    .into_iter()
                    .filter_map(|mut index| {
                        index.as_object_mut()?.remove("isBuilding");
                        Some(index)
                    })
                    .collect();
                for (shard, servers) in plan["shards"].as_object().into_iter().flatten() {
                    let servers = servers.as_array().cloned().unwrap_or_default();
                    let servers: Vec<&str> = servers.iter().filter_map(Json::as_str).collect();
                    if shard.is_empty() || servers.first().is_none_or(|leader| !runs(leader)) {
                        continue;
                    }
                    let servers: Vec<_> = servers.into_iter().filter(|id| runs(id)).collect();
                    reports.insert(
                        format!("/arango/Current/Collections/{database}/{id}/{shard}"),
                        Some(json!({"error": false, "errorNum": 0, "errorMessage": "",
                            "indexes": indexes, "servers": servers,
                            "failoverCandidates": servers})),
                    );
                }
            }
        }
        for (database, _) in tree.children("/arango/Current/Collections") {
            for (id, _) in tree.children(&format!("/arango/Current/Collections/{database}")) {
                if !tree.has(&format!("/arango/Plan/Collections/{database}/{id}")) {
                    let path = format!("/arango/Current/Collections/{database}/{id}");
                    reports.insert(path, None);
                }
            }
        }
        for (path, report) in reports {
            match report {
                Some(report) if self.story.world.get(&path).as_ref() != Some(&report) => {
                    self.story.world.set(&path, report);
                }
                None => self.story.world.delete(&path),
                _ => {}
            }
        }
    }

    /// A place in the tree, at least so deep.
    fn place(&mut self, least: usize) -> String {
        let tree = self.story.world.tree();
        loop {
            let roots = ["Plan", "Target", "Current", "Supervision"];
            let mut path = format!("/arango/{}", roots.choose(&mut self.random).unwrap());
            let mut depth = 1;
            loop {
                let children: Vec<String> =
                    tree.children(&path).map(|(k, _)| k.to_owned()).collect();
                let Some(child) = children.choose(&mut self.random) else { break };
                path = format!("{path}/{child}");
                depth += 1;
                if depth > least && self.random.random_range(0..6) == 0 {
                    break;
                }
            }
            let forbidden = ["/arango/Supervision/Maintenance", "/arango/Supervision/Health"];
            if depth >= least && !forbidden.contains(&&*path) {
                return path;
            }
        }
    }

    fn value(&mut self, tree: &Tree, path: &str) -> Json {
        let old = tree.get(path).map(Json::from).unwrap_or_default();
        let server = *SERVERS.choose(&mut self.random).unwrap();
        let rubbish = [
            json!(null),
            json!(-3),
            json!(1.5),
            json!(3.0),
            json!(""),
            json!("x"),
            json!("PRMR-a"),
            json!("CRDN-a"),
            json!([]),
            json!(["PRMR-b", {}]),
            json!({}),
            json!({"x": {}}),
            json!({"": {}}),
            json!(u64::MAX),
            json!(true),
            json!(false),
            json!("satellite"),
            json!("2027-01-15T08:00:00Z"),
            json!(0),
            json!(1),
            json!("2"),
            json!({"PRMR-z": {}}),
            json!(["a/b"]),
            json!("a/b"),
        ];
        match self.random.random_range(0..8) {
            0 => rubbish.choose(&mut self.random).unwrap().clone(),
            1 => {
                let other = self.place(2);
                tree.get(&other).map(Json::from).unwrap_or_default()
            }
            _ => match old {
                Json::Number(number) => {
                    let number = number.as_i64().unwrap_or(0);
                    json!(number.saturating_add(self.random.random_range(-2..4)).max(0))
                }
                Json::Bool(bool) => json!(!bool),
                Json::String(text) if text.contains("PRMR") => json!(server),
                Json::String(text) => match self.random.random_range(0..3) {
                    0 => json!(text),
                    1 => json!("2"),
                    _ => json!("odd"),
                },
                Json::Array(mut all) => {
                    match self.random.random_range(0..4) {
                        0 => all.reverse(),
                        1 => drop(all.pop()),
                        2 => all.push(json!(server)),
                        _ => {
                            if let Some(first) = all.first().cloned() {
                                all.push(first);
                            }
                        }
                    }
                    Json::Array(all)
                }
                Json::Object(mut all) => {
                    let keys: Vec<String> = all.keys().cloned().collect();
                    match (self.random.random_range(0..4), keys.choose(&mut self.random)) {
                        (0, Some(key)) => drop(all.remove(key)),
                        (1, Some(key)) => {
                            let value = all[key].clone();
                            all.insert(server.to_owned(), value);
                        }
                        (2, _) => drop(all.insert(server.to_owned(), json!({}))),
                        _ => drop(all.insert("surplus".to_owned(), json!(1))),
                    }
                    Json::Object(all)
                }
                other => other,
            },
        }
    }

    fn edit(&mut self) {
        let path = self.place(2);
        let tree = self.story.world.tree();
        if self.random.random_range(0..6) == 0 {
            self.history.push(format!("delete {path}"));
            return self.story.world.delete(&path);
        }
        let value = self.value(&tree, &path);
        self.history.push(format!("{path} = {value}"));
        self.story.world.set(&path, value);
    }

    fn order(&mut self) {
        let server = *SERVERS.choose(&mut self.random).unwrap();
        let other = *SERVERS.choose(&mut self.random).unwrap();
        self.next_job += 1;
        let operation = ["set-leader", "add-participant", "remove-participant"];
        let operation = operation.choose(&mut self.random).unwrap();
        let shards = ["s51", "s52", "s61"];
        let mut job = match self.random.random_range(0..7) {
            0 => json!({"type": "cleanOutServer", "server": server}),
            1 => json!({"type": "resignLeadership", "server": server}),
            2 => json!({"type": "failedServer", "server": server,
                "failedLeaderAddsFollower": true}),
            3 | 4 => json!({"type": "reconfigureReplicatedLog", "database": "d",
                "logId": self.random.random_range(1..3), "undoSetLeader": true,
                "operations": [{"operation": operation, "participant": server}]}),
            _ => json!({"type": "moveShard", "database": "_system", "collection": "5",
                "shard": shards.choose(&mut self.random).unwrap(), "fromServer": server,
                "toServer": other, "isLeader": self.random.random::<bool>(),
                "remainsFollower": self.random.random::<bool>(), "tryUndo": true}),
        };
        job["jobId"] = json!(self.next_job.to_string());
        job["creator"] = json!("x");
        self.history.push(job.to_string());
        self.story.world.set(&format!("/arango/Target/ToDo/{}", self.next_job), job);
    }

    fn plant(&mut self) {
        let reboot_id = self.random.random_range(0..3);
        let gone = json!({"isBuilding": true, "coordinator": "CRDN-a",
            "coordinatorRebootId": reboot_id});
        let tree = self.story.world.tree();
        let with = |path: &str| {
            let mut value = tree.get(path).map(Json::from).unwrap_or(json!({}));
            if let Some(object) = value.as_object_mut() {
                object.extend(gone.as_object().unwrap().clone());
            }
            value
        };
        let mut index = gone.clone();
        index["id"] = json!("77");
        let (path, value) = match self.random.random_range(0..11) {
            0 => ("/arango/Target/NumberOfDBServers", json!(self.random.random_range(1..5))),
            1 => ("/arango/Plan/Collections/_system/5", with("/arango/Plan/Collections/_system/5")),
            2 => ("/arango/Target/Collections/d/20", with("/arango/Target/Collections/d/20")),
            3 => ("/arango/Target/Collections/d/21/indexes", json!([index])),
            4 => ("/arango/Plan/Collections/_system/6/indexes", json!([index])),
            5 => ("/arango/Plan/Databases/e", gone.clone()),
            6 => (
                "/arango/Target/MaintenanceDBServers/PRMR-d",
                json!({"Mode": "maintenance", "Until": "2027-02-15T08:00:00Z"}),
            ),
            7 => (
                "/arango/Target/ReturnLeadership/1",
                json!({"timeStamp": "x",
                "removeIfNotStartedBy": "2027-02-15T08:00:00Z", "rebootId": 0,
                "reconfigureReplicatedLog": {"database": "d", "server": "PRMR-c"}}),
            ),
            8 => (
                "/arango/Target/ReturnLeadership/s51",
                json!({"timeStamp": "x",
                "removeIfNotStartedBy": "2027-02-15T08:00:00Z", "rebootId": 0,
                "moveShard": {"database": "_system", "collection": "5", "shard": "s51",
                    "fromServer": "PRMR-a", "toServer": "PRMR-b"}}),
            ),
            9 => (
                "/arango/Plan/Analyzers/d",
                json!({"revision": 1, "buildingRevision": 2,
                "coordinator": "CRDN-a", "coordinatorRebootId": reboot_id}),
            ),
            _ => ("/arango/Current/Collections/_system/99/s991", json!({"servers": ["PRMR-z"]})),
        };
        self.history.push(format!("{path} = {value}"));
        self.story.world.set(path, value);
    }

    fn happen(&mut self) {
        match self.random.random_range(0..21) {
            0 | 1 if self.suspended.len() < 2 => {
                let server = *SERVERS.choose(&mut self.random).unwrap();
                self.history.push(format!("suspend {server}"));
                self.suspended.insert(server);
                self.story.suspend(server);
                self.servers.suspend(server);
            }
            2 | 3 => self.resume(),
            4 => self.story.world.new_leader(),
            5 | 6 => self.order(),
            7 | 8 => self.plant(),
            9 => {
                let count = self.random.random_range(1..30);
                self.rounds(count);
            }
            10 => {
                let seconds = self.random.random_range(1..5000);
                self.history.push(format!("{seconds} s pass"));
                self.story.world.pass(f64::from(seconds));
            }
            _ => self.edit(),
        }
    }

    fn resume(&mut self) {
        if let Some(server) = self.suspended.pop_first() {
            self.history.push(format!("resume {server}"));
            self.story.resume(server);
            self.servers.resume(server);
        }
    }
}

#[test]
fn c4_10_whatever_stands_in_the_tree_rounds_come_to_an_end_of_writing() {
    for seed in 0..12 {
        let mut walk = Walk::new(seed);
        for _ in 0..walk.random.random_range(1..25) {
            walk.happen();
        }
        // Health that is not looked at before all servers were heard of takes longest.
        walk.rounds(150);
        let (busy, written) = walk.rounds(20);
        let story = || format!("seed {seed}: {:#?} {:#?}", walk.history, written.last());
        assert!(busy < 5, "{}", story());
    }
}
