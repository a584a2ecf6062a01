//! Collections that go.

use axum::http::StatusCode;
use serde_json::json;

use super::find::{Found, all, find};
use super::{ATTEMPTS, with_leaders, with_logs};
use crate::agency::value::{Object, Value};
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::{child, has_logs, member};
use crate::standin::coordinator::reply::{forbidden, ok, timed_out};
use crate::standin::model::{Transaction, Tree, paths};
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

impl Coordinator {
    /// `DELETE /_api/collection/<name>`.
    pub(super) async fn drop_collection(&self, call: &Call, name: &str) -> Answer {
        let database = &*call.database;
        for _ in 0..ATTEMPTS {
            let seen = self.view().index();
            let tree = self.view().tree();
            let collection = find(&tree, database, name)?;
            if collection.is("isSystem") && !call.flag("isSystem", false) {
                return Err(forbidden(format!("'{name}' is a system collection")));
            }
            let leaving = with_shadows(&tree, database, &collection);
            check_unused(&tree, database, &leaving)?;
            let transaction = if has_logs(&tree, database) {
                out_of_target(&tree, database, &collection, &leaving)
            } else {
                out_of_plan(&tree, database, &leaving)
            };
            let transaction = transaction.ok_or(ApiError::LeadershipLost)?;
            if self.write(transaction).await? {
                let gone = |tree: &Tree| {
                    leaving.iter().all(|left| is_gone(tree, database, &left.id)).then_some(())
                };
                return match self.wait_for(self.settings.made, gone).await {
                    Some(()) => ok(json!({ "id": collection.id })),
                    None => Err(timed_out(format!("'{name}' is not gone in time"))),
                };
            }
            self.newer_than(seen).await;
        }
        let message = "others change the collections of the database all the time";
        Err(ApiError::numbered(StatusCode::CONFLICT, 1200, message))
    }
}

/// A collection with the hidden ones that have its shards.
fn with_shadows(tree: &Tree, database: &str, collection: &Found) -> Vec<Found> {
    let shadows = collection.shadows();
    let shadows = shadows.iter().filter_map(|id| find(tree, database, id).ok());
    shadows.chain([collection.clone()]).collect()
}

/// Whether no other collection's shards go with those of collections that leave.
fn check_unused(tree: &Tree, database: &str, leaving: &[Found]) -> Result<(), ApiError> {
    let leaves = |id: &str| leaving.iter().any(|left| left.id == id);
    let others = all(tree, database);
    let mut others = others.iter().filter(|other| !leaves(&other.id));
    match others.find(|other| other.prototype(tree).is_some_and(|id| leaves(&id))) {
        None => Ok(()),
        Some(other) => {
            let message =
                format!("the shards of '{}' go with those of this collection", other.name);
            Err(ApiError::numbered(StatusCode::FORBIDDEN, 1485, message))
        }
    }
}

fn out_of_target(
    tree: &Tree,
    database: &str,
    collection: &Found,
    leaving: &[Found],
) -> Option<Transaction> {
    match collection.group().zip(collection.group_target(tree)) {
        Some((group, target)) => Some(with_logs::leave_group(database, group, target, leaving)),
        // of no group, as scripts may write it
        None => out_of_plan(tree, database, leaving),
    }
}

fn out_of_plan(tree: &Tree, database: &str, leaving: &[Found]) -> Option<Transaction> {
    let ids: Vec<String> = leaving.iter().map(|left| left.id.clone()).collect();
    let version = tree.get(paths::PLAN_VERSION)?;
    Some(with_leaders::remove(database, &ids).when_equal(paths::PLAN_VERSION, version))
}

/// Whether a collection is in Plan and Current no more.
fn is_gone(tree: &Tree, database: &str, id: &str) -> bool {
    let at = |path: &str| child(tree, path, database).and_then(|all| member(all, id));
    let shards = at("/arango/Current/Collections").and_then(Value::as_object);
    at("/arango/Plan/Collections").is_none() && shards.is_none_or(Object::is_empty)
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::super::testing::{db_servers, supervision, world};
    use super::*;

    #[tokio::test]
    async fn s55_a_dropped_collection_leaves_its_group() {
        let world = world("2");
        let coordinator = world.coordinator("CRDN-1");
        let ask = async |request: &str, body: Option<Json>| {
            world.while_playing(supervision, coordinator.ask(request, body)).await
        };
        let create = "POST /_db/d/_api/collection";
        let (_, a) = ask(create, Some(json!({"name": "a"}))).await;
        ask(create, Some(json!({"name": "b", "distributeShardsLike": "a"}))).await;
        let (status, body) = ask("DELETE /_db/d/_api/collection/a", None).await;
        assert_eq!((status, &body["errorNum"]), (403, &json!(1485)));
        let (status, _) = ask("DELETE /_db/d/_api/collection/b", None).await;
        assert_eq!(status, 200);
        let groups = world.json("/arango/Target/CollectionGroups/d");
        let group = groups.as_object().unwrap().values().next().unwrap();
        let id = a["id"].as_str().unwrap();
        assert_eq!((&group["version"], &group["collections"]), (&json!(3), &json!({id: {}})));
        assert_eq!(world.json("/arango/Target/CollectionNames/d"), json!({"a": {}}));
        let (status, body) = ask(&format!("DELETE /_db/d/_api/collection/{id}"), None).await;
        assert_eq!((status, body), (200, json!({"error": false, "code": 200, "id": id})));
        let groups = world.json("/arango/Target/CollectionGroups/d");
        let group = groups.as_object().unwrap().values().next().unwrap();
        assert_eq!((&group["version"], &group["collections"]), (&json!(4), &json!({})));
        assert_eq!(ask("DELETE /_db/d/_api/collection/a", None).await.0, 404);
    }

    #[tokio::test]
    async fn c6_2_a_dropped_collection_leaves_plan_and_current() {
        let world = world("1");
        let coordinator = world.coordinator("CRDN-1");
        let ask = async |request: &str, body: Option<Json>| {
            world.while_playing(db_servers, coordinator.ask(request, body)).await
        };
        let create = "POST /_db/d/_api/collection";
        ask(create, Some(json!({"name": "a"}))).await;
        ask(create, Some(json!({"name": "b", "distributeShardsLike": "a"}))).await;
        ask(create, Some(json!({"name": "_s", "isSystem": true}))).await;
        let [_, plan, _] = world.versions();
        assert_eq!(ask("DELETE /_db/d/_api/collection/a", None).await.0, 403);
        assert_eq!(ask("DELETE /_db/d/_api/collection/_s", None).await.0, 403);
        assert_eq!(world.versions()[1], plan);
        for request in ["b", "a", "_s?isSystem=true"] {
            let (status, _) = ask(&format!("DELETE /_db/d/_api/collection/{request}"), None).await;
            assert_eq!(status, 200, "{request}");
        }
        assert_eq!(world.versions()[1], plan + 3);
        assert_eq!(world.json("/arango/Plan/Collections/d"), json!({}));
        assert_eq!(ask("DELETE /_db/d/_api/collection/a", None).await.0, 404);
    }

    #[tokio::test]
    async fn c6_a_collection_that_does_not_go_times_out() {
        let world = world("1");
        let coordinator = world.coordinator("CRDN-1");
        let create = coordinator.ask("POST /_db/d/_api/collection", Some(json!({"name": "a"})));
        world.while_playing(db_servers, create).await;
        assert_eq!(coordinator.status("DELETE /_db/d/_api/collection/a", None).await, 408);
    }
}
