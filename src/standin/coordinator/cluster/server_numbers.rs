//! How many servers there shall be.

use serde_json::{Value as Json, json};

use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::server_id;
use crate::standin::coordinator::reply::{Body, bad, ok, whole};
use crate::standin::model::Transaction;
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

const DB_SERVERS: &str = "/arango/Target/NumberOfDBServers";
const COORDINATORS: &str = "/arango/Target/NumberOfCoordinators";
const CLEANED: &str = "/arango/Target/CleanedServers";

impl Coordinator {
    /// `GET numberOfServers`.
    pub(super) fn server_numbers(&self) -> Answer {
        let tree = self.view().tree();
        let at = |path| tree.get(path).map(Json::from);
        ok(json!({
            "numberOfDBServers": at(DB_SERVERS),
            "numberOfCoordinators": at(COORDINATORS),
            "cleanedServers": at(CLEANED).unwrap_or_else(|| json!([])),
        }))
    }

    /// `PUT numberOfServers`.
    pub(super) async fn set_server_numbers(&self, call: &Call) -> Answer {
        let body = Body::of(call).await?;
        let mut transaction = Transaction::new();
        for (name, path) in
            [("numberOfDBServers", DB_SERVERS), ("numberOfCoordinators", COORDINATORS)]
        {
            if body.has(name) {
                transaction = transaction.set(path, number_or_null(&body, name)?);
            }
        }
        if body.has("cleanedServers") {
            let servers = body.texts("cleanedServers")?;
            let servers = servers.ok_or_else(|| bad("'cleanedServers' must be an array"))?;
            let tree = self.view().tree();
            let ids: Vec<_> = servers.into_iter().map(|name| server_id(&tree, name)).collect();
            transaction = transaction.set(CLEANED, ids);
        }
        if !transaction.is_empty() {
            self.write(transaction).await?;
        }
        ok(json!({}))
    }
}

fn number_or_null(body: &Body, name: &str) -> Result<Option<u64>, ApiError> {
    match body.get(name) {
        None => Ok(None),
        Some(value) => {
            let number =
                whole(value).ok_or_else(|| bad(format!("'{name}' must be a number or null")));
            number.map(Some)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standin::coordinator::testing::World;

    #[tokio::test]
    async fn c8_2_the_number_of_servers_is_shown_and_set() {
        let world = World::with_servers(&["PRMR-a"], &["CRDN-1"]);
        let coordinator = world.coordinator("CRDN-1");
        let (path, get) =
            ("PUT /_admin/cluster/numberOfServers", "GET /_admin/cluster/numberOfServers");
        let shown = |db: Json, coordinators: Json, cleaned: Json| {
            json!({"error": false, "code": 200, "numberOfDBServers": db,
                "numberOfCoordinators": coordinators, "cleanedServers": cleaned})
        };
        assert_eq!(
            coordinator.ask(get, None).await,
            (200, shown(json!(null), json!(null), json!([])))
        );
        for (body, after) in [
            (json!({}), shown(json!(null), json!(null), json!([]))),
            (json!({"numberOfDBServers": 3}), shown(json!(3), json!(null), json!([]))),
            (
                json!({"numberOfCoordinators": 2.0, "cleanedServers": ["DBServer0001", "PRMR-x"]}),
                shown(json!(3), json!(2), json!(["PRMR-a", "PRMR-x"])),
            ),
            (
                json!({"numberOfDBServers": null, "cleanedServers": []}),
                shown(json!(null), json!(2), json!([])),
            ),
        ] {
            let answer = coordinator.ask(path, Some(body.clone())).await;
            assert_eq!(answer, (200, json!({"error": false, "code": 200})), "{body}");
            assert_eq!(coordinator.ask(get, None).await.1, after, "{body}");
        }
        for body in [
            json!([]),
            json!("3"),
            json!({"numberOfDBServers": "3"}),
            json!({"numberOfDBServers": -1}),
            json!({"numberOfCoordinators": 1.5}),
            json!({"cleanedServers": "PRMR-a"}),
            json!({"cleanedServers": [1]}),
            json!({"cleanedServers": null}),
            json!({"numberOfDBServers": 7, "cleanedServers": 1}),
        ] {
            assert_eq!(coordinator.status(path, Some(body.clone())).await, 400, "{body}");
        }
        assert_eq!(coordinator.status(path, None).await, 400);
        assert_eq!(world.json(DB_SERVERS), Json::Null);
    }
}
