//! Coordinators: they take requests of clients, and what these want is written to the agency.
//!
//! A coordinator reads its copy of the agency's tree and writes through the agency alone; that
//! it holds nothing itself but a block of unique numbers makes all coordinators alike.
//!
//! * `cluster`: the cluster as a whole: its servers, jobs, maintenance
//! * `collections`: collections, with their groups and shards
//! * `databases`: databases
//! * `ids`: unique numbers
//! * `latest`: how far the agency is
//! * `logs`: replicated logs
//! * `names`: finds what clients name
//! * `reply`: shapes of answers, bodies of requests
//! * `surroundings`: what a coordinator reaches: the agency and the other servers

mod cluster;
mod collections;
mod databases;
mod ids;
mod latest;
mod logs;
mod names;
mod reply;
mod surroundings;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use tokio::sync::watch;

use self::ids::Ids;
use self::latest::Latest;
use self::reply::missing;
use self::surroundings::Surroundings;
use super::member::{AgencyView, Member};
use super::model::{ServerId, Transaction, Tree};
use super::web::answer::Answer;
use super::web::error::ApiError;
use super::web::service::Call;
use super::web::turned_true;
use crate::client::Outcome;

/// How long the own copy of the tree may take to have what was written.
const CATCH_UP: Duration = Duration::from_secs(10);

/// Pauses and limits.
#[derive(Clone, Debug)]
pub(in crate::standin) struct Settings {
    /// Between two attempts to remove a server.
    pub(in crate::standin) removal_pause: Duration,
    /// So often a server is tried to be removed.
    pub(in crate::standin) removal_attempts: u32,
    /// How long the supervision may take to begin or end maintenance.
    pub(in crate::standin) maintenance: Duration,
    /// How long supervision and DB-servers may take to make or remove something.
    pub(in crate::standin) made: Duration,
    /// How long one server may take to tell of its part of a log, or an agent how it is.
    pub(in crate::standin) glance: Duration,
    /// How long a request that is forwarded may take.
    pub(in crate::standin) forward: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            removal_pause: Duration::from_secs(1),
            removal_attempts: 59,
            maintenance: Duration::from_secs(120),
            made: Duration::from_secs(120),
            glance: Duration::from_secs(5),
            forward: Duration::from_secs(300),
        }
    }
}

/// A coordinator, as far as it is none of its business to be a member.
pub(in crate::standin) struct Coordinator {
    id: ServerId,
    around: Arc<dyn Surroundings>,
    settings: Settings,
    ids: Ids,
    latest: Latest,
}

impl std::fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coordinator").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What has to do with documents, below `/_api`.
const DOCUMENTS: [&str; 22] = [
    "aqlfunction",
    "batch",
    "control_pseudo",
    "cursor",
    "document",
    "edges",
    "explain",
    "export",
    "gharial",
    "import",
    "index",
    "query",
    "query-cache",
    "replication",
    "simple",
    "tasks",
    "transaction",
    "traversal",
    "ttl",
    "user",
    "view",
    "wal",
];

impl Coordinator {
    /// The coordinator that a member is.
    pub(in crate::standin) fn new(member: Arc<Member>, settings: Settings) -> Arc<Self> {
        let id = Arc::clone(&member.id);
        Arc::new(Self {
            id,
            around: member,
            settings,
            ids: Ids::default(),
            latest: Latest::default(),
        })
    }

    /// Does what a coordinator does unasked, until it is told to end: removes what an earlier
    /// incarnation of it has left unfinished.
    pub(in crate::standin) async fn run(self: Arc<Self>, mut shutdown: watch::Receiver<bool>) {
        tokio::select! {
            () = turned_true(&mut shutdown) => return,
            () = self.clear_up() => {}
        }
        turned_true(&mut shutdown).await;
    }

    /// Answers a request of a client that may do everything; nothing if others have to.
    pub(in crate::standin) async fn answer(&self, call: &Call) -> Option<Answer> {
        let segments: Vec<_> = call.path.segments().into_iter().map(decoded).collect();
        let segments: Vec<&str> = segments.iter().map(|segment| &**segment).collect();
        let known = match segments.as_slice() {
            ["_admin", "cluster", ..] => true,
            ["_api", topic, ..] => {
                OWN.contains(topic) || DOCUMENTS.contains(topic) || *topic == "foxx"
            }
            _ => false,
        };
        if !known {
            return None;
        }
        // calls for the data of a log are many, and go by what is planned for long
        let for_data =
            matches!(segments.as_slice(), ["_api", "log", _, what, ..] if logs::is_for_data(what));
        if !for_data {
            self.catch_up().await;
        }
        if let Err(error) = self.check_database(&call.database) {
            return Some(Err(error));
        }
        Some(match segments.as_slice() {
            ["_admin", "cluster", rest @ ..] => self.administer(call, rest).await,
            ["_api", "cluster", rest @ ..] => self.tell_of_cluster(call, rest).await,
            ["_api", "log", rest @ ..] => self.logs(call, rest).await,
            ["_api", "database", rest @ ..] => self.databases(call, rest).await,
            ["_api", "collection", rest @ ..] => self.collections(call, rest).await,
            ["_api", "foxx", ..] => Err(reply::forbidden("service API disabled")),
            _ => Err(no_documents(&call.path.text)),
        })
    }

    fn check_database(&self, name: &str) -> Result<(), ApiError> {
        let tree = self.view().tree();
        let there = names::database(&tree, name).is_some_and(|found| !names::is_building(found));
        // there from the beginning, though the agency may be about to be set up
        if there || name == "_system" { Ok(()) } else { Err(ApiError::DatabaseNotFound) }
    }

    /// Lets the own copy of the tree have what was committed by now, by whomever.
    async fn catch_up(&self) {
        let asking = async {
            let latest = self.around.latest().await;
            latest.inspect_err(|e| tracing::debug!(error = %e, "answering from an older tree")).ok()
        };
        if let Some(index) = self.latest.get(asking).await {
            // an agency that was set up anew may never get there
            let _ = tokio::time::timeout(CATCH_UP, self.view().reached(index)).await;
        }
    }

    fn view(&self) -> &AgencyView {
        self.around.view()
    }

    /// Runs a transaction; whether it was applied. If so, the own copy of the tree has it.
    async fn write(&self, transaction: Transaction) -> Result<bool, ApiError> {
        match self.around.write(transaction).await? {
            Outcome::Applied { index } => {
                // whoever reads too early for once sees an older tree, which is no harm
                let _ = tokio::time::timeout(CATCH_UP, self.view().reached(index)).await;
                Ok(true)
            }
            Outcome::PreconditionFailed => Ok(false),
            Outcome::Forbidden | Outcome::OperationFailed => Err(ApiError::Internal {
                message: "the agency refuses what should be written to it".to_owned(),
            }),
        }
    }

    /// Returns once the own copy of the tree is newer than it was, or a moment has passed.
    async fn newer_than(&self, seen: u64) {
        let newer = self.view().reached(seen + 1);
        let _ = tokio::time::timeout(Duration::from_secs(1), newer).await;
    }

    /// What `look` finds in the tree, as soon as it finds something; nothing if that takes longer.
    async fn wait_for<T>(
        &self,
        patience: Duration,
        mut look: impl FnMut(&Tree) -> Option<T>,
    ) -> Option<T> {
        let mut changes = self.view().changes();
        let waiting = async {
            loop {
                changes.borrow_and_update();
                if let Some(found) = look(&self.view().tree()) {
                    return Some(found);
                }
                changes.changed().await.ok()?;
            }
        };
        tokio::time::timeout(patience, waiting).await.ok().flatten()
    }
}

/// What is answered here, below `/_api`.
const OWN: [&str; 4] = ["cluster", "log", "database", "collection"];

/// The segment of a path without its percent signs.
fn decoded(segment: &str) -> std::borrow::Cow<'_, str> {
    percent_encoding::percent_decode_str(segment).decode_utf8_lossy()
}

/// Whether a request only looks.
fn is_get(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Nobody knows this path.
fn unknown_path(path: &str) -> ApiError {
    missing(404, format!("unknown path '{path}'"))
}

/// What is answered where documents would be needed.
fn no_documents(path: &str) -> ApiError {
    ApiError::numbered(
        StatusCode::NOT_IMPLEMENTED,
        9,
        format!(
            "'{path}' not implemented: this server simulates how a cluster coordinates itself \
             and stores no documents"
        ),
    )
}
