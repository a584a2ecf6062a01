//! Queries.

use std::sync::Arc;

use crate::agency::path::{segments, shows_hidden};
use crate::agency::value::{Object, Value};

/// Reads the paths of one query out of a tree.
pub(super) fn read(root: &Value, paths: &[&str]) -> Value {
    let mut ordered: Vec<&str> = paths.iter().copied().filter(|path| !path.is_empty()).collect();
    ordered.sort_unstable();
    ordered.dedup();
    let mut result = Value::Object(Object::new());
    for path in &ordered {
        copy(root, path, &mut result);
    }
    if !ordered.iter().any(|path| shows_hidden(path))
        && let Some(visible) = without_hidden(&result)
    {
        result = visible;
    }
    result
}

/// Copies what exists of a path.
fn copy(root: &Value, path: &str, result: &mut Value) {
    let (mut node, mut copied) = (root, result);
    for key in segments(path) {
        let Some(child) = node.as_object().and_then(|children| children.get(key)) else {
            return;
        };
        (node, copied) = (child, copied.make_object().child_mut(key));
    }
    *copied = node.clone();
}

/// The node without hidden keys at any depth; nothing if it has none. Elements of
/// arrays are not nodes, their keys stay.
fn without_hidden(node: &Value) -> Option<Value> {
    let children = node.as_object()?;
    let mut visible: Option<Object> = None;
    for (key, child) in children.iter() {
        if key.starts_with('.') {
            visible.get_or_insert_with(|| children.clone()).remove(key);
        } else if let Some(child) = without_hidden(child) {
            visible.get_or_insert_with(|| children.clone()).insert(Arc::clone(key), child);
        }
    }
    visible.map(Value::Object)
}
