//! Paths as scripts write them, and values within the trees that agents return.

use serde_json::Value;

/// The value at an absolute path of a tree; `None` when nothing is there.
pub(super) fn take(tree: Value, path: &str) -> Option<Value> {
    let mut node = tree;
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        match node {
            Value::Object(mut members) => node = members.swap_remove(segment)?,
            _ => return None,
        }
    }
    Some(node)
}

/// Whether a change at `changed` can be seen at `watched`: one contains the other.
pub(super) fn overlap(watched: &str, changed: &str) -> bool {
    let mut watched = watched.split('/').filter(|segment| !segment.is_empty());
    let mut changed = changed.split('/').filter(|segment| !segment.is_empty());
    loop {
        match (watched.next(), changed.next()) {
            (Some(a), Some(b)) if a == b => {}
            (Some(_), Some(_)) => return false,
            _ => return true,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn r4_the_existing_prefix_of_a_missing_path_is_no_value() {
        assert_eq!(take(json!({"a": {"b": {}}}), "/a/b/c"), None);
        assert_eq!(take(json!({"a": {"b": 1}}), "/a/b"), Some(json!(1)));
        assert_eq!(take(json!({"a": {}}), "/a"), Some(json!({})));
        assert_eq!(take(json!([1]), "/"), Some(json!([1])));
    }

    #[test]
    fn w27_keys_that_share_a_textual_prefix_do_not_overlap() {
        assert!(overlap("/a/b", "/a/b/c") && overlap("/a/b", "a") && overlap("/a", "/"));
        assert!(!overlap("/bu", "/bux"));
    }
}
