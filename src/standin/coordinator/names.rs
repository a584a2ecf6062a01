//! Finds servers, databases and jobs by what clients call them.
//!
//! Names of clients are looked up as keys and never become part of a path before they are known
//! to be one.

use crate::agency::value::{Object, Value};
use crate::standin::model::{ServerId, Tree};

/// A child of what stands at a path.
pub(super) fn child<'a>(tree: &'a Tree, path: &str, key: &str) -> Option<&'a Value> {
    tree.get(path).and_then(Value::as_object)?.get(key)
}

/// A member of an object, by its key.
pub(super) fn member<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.as_object()?.get(key)
}

/// A member of an object that is a text.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    member(value, key)?.as_str()
}

/// The id of a server that may be called by its short name; what nobody is called stays as it is.
pub(super) fn server_id(tree: &Tree, name: &str) -> ServerId {
    let mut known = tree.children("/arango/Target/MapUniqueToShortID");
    let found = known.find(|(_, entry)| text(entry, "ShortName") == Some(name));
    found.map_or(name, |(id, _)| id).into()
}

/// Whether a name can be a key of the tree.
pub(super) fn is_key(name: &str) -> bool {
    !name.is_empty() && !name.contains('/')
}

/// Where a server listens.
pub(super) fn endpoint<'a>(tree: &'a Tree, id: &str) -> Option<&'a str> {
    text(child(tree, "/arango/Current/ServersRegistered", id)?, "endpoint")
}

/// The persisted health of a server.
pub(super) fn status<'a>(tree: &'a Tree, id: &str) -> Option<&'a Value> {
    member(child(tree, "/arango/Supervision/Health", id)?, "Status")
}

/// The ids in an array, or the keys of an object.
fn listed<'a>(tree: &'a Tree, path: &str) -> Vec<&'a str> {
    match tree.get(path) {
        Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_str).collect(),
        Some(Value::Object(ids)) => ids.keys().map(|id| &**id).collect(),
        _ => Vec::new(),
    }
}

/// The DB-servers that run: those in Current that have not failed.
pub(super) fn running_db_servers(tree: &Tree) -> Vec<ServerId> {
    let failed = listed(tree, "/arango/Target/FailedServers");
    let current = tree.children("/arango/Current/DBServers").map(|(id, _)| id);
    current.filter(|id| !failed.contains(id)).map(ServerId::from).collect()
}

/// The DB-servers that may get data: those that run and are neither cleaned nor about to be.
pub(super) fn available_db_servers(tree: &Tree) -> Vec<ServerId> {
    let mut leaving = listed(tree, "/arango/Target/CleanedServers");
    leaving.extend(listed(tree, "/arango/Target/ToBeCleanedServers"));
    let running = running_db_servers(tree).into_iter();
    running.filter(|id| !leaving.contains(&&**id)).collect()
}

/// What the Plan says of a database.
pub(super) fn database<'a>(tree: &'a Tree, name: &str) -> Option<&'a Object> {
    child(tree, "/arango/Plan/Databases", name)?.as_object()
}

/// Whether a database is still being made.
pub(super) fn is_building(database: &Object) -> bool {
    database.get("isBuilding") == Some(&Value::Bool(true))
}

/// Whether shards of a database are replicated by logs.
pub(super) fn has_logs(tree: &Tree, name: &str) -> bool {
    let version = database(tree, name).and_then(|database| database.get("replicationVersion"));
    version.and_then(Value::as_str) == Some("2")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree() -> Tree {
        Tree::from(json!({ "arango": {
            "Target": {
                "MapUniqueToShortID": {"PRMR-a": {"ShortName": "DBServer0001"}, "PRMR-b": 7},
                "FailedServers": {"PRMR-b": []},
                "CleanedServers": ["PRMR-c", 3],
                "ToBeCleanedServers": "rubbish",
            },
            "Current": {"DBServers": {"PRMR-a": "none", "PRMR-b": "none", "PRMR-c": "none"}},
            "Plan": {"Databases": {
                "one": {"replicationVersion": 2}, "two": {"replicationVersion": "2"}, "bad": "x",
            }},
        }}))
    }

    #[test]
    fn servers_are_found_by_either_name() {
        let tree = tree();
        for (name, id) in [
            ("DBServer0001", "PRMR-a"),
            ("PRMR-a", "PRMR-a"),
            ("PRMR-b", "PRMR-b"),
            ("nobody", "nobody"),
        ] {
            assert_eq!(&*server_id(&tree, name), id);
        }
    }

    #[test]
    fn failed_and_cleaned_servers_get_no_data() {
        let ids = |servers: Vec<ServerId>| servers.iter().map(|id| id.to_string()).collect();
        let running: Vec<String> = ids(running_db_servers(&tree()));
        assert_eq!(running, ["PRMR-a", "PRMR-c"]);
        let available: Vec<String> = ids(available_db_servers(&tree()));
        assert_eq!(available, ["PRMR-a"]);
    }

    #[test]
    fn c6_1_whatever_is_not_the_text_2_stands_for_replication_version_1() {
        let tree = tree();
        for (name, logs) in [("one", false), ("two", true), ("bad", false), ("none", false)] {
            assert_eq!(has_logs(&tree, name), logs, "{name}");
        }
        assert!(database(&tree, "bad").is_none() && database(&tree, "two/x").is_none());
    }
}
