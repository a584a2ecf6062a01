//! The Targets of collections whose shards are replicated by logs: groups, collections, names.

use serde_json::{Map, Value as Json, json};

use super::find::Found;
use super::wish::{Draft, Wish};
use crate::agency::de::from_value;
use crate::agency::value::Value;
use crate::standin::coordinator::names::{child, member};
use crate::standin::model::{Transaction, Tree};

fn at(database: &str, key: &str, name: &str) -> String {
    format!("/arango/Target/{key}/{database}/{name}")
}

/// Where a group stands in the Target.
pub(super) fn group_path(database: &str, group: u64) -> String {
    at(database, "CollectionGroups", &group.to_string())
}

/// The version that a group's Target has, and the next one.
pub(super) fn versions(group: &Value) -> (Option<u64>, u64) {
    let version: Option<u64> = member(group, "version").and_then(|value| from_value(value).ok());
    (version, version.unwrap_or(0).saturating_add(1))
}

/// Sets the next version of a group, provided it is the one that was seen.
pub(super) fn next_version(
    transaction: Transaction,
    path: &str,
    group: &Value,
) -> (Transaction, u64) {
    let (seen, next) = versions(group);
    let key = format!("{path}/version");
    let transaction = transaction.set(&*key, next);
    let transaction = match seen {
        Some(seen) => transaction.when_equal(key, seen),
        None => transaction.when_missing(key),
    };
    (transaction, next)
}

/// The version of a group that the supervision has reached.
pub(super) fn reached(tree: &Tree, database: &str, group: u64) -> Option<u64> {
    let groups = child(tree, "/arango/Current/CollectionGroups", database)?;
    let supervision = member(member(groups, &group.to_string())?, "supervision")?;
    from_value(member(supervision, "targetVersion")?).ok()
}

/// Puts collections into the Target, with their names.
fn with_collections(
    mut transaction: Transaction,
    database: &str,
    group: u64,
    drafts: &[Draft],
) -> Transaction {
    for draft in drafts {
        let mut entry = draft.entry();
        entry.insert("groupId".to_owned(), json!(group));
        let (collection, name) =
            (at(database, "Collections", &draft.id), at(database, "CollectionNames", &draft.name));
        transaction = transaction
            .set(&*collection, entry)
            .set(&*name, json!({}))
            .when_missing(collection)
            .when_missing(name);
    }
    transaction.when_there(format!("/arango/Plan/Databases/{database}"))
}

/// A new group with all these collections, of which the first one leads.
pub(super) fn new_group(database: &str, group: u64, wish: &Wish, drafts: &[Draft]) -> Transaction {
    let members: Map<String, Json> =
        drafts.iter().map(|draft| (draft.id.clone(), json!({}))).collect();
    let target = json!({
        "id": group,
        "leader": drafts.first().map(|draft| &*draft.id).unwrap_or_default(),
        "version": 1,
        "collections": members,
        "attributes": {
            "mutable": {
                "writeConcern": wish.write_concern,
                "replicationFactor": wish.copies.number(),
                "waitForSync": wish.wait_for_sync,
            },
            "immutable": { "numberOfShards": wish.shards },
        },
    });
    let path = group_path(database, group);
    let transaction = Transaction::new().set(&*path, target).when_missing(path);
    with_collections(transaction, database, group, drafts)
}

/// Puts collections into a group that there is; with its new version.
pub(super) fn join_group(
    database: &str,
    group: u64,
    target: &Value,
    drafts: &[Draft],
) -> (Transaction, u64) {
    let path = group_path(database, group);
    let mut transaction = Transaction::new();
    for draft in drafts {
        transaction = transaction.set(format!("{path}/collections/{}", draft.id), json!({}));
    }
    let (transaction, version) = next_version(transaction, &path, target);
    (with_collections(transaction, database, group, drafts), version)
}

/// Takes collections out of the Target and of their group.
pub(super) fn leave_group(
    database: &str,
    group: u64,
    target: &Value,
    collections: &[Found],
) -> Transaction {
    let path = group_path(database, group);
    let (mut transaction, _) = next_version(Transaction::new(), &path, target);
    for collection in collections {
        let entry = at(database, "Collections", &collection.id);
        transaction = transaction
            .delete(&*entry)
            .delete(at(database, "CollectionNames", &collection.name))
            .delete(format!("{path}/collections/{}", collection.id))
            .when_there(entry);
    }
    transaction
}

/// Changes mutable attributes of a group, and own properties of collections in it.
pub(super) fn change(
    database: &str,
    group: u64,
    target: &Value,
    attributes: &[(&str, Json)],
    properties: &[(&str, Json)],
    collections: &[String],
) -> (Transaction, u64) {
    let path = group_path(database, group);
    let (mut transaction, version) = next_version(Transaction::new(), &path, target);
    for (name, value) in attributes {
        transaction = transaction.set(format!("{path}/attributes/mutable/{name}"), value);
    }
    for id in collections {
        let entry = at(database, "Collections", id);
        for (name, value) in properties {
            transaction = transaction.set(format!("{entry}/{name}"), value);
        }
        transaction = transaction.when_there(entry);
    }
    (transaction, version)
}
