//! Transactions as Python gives them.

use agencysh::AgencyClient;
use agencysh::client::{ClientError, Transaction};
use pyo3::prelude::*;
use serde_json::{Map, Value};

use crate::errors;

/// What became of transactions.
pub(crate) struct Answer {
    status: u16,
    /// One for each: a log index, 0 when it did not happen, or the tree that was read.
    pub(crate) results: Vec<Value>,
}

/// A transaction that did not happen.
pub(crate) enum Refused {
    Precondition,
    Other(ClientError),
}

/// The items of a request, with absolute paths.
///
/// # Errors
/// One is neither a transaction nor a list of paths.
pub(crate) fn items(
    given: &Value,
    path: impl Fn(&str) -> String,
) -> Result<Vec<Value>, ClientError> {
    let bad = |reason: &str| ClientError::BadArgument { reason: reason.to_owned() };
    let given = given.as_array().filter(|items| !items.is_empty());
    let given = given.ok_or_else(|| bad("there must be a list of at least one transaction"))?;
    given.iter().map(|item| AgencyClient::item(&with_paths(item, &path))).collect()
}

/// The item with absolute paths; what is no item stays as it is.
fn with_paths(item: &Value, path: &impl Fn(&str) -> String) -> Value {
    let Some(parts) = item.as_array() else { return item.clone() };
    let is_read = is_read(item);
    let part = |part: &Value| match part {
        Value::String(one) if is_read => path(one).into(),
        Value::Object(members) => {
            let members = members.iter().map(|(one, value)| (path(one), value.clone()));
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => other.clone(),
    };
    parts.iter().map(part).collect()
}

/// Whether an item asks for paths and changes nothing.
pub(crate) fn is_read(item: &Value) -> bool {
    item.as_array().is_some_and(|parts| parts.iter().all(Value::is_string))
}

/// Runs them in one request.
///
/// # Errors
/// Nothing happened, or nobody can tell.
pub(crate) fn run(client: &AgencyClient, items: &[Value]) -> Result<Answer, ClientError> {
    if items.iter().any(is_read) {
        let (status, mut results) = client.transact(items)?;
        for (result, item) in results.iter_mut().zip(items) {
            // what was there instead of what a precondition wants
            if !is_read(item) && result.as_u64().is_none() {
                *result = 0.into();
            }
        }
        return Ok(Answer { status, results });
    }
    let transactions: Result<Vec<Transaction>, _> =
        items.iter().map(AgencyClient::transaction).collect();
    let outcome = client.write(&transactions?)?;
    let results = outcome.results.into_iter().map(Value::from).collect();
    Ok(Answer { status: outcome.status, results })
}

impl Answer {
    /// Why one of them did not happen.
    pub(crate) fn refused(&self, items: &[Value]) -> Option<Refused> {
        let writes = self.results.iter().zip(items).filter(|(_, item)| !is_read(item));
        let (_, first) = writes.into_iter().find(|(result, _)| result.as_u64() == Some(0))?;
        let operations = first.get(0).and_then(Value::as_object);
        let path = operations.and_then(|operations| operations.keys().next());
        let path = path.cloned().unwrap_or_default();
        Some(match self.status {
            412 => Refused::Precondition,
            403 => Refused::Other(ClientError::Forbidden { path }),
            _ => Refused::Other(ClientError::OperationFailed { path }),
        })
    }
}

impl Refused {
    /// The exception, which has the results.
    pub(crate) fn into_exception(self, py: Python<'_>, results: Vec<Bound<'_, PyAny>>) -> PyErr {
        match self {
            Self::Precondition => {
                let message = "a precondition did not hold".to_owned();
                errors::named(py, "PreconditionFailed", message, "outcomes", results)
            }
            Self::Other(error) => {
                let error = errors::of_client(py, error);
                match error.value(py).setattr("outcomes", results) {
                    Ok(()) => error,
                    Err(other) => other,
                }
            }
        }
    }
}
