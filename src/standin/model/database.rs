//! Databases as the Plan describes them, and who is making them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ServerId;
use crate::agency::de::from_value;
use crate::agency::value::Value;

/// A database: `Plan/Databases/<name>`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Database {
    /// Its id, a number in decimal digits.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// How its shards are replicated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_version: Option<Value>,
    /// Whether it is not complete.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_building: bool,
    /// The coordinator that is making it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinator: Option<ServerId>,
    /// Which incarnation of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinator_reboot_id: Option<u64>,
    /// All other properties.
    #[serde(flatten)]
    pub rest: BTreeMap<Arc<str>, Value>,
}

impl Database {
    /// Whether its shards are replicated by logs. Whatever is not the text `2` stands for 1.
    pub fn has_logs(&self) -> bool {
        self.replication_version.as_ref().and_then(Value::as_str) == Some("2")
    }
}

/// The incarnation of a coordinator that is making something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Builder {
    /// The coordinator.
    pub coordinator: ServerId,
    /// Which incarnation of it.
    pub coordinator_reboot_id: u64,
}

impl Builder {
    /// Who is making a database, a collection, an index or a revision of analyzers.
    pub fn of(object: &Value) -> Option<Self> {
        from_value(object).ok()
    }
}

/// The analyzers of a database: `Plan/Analyzers/<database>`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Analyzers {
    /// The revision that is complete.
    pub revision: u64,
    /// The one that is being made, or the same.
    pub building_revision: u64,
    /// The coordinator that is making it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinator: Option<ServerId>,
    /// Which incarnation of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinator_reboot_id: Option<u64>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn c6_1_a_database_is_written_as_it_was_read() {
        let json = json!({
            "id": "1000213", "name": "shop", "replicationVersion": "2", "isBuilding": true,
            "coordinator": "CRDN-a", "coordinatorRebootId": 7, "isSystem": false, "sharding": "",
            "replicationFactor": "satellite", "writeConcern": 1,
        });
        let value = Value::from(json.clone());
        let database: Database = from_value(&value).unwrap();
        assert!(database.is_building && database.has_logs());
        assert_eq!(serde_json::to_value(database).unwrap(), json);
        let builder = Builder { coordinator: "CRDN-a".into(), coordinator_reboot_id: 7 };
        assert_eq!(Builder::of(&value), Some(builder));
    }

    #[test]
    fn c6_1_whatever_is_not_the_text_2_stands_for_replication_version_1() {
        for (version, logs) in [
            (json!("2"), true),
            (json!("1"), false),
            (json!(2), false),
            (json!(null), false),
            (json!("3"), false),
        ] {
            let json = json!({"id": "1", "name": "d", "replicationVersion": version});
            let database: Database = from_value(&Value::from(json)).unwrap();
            assert_eq!(database.has_logs(), logs, "{version}");
        }
        let database: Database = from_value(&json!({"id": "1", "name": "d"}).into()).unwrap();
        assert!(!database.has_logs() && !database.is_building);
    }
}
