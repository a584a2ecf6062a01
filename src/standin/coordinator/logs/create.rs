//! New logs.

use rand::seq::SliceRandom;
use serde_json::{Value as Json, json};

use super::current;
use crate::agency::de::from_value;
use crate::agency::value::Value;
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::{is_key, member, server_id};
use crate::standin::coordinator::reply::{self, Body, bad, precondition_failed, timed_out};
use crate::standin::model::log::{Flags, Implementation, LogTarget, Properties, TargetConfig};
use crate::standin::model::{ServerId, Transaction, Tree, paths};
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

/// So many servers a log has, if there are so many and nothing else is wanted.
const SERVERS: usize = 3;
/// So many servers must have a write, if nothing else is wanted.
const WRITE_CONCERN: u64 = 2;

/// What a client wants of a new log.
#[derive(Debug, Default)]
struct Wish {
    id: Option<u64>,
    leader: Option<ServerId>,
    servers: Vec<ServerId>,
    number_of_servers: Option<usize>,
    write_concern: Option<u64>,
    soft_write_concern: Option<u64>,
    wait_for_sync: bool,
    implementation: Option<Implementation>,
    wait_for_ready: bool,
}

impl Wish {
    fn of(body: &Body, tree: &Tree) -> Result<Self, ApiError> {
        let server = |name: &str| {
            let id = server_id(tree, name);
            if is_key(&id) { Ok(id) } else { Err(bad(format!("'{name}' is no server"))) }
        };
        let config = body.object("config")?.unwrap_or_default();
        let mut servers = Vec::new();
        for name in body.texts("servers")?.unwrap_or_default() {
            let id = server(name)?;
            if !servers.contains(&id) {
                servers.push(id);
            }
        }
        let given = (!servers.is_empty()).then_some(servers.len());
        let leader = body.text("leader")?.map(server).transpose()?;
        servers.extend(leader.clone().filter(|leader| !servers.contains(leader)));
        let number = body.number("numberOfServers")?;
        let number = number.map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        Ok(Self {
            id: body.number("id")?,
            leader,
            servers,
            number_of_servers: number.or(given),
            write_concern: config.number("writeConcern")?,
            soft_write_concern: config.number("softWriteConcern")?,
            wait_for_sync: config.flag("waitForSync")?.unwrap_or(false),
            implementation: body.get("spec").map(implementation).transpose()?,
            wait_for_ready: body.flag("waitForReady")?.unwrap_or(true),
        })
    }

    /// The servers of the log; those that the client left open come from `available`, in that
    /// order.
    fn participants(&self, available: Vec<ServerId>) -> Result<Vec<ServerId>, ApiError> {
        let mut chosen = self.servers.clone();
        let mut others = available;
        others.retain(|id| !chosen.contains(id));
        let most = chosen.len() + others.len();
        let wanted = match self.number_of_servers {
            Some(wanted) if wanted > most => {
                return Err(bad(format!("there are only {most} servers, not {wanted}")));
            }
            Some(wanted) => wanted,
            None => SERVERS.min(most),
        };
        chosen.extend(others.into_iter().take(wanted.saturating_sub(chosen.len())));
        if chosen.is_empty() { Err(bad("a log needs a server at least")) } else { Ok(chosen) }
    }

    fn target(self, id: u64, servers: &[ServerId]) -> LogTarget {
        let count = servers.len() as u64;
        let write_concern = self.write_concern.unwrap_or(WRITE_CONCERN.min(count));
        let black_hole = || Implementation {
            kind: "black-hole".to_owned(),
            parameters: Some(Value::from(json!({}))),
        };
        LogTarget {
            id,
            version: Some(1),
            leader: self.leader,
            owner: None,
            participants: servers.iter().map(|id| (id.clone(), Flags::default())).collect(),
            config: TargetConfig {
                write_concern,
                soft_write_concern: Some(self.soft_write_concern.unwrap_or(count)),
                wait_for_sync: self.wait_for_sync,
            },
            properties: Properties {
                implementation: self.implementation.unwrap_or_else(black_hole),
            },
            supervision: None,
        }
    }
}

fn implementation(spec: &Json) -> Result<Implementation, ApiError> {
    let read = from_value(&Value::from(spec.clone()));
    read.map_err(|error| bad(format!("'spec' is no implementation of a log: {error}")))
}

impl Coordinator {
    /// `POST /_api/log`.
    pub(super) async fn create_log(&self, call: &Call) -> Answer {
        let body = Body::or_empty(call).await?;
        let tree = self.view().tree();
        let wish = Wish::of(&body, &tree)?;
        let mut available: Vec<ServerId> =
            tree.children("/arango/Current/DBServers").map(|(id, _)| id.into()).collect();
        available.shuffle(&mut rand::rng());
        let servers = wish.participants(available)?;
        let id = match wish.id {
            Some(id) => id,
            None => self.unique_id().await?,
        };
        let waits = wish.wait_for_ready;
        let path = paths::target_log(&call.database, &id.to_string());
        let transaction = Transaction::new()
            .set(&*path, wish.target(id, &servers))
            .increment(paths::TARGET_VERSION)
            .when_missing(&*path)
            .when_there(format!("/arango/Plan/Databases/{}", call.database));
        if !self.write(transaction).await? {
            return Err(precondition_failed(format!("there is a replicated log {id} already")));
        }
        if waits {
            let ready = |tree: &Tree| (reached(tree, &call.database, id) >= Some(1)).then_some(());
            if self.wait_for(self.settings.made, ready).await.is_none() {
                return Err(timed_out(format!("replicated log {id} is not ready in time")));
            }
        }
        reply::result(json!({ "id": id, "servers": servers }))
    }
}

/// The version of a log's Target that the supervision has reached.
fn reached(tree: &Tree, database: &str, id: u64) -> Option<u64> {
    let supervision = member(current(tree, database, id)?, "supervision")?;
    from_value(member(supervision, "targetVersion")?).ok()
}

#[cfg(test)]
mod tests {
    use super::super::testing::world;
    use super::*;
    use crate::standin::coordinator::testing::World;
    use crate::standin::model::log::Participants;

    const CREATE: &str = "POST /_db/d/_api/log";

    /// The supervision, as far as it reaches what is wanted.
    fn supervision(tree: &Tree) -> Option<Transaction> {
        let logs = tree.children("/arango/Target/ReplicatedLogs/d");
        let mut open = logs.filter(|(id, _)| {
            let reached =
                tree.number(&format!("{}/supervision/targetVersion", paths::current_log("d", id)));
            reached.is_none()
        });
        let (id, _) = open.next()?;
        let path = format!("{}/supervision/targetVersion", paths::current_log("d", id));
        Some(Transaction::new().set(path, 1))
    }

    async fn create(world: &World, body: Json) -> (u16, Json) {
        let coordinator = world.coordinator("CRDN-1");
        world.while_playing(supervision, coordinator.ask(CREATE, Some(body))).await
    }

    #[tokio::test]
    async fn s60_creation_returns_when_the_log_is_ready() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        let [target, plan, current] = world.versions();
        let body = json!({"id": 12});
        assert_eq!(coordinator.status(CREATE, Some(body)).await, 408);
        assert_eq!(world.versions(), [target + 1, plan, current]);
        let (status, body) = create(&world, json!({})).await;
        let id = body["result"]["id"].as_u64().unwrap();
        assert_eq!((status, &body["error"], &body["code"]), (200, &json!(false), &json!(200)));
        let mut servers: Vec<String> =
            serde_json::from_value(body["result"]["servers"].clone()).unwrap();
        servers.sort();
        assert_eq!(servers, ["PRMR-a", "PRMR-b", "PRMR-c"]);
        let flags = json!({"forced": false, "allowedInQuorum": true, "allowedAsLeader": true});
        assert_eq!(
            world.json(&paths::target_log("d", &id.to_string())),
            json!({
                "id": id, "version": 1,
                "participants": {"PRMR-a": flags, "PRMR-b": flags, "PRMR-c": flags},
                "config": {"writeConcern": 2, "softWriteConcern": 3, "waitForSync": false},
                "properties": {"implementation": {"type": "black-hole", "parameters": {}}},
            })
        );
    }

    #[tokio::test]
    async fn c4_11_creation_does_not_wait_if_it_need_not() {
        let world = world();
        let coordinator = world.coordinator("CRDN-1");
        let body = json!({"id": 7, "waitForReady": false});
        let (status, answer) = coordinator.ask(CREATE, Some(body.clone())).await;
        assert_eq!((status, &answer["result"]["id"]), (200, &json!(7)));
        let before = world.json("/arango/Target");
        assert_eq!(coordinator.status(CREATE, Some(body)).await, 412);
        assert_eq!(world.json("/arango/Target"), before);
    }

    #[tokio::test]
    async fn c4_11_all_options_of_creation() {
        for (body, participants, config, leader) in [
            (json!({"numberOfServers": 1}), None, [1, 1], None),
            (json!({"numberOfServers": 2}), None, [2, 2], None),
            (json!({"servers": ["PRMR-a"]}), Some(vec!["PRMR-a"]), [1, 1], None),
            (
                json!({"servers": ["DBServer0002", "PRMR-b", "PRMR-x"]}),
                Some(vec!["PRMR-b", "PRMR-x"]),
                [2, 2],
                None,
            ),
            (
                json!({"leader": "DBServer0003"}),
                Some(vec!["PRMR-a", "PRMR-b", "PRMR-c"]),
                [2, 3],
                Some("PRMR-c"),
            ),
            (
                json!({"leader": "PRMR-c", "servers": ["PRMR-a"]}),
                Some(vec!["PRMR-a", "PRMR-c"]),
                [2, 2],
                Some("PRMR-c"),
            ),
            (
                json!({"leader": "PRMR-c", "servers": ["PRMR-a"], "numberOfServers": 1}),
                Some(vec!["PRMR-a", "PRMR-c"]),
                [2, 2],
                Some("PRMR-c"),
            ),
            (
                json!({"leader": "PRMR-c", "numberOfServers": 3}),
                Some(vec!["PRMR-a", "PRMR-b", "PRMR-c"]),
                [2, 3],
                Some("PRMR-c"),
            ),
            (
                json!({"config": {"writeConcern": 3, "softWriteConcern": 3, "waitForSync": true}}),
                Some(vec!["PRMR-a", "PRMR-b", "PRMR-c"]),
                [3, 3],
                None,
            ),
            (
                json!({"config": {"writeConcern": 1}, "spec": {"type": "document"}}),
                Some(vec!["PRMR-a", "PRMR-b", "PRMR-c"]),
                [1, 3],
                None,
            ),
        ] {
            let world = world();
            let (status, answer) = create(&world, body.clone()).await;
            assert_eq!(status, 200, "{body} {answer}");
            let id = answer["result"]["id"].as_u64().unwrap();
            let tree = world.tree();
            let target: LogTarget =
                tree.read(&paths::target_log("d", &id.to_string())).unwrap().unwrap();
            let keys = |participants: &Participants| -> Vec<String> {
                participants.keys().map(|id| id.to_string()).collect()
            };
            if let Some(participants) = participants {
                assert_eq!(keys(&target.participants), participants, "{body}");
            }
            assert_eq!(Some(config[1]), target.config.soft_write_concern, "{body}");
            assert_eq!(target.config.write_concern, config[0], "{body}");
            assert_eq!(target.leader.as_deref(), leader, "{body}");
            let wanted = body["config"]["waitForSync"].as_bool().unwrap_or(false);
            assert_eq!(target.config.wait_for_sync, wanted, "{body}");
            let kind = body["spec"]["type"].as_str().unwrap_or("black-hole");
            assert_eq!(target.properties.implementation.kind, kind, "{body}");
        }
    }

    #[tokio::test]
    async fn c4_11_creation_refuses_what_it_does_not_understand() {
        let world = world();
        let before = world.json("/arango/Target");
        let coordinator = world.coordinator("CRDN-1");
        for body in [
            json!([]),
            json!("x"),
            json!({"id": "7"}),
            json!({"id": -7}),
            json!({"config": 3}),
            json!({"config": {"writeConcern": "2"}}),
            json!({"config": {"waitForSync": 1}}),
            json!({"servers": "PRMR-a"}),
            json!({"servers": [1]}),
            json!({"servers": ["a/b"]}),
            json!({"servers": [""]}),
            json!({"leader": 1}),
            json!({"leader": "x/y"}),
            json!({"numberOfServers": 4}),
            json!({"numberOfServers": "3"}),
            json!({"numberOfServers": 0}),
            json!({"spec": "black-hole"}),
            json!({"spec": {}}),
            json!({"spec": {"type": "document", "x": 1}}),
            json!({"waitForReady": "no"}),
        ] {
            assert_eq!(coordinator.status(CREATE, Some(body.clone())).await, 400, "{body}");
        }
        assert_eq!(world.json("/arango/Target"), before);
        let empty = World::bootstrapped();
        empty.add_database("d", "2");
        assert_eq!(empty.coordinator("CRDN-1").status(CREATE, None).await, 400);
    }
}
