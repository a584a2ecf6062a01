//! The two relations by which the agency compares values.

use crate::agency::value::{Object, Value};

/// Equality of a condition's argument with a value: a missing attribute differs
/// from `null`, numbers of different types are compared as doubles.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => equal_members(a.iter(), a.len(), b, equal),
        (Value::Double(double), int @ (Value::Int(_) | Value::UInt(_)))
        | (int @ (Value::Int(_) | Value::UInt(_)), Value::Double(double)) => {
            as_double(int) == *double
        }
        _ => a == b,
    }
}

/// As [`equal`], for a node: its hidden children do not count.
pub(super) fn equal_node(node: &Value, b: &Value) -> bool {
    match (node, b) {
        (Value::Object(node), Value::Object(b)) => {
            let visible = node.keys().filter(|key| !is_hidden(key)).count();
            let children = node.iter().filter(|(key, _)| !is_hidden(key));
            equal_members(children, visible, b, equal_node)
        }
        _ => equal(node, b),
    }
}

fn equal_members<'a, K: AsRef<str> + 'a>(
    a: impl Iterator<Item = (&'a K, &'a Value)>,
    len: usize,
    b: &Object,
    equal: fn(&Value, &Value) -> bool,
) -> bool {
    len == b.len() && { a }.all(|(key, a)| b.get(key.as_ref()).is_some_and(|b| equal(a, b)))
}

/// Whether a node has no visible child. False for arrays and scalars.
pub(super) fn is_empty_node(node: &Value) -> bool {
    node.as_object().is_some_and(|children| children.keys().all(|key| is_hidden(key)))
}

fn is_hidden(key: &str) -> bool {
    key.starts_with('.')
}

/// Equality of elements: numbers by exact value; a missing attribute and a missing
/// trailing element equal `null`.
pub(super) fn same_element(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => (0..a.len().max(b.len())).all(|position| {
            same_element(
                a.get(position).unwrap_or(&Value::Null),
                b.get(position).unwrap_or(&Value::Null),
            )
        }),
        (Value::Object(a), Value::Object(b)) => {
            let member = |object: &Object, key: &str| object.get(key).cloned().unwrap_or_default();
            a.iter().all(|(key, value)| same_element(value, &member(b, key)))
                && b.iter().all(|(key, value)| a.get(key).is_some() || *value == Value::Null)
        }
        (Value::Double(double), int @ (Value::Int(_) | Value::UInt(_)))
        | (int @ (Value::Int(_) | Value::UInt(_)), Value::Double(double)) => {
            is_exactly(int, *double)
        }
        _ => a == b,
    }
}

#[expect(clippy::cast_precision_loss, reason = "the agency compares as doubles here")]
fn as_double(int: &Value) -> f64 {
    match int {
        Value::UInt(uint) => *uint as f64,
        Value::Int(int) => *int as f64,
        _ => f64::NAN,
    }
}

/// Whether an integer has exactly the value of a double.
#[expect(clippy::cast_possible_truncation, reason = "whole and in range, see the guard")]
fn is_exactly(int: &Value, double: f64) -> bool {
    let exact = match int {
        Value::Int(int) => i128::from(*int),
        Value::UInt(uint) => i128::from(*uint),
        _ => return false,
    };
    // beyond 2^64 no integer value can be equal
    double.fract() == 0.0 && double.abs() < 3e19 && double as i128 == exact
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    fn both(a: &Json, b: &Json) -> (bool, bool) {
        let (a, b) = (Value::from(a.clone()), Value::from(b.clone()));
        assert_eq!(equal(&a, &b), equal(&b, &a));
        assert_eq!(same_element(&a, &b), same_element(&b, &a));
        (equal(&a, &b), same_element(&a, &b))
    }

    #[test]
    fn numbers_are_compared_by_value() {
        assert_eq!(both(&json!(1), &json!(1.0)), (true, true));
        assert_eq!(both(&json!(-0.0), &json!(0)), (true, true));
        assert_eq!(both(&json!(0.1), &json!(0.100_000_000_01)), (false, false));
        // as doubles these are equal, exactly they are not
        assert_eq!(
            both(&json!(9_007_199_254_740_993_i64), &json!(9_007_199_254_740_992.0)),
            (true, false)
        );
        assert_eq!(both(&json!(u64::MAX), &json!(18_446_744_073_709_551_616.0)), (true, false));
        assert_eq!(both(&json!(i64::MAX), &json!(i64::MAX - 1)), (false, false));
    }

    #[test]
    fn types_never_convert() {
        let values =
            [json!("1"), json!(1), json!(true), json!(null), json!({}), json!([]), json!("")];
        for (i, a) in values.iter().enumerate() {
            for b in &values[i + 1..] {
                assert_eq!(both(a, b), (false, false), "{a} {b}");
            }
        }
    }

    #[test]
    fn only_elements_take_what_is_missing_for_null() {
        for (a, b) in [
            (json!([1]), json!([1, null])),
            (json!({"a": 1}), json!({"a": 1, "b": null})),
            (json!([{"x": [null]}]), json!([{"x": []}])),
        ] {
            assert_eq!(both(&a, &b), (false, true), "{a} {b}");
        }
        assert_eq!(both(&json!([1, 2]), &json!([2, 1])), (false, false));
        assert_eq!(both(&json!({"a": 1}), &json!({"a": 1, "b": 2})), (false, false));
    }

    #[test]
    fn p15_hidden_children_of_nodes_do_not_count() {
        let node = Value::from(json!({"a": {".h": 1, "b": [{".k": 1}]}, ".x": 2}));
        assert!(equal_node(&node, &json!({"a": {"b": [{".k": 1}]}}).into()));
        assert!(!equal_node(&node, &json!({"a": {"b": [{}]}}).into()));
        assert!(!equal_node(&node, &node));
    }
}
