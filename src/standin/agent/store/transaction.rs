//! Transactions: `[operations, preconditions, clientId]`.

use std::sync::Arc;

use crate::agency::value::{Object, Value};

use super::{OperationError, Store};

/// What became of a transaction. Only an applied one has changed the store.
#[derive(Clone, Debug, PartialEq)]
pub enum Transaction {
    /// It is to be logged.
    Applied {
        /// The operations as submitted.
        operations: Value,
        /// The client id, if there is one that is not empty.
        client_id: Option<Arc<str>>,
    },
    /// A precondition does not hold.
    PreconditionFailed {
        /// The paths of those that do not.
        paths: Vec<String>,
    },
    /// It touches `.agency`, which belongs to the agents.
    Forbidden,
    /// An operator failed, or there are more than three elements.
    OperationFailed,
    /// It is misshapen; as the last one of its chunk it merely fails.
    Structural {
        /// What is wrong.
        message: String,
    },
    /// It is misshapen, and so is the request that it came with.
    Malformed {
        /// What the request is answered.
        message: String,
    },
}

/// What a request is told that holds something else than transactions.
const SYNTAX: &str = "Transaction syntax is [{<operations>}, {<preconditions>}, \"clientId\"]";

/// Runs one transaction of a write request.
pub fn run(store: &mut Store, transaction: &Value) -> Transaction {
    judge(store, transaction).unwrap_or_else(|refusal| refusal)
}

/// `Err` are all the outcomes but the good one.
fn judge(store: &mut Store, transaction: &Value) -> Result<Transaction, Transaction> {
    let elements = transaction.as_array().ok_or_else(|| malformed(SYNTAX))?;
    let operations = match elements.first() {
        Some(Value::Object(operations)) => operations,
        Some(_) => return Err(structural("the operations are not an object")),
        None => return Err(structural("the transaction is empty")),
    };
    if elements.len() > 3 {
        return Err(Transaction::OperationFailed);
    }
    if touches_agency(operations) {
        return Err(Transaction::Forbidden);
    }
    match elements.get(1) {
        None => {}
        Some(Value::Object(preconditions)) => check(store, preconditions)?,
        Some(_) => return Err(structural("the preconditions are not an object")),
    }
    if operations.is_empty() {
        return Err(malformed("Index out of bounds"));
    }
    let client_id = match elements.get(2) {
        None => None,
        Some(Value::String(id)) => Some(id).filter(|id| !id.is_empty()).cloned(),
        Some(_) => return Err(malformed("Expecting type String")),
    };
    store.apply(operations).map_err(|error| match error {
        OperationError::Failed { .. } => Transaction::OperationFailed,
        OperationError::Structural { message } => Transaction::Structural { message },
    })?;
    Ok(Transaction::Applied { operations: Value::Object(operations.clone()), client_id })
}

fn check(store: &Store, preconditions: &Object) -> Result<(), Transaction> {
    let paths = match store.check(preconditions) {
        Ok(paths) if paths.is_empty() => return Ok(()),
        Ok(paths) => paths,
        Err(_) => Vec::new(),
    };
    Err(Transaction::PreconditionFailed { paths })
}

/// Whether operations are addressed to `.agency`, with or without a slash or any
/// other character before it.
pub fn touches_agency(operations: &Object) -> bool {
    operations.keys().any(|path| matches!(path.find(".agency"), Some(0 | 1)))
}

fn structural(message: &str) -> Transaction {
    Transaction::Structural { message: message.to_owned() }
}

fn malformed(message: &str) -> Transaction {
    Transaction::Malformed { message: message.to_owned() }
}
