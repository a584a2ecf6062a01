//! Jobs for the supervision, and what became of them (§7, §8.2).

use std::time::SystemTime;

use axum::http::StatusCode;
use serde_json::{Value as Json, json};

use crate::agency::value::Value;
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::{child, server_id, text};
use crate::standin::coordinator::reply::{self, Body, bad, missing, precondition_failed};
use crate::standin::model::stamp::stamp;
use crate::standin::model::{Transaction, Tree, paths};
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

/// Where a job may be, in the order in which it is looked for.
const STATES: [&str; 4] = ["Pending", "Failed", "Finished", "ToDo"];

impl Coordinator {
    /// `POST cleanOutServer`.
    pub(super) async fn clean_out_server(&self, call: &Call) -> Answer {
        let body = Body::of(call).await?;
        let server = server_id(&self.view().tree(), body.required("server")?);
        self.order(json!({ "type": "cleanOutServer", "server": &*server })).await
    }

    /// `POST resignLeadership`.
    pub(super) async fn resign_leadership(&self, call: &Call) -> Answer {
        let body = Body::of(call).await?;
        let server = server_id(&self.view().tree(), body.required("server")?);
        let undo = body.flag("undoMoves")?.unwrap_or(true);
        self.order(json!({ "type": "resignLeadership", "server": &*server, "undoMoves": undo }))
            .await
    }

    /// Puts a job where the supervision finds it; answers with its id.
    pub(super) async fn order(&self, mut job: Json) -> Answer {
        let id = self.unique_id().await?.to_string();
        job["jobId"] = json!(id);
        job["creator"] = json!(&*self.id);
        job["timeCreated"] = json!(stamp(SystemTime::now()));
        let path = paths::job("ToDo", &id);
        let transaction = Transaction::new().set(&*path, job).when_missing(&*path);
        if !self.write(transaction).await? {
            return Err(precondition_failed(format!("there is a job {id} already")));
        }
        Ok(reply::members(StatusCode::ACCEPTED, json!({ "id": id })))
    }

    /// `GET queryAgencyJob`.
    pub(super) fn query_job(&self, call: &Call) -> Answer {
        let id = call.parameter("id").ok_or_else(|| bad("'id' is missing"))?;
        let tree = self.view().tree();
        let (state, job) = find(&tree, &id).ok_or_else(|| no_job(&id))?;
        let mut body = match Json::from(job) {
            Json::Object(job) => job,
            _ => serde_json::Map::new(),
        };
        body.insert("error".to_owned(), json!(false));
        body.insert("job".to_owned(), json!(id));
        body.insert("status".to_owned(), json!(state));
        Ok(answer::json(StatusCode::OK, &Json::Object(body)))
    }

    /// `POST cancelAgencyJob`.
    pub(super) async fn cancel_job(&self, call: &Call) -> Answer {
        let body = Body::of(call).await?;
        let id = body.required("id")?;
        let tree = self.view().tree();
        let (state, job) = find(&tree, id).ok_or_else(|| no_job(id))?;
        if !matches!(text(job, "type"), Some("moveShard" | "cleanOutServer")) {
            return Err(bad(
                "only jobs of the types moveShard and cleanOutServer can be cancelled",
            ));
        }
        if !matches!(state, "ToDo" | "Pending") {
            return Err(bad(format!("job {id} is done: it is in {state}")));
        }
        // a job that is found is named by a key
        let path = paths::job(state, id);
        let transaction = Transaction::new().set(format!("{path}/abort"), true).when_there(path);
        if !self.write(transaction).await? {
            return Err(precondition_failed(format!("job {id} has moved on")));
        }
        let body = json!({ "error": false, "job": id, "status": "aborted" });
        Ok(answer::json(StatusCode::OK, &body))
    }
}

fn find<'a>(tree: &'a Tree, id: &str) -> Option<(&'static str, &'a Value)> {
    let job = |state| Some((state, child(tree, &format!("/arango/Target/{state}"), id)?));
    STATES.into_iter().find_map(job)
}

fn no_job(id: &str) -> ApiError {
    missing(404, format!("there is no job '{id}'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standin::coordinator::testing::World;

    fn world() -> World {
        World::with_servers(&["PRMR-a", "PRMR-b"], &["CRDN-1"])
    }

    #[tokio::test]
    async fn s45_resign_leadership_is_a_job_that_can_be_followed() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        for (undo, name) in [(None, "PRMR-a"), (Some(false), "DBServer0001")] {
            let mut body = json!({ "server": name });
            if let Some(undo) = undo {
                body["undoMoves"] = json!(undo);
            }
            let order = "POST /_admin/cluster/resignLeadership";
            let (status, answer) = coordinator.ask(order, Some(body)).await;
            let id = answer["id"].as_str().unwrap();
            assert_eq!((status, &answer), (202, &json!({"error": false, "code": 202, "id": id})));
            let mut job = world.json(&format!("/arango/Target/ToDo/{id}"));
            let created = job["timeCreated"].take();
            assert!(crate::standin::model::stamp::parse(created.as_str().unwrap()).is_some());
            assert_eq!(
                job,
                json!({
                    "type": "resignLeadership", "jobId": id, "creator": "CRDN-1", "timeCreated": null,
                    "server": "PRMR-a", "undoMoves": undo.unwrap_or(true),
                })
            );
            let query = format!("GET /_admin/cluster/queryAgencyJob?id={id}");
            for state in ["ToDo", "Pending", "Finished", "Failed"] {
                world.set(
                    "/arango/Target",
                    json!({ state: { id: { "type": "resignLeadership",
                    "server": "PRMR-a" } } }),
                );
                let (status, body) = coordinator.ask(&query, None).await;
                let expected = json!({"type": "resignLeadership", "server": "PRMR-a",
                    "error": false, "job": id, "status": state});
                assert_eq!((status, body), (200, expected));
            }
            let map = json!({"PRMR-a": {"ShortName": "DBServer0001"}});
            world.set("/arango/Target/MapUniqueToShortID", map);
        }
    }

    #[tokio::test]
    async fn s46_and_s47_clean_out_is_ordered_for_whatever_is_named() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        for (name, server) in [("DBServer0002", "PRMR-b"), ("PRMR-gone", "PRMR-gone")] {
            let order = "POST /_admin/cluster/cleanOutServer";
            let (status, answer) = coordinator.ask(order, Some(json!({ "server": name }))).await;
            let id = answer["id"].as_str().unwrap();
            let job = world.json(&format!("/arango/Target/ToDo/{id}"));
            assert_eq!(status, 202);
            assert_eq!(job["type"], "cleanOutServer");
            assert_eq!((&job["server"], &job["jobId"]), (&json!(server), &json!(id)));
        }
    }

    #[tokio::test]
    async fn s41_a_job_is_looked_for_in_four_places() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        let query = "GET /_admin/cluster/queryAgencyJob?id=7";
        assert_eq!(coordinator.status(query, None).await, 404);
        for state in ["ToDo", "Finished", "Failed", "Pending"] {
            let job = json!({"type": "reconfigureReplicatedLog", "jobId": "7", "logId": 1});
            world.set(&format!("/arango/Target/{state}/7"), job);
            assert_eq!(coordinator.ask(query, None).await.1["status"], state);
        }
        assert_eq!(coordinator.status("GET /_admin/cluster/queryAgencyJob", None).await, 400);
        world.set("/arango/Target/ToDo/9", json!("rubbish"));
        let (status, body) = coordinator.ask("GET /_admin/cluster/queryAgencyJob?id=9", None).await;
        assert_eq!((status, body), (200, json!({"error": false, "job": "9", "status": "ToDo"})));
        let inside = "GET /_admin/cluster/queryAgencyJob?id=7/type";
        assert_eq!(coordinator.status(inside, None).await, 404);
    }

    #[tokio::test]
    async fn c8_2_jobs_that_are_under_way_can_be_cancelled() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        for (state, kind, status) in [
            ("ToDo", "moveShard", 200),
            ("Pending", "cleanOutServer", 200),
            ("Pending", "resignLeadership", 400),
            ("Finished", "moveShard", 400),
            ("Failed", "cleanOutServer", 400),
        ] {
            let job = json!({"type": kind, "jobId": "7"});
            world.set("/arango/Target", json!({ state: { "7": job } }));
            let cancel = "POST /_admin/cluster/cancelAgencyJob";
            let (code, body) = coordinator.ask(cancel, Some(json!({"id": "7"}))).await;
            assert_eq!(code, status, "{state} {kind}");
            let aborted = world.json(&format!("/arango/Target/{state}/7/abort"));
            assert_eq!(aborted == json!(true), status == 200, "{state} {kind}");
            if status == 200 {
                assert_eq!(body, json!({"error": false, "job": "7", "status": "aborted"}));
            }
        }
        let cancel = "POST /_admin/cluster/cancelAgencyJob";
        assert_eq!(coordinator.status(cancel, Some(json!({"id": "8"}))).await, 404);
        assert_eq!(coordinator.status(cancel, Some(json!({"id": "7/type"}))).await, 404);
        for body in [None, Some(json!([])), Some(json!({})), Some(json!({"id": 7}))] {
            assert_eq!(coordinator.status(cancel, body).await, 400);
        }
    }

    #[tokio::test]
    async fn c8_2_a_job_that_moved_on_meanwhile_is_not_cancelled() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        world.set("/arango/Target/ToDo/7", json!({"type": "moveShard", "jobId": "7"}));
        world.freeze();
        world.delete("/arango/Target/ToDo/7");
        let cancel = "POST /_admin/cluster/cancelAgencyJob";
        assert_eq!(coordinator.status(cancel, Some(json!({"id": "7"}))).await, 412);
        assert!(!world.has("/arango/Target/ToDo/7"));
    }

    #[tokio::test]
    async fn c8_2_orders_need_a_server() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        for call in ["cleanOutServer", "resignLeadership"] {
            for body in [
                None,
                Some(json!("PRMR-a")),
                Some(json!({})),
                Some(json!({"server": 1})),
                Some(json!({"server": null})),
            ] {
                let request = format!("POST /_admin/cluster/{call}");
                assert_eq!(
                    coordinator.status(&request, body.clone()).await,
                    400,
                    "{call} {body:?}"
                );
            }
        }
        let body = json!({"server": "PRMR-a", "undoMoves": "yes"});
        let resign = "POST /_admin/cluster/resignLeadership";
        assert_eq!(coordinator.status(resign, Some(body)).await, 400);
        assert_eq!(world.json("/arango/Target/ToDo"), json!({}));
    }
}
