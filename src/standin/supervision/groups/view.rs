//! The parts of the tree that groups are made of, and what has changed in them since an earlier
//! round. That costs as much as has changed, however much there is.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use crate::agency::de::from_value;
use crate::agency::value::{Object, Value};
use crate::standin::model::Tree;
use crate::standin::model::group::Sheaf;

/// What one of Target, Plan and Current says of a database.
#[derive(Debug, Default)]
pub(super) struct Branch {
    pub(super) groups: Value,
    pub(super) collections: Value,
    pub(super) logs: Value,
}

impl Branch {
    fn of(tree: &Tree, branch: &str, database: &str) -> Self {
        let part = |name: &str| {
            tree.get(&format!("/arango/{branch}/{name}/{database}")).cloned().unwrap_or_default()
        };
        Self {
            groups: part("CollectionGroups"),
            collections: part("Collections"),
            logs: part("ReplicatedLogs"),
        }
    }
}

/// What the tree says of the groups of a database.
#[derive(Debug, Default)]
pub(super) struct DatabaseView {
    pub(super) target: Branch,
    pub(super) plan: Branch,
    pub(super) current: Branch,
}

impl DatabaseView {
    /// What a tree says.
    pub(super) fn of(tree: &Tree, database: &str) -> Self {
        Self {
            target: Branch::of(tree, "Target", database),
            plan: Branch::of(tree, "Plan", database),
            current: Branch::of(tree, "Current", database),
        }
    }

    /// Whether a group is wanted.
    pub(super) fn has_group(&self, id: &str) -> bool {
        child(&self.target.groups, id).is_some()
    }

    /// The keys of what is not as it is in a newer view.
    pub(super) fn changes(&self, newer: &Self) -> Changes {
        let mut changes = Changes::default();
        for (old, new) in [
            (&self.target, &newer.target),
            (&self.plan, &newer.plan),
            (&self.current, &newer.current),
        ] {
            changes.groups.extend(differing(&old.groups, &new.groups).map(|(id, ..)| id));
            let collections = differing(&old.collections, &new.collections);
            changes.collections.extend(collections.map(|(id, ..)| id));
        }
        for (old, new) in [(&self.target, &newer.target), (&self.plan, &newer.plan)] {
            changes.logs.extend(differing(&old.logs, &new.logs).map(|(id, ..)| id));
        }
        // What servers report of themselves does not matter here.
        let reports = differing(&self.current.logs, &newer.current.logs);
        let reports = reports.filter(|(_, old, new)| reached(*old) != reached(*new));
        changes.logs.extend(reports.map(|(id, ..)| id));
        changes
    }

    /// The collections of a group, in Target or Plan.
    pub(super) fn collections(&self, group: &str) -> Vec<Arc<str>> {
        let groups = [&self.target.groups, &self.plan.groups];
        let members = groups.into_iter().filter_map(|groups| {
            child(child(groups, group)?, "collections").and_then(Value::as_object)
        });
        members.flat_map(Object::keys).cloned().collect()
    }

    /// The logs of a group.
    pub(super) fn logs(&self, group: &str) -> Vec<Arc<str>> {
        let plan = child(&self.plan.groups, group);
        let sheaves = plan.and_then(|plan| child(plan, "shardSheaves")).and_then(Value::as_array);
        let logs = sheaves.unwrap_or_default().iter().filter_map(|sheaf| {
            let sheaf: Sheaf = from_value(sheaf).ok()?;
            Some(sheaf.replicated_log.to_string().into())
        });
        logs.collect()
    }
}

/// The keys of what has changed.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes {
    pub(super) groups: BTreeSet<Arc<str>>,
    pub(super) collections: BTreeSet<Arc<str>>,
    pub(super) logs: BTreeSet<Arc<str>>,
}

/// The children that are not the same, with what they were and what they are.
fn differing<'a>(
    old: &'a Value,
    new: &'a Value,
) -> impl Iterator<Item = (Arc<str>, Option<&'a Value>, Option<&'a Value>)> {
    static NONE: LazyLock<Object> = LazyLock::new(Object::new);
    let (old, new) = (old.as_object().unwrap_or(&NONE), new.as_object().unwrap_or(&NONE));
    old.diff(new).map(|(key, old, new)| (key.clone(), old, new))
}

/// The version of a log that is told as reached.
pub(super) fn reached(current: Option<&Value>) -> Option<&Value> {
    child(child(current?, "supervision")?, "targetVersion")
}

/// The value of a key.
pub(super) fn child<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.as_object()?.get(key)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_are_told_by_their_keys_and_reports_of_servers_are_none() {
        let base = json!({"arango": {
            "Target": {"CollectionGroups": {"shop": {"1": {}, "2": {}}}},
            "Plan": {"Collections": {"shop": {"3": {}}}, "ReplicatedLogs": {"shop": {"4": {}}}},
            "Current": {"ReplicatedLogs": {"shop": {"4": {
                "supervision": {"targetVersion": 1}, "leader": {},
            }}}},
        }});
        let base = Value::from(base);
        let keys = |keys: &[&str]| keys.iter().map(|key| Arc::from(*key)).collect();
        let log = "Current/ReplicatedLogs/shop/4";
        for (path, value, groups, collections, logs) in [
            ("Target/CollectionGroups/shop/2/x", json!(1), &["2"][..], &[][..], &[][..]),
            ("Target/CollectionGroups/shop", json!("x"), &["1", "2"], &[], &[]),
            ("Current/CollectionGroups/shop/2", json!({}), &["2"], &[], &[]),
            ("Plan/Collections/shop/5", json!(1), &[], &["5"], &[]),
            ("Current/Collections/shop/3/s1", json!({}), &[], &["3"], &[]),
            ("Plan/ReplicatedLogs/shop/4/x", json!(1), &[], &[], &["4"]),
            (&format!("{log}/supervision/targetVersion"), json!(2), &[], &[], &["4"]),
            (log, json!({}), &[], &[], &["4"]),
            (&format!("{log}/supervision/x"), json!(2), &[], &[], &[]),
            (&format!("{log}/leader/term"), json!(2), &[], &[], &[]),
            ("Plan/Databases/shop", json!({}), &[], &[], &[]),
            ("Target/CollectionGroups/other/1", json!({}), &[], &[], &[]),
        ] {
            let mut changed = base.clone();
            let mut node = changed.make_object().child_mut("arango");
            for key in path.split('/') {
                node = node.make_object().child_mut(key);
            }
            *node = Value::from(value);
            let view = |root: &Value| DatabaseView::of(&Tree(root.clone()), "shop");
            let told = view(&base).changes(&view(&changed));
            let (groups, collections, logs) = (keys(groups), keys(collections), keys(logs));
            assert_eq!(told, Changes { groups, collections, logs }, "{path}");
        }
    }
}
