//! What coordinators make in steps, and who is making it.

use serde::{Deserialize, Serialize};

use super::ServerId;
use crate::agency::de::from_value;
use crate::agency::value::Value;

/// The incarnation of a coordinator that is making something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::standin) struct Builder {
    /// The coordinator.
    pub(in crate::standin) coordinator: ServerId,
    /// Which incarnation of it.
    pub(in crate::standin) coordinator_reboot_id: u64,
}

impl Builder {
    /// Who is making a database, a collection, an index or a revision of analyzers.
    pub(in crate::standin) fn of(object: &Value) -> Option<Self> {
        from_value(object).ok()
    }
}

/// The analyzers of a database: `Plan/Analyzers/<database>`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::standin) struct Analyzers {
    /// The revision that is complete.
    pub(in crate::standin) revision: u64,
    /// The one that is being made, or the same.
    pub(in crate::standin) building_revision: u64,
    /// The coordinator that is making it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) coordinator: Option<ServerId>,
    /// Which incarnation of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::standin) coordinator_reboot_id: Option<u64>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn c6_1_who_is_making_a_database_stands_beside_its_properties() {
        let mut json = json!({
            "id": "1000213", "name": "shop", "isBuilding": true, "coordinator": "CRDN-a",
            "coordinatorRebootId": 7, "replicationFactor": "satellite",
        });
        let builder = Builder { coordinator: "CRDN-a".into(), coordinator_reboot_id: 7 };
        assert_eq!(Builder::of(&json.clone().into()), Some(builder));
        for rubbish in [json!(null), json!("7"), json!(-7), json!({})] {
            json["coordinatorRebootId"] = rubbish;
            assert_eq!(Builder::of(&json.clone().into()), None, "{json}");
        }
        assert_eq!(Builder::of(&json!("x").into()), None);
    }
}
