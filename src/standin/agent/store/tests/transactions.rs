//! W1–W11: the envelope of transactions.

use serde_json::{Value as Json, json};

use super::super::transaction::Transaction;
use super::outcome;

#[track_caller]
fn refused(transaction: &Json) -> Transaction {
    let (outcome, tree) = outcome(&json!({"k": 1}), transaction);
    assert_eq!(tree, json!({"k": 1}), "{transaction}");
    outcome
}

#[test]
fn w1_transactions_have_one_to_three_elements() {
    for (transaction, id) in [
        (json!([{"a": 1}]), None),
        (json!([{"a": 1}, {}]), None),
        (json!([{"a": 1}, {"k": 1}, "id"]), Some("id")),
        (json!([{"a": 1}, {}, ""]), None),
    ] {
        let (outcome, tree) = outcome(&json!({"k": 1}), &transaction);
        let operations = json!({"a": 1}).into();
        assert_eq!(outcome, Transaction::Applied { operations, client_id: id.map(Into::into) });
        assert_eq!(tree, json!({"a": 1, "k": 1}));
    }
}

#[test]
fn w4_an_element_that_is_no_array_is_answered_the_syntax() {
    for transaction in [json!({"a": 1}), json!("x"), json!(null), json!(7)] {
        let message =
            "Transaction syntax is [{<operations>}, {<preconditions>}, \"clientId\"]".to_owned();
        assert_eq!(refused(&transaction), Transaction::Malformed { message });
    }
}

#[test]
fn w5_misshapen_transactions() {
    for transaction in [json!([]), json!(["x"]), json!([7]), json!([{"a": 1}, null])] {
        let outcome = refused(&transaction);
        assert!(matches!(outcome, Transaction::Structural { .. }), "{transaction}: {outcome:?}");
    }
    assert_eq!(refused(&json!([{"a": 1}, {}, "id", 0])), Transaction::OperationFailed);
    let message = "Expecting type String".to_owned();
    assert_eq!(refused(&json!([{"a": 1}, {}, 7])), Transaction::Malformed { message });
}

#[test]
fn w6_no_operations_are_malformed_unless_a_precondition_fails() {
    for transaction in [json!([{}]), json!([{}, {}]), json!([{}, {"k": 1}])] {
        let message = "Index out of bounds".to_owned();
        assert_eq!(refused(&transaction), Transaction::Malformed { message });
    }
    let paths = vec!["k".to_owned()];
    assert_eq!(refused(&json!([{}, {"k": "no"}])), Transaction::PreconditionFailed { paths });
}

#[test]
fn w8_a_failed_operation_changes_nothing() {
    assert_eq!(refused(&json!([{"k": {"op": "set"}}, {}])), Transaction::OperationFailed);
}

#[test]
fn w10_an_operator_name_that_is_no_string_is_structural() {
    for op in [json!(1), json!(null), json!({}), json!(["set"])] {
        let outcome = refused(&json!([{"a": 1, "k": {"op": op, "new": 2}}]));
        assert!(matches!(outcome, Transaction::Structural { .. }), "{outcome:?}");
    }
    for step in [json!(u64::MAX), json!(1e300)] {
        let outcome = refused(&json!([{"k": {"op": "increment", "step": step}}]));
        assert!(matches!(outcome, Transaction::Structural { .. }), "{outcome:?}");
    }
}

#[test]
fn w11_what_belongs_to_the_agents_is_forbidden() {
    for path in [".agency", "/.agency", "/.agency/x", "x.agency", ".agencyfoo"] {
        assert_eq!(refused(&json!([{"a": 1, path: 1}])), Transaction::Forbidden, "{path}");
        assert_eq!(refused(&json!([{path: 1}, {"k": "no"}])), Transaction::Forbidden, "{path}");
    }
    for path in ["a/.agency", "/a.agency", "//.agency"] {
        let (outcome, _) = outcome(&json!({}), &json!([{path: 1}]));
        assert!(matches!(outcome, Transaction::Applied { .. }), "{path}");
    }
}
