//! What only servers with a copy of a log can do: the planned leader is asked.

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value as Json, json};
use tokio::task::JoinSet;

use super::{leaderless, planned, readable};
use crate::agency::value::Value;
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::{endpoint, member};
use crate::standin::coordinator::reply;
use crate::standin::coordinator::surroundings::Question;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::service::Call;

/// Path and query of a call, as another server is asked it.
pub(super) fn target(call: &Call) -> String {
    let database =
        percent_encoding::utf8_percent_encode(&call.database, percent_encoding::NON_ALPHANUMERIC);
    let query = call.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
    format!("/_db/{database}{}{query}", call.path.text)
}

/// Whether a server that was planned to lead says that it does not (any more), or not yet.
fn is_no_leader(status: StatusCode, body: &Value) -> bool {
    let number = member(body, "errorNum").map(Json::from).and_then(|number| number.as_u64());
    match status {
        StatusCode::NOT_FOUND => number == Some(1418),
        StatusCode::FORBIDDEN => number == Some(1422),
        _ => false,
    }
}

impl Coordinator {
    /// Gives a call on to the planned leader, and back what it answers.
    pub(super) async fn forward(&self, call: &Call, id: u64) -> Answer {
        let body = call.value().await?;
        let tree = self.view().tree();
        let plan = readable(planned(&tree, &call.database, id)?, id)?;
        let leader = plan.leader().and_then(|leader| endpoint(&tree, &leader.server_id));
        let leader = leader.ok_or_else(|| leaderless(id))?;
        let target = target(call);
        let asked = self.around.ask(Question {
            endpoint: leader,
            method: &call.method,
            target: &target,
            body: body.as_ref(),
            patience: self.settings.forward,
        });
        match asked.await {
            Ok((status, body)) if !is_no_leader(status, &body) => Ok(answer::value(status, &body)),
            Ok(_) => Err(leaderless(id)),
            Err(error) => {
                tracing::debug!(%error, id, "the leader of a log does not answer");
                Err(leaderless(id))
            }
        }
    }

    /// Lets all participants compact their copies; gives what became of each.
    pub(super) async fn compact(&self, call: &Call, id: u64) -> Answer {
        let tree = self.view().tree();
        let plan = readable(planned(&tree, &call.database, id)?, id)?;
        if plan.leader().is_none() {
            return Err(leaderless(id));
        }
        let mut asking = JoinSet::new();
        for server in plan.participants_config.participants.keys() {
            let (around, patience) = (self.around.clone(), self.settings.glance);
            let at = endpoint(&tree, server).unwrap_or_default().to_owned();
            let (server, target) = (server.to_string(), target(call));
            asking.spawn(async move {
                let question = Question {
                    endpoint: &at,
                    method: &Method::POST,
                    target: &target,
                    body: None,
                    patience,
                };
                let outcome = match around.ask(question).await {
                    Ok((status, body)) => compacted(&server, status, &Json::from(body)),
                    Err(error) => failure(&error.to_string()),
                };
                (server, outcome)
            });
        }
        let outcomes: Map<String, Json> = asking.join_all().await.into_iter().collect();
        Ok(reply::members(StatusCode::ACCEPTED, json!({ "result": outcomes })))
    }
}

fn failure(message: &str) -> Json {
    json!({ "result": "error", "error": message })
}

/// What a server says of itself in its answer.
fn compacted(server: &str, status: StatusCode, body: &Json) -> Json {
    if !status.is_success() {
        return failure(body["errorMessage"].as_str().unwrap_or("it does not say why"));
    }
    match &body["result"] {
        Json::Object(result) => result.get(server).cloned().unwrap_or_else(|| {
            if result.contains_key("result") { json!(result) } else { json!({ "result": "ok" }) }
        }),
        _ => json!({ "result": "ok" }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{plan, world};
    use crate::standin::coordinator::testing::World;

    fn led_world(leader: Option<&str>) -> World {
        let world = world();
        world.set("/arango/Plan/ReplicatedLogs/d/4", plan(leader));
        world
    }

    #[tokio::test]
    async fn c4_12_calls_for_data_go_to_the_planned_leader_and_back() {
        let world = led_world(Some("PRMR-b"));
        world.serve("tcp://PRMR-b:1", |request, body| {
            (201, json!({"error": false, "code": 201, "result": {"asked": request, "body": body}}))
        });
        let coordinator = world.coordinator("CRDN-1");
        for (request, body) in [
            ("GET /_api/log/4/head?limit=3", None),
            ("GET /_api/log/4/tail", None),
            ("GET /_api/log/4/slice?start=1&stop=3", None),
            ("GET /_api/log/4/poll?first=2", None),
            ("GET /_api/log/4/entry/7", None),
            ("POST /_api/log/4/insert?waitForSync=true", Some(json!({"x": [1, "y"]}))),
            ("POST /_api/log/4/insert", Some(json!(null))),
            ("POST /_api/log/4/multi-insert", Some(json!([1, 2]))),
            ("POST /_api/log/4/ping", Some(json!({"message": "hello"}))),
            ("POST /_api/log/4/release?index=3", None),
        ] {
            let asked = request.replacen(" /", " /_db/d/", 1);
            let (status, answer) = coordinator.ask(&asked, body.clone()).await;
            assert_eq!(status, 201, "{request}");
            let body = body.unwrap_or_default();
            assert_eq!(answer["result"], json!({"asked": asked, "body": body}));
        }
    }

    #[tokio::test]
    async fn s59_calls_for_data_fail_where_nobody_leads() {
        let head = "GET /_db/d/_api/log/4/head";
        let number = async |world: &World| {
            let (status, body) = world.coordinator("CRDN-1").ask(head, None).await;
            (status, body["errorNum"].as_u64().unwrap_or_default())
        };
        assert_eq!(number(&world()).await, (404, 1418));
        assert_eq!(number(&led_world(None)).await, (503, 1422));
        assert_eq!(number(&led_world(Some("PRMR-gone"))).await, (503, 1422));
        assert_eq!(number(&led_world(Some("PRMR-a"))).await, (503, 1422));
        let rubbish = world();
        rubbish.set("/arango/Plan/ReplicatedLogs/d/4", json!({"id": "x"}));
        assert_eq!(number(&rubbish).await, (503, 1422));
        for (told, expected) in [
            ((404, 1418), (503, 1422)),
            ((403, 1422), (503, 1422)),
            ((503, 1422), (503, 1422)),
            ((403, 403), (403, 403)),
            ((404, 404), (404, 404)),
        ] {
            let world = led_world(Some("PRMR-a"));
            let body =
                json!({"error": true, "code": told.0, "errorNum": told.1, "errorMessage": "x"});
            world.serve("tcp://PRMR-a:1", move |_, _| (told.0, body.clone()));
            assert_eq!(number(&world).await, expected);
        }
    }

    #[tokio::test]
    async fn c4_12_compaction_is_asked_of_all_participants() {
        let world = led_world(Some("PRMR-a"));
        let ok =
            json!({"error": false, "code": 202, "result": {"PRMR-a": {"result": "ok", "n": 1}}});
        world.serve("tcp://PRMR-a:1", move |_, _| (202, ok.clone()));
        world.serve("tcp://PRMR-b:1", |_, _| (404, json!({"errorMessage": "no log"})));
        let coordinator = world.coordinator("CRDN-1");
        let compact = "POST /_db/d/_api/log/4/compact";
        let (status, body) = coordinator.ask(compact, None).await;
        assert_eq!((status, &body["code"]), (202, &json!(202)));
        assert_eq!(body["result"]["PRMR-a"], json!({"result": "ok", "n": 1}));
        assert_eq!(body["result"]["PRMR-b"], json!({"result": "error", "error": "no log"}));
        assert_eq!(body["result"]["PRMR-c"]["result"], "error");
        assert_eq!(led_world(None).coordinator("CRDN-1").status(compact, None).await, 503);
    }
}
