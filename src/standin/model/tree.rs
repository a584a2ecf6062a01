//! Finds its way in a tree.

use serde::Deserialize;

use crate::agency::de::{ReadError, from_value};
use crate::agency::path::segments;
use crate::agency::value::{Object, Value};

/// A tree as it was at a moment, whole: with `arango` at its root. Clones share it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::standin) struct Tree(pub(in crate::standin) Value);

impl Tree {
    /// What stands at a path.
    pub(in crate::standin) fn get(&self, path: &str) -> Option<&Value> {
        segments(path).try_fold(&self.0, |node, key| node.as_object()?.get(key))
    }

    /// The children of what stands at a path, those that a path can name; none if nothing does.
    pub(in crate::standin) fn children(
        &self,
        path: &str,
    ) -> impl Iterator<Item = (&str, &Value)> + use<'_> {
        let object = self.get(path).and_then(Value::as_object);
        let all = object.into_iter().flat_map(Object::iter);
        all.map(|(key, value)| (&**key, value)).filter(|(key, _)| !key.is_empty())
    }

    /// The text at a path.
    pub(in crate::standin) fn text(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(Value::as_str)
    }

    /// The texts of an array at a path; none if there is no array.
    pub(in crate::standin) fn texts(&self, path: &str) -> impl Iterator<Item = &str> + use<'_> {
        let elements = self.get(path).and_then(Value::as_array).unwrap_or_default();
        elements.iter().filter_map(Value::as_str)
    }

    /// The unsigned number at a path.
    pub(in crate::standin) fn number(&self, path: &str) -> Option<u64> {
        self.read(path).and_then(Result::ok)
    }

    /// Whether anything stands at a path.
    pub(in crate::standin) fn has(&self, path: &str) -> bool {
        self.get(path).is_some()
    }

    /// What stands at a path, as a type.
    pub(in crate::standin) fn read<'de, T: Deserialize<'de>>(
        &'de self,
        path: &str,
    ) -> Option<Result<T, ReadError>> {
        self.get(path).map(from_value)
    }
}

impl From<serde_json::Value> for Tree {
    fn from(json: serde_json::Value) -> Self {
        Self(json.into())
    }
}
