//! `Current/Databases`, and what databases leave behind.

use serde_json::{Value as Json, json};

use crate::agency::value::Object;
use crate::standin::model::paths::CURRENT_VERSION;
use crate::standin::model::{Transaction, Tree};

/// What is looked at.
pub(super) const PLACES: [&str; 5] = [
    "/arango/Plan/Databases",
    "/arango/Current/Databases",
    "/arango/Current/Collections",
    "/arango/Current/ReplicatedLogs",
    "/arango/Current/CollectionGroups",
];

/// Where databases leave something behind.
const BELOW_CURRENT: [&str; 3] = ["Collections", "ReplicatedLogs", "CollectionGroups"];

/// What a server has to write about databases, by path.
pub(super) fn due(tree: &Tree, me: &str) -> Vec<(String, Transaction)> {
    let planned = tree.children("/arango/Plan/Databases").map(|(name, _)| name);
    let mut due: Vec<_> = planned.filter_map(|name| created(tree, name, me)).collect();
    let current = tree.children("/arango/Current/Databases").map(|(name, _)| name);
    due.extend(current.filter_map(|name| dropped(tree, name, me)));
    for place in BELOW_CURRENT {
        let current = format!("/arango/Current/{place}");
        let left = tree.children(&current).map(|(name, _)| name);
        due.extend(left.filter_map(|name| left_behind(tree, place, name)));
    }
    due
}

/// Tells of a database that is here.
fn created(tree: &Tree, name: &str, me: &str) -> Option<(String, Transaction)> {
    let planned = format!("/arango/Plan/Databases/{name}");
    let id = Json::from(tree.get(&format!("{planned}/id"))?);
    let path = format!("/arango/Current/Databases/{name}/{me}");
    let entry = json!({"error": false, "errorNum": 0, "errorMessage": "", "id": id, "name": name});
    if tree.get(&path).map(Json::from).as_ref() == Some(&entry) {
        return None;
    }
    let transaction = Transaction::new()
        .set(path.clone(), entry)
        .increment(CURRENT_VERSION)
        .when_equal(format!("{planned}/id"), id);
    Some((path, transaction))
}

/// Removes what this server said of a database that is gone; with the last server the database
/// goes.
fn dropped(tree: &Tree, name: &str, me: &str) -> Option<(String, Transaction)> {
    let planned = format!("/arango/Plan/Databases/{name}");
    if tree.has(&planned) {
        return None;
    }
    let current = format!("/arango/Current/Databases/{name}");
    let servers = tree.get(&current)?.as_object().cloned().unwrap_or_else(Object::new);
    let others = servers.keys().filter(|server| ***server != *me).count();
    let path = match (servers.get(me).is_some(), others) {
        (_, 0) => current,
        (true, _) => format!("{current}/{me}"),
        (false, _) => return None,
    };
    Some((path.clone(), removal(path, planned)))
}

/// Removes what a database that is gone has left behind.
fn left_behind(tree: &Tree, place: &str, name: &str) -> Option<(String, Transaction)> {
    let planned = format!("/arango/Plan/Databases/{name}");
    if tree.has(&planned) || tree.has(&format!("/arango/Plan/{place}/{name}")) {
        return None;
    }
    let path = format!("/arango/Current/{place}/{name}");
    Some((path.clone(), removal(path, planned)))
}

fn removal(path: String, planned: String) -> Transaction {
    let transaction = Transaction::new().delete(path.clone()).increment(CURRENT_VERSION);
    transaction.when_missing(planned).when_there(path)
}
