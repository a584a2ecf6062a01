//! How the participants see a log.

use axum::http::Method;
use serde_json::{Map, Value as Json, json};
use tokio::task::JoinSet;

use super::{current, planned};
use crate::agency::de::from_value;
use crate::agency::value::Value;
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::{endpoint, member};
use crate::standin::coordinator::reply;
use crate::standin::coordinator::surroundings::Question;
use crate::standin::model::log::LogPlan;
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

/// A server that does not answer in time.
const TIMEOUT: u64 = 1457;
/// A server that cannot be reached, or answers something else.
const UNREACHABLE: u64 = 1465;

impl Coordinator {
    /// `GET /_api/log/<id>/global-status`.
    pub(super) async fn tell_global_status(&self, call: &Call, id: u64, cached: bool) -> Answer {
        reply::result(self.global_status(&call.database, id, cached).await?)
    }

    /// What all participants say of a log, and what is planned.
    pub(super) async fn global_status(
        &self,
        database: &str,
        id: u64,
        cached: bool,
    ) -> Result<Json, ApiError> {
        let tree = self.view().tree();
        let planned = planned(&tree, database, id)?;
        // what cannot be read is shown, too
        let plan: Option<LogPlan> = from_value(planned).ok();
        let source = if cached { "LocalCache" } else { "RemoteAgency" };
        let mut status = json!({
            "specification": { "source": source, "plan": Json::from(planned) },
            "supervision": { "connection": { "errorCode": 0 } },
        });
        let supervision = current(&tree, database, id).and_then(|log| member(log, "supervision"));
        if let Some(supervision) = supervision {
            status["supervision"]["response"] = Json::from(supervision);
        }
        if let Some(leader) = plan.as_ref().and_then(LogPlan::leader) {
            status["leaderId"] = json!(&*leader.server_id);
        }
        let servers = plan.iter().flat_map(|plan| plan.participants_config.participants.keys());
        let servers = servers.map(|id| (id.to_string(), endpoint(&tree, id).map(str::to_owned)));
        let database =
            percent_encoding::utf8_percent_encode(database, percent_encoding::NON_ALPHANUMERIC);
        let target = format!("/_db/{database}/_api/log/{id}/local-status");
        status["participants"] = Json::Object(self.local_statuses(servers.collect(), target).await);
        Ok(status)
    }

    async fn local_statuses(
        &self,
        servers: Vec<(String, Option<String>)>,
        target: String,
    ) -> Map<String, Json> {
        let mut asking = JoinSet::new();
        for (id, endpoint) in servers {
            let (around, patience, target) =
                (self.around.clone(), self.settings.glance, target.clone());
            asking.spawn(async move {
                let Some(endpoint) = endpoint else {
                    return (id, unreached(UNREACHABLE, "it is not registered"));
                };
                let question = Question {
                    endpoint: &endpoint,
                    method: &Method::GET,
                    target: &target,
                    body: None,
                    patience,
                };
                let status = match around.ask(question).await {
                    Ok((code, body)) if code.is_success() => answered(&body),
                    Ok((_, body)) => {
                        let body = Json::from(body);
                        let number = body["errorNum"].as_u64().filter(|number| *number != 0);
                        let message = body["errorMessage"].as_str().unwrap_or_default();
                        unreached(number.unwrap_or(UNREACHABLE), message)
                    }
                    Err(error) => {
                        use crate::standin::member::PeerError;
                        let silent = matches!(error, PeerError::Silent { .. });
                        let number = if silent { TIMEOUT } else { UNREACHABLE };
                        unreached(number, &error.to_string())
                    }
                };
                (id, status)
            });
        }
        asking.join_all().await.into_iter().collect()
    }
}

fn answered(body: &Value) -> Json {
    let response = member(body, "result").map(Json::from).unwrap_or_default();
    json!({ "connection": { "errorCode": 0 }, "response": response })
}

fn unreached(number: u64, message: &str) -> Json {
    json!({ "connection": { "errorCode": number, "errorMessage": message } })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{plan, world};

    #[tokio::test]
    async fn c4_12_the_global_status_tells_what_each_participant_says() {
        let world = world();
        world.set("/arango/Plan/ReplicatedLogs/d/4", plan(Some("PRMR-a")));
        let supervision = json!({"assumedWriteConcern": 2, "assumedWaitForSync": false});
        world.set("/arango/Current/ReplicatedLogs/d/4/supervision", supervision.clone());
        let local = json!({"role": "leader", "term": 3});
        let answer = json!({"error": false, "code": 200, "result": local});
        world.serve("tcp://PRMR-a:1", move |_, _| (200, answer.clone()));
        let gone = json!({"error": true, "code": 404, "errorNum": 1418, "errorMessage": "no log"});
        world.serve("tcp://PRMR-b:1", move |_, _| (404, gone.clone()));
        let coordinator = world.coordinator("CRDN-1");
        for (request, source) in [
            ("GET /_db/d/_api/log/4", "RemoteAgency"),
            ("GET /_db/d/_api/log/4/global-status", "RemoteAgency"),
            ("GET /_db/d/_api/log/4/global-status?useLocalCache=true", "LocalCache"),
        ] {
            let (status, mut body) = coordinator.ask(request, None).await;
            assert_eq!(status, 200);
            let silent = &mut body["result"]["participants"]["PRMR-c"]["connection"];
            assert!(silent["errorMessage"].take().is_string());
            let expected = json!({
                "leaderId": "PRMR-a",
                "specification": {"source": source, "plan": plan(Some("PRMR-a"))},
                "supervision": {"connection": {"errorCode": 0}, "response": supervision},
                "participants": {
                    "PRMR-a": {"connection": {"errorCode": 0}, "response": local},
                    "PRMR-b": {"connection": {"errorCode": 1418, "errorMessage": "no log"}},
                    "PRMR-c": {"connection": {"errorCode": 1457, "errorMessage": null}},
                },
            });
            assert_eq!(body["result"], expected, "{request}");
        }
        let asked = "tcp://PRMR-b:1 GET /_db/d/_api/log/4/local-status";
        assert!(world.asked().iter().any(|request| request == asked));
    }

    #[tokio::test]
    async fn c4_12_the_status_of_a_log_without_leader_or_sense() {
        let world = world();
        world.set("/arango/Plan/ReplicatedLogs/d/4", plan(None));
        world.set("/arango/Plan/ReplicatedLogs/d/5", json!({"id": "x"}));
        world.delete("/arango/Current/ServersRegistered/PRMR-c");
        let coordinator = world.coordinator("CRDN-1");
        let (status, body) = coordinator.ask("GET /_db/d/_api/log/4", None).await;
        assert_eq!((status, body["result"].get("leaderId")), (200, None));
        assert_eq!(body["result"]["supervision"], json!({"connection": {"errorCode": 0}}));
        let unknown = &body["result"]["participants"]["PRMR-c"]["connection"];
        assert_eq!(unknown["errorCode"], 1465);
        let (status, body) = coordinator.ask("GET /_db/d/_api/log/5", None).await;
        assert_eq!((status, &body["result"]["participants"]), (200, &json!({})));
    }
}
