//! A cluster in memory: an agency that is written to at once, and servers that answer as told.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value as Json, json};

use super::ids::Ids;
use super::latest::Latest;
use super::surroundings::{Question, Surroundings, Waiting};
use super::{Coordinator, Settings};
use crate::agency::value::Value;
use crate::client::Outcome;
use crate::standin::agent::store::{Store, transaction};
use crate::standin::initial;
use crate::standin::member::{AgencyView, PeerError};
use crate::standin::model::{Transaction, Tree};
use crate::standin::web::answer::{self, Format};
use crate::standin::web::error::ApiError;
use crate::standin::web::route::Path;
use crate::standin::web::service::Call;

/// What a server answers: to method and target, with status and body.
type Server = Box<dyn Fn(&str, &Json) -> (u16, Json) + Send + Sync>;

/// A cluster; clones are the same one.
#[derive(Clone)]
pub(super) struct World(Arc<Inner>);

struct Inner {
    view: AgencyView,
    agency: Mutex<Agency>,
    servers: Mutex<BTreeMap<String, Server>>,
    suspended: Mutex<BTreeSet<String>>,
    asked: Mutex<Vec<String>>,
    /// How often the agency was asked how far it is.
    looked: AtomicUsize,
}

#[derive(Default)]
struct Agency {
    store: Store,
    frozen: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// An agency with the initial contents.
    pub(super) fn bootstrapped() -> Self {
        let world = Self(Arc::new(Inner {
            view: AgencyView::default(),
            agency: Mutex::default(),
            servers: Mutex::default(),
            suspended: Mutex::default(),
            asked: Mutex::default(),
            looked: AtomicUsize::default(),
        }));
        world.set("/arango", initial::tree());
        world
    }

    /// The same with registered servers, such as `PRMR-a`, all of which are well.
    pub(super) fn with_servers(db_servers: &[&str], coordinators: &[&str]) -> Self {
        let world = Self::bootstrapped();
        let lists =
            [("DBServers", "DBServer", db_servers), ("Coordinators", "Coordinator", coordinators)];
        for (list, short, ids) in lists {
            for (position, id) in ids.iter().enumerate() {
                let short = format!("{short}{:04}", position + 1);
                let endpoint = format!("tcp://{id}:1");
                let entry = json!({"TransactionID": position + 1, "ShortName": short});
                let health = json!({
                    "ShortName": short, "Endpoint": endpoint, "Status": "GOOD",
                    "SyncStatus": "SERVING", "Version": "3.12.6", "Engine": "rocksdb",
                });
                world.set(&format!("/arango/Plan/{list}/{id}"), json!("none"));
                world.set(&format!("/arango/Current/{list}/{id}"), json!("none"));
                world.set(&format!("/arango/Target/MapUniqueToShortID/{id}"), entry);
                world.set(&format!("/arango/Current/ServersKnown/{id}"), json!({"rebootId": 1}));
                let registered = json!({"endpoint": endpoint, "advertisedEndpoint": ""});
                world.set(&format!("/arango/Current/ServersRegistered/{id}"), registered);
                world.set(&format!("/arango/Supervision/Health/{id}"), health);
            }
        }
        world
    }

    /// Adds a database.
    pub(super) fn add_database(&self, name: &str, replication_version: &str) {
        let entry = json!({
            "id": "77", "name": name, "isSystem": false, "sharding": "", "replicationFactor": 2,
            "writeConcern": 1, "replicationVersion": replication_version,
        });
        self.set(&format!("/arango/Plan/Databases/{name}"), entry);
    }

    /// A coordinator of this cluster that does not wait for long.
    pub(super) fn coordinator(&self, id: &str) -> Arc<Coordinator> {
        let settings = Settings {
            removal_pause: Duration::from_millis(2),
            removal_attempts: 5,
            maintenance: Duration::from_millis(200),
            made: Duration::from_millis(500),
            glance: Duration::from_millis(200),
            forward: Duration::from_millis(500),
        };
        let around: Arc<dyn Surroundings> = Arc::new(self.clone());
        Arc::new(Coordinator {
            id: id.into(),
            around,
            settings,
            ids: Ids::default(),
            latest: Latest::default(),
        })
    }

    fn publish(&self, agency: &Agency) {
        if !agency.frozen {
            self.0.view.replace(Tree(agency.store.root().clone()));
        }
    }

    fn run(&self, transaction: &Transaction) -> Outcome {
        let mut agency = lock(&self.0.agency);
        let outcome = transaction::run(&mut agency.store, &transaction.envelope());
        if !matches!(outcome, transaction::Transaction::Applied { .. }) {
            return match outcome {
                transaction::Transaction::PreconditionFailed { .. } => Outcome::PreconditionFailed,
                _ => Outcome::OperationFailed,
            };
        }
        self.publish(&agency);
        Outcome::Applied { index: self.0.view.index() }
    }

    /// Runs a transaction, as a script does.
    pub(super) fn apply(&self, transaction: Transaction) {
        let outcome = self.run(&transaction);
        assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}: {transaction:?}");
    }

    /// Writes a value, as a script does.
    pub(super) fn set(&self, path: &str, value: Json) {
        self.apply(Transaction::new().set(path, value));
    }

    /// Removes what stands at a path.
    pub(super) fn delete(&self, path: &str) {
        self.apply(Transaction::new().delete(path));
    }

    /// What the agents know of each other, which no transaction can change.
    pub(super) fn set_pool(&self, pool: Json) {
        let mut agency = lock(&self.0.agency);
        let mut root = agency.store.root().clone();
        root.make_object().insert(".agency".into(), Value::from(json!({ "pool": pool })));
        agency.store = Store::from_value(root);
        self.publish(&agency);
    }

    /// From now on coordinators do not see what is written.
    pub(super) fn freeze(&self) {
        lock(&self.0.agency).frozen = true;
    }

    /// Coordinators see everything again.
    pub(super) fn thaw(&self) {
        let mut agency = lock(&self.0.agency);
        agency.frozen = false;
        self.publish(&agency);
    }

    /// The tree.
    pub(super) fn tree(&self) -> Tree {
        Tree(lock(&self.0.agency).store.root().clone())
    }

    /// What stands at a path, `null` if nothing does.
    pub(super) fn json(&self, path: &str) -> Json {
        self.tree().get(path).map(Json::from).unwrap_or_default()
    }

    /// Whether something stands at a path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.tree().has(path)
    }

    /// The three version keys: of Target, Plan, Current.
    pub(super) fn versions(&self) -> [u64; 3] {
        let version = |key| self.tree().number(&format!("/arango/{key}/Version")).unwrap_or(0);
        ["Target", "Plan", "Current"].map(version)
    }

    /// Lets a server answer.
    pub(super) fn serve(
        &self,
        endpoint: &str,
        answer: impl Fn(&str, &Json) -> (u16, Json) + Send + Sync + 'static,
    ) {
        lock(&self.0.servers).insert(endpoint.to_owned(), Box::new(answer));
    }

    /// Lets a server never answer.
    pub(super) fn suspend(&self, endpoint: &str) {
        lock(&self.0.suspended).insert(endpoint.to_owned());
    }

    /// How often the agency was asked how far it is.
    pub(super) fn looked(&self) -> usize {
        self.0.looked.load(Ordering::SeqCst)
    }

    /// What servers were asked: endpoint, method, target.
    pub(super) fn asked(&self) -> Vec<String> {
        lock(&self.0.asked).clone()
    }

    /// Plays the rest of the cluster: after each change, what `react` gives for the tree is
    /// written, until the future is done.
    pub(super) async fn while_playing<T>(
        &self,
        react: impl Fn(&Tree) -> Option<Transaction>,
        future: impl Future<Output = T>,
    ) -> T {
        let mut changes = self.0.view.changes();
        let playing = async {
            loop {
                changes.borrow_and_update();
                while let Some(transaction) = react(&self.tree()) {
                    self.apply(transaction);
                    tokio::task::yield_now().await;
                }
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            done = future => done,
            () = playing => unreachable!("the play goes on for good"),
        }
    }
}

impl Surroundings for World {
    fn view(&self) -> &AgencyView {
        &self.0.view
    }

    fn reboot_id(&self) -> u64 {
        1
    }

    fn write(&self, transaction: Transaction) -> Waiting<'_, Result<Outcome, ApiError>> {
        Box::pin(async move { Ok(self.run(&transaction)) })
    }

    fn latest(&self) -> Waiting<'_, Result<u64, ApiError>> {
        Box::pin(async {
            let index = self.0.view.index();
            self.0.looked.fetch_add(1, Ordering::SeqCst);
            // as long as others have something to do
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            Ok(index)
        })
    }

    fn state(&self) -> Waiting<'_, Result<Json, ApiError>> {
        let state = json!({ "index": 1, "term": 1, "agency": self.json("/"), "log": [] });
        Box::pin(std::future::ready(Ok(state)))
    }

    fn ask<'a>(
        &'a self,
        question: Question<'a>,
    ) -> Waiting<'a, Result<(StatusCode, Value), PeerError>> {
        let Question { endpoint, method, target, body, patience } = question;
        lock(&self.0.asked).push(format!("{endpoint} {method} {target}"));
        let body = body.map(Json::from).unwrap_or_default();
        if lock(&self.0.suspended).contains(endpoint) {
            return Box::pin(std::future::pending());
        }
        let servers = lock(&self.0.servers);
        let answer =
            servers.get(endpoint).map(|server| server(&format!("{method} {target}"), &body));
        let answer = match answer {
            Some((status, body)) => Ok((StatusCode::from_u16(status).unwrap(), Value::from(body))),
            None => Err(PeerError::Silent { endpoint: endpoint.to_owned(), after: patience }),
        };
        Box::pin(std::future::ready(answer))
    }
}

/// A request, such as `PUT /_db/d/_api/log?x=y`.
pub(super) fn call(request: &str, body: Option<Json>) -> Call {
    let (method, target) = request.split_once(' ').unwrap();
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    let path = Path::new(path);
    let database = path.database.as_deref().unwrap_or("_system");
    let database = percent_encoding::percent_decode_str(database).decode_utf8_lossy();
    Call {
        method: method.parse::<Method>().unwrap(),
        database: database.into_owned(),
        path,
        query,
        headers: HeaderMap::new(),
        body: body.map_or_else(Bytes::new, |body| body.to_string().into()),
    }
}

impl Coordinator {
    /// Status and body of the answer to a request; `null` stands for no body.
    pub(super) async fn ask(&self, request: &str, body: Option<Json>) -> (u16, Json) {
        let answer = Coordinator::answer(self, &call(request, body)).await;
        let answer = answer.unwrap_or_else(|| panic!("nobody answers {request}"));
        let response = answer.unwrap_or_else(ApiError::into_response);
        let response = answer::encode(response, Format::Json);
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body =
            if body.is_empty() { Json::Null } else { serde_json::from_slice(&body).unwrap() };
        let told = body.get("code").and_then(Json::as_u64);
        assert!(told.is_none_or(|code| code == u64::from(status)), "{request}: {body}");
        (status, body)
    }

    /// The status alone.
    pub(super) async fn status(&self, request: &str, body: Option<Json>) -> u16 {
        self.ask(request, body).await.0
    }
}
