//! Properties that can be changed.

use serde_json::{Value as Json, json};

use super::find::{Found, all, find};
use super::wish::{Copies, DatabaseDefaults, check_property, check_write_concern};
use super::{ATTEMPTS, show, with_leaders, with_logs};
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::{available_db_servers, has_logs};
use crate::standin::coordinator::reply::{Body, bad, ok, precondition_failed, timed_out};
use crate::standin::model::{Transaction, Tree, paths};
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

/// Own properties that can be changed.
const OWN: [&str; 3] = ["cacheEnabled", "schema", "computedValues"];

/// What a client wants to be changed.
#[derive(Clone, Debug, Default)]
struct Change {
    own: Vec<(&'static str, Json)>,
    copies: Option<Copies>,
    write_concern: Option<u64>,
    wait_for_sync: Option<bool>,
}

impl Change {
    fn of(body: &Body) -> Result<Self, ApiError> {
        let mut own = Vec::new();
        for name in OWN.into_iter().filter(|name| body.has(name)) {
            let value = body.get(name).cloned().unwrap_or_default();
            check_property(name, &value)?;
            own.push((name, value));
        }
        let concern = match body.number("writeConcern")? {
            None => body.number("minReplicationFactor")?,
            given => given,
        };
        Ok(Self {
            own,
            copies: body.get("replicationFactor").map(Copies::of).transpose()?,
            write_concern: concern,
            wait_for_sync: body.flag("waitForSync")?,
        })
    }

    /// Whether the change fits the collection.
    fn check(&self, tree: &Tree, collection: &Found) -> Result<(), ApiError> {
        if self.copies.is_none() && self.write_concern.is_none() {
            return Ok(());
        }
        if collection.prototype(tree).is_some() {
            let message = "'replicationFactor' and 'writeConcern' are those of the collection that \
                           this one is distributed like";
            return Err(bad(message));
        }
        let shown = show::properties(tree, collection);
        let copies = shown.get("replicationFactor").and_then(|value| Copies::of(value).ok());
        let known = copies.unwrap_or(DatabaseDefaults::of(None).copies);
        let wanted = self.copies.unwrap_or(known);
        if (wanted == Copies::Everywhere) != (known == Copies::Everywhere) {
            return Err(bad("a collection cannot become a satellite, nor stop to be one"));
        }
        if let Copies::Number(number) = wanted
            && wanted != known
            && number > available_db_servers(tree).len() as u64
        {
            return Err(bad(format!("there are not {number} DB-servers available")));
        }
        let concern = shown.get("writeConcern").and_then(Json::as_u64).unwrap_or(1);
        check_write_concern(self.write_concern.unwrap_or(concern), wanted)
    }
}

impl Coordinator {
    /// `PUT /_api/collection/<name>/properties`.
    pub(super) async fn change_properties(&self, call: &Call, name: &str) -> Answer {
        let change = Change::of(&Body::of(call).await?)?;
        let database = &*call.database;
        for _ in 0..ATTEMPTS {
            let seen = self.view().index();
            let tree = self.view().tree();
            let collection = find(&tree, database, name)?;
            change.check(&tree, &collection)?;
            let group = collection.group().zip(collection.group_target(&tree));
            let (transaction, awaited) = match group {
                Some((group, target)) if has_logs(&tree, database) => {
                    let mut attributes = Vec::new();
                    attributes
                        .extend(change.copies.map(|c| ("replicationFactor", json!(c.number()))));
                    attributes.extend(change.write_concern.map(|n| ("writeConcern", json!(n))));
                    attributes.extend(change.wait_for_sync.map(|f| ("waitForSync", json!(f))));
                    let mut ids: Vec<String> =
                        collection.shadows().into_iter().map(str::to_owned).collect();
                    ids.push(collection.id.clone());
                    let (transaction, version) =
                        with_logs::change(database, group, target, &attributes, &change.own, &ids);
                    (transaction, Some((group, version)))
                }
                _ => (planned(&tree, database, &collection, &change), None),
            };
            if self.write(transaction).await? {
                let reached = |tree: &Tree| match awaited {
                    Some((group, version)) => {
                        (with_logs::reached(tree, database, group) >= Some(version)).then_some(())
                    }
                    None => Some(()),
                };
                if self.wait_for(self.settings.made, reached).await.is_none() {
                    return Err(timed_out(format!("'{name}' is not as wanted in time")));
                }
                let tree = self.view().tree();
                return ok(show::properties(&tree, &find(&tree, database, &collection.id)?).into());
            }
            self.newer_than(seen).await;
        }
        Err(precondition_failed(format!("others change '{name}' all the time")))
    }
}

/// The change of collections with leaders; those that are distributed like it change, too.
fn planned(tree: &Tree, database: &str, collection: &Found, change: &Change) -> Transaction {
    let mut transaction = Transaction::new();
    let own = |mut transaction: Transaction, id: &str| {
        let path = with_leaders::plan_path(database, id);
        for (name, value) in &change.own {
            transaction = transaction.set(format!("{path}/{name}"), value);
        }
        if let Some(wait) = change.wait_for_sync {
            transaction = transaction.set(format!("{path}/waitForSync"), wait);
        }
        transaction.when_there(path)
    };
    transaction = own(transaction, &collection.id);
    for id in collection.shadows() {
        transaction = own(transaction, id);
    }
    let shadows = collection.shadows();
    let goes_with = |other: &Found| {
        let like = other.prototype(tree);
        let like = like.as_deref();
        other.id == collection.id
            || shadows.contains(&&*other.id)
            || like.is_some_and(|like| like == collection.id || shadows.contains(&like))
    };
    for other in all(tree, database).iter().filter(|other| goes_with(other)) {
        let path = with_leaders::plan_path(database, &other.id);
        if let Some(copies) = change.copies {
            transaction = transaction.set(format!("{path}/replicationFactor"), copies.json());
        }
        if let Some(concern) = change.write_concern {
            transaction = transaction
                .set(format!("{path}/writeConcern"), concern)
                .set(format!("{path}/minReplicationFactor"), concern);
        }
    }
    transaction.increment(paths::PLAN_VERSION)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{db_servers, supervision, world};
    use super::*;

    const CREATE: &str = "POST /_db/d/_api/collection";
    const CHANGE: &str = "PUT /_db/d/_api/collection/a/properties";

    #[tokio::test]
    async fn s54_properties_are_changed_in_the_group() {
        let world = world("2");
        let coordinator = world.coordinator("CRDN-1");
        let ask = async |request: &str, body: Json| {
            world.while_playing(supervision, coordinator.ask(request, Some(body))).await
        };
        ask(CREATE, json!({"name": "a"})).await;
        ask(CREATE, json!({"name": "b", "distributeShardsLike": "a"})).await;
        let body = json!({"replicationFactor": 3, "writeConcern": 2, "waitForSync": true, "cacheEnabled": true,
            "schema": {"rule": {}}});
        let (status, answer) = ask(CHANGE, body.clone()).await;
        assert_eq!(status, 200, "{answer}");
        for (name, value) in body.as_object().unwrap() {
            assert_eq!(answer[name], *value, "{name}");
        }
        let groups = world.json("/arango/Target/CollectionGroups/d");
        let group = groups.as_object().unwrap().values().next().unwrap();
        assert_eq!(group["version"], 3);
        let mutable = json!({"replicationFactor": 3, "waitForSync": true, "writeConcern": 2});
        assert_eq!(group["attributes"]["mutable"], mutable);
        let other =
            ask("PUT /_db/d/_api/collection/b/properties", json!({"replicationFactor": 2})).await;
        assert_eq!(other.0, 400);
        let other =
            ask("PUT /_db/d/_api/collection/b/properties", json!({"cacheEnabled": true})).await;
        assert_eq!((other.0, &other.1["replicationFactor"]), (200, &json!(3)));
        let (_, answer) = ask(CHANGE, json!({"schema": null})).await;
        assert_eq!(answer["schema"], Json::Null);
        assert_eq!(coordinator.status(CHANGE, Some(json!({"waitForSync": false}))).await, 408);
    }

    #[tokio::test]
    async fn c6_2_properties_are_changed_in_the_plan() {
        let world = world("1");
        let coordinator = world.coordinator("CRDN-1");
        let ask = async |request: &str, body: Json| {
            world.while_playing(db_servers, coordinator.ask(request, Some(body))).await
        };
        ask(CREATE, json!({"name": "a"})).await;
        ask(CREATE, json!({"name": "b", "distributeShardsLike": "a"})).await;
        let [_, plan, _] = world.versions();
        let body = json!({"replicationFactor": 2, "writeConcern": 2, "waitForSync": true});
        let (status, answer) = ask(CHANGE, body.clone()).await;
        assert_eq!((status, world.versions()[1]), (200, plan + 1), "{answer}");
        for (name, value) in body.as_object().unwrap() {
            assert_eq!(answer[name], *value, "{name}");
        }
        let other = coordinator.ask("GET /_db/d/_api/collection/b/properties", None).await.1;
        assert_eq!(
            (&other["replicationFactor"], &other["waitForSync"]),
            (&json!(2), &json!(false))
        );
    }

    #[tokio::test]
    async fn c6_changes_that_make_no_sense_change_nothing() {
        for (version, play) in [("1", db_servers as fn(&Tree) -> _), ("2", supervision)] {
            let world = world(version);
            let coordinator = world.coordinator("CRDN-1");
            let create = coordinator.ask(CREATE, Some(json!({"name": "a"})));
            world.while_playing(play, create).await;
            let before = world.json("/arango");
            for body in [
                json!([]),
                json!({"replicationFactor": 4}),
                json!({"replicationFactor": "satellite"}),
                json!({"replicationFactor": 0}),
                json!({"replicationFactor": "2"}),
                json!({"writeConcern": 2}),
                json!({"writeConcern": 0}),
                json!({"writeConcern": "1"}),
                json!({"waitForSync": 1}),
                json!({"schema": 1}),
                json!({"cacheEnabled": null}),
                json!({"computedValues": {}}),
            ] {
                assert_eq!(coordinator.status(CHANGE, Some(body.clone())).await, 400, "{body}");
            }
            assert_eq!(world.json("/arango"), before);
            let nope = "PUT /_db/d/_api/collection/nope/properties";
            assert_eq!(coordinator.status(nope, Some(json!({}))).await, 404);
        }
    }
}
