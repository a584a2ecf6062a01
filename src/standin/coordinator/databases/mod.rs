//! Databases: `/_api/database` (§6.1).
//!
//! * `create`: new databases, and those that were not finished
//! * `drop`: databases that go
//! * `wish`: what clients want of a new database

mod create;
mod drop;
mod wish;

use axum::http::{Method, StatusCode};
use serde_json::{Value as Json, json};

use super::names::{database, is_building};
use super::{Coordinator, is_get, reply, unknown_path};
use crate::standin::model::Tree;
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

/// The database that is always there.
const SYSTEM: &str = "_system";

impl Coordinator {
    /// Answers what is below `/_api/database`.
    pub(super) async fn databases(&self, call: &Call, path: &[&str]) -> Answer {
        let method = &call.method;
        match path {
            [] if is_get(method) => {
                from_system(call)?;
                reply::result(names(&self.view().tree()))
            }
            ["user"] if is_get(method) => reply::result(names(&self.view().tree())),
            ["current"] if is_get(method) => reply::result(self.current_database(call)?),
            [] if method == Method::POST => {
                from_system(call)?;
                self.create_database(call).await
            }
            [name] if method == Method::DELETE => {
                from_system(call)?;
                self.drop_database(name).await
            }
            [] | [_] => Err(ApiError::MethodNotSupported),
            _ => Err(unknown_path(&call.path.text)),
        }
    }

    fn current_database(&self, call: &Call) -> Result<Json, ApiError> {
        let tree = self.view().tree();
        let found = database(&tree, &call.database).ok_or(ApiError::DatabaseNotFound)?;
        let mut shown = json!({ "name": call.database, "path": "none" });
        shown["isSystem"] = json!(call.database == SYSTEM);
        for key in ["id", "sharding", "replicationFactor", "writeConcern", "replicationVersion"] {
            if let Some(value) = found.get(key) {
                shown[key] = value.into();
            }
        }
        Ok(shown)
    }
}

/// Whether a call that is about all databases was made in the one from which that is possible.
fn from_system(call: &Call) -> Result<(), ApiError> {
    if call.database == SYSTEM {
        return Ok(());
    }
    let message = "operation only allowed in system database";
    Err(ApiError::numbered(StatusCode::FORBIDDEN, 1230, message))
}

/// The databases that are complete.
fn names(tree: &Tree) -> Json {
    let databases = tree.children("/arango/Plan/Databases");
    let complete =
        databases.filter(|(_, entry)| entry.as_object().is_some_and(|entry| !is_building(entry)));
    complete.map(|(name, _)| Json::from(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standin::coordinator::testing::World;

    #[tokio::test]
    async fn c6_1_databases_are_listed_and_shown() {
        let world = World::bootstrapped();
        let coordinator = world.coordinator("CRDN-1");
        world.add_database("d", "2");
        world.add_database("making", "2");
        world.set("/arango/Plan/Databases/making/isBuilding", json!(true));
        world.set("/arango/Plan/Databases/rubbish", json!("x"));
        let done = |result: Json| (200, json!({"error": false, "code": 200, "result": result}));
        let names = done(json!(["_system", "d"]));
        assert_eq!(coordinator.ask("GET /_api/database", None).await, names);
        assert_eq!(coordinator.ask("GET /_api/database/user", None).await, names);
        assert_eq!(coordinator.ask("GET /_db/d/_api/database/user", None).await, names);
        let shown = json!({"name": "d", "path": "none", "isSystem": false, "id": "77", "sharding": "",
            "replicationFactor": 2, "writeConcern": 1, "replicationVersion": "2"});
        assert_eq!(coordinator.ask("GET /_db/d/_api/database/current", None).await, done(shown));
        let system = coordinator.ask("GET /_api/database/current", None).await.1["result"].clone();
        assert_eq!((&system["isSystem"], &system["id"]), (&json!(true), &json!("1")));
    }

    #[tokio::test]
    async fn c6_1_what_is_about_all_databases_is_asked_in_the_system_database() {
        let world = World::bootstrapped();
        let coordinator = world.coordinator("CRDN-1");
        world.add_database("d", "2");
        for (request, status, number) in [
            ("GET /_db/d/_api/database", 403, 1230),
            ("POST /_db/d/_api/database", 403, 1230),
            ("DELETE /_db/d/_api/database/d", 403, 1230),
            ("PUT /_api/database", 405, 405),
            ("POST /_api/database/current", 405, 405),
            ("GET /_api/database/d", 405, 405),
            ("GET /_api/database/d/x", 404, 404),
            ("GET /_db/making/_api/database/current", 404, 1228),
        ] {
            let (code, body) = coordinator.ask(request, None).await;
            assert_eq!((code, &body["errorNum"]), (status, &json!(number)), "{request}");
        }
    }
}
