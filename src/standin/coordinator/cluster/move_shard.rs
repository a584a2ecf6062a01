//! The job that moves a shard to another server.

use serde_json::json;

use crate::agency::value::Value;
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::collections::find;
use crate::standin::coordinator::names::{child, member, server_id};
use crate::standin::coordinator::reply::{Body, forbidden, missing};
use crate::standin::model::{ServerId, Tree};
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

impl Coordinator {
    /// `POST moveShard`.
    pub(super) async fn move_shard(&self, call: &Call) -> Answer {
        let body = Body::of(call).await?;
        let database = body.text("database")?.unwrap_or(&call.database);
        self.check_database(database)?;
        let name = body.required("collection")?;
        let shard = body.required("shard")?;
        let tree = self.view().tree();
        let from = known(&tree, body.required("fromServer")?)?;
        let to = known(&tree, body.required("toServer")?)?;
        let (remains, undo) = (body.flag("remainsFollower")?, body.flag("tryUndo")?);
        let collection = find(&tree, database, name)?;
        let shards = collection.entry.get("shards");
        let servers = shards.and_then(|shards| member(shards, shard)).and_then(Value::as_array);
        let Some(servers) = servers else {
            return Err(missing(404, format!("collection '{name}' has no shard '{shard}'")));
        };
        if collection.prototype(&tree).is_some() {
            return Err(forbidden(format!(
                "shards of '{name}' move with those of the collection that it is distributed like"
            )));
        }
        let is_leader = servers.first().and_then(Value::as_str) == Some(&*from);
        self.order(json!({
            "type": "moveShard",
            "database": database,
            "collection": collection.id,
            "shard": shard,
            "fromServer": &*from,
            "toServer": &*to,
            "isLeader": is_leader,
            "remainsFollower": remains.unwrap_or(is_leader),
            "tryUndo": undo.unwrap_or(false),
        }))
        .await
    }
}

/// A DB-server that there is.
fn known(tree: &Tree, name: &str) -> Result<ServerId, ApiError> {
    let id = server_id(tree, name);
    match child(tree, "/arango/Plan/DBServers", &id) {
        Some(_) => Ok(id),
        None => Err(missing(404, format!("there is no DB-server '{name}'"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::standin::coordinator::testing::World;

    fn world() -> World {
        let world = World::with_servers(&["PRMR-a", "PRMR-b", "PRMR-c"], &["CRDN-1"]);
        world.add_database("d", "1");
        let entry = |name: &str| json!({"id": "7", "name": name, "type": 2, "shards": {"s1": ["PRMR-a", "PRMR-b"]}});
        world.set("/arango/Plan/Collections/d/7", entry("c"));
        let mut follower = entry("like");
        follower["id"] = json!("8");
        follower["distributeShardsLike"] = json!("7");
        world.set("/arango/Plan/Collections/d/8", follower);
        world
    }

    fn order(change: Json) -> Json {
        let mut body = json!({"database": "d", "collection": "c", "shard": "s1",
            "fromServer": "DBServer0001", "toServer": "PRMR-c"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    }

    const MOVE: &str = "POST /_admin/cluster/moveShard";

    #[tokio::test]
    async fn c8_2_move_shard_orders_a_job() {
        for (change, leads, remains, undo) in [
            (json!({}), true, true, false),
            (json!({"fromServer": "PRMR-b", "collection": "7"}), false, false, false),
            (json!({"remainsFollower": false, "tryUndo": true}), true, false, true),
        ] {
            let world = world();
            let (status, body) =
                world.coordinator("CRDN-1").ask(MOVE, Some(order(change.clone()))).await;
            assert_eq!(status, 202, "{change} {body}");
            let job = world.json(&format!("/arango/Target/ToDo/{}", body["id"].as_str().unwrap()));
            assert_eq!((&job["type"], &job["database"]), (&json!("moveShard"), &json!("d")));
            assert_eq!((&job["collection"], &job["shard"]), (&json!("7"), &json!("s1")));
            let from = change.get("fromServer").cloned().unwrap_or(json!("PRMR-a"));
            assert_eq!((&job["fromServer"], &job["toServer"]), (&from, &json!("PRMR-c")));
            assert_eq!(
                (&job["isLeader"], &job["remainsFollower"], &job["tryUndo"]),
                (&json!(leads), &json!(remains), &json!(undo))
            );
        }
    }

    #[tokio::test]
    async fn c8_2_move_shard_needs_what_it_names() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        for (change, status) in [
            (json!({"database": "nope"}), 404),
            (json!({"database": null}), 404),
            (json!({"collection": "nope"}), 404),
            (json!({"shard": "s2"}), 404),
            (json!({"shard": "s1/x"}), 404),
            (json!({"fromServer": "PRMR-x"}), 404),
            (json!({"toServer": "CRDN-1"}), 404),
            (json!({"collection": "like"}), 403),
            (json!({"shard": 1}), 400),
            (json!({"collection": null}), 400),
            (json!({"tryUndo": 1}), 400),
        ] {
            assert_eq!(
                coordinator.status(MOVE, Some(order(change.clone()))).await,
                status,
                "{change}"
            );
        }
        assert_eq!(world.json("/arango/Target/ToDo"), json!({}));
    }
}
