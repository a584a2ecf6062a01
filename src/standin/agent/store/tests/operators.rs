//! W40–W56: operators.

use serde_json::{Value as Json, json};

use super::{after, becomes, fails, refuses};

/// One node of each kind that is no array: scalars, and objects.
fn other_nodes() -> [Json; 6] {
    [json!("s"), json!(12), json!(true), json!(null), json!({}), json!({"a": 1})]
}

#[test]
fn w9_unknown_operators_fail() {
    for op in ["nonsense", "observe", "unobserve", "", "SET"] {
        refuses(None, &json!({"op": op, "url": "http://127.0.0.1", "new": 1}));
        refuses(Some(json!(1)), &json!({"op": op}));
    }
}

#[test]
fn w40_set_without_new_fails_and_with_null_stores_it() {
    refuses(None, &json!({"op": "set"}));
    refuses(Some(json!(1)), &json!({"op": "set", "value": 2}));
    becomes(Some(json!(1)), &json!({"op": "set", "new": null}), Some(json!(null)));
    becomes(None, &json!({"op": "set", "new": {"a": 1}}), Some(json!({"a": 1})));
}

#[test]
fn w41_delete_of_a_leaf_leaves_the_parent() {
    let tree = after(&json!({"x": {"y": 12}}), &json!({"x/y": {"op": "delete"}}));
    assert_eq!(tree, json!({"x": {}}));
}

#[test]
fn w42_delete_of_a_missing_path_succeeds() {
    for path in ["nope", "nope/deeper", "s/deeper"] {
        let tree = after(&json!({"s": 1}), &json!({path: {"op": "delete"}}));
        assert_eq!(tree, json!({"s": 1}));
    }
}

#[test]
fn w43_delete_of_the_root_leaves_an_empty_object() {
    for path in ["", "/"] {
        let tree = after(&json!({"a": 1, ".agency": {}}), &json!({path: {"op": "delete"}}));
        assert_eq!(tree, json!({}));
    }
}

#[test]
fn w44_every_operator_works_on_the_root() {
    for (before, operation, expected) in [
        (json!({"a": 1}), json!({"op": "set", "new": [1]}), json!([1])),
        (json!([1]), json!({"op": "push", "new": 2}), json!([1, 2])),
        (json!({}), json!({"op": "prepend", "new": 2}), json!([2])),
        (json!([1, 2]), json!({"op": "pop"}), json!([1])),
        (json!([1, 2]), json!({"op": "shift"}), json!([2])),
        (json!([1, 2]), json!({"op": "push-queue", "new": 3, "len": 2}), json!([2, 3])),
        (json!([1, 2]), json!({"op": "erase", "val": 1}), json!([2])),
        (json!([1, 2]), json!({"op": "replace", "val": 1, "new": 9}), json!([9, 2])),
        (json!(4), json!({"op": "increment"}), json!(5)),
        (json!(4), json!({"op": "decrement"}), json!(3)),
        (json!({}), json!({"op": "write-lock", "by": "a"}), json!("a")),
        (json!("a"), json!({"op": "write-unlock", "by": "a"}), json!({})),
        (json!({}), json!({"op": "read-lock", "by": "a"}), json!(["a"])),
        (json!(["a"]), json!({"op": "read-unlock", "by": "a"}), json!({})),
        (json!({"x": 1}), json!(7), json!(7)),
    ] {
        assert_eq!(after(&before, &json!({"/": operation})), expected, "{operation}");
    }
}

#[test]
fn w45_increment_and_decrement_on_every_kind_of_node() {
    for (node, number) in [
        (None, 0),
        (Some(json!(7)), 7),
        (Some(json!(2.9)), 2),
        (Some(json!(-2.9)), -2),
        (Some(json!("str")), 0),
        (Some(json!("7")), 0),
        (Some(json!(true)), 0),
        (Some(json!(null)), 0),
        (Some(json!([1])), 0),
        (Some(json!({"a": 1})), 0),
        (Some(json!(u64::MAX)), 0),
        (Some(json!(1e300)), 0),
    ] {
        becomes(node.clone(), &json!({"op": "increment"}), Some(json!(number + 1)));
        becomes(node, &json!({"op": "decrement"}), Some(json!(number - 1)));
    }
}

#[test]
fn w46_step_is_honoured_and_delta_ignored() {
    for (arguments, step) in [
        (json!({"step": 5}), 5),
        (json!({"step": -5}), -5),
        (json!({"step": 2.9}), 2),
        (json!({"step": -2.9}), -2),
        (json!({"step": 0}), 0),
        (json!({"step": "5"}), 1),
        (json!({"step": null}), 1),
        (json!({"delta": 5}), 1),
    ] {
        let mut operation = arguments;
        operation["op"] = json!("increment");
        becomes(Some(json!(10)), &operation, Some(json!(10 + step)));
        operation["op"] = json!("decrement");
        becomes(Some(json!(10)), &operation, Some(json!(10 - step)));
    }
}

#[test]
fn w47_push_and_prepend_on_every_kind_of_node() {
    for node in [None].into_iter().chain(other_nodes().map(Some)) {
        becomes(node.clone(), &json!({"op": "push", "new": [1]}), Some(json!([[1]])));
        becomes(node, &json!({"op": "prepend", "new": {"a": 1}}), Some(json!([{"a": 1}])));
    }
    becomes(Some(json!([1])), &json!({"op": "push", "new": 2}), Some(json!([1, 2])));
    becomes(Some(json!([1])), &json!({"op": "prepend", "new": null}), Some(json!([null, 1])));
    for op in ["push", "prepend"] {
        refuses(Some(json!([1])), &json!({"op": op}));
        refuses(None, &json!({"op": op}));
    }
}

#[test]
fn w48_pop_and_shift_leave_an_array_everywhere() {
    for op in ["pop", "shift"] {
        for node in [None].into_iter().chain(other_nodes().map(Some)) {
            becomes(node, &json!({"op": op}), Some(json!([])));
        }
        becomes(Some(json!([])), &json!({"op": op}), Some(json!([])));
    }
    becomes(Some(json!([1, 2, 3])), &json!({"op": "pop"}), Some(json!([1, 2])));
    becomes(Some(json!([1, 2, 3])), &json!({"op": "shift"}), Some(json!([2, 3])));
}

#[test]
fn w49_erase_by_value_removes_all_occurrences() {
    let erase = |value: Json| json!({"op": "erase", "val": value});
    becomes(Some(json!([1, 2, 1.0, "1"])), &erase(json!(1)), Some(json!([2, "1"])));
    becomes(Some(json!([[1], [1, null]])), &erase(json!([1])), Some(json!([])));
    becomes(Some(json!([{"a": 1, "b": 2}])), &erase(json!({"b": 2, "a": 1})), Some(json!([])));
    becomes(Some(json!([1])), &erase(json!(7)), Some(json!([1])));
    for node in other_nodes() {
        becomes(Some(node), &erase(json!(1)), Some(json!([])));
    }
}

#[test]
fn w50_erase_by_position() {
    let erase = |position: Json| json!({"op": "erase", "pos": position});
    let array = || Some(json!([10, 11, 12]));
    becomes(array(), &erase(json!(0)), Some(json!([11, 12])));
    becomes(array(), &erase(json!(2)), Some(json!([10, 11])));
    becomes(array(), &erase(json!(3)), array());
    becomes(array(), &erase(json!(u64::MAX)), array());
    for position in [json!(-1), json!(-7), json!(1.0), json!("1"), json!(null)] {
        refuses(array(), &erase(position));
    }
}

#[test]
fn w51_erase_with_both_or_neither_argument_fails_unless_the_node_is_missing() {
    for operation in [json!({"op": "erase"}), json!({"op": "erase", "val": 1, "pos": 0})] {
        refuses(Some(json!([1])), &operation);
        refuses(Some(json!("s")), &operation);
        becomes(None, &operation, None);
    }
    becomes(None, &json!({"op": "delete", "new": 1}), None);
    becomes(None, &json!({"op": "replace"}), None);
}

#[test]
fn w52_replace_replaces_all_occurrences() {
    let replace = |val: Json, new: Json| json!({"op": "replace", "val": val, "new": new});
    becomes(Some(json!([1, 2, 1.0])), &replace(json!(1), json!([9])), Some(json!([[9], 2, [9]])));
    becomes(
        Some(json!([{"a": [1]}, 2])),
        &replace(json!({"a": [1]}), json!({"b": {}})),
        Some(json!([{"b": {}}, 2])),
    );
    becomes(Some(json!([1])), &replace(json!(3), json!(4)), Some(json!([1])));
    for node in other_nodes() {
        becomes(Some(node), &replace(json!(1), json!(2)), Some(json!([])));
    }
    refuses(Some(json!([1])), &json!({"op": "replace", "val": 1}));
    refuses(Some(json!([1])), &json!({"op": "replace", "new": 1}));
}

#[test]
fn w53_push_queue_keeps_the_last_len() {
    let queue = |len: Json| json!({"op": "push-queue", "new": 3, "len": len});
    becomes(None, &queue(json!(2)), Some(json!([3])));
    becomes(Some(json!([1, 2])), &queue(json!(2)), Some(json!([2, 3])));
    becomes(Some(json!([1, 2])), &queue(json!(2.9)), Some(json!([2, 3])));
    becomes(Some(json!([1, 2])), &queue(json!(9)), Some(json!([1, 2, 3])));
    becomes(Some(json!([0, 0, 0, 1])), &queue(json!(1)), Some(json!([3])));
    becomes(Some(json!([1, 2])), &queue(json!(0)), Some(json!([])));
    becomes(Some(json!("s")), &queue(json!(2)), Some(json!([3])));
    for operation in [
        json!({"op": "push-queue", "len": 2}),
        json!({"op": "push-queue", "new": 3}),
        queue(json!(-1)),
        queue(json!(-0.5)),
        queue(json!("2")),
        queue(json!(null)),
    ] {
        refuses(Some(json!([1, 2])), &operation);
        refuses(None, &operation);
    }
}

#[test]
fn w54_read_locks_have_several_holders() {
    let lock = |by: &str| json!({"op": "read-lock", "by": by});
    let unlock = |by: &str| json!({"op": "read-unlock", "by": by});
    becomes(None, &lock("a"), Some(json!(["a"])));
    becomes(Some(json!({})), &lock("a"), Some(json!(["a"])));
    becomes(Some(json!(["a"])), &lock("b"), Some(json!(["a", "b"])));
    refuses(Some(json!(["a", "b"])), &lock("a"));
    becomes(Some(json!(["a", "b"])), &unlock("a"), Some(json!(["b"])));
    becomes(Some(json!(["a"])), &unlock("a"), None);
    becomes(Some(json!(["a", "a"])), &unlock("a"), None);
    refuses(Some(json!(["a"])), &unlock("b"));
    refuses(None, &unlock("a"));
}

#[test]
fn w55_write_locks_are_exclusive() {
    let lock = |by: &str| json!({"op": "write-lock", "by": by});
    let unlock = |by: &str| json!({"op": "write-unlock", "by": by});
    becomes(None, &lock("a"), Some(json!("a")));
    becomes(Some(json!({})), &lock("a"), Some(json!("a")));
    refuses(Some(json!("a")), &lock("b"));
    refuses(Some(json!("a")), &lock("a"));
    becomes(Some(json!("a")), &unlock("a"), None);
    refuses(Some(json!("a")), &unlock("b"));
    assert_eq!(after(&json!({}), &json!({"v": unlock("a")})), json!({}));
}

#[test]
fn w56_locks_fail_on_foreign_values_and_without_holder() {
    for node in [json!(1), json!(null), json!({"a": 1}), json!([1]), json!(["a", 1]), json!(true)] {
        for op in ["read-lock", "write-lock", "write-unlock"] {
            refuses(Some(node.clone()), &json!({"op": op, "by": "b"}));
        }
        refuses(Some(node), &json!({"op": "read-unlock", "by": "b"}));
    }
    refuses(Some(json!([])), &json!({"op": "write-lock", "by": "a"}));
    refuses(Some(json!("a")), &json!({"op": "read-lock", "by": "b"}));
    for op in ["read-lock", "read-unlock", "write-lock", "write-unlock"] {
        for operation in
            [json!({"op": op}), json!({"op": op, "by": 1}), json!({"op": op, "by": null})]
        {
            refuses(None, &operation);
            refuses(Some(json!({})), &operation);
        }
    }
    fails(&json!({}), &json!({"a": {"op": "write-lock", "by": "x"}, "b": {"op": "write-lock"}}));
}
