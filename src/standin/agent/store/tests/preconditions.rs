//! P: preconditions.

use serde_json::{Value as Json, json};

use super::super::transaction::Transaction;
use super::{outcome, store};
use crate::agency::value::Value;

/// Whether conditions hold on a node `v`; a missing one is `None`.
#[track_caller]
fn holds(node: Option<&Json>, condition: &Json) -> bool {
    let tree = node.map_or_else(|| json!({}), |node| json!({ "v": node }));
    let preconditions = Value::from(json!({ "v": condition }));
    let failing = store(&tree).check(preconditions.as_object().unwrap()).unwrap();
    assert!(failing.is_empty() || failing == ["v"]);
    failing.is_empty()
}

#[track_caller]
fn table(operator: &str, rows: &[(Option<Json>, Json, bool)]) {
    for (node, argument, expected) in rows {
        let actual = holds(node.as_ref(), &json!({ operator: argument }));
        assert_eq!(actual, *expected, "{operator} {argument} on {node:?}");
    }
}

#[test]
fn p1_plain_scalars_and_arrays_are_compared() {
    for value in [json!(1), json!("s"), json!(true), json!(null), json!([1, [2]]), json!([])] {
        assert!(holds(Some(&value), &value), "{value}");
        assert!(!holds(Some(&json!("other")), &value), "{value}");
        assert!(!holds(None, &value), "{value}");
    }
}

#[test]
fn p2_old_compares_objects_in_any_key_order() {
    table(
        "old",
        &[
            (Some(json!({"a": 1, "b": {"c": [1]}})), json!({"b": {"c": [1]}, "a": 1}), true),
            (Some(json!({"a": 1})), json!({"a": 2}), false),
            (Some(json!({"a": 1})), json!({"a": 1, "b": 1}), false),
            (Some(json!(7)), json!(7), true),
        ],
    );
}

#[test]
fn p3_array_order_matters_and_key_order_inside_does_not() {
    table(
        "old",
        &[
            (Some(json!([1, 2])), json!([2, 1]), false),
            (Some(json!([{"a": 1, "b": 2}])), json!([{"b": 2, "a": 1}]), true),
            (Some(json!([1])), json!([1, null]), false),
        ],
    );
}

#[test]
fn p4_numbers_of_different_types_equal_and_strings_do_not() {
    table(
        "old",
        &[
            (Some(json!(1)), json!(1.0), true),
            (Some(json!(1.0)), json!(1), true),
            (Some(json!(1)), json!("1"), false),
            (Some(json!("1")), json!(1), false),
            (Some(json!(9_007_199_254_740_993_i64)), json!(9_007_199_254_740_992.0), true),
            (Some(json!(9_007_199_254_740_993_i64)), json!(9_007_199_254_740_992_i64), false),
        ],
    );
}

#[test]
fn p5_a_missing_attribute_differs_from_null() {
    table(
        "old",
        &[
            (Some(json!({"a": 1})), json!({"a": 1, "b": null}), false),
            (Some(json!({"a": null})), json!({}), false),
        ],
    );
}

#[test]
fn p6_a_missing_node_equals_the_empty_object() {
    let rows = [
        (None, json!({}), true),
        (None, json!(null), false),
        (None, json!([]), false),
        (None, json!({"a": 1}), false),
        (Some(json!({})), json!({}), true),
        (Some(json!(null)), json!({}), false),
    ];
    table("old", &rows);
    table("oldNot", &rows.map(|(node, argument, holds)| (node, argument, !holds)));
}

#[test]
fn p7_old_empty_asks_for_presence() {
    table("oldEmpty", &[(None, json!(true), true), (None, json!(false), false)]);
    for node in [json!(null), json!({}), json!([]), json!(1)] {
        table(
            "oldEmpty",
            &[(Some(node.clone()), json!(true), false), (Some(node), json!(false), true)],
        );
    }
}

#[test]
fn p8_is_array() {
    table(
        "isArray",
        &[
            (Some(json!([])), json!(true), true),
            (Some(json!([1])), json!(false), false),
            (Some(json!(1)), json!(true), false),
            (Some(json!({})), json!(false), true),
            (None, json!(true), false),
            (None, json!(false), true),
        ],
    );
}

#[test]
fn p9_in_finds_members_of_arrays() {
    table(
        "in",
        &[
            (Some(json!([1, 2])), json!(2), true),
            (Some(json!([1, 2])), json!(2.0), true),
            (Some(json!([1, 2])), json!("2"), false),
            (Some(json!([[1, null]])), json!([1]), true),
            (Some(json!([{"a": 1}])), json!({"a": 1, "b": null}), true),
            (Some(json!([])), json!(null), false),
            (Some(json!(2)), json!(2), false),
            (None, json!(2), false),
        ],
    );
}

#[test]
fn p10_notin_holds_without_member_and_on_missing_nodes() {
    table(
        "notin",
        &[
            (Some(json!([1, 2])), json!(3), true),
            (Some(json!([1, 2])), json!(2.0), false),
            (Some(json!("s")), json!(3), false),
            (Some(json!({})), json!(3), false),
            (None, json!(3), true),
        ],
    );
}

#[test]
fn p11_intersection_empty() {
    table(
        "intersectionEmpty",
        &[
            (Some(json!([1, 2])), json!([3]), true),
            (Some(json!([1, 2])), json!([3, 2]), false),
            (Some(json!([1, 2])), json!([]), true),
            (Some(json!("s")), json!(["s"]), true),
            (None, json!(["s"]), true),
            (Some(json!([1])), json!(1), false),
            (Some(json!([1])), json!({}), false),
            (None, json!(2), false),
        ],
    );
}

#[test]
fn p12_unknown_condition_keys_fail_and_an_empty_condition_holds() {
    for node in [None, Some(json!(1)), Some(json!({"rev": 1}))] {
        assert!(holds(node.as_ref(), &json!({})));
        for key in ["rev", "Old", "oldempty", "a"] {
            assert!(!holds(node.as_ref(), &json!({key: 1})), "{key}");
        }
    }
}

#[test]
fn p13_conditions_are_anded() {
    let node = json!([1, 2]);
    assert!(holds(Some(&node), &json!({"isArray": true, "in": 1, "oldEmpty": false})));
    assert!(!holds(Some(&node), &json!({"isArray": true, "in": 3})));
    let tree = json!({"a": 1, "b": 2});
    let failing = |preconditions: Json| {
        let preconditions = Value::from(preconditions);
        store(&tree).check(preconditions.as_object().unwrap()).unwrap()
    };
    assert!(failing(json!({"a": 1, "/a": {"oldEmpty": false}, "b": 2})).is_empty());
    assert_eq!(failing(json!({"a": 1, "b": 3, "c": {"oldEmpty": false}})), ["b", "c"]);
}

#[test]
fn p14_lock_conditions() {
    table(
        "is-write-locked",
        &[
            (Some(json!("a")), json!("a"), true),
            (Some(json!("a")), json!("b"), false),
            (Some(json!(1)), json!(1), false),
            (None, json!("a"), false),
        ],
    );
    table(
        "is-read-locked",
        &[
            (Some(json!(["a", "b"])), json!("b"), true),
            (Some(json!(["a"])), json!("b"), false),
            (Some(json!([1])), json!(1), false),
            (Some(json!("a")), json!("a"), false),
            (None, json!("a"), false),
        ],
    );
    table(
        "can-write-lock",
        &[
            (None, json!("a"), true),
            (None, json!(1), true),
            (Some(json!({})), json!("a"), true),
            (Some(json!({})), json!(1), false),
            (Some(json!({"a": 1})), json!("a"), false),
            (Some(json!([])), json!("a"), false),
            (Some(json!("b")), json!("a"), false),
        ],
    );
    table(
        "can-read-lock",
        &[
            (None, json!("a"), true),
            (None, json!(1), true),
            (Some(json!({})), json!("a"), true),
            (Some(json!([])), json!("a"), true),
            (Some(json!(["b"])), json!("a"), true),
            (Some(json!(["a", "b"])), json!("a"), false),
            (Some(json!(["b", 1])), json!("a"), false),
            (Some(json!(["b"])), json!(1), false),
            (Some(json!("b")), json!("a"), false),
        ],
    );
}

#[test]
fn p15_hidden_children_are_ignored() {
    let node = json!({".h": 1, "a": {"b": 1, ".i": 2}});
    table(
        "old",
        &[
            (Some(node.clone()), json!({"a": {"b": 1}}), true),
            (Some(node.clone()), node, false),
            (Some(json!({".h": 1})), json!({}), true),
        ],
    );
}

#[test]
fn p16_a_non_boolean_argument_is_no_condition() {
    for operator in ["oldEmpty", "isArray"] {
        for argument in [json!(1), json!("true"), json!(null), json!({})] {
            let preconditions = json!({"v": {operator: argument}});
            let (outcome, tree) = outcome(&json!({}), &json!([{"a": 1}, preconditions]));
            assert_eq!(outcome, Transaction::PreconditionFailed { paths: vec![] });
            assert_eq!(tree, json!({}));
            let preconditions = Value::from(preconditions);
            let error = store(&json!({})).check(preconditions.as_object().unwrap()).unwrap_err();
            assert_eq!(error.to_string(), "Expecting type Bool");
        }
    }
}

#[test]
fn p17_preconditions_come_before_the_operations_of_their_transaction() {
    let transaction = json!([{"a": 2}, {"a": 1}]);
    let (applied, tree) = outcome(&json!({"a": 1}), &transaction);
    assert!(matches!(applied, Transaction::Applied { .. }));
    let (again, tree) = outcome(&tree, &transaction);
    assert_eq!(again, Transaction::PreconditionFailed { paths: vec!["a".to_owned()] });
    assert_eq!(tree, json!({"a": 2}));
}

#[test]
fn p18_no_tolerance_and_case_matters() {
    table(
        "old",
        &[
            (Some(json!(0.1)), json!(0.100_000_000_01), false),
            (Some(json!("Abc")), json!("abc"), false),
        ],
    );
    table(
        "intersectionEmpty",
        &[
            (Some(json!([0.1, "Abc"])), json!([0.100_000_000_01, "abc"]), true),
            (Some(json!([1])), json!([1.0]), false),
        ],
    );
}

#[test]
fn the_root_is_named_by_the_empty_path_and_the_slash() {
    for path in ["", "/", "//"] {
        let (applied, _) = outcome(&json!({"a": 1}), &json!([{"b": 1}, {path: {"old": {"a": 1}}}]));
        assert!(matches!(applied, Transaction::Applied { .. }), "{path}");
    }
}
