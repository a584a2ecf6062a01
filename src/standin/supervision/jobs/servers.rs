//! Which servers may be given something to do.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::release::{SERVERS, SHARDS};
use crate::agency::value::{Object, Value};
use crate::standin::model::Tree;
use crate::standin::model::server::Status;

/// Servers that hold nothing any more.
pub(super) const CLEANED: &str = "/arango/Target/CleanedServers";

/// Servers that shall hold nothing, or lead nothing.
pub(super) const TO_BE_CLEANED: &str = "/arango/Target/ToBeCleanedServers";

/// Who holds a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lock<'a> {
    /// Nobody.
    Free,
    /// These jobs together.
    Shared(Vec<&'a str>),
    /// This job alone.
    Exclusive(&'a str),
}

impl<'a> Lock<'a> {
    /// The lock of a server.
    pub(super) fn of_server(tree: &'a Tree, server: &str) -> Self {
        Self::at(tree, &format!("{SERVERS}/{server}"))
    }

    /// The lock of a shard.
    pub(super) fn of_shard(tree: &'a Tree, shard: &str) -> Self {
        Self::at(tree, &format!("{SHARDS}/{shard}"))
    }

    fn at(tree: &'a Tree, path: &str) -> Self {
        match tree.get(path) {
            None => Self::Free,
            Some(Value::String(job)) => Self::Exclusive(job),
            Some(Value::Array(jobs)) => {
                Self::Shared(jobs.iter().filter_map(Value::as_str).collect())
            }
            Some(Value::Object(object)) if object.is_empty() => Self::Free,
            // Whatever this is, nobody else may have the lock.
            Some(_) => Self::Exclusive(""),
        }
    }

    /// The jobs that hold it.
    pub(super) fn holders(&self) -> &[&'a str] {
        match self {
            Self::Free => &[],
            Self::Shared(jobs) => jobs,
            Self::Exclusive(job) => std::slice::from_ref(job),
        }
    }

    /// Whether one job holds it alone.
    pub(super) fn is_exclusive(&self) -> bool {
        matches!(self, Self::Exclusive(_))
    }
}

/// The planned DB-servers.
pub(super) fn planned(tree: &Tree) -> impl Iterator<Item = &str> {
    tree.children("/arango/Plan/DBServers").map(|(id, _)| id)
}

/// Whether a DB-server is planned.
pub(super) fn is_planned(tree: &Tree, server: &str) -> bool {
    tree.has(&format!("/arango/Plan/DBServers/{server}"))
}

/// Whether a server stands in a list.
pub(super) fn is_listed(tree: &Tree, list: &str, server: &str) -> bool {
    tree.texts(list).any(|listed| listed == server)
}

/// Whether a server counts as failed until it is good again.
pub(super) fn has_failed(tree: &Tree, server: &str) -> bool {
    const FAILED: &str = "/arango/Target/FailedServers";
    let failed = tree.get(FAILED).and_then(Value::as_object).and_then(|f: &Object| f.get(server));
    failed.is_some()
}

/// Whether somebody works on a server.
pub(super) fn in_maintenance(tree: &Tree, server: &str) -> bool {
    tree.has(&format!("/arango/Current/MaintenanceDBServers/{server}"))
}

/// Whether a server may take the place of another.
pub(super) fn is_fit(tree: &Tree, server: &str) -> bool {
    Status::of(tree, server) == Some(Status::Good)
        && is_planned(tree, server)
        && !Lock::of_server(tree, server).is_exclusive()
        && !in_maintenance(tree, server)
}

/// Whether a server is meant to stay and to hold something.
pub(super) fn is_available(tree: &Tree, server: &str) -> bool {
    !is_listed(tree, CLEANED, server)
        && !is_listed(tree, TO_BE_CLEANED, server)
        && !has_failed(tree, server)
}

/// The servers that can be given something, but for some.
pub(super) fn free(tree: &Tree, but: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
    planned(tree)
        .filter(move |server| !but(server) && is_available(tree, server) && is_fit(tree, server))
}

/// One of several.
pub(super) fn any<'a>(
    candidates: impl Iterator<Item = &'a str>,
    random: &mut StdRng,
) -> Option<&'a str> {
    candidates.collect::<Vec<_>>().choose(random).copied()
}

/// Whether a text can be the id of a server, the name of a database or the like.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains('/')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn c7_4_a_replacement_is_good_and_neither_locked_nor_in_maintenance() {
        let tree = |status: &str, lock: Json, maintained: bool| {
            let maintained = if maintained { json!({"A": {}}) } else { json!({}) };
            Tree::from(json!({"arango": {
                "Plan": {"DBServers": {"A": "none"}},
                "Supervision": {"Health": {"A": {"Status": status}}, "DBServers": {"A": lock}},
                "Current": {"MaintenanceDBServers": maintained}}}))
        };
        assert!(is_fit(&tree("GOOD", json!({}), false), "A"));
        assert!(is_fit(&tree("GOOD", json!(["7"]), false), "A"));
        assert!(!is_fit(&tree("BAD", json!({}), false), "A"));
        assert!(!is_fit(&tree("UNCLEAR", json!({}), false), "A"));
        assert!(!is_fit(&tree("GOOD", json!("7"), false), "A"));
        assert!(!is_fit(&tree("GOOD", json!(7), false), "A"));
        assert!(!is_fit(&tree("GOOD", json!({}), true), "A"));
        assert!(!is_fit(&tree("GOOD", json!({}), false), "B"));
    }
}
