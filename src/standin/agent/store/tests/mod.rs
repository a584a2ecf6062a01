//! The statements of the store's behaviour, one test each.

mod model;
mod near_values;
mod operators;
mod preconditions;
mod properties;
mod queries;
mod transactions;
mod tree;

use serde_json::{Value as Json, json};

use super::Store;
use super::transaction::{Transaction, run};
use model::Verdict;

fn store(tree: &Json) -> Store {
    Store::from_value(tree.clone().into())
}

/// Runs a transaction; gives its outcome and the tree afterwards.
fn outcome(before: &Json, transaction: &Json) -> (Transaction, Json) {
    let mut store = store(before);
    let outcome = run(&mut store, &transaction.clone().into());
    (outcome, store.root().into())
}

/// The tree after operations that have to be applied.
#[track_caller]
fn after(before: &Json, operations: &Json) -> Json {
    let (outcome, tree) = outcome(before, &json!([operations]));
    assert!(
        matches!(outcome, Transaction::Applied { .. }),
        "{operations} on {before}: {outcome:?}"
    );
    tree
}

/// Asserts that operations fail and change nothing.
#[track_caller]
fn fails(before: &Json, operations: &Json) {
    let (outcome, tree) = outcome(before, &json!([operations]));
    assert_eq!(outcome, Transaction::OperationFailed, "{operations} on {before}");
    assert_eq!(tree, *before, "{operations}");
}

/// Asserts what operations on the node `v` make of it; a missing one is `None`.
#[track_caller]
fn becomes(before: Option<Json>, operation: &Json, expected: Option<Json>) {
    let tree = |node: Option<Json>| node.map_or_else(|| json!({}), |node| json!({ "v": node }));
    let (before, expected) = (tree(before), tree(expected));
    let tree = after(&before, &json!({ "v": operation }));
    // serde_json takes 1 and 1.0 for different numbers, as the test should
    assert_eq!(tree, expected, "{operation} on {before}");
}

/// Asserts that an operation on the node `v` fails.
#[track_caller]
fn refuses(before: Option<Json>, operation: &Json) {
    let tree = before.map_or_else(|| json!({}), |node| json!({ "v": node }));
    fails(&tree, &json!({ "v": operation }));
}

/// What became of a transaction, in the words of the model.
fn verdict(outcome: &Transaction) -> Verdict {
    match outcome {
        Transaction::Applied { .. } => Verdict::Applied,
        Transaction::PreconditionFailed { paths } => {
            let mut paths = paths.clone();
            paths.sort();
            Verdict::PreconditionFailed(paths)
        }
        Transaction::Forbidden => Verdict::Forbidden,
        Transaction::OperationFailed => Verdict::OperationFailed,
        Transaction::Structural { .. } => Verdict::Structural,
        Transaction::Malformed { .. } => Verdict::Malformed,
    }
}
