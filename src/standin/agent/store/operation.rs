//! Operators: what an operation does to the node that it meets.

use std::sync::Arc;

use crate::agency::path::segments;
use crate::agency::value::{Object, Value};

use super::OperationError;
use super::array::ArrayEdit;

/// Whose operations these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Line 3.12.
    Current,
    /// Lines 3.6 to 3.11.
    Legacy,
}

/// What an operation does to its node.
#[derive(Debug)]
pub(super) enum Effect {
    /// Nothing.
    Keep,
    /// Puts a value in its place.
    Put(Value),
    /// Removes it.
    Delete,
    /// Changes the array that it is.
    Array(ArrayEdit),
}

/// Why an operation has no effect.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The operator fails.
    Failed { op: Arc<str> },
    /// The operation is misshapen.
    Structural { message: String },
}

impl Refusal {
    /// The error of an operation on a path.
    pub(super) fn at(self, path: &str) -> OperationError {
        match self {
            Self::Failed { op } => {
                OperationError::Failed { path: path.to_owned(), op: op.to_string() }
            }
            Self::Structural { message } => OperationError::Structural { message },
        }
    }
}

/// Decides what an operation does to a node. Nothing is changed yet.
pub(super) fn effect(
    operation: &Value,
    node: Option<&Value>,
    dialect: Dialect,
) -> Result<Effect, Refusal> {
    let Some((op, arguments)) = operator(operation) else {
        return storable(operation, dialect).map(Effect::Put);
    };
    let Value::String(op) = op else {
        let message = "the operator's name is not a string".to_owned();
        return Err(Refusal::Structural { message });
    };
    let failed = || Refusal::Failed { op: Arc::clone(op) };
    let argument = |name: &str| arguments.get(name).cloned().ok_or_else(failed);
    let edit = |edit| Ok(Effect::Array(edit));
    match (&**op, node) {
        ("set", _) => storable(&argument("new")?, dialect).map(Effect::Put),
        ("delete" | "erase" | "replace", None) => Ok(Effect::Keep),
        ("delete", Some(_)) => Ok(Effect::Delete),
        ("increment", _) => Ok(Effect::Put(sum(node, step(arguments)?))),
        ("decrement", _) => Ok(Effect::Put(sum(node, step(arguments)?.wrapping_neg()))),
        ("push", _) => edit(ArrayEdit::Push(argument("new")?)),
        ("prepend", _) => edit(ArrayEdit::Prepend(argument("new")?)),
        ("pop", _) => edit(ArrayEdit::Pop),
        ("shift", _) => edit(ArrayEdit::Shift),
        ("push-queue", _) => {
            let new = argument("new")?;
            let len = arguments.get("len").and_then(length).ok_or_else(failed)?;
            edit(ArrayEdit::PushQueue(new, len))
        }
        ("erase", Some(_)) => match (arguments.get("val"), arguments.get("pos")) {
            (Some(value), None) => edit(ArrayEdit::Erase(value.clone())),
            (None, Some(position)) => edit(ArrayEdit::EraseAt(whole(position).ok_or_else(failed)?)),
            _ => Err(failed()),
        },
        ("replace", Some(_)) => edit(ArrayEdit::Replace(argument("val")?, argument("new")?)),
        ("read-lock" | "read-unlock" | "write-lock" | "write-unlock", _) => {
            let by = argument("by")?;
            let holder = by.as_str().ok_or_else(failed)?;
            lock_effect(op, holder, node).ok_or_else(failed)
        }
        ("observe" | "unobserve", _) if dialect == Dialect::Legacy => Ok(Effect::Keep),
        _ => Err(failed()),
    }
}

/// Name and arguments, if the operation is an operator rather than a plain value.
fn operator(operation: &Value) -> Option<(&Value, &Object)> {
    let arguments = operation.as_object()?;
    Some((arguments.get("op")?, arguments))
}

/// What a lock operator does; nothing if it fails. Readers are listed in an
/// array, a writer is a string.
fn lock_effect(op: &str, holder: &str, node: Option<&Value>) -> Option<Effect> {
    let free = match node {
        None => true,
        Some(node) => node.as_object().is_some_and(Object::is_empty),
    };
    let is_holder = |element: &Value| element.as_str() == Some(holder);
    match (op, node) {
        ("read-lock", _) if free => Some(Effect::Array(ArrayEdit::Push(holder.into()))),
        ("read-lock", Some(Value::Array(readers))) => readers
            .iter()
            .all(|reader| reader.as_str().is_some_and(|reader| reader != holder))
            .then(|| Effect::Array(ArrayEdit::Push(holder.into()))),
        ("read-unlock", Some(Value::Array(readers))) if readers.iter().any(is_holder) => {
            Some(if readers.iter().all(is_holder) {
                Effect::Delete
            } else {
                Effect::Array(ArrayEdit::Erase(holder.into()))
            })
        }
        ("write-lock", _) if free => Some(Effect::Put(holder.into())),
        ("write-unlock", None) => Some(Effect::Keep),
        ("write-unlock", Some(node)) if is_holder(node) => Some(Effect::Delete),
        _ => None,
    }
}

/// 2^63, the first double beyond the signed 64-bit range.
const INT_RANGE: f64 = 9_223_372_036_854_775_808.0;

/// A double as integer, truncated towards zero; nothing if it is out of range.
#[expect(clippy::cast_possible_truncation, reason = "truncation is the rule, the range is checked")]
fn truncated(double: f64) -> Option<i64> {
    (-INT_RANGE..INT_RANGE).contains(&double).then_some(double as i64)
}

fn step(arguments: &Object) -> Result<i64, Refusal> {
    let step = match arguments.get("step") {
        Some(Value::Int(step)) => Some(*step),
        Some(Value::Double(step)) => truncated(*step),
        Some(Value::UInt(_)) => None,
        _ => Some(1),
    };
    step.ok_or_else(|| Refusal::Structural { message: "Number out of range".to_owned() })
}

/// A node's number plus a step; what is no 64-bit integer counts as 0.
fn sum(node: Option<&Value>, step: i64) -> Value {
    let number = match node {
        Some(Value::Int(int)) => *int,
        Some(Value::Double(double)) => truncated(*double).unwrap_or(0),
        _ => 0,
    };
    Value::Int(number.wrapping_add(step))
}

/// A number of elements; doubles are truncated. Nothing for what is no number or negative.
fn length(value: &Value) -> Option<usize> {
    match value {
        Value::Double(double) if *double >= 0.0 => {
            Some(truncated(*double).and_then(|len| len.try_into().ok()).unwrap_or(usize::MAX))
        }
        _ => whole(value),
    }
}

/// An integer from 0 on.
fn whole(value: &Value) -> Option<usize> {
    match value {
        Value::Int(int) => usize::try_from(*int).ok(),
        Value::UInt(uint) => Some(usize::try_from(*uint).unwrap_or(usize::MAX)),
        _ => None,
    }
}

/// The value as it is stored.
fn storable(value: &Value, dialect: Dialect) -> Result<Value, Refusal> {
    match (slashed_key(value), dialect) {
        (None, _) => Ok(value.clone()),
        (Some(_), Dialect::Legacy) => Ok(expanded(value)),
        (Some(key), Dialect::Current) => {
            let message = format!("invalid object key detected: `{key}`");
            Err(Refusal::Structural { message })
        }
    }
}

/// A key with a slash in an object that would become a node.
fn slashed_key(value: &Value) -> Option<&str> {
    value
        .as_object()?
        .iter()
        .find_map(|(key, child)| if key.contains('/') { Some(&**key) } else { slashed_key(child) })
}

/// The value with the slashes of its keys made into paths.
fn expanded(value: &Value) -> Value {
    let Some(children) = value.as_object() else {
        return value.clone();
    };
    let mut node = Value::Object(Object::new());
    for (key, child) in children.iter() {
        let slot = if key.contains('/') {
            segments(key).fold(&mut node, |node, key| node.make_object().child_mut(key))
        } else {
            node.make_object().child_mut(key)
        };
        *slot = expanded(child);
    }
    node
}
