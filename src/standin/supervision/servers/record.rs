//! What the tree says of the health of a server.

use serde::Serialize;

use super::acknowledged::{Acknowledged, time_of};
use crate::agency::value::Value;
use crate::standin::model::server::Status;
use crate::standin::model::stamp::{self, stamp};
use crate::standin::model::{Tree, paths};

/// A record below `Supervision/Health`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Record<'a> {
    /// The short name.
    pub(super) short_name: &'a str,
    /// Where the server is.
    pub(super) endpoint: &'a str,
    /// Where clients find it, if elsewhere.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) advertised_endpoint: &'a str,
    /// The machine that it runs on.
    pub(super) host: &'a str,
    /// What it says of itself.
    pub(super) sync_status: &'a str,
    /// How it is.
    pub(super) status: Status,
    /// Its version.
    pub(super) version: &'a str,
    /// Its storage engine.
    pub(super) engine: &'a str,
    /// When this was written.
    pub(super) timestamp: String,
    /// The time that it told last.
    pub(super) sync_time: &'a str,
    /// When that was noticed.
    pub(super) last_acked_time: String,
}

/// What does not change with every heartbeat: the attributes of a record, and those of a
/// registration that they come from.
const DETAILS: [(&str, &str); 5] = [
    ("Endpoint", "endpoint"),
    ("AdvertisedEndpoint", "advertisedEndpoint"),
    ("Host", "host"),
    ("Version", "versionString"),
    ("Engine", "engine"),
];

/// The short name of a server.
pub(super) fn short_name<'a>(tree: &'a Tree, id: &str) -> Option<&'a str> {
    tree.text(&format!("/arango/Target/MapUniqueToShortID/{id}/ShortName"))
}

impl<'a> Record<'a> {
    /// What is to be said of a server. Of one that is not registered, what was said before.
    pub(super) fn of(
        tree: &'a Tree,
        id: &str,
        short_name: &'a str,
        heartbeat: Option<&'a Value>,
        acknowledged: Option<Acknowledged>,
        status: Status,
        now: &str,
    ) -> Self {
        let registered = format!("/arango/Current/ServersRegistered/{id}");
        let known = tree.has(&registered);
        let [endpoint, advertised_endpoint, host, version, engine] =
            DETAILS.map(|(recorded, told)| {
                let path = match known {
                    true => format!("{registered}/{told}"),
                    false => format!("{}/{recorded}", paths::health(id)),
                };
                tree.text(&path).unwrap_or_default()
            });
        let says = heartbeat.and_then(Value::as_object).and_then(|beat| beat.get("status"));
        Self {
            short_name,
            endpoint,
            advertised_endpoint,
            host,
            sync_status: says.and_then(Value::as_str).unwrap_or("UNKNOWN"),
            status,
            version,
            engine,
            timestamp: now.to_owned(),
            sync_time: heartbeat.and_then(time_of).unwrap_or(stamp::EPOCH),
            last_acked_time: acknowledged
                .map_or_else(|| stamp::EPOCH.to_owned(), |at| stamp(at.time)),
        }
    }

    /// Whether a persisted record says the same, but for times.
    pub(super) fn agrees_with(&self, persisted: Option<&Value>) -> bool {
        let Some(persisted) = persisted.and_then(Value::as_object) else {
            return false;
        };
        let text = |key: &str| persisted.get(key).and_then(Value::as_str).unwrap_or_default();
        let pairs = [
            (self.status.name(), "Status"),
            (self.sync_status, "SyncStatus"),
            (self.endpoint, "Endpoint"),
            (self.advertised_endpoint, "AdvertisedEndpoint"),
            (self.host, "Host"),
            (self.version, "Version"),
            (self.engine, "Engine"),
        ];
        pairs.into_iter().all(|(value, key)| text(key) == value)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use serde_json::{Value as Json, json};

    use super::*;

    fn tree(registered: Json, persisted: Json) -> Tree {
        Tree::from(json!({"arango": {
            "Current": {"ServersRegistered": registered},
            "Supervision": {"Health": {"PRMR-a": persisted}},
        }}))
    }

    #[test]
    fn c3_1_a_record_says_what_heartbeat_and_registration_say() {
        let tree = tree(
            json!({"PRMR-a": {"endpoint": "tcp://h:1", "advertisedEndpoint": "", "host": "node5",
                "version": 31206, "versionString": "3.12.6", "engine": "rocksdb"}}),
            json!({}),
        );
        let beat = json!({"status": "SERVING", "time": "2025-01-02T03:04:05Z"}).into();
        let led_for = Duration::from_secs(1);
        let acknowledged = Acknowledged { led_for, time: SystemTime::UNIX_EPOCH + led_for };
        let record = Record::of(
            &tree,
            "PRMR-a",
            "DBServer0001",
            Some(&beat),
            Some(acknowledged),
            Status::Good,
            "2025-01-02T03:04:06Z",
        );
        assert_eq!(
            serde_json::to_value(record).unwrap(),
            json!({"ShortName": "DBServer0001", "Endpoint": "tcp://h:1", "Host": "node5",
                "SyncStatus": "SERVING", "Status": "GOOD", "Version": "3.12.6",
                "Engine": "rocksdb", "Timestamp": "2025-01-02T03:04:06Z",
                "SyncTime": "2025-01-02T03:04:05Z", "LastAckedTime": "1970-01-01T00:00:01Z"})
        );
    }

    #[test]
    fn c3_1_the_persisted_copy_is_rewritten_for_seven_attributes_only() {
        let good = json!({"ShortName": "x", "Endpoint": "e", "Host": "h", "SyncStatus": "UNKNOWN",
            "Status": "FAILED", "Version": "v", "Engine": "r"});
        let agrees = |persisted: Json| {
            // not registered: what was said before is kept
            let tree = tree(json!({}), good.clone());
            let record = Record::of(&tree, "PRMR-a", "y", None, None, Status::Failed, "now");
            assert_eq!((record.sync_time, &*record.last_acked_time), (stamp::EPOCH, stamp::EPOCH));
            record.agrees_with(Some(&persisted.into()))
        };
        assert!(agrees(good.clone()));
        for key in ["Status", "SyncStatus", "AdvertisedEndpoint", "Version", "Engine", "Host"] {
            let mut other = good.clone();
            other[key] = json!("other");
            assert!(!agrees(other), "{key}");
        }
        for rubbish in [json!({}), json!("GOOD"), json!(null)] {
            assert!(!agrees(rubbish));
        }
    }
}
