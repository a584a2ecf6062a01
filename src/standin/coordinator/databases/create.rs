//! New databases, and those that were not finished.

use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};

use super::wish::Wish;
use crate::agency::value::Value;
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::{
    child, database, is_building, member, running_db_servers, text,
};
use crate::standin::coordinator::reply::{Body, members, timed_out};
use crate::standin::model::{Transaction, Tree, paths};
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

fn plan_path(name: &str) -> String {
    format!("/arango/Plan/Databases/{name}")
}

impl Coordinator {
    /// `POST /_api/database`.
    pub(super) async fn create_database(&self, call: &Call) -> Answer {
        let wish = Wish::of(&Body::of(call).await?)?;
        let entry = wish.entry(self.unique_id().await?);
        let mut building = entry.clone();
        building.insert("isBuilding".to_owned(), json!(true));
        building.insert("coordinator".to_owned(), json!(&*self.id));
        building.insert("coordinatorRebootId".to_owned(), json!(self.around.reboot_id()));
        if !self.write(begin(&wish.name, &building)).await? {
            let message = format!("duplicate name: there is a database '{}'", wish.name);
            return Err(ApiError::numbered(StatusCode::CONFLICT, 1207, message));
        }
        match self.complete(&wish.name, &entry, &building).await {
            Ok(()) => Ok(members(StatusCode::CREATED, json!({ "result": true }))),
            Err(error) => {
                // whatever cannot be taken back now is so by the supervision, once this
                // incarnation is gone
                if let Err(error) = self.write(cancel(&wish.name, &building)).await {
                    tracing::error!(%error, name = wish.name, "an unfinished database is left");
                }
                Err(error)
            }
        }
    }

    /// Waits until all DB-servers have a database that has been begun, makes its collections, and
    /// tells that it is complete.
    async fn complete(
        &self,
        name: &str,
        entry: &Map<String, Json>,
        building: &Map<String, Json>,
    ) -> Result<(), ApiError> {
        let outcome = self.wait_for(self.settings.made, |tree| outcome(tree, name)).await;
        match outcome {
            Some(Ok(())) => {}
            Some(Err(message)) => return Err(ApiError::Internal { message }),
            None => return Err(timed_out(format!("not all DB-servers have '{name}' in time"))),
        }
        self.make_system_collections(name).await?;
        if self.write(finish(name, entry, building)).await? {
            return Ok(());
        }
        Err(ApiError::Internal { message: format!("'{name}' was removed while it was made") })
    }

    /// Takes back what earlier incarnations of this coordinator have not finished.
    pub(in crate::standin::coordinator) async fn clear_up(&self) {
        let tree = self.wait_for(std::time::Duration::MAX, |tree| {
            (self.around.reboot_id() > 0 && tree.has("/arango/Plan")).then(|| tree.clone())
        });
        let Some(tree) = tree.await else { return };
        for (name, entry) in unfinished(&tree, &self.id, self.around.reboot_id()) {
            match self.write(cancel(&name, &entry)).await {
                Ok(done) => tracing::info!(name, done, "removed an unfinished database"),
                Err(error) => tracing::error!(%error, name, "an unfinished database is left"),
            }
        }
    }
}

fn begin(name: &str, building: &Map<String, Json>) -> Transaction {
    let path = plan_path(name);
    Transaction::new()
        .set(&*path, building)
        .increment(paths::PLAN_VERSION)
        .when_missing(path)
        .when_missing(format!("/arango/Plan/Analyzers/{name}"))
}

fn finish(name: &str, entry: &Map<String, Json>, building: &Map<String, Json>) -> Transaction {
    let analyzers = format!("/arango/Plan/Analyzers/{name}");
    Transaction::new()
        .set(plan_path(name), entry)
        .set(&*analyzers, json!({ "revision": 0, "buildingRevision": 0 }))
        .increment(paths::PLAN_VERSION)
        .when_equal(plan_path(name), building)
        .when_missing(analyzers)
}

/// Takes a database back that is not finished; what it wanted of the supervision, too.
fn cancel(name: &str, building: &Map<String, Json>) -> Transaction {
    let mut transaction = Transaction::new().delete(plan_path(name));
    for key in [
        "Plan/Collections",
        "Plan/CollectionGroups",
        "Plan/Analyzers",
        "Target/Collections",
        "Target/CollectionNames",
        "Target/CollectionGroups",
        "Target/ReplicatedLogs",
    ] {
        transaction = transaction.delete(format!("/arango/{key}/{name}"));
    }
    transaction.increment(paths::PLAN_VERSION).when_equal(plan_path(name), building)
}

/// Whether all DB-servers that run have a database; the text of the error if one could not make it.
fn outcome(tree: &Tree, name: &str) -> Option<Result<(), String>> {
    let reports = child(tree, "/arango/Current/Databases", name);
    let mut all = true;
    for server in running_db_servers(tree) {
        match reports.and_then(|reports| member(reports, &server)) {
            None => all = false,
            Some(report) if member(report, "error") == Some(&Value::Bool(true)) => {
                let message = text(report, "errorMessage").unwrap_or("it does not say why");
                return Some(Err(format!("{server} cannot make the database: {message}")));
            }
            Some(_) => {}
        }
    }
    all.then_some(Ok(()))
}

/// Databases that an earlier incarnation of a coordinator has begun.
fn unfinished(tree: &Tree, id: &str, reboot_id: u64) -> Vec<(String, Map<String, Json>)> {
    let names: Vec<&str> = tree.children("/arango/Plan/Databases").map(|(name, _)| name).collect();
    let left = names.into_iter().filter_map(|name| {
        let entry = database(tree, name).filter(|entry| is_building(entry))?;
        let earlier = entry.get("coordinatorRebootId").map(Json::from)?.as_u64()? < reboot_id;
        let own = entry.get("coordinator").and_then(Value::as_str) == Some(id);
        let entry = entry.iter().map(|(key, value)| (key.to_string(), value.into())).collect();
        (own && earlier).then(|| (name.to_owned(), entry))
    });
    left.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standin::coordinator::collections::testing::{db_servers, supervision};
    use crate::standin::coordinator::testing::World;

    const CREATE: &str = "POST /_api/database";

    fn world() -> World {
        World::with_servers(&["PRMR-a", "PRMR-b"], &["CRDN-1"])
    }

    /// The rest of the cluster: DB-servers report databases and shards, the supervision plans.
    fn rest(tree: &Tree) -> Option<Transaction> {
        let databases = tree.children("/arango/Plan/Databases").map(|(name, _)| name);
        let names: Vec<&str> = databases.collect();
        for name in names {
            for server in ["PRMR-a", "PRMR-b"] {
                let path = format!("/arango/Current/Databases/{name}/{server}");
                if !tree.has(&path) {
                    let report =
                        json!({"error": false, "errorNum": 0, "errorMessage": "", "name": name});
                    return Some(Transaction::new().set(path, report));
                }
            }
        }
        supervision(tree).or_else(|| db_servers(tree))
    }

    #[tokio::test]
    async fn c6_1_a_database_with_logs_has_its_collections_in_one_group() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        let [_, plan, _] = world.versions();
        let body =
            json!({"name": "d", "options": {"replicationVersion": "2", "replicationFactor": 2}});
        let answer = world.while_playing(rest, coordinator.ask(CREATE, Some(body))).await;
        assert_eq!(answer, (201, json!({"error": false, "code": 201, "result": true})));
        let mut entry = world.json("/arango/Plan/Databases/d");
        assert!(entry["id"].take().as_str().unwrap().parse::<u64>().is_ok());
        assert_eq!(
            entry,
            json!({"id": null, "name": "d", "isSystem": false, "sharding": "",
                "replicationFactor": 2, "writeConcern": 1, "replicationVersion": "2"})
        );
        assert_eq!(
            world.json("/arango/Plan/Analyzers/d"),
            json!({"revision": 0, "buildingRevision": 0})
        );
        assert_eq!(world.versions()[1], plan + 2);
        let groups = world.json("/arango/Target/CollectionGroups/d");
        let groups = groups.as_object().unwrap();
        assert_eq!(groups.len(), 1);
        let group = groups.values().next().unwrap();
        assert_eq!(group["collections"].as_object().unwrap().len(), 8);
        assert_eq!(group["attributes"]["mutable"]["replicationFactor"], 2);
        let list = coordinator.ask("GET /_db/d/_api/collection", None).await.1;
        let list = list["result"].as_array().unwrap();
        assert!(list.len() == 8 && list.iter().all(|collection| collection["isSystem"] == true));
    }

    #[tokio::test]
    async fn c6_1_a_database_without_logs_has_its_collections_on_the_same_servers() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        let body = json!({"name": "d", "options": {"sharding": "single", "replicationFactor": 2}});
        let creating = coordinator.ask(CREATE, Some(body));
        assert_eq!(world.while_playing(rest, creating).await.0, 201);
        let collections = world.json("/arango/Plan/Collections/d");
        let rows: std::collections::BTreeSet<String> = collections
            .as_object()
            .unwrap()
            .values()
            .map(|c| {
                json!(c["shards"].as_object().unwrap().values().collect::<Vec<_>>()).to_string()
            })
            .collect();
        assert_eq!((collections.as_object().unwrap().len(), rows.len()), (8, 1));
        let own = coordinator.ask("POST /_db/d/_api/collection", Some(json!({"name": "c"})));
        let (status, answer) = world.while_playing(rest, own).await;
        assert_eq!((status, &answer["distributeShardsLike"]), (200, &json!("_graphs")));
        assert!(!world.has("/arango/Target/CollectionGroups"));
    }

    #[tokio::test]
    async fn c6_1_a_database_is_begun_awaited_and_taken_back_if_a_server_fails() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        let begun = std::sync::Mutex::new(Json::Null);
        let fails = |tree: &Tree| {
            let entry = tree.get("/arango/Plan/Databases/d")?;
            *begun.lock().unwrap() = Json::from(entry);
            let path = "/arango/Current/Databases/d/PRMR-b";
            let report = json!({"error": true, "errorMessage": "disk full"});
            (!tree.has(path)).then(|| Transaction::new().set(path, report))
        };
        let creating = coordinator.ask(CREATE, Some(json!({"name": "d"})));
        let (status, body) = world.while_playing(fails, creating).await;
        assert_eq!(status, 500);
        assert!(body["errorMessage"].as_str().unwrap().contains("disk full"));
        let begun = begun.into_inner().unwrap();
        assert_eq!(
            (&begun["isBuilding"], &begun["coordinator"], &begun["coordinatorRebootId"]),
            (&json!(true), &json!("CRDN-1"), &json!(1))
        );
        assert!(!world.has("/arango/Plan/Databases/d"));
        assert_eq!(coordinator.status(CREATE, Some(json!({"name": "d"}))).await, 500);
        world.delete("/arango/Current/Databases/d");
        assert_eq!(coordinator.status(CREATE, Some(json!({"name": "d"}))).await, 408);
        assert!(!world.has("/arango/Plan/Databases/d"));
    }

    #[tokio::test]
    async fn c6_1_names_are_checked_and_there_once() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        world.add_database("d", "1");
        for (body, status, number) in [
            (json!({"name": "d"}), 409, 1207),
            (json!({"name": "_system"}), 400, 1229),
            (json!({"name": "x y"}), 400, 1229),
            (json!({}), 400, 1229),
            (json!([]), 400, 10),
            (json!({"name": "e", "options": 1}), 400, 10),
        ] {
            let (code, answer) = coordinator.ask(CREATE, Some(body.clone())).await;
            assert_eq!((code, &answer["errorNum"]), (status, &json!(number)), "{body}");
        }
        assert_eq!(coordinator.status(CREATE, None).await, 400);
    }

    #[tokio::test]
    async fn c6_1_what_an_earlier_incarnation_began_is_taken_back() {
        let world = world();
        let building = |coordinator: &str, reboot_id: u64| {
            json!({"id": "7", "name": "d", "isBuilding": true, "coordinator": coordinator,
                "coordinatorRebootId": reboot_id})
        };
        for (name, entry) in [
            ("own", building("CRDN-1", 0)),
            ("now", building("CRDN-1", 1)),
            ("other", building("CRDN-2", 0)),
            ("done", json!({"coordinator": "CRDN-1", "coordinatorRebootId": 0})),
        ] {
            world.set(&format!("/arango/Plan/Databases/{name}"), entry);
            world.set(&format!("/arango/Target/CollectionNames/{name}"), json!({"c": {}}));
        }
        world.coordinator("CRDN-1").clear_up().await;
        for (name, there) in [("own", false), ("now", true), ("other", true), ("done", true)] {
            assert_eq!(world.has(&format!("/arango/Plan/Databases/{name}")), there, "{name}");
            assert_eq!(
                world.has(&format!("/arango/Target/CollectionNames/{name}")),
                there,
                "{name}"
            );
        }
    }
}
