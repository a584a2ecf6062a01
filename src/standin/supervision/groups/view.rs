//! The parts of the tree that a group is made of. They are compared in O(1) each with what they
//! were in an earlier round.

use std::sync::Arc;

use crate::agency::value::{Object, Value};
use crate::standin::model::Tree;

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

    fn is_same(&self, other: &Self) -> bool {
        self.groups.is_same(&other.groups)
            && self.collections.is_same(&other.collections)
            && self.logs.is_same(&other.logs)
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

    /// Whether nothing has changed.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.target.is_same(&other.target)
            && self.plan.is_same(&other.plan)
            && self.current.is_same(&other.current)
    }

    /// The groups that are wanted.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Arc<str>> {
        self.target.groups.as_object().into_iter().flat_map(Object::keys)
    }

    /// Whether a group is wanted.
    pub(super) fn has_group(&self, id: &str) -> bool {
        child(&self.target.groups, id).is_some()
    }

    /// All that decides about a group, but for servers.
    pub(super) fn parts(&self, group: &str) -> Parts {
        let target = child(&self.target.groups, group);
        let plan = child(&self.plan.groups, group);
        let mut parts = vec![target, plan, child(&self.current.groups, group)];
        for of in [target, plan].into_iter().flatten() {
            let members = child(of, "collections").and_then(Value::as_object);
            for id in members.into_iter().flat_map(Object::keys) {
                parts.push(child(&self.target.collections, id));
                parts.push(child(&self.plan.collections, id));
                parts.push(child(&self.current.collections, id));
            }
        }
        let sheaves = plan.and_then(|plan| child(plan, "shardSheaves")).and_then(Value::as_array);
        for sheaf in sheaves.unwrap_or_default() {
            if let Some(Value::Int(log)) = child(sheaf, "replicatedLog") {
                let id = log.to_string();
                parts.push(child(&self.target.logs, &id));
                parts.push(child(&self.plan.logs, &id));
                parts.push(reached(child(&self.current.logs, &id)));
            }
        }
        Parts(parts.into_iter().map(Option::<&Value>::cloned).collect())
    }
}

/// The version of a log that is told as reached.
pub(super) fn reached(current: Option<&Value>) -> Option<&Value> {
    child(child(current?, "supervision")?, "targetVersion")
}

/// The value of a key.
pub(super) fn child<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.as_object()?.get(key)
}

/// What decided about a group.
#[derive(Debug, Default)]
pub(super) struct Parts(Vec<Option<Value>>);

impl Parts {
    /// Whether nothing has changed.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|pair| match pair {
                (Some(one), Some(other)) => one.is_same(other),
                (None, None) => true,
                _ => false,
            })
    }
}
