//! What only servers with a copy of a log can do: the planned leader is asked.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::Value as Json;

use super::{leaderless, planned, readable};
use crate::agency::de::from_value;
use crate::agency::value::Value;
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::{endpoint, member};
use crate::standin::coordinator::surroundings::Question;
use crate::standin::model::Tree;
use crate::standin::model::log::{LARGEST_INSERT, LogPlan};
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

/// Path and query of a call, as another server is asked it.
pub(super) fn target(call: &Call) -> String {
    let database =
        percent_encoding::utf8_percent_encode(&call.database, percent_encoding::NON_ALPHANUMERIC);
    let query = call.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
    format!("/_db/{database}{}{query}", call.path.text)
}

/// Whether a server that was planned to lead says that it does not (any more), or not yet.
fn is_no_leader(plan: &LogPlan, what: &str, status: StatusCode, body: &Value) -> bool {
    let number = member(body, "errorNum").map(Json::from).and_then(|number| number.as_u64());
    match status {
        StatusCode::NOT_FOUND => number == Some(1418),
        // otherwise the log is of an implementation that takes no entries of clients
        StatusCode::FORBIDDEN => {
            plan.properties.implementation.kind == "black-hole"
                || !matches!(what, "insert" | "multi-insert" | "release")
        }
        _ => false,
    }
}

impl Coordinator {
    /// Gives a call on to the planned leader, and back what it answers; `what` is to be done.
    pub(super) async fn forward(&self, call: &Call, id: u64, what: &str) -> Answer {
        // Refused unread: values take many times the room of their text.
        if call.body.len() > LARGEST_INSERT {
            return Err(ApiError::BodyTooLarge);
        }
        let body = call.value().await?;
        if planned(&self.view().tree(), &call.database, id).is_err() {
            self.catch_up().await;
        }
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
        let answer = tokio::select! {
            answer = asked => answer,
            () = self.leadership_lost(&call.database, id, plan.term()) => {
                return Err(leaderless(id));
            }
        };
        match answer {
            Ok((status, body)) if !is_no_leader(&plan, what, status, &body) => {
                Ok(answer::value(status, &body))
            }
            Ok(_) => Err(leaderless(id)),
            Err(error) => {
                tracing::debug!(%error, id, "the leader of a log does not answer");
                Err(leaderless(id))
            }
        }
    }

    /// Returns when a term is over and whoever led in it had the time to say so: suspended servers
    /// do not.
    async fn leadership_lost(&self, database: &str, id: u64, term: Option<u64>) {
        let over = |tree: &Tree| {
            let plan = planned(tree, database, id).ok().and_then(|plan| from_value(plan).ok());
            (plan.as_ref().and_then(LogPlan::term) != term).then_some(())
        };
        if self.wait_for(Duration::MAX, over).await.is_some() {
            tokio::time::sleep(self.settings.glance).await;
        }
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
            ("POST /_api/log/4/compact", None),
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
            ((403, 403), (503, 1422)),
            ((503, 1422), (503, 1422)),
            ((400, 10), (400, 10)),
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
    async fn s59_nobody_waits_for_a_suspended_leader_whose_term_is_over() {
        let world = led_world(Some("PRMR-a"));
        world.suspend("tcp://PRMR-a:1");
        let coordinator = world.coordinator("CRDN-1");
        let asked = coordinator.ask("GET /_db/d/_api/log/4/poll", None);
        let failover = async {
            while world.asked().is_empty() {
                tokio::task::yield_now().await;
            }
            let mut next = plan(None);
            next["currentTerm"]["term"] = json!(4);
            world.set("/arango/Plan/ReplicatedLogs/d/4", next);
        };
        let ((status, body), ()) = tokio::join!(asked, failover);
        assert_eq!((status, &body["errorNum"]), (503, &json!(1422)));
    }

    #[tokio::test]
    async fn c4_12_what_is_too_large_for_a_log_goes_no_further() {
        let world = led_world(Some("PRMR-a"));
        world.serve("tcp://PRMR-a:1", |_, _| (201, json!({"code": 201})));
        let coordinator = world.coordinator("CRDN-1");
        let insert = "POST /_db/d/_api/log/4/insert";
        let text = |length: usize| json!("x".repeat(length - 2));
        assert_eq!(coordinator.status(insert, Some(text(8 << 20))).await, 201);
        assert_eq!(coordinator.status(insert, Some(text((8 << 20) + 1))).await, 413);
        assert_eq!(world.asked().len(), 1);
    }

    #[tokio::test]
    async fn c4_12_a_leader_may_refuse_entries_of_clients() {
        let world = world();
        let mut documents = plan(Some("PRMR-a"));
        documents["properties"]["implementation"]["type"] = json!("document");
        world.set("/arango/Plan/ReplicatedLogs/d/4", documents);
        let body = json!({"error": true, "code": 403, "errorNum": 403, "errorMessage": "x"});
        world.serve("tcp://PRMR-a:1", move |_, _| (403, body.clone()));
        let coordinator = world.coordinator("CRDN-1");
        for (request, status) in [
            ("POST /_db/d/_api/log/4/insert", 403),
            ("POST /_db/d/_api/log/4/multi-insert", 403),
            ("POST /_db/d/_api/log/4/release?index=1", 403),
            ("GET /_db/d/_api/log/4/poll", 503),
            ("POST /_db/d/_api/log/4/ping", 503),
        ] {
            assert_eq!(coordinator.status(request, Some(json!({}))).await, status, "{request}");
        }
    }
}
