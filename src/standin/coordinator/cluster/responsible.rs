//! What a server still has to do, so that it cannot be removed.

use crate::agency::value::Value;
use crate::standin::coordinator::names::{has_logs, member, text};
use crate::standin::model::Tree;

/// Whether a shard or the leadership of a log is the server's. To follow in a log does not count.
pub(super) fn is_responsible(tree: &Tree, server: &str) -> bool {
    has_shard(tree, server) || has_log(tree, server)
}

fn grandchildren<'a>(tree: &'a Tree, path: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let databases: Vec<_> =
        tree.children(path).map(|(key, value)| (key.to_owned(), value)).collect();
    databases.into_iter().flat_map(|(_, database)| members(database))
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flat_map(|object| object.iter())
        .map(|(key, value)| (&**key, value))
}

/// A leading `_` marks a leader that is asked to resign.
fn lists(servers: &Value, server: &str) -> bool {
    let names = |entry: &Value| {
        entry.as_str().is_some_and(|name| name.strip_prefix('_').unwrap_or(name) == server)
    };
    servers.as_array().is_some_and(|servers| servers.iter().any(names))
}

/// Whether a shard of a database without logs is planned for the server, or is on it.
fn has_shard(tree: &Tree, server: &str) -> bool {
    let planned = tree.children("/arango/Plan/Collections");
    let planned = planned.filter(|(database, _)| !has_logs(tree, database));
    let shards = planned
        .flat_map(|(_, collections)| members(collections))
        .filter_map(|(_, collection)| member(collection, "shards"))
        .flat_map(members);
    if shards.into_iter().any(|(_, servers)| lists(servers, server)) {
        return true;
    }
    let current = tree.children("/arango/Current/Collections");
    let current = current.filter(|(database, _)| !has_logs(tree, database));
    current
        .flat_map(|(_, collections)| members(collections))
        .flat_map(|(_, shards)| members(shards))
        .filter_map(|(_, shard)| member(shard, "servers"))
        .any(|servers| lists(servers, server))
}

/// Whether the server leads a log, or may be about to.
fn has_log(tree: &Tree, server: &str) -> bool {
    let planned = grandchildren(tree, "/arango/Plan/ReplicatedLogs");
    let mut planned = planned.filter_map(|(_, log)| Some((log, member(log, "currentTerm")?)));
    let leads = |(log, term): (&Value, &Value)| match member(term, "leader") {
        Some(leader) => text(leader, "serverId") == Some(server),
        None => member(log, "participantsConfig")
            .and_then(|config| member(config, "participants"))
            .is_some_and(|participants| member(participants, server).is_some()),
    };
    planned.any(leads)
        || grandchildren(tree, "/arango/Current/ReplicatedLogs")
            .filter_map(|(_, log)| member(log, "leader"))
            .any(|leader| text(leader, "serverId") == Some(server))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn responsible(path: &str, value: Json) -> bool {
        let databases =
            json!({"one": {"replicationVersion": "1"}, "two": {"replicationVersion": "2"}});
        let mut tree = json!({"Plan": {"Databases": databases}, "Current": {}});
        let mut node = &mut tree;
        for key in path.split('/') {
            node = &mut node[key];
        }
        *node = value;
        is_responsible(&Tree::from(json!({ "arango": tree })), "PRMR-x")
    }

    fn log(leader: Option<&str>) -> Json {
        let mut term = json!({"term": 3});
        if let Some(leader) = leader {
            term["leader"] = json!({"serverId": leader, "rebootId": 1});
        }
        let participants = json!({"PRMR-x": {}, "PRMR-y": {}});
        json!({"currentTerm": term, "participantsConfig": {"participants": participants}})
    }

    #[test]
    fn c8_1_responsible_is_who_has_a_shard_or_leads_a_log() {
        let planned = |servers: Json| json!({"7": {"shards": {"s1": servers}}});
        let current = |servers: Json| json!({"7": {"s1": {"servers": servers}}});
        for (path, value, expected) in [
            ("Plan/Collections/one", planned(json!(["PRMR-y", "PRMR-x"])), true),
            ("Plan/Collections/one", planned(json!(["_PRMR-x", "PRMR-y"])), true),
            ("Plan/Collections/one", planned(json!(["PRMR-y"])), false),
            ("Plan/Collections/gone", planned(json!(["PRMR-x"])), true),
            ("Plan/Collections/two", planned(json!(["PRMR-x"])), false),
            ("Current/Collections/one", current(json!(["PRMR-x"])), true),
            ("Current/Collections/two", current(json!(["PRMR-x"])), false),
            ("Plan/ReplicatedLogs/two", json!({"1": log(Some("PRMR-x"))}), true),
            ("Plan/ReplicatedLogs/two", json!({"1": log(Some("PRMR-y"))}), false),
            ("Plan/ReplicatedLogs/two", json!({"1": log(None)}), true),
            (
                "Plan/ReplicatedLogs/two",
                json!({"1": {"participantsConfig":
                {"participants": {"PRMR-x": {}}}}}),
                false,
            ),
            ("Current/ReplicatedLogs/two", json!({"1": {"leader": {"serverId": "PRMR-x"}}}), true),
            (
                "Current/ReplicatedLogs/two",
                json!({"1": {"leader": {"serverId": "PRMR-y"},
                "localStatus": {"PRMR-x": {}}}}),
                false,
            ),
        ] {
            assert_eq!(responsible(path, value.clone()), expected, "{path} {value}");
        }
    }

    #[test]
    fn rubbish_in_the_tree_makes_nobody_responsible() {
        for path in [
            "Plan/Collections",
            "Current/Collections",
            "Plan/ReplicatedLogs",
            "Current/ReplicatedLogs",
            "Plan/Collections/one",
            "Plan/ReplicatedLogs/two",
        ] {
            for rubbish in [
                json!(1),
                json!("PRMR-x"),
                json!([["PRMR-x"]]),
                json!({"7": 1}),
                json!({"7": {"shards": 1, "leader": 1, "currentTerm": []}}),
                json!({"7": {"shards": {"s": {"PRMR-x": 1}}, "s1": {"servers": "PRMR-x"}}}),
            ] {
                assert!(!responsible(path, rubbish.clone()), "{path} {rubbish}");
            }
        }
    }
}
