//! Servers of their own among themselves, with an agency that nobody supervises.

mod endpoints;
mod engine;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::engine::Settings;
use super::{DbServer, LogStore};
use crate::client::{AgencyClient, Outcome};
use crate::deadline::Deadline;
use crate::http::Endpoint;
use crate::standin::EmbeddedAgency;
use crate::standin::member::{Gate, Member, MemberAgency, Peers};
use crate::standin::model::{Transaction, Tree, paths};
use crate::standin::web::error::ApiError;
use crate::standin::web::listener::{self, Site};
use crate::standin::web::service::{Answering, Call, Service};
use crate::standin::web::{Authentication, Limits, service};

/// Time within which everything comes about, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A database with replicated logs.
const DATABASE: &str = "shop";

/// A server that runs.
struct Running {
    endpoint: String,
    member: Arc<Member>,
    deadline: Deadline,
    down: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Running {
    async fn end(mut self) {
        self.deadline.interrupt();
        self.down.send_replace(true);
        self.member.gate.open();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// An agency and servers.
struct Cluster {
    agency: EmbeddedAgency,
    client: AgencyClient,
    writer: MemberAgency,
    peers: Peers,
    stores: BTreeMap<String, LogStore>,
    servers: BTreeMap<String, Running>,
    settings: Settings,
}

fn client(agency: &EmbeddedAgency, deadline: Deadline) -> AgencyClient {
    let mut builder = AgencyClient::builder();
    for endpoint in agency.endpoints() {
        builder = builder.endpoint(Endpoint::parse(&endpoint).unwrap());
    }
    builder.build(deadline).unwrap()
}

impl Cluster {
    /// A cluster with a database of replicated logs.
    async fn start(servers: &[&str]) -> Self {
        Self::start_with(servers, Settings::default()).await
    }

    async fn start_with(servers: &[&str], settings: Settings) -> Self {
        let starting = tokio::task::spawn_blocking(|| EmbeddedAgency::start(1).unwrap());
        let agency = starting.await.unwrap();
        let client = client(&agency, Deadline::after(None));
        let writer = MemberAgency::start(client.clone(), Gate::default()).unwrap();
        let mut cluster = Self {
            agency,
            client,
            writer,
            peers: Peers::new(None, crate::standin::cuts::Way::default()),
            stores: BTreeMap::new(),
            servers: BTreeMap::new(),
            settings,
        };
        let database = json!({"id": "7", "name": DATABASE, "replicationVersion": "2"});
        let planned = format!("/arango/Plan/Databases/{DATABASE}");
        cluster.write(Transaction::new().set(planned, database)).await;
        for id in servers {
            cluster.launch(id).await;
        }
        cluster
    }

    /// Starts a server, or its next incarnation.
    async fn launch(&mut self, id: &str) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
        let deadline = Deadline::after(None);
        let client = client(&self.agency, deadline.clone());
        let gate = Gate::default();
        let agency = MemberAgency::start(client.clone(), gate).unwrap();
        let member = Arc::new(Member::of(id, agency));
        let registered = format!("/arango/Current/ServersRegistered/{id}");
        let register = Transaction::new()
            .set(registered, json!({"endpoint": &endpoint}))
            .increment(paths::reboot_id(id));
        self.write(register).await;
        let reboot_id = self.tree().await.number(&paths::reboot_id(id)).unwrap();
        member.adopt_reboot_id(reboot_id);
        let store = self.stores.entry(id.to_owned()).or_insert_with(LogStore::in_memory).clone();
        let server = DbServer::new(member.clone(), store, self.settings);
        let (down, shutdown) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let site = Site {
            router: service::router(server.clone()),
            is_peer: Arc::new(|_| true),
            limits: Limits::default(),
            certificate: None,
        };
        tasks.spawn(listener::run(listener, site, shutdown.clone()));
        tasks.spawn(server.run(shutdown));
        let (view, gate) = (member.view.clone(), member.gate.clone());
        tasks.spawn(async move { view.follow(client, gate).await });
        self.servers.insert(id.to_owned(), Running { endpoint, deadline, down, tasks, member });
    }

    /// Ends a server; what it keeps stays.
    async fn kill(&mut self, id: &str) {
        self.servers.remove(id).unwrap().end().await;
    }

    fn suspend(&self, id: &str) {
        self.servers[id].member.gate.close();
    }

    fn resume(&self, id: &str) {
        self.servers[id].member.gate.open();
    }

    async fn write(&self, transaction: Transaction) {
        let outcome = self.writer.write(transaction.clone()).await.unwrap();
        assert!(matches!(outcome, Outcome::Applied { .. }), "{transaction:?}");
    }

    async fn tree(&self) -> Tree {
        let client = self.client.clone();
        let read = tokio::task::spawn_blocking(move || client.read(&["/arango"]).unwrap());
        Tree::from(read.await.unwrap())
    }

    /// Waits until the tree is as wished.
    async fn until(&self, what: &str, holds: impl Fn(&Tree) -> bool) -> Tree {
        let end = Instant::now() + PATIENCE;
        loop {
            let tree = self.tree().await;
            if holds(&tree) {
                return tree;
            }
            let current = tree.get("/arango/Current").map(Json::from).unwrap_or_default();
            assert!(Instant::now() < end, "{what} never came: {current:#}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Plans a log that nobody supervises.
    async fn plan(&self, id: u64, plan: Json) {
        let path = paths::plan_log(DATABASE, &id.to_string());
        self.write(Transaction::new().set(path, plan).increment(paths::PLAN_VERSION)).await;
    }

    /// Asks a server.
    async fn ask(
        &self,
        server: &str,
        method: Method,
        path: &str,
        body: Option<&Json>,
    ) -> (StatusCode, Json) {
        let endpoint = &self.servers[server].endpoint;
        let target = format!("/_db/{DATABASE}{path}");
        self.peers.send(endpoint, method, &target, body, PATIENCE).await.unwrap()
    }

    async fn get(&self, server: &str, path: &str) -> (StatusCode, Json) {
        self.ask(server, Method::GET, path, None).await
    }

    async fn end(mut self) {
        for (_, server) in std::mem::take(&mut self.servers) {
            server.end().await;
        }
        self.client.deadline().interrupt();
        let agency = self.agency;
        tokio::task::spawn_blocking(move || agency.shutdown()).await.unwrap();
    }
}

/// The Plan of a log.
fn plan(
    id: u64,
    term: u64,
    leader: Option<(&str, u64)>,
    generation: u64,
    servers: &[&str],
) -> Json {
    let participants: serde_json::Map<String, Json> =
        servers.iter().map(|id| ((*id).to_owned(), json!({}))).collect();
    let mut plan = json!({
        "id": id, "currentTerm": {"term": term},
        "participantsConfig": {"generation": generation, "participants": participants,
            "config": {"effectiveWriteConcern": 2, "waitForSync": false}},
        "properties": {"implementation": {"type": "black-hole", "parameters": {}}},
    });
    if let Some((server, reboot_id)) = leader {
        plan["currentTerm"]["leader"] = json!({"serverId": server, "rebootId": reboot_id});
    }
    plan
}

/// What stands in Current about a log.
fn current(tree: &Tree, id: u64) -> Json {
    tree.get(&paths::current_log(DATABASE, &id.to_string())).map(Json::from).unwrap_or_default()
}

/// Whether a log is led in a term and generation, and all of the servers are operational in it.
fn is_operational(tree: &Tree, id: u64, term: u64, generation: u64, servers: &[&str]) -> bool {
    let current = current(tree, id);
    let leader = &current["leader"];
    leader["term"] == term
        && leader["leadershipEstablished"] == true
        && leader["committedParticipantsConfig"]["generation"] == generation
        && servers.iter().all(|server| {
            let status = &current["localStatus"][*server];
            status["term"] == term && status["state"] == "ServiceOperational"
        })
}

impl Service for DbServer {
    fn authentication(&self) -> Option<&Authentication> {
        None
    }

    fn body_limit(&self) -> usize {
        64 << 20
    }

    fn answer(self: Arc<Self>, call: Call) -> Answering {
        Box::pin(async move {
            match self.answer_logs(&call).await {
                Some(answer) => answer,
                None => Err(ApiError::NotImplemented { path: call.path.text }),
            }
        })
    }
}
