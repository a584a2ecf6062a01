//! Entries of a log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::agency::value::Value;
use crate::standin::model::ServerId;
use crate::standin::model::log::{ParticipantsConfig, TermIndex};

/// An entry, as clients, other servers and the journal see it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(in crate::standin) struct Entry {
    /// Its place, from 1 on.
    #[serde(rename = "logIndex")]
    pub(in crate::standin) index: u64,
    /// The term in which it was made.
    #[serde(rename = "logTerm")]
    pub(in crate::standin) term: u64,
    /// What it holds.
    #[serde(flatten)]
    pub(in crate::standin) content: Content,
}

impl Entry {
    /// Where it stands.
    pub(in crate::standin) fn place(&self) -> TermIndex {
        TermIndex { term: self.term, index: self.index }
    }

    /// Roughly the bytes that it takes as JSON.
    pub(in crate::standin) fn weight(&self) -> usize {
        match &self.content {
            Content::Payload(value) => 64 + weight(value),
            Content::Meta(_) => 1024,
        }
    }
}

fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(elements) => elements.iter().map(|e| weight(e) + 1).sum::<usize>() + 2,
        Value::Object(object) => {
            object.iter().map(|(key, value)| key.len() + weight(value) + 4).sum::<usize>() + 2
        }
        _ => 8,
    }
}

/// What an entry holds.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::standin) enum Content {
    /// What a client put there.
    Payload(Value),
    /// What the log needs for itself.
    Meta(Meta),
}

/// What a log needs for itself.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "type")]
pub(in crate::standin) enum Meta {
    /// A leader began.
    FirstEntryOfTerm {
        /// The leader.
        leader: ServerId,
        /// The configuration that it began with.
        participants: ParticipantsConfig,
    },
    /// Another configuration, or other incarnations of participants.
    #[serde(rename_all = "camelCase")]
    UpdateInnerTermConfig {
        /// The configuration.
        participants: ParticipantsConfig,
        /// The incarnations.
        safe_reboot_ids: BTreeMap<ServerId, u64>,
    },
    /// A sign of life.
    Ping {
        /// What the client said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Value>,
        /// When, as a time stamp.
        time: String,
    },
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::agency::de::from_value;

    #[test]
    fn entries_have_the_form_that_clients_see_and_come_back() {
        let config = json!({
            "generation": 1, "config": {"effectiveWriteConcern": 2, "waitForSync": false},
            "participants":
                {"PRMR-a": {"forced": false, "allowedInQuorum": true, "allowedAsLeader": true}},
        });
        for entry in [
            json!({"logIndex": 3, "logTerm": 1, "payload": {"a": [1, 2.5, null]}}),
            json!({"logIndex": 3, "logTerm": 1, "payload": null}),
            json!({"logIndex": 1, "logTerm": 1, "meta":
                {"type": "FirstEntryOfTerm", "leader": "PRMR-a", "participants": config}}),
            json!({"logIndex": 2, "logTerm": 1, "meta": {"type": "UpdateInnerTermConfig",
                "participants": config, "safeRebootIds": {"PRMR-a": 1}}}),
            json!({"logIndex": 4, "logTerm": 1, "meta":
                {"type": "Ping", "message": "hi", "time": "2025-01-02T03:04:05Z"}}),
        ] {
            let read: Entry = from_value(&Value::from(entry.clone())).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), entry);
        }
    }
}
