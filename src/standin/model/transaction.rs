//! Operations that happen together, if all their preconditions hold.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::agency::value::{Object, Value};
use crate::client;

/// A transaction of the agency; paths are absolute.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::standin) struct Transaction {
    operations: serde_json::Map<String, Json>,
    preconditions: serde_json::Map<String, Json>,
}

/// JSON of what always has some.
fn json_of(value: impl Serialize) -> Json {
    serde_json::to_value(value).expect("structures of the tree have string keys alone")
}

impl Transaction {
    /// A transaction that does nothing yet.
    pub(in crate::standin) fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing to be done.
    pub(in crate::standin) fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Adds an operation as the agency spells it.
    #[must_use]
    pub(in crate::standin) fn operation(
        mut self,
        path: impl Into<String>,
        operation: Json,
    ) -> Self {
        self.operations.insert(path.into(), operation);
        self
    }

    /// Sets a value.
    #[must_use]
    pub(in crate::standin) fn set(self, path: impl Into<String>, value: impl Serialize) -> Self {
        self.operation(path, json!({ "op": "set", "new": json_of(value) }))
    }

    /// Removes what stands at a path.
    #[must_use]
    pub(in crate::standin) fn delete(self, path: impl Into<String>) -> Self {
        self.operation(path, json!({ "op": "delete" }))
    }

    /// Adds 1 to a number.
    #[must_use]
    pub(in crate::standin) fn increment(self, path: impl Into<String>) -> Self {
        self.operation(path, json!({ "op": "increment" }))
    }

    /// Appends to an array.
    #[must_use]
    pub(in crate::standin) fn push(self, path: impl Into<String>, value: impl Serialize) -> Self {
        self.operation(path, json!({ "op": "push", "new": json_of(value) }))
    }

    /// Removes an element from an array.
    #[must_use]
    pub(in crate::standin) fn erase(self, path: impl Into<String>, value: impl Serialize) -> Self {
        self.operation(path, json!({ "op": "erase", "val": json_of(value) }))
    }

    /// Adds a precondition as the agency spells it.
    #[must_use]
    pub(in crate::standin) fn when(mut self, path: impl Into<String>, condition: Json) -> Self {
        self.preconditions.insert(path.into(), condition);
        self
    }

    /// Only if this value stands there. Not for `{}` and `null`, which equal nothing at all.
    #[must_use]
    pub(in crate::standin) fn when_equal(
        self,
        path: impl Into<String>,
        value: impl Serialize,
    ) -> Self {
        self.when(path, json!({ "old": json_of(value) }))
    }

    /// Only if something stands there.
    #[must_use]
    pub(in crate::standin) fn when_there(self, path: impl Into<String>) -> Self {
        self.when(path, json!({ "oldEmpty": false }))
    }

    /// Only if nothing stands there.
    #[must_use]
    pub(in crate::standin) fn when_missing(self, path: impl Into<String>) -> Self {
        self.when(path, json!({ "oldEmpty": true }))
    }

    /// The paths that are changed, with the operations.
    #[cfg(test)]
    pub(in crate::standin) fn operations(&self) -> &serde_json::Map<String, Json> {
        &self.operations
    }

    /// The paths that are looked at, with the conditions.
    #[cfg(test)]
    pub(in crate::standin) fn preconditions(&self) -> &serde_json::Map<String, Json> {
        &self.preconditions
    }

    /// The element of a request's body, without an id of its own.
    pub(in crate::standin) fn envelope(&self) -> Value {
        let object = |map: &serde_json::Map<String, Json>| {
            let members = map.iter().map(|(k, v)| (Arc::from(k.as_str()), Value::from(v.clone())));
            Value::Object(members.collect::<Object>())
        };
        Value::from(vec![object(&self.operations), object(&self.preconditions)])
    }
}

impl From<Transaction> for client::Transaction {
    fn from(transaction: Transaction) -> Self {
        Self {
            operations: Json::Object(transaction.operations),
            preconditions: Json::Object(transaction.preconditions),
            client_id: None,
        }
    }
}
