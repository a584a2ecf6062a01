//! Entries of a recorded log.

use std::sync::Arc;

use crate::agency::path::segments;
use crate::agency::value::{Object, Value};
use crate::agency::{instant, json};

use super::document::type_name;
use super::error::EntryProblem;

/// One entry of a recorded log.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Position in the agency's log.
    pub index: u64,
    /// Term of the leader that accepted it, if recorded.
    pub term: Option<u64>,
    /// When the leader accepted it, in milliseconds since 1970, if recorded.
    pub millis: Option<i64>,
    /// The client id, if there is one that is not empty.
    pub client_id: Option<Arc<str>>,
    /// The operations as submitted.
    pub operations: Object,
}

/// Deepest tree that entries may make. An agency stores values of 200 levels at
/// paths of any length; without a limit a tree outgrows the stack.
const MAX_LEVELS: usize = 500;

impl Entry {
    /// Reads an element of a log by the names of today or those before line 3.6.
    pub(super) fn from_element(element: &Value) -> Result<Self, EntryProblem> {
        let Value::Object(members) = element else {
            return Err(EntryProblem::NotAnObject { found: type_name(element) });
        };
        let either = |name, older| members.get(name).or_else(|| members.get(older));
        let key = either("_key", "index").ok_or(EntryProblem::NoIndex)?;
        let index =
            number(key).ok_or_else(|| EntryProblem::BadIndex { found: json::to_string(key) })?;
        let operations = match either("request", "query").ok_or(EntryProblem::NoOperations)? {
            Value::Object(operations) => operations.clone(),
            other => return Err(EntryProblem::BadOperations { found: type_name(other) }),
        };
        if operations.iter().any(|(path, value)| is_deeper(value, levels(path))) {
            return Err(EntryProblem::TooDeep { most: MAX_LEVELS });
        }
        let id = members.get("clientId").and_then(|id| match id {
            Value::String(id) if !id.is_empty() => Some(Arc::clone(id)),
            _ => None,
        });
        let term = members.get("term").and_then(number);
        Ok(Self { index, term, millis: millis(members), client_id: id, operations })
    }
}

/// When an entry was accepted: to the millisecond, or else to the second.
fn millis(members: &Object) -> Option<i64> {
    match members.get("epoch_millis") {
        Some(Value::Int(millis)) if *millis != 0 => Some(*millis),
        _ => match members.get("timestamp") {
            Some(Value::String(text)) => instant::millis_of(text),
            _ => None,
        },
    }
}

/// A number from 0 on, in digits or as a string of them.
pub(super) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(int) => u64::try_from(*int).ok(),
        Value::UInt(uint) => Some(*uint),
        Value::String(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok()
        }
        _ => None,
    }
}

fn levels(path: &str) -> usize {
    segments(path).count()
}

/// Whether a value reaches below the limit, when slashes in its keys make paths.
fn is_deeper(value: &Value, above: usize) -> bool {
    above > MAX_LEVELS
        || value.as_object().is_some_and(|children| {
            children.iter().any(|(key, child)| is_deeper(child, above + levels(key).max(1)))
        })
}
