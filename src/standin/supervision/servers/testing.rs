//! Stories of a cluster whose servers do nothing but send heartbeats.

use std::collections::BTreeSet;
use std::time::SystemTime;

use serde_json::{Value as Json, json};

use super::super::testing::World;
use crate::standin::model::stamp::stamp;
use crate::standin::model::{Transaction, paths};

/// A world with servers.
pub(in crate::standin::supervision) struct Story {
    /// The world.
    pub(in crate::standin::supervision) world: World,
    servers: Vec<String>,
    suspended: BTreeSet<String>,
    began: SystemTime,
    /// Whether logs become what is wanted of them, as if they were supervised.
    pub(in crate::standin::supervision) converging: bool,
}

impl Story {
    /// Servers `PRMR-a`, `PRMR-b` … and `CRDN-a` … that have registered.
    pub(in crate::standin::supervision) fn with_servers(
        db_servers: usize,
        coordinators: usize,
    ) -> Self {
        let world = World::bootstrapped();
        let mut story = Self {
            began: world.now,
            world,
            servers: Vec::new(),
            suspended: BTreeSet::new(),
            converging: true,
        };
        let names = |prefix: &'static str, count| {
            ('a'..='z').take(count).map(move |letter| format!("{prefix}-{letter}"))
        };
        for id in names("PRMR", db_servers).chain(names("CRDN", coordinators)) {
            story.register(&id);
        }
        story
    }

    /// A server registers, for the first time or again.
    pub(in crate::standin::supervision) fn register(&mut self, id: &str) {
        let (role, name) = match id.starts_with("PRMR") {
            true => ("DBServers", "DBServer"),
            false => ("Coordinators", "Coordinator"),
        };
        if !self.servers.iter().any(|known| known == id) {
            self.servers.push(id.to_owned());
        }
        let number = self.servers.len();
        self.world.apply(
            Transaction::new()
                .set(format!("/arango/Plan/{role}/{id}"), "none")
                .set(format!("/arango/Current/{role}/{id}"), "none")
                .set(
                    format!("/arango/Target/MapUniqueToShortID/{id}"),
                    json!({"TransactionID": number, "ShortName": format!("{name}{number:04}")}),
                )
                .set(
                    format!("/arango/Current/ServersRegistered/{id}"),
                    json!({"endpoint": format!("tcp://{id}:1"), "host": "h", "engine": "rocksdb",
                        "advertisedEndpoint": "", "version": 31206, "versionString": "3.12.6"}),
                )
                .increment(paths::reboot_id(id)),
        );
        self.suspended.remove(id);
    }

    /// A server is silent from now on.
    pub(in crate::standin::supervision) fn suspend(&mut self, id: &str) {
        self.suspended.insert(id.to_owned());
    }

    /// A server goes on.
    pub(in crate::standin::supervision) fn resume(&mut self, id: &str) {
        self.suspended.remove(id);
    }

    /// Servers send heartbeats.
    pub(in crate::standin::supervision) fn beat(&mut self) {
        let time = stamp(self.world.now);
        for id in &self.servers {
            if !self.suspended.contains(id) {
                self.world.set_transient(
                    &format!("/arango/Sync/ServerStates/{id}"),
                    json!({"status": "SERVING", "time": time}),
                );
            }
        }
    }

    /// Time passes, with two heartbeats and rounds a second.
    pub(in crate::standin::supervision) fn run(&mut self, seconds: f64) {
        self.step(0.5, seconds);
    }

    /// Time passes in steps.
    pub(in crate::standin::supervision) fn step(&mut self, step: f64, seconds: f64) {
        let mut passed = 0.0;
        while passed < seconds {
            self.beat();
            self.world.round();
            if self.converging {
                self.converge();
            }
            self.world.pass(step);
            passed += step;
        }
    }

    /// Runs until something holds, for a minute at most.
    pub(in crate::standin::supervision) fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        for _ in 0..120 {
            if holds(self) {
                return;
            }
            self.run(0.5);
        }
        panic!("it did not come to that: {:#}", self.world.get("/arango").unwrap_or_default());
    }

    /// All logs become what is wanted of them, if who shall lead takes part and is good.
    fn converge(&mut self) {
        let tree = self.world.tree();
        for (database, _) in tree.children("/arango/Target/ReplicatedLogs") {
            for (id, target) in tree.children(&format!("/arango/Target/ReplicatedLogs/{database}"))
            {
                let target = Json::from(target);
                let participants = target["participants"].as_object().cloned().unwrap_or_default();
                let leader = target["leader"].as_str();
                let reachable =
                    |leader| participants.contains_key(leader) && self.status(leader) == "GOOD";
                if !leader.is_none_or(reachable) {
                    continue;
                }
                let reached =
                    format!("{}/supervision/targetVersion", paths::current_log(database, id));
                let mut converged = Transaction::new().set(reached, &target["version"]);
                if let Some(leader) = leader {
                    converged = converged.set(
                        format!("{}/currentTerm/leader/serverId", paths::plan_log(database, id)),
                        leader,
                    );
                }
                self.world.apply(converged);
            }
        }
    }

    /// A database with logs, and a log of it.
    pub(in crate::standin::supervision) fn create_log(
        &mut self,
        id: u64,
        leader: &str,
        servers: &[&str],
    ) {
        let participants: serde_json::Map<String, Json> =
            servers.iter().map(|server| ((*server).to_owned(), json!({}))).collect();
        self.world.set(
            "/arango/Plan/Databases/d",
            json!({"id": "2", "name": "d", "replicationVersion": "2"}),
        );
        if self.world.get("/arango/Plan/Collections/d").is_none() {
            self.world.set("/arango/Plan/Collections/d", json!({}));
        }
        self.world.set(
            &paths::target_log("d", &id.to_string()),
            json!({"id": id, "version": 1, "leader": leader, "participants": participants,
                "config": {"writeConcern": 1, "waitForSync": false},
                "properties": {"implementation": {"type": "black-hole"}}}),
        );
    }

    /// When it began.
    pub(in crate::standin::supervision) fn began(&self) -> SystemTime {
        self.began
    }

    /// The mode of the supervision.
    pub(in crate::standin::supervision) fn mode(&self) -> String {
        self.world.text("/arango/Supervision/State/Mode").unwrap_or_default()
    }

    /// The persisted status of a server.
    pub(in crate::standin::supervision) fn status(&self, id: &str) -> String {
        self.world.text(&format!("{}/Status", paths::health(id))).unwrap_or_default()
    }

    /// The number of a server's incarnation.
    pub(in crate::standin::supervision) fn reboot_id(&self, id: &str) -> u64 {
        self.world.tree().number(&paths::reboot_id(id)).unwrap_or_default()
    }

    /// Where a job is, and itself.
    pub(in crate::standin::supervision) fn job(&self, id: &str) -> (&'static str, Json) {
        let states = ["ToDo", "Pending", "Finished", "Failed"];
        let found: Vec<_> = states
            .into_iter()
            .filter_map(|state| Some((state, self.world.get(&paths::job(state, id))?)))
            .collect();
        assert!(found.len() < 2, "{found:?}");
        found.into_iter().next().unwrap_or(("nowhere", Json::Null))
    }

    /// All jobs of a type: where they are, and themselves.
    pub(in crate::standin::supervision) fn jobs(&self, kind: &str) -> Vec<(&'static str, Json)> {
        let states = ["ToDo", "Pending", "Finished", "Failed"];
        let tree = self.world.tree();
        let all = states.into_iter().flat_map(|state| {
            let jobs: Vec<_> = tree
                .children(&format!("/arango/Target/{state}"))
                .map(|(_, job)| Json::from(job))
                .collect();
            jobs.into_iter().map(move |job| (state, job))
        });
        all.filter(|(_, job)| job["type"] == kind).collect()
    }

    /// What is wanted of a log.
    pub(in crate::standin::supervision) fn target(&self, id: u64) -> Json {
        self.world.get(&paths::target_log("d", &id.to_string())).unwrap_or_default()
    }
}
