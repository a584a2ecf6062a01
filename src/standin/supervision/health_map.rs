//! The health of DB-servers, as the supervision of logs and of collection groups sees it.

use std::collections::BTreeMap;

use crate::standin::model::{ServerId, Tree, paths};

/// The DB-servers that are planned and known. A server that is not there is not well, and nobody
/// knows its incarnation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HealthMap(pub(super) BTreeMap<ServerId, Member>);

/// A DB-server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Which incarnation of it is known.
    pub(super) reboot_id: u64,
    /// Whether it is GOOD, or BAD, which is good enough.
    pub(super) ok: bool,
}

impl HealthMap {
    /// What a tree says.
    pub(super) fn of(tree: &Tree) -> Self {
        let planned = tree.children("/arango/Plan/DBServers");
        let members = planned.filter_map(|(server, _)| {
            let reboot_id = tree.number(&paths::reboot_id(server))?;
            let status = tree.text(&format!("{}/Status", paths::health(server)));
            let ok = matches!(status, Some("GOOD" | "BAD"));
            Some((ServerId::from(server), Member { reboot_id, ok }))
        });
        Self(members.collect())
    }

    /// Whether a server is well.
    pub(super) fn ok(&self, server: &str) -> bool {
        self.0.get(server).is_some_and(|member| member.ok)
    }

    /// The known incarnation of a server.
    pub(super) fn reboot_id(&self, server: &str) -> Option<u64> {
        self.0.get(server).map(|member| member.reboot_id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn c3_4_a_server_counts_if_it_is_planned_and_known_and_is_ok_while_good_or_bad() {
        let health = HealthMap::of(&Tree::from(json!({"arango": {
            "Plan": {"DBServers": {
                "good": "none", "bad": "none", "failed": "none", "silent": "none", "unknown": "none",
                "odd": "none",
            }},
            "Current": {"ServersKnown": {
                "good": {"rebootId": 1}, "bad": {"rebootId": 2}, "failed": {"rebootId": 3},
                "silent": {"rebootId": 4}, "unplanned": {"rebootId": 5}, "odd": {"rebootId": "x"},
            }},
            "Supervision": {"Health": {
                "good": {"Status": "GOOD"}, "bad": {"Status": "BAD"}, "failed": {"Status": "FAILED"},
                "unknown": {"Status": "GOOD"}, "unplanned": {"Status": "GOOD"},
            }},
        }})));
        let all = ["good", "bad", "failed", "silent", "unknown", "unplanned", "odd"];
        assert_eq!(all.map(|s| health.ok(s)), [true, true, false, false, false, false, false]);
        assert_eq!(
            all.map(|s| health.reboot_id(s)),
            [Some(1), Some(2), Some(3), Some(4), None, None, None]
        );
    }
}
