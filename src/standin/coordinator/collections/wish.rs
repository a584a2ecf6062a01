//! What clients want of a new collection, checked, and what it is made of.

use serde_json::{Map, Value as Json, json};

use crate::agency::value::{Object, Value};
use crate::standin::coordinator::reply::{Body, bad};
use crate::standin::web::error::ApiError;
use axum::http::StatusCode;

/// Most shards of a collection.
const MOST_SHARDS: u64 = 1000;
/// Most copies of a shard.
const MOST_COPIES: u64 = 10;
/// The type of a collection of documents.
const DOCUMENTS: u64 = 2;
/// The type of a collection of edges.
pub(super) const EDGES: u64 = 3;

/// How many copies of a shard there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::standin::coordinator) enum Copies {
    /// So many.
    Number(u64),
    /// One on each DB-server.
    Everywhere,
}

impl Copies {
    /// Reads a replication factor; 0 stands for satellites, too.
    pub(in crate::standin::coordinator) fn of(value: &Json) -> Result<Self, ApiError> {
        match value {
            Json::String(text) if text == "satellite" => Ok(Self::Everywhere),
            number => match super::super::reply::whole(number) {
                Some(0) => Ok(Self::Everywhere),
                Some(number) if number <= MOST_COPIES => Ok(Self::Number(number)),
                _ => Err(bad(format!(
                    "'replicationFactor' must be from 1 to {MOST_COPIES}, or \"satellite\""
                ))),
            },
        }
    }

    /// As databases and collections with leaders have it.
    pub(in crate::standin::coordinator) fn json(self) -> Json {
        match self {
            Self::Number(number) => json!(number),
            Self::Everywhere => json!("satellite"),
        }
    }

    /// As groups have it.
    pub(super) fn number(self) -> u64 {
        match self {
            Self::Number(number) => number,
            Self::Everywhere => 0,
        }
    }
}

/// What collections of a database have unless told otherwise.
#[derive(Clone, Copy, Debug)]
pub(in crate::standin::coordinator) struct DatabaseDefaults {
    /// Copies of a shard.
    pub(in crate::standin::coordinator) copies: Copies,
    /// So many copies must have a write.
    pub(in crate::standin::coordinator) write_concern: u64,
    /// Whether all collections have one shard, on the same servers.
    pub(in crate::standin::coordinator) one_shard: bool,
}

impl DatabaseDefaults {
    /// What the Plan says of a database; what is missing or unreadable is as it is without.
    pub(in crate::standin::coordinator) fn of(database: Option<&Object>) -> Self {
        let get = |key: &str| database.and_then(|database| database.get(key));
        let copies = get("replicationFactor").and_then(|value| Copies::of(&Json::from(value)).ok());
        let number = |value: &Value| Json::from(value).as_u64();
        Self {
            copies: copies.unwrap_or(Copies::Number(1)),
            write_concern: get("writeConcern").and_then(number).unwrap_or(1),
            one_shard: get("sharding").and_then(Value::as_str) == Some("single"),
        }
    }
}

/// What a client wants of a new collection.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    /// Its name.
    pub(super) name: String,
    /// Shards.
    pub(super) shards: u64,
    /// Copies of each.
    pub(super) copies: Copies,
    /// So many copies must have a write.
    pub(super) write_concern: u64,
    /// Whether writes must be on disk.
    pub(super) wait_for_sync: bool,
    /// The name or id of the collection that its shards shall go with.
    pub(super) like: Option<String>,
    /// Whether there must be a server for each copy.
    pub(super) enforced: bool,
    kind: u64,
    is_smart: bool,
    properties: Map<String, Json>,
}

impl Wish {
    /// Reads what a client wants, for a database with these defaults.
    pub(super) fn of(body: &Body, defaults: DatabaseDefaults) -> Result<Self, ApiError> {
        let name = body.text("name")?.ok_or_else(|| illegal_name(""))?;
        let kind = body.number("type")?.unwrap_or(DOCUMENTS);
        if !(DOCUMENTS..=EDGES).contains(&kind) {
            return Err(bad("'type' must be 2 for documents or 3 for edges"));
        }
        let is_system = body.flag("isSystem")?.unwrap_or(false);
        check_name(name, is_system)?;
        let copies = body.get("replicationFactor").map(Copies::of).transpose()?;
        let copies = copies.unwrap_or(defaults.copies);
        let concern = match body.number("writeConcern")? {
            None => body.number("minReplicationFactor")?,
            given => given,
        };
        let write_concern = concern.unwrap_or(match copies {
            Copies::Number(number) => defaults.write_concern.min(number),
            Copies::Everywhere => 1,
        });
        check_write_concern(write_concern, copies)?;
        let satellite = copies == Copies::Everywhere;
        let shards = body.number("numberOfShards")?.unwrap_or(1);
        if !(1..=MOST_SHARDS).contains(&shards) {
            return Err(bad(format!("'numberOfShards' must be from 1 to {MOST_SHARDS}")));
        }
        if shards > 1 && (satellite || defaults.one_shard) {
            return Err(bad("'numberOfShards' must be 1 here"));
        }
        let is_smart = body.flag("isSmart")?.unwrap_or(false);
        Ok(Self {
            name: name.to_owned(),
            shards,
            copies,
            write_concern,
            wait_for_sync: body.flag("waitForSync")?.unwrap_or(false),
            like: body
                .text("distributeShardsLike")?
                .filter(|like| !like.is_empty())
                .map(str::to_owned),
            enforced: true,
            kind,
            is_smart,
            properties: properties(body, kind, is_system, is_smart)?,
        })
    }

    /// A system collection of a new database.
    pub(super) fn of_system(name: &str, defaults: DatabaseDefaults) -> Self {
        Self {
            name: name.to_owned(),
            shards: 1,
            copies: defaults.copies,
            write_concern: defaults.write_concern,
            wait_for_sync: false,
            like: None,
            enforced: false,
            kind: DOCUMENTS,
            is_smart: false,
            properties: common_properties(DOCUMENTS, true, false),
        }
    }

    /// So many ids it needs, without those of shards.
    pub(super) fn collections(&self) -> u64 {
        if self.is_virtual() { 4 } else { 1 }
    }

    fn is_virtual(&self) -> bool {
        self.is_smart && self.kind == EDGES
    }

    /// The collections that it is made of, numbered from `first`; the first one has shards.
    pub(super) fn drafts(&self, first: u64) -> Vec<Draft> {
        if !self.is_virtual() {
            return vec![Draft::new(first, &self.name, self.properties.clone())];
        }
        let child = |offset: u64, prefix: &str| {
            let mut properties = self.properties.clone();
            properties.insert("isSystem".to_owned(), json!(true));
            properties.insert("isSmartChild".to_owned(), json!(true));
            Draft::new(first + offset, &format!("_{prefix}_{}", self.name), properties)
        };
        let mut properties = self.properties.clone();
        let shadows: Vec<String> = (0..3).map(|offset| (first + offset).to_string()).collect();
        properties.insert("shadowCollections".to_owned(), json!(shadows));
        properties.insert("numberOfShards".to_owned(), json!(0));
        let mut visible = Draft::new(first + 3, &self.name, properties);
        visible.is_virtual = true;
        vec![child(0, "local"), child(1, "from"), child(2, "to"), visible]
    }
}

/// A collection that is about to be made.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
    /// Whether others have its shards.
    pub(super) is_virtual: bool,
    properties: Map<String, Json>,
}

impl Draft {
    fn new(id: u64, name: &str, properties: Map<String, Json>) -> Self {
        Self { id: id.to_string(), name: name.to_owned(), is_virtual: false, properties }
    }

    /// Its own properties.
    pub(super) fn entry(&self) -> Map<String, Json> {
        let mut entry = Map::new();
        entry.insert("id".to_owned(), json!(self.id));
        entry.insert("name".to_owned(), json!(self.name));
        entry.extend(self.properties.clone());
        entry
    }
}

fn illegal_name(name: &str) -> ApiError {
    let message = format!("illegal name: '{name}' is no name of a collection");
    ApiError::numbered(StatusCode::BAD_REQUEST, 1208, message)
}

fn check_name(name: &str, is_system: bool) -> Result<(), ApiError> {
    let mut characters = name.chars();
    let first = characters.next().ok_or_else(|| illegal_name(name))?;
    let good = name.len() <= 256
        && (first.is_ascii_alphabetic() || (first == '_' && is_system))
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if good { Ok(()) } else { Err(illegal_name(name)) }
}

/// Whether so many copies can be asked to have a write.
pub(super) fn check_write_concern(write_concern: u64, copies: Copies) -> Result<(), ApiError> {
    let most = match copies {
        Copies::Number(number) => number,
        Copies::Everywhere => MOST_COPIES,
    };
    if (1..=most).contains(&write_concern) {
        Ok(())
    } else {
        Err(bad(format!("'writeConcern' must be from 1 to the replication factor, {most}")))
    }
}

/// The members that a property of its own may have, besides `null`.
pub(super) fn check_property(name: &str, value: &Json) -> Result<(), ApiError> {
    let (good, wanted) = match name {
        "cacheEnabled" => (value.is_boolean(), "a bool"),
        "schema" => (value.is_object() || value.is_null(), "an object or null"),
        "computedValues" => (value.is_array() || value.is_null(), "an array or null"),
        _ => (value.is_object(), "an object"),
    };
    if good { Ok(()) } else { Err(bad(format!("'{name}' must be {wanted}"))) }
}

fn common_properties(kind: u64, is_system: bool, is_smart: bool) -> Map<String, Json> {
    let index = |id: &str, kind: &str, name: &str, field: &str, unique: bool| {
        json!({"id": id, "type": kind, "name": name, "fields": [field], "unique": unique,
            "sparse": false})
    };
    let mut indexes = vec![index("0", "primary", "primary", "_key", true)];
    if kind == EDGES {
        indexes.push(index("1", "edge", "edge_from", "_from", false));
        indexes.push(index("2", "edge", "edge_to", "_to", false));
    }
    let properties = json!({
        "type": kind, "isSystem": is_system, "isSmart": is_smart, "isDisjoint": false,
        "cacheEnabled": false, "schema": null, "computedValues": null, "indexes": indexes,
        "shardKeys": ["_key"], "shardingStrategy": "hash",
        "keyOptions": {"type": "traditional", "allowUserKeys": true},
    });
    match properties {
        Json::Object(properties) => properties,
        _ => Map::new(),
    }
}

/// The properties of its own that a client wants for a collection, and defaults.
fn properties(
    body: &Body,
    kind: u64,
    is_system: bool,
    is_smart: bool,
) -> Result<Map<String, Json>, ApiError> {
    let mut properties = common_properties(kind, is_system, is_smart);
    for name in ["cacheEnabled", "schema", "computedValues", "keyOptions"] {
        if let Some(value) = body.get(name) {
            check_property(name, value)?;
            properties.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(disjoint) = body.flag("isDisjoint")? {
        properties.insert("isDisjoint".to_owned(), json!(disjoint));
    }
    if let Some(keys) = body.texts("shardKeys")? {
        if keys.is_empty() || keys.len() > 8 || keys.iter().any(|key| key.is_empty()) {
            return Err(bad("'shardKeys' must be 1 to 8 names of attributes"));
        }
        properties.insert("shardKeys".to_owned(), json!(keys));
    }
    for name in ["shardingStrategy", "smartGraphAttribute", "smartJoinAttribute"] {
        if let Some(text) = body.text(name)?.filter(|text| !text.is_empty()) {
            properties.insert(name.to_owned(), json!(text));
        }
    }
    Ok(properties)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(json: Json) -> Result<Wish, ApiError> {
        let Json::Object(members) = json else { panic!("not an object") };
        Wish::of(&Body::from(members), DatabaseDefaults::of(None))
    }

    #[test]
    fn c6_2_a_plain_wish_has_defaults() {
        let wish = wish(json!({"name": "c"})).unwrap();
        assert_eq!((wish.shards, wish.copies, wish.write_concern), (1, Copies::Number(1), 1));
        let drafts = wish.drafts(7);
        assert_eq!(drafts.len(), 1);
        assert_eq!(
            Json::Object(drafts[0].entry()),
            json!({
                "id": "7", "name": "c", "type": 2, "isSystem": false, "isSmart": false,
                "isDisjoint": false, "cacheEnabled": false, "schema": null, "computedValues": null,
                "indexes": [{"id": "0", "type": "primary", "name": "primary", "fields": ["_key"],
                    "unique": true, "sparse": false}],
                "shardKeys": ["_key"], "shardingStrategy": "hash",
                "keyOptions": {"type": "traditional", "allowUserKeys": true},
            })
        );
    }

    #[test]
    fn s56_smart_edges_have_three_hidden_collections() {
        let drafts = wish(json!({"name": "e", "type": 3, "isSmart": true})).unwrap().drafts(7);
        let names: Vec<_> = drafts.iter().map(|draft| (&*draft.name, &*draft.id)).collect();
        assert_eq!(names, [("_local_e", "7"), ("_from_e", "8"), ("_to_e", "9"), ("e", "10")]);
        let visible = Json::Object(drafts[3].entry());
        assert_eq!(visible["shadowCollections"], json!(["7", "8", "9"]));
        assert_eq!((&visible["numberOfShards"], &visible["isSmart"]), (&json!(0), &json!(true)));
        let local = Json::Object(drafts[0].entry());
        assert_eq!((&local["isSmartChild"], &local["isSystem"]), (&json!(true), &json!(true)));
        assert!(local.get("shadowCollections").is_none());
        assert_eq!(local["indexes"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn wishes_that_make_no_sense_are_refused() {
        for json in [
            json!({}),
            json!({"name": 1}),
            json!({"name": ""}),
            json!({"name": "1a"}),
            json!({"name": "_a"}),
            json!({"name": "a/b"}),
            json!({"name": "a".repeat(257)}),
            json!({"name": "c", "type": 4}),
            json!({"name": "c", "type": "edge"}),
            json!({"name": "c", "numberOfShards": 0}),
            json!({"name": "c", "numberOfShards": 1001}),
            json!({"name": "c", "numberOfShards": "3"}),
            json!({"name": "c", "replicationFactor": 11}),
            json!({"name": "c", "replicationFactor": "all"}),
            json!({"name": "c", "writeConcern": 2}),
            json!({"name": "c", "writeConcern": 0}),
            json!({"name": "c", "replicationFactor": -1}),
            json!({"name": "c", "numberOfShards": 2, "replicationFactor": "satellite"}),
            json!({"name": "c", "schema": 1}),
            json!({"name": "c", "keyOptions": []}),
            json!({"name": "c", "shardKeys": []}),
            json!({"name": "c", "shardKeys": "a"}),
            json!({"name": "c", "isSmart": 1}),
            json!({"name": "c", "distributeShardsLike": 1}),
            json!({"name": "c", "computedValues": {}}),
            json!({"name": "c", "cacheEnabled": 1}),
        ] {
            assert!(wish(json.clone()).is_err(), "{json}");
        }
        assert!(wish(json!({"name": "_a", "isSystem": true})).is_ok());
        let satellite = wish(json!({"name": "c", "replicationFactor": "satellite"})).unwrap();
        assert_eq!((satellite.copies, satellite.write_concern), (Copies::Everywhere, 1));
    }
}
