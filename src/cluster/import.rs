//! Fills an empty agency with a tree.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::ClusterError;
use crate::client::{AgencyClient, Transaction};

/// Bytes of a transaction from which on a tree is written in parts: far below what agents
/// accept, and few enough to be replicated in a moment.
const MOST: usize = 1 << 20;

/// The key of the agents themselves, which nobody else may write.
const OF_THE_AGENTS: &str = ".agency";

/// Whether servers have kept something in a folder before.
pub(super) fn is_used(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some())
}

/// Whether the agency holds nothing.
pub(super) fn is_empty(client: &AgencyClient) -> Result<bool, ClusterError> {
    Ok(client.read(&["/"])?.as_object().is_some_and(Map::is_empty))
}

/// Writes the tree.
pub(super) fn fill(client: &AgencyClient, tree: &Map<String, Value>) -> Result<(), ClusterError> {
    for operations in parts(tree, MOST) {
        let names: Vec<String> = operations.keys().cloned().collect();
        let written = client.write(&[Transaction::new(Value::Object(operations))])?;
        if !written.all_applied() {
            return Err(ClusterError::NotTaken { paths: names.join(", ") });
        }
    }
    Ok(())
}

/// Operations that make the tree together, in groups of about this size.
fn parts(tree: &Map<String, Value>, most: usize) -> Vec<Map<String, Value>> {
    let mut parts = Parts { most, size: 0, done: Vec::new(), current: Map::new() };
    for (key, value) in tree.iter().filter(|(key, _)| *key != OF_THE_AGENTS) {
        parts.add(format!("/{key}"), value);
    }
    if !parts.current.is_empty() {
        parts.done.push(parts.current);
    }
    parts.done
}

struct Parts {
    most: usize,
    size: usize,
    done: Vec<Map<String, Value>>,
    current: Map<String, Value>,
}

impl Parts {
    fn add(&mut self, path: String, value: &Value) {
        let size = size(value);
        match value {
            Value::Object(members) if size > self.most && can_be_split(members) => {
                for (key, member) in members {
                    self.add(format!("{path}/{key}"), member);
                }
            }
            _ => {
                if self.size + size > self.most && !self.current.is_empty() {
                    self.done.push(std::mem::take(&mut self.current));
                    self.size = 0;
                }
                self.size += size + path.len();
                self.current.insert(path, json!({ "op": "set", "new": value }));
            }
        }
    }
}

/// Whether each member can be written by its path. The agency refuses other keys: it is to
/// see them.
fn can_be_split(members: &Map<String, Value>) -> bool {
    members.keys().all(|key| !key.is_empty() && !key.contains('/'))
}

/// Bytes of the value's text.
fn size(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.iter().map(|(k, v)| k.len() + 4 + size(v)).sum(),
        Value::Array(elements) => elements.iter().map(|e| 1 + size(e)).sum(),
        Value::String(text) => text.len() + 2,
        other => other.to_string().len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_small_tree_is_written_at_once_without_what_belongs_to_the_agents() {
        let parts = parts(&tree(json!({".agency": {"term": 1}, "a": {"b": {}}, "c": 1})), 1000);
        let set = |new: Value| json!({ "op": "set", "new": new });
        assert_eq!(parts, [tree(json!({"/a": set(json!({"b": {}})), "/c": set(json!(1))}))]);
        assert!(super::parts(&Map::new(), 10).is_empty());
    }

    #[test]
    fn a_big_tree_is_written_in_parts_of_limited_size() {
        let servers: Map<String, Value> =
            (0..100).map(|n| (n.to_string(), json!({ "op": "x".repeat(20) }))).collect();
        let big = tree(json!({ "arango": { "Plan": servers, "long": "x".repeat(500) } }));
        let parts = parts(&big, 200);
        assert!(parts.len() > 10);
        let mut made = Map::new();
        for operation in parts.iter().flatten() {
            let (path, set) = operation;
            let mut node = &mut made;
            let mut segments: Vec<&str> = path.split('/').skip(1).collect();
            let last = segments.pop().unwrap();
            for segment in segments {
                let inner = node.entry(segment).or_insert_with(|| json!({}));
                node = inner.as_object_mut().unwrap();
            }
            node.insert(last.to_owned(), set["new"].clone());
        }
        assert_eq!(made, big);
        let sizes = parts.iter().map(|part| size(&Value::Object(part.clone())));
        assert!(sizes.filter(|size| *size > 1000).count() == 0);
    }

    #[test]
    fn keys_that_are_no_part_of_a_path_are_not_taken_for_one() {
        let odd = tree(json!({ "a": { "b/c": "x".repeat(100), "d": "x".repeat(100) } }));
        assert_eq!(parts(&odd, 50).len(), 1);
    }
}
