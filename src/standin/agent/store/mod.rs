//! The agency's tree: reads, operations, preconditions. Pure: no I/O, no clock.
//!
//! What a path leads to is a *node*: an object with children, or an array or
//! scalar, which paths cannot enter. A copy of a store costs O(1) and later
//! writes to either copy only what lies on their paths.

mod array;
mod equality;
mod operation;
mod precondition;
mod read;
pub mod transaction;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use crate::agency::path::{ordering_key, segments};
use crate::agency::value::{Object, Value};

use operation::{Dialect, Effect};

pub(crate) use equality::equal;
pub use precondition::PreconditionError;

/// A tree of the agency.
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    root: Value,
}

/// Why the operations of a transaction have no effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// An operator does not apply to what it meets, lacks an argument or is unknown.
    #[error("operation {op} failed at {path}")]
    Failed {
        /// The path as it was submitted.
        path: String,
        /// The operator's name.
        op: String,
    },
    /// The transaction is misshapen.
    #[error("{message}")]
    Structural {
        /// What is wrong, in the words that the API answers.
        message: String,
    },
}

impl Default for Store {
    fn default() -> Self {
        Self { root: Value::Object(Object::new()) }
    }
}

impl Store {
    /// The store with this tree.
    pub fn from_value(root: Value) -> Self {
        Self { root }
    }

    /// The whole tree, hidden keys included.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// The node at a path, hidden or not.
    pub fn get(&self, path: &str) -> Option<&Value> {
        segments(path).try_fold(&self.root, |node, key| node.as_object()?.get(key))
    }

    /// What a query of these paths sees: one tree that holds each node found at its
    /// full path, and `{}` for each level that exists of a path that leads nowhere.
    pub fn read(&self, paths: &[&str]) -> Value {
        read::read(&self.root, paths)
    }

    /// The paths of the preconditions that do not hold.
    ///
    /// # Errors
    /// `isArray` or `oldEmpty` has an argument that is not a bool.
    pub fn check(&self, preconditions: &Object) -> Result<Vec<String>, PreconditionError> {
        let mut failing = Vec::new();
        for (path, condition) in preconditions.iter() {
            if !precondition::holds(self.get(path), condition)? {
                failing.push(path.to_string());
            }
        }
        Ok(failing)
    }

    /// Runs the operations of a transaction in ascending order of their paths.
    ///
    /// # Errors
    /// One of them fails or is misshapen; none has taken effect then.
    pub fn apply(&mut self, operations: &Object) -> Result<(), OperationError> {
        self.apply_as(operations, Dialect::Current)
    }

    /// Runs operations that an agency of line 3.6 to 3.11 has logged: `observe` and
    /// `unobserve` do nothing, slashes in nested keys make paths.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn apply_lenient(&mut self, operations: &Object) -> Result<(), OperationError> {
        self.apply_as(operations, Dialect::Legacy)
    }

    fn apply_as(&mut self, operations: &Object, dialect: Dialect) -> Result<(), OperationError> {
        let ordered = in_order(operations);
        let mut undo = Vec::with_capacity(ordered.len().saturating_sub(1));
        for (position, (path, operation)) in ordered.iter().enumerate() {
            // a failed operation changes nothing, so the last one needs no undoing
            let restore = (position + 1 < ordered.len()).then(|| Restore::of(&self.root, path));
            if let Err(error) = self.apply_one(path, operation, dialect) {
                undo.into_iter().rev().for_each(|restore| self.restore(restore));
                return Err(error);
            }
            undo.extend(restore);
        }
        Ok(())
    }

    fn restore(&mut self, restore: Restore) {
        match restore.node {
            Some(node) => *self.slot(restore.keys) = node,
            None => self.delete(&restore.keys),
        }
    }

    fn apply_one(
        &mut self,
        path: &str,
        operation: &Value,
        dialect: Dialect,
    ) -> Result<(), OperationError> {
        match operation::effect(operation, self.get(path), dialect).map_err(|e| e.at(path))? {
            Effect::Keep => {}
            Effect::Put(value) => *self.slot(segments(path)) = value,
            Effect::Delete => self.delete(&segments(path).collect::<Vec<_>>()),
            Effect::Array(edit) => edit.run(self.slot(segments(path))),
        }
        Ok(())
    }

    /// The place of a node. Missing objects on the way are created, arrays and
    /// scalars give way to them.
    fn slot<'a>(&mut self, keys: impl IntoIterator<Item = &'a str>) -> &mut Value {
        keys.into_iter().fold(&mut self.root, |node, key| node.make_object().child_mut(key))
    }

    fn delete(&mut self, keys: &[&str]) {
        let Some((last, parents)) = keys.split_last() else {
            self.root = Value::Object(Object::new());
            return;
        };
        let parent = parents.iter().try_fold(&mut self.root, |node, key| match node {
            Value::Object(children) => children.get_mut(key),
            _ => None,
        });
        if let Some(Value::Object(children)) = parent {
            children.remove(last);
        }
    }
}

/// What an operation on a path is about to change. A copy of the whole tree would do
/// as well, but makes the operation copy everything next to its path.
struct Restore<'a> {
    /// The keys of the path, as far as the tree can be entered.
    keys: Vec<&'a str>,
    /// The node there, if there is one.
    node: Option<Value>,
}

impl<'a> Restore<'a> {
    fn of(root: &Value, path: &'a str) -> Self {
        let (mut keys, mut node) = (Vec::new(), root);
        for key in segments(path) {
            let Some(children) = node.as_object() else {
                break;
            };
            keys.push(key);
            match children.get(key) {
                Some(child) => node = child,
                None => return Self { keys, node: None },
            }
        }
        Self { keys, node: Some(node.clone()) }
    }
}

/// Operations by ascending path. The order of an object's keys is the same unless
/// a path is written in another way than usual.
fn in_order(operations: &Object) -> Vec<(&Arc<str>, &Value)> {
    let mut ordered: Vec<_> = operations.iter().collect();
    if operations.keys().any(|path| matches!(ordering_key(path), Cow::Owned(_))) {
        ordered.sort_by_cached_key(|(path, _)| ordering_key(path));
    }
    ordered
}
