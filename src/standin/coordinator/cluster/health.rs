//! Who is well, as the supervision has found it, and how the agents are.

use axum::http::Method;
use serde_json::{Map, Value as Json, json};
use tokio::task::JoinSet;

use super::responsible::is_responsible;
use crate::agency::value::Value;
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::text;
use crate::standin::coordinator::reply::ok;
use crate::standin::coordinator::surroundings::Question;
use crate::standin::model::Tree;
use crate::standin::web::answer::Answer;

/// What an agent tells of itself, if it answers.
type Told = Option<Json>;

impl Coordinator {
    /// `GET health`.
    pub(super) async fn health(&self) -> Answer {
        let agents = self.agents().await;
        let tree = self.view().tree();
        let mut health = members(&tree);
        health.extend(described(&agents));
        let id = tree.text("/arango/Cluster").unwrap_or_default();
        ok(json!({ "ClusterId": id, "Health": health }))
    }

    /// Asks all agents how they are.
    async fn agents(&self) -> Vec<(String, String, Told)> {
        let tree = self.view().tree();
        let pool = tree.children("/.agency/pool");
        let pool = pool.filter_map(|(id, at)| Some((id.to_owned(), at.as_str()?.to_owned())));
        let mut asking = JoinSet::new();
        for (id, endpoint) in pool {
            let (around, patience) = (self.around.clone(), self.settings.glance);
            asking.spawn(async move {
                let asked = around.ask(Question {
                    endpoint: &endpoint,
                    method: &Method::GET,
                    target: "/_api/agency/config",
                    body: None,
                    patience,
                });
                let told = match asked.await {
                    Ok((status, body)) if status.is_success() => Some(Json::from(body)),
                    _ => None,
                };
                (id, endpoint, told)
            });
        }
        asking.join_all().await
    }
}

/// What the supervision says of the members.
fn members(tree: &Tree) -> Map<String, Json> {
    let records = tree.children("/arango/Supervision/Health");
    let described = records.filter_map(|(id, record)| {
        let Json::Object(mut entry) = Json::from(record) else { return None };
        let role = match id.split('-').next() {
            Some("PRMR") => "DBServer",
            Some("CRDN") => "Coordinator",
            _ => return None,
        };
        entry.insert("Role".to_owned(), json!(role));
        entry.insert("CanBeDeleted".to_owned(), json!(can_be_deleted(tree, id, record)));
        Some((id.to_owned(), Json::Object(entry)))
    });
    described.collect()
}

fn can_be_deleted(tree: &Tree, id: &str, record: &Value) -> bool {
    let failed = text(record, "Status") == Some("FAILED");
    failed && (id.starts_with("CRDN-") || !is_responsible(tree, id))
}

/// What the agents say.
fn described(agents: &[(String, String, Told)]) -> impl Iterator<Item = (String, Json)> {
    let tells = |told: &Told, what: &str| told.as_ref()?.get(what).cloned();
    let leads = move |id: &str, told: &Told| tells(told, "leaderId") == Some(json!(id));
    // who leads knows when the others answered last
    let leading = agents.iter().find(|(id, _, told)| leads(id, told));
    let acked = leading.and_then(|(_, _, told)| tells(told, "lastAcked"));
    agents.iter().map(move |(id, endpoint, told)| {
        let text = |what| tells(told, what).unwrap_or_else(|| json!(""));
        let mut entry = json!({
            "Role": "Agent",
            "Endpoint": endpoint,
            "CanBeDeleted": false,
            "Engine": text("engine"),
            "Version": text("version"),
            "Leader": text("leaderId"),
            "Status": if told.is_some() { "GOOD" } else { "BAD" },
        });
        if leading.is_some_and(|(leader, _, _)| leader == id) {
            entry["Leading"] = json!(true);
        }
        let last = acked.as_ref().and_then(|acked| acked.get(id)?.get("lastAckedTime"));
        if let Some(seconds) = last {
            entry["LastAckedTime"] = seconds.clone();
        }
        (id.clone(), entry)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standin::coordinator::testing::World;

    #[tokio::test]
    async fn c8_2_health_tells_of_members_and_agents() {
        let world = World::with_servers(&["PRMR-a", "PRMR-b"], &["CRDN-1", "CRDN-2"]);
        let pool = json!({"AGNT-x": "tcp://x:1", "AGNT-y": "tcp://y:1", "AGNT-z": "tcp://z:1"});
        world.set_pool(pool);
        let config =
            |leader: &str| json!({"leaderId": leader, "engine": "rocksdb", "version": "3.12.6"});
        let mut leading = config("AGNT-x");
        leading["lastAcked"] =
            json!({"AGNT-x": {"lastAckedTime": 0.0}, "AGNT-y": {"lastAckedTime": 0.25}});
        world.serve("tcp://x:1", move |_, _| (200, leading.clone()));
        world.serve("tcp://y:1", move |_, _| (200, config("AGNT-x")));
        for id in ["PRMR-b", "CRDN-2"] {
            world.set(&format!("/arango/Supervision/Health/{id}/Status"), json!("FAILED"));
        }
        let coordinator = world.coordinator("CRDN-1");
        let (status, body) = coordinator.ask("GET /_admin/cluster/health", None).await;
        assert_eq!((status, &body["error"], &body["code"]), (200, &json!(false), &json!(200)));
        assert_eq!(body["ClusterId"], world.json("/arango/Cluster"));
        let health = &body["Health"];
        assert_eq!(health.as_object().unwrap().len(), 7);
        assert_eq!(
            health["PRMR-a"],
            json!({
                "ShortName": "DBServer0001", "Endpoint": "tcp://PRMR-a:1", "Status": "GOOD",
                "SyncStatus": "SERVING", "Version": "3.12.6", "Engine": "rocksdb",
                "Role": "DBServer", "CanBeDeleted": false,
            })
        );
        let deletable = |id: &str| (health[id]["Role"].clone(), health[id]["CanBeDeleted"].clone());
        assert_eq!(deletable("PRMR-b"), (json!("DBServer"), json!(true)));
        assert_eq!(deletable("CRDN-2"), (json!("Coordinator"), json!(true)));
        assert_eq!(
            health["AGNT-x"],
            json!({
                "Role": "Agent", "Endpoint": "tcp://x:1", "CanBeDeleted": false, "Leading": true,
                "LastAckedTime": 0, "Engine": "rocksdb", "Version": "3.12.6", "Leader": "AGNT-x",
                "Status": "GOOD",
            })
        );
        assert_eq!(health["AGNT-y"]["LastAckedTime"], 0.25);
        assert!(health["AGNT-y"].get("Leading").is_none());
        assert_eq!(
            (&health["AGNT-z"]["Status"], &health["AGNT-z"]["Leader"]),
            (&json!("BAD"), &json!(""))
        );
    }

    #[tokio::test]
    async fn c8_2_a_failed_server_that_leads_cannot_be_deleted_and_rubbish_is_left_out() {
        let world = World::with_servers(&["PRMR-a"], &[]);
        world.set("/arango/Supervision/Health/PRMR-a/Status", json!("FAILED"));
        let term = json!({"term": 1, "leader": {"serverId": "PRMR-a", "rebootId": 1}});
        world.set("/arango/Plan/ReplicatedLogs/d/1", json!({ "currentTerm": term }));
        world.set("/arango/Supervision/Health/PRMR-x", json!("rubbish"));
        world.set("/arango/Supervision/Health/who", json!({}));
        world.set_pool(json!({"AGNT-x": 7}));
        let (_, body) = world.coordinator("CRDN-1").ask("GET /_admin/cluster/health", None).await;
        assert_eq!(body["Health"].as_object().unwrap().len(), 1);
        assert_eq!(body["Health"]["PRMR-a"]["CanBeDeleted"], false);
    }
}
