//! Every operator and every condition against the model, on values that only
//! just equal each other, or only just do not.

use serde_json::{Value as Json, json};

use super::super::transaction::run;
use super::model;
use super::{store, verdict};
use crate::agency::value::Value;

fn near_values() -> Vec<Json> {
    let Json::Array(values) = json!([
        null, true, 0, -0.0, 1, 1.0, -2, -2.9, 2.5, "", "a", "A", "b", "1",
        9_007_199_254_740_993_i64, 9_007_199_254_740_992.0, i64::MAX, u64::MAX,
        18_446_744_073_709_551_616.0, 1e300,
        [], [1], [1.0], [1, null], [null], [[1]], ["a"], ["a", "a"], ["b", "a", "c"], ["a", 1],
        [1, 2, 1.0, 3], [{"a": 1}], [{"a": 1, "b": null}], [{".h": 1}],
        {}, {"a": 1}, {"a": 1.0}, {"a": 1, "b": null}, {"b": null}, {"a": {"b": [1, null]}},
        {".h": 1}, {"a": 1, ".h": 1}, {"a": {".h": 1}}, {"a": {}},
    ]) else {
        unreachable!("an array was written")
    };
    values
}

/// Of these, what an argument of some kind may be, and a few others.
fn arguments(kind: fn(&Json) -> bool) -> Vec<Json> {
    let chosen =
        |(position, value): (usize, Json)| (kind(&value) || position % 9 == 0).then_some(value);
    near_values().into_iter().enumerate().filter_map(chosen).collect()
}

/// Trees with each of the values at `v`, and without any.
fn nodes() -> Vec<Json> {
    near_values().iter().map(|value| json!({ "v": value })).chain([json!({})]).collect()
}

/// Trees with each of the values in an array at `v`.
fn elements() -> Vec<Json> {
    near_values().iter().map(|value| json!({ "v": ["b", value] })).collect()
}

fn any(_: &Json) -> bool {
    true
}

fn none(_: &Json) -> bool {
    false
}

/// An operator, the argument that is tried with one kind of values, and the others.
type Row = (&'static str, &'static str, fn(&Json) -> bool, Json);

#[track_caller]
fn operators_agree(trees: &[Json], rows: &[Row]) {
    for (op, argument, kind, others) in rows {
        let mut operations = vec![others.clone()];
        operations.extend(arguments(*kind).into_iter().map(|value| {
            let mut operation = others.clone();
            operation[argument] = value;
            operation
        }));
        for mut operation in operations {
            operation["op"] = json!(op);
            for tree in trees {
                agrees(tree, &operation);
            }
        }
    }
}

#[track_caller]
fn agrees(tree: &Json, operation: &Json) {
    let transaction = json!([{ "v": operation }]);
    let mut store = store(tree);
    let (expected, after) = model::run(tree, &transaction);
    let outcome = run(&mut store, &transaction.into());
    assert_eq!(verdict(&outcome), expected, "{operation} on {tree}");
    assert_eq!(Json::from(store.root()), after, "{operation} on {tree}");
}

#[test]
fn every_operator_does_what_the_model_does() {
    operators_agree(
        &nodes(),
        &[
            ("set", "new", none, json!({})),
            ("delete", "new", none, json!({})),
            ("increment", "step", Json::is_number, json!({})),
            ("decrement", "step", Json::is_number, json!({})),
            ("push", "new", none, json!({})),
            ("prepend", "new", none, json!({})),
            ("pop", "pos", none, json!({})),
            ("shift", "pos", none, json!({})),
            ("push-queue", "len", Json::is_number, json!({"new": 1})),
            ("push-queue", "new", none, json!({"len": 1})),
            ("erase", "val", any, json!({})),
            ("erase", "pos", Json::is_number, json!({})),
            ("erase", "pos", none, json!({"val": 1})),
            ("replace", "val", any, json!({"new": "n"})),
            ("replace", "new", none, json!({"val": 1})),
            ("read-lock", "by", Json::is_string, json!({})),
            ("read-unlock", "by", Json::is_string, json!({})),
            ("write-lock", "by", Json::is_string, json!({})),
            ("write-unlock", "by", Json::is_string, json!({})),
            ("nonsense", "new", none, json!({})),
        ],
    );
    operators_agree(
        &elements(),
        &[
            ("erase", "val", any, json!({})),
            ("replace", "val", any, json!({"new": "n"})),
            ("read-lock", "by", Json::is_string, json!({})),
            ("read-unlock", "by", Json::is_string, json!({})),
        ],
    );
}

#[test]
fn plain_values_and_names_of_operators_do_what_the_model_does() {
    for tree in nodes().iter().step_by(5) {
        for value in near_values() {
            agrees(tree, &value);
            agrees(tree, &json!({ "op": value }));
        }
    }
}

#[track_caller]
fn conditions_agree(trees: &[Json], operators: &[&str], kind: fn(&Json) -> bool) {
    for value in arguments(kind) {
        for operator in operators {
            let condition =
                if operator.is_empty() { value.clone() } else { json!({ *operator: value }) };
            let condition = json!({ "v": condition });
            let preconditions = Value::from(condition.clone());
            let preconditions = preconditions.as_object().unwrap();
            for tree in trees {
                let failing = store(tree).check(preconditions);
                assert_eq!(failing.ok(), model::failing(tree, &condition), "{condition} on {tree}");
            }
        }
    }
}

#[test]
fn every_condition_holds_where_it_holds_in_the_model() {
    let equalities = ["", "old", "oldNot", "in", "notin", "intersectionEmpty"];
    conditions_agree(&nodes(), &equalities, any);
    conditions_agree(&elements(), &["in", "notin"], any);
    let mut lists = elements();
    lists.truncate(12);
    conditions_agree(&lists, &["old"], any);
    let locks = ["is-write-locked", "is-read-locked", "can-write-lock", "can-read-lock"];
    conditions_agree(&nodes(), &locks, Json::is_string);
    conditions_agree(&elements(), &locks, Json::is_string);
    conditions_agree(&nodes(), &["oldEmpty", "isArray", "rev"], Json::is_boolean);
}
