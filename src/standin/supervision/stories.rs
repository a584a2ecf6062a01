//! Stories in which all stages of a round and the DB-servers act together.

use serde_json::{Value as Json, json};

use super::servers::testing::Story;
use super::testing::DbServers;
use crate::standin::model::paths;

const SERVERS: [&str; 4] = ["PRMR-a", "PRMR-b", "PRMR-c", "PRMR-d"];

/// Servers that send heartbeats and have logs.
struct Cluster {
    story: Story,
    servers: DbServers,
}

impl Cluster {
    /// Four servers, and log 7 of the first three.
    fn with_log(leader: Option<&str>) -> Self {
        let mut story = Story::with_servers(SERVERS.len(), 1);
        story.converging = false;
        let servers = DbServers::register(&mut story.world, &SERVERS);
        let mut cluster = Self { story, servers };
        cluster.create(7, leader, &["PRMR-a", "PRMR-b", "PRMR-c"]);
        cluster.run(5.0);
        assert!(cluster.get("Current", 7)["leader"]["leadershipEstablished"] == true);
        cluster
    }

    fn create(&mut self, id: u64, leader: Option<&str>, servers: &[&str]) {
        self.story.create_log(id, leader.unwrap_or("PRMR-a"), servers);
        let target = paths::target_log("d", &id.to_string());
        let config = json!({"writeConcern": 2, "softWriteConcern": 2, "waitForSync": false});
        self.story.world.set(&format!("{target}/config"), config);
        if leader.is_none() {
            self.run(5.0);
            self.story.world.delete(&format!("{target}/leader"));
        }
    }

    fn run(&mut self, seconds: f64) {
        let mut passed = 0.0;
        while passed < seconds {
            self.story.run(0.5);
            self.servers.maintain(&mut self.story.world);
            passed += 0.5;
        }
    }

    fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        for _ in 0..240 {
            if holds(self) {
                return;
            }
            self.run(0.5);
        }
        panic!("{what}: {:#}", self.story.world.get("/arango").unwrap_or_default());
    }

    fn suspend(&mut self, id: &str) {
        self.story.suspend(id);
        self.servers.suspend(id);
    }

    fn resume(&mut self, id: &str) {
        self.story.resume(id);
        self.servers.resume(id);
    }

    fn get(&self, tree: &str, log: u64) -> Json {
        let path = format!("/arango/{tree}/ReplicatedLogs/d/{log}");
        self.story.world.get(&path).unwrap_or_default()
    }

    fn term(&self, log: u64) -> u64 {
        self.get("Plan", log)["currentTerm"]["term"].as_u64().unwrap_or_default()
    }

    fn leader(&self, log: u64) -> String {
        let leader = &self.get("Plan", log)["currentTerm"]["leader"]["serverId"];
        leader.as_str().unwrap_or_default().to_owned()
    }

    fn is_led_by(&self, log: u64, server: &str) -> bool {
        let leader = &self.get("Current", log)["leader"];
        self.leader(log) == server
            && leader["serverId"] == server
            && leader["term"] == self.term(log)
            && leader["leadershipEstablished"] == true
    }

    fn participants(&self, tree: &str, log: u64) -> Vec<String> {
        let log = self.get(tree, log);
        let map = match tree {
            "Plan" => &log["participantsConfig"]["participants"],
            _ => &log["participants"],
        };
        map.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
    }

    fn order(&mut self, id: &str, job: Json) {
        let mut job = job;
        job["jobId"] = json!(id);
        job["creator"] = json!("CRDN-a");
        self.story.world.set(&format!("/arango/Target/ToDo/{id}"), job);
    }

    fn reconfigure(&mut self, id: &str, operations: &[(&str, &str)]) {
        let operations: Vec<_> = operations
            .iter()
            .map(|(operation, server)| json!({"operation": operation, "participant": server}))
            .collect();
        let job = json!({"type": "reconfigureReplicatedLog", "database": "d", "logId": 7,
            "operations": operations});
        self.order(id, job);
    }
}

#[test]
fn s25_a_suspended_leader_is_replaced_in_the_round_that_sees_it_failed() {
    let mut cluster = Cluster::with_log(None);
    let leader = cluster.leader(7);
    let term = cluster.term(7);
    cluster.suspend(&leader);
    let bad = leader.clone();
    cluster.until("bad", |cluster| cluster.story.status(&bad) == "BAD");
    assert_eq!(cluster.term(7), term);
    let failed = leader.clone();
    while cluster.story.status(&failed) != "FAILED" {
        cluster.story.run(0.5);
    }
    assert_eq!((cluster.term(7), cluster.leader(7)), (term + 1, String::new()));
    assert_eq!(cluster.story.jobs("failedServer")[0].0, "Finished");
    assert_eq!(cluster.story.reboot_id(&leader), 2);
    cluster.until("new leader", |cluster| {
        let new = cluster.leader(7);
        new != failed && !new.is_empty() && cluster.is_led_by(7, &new)
    });
    assert_eq!(cluster.term(7), term + 2);
    assert!(cluster.participants("Plan", 7).contains(&leader));
    // S27
    cluster.resume(&leader);
    cluster.run(5.0);
    assert_eq!((cluster.story.status(&leader), cluster.term(7)), ("GOOD".to_owned(), term + 2));
    let status = &cluster.get("Current", 7)["localStatus"][&leader];
    assert_eq!((&status["state"], &status["rebootId"]), (&json!("ServiceOperational"), &json!(2)));
}

#[test]
fn s41_a_job_gives_a_log_another_leader() {
    let mut cluster = Cluster::with_log(Some("PRMR-a"));
    let term = cluster.term(7);
    cluster.reconfigure("9001", &[("set-leader", "PRMR-b")]);
    cluster.until("finished", |cluster| cluster.story.job("9001").0 == "Finished");
    assert!(cluster.is_led_by(7, "PRMR-b"));
    assert_eq!(cluster.term(7), term + 1);
    let expected = &cluster.story.job("9001").1["expectedVersion"];
    assert_eq!(cluster.get("Current", 7)["supervision"]["targetVersion"], *expected);
}

#[test]
fn s42_a_job_replaces_the_leader_by_a_new_server() {
    let mut cluster = Cluster::with_log(Some("PRMR-a"));
    cluster.reconfigure(
        "9001",
        &[
            ("add-participant", "PRMR-d"),
            ("remove-participant", "PRMR-a"),
            ("set-leader", "PRMR-d"),
        ],
    );
    cluster.until("finished", |cluster| cluster.story.job("9001").0 == "Finished");
    assert!(cluster.is_led_by(7, "PRMR-d"));
    assert_eq!(cluster.participants("Plan", 7), ["PRMR-b", "PRMR-c", "PRMR-d"]);
}

#[test]
fn s44_a_job_waits_until_its_log_can_commit_again() {
    let mut cluster = Cluster::with_log(Some("PRMR-a"));
    for id in ["PRMR-b", "PRMR-c", "PRMR-d"] {
        cluster.suspend(id);
    }
    cluster.until("failed", |cluster| cluster.story.status("PRMR-d") == "FAILED");
    cluster.reconfigure("9001", &[("add-participant", "PRMR-d")]);
    cluster.run(60.0);
    assert_eq!(cluster.story.job("9001").0, "Pending");
    cluster.resume("PRMR-d");
    cluster.until("finished", |cluster| cluster.story.job("9001").0 == "Finished");
    assert!(cluster.participants("Plan", 7).contains(&"PRMR-d".to_owned()));
}

#[test]
fn s45_a_server_resigns_and_leads_again_after_a_restart() {
    let mut cluster = Cluster::with_log(Some("PRMR-a"));
    cluster.create(8, Some("PRMR-a"), &["PRMR-a", "PRMR-b", "PRMR-d"]);
    cluster.run(5.0);
    cluster.order("9001", json!({"type": "resignLeadership", "server": "PRMR-a"}));
    cluster.until("finished", |cluster| cluster.story.job("9001").0 == "Finished");
    for log in [7, 8] {
        assert_ne!(cluster.leader(log), "PRMR-a");
        assert!(cluster.is_led_by(log, &cluster.leader(log)));
    }
    cluster
        .story
        .world
        .apply(crate::standin::model::Transaction::new().increment(paths::reboot_id("PRMR-a")));
    cluster
        .until("back", |cluster| cluster.is_led_by(7, "PRMR-a") && cluster.is_led_by(8, "PRMR-a"));
    cluster.until("no undo entries", |cluster| {
        cluster.story.world.get("/arango/Target/ReturnLeadership") == Some(json!({}))
    });
}

#[test]
fn s46_a_server_is_cleaned_out_of_all_logs() {
    let mut cluster = Cluster::with_log(Some("PRMR-a"));
    cluster.order("9001", json!({"type": "cleanOutServer", "server": "PRMR-a"}));
    cluster.until("finished", |cluster| cluster.story.job("9001").0 == "Finished");
    assert_eq!(cluster.participants("Target", 7), ["PRMR-b", "PRMR-c"]);
    assert_eq!(cluster.participants("Plan", 7), ["PRMR-b", "PRMR-c"]);
    assert_ne!(cluster.leader(7), "PRMR-a");
    assert_eq!(cluster.story.world.get("/arango/Target/CleanedServers"), Some(json!(["PRMR-a"])));
}

#[test]
fn s31_nothing_happens_to_logs_in_maintenance_and_all_catches_up_later() {
    let mut cluster = Cluster::with_log(None);
    let (leader, term) = (cluster.leader(7), cluster.term(7));
    cluster.story.world.set("/arango/Supervision/Maintenance", json!("on"));
    cluster.run(1.0);
    cluster.suspend(&leader);
    cluster.run(60.0);
    assert_eq!((cluster.term(7), &*cluster.story.status(&leader)), (term, "GOOD"));
    cluster.story.world.delete("/arango/Supervision/Maintenance");
    let old = leader.clone();
    cluster.until("another leader", |cluster| {
        let new = cluster.leader(7);
        new != old && !new.is_empty() && cluster.is_led_by(7, &new)
    });
    assert_eq!(cluster.story.status(&leader), "FAILED");
}
