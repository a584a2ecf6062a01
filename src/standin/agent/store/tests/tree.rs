//! W20–W31: what transactions make of the tree.

use std::sync::Arc;

use serde_json::json;

use super::super::transaction::Transaction;
use super::{after, fails, outcome, store};
use crate::agency::value::{Object, Value};

#[test]
fn w20_a_failing_operation_rolls_back_its_transaction() {
    fails(&json!({"a": 1}), &json!({"a": 2, "b": {"op": "nonsense"}}));
    fails(
        &json!({"z": 1}),
        &json!({"a/b/c": 2, "q": {"op": "push", "new": 1}, "y": {"op": "set"}}),
    );
    for before in
        [json!({"a": {"b": [1], "c": {"d": 1}}, "s": 7}), json!({}), json!([1]), json!("s")]
    {
        for operation in [json!(2), json!({"op": "delete"}), json!({"op": "push", "new": 2})] {
            for path in ["/", "a", "a/b", "a/c/d", "a/c/d/e/f", "s/t", "n", "n/m/o"] {
                let operations = json!({path: operation, "a/b/x": 1, "s": [], "z": {"op": "set"}});
                fails(&before, &operations);
            }
        }
    }
}

#[test]
fn w21_operations_are_applied_in_byte_order_of_their_paths() {
    let tree = after(&json!({}), &json!({"/a/b": 1, "/a": {"c": 2}}));
    assert_eq!(tree, json!({"a": {"b": 1, "c": 2}}));
    // the root comes first, however it is written
    for root in ["", "/", "//"] {
        let tree = after(&json!({"old": 1}), &json!({"a": 1, root: {"b": 2}}));
        assert_eq!(tree, json!({"a": 1, "b": 2}));
    }
    // a trailing slash sorts after the path without it
    let tree = after(&json!({}), &json!({"/a/": 1, "a": {"op": "increment"}}));
    assert_eq!(tree, json!({"a": 1}));
    // '-' comes before '/', so /a-b is set before /a/b
    let tree = after(&json!({}), &json!({"a/b": 1, "a-b": 2, "a": {}}));
    assert_eq!(tree, json!({"a": {"b": 1}, "a-b": 2}));
}

#[test]
fn w22_later_transactions_see_earlier_ones() {
    let mut store = store(&json!({}));
    for value in 0..3 {
        let transaction =
            json!([{"v": value}, if value == 0 { json!({}) } else { json!({"v": value - 1}) }]);
        let outcome = super::super::transaction::run(&mut store, &transaction.into());
        assert!(matches!(outcome, Transaction::Applied { .. }));
    }
    assert_eq!(store.root(), &json!({"v": 2}).into());
}

#[test]
fn w23_a_plain_value_replaces_the_whole_subtree() {
    let tree = json!({"a": {"b": {"c": 1}, "d": 2}});
    assert_eq!(after(&tree, &json!({"a": {"x": 1}})), json!({"a": {"x": 1}}));
    assert_eq!(after(&tree, &json!({"a/b": 7})), json!({"a": {"b": 7, "d": 2}}));
    assert_eq!(after(&tree, &json!({"a": null})), json!({"a": null}));
}

#[test]
fn w24_nested_op_objects_are_data() {
    let data = json!({"x": {"op": "increment"}});
    assert_eq!(after(&json!({}), &json!({"a": data})), json!({"a": data}));
    let data = json!({"op": "set", "new": 1, "ttl": 5});
    assert_eq!(after(&json!({}), &json!({"a": {"op": "set", "new": data}})), json!({"a": data}));
}

#[test]
fn w25_a_slash_in_a_nested_key_is_rejected_but_not_in_arrays() {
    for operation in [
        json!({"k": {"a/b": 1}}),
        json!({"op": "set", "new": {"a/b": 1}}),
        json!({"k": {"l": {"a/b": {}}}}),
    ] {
        let (outcome, tree) = outcome(&json!({}), &json!([{"v": operation, "u": 1}]));
        let message = "invalid object key detected: `a/b`".to_owned();
        assert_eq!(outcome, Transaction::Structural { message });
        assert_eq!(tree, json!({}));
    }
    let array = json!([{"a/b": 1}]);
    assert_eq!(after(&json!({}), &json!({"v": array})), json!({"v": array}));
    let pushed = after(&json!({}), &json!({"v": {"op": "push", "new": {"a/b": 1}}}));
    assert_eq!(pushed, json!({"v": array}));
}

#[test]
fn w26_an_intermediate_scalar_or_array_is_replaced_by_an_object() {
    for old in [json!(7), json!([1]), json!("s"), json!(null)] {
        assert_eq!(after(&json!({"a": old}), &json!({"a/b/c": 1})), json!({"a": {"b": {"c": 1}}}));
        assert_eq!(after(&old, &json!({"a": 1})), json!({"a": 1}));
    }
}

#[test]
fn w27_keys_with_a_common_prefix_are_independent() {
    let tree = after(&json!({}), &json!({"/bu": 1, "/bux": 2, "/b": 3}));
    assert_eq!(tree, json!({"b": 3, "bu": 1, "bux": 2}));
    let tree = after(&tree, &json!({"/bu": {"op": "delete"}}));
    assert_eq!(tree, json!({"b": 3, "bux": 2}));
}

#[test]
fn w28_keys_may_hold_anything_but_slashes() {
    for key in ["é😀", " ", "a b", "%2F", "\\", "\"", "~0", ".", "..", "\u{1}", "ключ", "0"]
    {
        assert_eq!(after(&json!({}), &json!({key: 1})), json!({key: 1}));
        assert_eq!(after(&json!({}), &json!({"p": {key: 1}})), json!({"p": {key: 1}}));
    }
}

#[test]
fn w29_arrays_are_stored_verbatim() {
    let array = json!([[1, [2.5]], {"op": "delete"}, null, {"a": {"b": []}}, "s"]);
    assert_eq!(after(&json!({}), &json!({"v": array})), json!({"v": array}));
}

#[test]
fn w30_ttl_is_accepted_without_effect() {
    let tree = after(&json!({}), &json!({"v": {"op": "set", "new": 1, "ttl": 1}}));
    assert_eq!(tree, json!({"v": 1}));
}

#[test]
fn w31_numbers_come_back_unchanged() {
    for number in [json!(i64::MIN), json!(u64::MAX), json!(0.1), json!(1.0), json!(5e-324)] {
        assert_eq!(after(&json!({}), &json!({"v": number})), json!({"v": number}));
    }
}

#[test]
fn recorded_operations_of_older_lines_are_applied_as_they_were() {
    let mut store = store(&json!({"a": 1}));
    let recorded = json!({
        "a": {"op": "observe", "url": "http://127.0.0.1/x"},
        "b": {"op": "unobserve", "url": "http://127.0.0.1/x"},
        "c": {"d/e": 1, "d": {"f": {"": 0, "/g/": 2}}},
        "t": {"op": "set", "new": 1, "ttl": 3600},
    });
    let recorded = Value::from(recorded);
    store.apply_lenient(recorded.as_object().unwrap()).unwrap();
    let expected = json!({"a": 1, "c": {"d": {"e": 1, "f": {"": 0, "g": 2}}}, "t": 1});
    assert_eq!(store.root(), &expected.into());
}

#[test]
fn a_copy_of_a_store_stays_as_it_was() {
    let children: Object = (0..500).map(|i| (Arc::from(format!("k{i}")), Value::Int(i))).collect();
    let mut original = store(&json!({}));
    original.apply(&Object::from_iter([(Arc::from("wide"), Value::Object(children))])).unwrap();
    let copy = original.clone();
    let before = serde_json::Value::from(copy.root());
    let change =
        Value::from(json!({"wide/k7": -1, "wide/new/deep": 1, "wide/k8": {"op": "delete"}}));
    original.apply(change.as_object().unwrap()).unwrap();
    assert_eq!(serde_json::Value::from(copy.root()), before);
    assert_ne!(original, copy);
}
