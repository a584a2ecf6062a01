//! Collection groups as the tree describes them: collections that share their logs.
//!
//! Readers are strict, as those of logs are; of the immutable attributes, those that mean nothing
//! here are kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::collection::CollectionId;
use crate::agency::value::Value;

/// What a member of a group is: nothing but its id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::standin) struct Member {}

/// The collections of a group.
pub(in crate::standin) type Members = BTreeMap<CollectionId, Member>;

/// What is wanted of a group: `Target/CollectionGroups/<database>/<id>`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::standin) struct GroupTarget {
    /// The number of the group.
    pub(in crate::standin) id: u64,
    /// The collection that opened the group; may be empty.
    pub(in crate::standin) leader: CollectionId,
    /// What is told as reached once the group is as wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) version: Option<u64>,
    /// Its collections.
    #[serde(default)]
    pub(in crate::standin) collections: Members,
    /// What its collections have in common.
    pub(in crate::standin) attributes: Attributes,
}

/// What shall be: `Plan/CollectionGroups/<database>/<id>`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::standin) struct GroupPlan {
    /// The number of the group.
    pub(in crate::standin) id: u64,
    /// The collection that opened the group; may be empty.
    pub(in crate::standin) leader: CollectionId,
    /// Its collections.
    #[serde(default)]
    pub(in crate::standin) collections: Members,
    /// What its collections have in common.
    pub(in crate::standin) attributes: Attributes,
    /// Its logs: the one at a position has all shards at that position.
    #[serde(default)]
    pub(in crate::standin) shard_sheaves: Vec<Sheaf>,
}

/// What is: `Current/CollectionGroups/<database>/<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::standin) struct GroupCurrent {
    /// What the supervision keeps.
    pub(in crate::standin) supervision: GroupSupervision,
}

/// What the supervision keeps of a group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::standin) struct GroupSupervision {
    /// The version of the Target that is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) target_version: Option<u64>,
}

/// The shards of a group that share a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::standin) struct Sheaf {
    /// The log.
    pub(in crate::standin) replicated_log: u64,
}

/// What the collections of a group have in common.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::standin) struct Attributes {
    /// What may be changed.
    pub(in crate::standin) mutable: MutableAttributes,
    /// What stays for life.
    pub(in crate::standin) immutable: ImmutableAttributes,
}

/// What may be changed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::standin) struct MutableAttributes {
    /// So many servers must have a write.
    pub(in crate::standin) write_concern: u64,
    /// So many servers shall have a copy; 0 stands for all of them.
    pub(in crate::standin) replication_factor: u64,
    /// Whether a write must be on disk.
    pub(in crate::standin) wait_for_sync: bool,
}

impl MutableAttributes {
    /// Whether every server shall have a copy.
    pub(in crate::standin) fn is_satellite(&self) -> bool {
        self.replication_factor == 0
    }
}

/// What stays for life.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::standin) struct ImmutableAttributes {
    /// So many shards each collection has.
    pub(in crate::standin) number_of_shards: u64,
    /// What else there is.
    #[serde(flatten)]
    pub(in crate::standin) rest: BTreeMap<Arc<str>, Value>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::agency::de::{ReadError, from_value};

    fn target(json: serde_json::Value) -> Result<GroupTarget, ReadError> {
        from_value(&Value::from(json))
    }

    #[test]
    fn c6_3_a_group_is_written_as_it_was_read() {
        let json = json!({
            "id": 1999, "leader": "2000", "version": 1, "collections": {"2000": {}, "2001": {}},
            "attributes": {
                "mutable": {"writeConcern": 1, "replicationFactor": 2, "waitForSync": false},
                "immutable": {"numberOfShards": 2, "shardingStrategy": "hash"},
            },
        });
        let read = target(json.clone()).unwrap();
        assert!(!read.attributes.mutable.is_satellite());
        assert_eq!(serde_json::to_value(read).unwrap(), json);
    }

    #[test]
    fn an_unknown_or_missing_attribute_makes_a_group_unreadable() {
        let attributes = json!({
            "mutable": {"writeConcern": 1, "replicationFactor": 2, "waitForSync": false},
            "immutable": {"numberOfShards": 2},
        });
        let good = json!({"id": 1, "leader": "", "attributes": attributes});
        assert!(target(good.clone()).is_ok());
        let mut surplus = good.clone();
        surplus["shardSheaves"] = json!([]);
        assert!(target(surplus).unwrap_err().to_string().contains("shardSheaves"));
        let mut missing = good;
        missing["attributes"]["mutable"].as_object_mut().unwrap().remove("waitForSync");
        assert!(target(missing).unwrap_err().to_string().contains("waitForSync"));
    }
}
