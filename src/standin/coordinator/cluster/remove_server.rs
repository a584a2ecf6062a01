//! Removes a server that is gone for good (§8.1).

use std::time::SystemTime;

use axum::body::Body as HttpBody;
use axum::response::Response;
use serde_json::Value as Json;

use super::responsible::is_responsible;
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::{server_id, status};
use crate::standin::coordinator::reply::{bad, json, missing, precondition_failed};
use crate::standin::model::stamp::stamp;
use crate::standin::model::{Transaction, Tree, paths};
use crate::standin::web::answer::Answer;
use crate::standin::web::service::Call;

impl Coordinator {
    /// `POST removeServer`.
    pub(super) async fn remove_server(&self, call: &Call) -> Answer {
        let body = json(call).await?;
        let named = match &body {
            Some(Json::String(server)) => Some(server.as_str()),
            Some(body) => body.get("server").and_then(Json::as_str),
            None => None,
        };
        let named = named.ok_or_else(|| bad("the body must name a server"))?;
        let server = server_id(&self.view().tree(), named);
        let mut waited = false;
        for _ in 0..self.settings.removal_attempts {
            if waited {
                tokio::time::sleep(self.settings.removal_pause).await;
            }
            waited = true;
            let tree = self.view().tree();
            if status(&tree, &server).is_none() {
                return Err(missing(404, format!("there is no server '{named}'")));
            }
            if is_responsible(&tree, &server) {
                continue;
            }
            let Some(removal) = removal(&tree, &server, SystemTime::now()) else { continue };
            if self.write(removal).await? {
                return Ok(Response::new(HttpBody::empty()));
            }
        }
        let message = format!("server '{named}' is still responsible for data, or has not failed");
        Err(precondition_failed(message))
    }
}

/// What removes a server, provided it has failed and the Plan is as it was; nothing without a Plan.
fn removal(tree: &Tree, server: &str, now: SystemTime) -> Option<Transaction> {
    let plan = tree.get(paths::PLAN_VERSION)?;
    let mut transaction = Transaction::new();
    for key in [
        "Plan/Coordinators",
        "Plan/DBServers",
        "Current/ServersRegistered",
        "Current/DBServers",
        "Current/Coordinators",
        "Current/ServersKnown",
        "Supervision/Health",
        "Target/MapUniqueToShortID",
    ] {
        transaction = transaction.delete(format!("/arango/{key}/{server}"));
    }
    Some(
        transaction
            .set(format!("/arango/Target/RemovedServers/{server}"), stamp(now))
            .when_equal(format!("{}/Status", paths::health(server)), "FAILED")
            .when_missing(format!("/arango/Supervision/DBServers/{server}"))
            .when_equal(paths::PLAN_VERSION, plan),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::standin::coordinator::testing::World;

    const REMOVE: &str = "POST /_admin/cluster/removeServer";

    fn world() -> World {
        World::with_servers(&["PRMR-a", "PRMR-b"], &["CRDN-1", "CRDN-2"])
    }

    fn fail(world: &World, id: &str) {
        world.set(&format!("/arango/Supervision/Health/{id}/Status"), json!("FAILED"));
    }

    fn led_by(leader: &str) -> Json {
        json!({
            "id": 4, "currentTerm": {"term": 1, "leader": {"serverId": leader, "rebootId": 1}},
            "participantsConfig": {"generation": 1, "participants": {"PRMR-a": {}, "PRMR-b": {}}},
        })
    }

    #[tokio::test]
    async fn s48_a_running_server_is_not_removed_and_an_unknown_one_not_found() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        assert_eq!(coordinator.status(REMOVE, Some(json!("PRMR-a"))).await, 412);
        assert_eq!(coordinator.status(REMOVE, Some(json!({"server": "PRMR-zz"}))).await, 404);
        assert_eq!(coordinator.status(REMOVE, Some(json!("DBServer0009"))).await, 404);
        assert!(world.has("/arango/Plan/DBServers/PRMR-a"));
    }

    #[tokio::test]
    async fn s49_a_failed_server_is_removed_even_if_it_follows_in_a_log() {
        for name in [json!("PRMR-a"), json!({"server": "DBServer0001"})] {
            let world = world();
            fail(&world, "PRMR-a");
            world.add_database("two", "2");
            world.set("/arango/Plan/ReplicatedLogs/two/4", led_by("PRMR-b"));
            let versions = world.versions();
            let coordinator = world.coordinator("CRDN-1");
            assert_eq!(coordinator.ask(REMOVE, Some(name.clone())).await, (200, Json::Null));
            for key in [
                "Plan/DBServers",
                "Current/ServersRegistered",
                "Current/DBServers",
                "Current/ServersKnown",
                "Supervision/Health",
                "Target/MapUniqueToShortID",
            ] {
                assert!(!world.has(&format!("/arango/{key}/PRMR-a")), "{key}");
                assert!(
                    key.contains("PRMR") || world.has(&format!("/arango/{key}/PRMR-b")),
                    "{key}"
                );
            }
            let removed = world.json("/arango/Target/RemovedServers/PRMR-a");
            assert!(crate::standin::model::stamp::parse(removed.as_str().unwrap()).is_some());
            assert_eq!(world.versions(), versions);
            assert_eq!(world.json("/arango/Plan/ReplicatedLogs/two/4"), led_by("PRMR-b"));
            assert_eq!(coordinator.status(REMOVE, Some(json!("PRMR-a"))).await, 404);
        }
    }

    #[tokio::test]
    async fn s50_a_removal_waits_until_another_server_leads() {
        let world = world();
        fail(&world, "PRMR-a");
        world.add_database("two", "2");
        world.set("/arango/Plan/ReplicatedLogs/two/4", led_by("PRMR-a"));
        let coordinator = world.coordinator("CRDN-1");
        assert_eq!(coordinator.status(REMOVE, Some(json!("PRMR-a"))).await, 412);
        let mut leaderless = led_by("PRMR-a");
        leaderless["currentTerm"].as_object_mut().unwrap().remove("leader");
        world.set("/arango/Plan/ReplicatedLogs/two/4", leaderless);
        assert_eq!(coordinator.status(REMOVE, Some(json!("PRMR-a"))).await, 412);
        let failover = async {
            tokio::time::sleep(std::time::Duration::from_millis(3)).await;
            world.set("/arango/Plan/ReplicatedLogs/two/4", led_by("PRMR-b"));
        };
        let (status, ()) =
            tokio::join!(coordinator.status(REMOVE, Some(json!("PRMR-a"))), failover);
        assert_eq!(status, 200);
    }

    #[tokio::test]
    async fn s51_a_removed_coordinator_is_no_endpoint_any_more() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        let endpoints = || coordinator.ask("GET /_api/cluster/endpoints", None);
        assert_eq!(endpoints().await.1["endpoints"].as_array().unwrap().len(), 2);
        fail(&world, "CRDN-2");
        assert_eq!(coordinator.status(REMOVE, Some(json!("Coordinator0002"))).await, 200);
        assert_eq!(endpoints().await.1["endpoints"], json!([{"endpoint": "tcp://CRDN-1:1"}]));
        assert!(!world.has("/arango/Plan/Coordinators/CRDN-2"));
        assert!(!world.has("/arango/Current/Coordinators/CRDN-2"));
    }

    #[tokio::test]
    async fn c8_1_a_locked_server_is_not_removed_and_bodies_must_name_a_server() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        fail(&world, "PRMR-a");
        world.set("/arango/Supervision/DBServers/PRMR-a", json!("job"));
        assert_eq!(coordinator.status(REMOVE, Some(json!("PRMR-a"))).await, 412);
        for body in [
            None,
            Some(json!(7)),
            Some(json!(["PRMR-a"])),
            Some(json!({})),
            Some(json!({"server": 7})),
        ] {
            assert_eq!(coordinator.status(REMOVE, body.clone()).await, 400, "{body:?}");
        }
        assert_eq!(coordinator.status(REMOVE, Some(json!("a/../PRMR-a"))).await, 404);
        assert!(world.has("/arango/Plan/DBServers/PRMR-a"));
    }
}
