//! The health of the DB-servers as the supervision of logs and groups sees it.

use std::collections::BTreeMap;

use crate::standin::model::{ServerId, Tree, paths};

/// One server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ServerHealth {
    /// Its present incarnation.
    pub(super) reboot_id: u64,
    /// Whether it can be counted on: `GOOD` or `BAD`, not yet `FAILED`.
    pub(super) ok: bool,
}

/// The DB-servers that are planned and have an incarnation. All others are not ok.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HealthMap(BTreeMap<ServerId, ServerHealth>);

impl HealthMap {
    /// The health as the tree has it.
    pub(super) fn of(tree: &Tree) -> Self {
        let servers = tree.children("/arango/Plan/DBServers").filter_map(|(id, _)| {
            let reboot_id = tree.number(&paths::reboot_id(id))?;
            let status = tree.text(&format!("{}/Status", paths::health(id)));
            let ok = matches!(status, Some("GOOD" | "BAD"));
            Some((id.into(), ServerHealth { reboot_id, ok }))
        });
        Self(servers.collect())
    }

    /// Whether a server can be counted on.
    pub(super) fn is_ok(&self, server: &str) -> bool {
        self.0.get(server).is_some_and(|health| health.ok)
    }

    /// The present incarnation of a server.
    pub(super) fn reboot_id(&self, server: &str) -> Option<u64> {
        self.0.get(server).map(|health| health.reboot_id)
    }

    /// All servers, in the order of their ids.
    pub(super) fn servers(&self) -> impl Iterator<Item = (&ServerId, ServerHealth)> {
        self.0.iter().map(|(id, health)| (id, *health))
    }

    /// The servers that are not in `newer` as they are here.
    pub(super) fn changes(&self, newer: &Self) -> Vec<ServerId> {
        let ids = self.0.keys().chain(newer.0.keys().filter(|id| !self.0.contains_key(*id)));
        ids.filter(|id| self.0.get(*id) != newer.0.get(*id)).cloned().collect()
    }
}

impl FromIterator<(ServerId, ServerHealth)> for HealthMap {
    fn from_iter<T: IntoIterator<Item = (ServerId, ServerHealth)>>(servers: T) -> Self {
        Self(servers.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree(statuses: &[(&str, Option<&str>, Option<u64>)]) -> Tree {
        let mut json = json!({"arango": {
            "Plan": {"DBServers": {}},
            "Current": {"ServersKnown": {"PRMR-unplanned": {"rebootId": 1}}},
            "Supervision": {"Health": {"PRMR-unplanned": {"Status": "GOOD"}}},
        }});
        for (id, status, reboot_id) in statuses {
            json["arango"]["Plan"]["DBServers"][id] = json!("none");
            if let Some(status) = status {
                json["arango"]["Supervision"]["Health"][id]["Status"] = json!(status);
            }
            if let Some(reboot_id) = reboot_id {
                json["arango"]["Current"]["ServersKnown"][id]["rebootId"] = json!(reboot_id);
            }
        }
        json.into()
    }

    #[test]
    fn c3_4_planned_servers_with_a_reboot_id_are_in_it_and_bad_is_good_enough() {
        let map = HealthMap::of(&tree(&[
            ("a", Some("GOOD"), Some(1)),
            ("b", Some("BAD"), Some(2)),
            ("c", Some("FAILED"), Some(3)),
            ("d", None, Some(4)),
            ("e", Some("GOOD"), None),
        ]));
        let found: Vec<_> = map.servers().map(|(id, h)| (&**id, h.reboot_id, h.ok)).collect();
        assert_eq!(found, [("a", 1, true), ("b", 2, true), ("c", 3, false), ("d", 4, false)]);
        assert!(map.is_ok("a") && !map.is_ok("c") && !map.is_ok("e") && !map.is_ok("unplanned"));
        assert_eq!((map.reboot_id("c"), map.reboot_id("e")), (Some(3), None));
    }

    #[test]
    fn rubbish_in_the_place_of_health_is_no_health() {
        let map = HealthMap::of(&Tree::from(json!({"arango": {
            "Plan": {"DBServers": {"a": "none", "b": 1, "": {}}},
            "Current": {"ServersKnown": {"a": {"rebootId": "1"}, "b": {"rebootId": 2.0}}},
            "Supervision": {"Health": {"a": "GOOD", "b": {"Status": 1}}},
        }})));
        let found: Vec<_> = map.servers().map(|(id, h)| (&**id, h.reboot_id, h.ok)).collect();
        assert_eq!(found, [("b", 2, false)]);
    }

    #[test]
    fn changes_are_servers_that_came_left_or_are_not_as_they_were() {
        let old = HealthMap::of(&tree(&[
            ("a", Some("GOOD"), Some(1)),
            ("b", Some("GOOD"), Some(1)),
            ("c", Some("GOOD"), Some(1)),
            ("d", Some("GOOD"), Some(1)),
        ]));
        let new = HealthMap::of(&tree(&[
            ("a", Some("BAD"), Some(1)),
            ("b", Some("FAILED"), Some(1)),
            ("c", Some("GOOD"), Some(2)),
            ("e", Some("GOOD"), Some(1)),
        ]));
        let changed: Vec<_> = old.changes(&new).iter().map(ToString::to_string).collect();
        assert_eq!(changed, ["b", "c", "d", "e"]);
        assert!(old.changes(&old).is_empty());
    }
}
