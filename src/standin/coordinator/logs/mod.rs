//! Replicated logs: `/_api/log` (§4.11, §4.12).
//!
//! * `collection`: the logs of a collection
//! * `create`: new logs
//! * `edit`: who takes part, who leads
//! * `forward`: what only servers with a copy can do
//! * `status`: how the participants see a log

mod collection;
mod create;
mod edit;
mod forward;
mod status;

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde_json::Value as Json;

use super::names::{child, has_logs};
use super::reply::{self, bad, forbidden, missing};
use super::{Coordinator, is_get, unknown_path};
use crate::agency::de::from_value;
use crate::agency::value::Value;
use crate::standin::model::Tree;
use crate::standin::model::log::LogPlan;
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

/// What only a server with a copy of the log can do.
const OF_PARTICIPANTS: [&str; 9] =
    ["head", "tail", "slice", "poll", "insert", "multi-insert", "ping", "release", "compact"];

/// Whether a call, named by what follows the id of a log, is for its data.
pub(super) fn is_for_data(what: &str) -> bool {
    what == "entry" || OF_PARTICIPANTS.contains(&what)
}

impl Coordinator {
    /// Answers what is below `/_api/log`.
    pub(super) async fn logs(&self, call: &Call, path: &[&str]) -> Answer {
        if !has_logs(&self.view().tree(), &call.database) {
            return Err(forbidden("only databases of replication version 2 have replicated logs"));
        }
        let method = &call.method;
        match path {
            [] if is_get(method) => self.list_logs(call),
            [] if method == Method::POST => self.create_log(call).await,
            [] => Err(ApiError::MethodNotSupported),
            ["collection-status", name] if is_get(method) => {
                self.collection_status(call, name).await
            }
            ["collection-status", _] => Err(ApiError::MethodNotSupported),
            [id, rest @ ..] => self.log(call, log_id(id)?, rest).await,
        }
    }

    /// Answers what is below `/_api/log/<id>`.
    async fn log(&self, call: &Call, id: u64, path: &[&str]) -> Answer {
        let method = &call.method;
        match path {
            [] if is_get(method) => self.tell_global_status(call, id, false).await,
            ["global-status"] if is_get(method) => {
                self.tell_global_status(call, id, call.flag("useLocalCache", false)).await
            }
            [] if method == Method::DELETE => self.delete_log(call, id).await,
            ["leader", server] if method == Method::POST => self.set_leader(call, id, server).await,
            ["leader"] if method == Method::DELETE => self.unset_leader(call, id).await,
            ["participant", old, "replace-with", new] if method == Method::POST => {
                self.replace_participant(call, id, old, new).await
            }
            ["local-status"] => Err(ApiError::numbered(
                StatusCode::NOT_IMPLEMENTED,
                9,
                "only DB-servers have a local status",
            )),
            []
            | ["global-status"]
            | ["leader"]
            | ["leader", _]
            | ["participant", _, "replace-with", _] => Err(ApiError::MethodNotSupported),
            ["entry", _] => self.forward(call, id, "entry").await,
            [what] if OF_PARTICIPANTS.contains(what) => self.forward(call, id, what).await,
            _ => Err(unknown_path(&call.path.text)),
        }
    }

    /// `GET /_api/log`: the participants of each log.
    fn list_logs(&self, call: &Call) -> Answer {
        let tree = self.view().tree();
        let logs = child(&tree, "/arango/Plan/ReplicatedLogs", &call.database);
        let logs = logs.and_then(Value::as_object).into_iter().flat_map(|logs| logs.iter());
        let servers = logs.filter_map(|(id, plan)| {
            let plan: LogPlan = from_value(plan).ok()?;
            Some((id.to_string(), servers(&plan)))
        });
        let servers: serde_json::Map<String, Json> = servers.collect();
        reply::result(servers)
    }
}

/// The participants of a log, the planned leader first.
fn servers(plan: &LogPlan) -> Json {
    let leader = plan.leader().map(|leader| &leader.server_id);
    let participants = plan.participants_config.participants.keys();
    let others = participants.filter(|id| Some(*id) != leader);
    leader.into_iter().chain(others).map(|id| Json::from(&**id)).collect()
}

fn log_id(text: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| bad(format!("'{text}' is no id of a log")))
}

/// The log is not planned.
fn no_log(id: u64) -> ApiError {
    missing(1418, format!("there is no replicated log {id}"))
}

/// Nobody can answer for the log at the moment.
fn leaderless(id: u64) -> ApiError {
    let message = format!("replicated log {id} has no leader that answers");
    ApiError::numbered(StatusCode::SERVICE_UNAVAILABLE, 1422, message)
}

/// What the Plan says of a log.
fn planned<'a>(tree: &'a Tree, database: &str, id: u64) -> Result<&'a Value, ApiError> {
    let logs = child(tree, "/arango/Plan/ReplicatedLogs", database);
    let log = logs.and_then(Value::as_object).and_then(|logs| logs.get(&id.to_string()));
    log.ok_or_else(|| no_log(id))
}

/// The same, if it can be read; a log that cannot be read has no leader for all we know.
fn readable(plan: &Value, id: u64) -> Result<LogPlan, ApiError> {
    from_value(plan).map_err(|_| leaderless(id))
}

/// What Current says of the logs of a database.
fn current<'a>(tree: &'a Tree, database: &str, id: u64) -> Option<&'a Value> {
    let logs = child(tree, "/arango/Current/ReplicatedLogs", database)?;
    logs.as_object()?.get(&id.to_string())
}

/// A map whose keys are texts.
type Named<T> = BTreeMap<String, T>;

#[cfg(test)]
mod testing {
    use serde_json::{Value as Json, json};

    use crate::standin::coordinator::testing::World;

    /// A cluster with the database `d` of logs.
    pub(super) fn world() -> World {
        let world = World::with_servers(&["PRMR-a", "PRMR-b", "PRMR-c"], &["CRDN-1"]);
        world.add_database("d", "2");
        world
    }

    /// What the Plan says of log 4.
    pub(super) fn plan(leader: Option<&str>) -> Json {
        let mut term = json!({"term": 3});
        if let Some(leader) = leader {
            term["leader"] = json!({"serverId": leader, "rebootId": 1});
        }
        json!({
            "id": 4, "owner": "target", "currentTerm": term,
            "participantsConfig": {
                "generation": 1, "config": {"effectiveWriteConcern": 2, "waitForSync": false},
                "participants": {"PRMR-a": {}, "PRMR-b": {}, "PRMR-c": {}},
            },
            "properties": {"implementation": {"type": "black-hole", "parameters": {}}},
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::testing::{plan, world};

    #[tokio::test]
    async fn c4_12_logs_are_listed_with_their_leaders_first() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        let list = "GET /_db/d/_api/log";
        assert_eq!(coordinator.ask(list, None).await.1["result"], json!({}));
        world.set("/arango/Plan/ReplicatedLogs/d/4", plan(Some("PRMR-b")));
        world.set("/arango/Plan/ReplicatedLogs/d/5", plan(None));
        world.set("/arango/Plan/ReplicatedLogs/d/6", json!({"rubbish": true}));
        let (status, body) = coordinator.ask(list, None).await;
        assert_eq!(status, 200);
        let lists =
            json!({"4": ["PRMR-b", "PRMR-a", "PRMR-c"], "5": ["PRMR-a", "PRMR-b", "PRMR-c"]});
        assert_eq!(body, json!({"error": false, "code": 200, "result": lists}));
    }

    #[tokio::test]
    async fn c4_11_logs_need_a_database_that_has_them() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        world.add_database("one", "1");
        world.add_database("making", "2");
        world.set("/arango/Plan/Databases/making/isBuilding", json!(true));
        for (request, status, number) in [
            ("GET /_api/log", 403, 403),
            ("POST /_db/one/_api/log", 403, 403),
            ("DELETE /_db/one/_api/log/4", 403, 403),
            ("POST /_db/one/_api/log/4/leader/PRMR-a", 403, 403),
            ("GET /_db/nope/_api/log", 404, 1228),
            ("POST /_db/making/_api/log", 404, 1228),
            ("GET /_db/d%2Fx/_api/log", 404, 1228),
            ("GET /_db/d/_api/log/x", 400, 10),
            ("DELETE /_db/d/_api/log/-1", 400, 10),
            ("POST /_db/d/_api/log/4x/leader/PRMR-a", 400, 10),
            ("PUT /_db/d/_api/log", 405, 405),
            ("PUT /_db/d/_api/log/4", 405, 405),
            ("GET /_db/d/_api/log/4/leader/PRMR-a", 405, 405),
            ("POST /_db/d/_api/log/4/leader", 405, 405),
            ("GET /_db/d/_api/log/4/participant/a/replace-with/b", 405, 405),
            ("POST /_db/d/_api/log/4/global-status", 405, 405),
            ("POST /_db/d/_api/log/collection-status/c", 405, 405),
            ("GET /_db/d/_api/log/4/local-status", 501, 9),
            ("GET /_db/d/_api/log/4/nope", 404, 404),
            ("GET /_db/d/_api/log/4", 404, 1418),
            ("GET /_db/d/_api/log/4/head", 404, 1418),
        ] {
            let (code, body) = coordinator.ask(request, Some(json!({}))).await;
            assert_eq!((code, &body["errorNum"]), (status, &json!(number)), "{request}");
        }
    }
}
