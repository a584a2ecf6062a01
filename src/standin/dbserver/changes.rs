//! What differs between two trees, found without looking at what they share.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::agency::value::{Object, Value};
use crate::standin::model::{ServerId, Tree};

/// The keys whose values are no more the same.
pub(super) fn changed_keys(before: Option<&Value>, now: Option<&Value>) -> Vec<Arc<str>> {
    let nothing = Object::new();
    let before = before.and_then(Value::as_object).unwrap_or(&nothing);
    let now = now.and_then(Value::as_object).unwrap_or(&nothing);
    before.diff(now).map(|(key, ..)| key.clone()).collect()
}

/// The keys below a path whose values are no more the same.
pub(super) fn changed_below(before: &Tree, now: &Tree, path: &str) -> Vec<Arc<str>> {
    changed_keys(before.get(path), now.get(path))
}

/// The keys and the keys below them whose values are no more the same.
pub(super) fn changed_pairs(before: &Tree, now: &Tree, path: &str) -> Vec<(Arc<str>, Arc<str>)> {
    let mut changed = Vec::new();
    for key in changed_below(before, now, path) {
        let below = |tree: &Tree| tree.get(path)?.as_object()?.get(&key).cloned();
        let below = changed_keys(below(before).as_ref(), below(now).as_ref());
        changed.extend(below.into_iter().map(|inner| (key.clone(), inner)));
    }
    changed
}

/// The incarnations of servers.
pub(super) fn reboot_ids(tree: &Tree) -> BTreeMap<ServerId, u64> {
    let known = tree.children("/arango/Current/ServersKnown");
    let number = |record: &Value| Tree(record.clone()).number("rebootId");
    known.filter_map(|(id, record)| Some((id.into(), number(record)?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_found() {
        let mut before =
            Tree::from(json!({"a": {"x": {"1": {}, "2": {}}, "y": {"3": {}}, "z": {}}}));
        let mut now = before.clone();
        let set = |tree: &mut Tree, outer: &str, inner: &str| {
            let object = tree.0.make_object().child_mut("a").make_object();
            object.child_mut(outer).make_object().insert(inner.into(), json!({"v": 1}).into());
        };
        assert!(changed_pairs(&before, &now, "/a").is_empty());
        set(&mut now, "x", "2");
        set(&mut now, "z", "9");
        set(&mut before, "y", "4");
        let changed = changed_pairs(&before, &now, "/a");
        let changed: Vec<_> = changed.iter().map(|(outer, inner)| (&**outer, &**inner)).collect();
        assert_eq!(changed, [("x", "2"), ("y", "4"), ("z", "9")]);
        assert_eq!(changed_below(&Tree::default(), &now, "/a").len(), 3);
    }

    #[test]
    fn one_log_of_thousands_is_found() {
        let logs = (0..10_000).map(|id| (id.to_string(), json!({"id": id})));
        let before = Tree::from(json!({"logs": {"d": logs.collect::<serde_json::Map<_, _>>()}}));
        let mut now = before.clone();
        let logs = now.0.make_object().child_mut("logs").make_object().child_mut("d").make_object();
        logs.insert("7".into(), json!({}).into());
        logs.insert("x".into(), json!({}).into());
        logs.remove("9999");
        let changed = changed_pairs(&before, &now, "/logs");
        let changed: Vec<_> = changed.iter().map(|(_, id)| &**id).collect();
        assert_eq!(changed, ["7", "9999", "x"]);
    }

    #[test]
    fn servers_without_a_number_have_no_incarnation() {
        let known = json!({"PRMR-a": {"rebootId": 3}, "PRMR-b": {}, "PRMR-c": "x",
            "PRMR-d": {"rebootId": "1"}});
        let tree = Tree::from(json!({"arango": {"Current": {"ServersKnown": known}}}));
        assert_eq!(reboot_ids(&tree), BTreeMap::from([("PRMR-a".into(), 3)]));
    }
}
