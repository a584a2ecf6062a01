//! Collections as the tree describes them.
//!
//! A collection has many properties that mean nothing here; they are kept as they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ServerId;
use crate::agency::value::Value;

/// The id of a collection, a number in decimal digits.
pub(in crate::standin) type CollectionId = Arc<str>;
/// The id of a shard, `s` and a number.
pub(in crate::standin) type ShardId = Arc<str>;
/// The servers of each shard, the leader first.
pub(in crate::standin) type Shards = BTreeMap<ShardId, Vec<ServerId>>;

/// The type of a collection of edges.
pub(in crate::standin) const EDGE: u64 = 3;

/// A collection: `Target|Plan/Collections/<database>/<id>`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::standin) struct Collection {
    /// The group that it belongs to; none where shards are not replicated by logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) group_id: Option<u64>,
    /// Its id.
    pub(in crate::standin) id: CollectionId,
    /// Its name.
    pub(in crate::standin) name: Arc<str>,
    /// 2 for documents, 3 for edges.
    #[serde(rename = "type")]
    pub(in crate::standin) kind: u64,
    /// Its indexes.
    #[serde(default)]
    pub(in crate::standin) indexes: Vec<Value>,
    /// Its shards in the order of the group's logs; in the Plan alone.
    #[serde(default, rename = "shardsR2", skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) shard_order: Option<Vec<ShardId>>,
    /// Where its shards are; in the Plan alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) shards: Option<Shards>,
    /// All other properties.
    #[serde(flatten)]
    pub(in crate::standin) rest: BTreeMap<Arc<str>, Value>,
}

impl Collection {
    /// Whether a property is `true`.
    pub(in crate::standin) fn is(&self, property: &str) -> bool {
        self.rest.get(property) == Some(&Value::Bool(true))
    }

    /// Whether it has no shards of its own but hidden collections that have them, as collections
    /// of smart edges have.
    pub(in crate::standin) fn is_virtual(&self) -> bool {
        let shadows = self.rest.get("shadowCollections").and_then(Value::as_array);
        self.kind == EDGE && self.is("isSmart") && shadows.is_some_and(|ids| !ids.is_empty())
    }
}

/// What the leader of a shard says of it: `Current/Collections/<database>/<id>/<shard>`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::standin) struct CurrentShard {
    /// Whether it could not be made as planned.
    pub(in crate::standin) error: bool,
    /// The number of the error.
    pub(in crate::standin) error_num: u64,
    /// What went wrong.
    pub(in crate::standin) error_message: String,
    /// The indexes that it has.
    pub(in crate::standin) indexes: Vec<Value>,
    /// Who has it, the leader first.
    pub(in crate::standin) servers: Vec<ServerId>,
    /// Who may lead.
    pub(in crate::standin) failover_candidates: Vec<ServerId>,
}

impl CurrentShard {
    /// Whether it has an index that is good.
    pub(in crate::standin) fn has_index(&self, id: &str) -> bool {
        let failed = |index: &Value| flag(index, "error");
        self.indexes.iter().any(|index| index_id(index) == Some(id) && !failed(index))
    }
}

/// The id of an index.
pub(in crate::standin) fn index_id(index: &Value) -> Option<&str> {
    index.as_object()?.get("id")?.as_str()
}

/// Whether an attribute of an object is `true`.
pub(in crate::standin) fn flag(object: &Value, attribute: &str) -> bool {
    let value = object.as_object().and_then(|object| object.get(attribute));
    value == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::agency::de::from_value;

    fn collection(json: Json) -> Collection {
        from_value(&Value::from(json)).unwrap()
    }

    #[test]
    fn c6_2_a_collection_is_written_as_it_was_read() {
        let json = json!({
            "groupId": 1999, "id": "2000", "name": "c", "type": 2, "isSystem": false, "schema": null,
            "indexes": [{"id": "0", "type": "primary", "fields": ["_key"]}], "shardKeys": ["_key"],
            "keyOptions": {"type": "traditional", "allowUserKeys": true, "x": [1, -2, 1.0, u64::MAX]},
            "shardsR2": ["s2011", "s2012"],
            "shards": {"s2011": ["PRMR-a", "PRMR-b"], "s2012": ["PRMR-b", "PRMR-c"]},
        });
        assert_eq!(serde_json::to_value(collection(json.clone())).unwrap(), json);
        let wanted = json!({"id": "1", "name": "d", "type": 3, "indexes": []});
        assert_eq!(serde_json::to_value(collection(wanted.clone())).unwrap(), wanted);
    }

    #[test]
    fn c6_5_smart_edges_are_virtual_and_their_children_are_not() {
        let of = |rest: Json| {
            let mut json = json!({"id": "1", "name": "e", "type": 3});
            json.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            collection(json).is_virtual()
        };
        assert!(of(json!({"isSmart": true, "shadowCollections": [2, 3, 4]})));
        assert!(!of(json!({"isSmart": true, "isSmartChild": true})));
        assert!(!of(json!({"isSmart": true, "shadowCollections": []})));
        assert!(!of(json!({"isSmart": true, "type": 2, "shadowCollections": [2]})));
        assert!(!of(json!({})));
    }

    #[test]
    fn an_index_that_failed_is_not_there() {
        let shard = CurrentShard {
            indexes: vec![
                json!({"id": "0"}).into(),
                json!({"id": "7", "error": true}).into(),
                json!("rubbish").into(),
            ],
            ..CurrentShard::default()
        };
        assert_eq!(["0", "7", "8"].map(|id| shard.has_index(id)), [true, false, false]);
    }
}
