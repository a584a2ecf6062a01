//! What clients are told of collections.

use serde_json::{Map, Value as Json, json};

use super::find::{Found, all, find};
use crate::agency::value::Value;
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::member;
use crate::standin::coordinator::reply::{self, ok};
use crate::standin::model::Tree;
use crate::standin::web::answer::Answer;
use crate::standin::web::service::Call;

/// Properties that are shown as the Plan has them.
const OWN: [&str; 14] = [
    "cacheEnabled",
    "computedValues",
    "isDisjoint",
    "isSmart",
    "isSmartChild",
    "keyOptions",
    "schema",
    "shadowCollections",
    "shardKeys",
    "shardingStrategy",
    "smartGraphAttribute",
    "smartJoinAttribute",
    "syncByRevision",
    "internalValidatorType",
];

impl Coordinator {
    /// `GET /_api/collection`.
    pub(super) fn list_collections(&self, call: &Call) -> Answer {
        let without_system = call.flag("excludeSystem", false);
        let mut collections = all(&self.view().tree(), &call.database);
        collections.retain(|collection| !(without_system && collection.is("isSystem")));
        collections.sort_by(|a, b| a.name.cmp(&b.name));
        reply::result(collections.iter().map(|c| Json::Object(basics(c))).collect::<Vec<_>>())
    }

    /// `GET /_api/collection/<name>`.
    pub(super) fn show_collection(&self, call: &Call, name: &str) -> Answer {
        ok(basics(&find(&self.view().tree(), &call.database, name)?).into())
    }

    /// `GET /_api/collection/<name>/properties`.
    pub(super) fn show_properties(&self, call: &Call, name: &str) -> Answer {
        let tree = self.view().tree();
        ok(properties(&tree, &find(&tree, &call.database, name)?).into())
    }

    /// `GET /_api/collection/<name>/shards`.
    pub(super) fn show_shards(&self, call: &Call, name: &str) -> Answer {
        let tree = self.view().tree();
        let collection = find(&tree, &call.database, name)?;
        let mut shown = properties(&tree, &collection);
        let shards = collection.entry.get("shards").and_then(Value::as_object);
        let shards = shards.into_iter().flat_map(|shards| shards.iter());
        let shards = if call.flag("details", false) {
            Json::Object(
                shards.map(|(shard, servers)| (shard.to_string(), servers.into())).collect(),
            )
        } else {
            shards.map(|(shard, _)| json!(&**shard)).collect()
        };
        shown.insert("shards".to_owned(), shards);
        ok(shown.into())
    }
}

/// What is told of a collection in any case.
fn basics(collection: &Found) -> Map<String, Json> {
    let kind = collection.entry.get("type").map(Json::from);
    let shown = json!({
        "id": collection.id,
        "name": collection.name,
        "status": 3,
        "type": kind.unwrap_or_else(|| json!(2)),
        "isSystem": collection.is("isSystem"),
        "globallyUniqueId": format!("c{}/", collection.id),
    });
    match shown {
        Json::Object(shown) => shown,
        _ => Map::new(),
    }
}

/// All that is told of a collection.
pub(super) fn properties(tree: &Tree, collection: &Found) -> Map<String, Json> {
    let mut shown = basics(collection);
    shown.insert("statusString".to_owned(), json!("loaded"));
    for name in OWN {
        if let Some(value) = collection.entry.get(name) {
            shown.insert(name.to_owned(), value.into());
        }
    }
    shown.extend(distribution(tree, collection));
    if let Some(like) = collection.prototype(tree) {
        let database = all(tree, collection.database());
        let name = database.into_iter().find(|other| other.id == like).map(|other| other.name);
        shown.insert("distributeShardsLike".to_owned(), json!(name.unwrap_or(like)));
    }
    shown
}

/// How a collection is distributed: as its group says, or else the Plan.
fn distribution(tree: &Tree, collection: &Found) -> Map<String, Json> {
    let group = collection.group_target(tree).and_then(|group| member(group, "attributes"));
    let attribute = |kind: &str, name: &str| {
        let value = match group {
            Some(attributes) => member(member(attributes, kind)?, name)?,
            None => collection.entry.get(name)?,
        };
        Some(Json::from(value))
    };
    let mut shown = Map::new();
    for name in ["writeConcern", "replicationFactor", "waitForSync"] {
        if let Some(value) = attribute("mutable", name) {
            shown.insert(name.to_owned(), value);
        }
    }
    if shown.get("replicationFactor") == Some(&json!(0)) {
        shown.insert("replicationFactor".to_owned(), json!("satellite"));
    }
    if let Some(concern) = shown.get("writeConcern").cloned() {
        shown.insert("minReplicationFactor".to_owned(), concern);
    }
    // a collection that others have the shards of says so itself
    let own = collection.entry.get("numberOfShards").map(Json::from);
    if let Some(shards) = own.or_else(|| attribute("immutable", "numberOfShards")) {
        shown.insert("numberOfShards".to_owned(), shards);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::super::testing::world;
    use super::*;

    #[tokio::test]
    async fn c6_2_collections_are_listed_and_shown() {
        let world = world("2");
        let coordinator = world.coordinator("CRDN-1");
        let shards = json!({"s11": ["PRMR-b", "PRMR-a"], "s12": ["PRMR-c", "PRMR-a"]});
        world.set("/arango/Plan/Collections/d", json!({
            "7": {"id": "7", "name": "c", "type": 3, "groupId": 5, "isSystem": false, "shards": shards,
                "shardKeys": ["x"], "schema": null},
            "8": {"id": "8", "name": "_s", "type": 2, "isSystem": true, "numberOfShards": 4},
            "9": {"id": "9", "name": "making", "isBuilding": true},
            "10": "rubbish",
        }));
        world.set(
            "/arango/Target/CollectionGroups/d/5",
            json!({"leader": "7", "attributes": {
            "mutable": {"writeConcern": 2, "replicationFactor": 3, "waitForSync": true},
            "immutable": {"numberOfShards": 2}}}),
        );
        let basics = json!({"id": "7", "name": "c", "status": 3, "type": 3, "isSystem": false,
            "globallyUniqueId": "c7/"});
        let names = async |request: &str| {
            let (status, body) = coordinator.ask(request, None).await;
            assert_eq!(status, 200);
            let result = body["result"].as_array().unwrap().clone();
            result.iter().map(|c| c["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("GET /_db/d/_api/collection").await, ["_s", "c"]);
        assert_eq!(names("GET /_db/d/_api/collection?excludeSystem=true").await, ["c"]);
        let (_, list) =
            coordinator.ask("GET /_db/d/_api/collection?excludeSystem=true", None).await;
        assert_eq!(list["result"], json!([basics]));
        let with = |more: Json| {
            let mut shown = basics.clone();
            shown["error"] = json!(false);
            shown["code"] = json!(200);
            shown.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            shown
        };
        let properties = json!({"statusString": "loaded", "schema": null, "shardKeys": ["x"],
            "writeConcern": 2, "minReplicationFactor": 2, "replicationFactor": 3, "waitForSync": true,
            "numberOfShards": 2});
        let mut details = properties.clone();
        details["shards"] = shards;
        let mut names = properties.clone();
        names["shards"] = json!(["s11", "s12"]);
        for (path, expected) in [
            ("c", with(json!({}))),
            ("7", with(json!({}))),
            ("c/properties", with(properties)),
            ("c/shards", with(names)),
            ("c/shards?details=true", with(details)),
        ] {
            let (status, body) =
                coordinator.ask(&format!("GET /_db/d/_api/collection/{path}"), None).await;
            assert_eq!((status, body), (200, expected), "{path}");
        }
    }

    #[tokio::test]
    async fn c6_what_needs_documents_is_refused_with_a_clear_text() {
        let world = world("1");
        let coordinator = world.coordinator("CRDN-1");
        world.set("/arango/Plan/Collections/d/7", json!({"name": "c"}));
        for (request, status, number) in [
            ("GET /_db/d/_api/collection/c/count", 501, 9),
            ("GET /_db/d/_api/collection/c/figures", 501, 9),
            ("PUT /_db/d/_api/collection/c/truncate", 501, 9),
            ("GET /_db/d/_api/collection/x/count", 404, 1203),
            ("GET /_db/d/_api/collection/x", 404, 1203),
            ("GET /_db/d/_api/collection/x/properties", 404, 1203),
            ("GET /_db/d/_api/collection/x/shards", 404, 1203),
            ("PUT /_db/d/_api/collection", 405, 405),
            ("PUT /_db/d/_api/collection/c", 405, 405),
            ("DELETE /_db/d/_api/collection/c/properties", 405, 405),
            ("GET /_db/d/_api/document/c/1", 501, 9),
            ("POST /_db/d/_api/cursor", 501, 9),
            ("GET /_db/d/_api/foxx", 403, 403),
        ] {
            let (code, body) = coordinator.ask(request, None).await;
            assert_eq!((code, &body["errorNum"]), (status, &json!(number)), "{request}");
            let text = body["errorMessage"].as_str().unwrap();
            assert!(status != 501 || text.contains("stores no documents"), "{text}");
        }
    }
}
