//! A cluster to test against, and logs in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use agencysh::AgencyClient;
use agencysh::client::Transaction;
use agencysh::deadline::Deadline;
use agencysh::http::{Endpoint, HttpClient, HttpOptions, Request};
use agencysh::standin::{ClusterConfig, ClusterSize, EmbeddedCluster};
use serde_json::{Value, json};

pub(crate) use crate::wait::wait_for;

/// The database of all logs that tests make.
pub(crate) const DATABASE: &str = "d";

/// An answer of a server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// The member `result` of a good answer.
    #[track_caller]
    pub(crate) fn result(&self) -> &Value {
        assert!(self.status < 300, "{self:?}");
        &self.body["result"]
    }

    #[track_caller]
    pub(crate) fn is_error(&self, status: u16, number: u64) {
        assert_eq!((self.status, &self.body["errorNum"]), (status, &json!(number)), "{self:?}");
    }
}

/// The body of an answer to a GET.
#[track_caller]
pub(crate) fn get(url: &str) -> Value {
    let http = HttpClient::new(HttpOptions::default()).unwrap();
    let answer = http.send(Request::new("GET", url), &Deadline::default()).unwrap();
    serde_json::from_slice(&answer.body).unwrap()
}

/// A cluster with a client of its agency.
pub(crate) struct World {
    pub(crate) cluster: EmbeddedCluster,
    pub(crate) client: AgencyClient,
    http: HttpClient,
}

/// Times of a cluster whose servers are suspended by tests: long enough for a busy machine.
fn quick() -> ClusterConfig {
    let mut config =
        ClusterConfig { heartbeat: Duration::from_millis(100), ..ClusterConfig::default() };
    config.supervision.ok_threshold = 1.0;
    config.supervision.grace_period = 2.0;
    config.supervision.frequency = 0.2;
    config.timing.commit_patience = Duration::from_secs(1);
    config.timing.removal_pause = Duration::from_millis(100);
    config
}

/// The cluster of all tests that neither stop servers nor change their reboot ids.
pub(crate) fn shared() -> &'static World {
    static SHARED: LazyLock<World> = LazyLock::new(|| World::of(6, 1));
    &SHARED
}

impl World {
    /// One agent, so many DB-servers and coordinators, all of them GOOD.
    pub(crate) fn of(dbservers: usize, coordinators: usize) -> Self {
        Self::of_size(ClusterSize { agents: 1, dbservers, coordinators })
    }

    /// So many servers, all of them GOOD.
    pub(crate) fn of_size(size: ClusterSize) -> Self {
        let ClusterSize { dbservers, coordinators, .. } = size;
        let cluster = EmbeddedCluster::start_configured(size, quick()).unwrap();
        let endpoints = cluster.endpoints();
        let mut builder = AgencyClient::builder();
        for url in &endpoints {
            builder = builder.endpoint(Endpoint::parse(url).unwrap());
        }
        let client = builder.build(Deadline::default()).unwrap();
        let http = HttpClient::new(HttpOptions::default()).unwrap();
        let world = Self { cluster, client, http };
        let all = dbservers + coordinators;
        world.wait("all servers are GOOD", |tree| {
            let health = tree["Supervision"]["Health"].as_object()?;
            let good = health.values().filter(|record| record["Status"] == "GOOD").count();
            (good == all).then_some(())
        });
        let database = json!({
            "name": DATABASE, "id": "77", "replicationVersion": "2", "replicationFactor": 3,
        });
        world.write(Transaction::new(json!({
            format!("/arango/Plan/Databases/{DATABASE}"): { "op": "set", "new": database },
            format!("/arango/Plan/Collections/{DATABASE}"): { "op": "set", "new": {} },
            "/arango/Plan/Version": { "op": "increment" },
        })));
        world
    }

    /// The tree below `/arango`.
    pub(crate) fn tree(&self) -> Value {
        self.client.get("/arango").unwrap().unwrap_or_default()
    }

    /// Waits until the tree is as wanted.
    #[track_caller]
    pub(crate) fn wait<T>(&self, what: &str, mut look: impl FnMut(&Value) -> Option<T>) -> T {
        let mut last = Value::Null;
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_for(what, || {
                last = self.tree();
                let found = look(&last);
                if found.is_none() {
                    std::thread::sleep(Duration::from_millis(15));
                }
                found
            })
        }));
        found.unwrap_or_else(|_| {
            panic!(
                "{what}: not seen; last {}",
                serde_json::to_string_pretty(&last["Current"]).unwrap()
            )
        })
    }

    /// Runs a transaction, which must be applied.
    #[track_caller]
    pub(crate) fn write(&self, transaction: Transaction) {
        let outcome = self.client.write(std::slice::from_ref(&transaction)).unwrap();
        assert!(outcome.all_applied(), "{transaction:?}");
    }

    /// The ids of the DB-servers.
    pub(crate) fn dbservers(&self) -> Vec<String> {
        self.members("dbserver")
    }

    /// The ids of the coordinators.
    pub(crate) fn coordinators(&self) -> Vec<String> {
        self.members("coordinator")
    }

    fn members(&self, role: &str) -> Vec<String> {
        let servers = self.cluster.servers().into_iter().filter(|server| server.role == role);
        servers.map(|server| server.id).collect()
    }

    fn url(&self, id: &str) -> Option<String> {
        let servers = self.cluster.servers().into_iter();
        servers.filter(|server| server.id == id).map(|server| server.url).next()
    }

    /// The id of the first coordinator.
    pub(crate) fn coordinator(&self) -> String {
        self.coordinators()[0].clone()
    }

    /// The state of a server in the persisted health record.
    pub(crate) fn status(&self, server: &str) -> String {
        let status = self.client.get(&format!("Supervision/Health/{server}/Status")).unwrap();
        status.and_then(|status| status.as_str().map(str::to_owned)).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn wait_status(&self, server: &str, status: &str) {
        wait_for(&format!("{server} is {status}"), || {
            (self.status(server) == status).then_some(())
        });
    }

    /// The number of a server's incarnation.
    pub(crate) fn reboot_id(&self, server: &str) -> u64 {
        let path = format!("Current/ServersKnown/{server}/rebootId");
        self.client.get(&path).unwrap().and_then(|id| id.as_u64()).unwrap_or(0)
    }

    /// Sends a request to a server by its id.
    pub(crate) fn ask(
        &self,
        server: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let url = self.url(server).unwrap_or_else(|| panic!("no server {server}"));
        let mut request = Request::new(method, format!("{url}{path}"));
        request = request.timeout(Duration::from_secs(60));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = self.http.send(request, &Deadline::default()).unwrap();
        let body = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        Answer { status: response.status, body }
    }

    /// Sends a request to the first coordinator.
    pub(crate) fn coordinate(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.ask(&self.coordinator(), method, path, body)
    }

    /// Sends a request to the first coordinator; nothing if it is not answered in time.
    pub(crate) fn ask_within(
        &self,
        method: &str,
        path: &str,
        body: Value,
        patience: Duration,
    ) -> Option<Answer> {
        let url = self.url(&self.coordinator())?;
        let request = Request::new(method, format!("{url}{path}")).timeout(patience);
        let request = request.header("content-type", "application/json").body(body.to_string());
        let response = self.http.send(request, &Deadline::default()).ok()?;
        let body = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        Some(Answer { status: response.status, body })
    }

    /// A number that is nobody else's.
    pub(crate) fn unique(&self) -> u64 {
        static COUNT: AtomicU64 = AtomicU64::new(500_000_000);
        COUNT.fetch_add(1, Ordering::Relaxed)
    }

    /// Makes a log of these servers, version 1, and waits for it.
    pub(crate) fn log(&self, servers: &[String], change: impl FnOnce(&mut Value)) -> Log<'_> {
        let log = self.begin_log(servers, change);
        log.converged(1);
        log
    }

    /// Asks for a log of these servers, version 1.
    pub(crate) fn begin_log(&self, servers: &[String], change: impl FnOnce(&mut Value)) -> Log<'_> {
        let id = self.unique();
        let participants: BTreeMap<_, _> =
            servers.iter().map(|server| (server, json!({}))).collect();
        let mut target = json!({
            "id": id, "version": 1, "participants": participants,
            "config": { "writeConcern": 2, "softWriteConcern": 2, "waitForSync": false },
            "properties": { "implementation": { "type": "black-hole", "parameters": {} } },
            "supervision": { "maxActionsTraceLength": 100 },
        });
        change(&mut target);
        let log = Log { world: self, id };
        self.write(Transaction::new(json!({
            log.path("Target"): { "op": "set", "new": target },
            "/arango/Target/Version": { "op": "increment" },
        })));
        log
    }
}

/// What the tree says of a log at one moment.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) target: Value,
    pub(crate) plan: Value,
    pub(crate) current: Value,
    pub(crate) health: Value,
}

impl State {
    pub(crate) fn term(&self) -> u64 {
        self.plan["currentTerm"]["term"].as_u64().unwrap_or(0)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.plan["participantsConfig"]["generation"].as_u64().unwrap_or(0)
    }

    pub(crate) fn leader(&self) -> Option<&str> {
        self.plan["currentTerm"]["leader"]["serverId"].as_str()
    }

    pub(crate) fn participants(&self) -> BTreeSet<String> {
        let participants = self.plan["participantsConfig"]["participants"].as_object();
        participants.into_iter().flatten().map(|(id, _)| id.clone()).collect()
    }

    pub(crate) fn wanted(&self) -> BTreeSet<String> {
        let participants = self.target["participants"].as_object();
        participants.into_iter().flatten().map(|(id, _)| id.clone()).collect()
    }

    /// The leader of the planned term has committed the planned generation.
    pub(crate) fn established(&self) -> bool {
        let leader = &self.current["leader"];
        self.leader().is_some()
            && leader["term"] == self.term()
            && leader["serverId"].as_str() == self.leader()
            && leader["leadershipEstablished"] == true
            && leader["committedParticipantsConfig"]["generation"] == self.generation()
    }

    /// A participant runs in the planned term and serves.
    pub(crate) fn operational(&self, server: &str) -> bool {
        let status = &self.current["localStatus"][server];
        status["term"] == self.term() && status["state"] == "ServiceOperational"
    }

    pub(crate) fn effective_write_concern(&self) -> u64 {
        self.plan["participantsConfig"]["config"]["effectiveWriteConcern"].as_u64().unwrap_or(0)
    }

    /// The names of the reports.
    pub(crate) fn reports(&self) -> Vec<String> {
        let reports = self.current["supervision"]["StatusReport"].as_array();
        let names = reports.into_iter().flatten().filter_map(|report| report["type"].as_str());
        names.map(str::to_owned).collect()
    }

    /// The names of all actions so far, without their ending.
    pub(crate) fn trace(&self) -> Vec<String> {
        let actions = self.current["actions"].as_array();
        let names = actions.into_iter().flatten().filter_map(|one| one["desc"]["type"].as_str());
        names.map(|name| name.trim_end_matches("Action").to_owned()).collect()
    }

    pub(crate) fn commit_status(&self) -> Option<&str> {
        self.current["leader"]["commitStatus"]["reason"].as_str()
    }
}

/// A log of a test.
pub(crate) struct Log<'a> {
    pub(crate) world: &'a World,
    pub(crate) id: u64,
}

impl Log<'_> {
    pub(crate) fn path(&self, part: &str) -> String {
        format!("/arango/{part}/ReplicatedLogs/{DATABASE}/{}", self.id)
    }

    /// Path of a call at a server.
    pub(crate) fn url(&self, rest: &str) -> String {
        format!("/_db/{DATABASE}/_api/log/{}{rest}", self.id)
    }

    fn of(&self, tree: &Value) -> State {
        let id = self.id.to_string();
        let part = |part: &str| tree[part]["ReplicatedLogs"][DATABASE][&id].clone();
        State {
            target: part("Target"),
            plan: part("Plan"),
            current: part("Current"),
            health: tree["Supervision"]["Health"].clone(),
        }
    }

    pub(crate) fn state(&self) -> State {
        self.of(&self.world.tree())
    }

    /// Waits for a state of the log.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, mut reached: impl FnMut(&State) -> bool) -> State {
        let mut last = None;
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_for(what, || {
                let state = self.state();
                let found = reached(&state);
                last = Some(state.clone());
                if !found {
                    std::thread::sleep(Duration::from_millis(15));
                }
                found.then_some(state)
            })
        }));
        found.unwrap_or_else(|_| panic!("{what}: not seen; last {last:#?}"))
    }

    /// Waits until a version of the Target is reached.
    #[track_caller]
    pub(crate) fn converged(&self, version: u64) -> State {
        self.wait("converged", |state| {
            state.current["supervision"]["targetVersion"] == version && state.established()
        })
    }

    /// Waits until a leader is established and everybody follows.
    #[track_caller]
    pub(crate) fn settled(&self) -> State {
        self.wait("established and operational", |state| {
            state.established() && state.participants().iter().all(|id| state.operational(id))
        })
    }

    /// Changes the Target; gives its new version.
    #[track_caller]
    pub(crate) fn edit(&self, change: impl Fn(&mut Value)) -> u64 {
        let mut version = 0;
        let edited = self.world.client.update(&self.path("Target"), |old| {
            let mut target = old.cloned().unwrap();
            change(&mut target);
            version = target["version"].as_u64().unwrap_or(0) + 1;
            target["version"] = json!(version);
            Ok::<_, agencysh::client::ClientError>(Some(target))
        });
        edited.unwrap();
        version
    }

    /// Changes the Target and waits until that is reached.
    #[track_caller]
    pub(crate) fn reach(&self, change: impl Fn(&mut Value)) -> State {
        let version = self.edit(change);
        self.converged(version)
    }

    /// Runs operations on the Plan of the log, paths relative to it.
    #[track_caller]
    pub(crate) fn plan(&self, operations: &[(&str, Value)]) {
        let mut all = serde_json::Map::new();
        for (path, operation) in operations {
            all.insert(format!("{}/{path}", self.path("Plan")), operation.clone());
        }
        all.insert("/arango/Plan/Version".to_owned(), json!({ "op": "increment" }));
        self.world.write(Transaction::new(Value::Object(all)));
    }

    /// Empties the term as a script does.
    #[track_caller]
    pub(crate) fn empty_term(&self) {
        self.plan(&[
            ("currentTerm/term", json!({ "op": "increment" })),
            ("currentTerm/leader", json!({ "op": "delete" })),
        ]);
    }

    /// Sees to it that nobody may be elected any more.
    #[track_caller]
    pub(crate) fn forbid_leaders(&self) {
        self.reach(|target| {
            for (_, flags) in target["participants"].as_object_mut().unwrap() {
                flags["allowedAsLeader"] = json!(false);
            }
        });
    }

    /// Lets servers be elected, in the Plan of a log without a leader.
    #[track_caller]
    pub(crate) fn allow_leaders(&self, servers: &[String]) {
        let path = |id: &String| format!("participantsConfig/participants/{id}/allowedAsLeader");
        let paths: Vec<String> = servers.iter().map(path).collect();
        let set = json!({ "op": "set", "new": true });
        let operations: Vec<_> = paths.iter().map(|path| (path.as_str(), set.clone())).collect();
        self.plan(&operations);
    }

    /// A follower that Plan names.
    pub(crate) fn follower(&self) -> String {
        let state = self.state();
        let leader = state.leader().unwrap().to_owned();
        state.participants().into_iter().find(|id| *id != leader).unwrap()
    }

    pub(crate) fn leader(&self) -> String {
        self.state().leader().unwrap().to_owned()
    }

    /// Adds an entry by way of the coordinator.
    pub(crate) fn insert(&self, value: Value) -> Answer {
        self.world.coordinate("POST", &self.url("/insert"), Some(value))
    }
}

/// A term, generation and trace before something happens, to compare with later.
pub(crate) struct Before {
    term: u64,
    pub(crate) generation: u64,
    actions: usize,
}

impl Before {
    pub(crate) fn of(state: &State) -> Self {
        Self { term: state.term(), generation: state.generation(), actions: state.trace().len() }
    }

    /// What was added to term and generation, and the actions since.
    pub(crate) fn change(&self, now: &State) -> (u64, u64, Vec<String>) {
        let trace = now.trace().split_off(self.actions);
        (now.term() - self.term, now.generation() - self.generation, trace)
    }
}

/// Texts as a trace has them.
pub(crate) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}
