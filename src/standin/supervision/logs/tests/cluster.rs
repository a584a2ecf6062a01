//! A world in which the supervision of logs and DB-servers act by turns.

use serde_json::{Value as Json, json};

use crate::standin::model::paths;
use crate::standin::supervision::logs::stage::{LogsState, supervise};
use crate::standin::supervision::testing::{DbServers, World};

/// The database of all logs.
pub(super) const DATABASE: &str = "shop";

/// Agency, servers and supervision.
pub(super) struct Cluster {
    pub(super) world: World,
    pub(super) servers: DbServers,
    pub(super) logs: LogsState,
}

/// The Target of log 1, with a trace.
pub(super) fn target(participants: &[&str]) -> Json {
    let flags = participants.iter().map(|id| ((*id).to_owned(), json!({})));
    json!({
        "id": 1, "participants": flags.collect::<serde_json::Map<_, _>>(),
        "config": {"writeConcern": 2, "softWriteConcern": 2, "waitForSync": false},
        "properties": {"implementation": {"type": "black-hole", "parameters": {}}},
        "supervision": {"maxActionsTraceLength": 1000},
    })
}

impl Cluster {
    /// Servers without logs.
    pub(super) fn new(servers: &[&str]) -> Self {
        let mut world = World::bootstrapped();
        let servers = DbServers::register(&mut world, servers);
        Self { world, servers, logs: LogsState::default() }
    }

    /// Servers with log 1 as wanted, whose leader is `a`. The trace is empty.
    pub(super) fn with_log(servers: &[&str], mut target: Json) -> Self {
        let mut cluster = Self::new(servers);
        let leader = target.as_object_mut().and_then(|target| target.remove("leader"));
        let mut first = target;
        first["leader"] = json!("a");
        cluster.set_target(first);
        cluster.settle();
        match leader {
            Some(leader) => cluster.set("Target", "leader", leader),
            None => cluster.delete("Target", "leader"),
        }
        cluster.delete("Current", "actions");
        cluster
    }

    pub(super) fn set_target(&mut self, target: Json) {
        self.world.set(&paths::target_log(DATABASE, "1"), target);
    }

    /// Sets something of log 1 in Target, Plan or Current.
    pub(super) fn set(&mut self, tree: &str, path: &str, value: Json) {
        self.world.set(&at(tree, path), value);
    }

    pub(super) fn delete(&mut self, tree: &str, path: &str) {
        self.world.delete(&at(tree, path));
    }

    /// Something of log 1; `null` if it is not there.
    pub(super) fn get(&self, tree: &str, path: &str) -> Json {
        self.world.get(&at(tree, path)).unwrap_or_default()
    }

    pub(super) fn number(&self, tree: &str, path: &str) -> u64 {
        self.get(tree, path).as_u64().unwrap_or_default()
    }

    pub(super) fn term(&self) -> u64 {
        self.number("Plan", "currentTerm/term")
    }

    pub(super) fn generation(&self) -> u64 {
        self.number("Plan", "participantsConfig/generation")
    }

    /// The planned leader.
    pub(super) fn leader(&self) -> Option<String> {
        self.get("Plan", "currentTerm/leader/serverId").as_str().map(str::to_owned)
    }

    /// The planned participants.
    pub(super) fn participants(&self) -> Vec<String> {
        self.get("Plan", "participantsConfig/participants")
            .as_object()
            .map(|participants| participants.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// The names of the actions so far.
    pub(super) fn trace(&self) -> Vec<String> {
        let actions = self.get("Current", "actions");
        let name = |action: &Json| {
            action["desc"]["type"].as_str().unwrap().strip_suffix("Action").unwrap().to_owned()
        };
        actions.as_array().map(|all| all.iter().map(name).collect()).unwrap_or_default()
    }

    /// The names of the reports.
    pub(super) fn reports(&self) -> Vec<String> {
        let reports = self.get("Current", "supervision/StatusReport");
        let name = |report: &Json| report["type"].as_str().unwrap().to_owned();
        reports.as_array().map(|all| all.iter().map(name).collect()).unwrap_or_default()
    }

    /// Runs the supervision once.
    pub(super) fn round(&mut self) {
        let Self { world, logs, .. } = self;
        world.stage(|round| supervise(logs, round)).unwrap();
    }

    /// Lets servers and supervision act by turns until nothing changes.
    pub(super) fn settle(&mut self) {
        for _ in 0..200 {
            let before = self.world.tree();
            self.round();
            self.servers.maintain(&mut self.world);
            if self.world.tree() == before {
                return;
            }
        }
        panic!("it does not settle: {:?} {:?}", self.trace(), self.get("Current", ""));
    }

    /// Sets the status of a server.
    pub(super) fn status(&mut self, server: &str, status: &str) {
        self.world.set(&format!("{}/Status", paths::health(server)), json!(status));
    }

    /// Increments the number of a server's incarnation.
    pub(super) fn reboot(&mut self, server: &str) {
        let path = paths::reboot_id(server);
        let reboot_id = self.world.tree().number(&path).unwrap();
        self.world.set(&path, json!(reboot_id + 1));
    }

    /// A server is suspended for so long that it counts as failed; the job that does so bumps its
    /// reboot id.
    pub(super) fn fail(&mut self, server: &str) {
        self.servers.suspend(server);
        self.status(server, "FAILED");
        self.round();
        self.reboot(server);
    }

    /// A server that failed goes on.
    pub(super) fn recover(&mut self, server: &str) {
        self.servers.resume(server);
        self.status(server, "GOOD");
    }

    /// Asserts that the planned leader has committed what is planned, and that these servers are at
    /// work in its term.
    #[track_caller]
    pub(super) fn assert_established(&self, servers: &[&str]) {
        let (plan, current) = (self.get("Plan", ""), self.get("Current", ""));
        let reported = &current["leader"];
        assert_eq!(reported["serverId"], plan["currentTerm"]["leader"]["serverId"]);
        assert_eq!(reported["term"], plan["currentTerm"]["term"]);
        assert_eq!(reported["leadershipEstablished"], json!(true));
        assert_eq!(reported["committedParticipantsConfig"], plan["participantsConfig"]);
        for server in servers {
            let status = &current["localStatus"][server];
            assert_eq!(status["term"], plan["currentTerm"]["term"], "{server}");
            assert_eq!(status["state"], json!("ServiceOperational"), "{server}");
        }
    }
}

fn at(tree: &str, path: &str) -> String {
    format!("/arango/{tree}/ReplicatedLogs/{DATABASE}/1/{path}")
}
