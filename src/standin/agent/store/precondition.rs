//! Conditions on a node that a transaction wants to hold.

use crate::agency::value::{Object, Value};

use super::equality::{equal, equal_node, is_empty_node, same_element};

/// A condition that cannot be judged: `isArray` or `oldEmpty` wants a bool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Expecting type Bool")]
pub struct PreconditionError;

/// Whether a node is as the condition wants it.
///
/// # Errors
/// `isArray` or `oldEmpty` has an argument that is not a bool.
pub(super) fn holds(node: Option<&Value>, condition: &Value) -> Result<bool, PreconditionError> {
    let Value::Object(operators) = condition else {
        return Ok(node.is_some_and(|node| equal_node(node, condition)));
    };
    let mut all = true;
    for (operator, argument) in operators.iter() {
        all &= operator_holds(operator, argument, node)?;
    }
    Ok(all)
}

fn operator_holds(
    operator: &str,
    argument: &Value,
    node: Option<&Value>,
) -> Result<bool, PreconditionError> {
    let elements = node.and_then(Value::as_array);
    let contains = |argument: &Value| {
        elements.is_some_and(|elements| elements.iter().any(|e| same_element(e, argument)))
    };
    Ok(match operator {
        "old" => is_old(node, argument),
        "oldNot" => !is_old(node, argument),
        "oldEmpty" => node.is_none() == bool(argument)?,
        "isArray" => elements.is_some() == bool(argument)?,
        "in" => contains(argument),
        "notin" => node.is_none() || elements.is_some() && !contains(argument),
        "intersectionEmpty" => argument.as_array().is_some_and(|arguments| {
            let elements = elements.unwrap_or_default();
            !elements.iter().any(|e| arguments.iter().any(|a| equal(e, a)))
        }),
        "is-write-locked" => {
            let holder = argument.as_str();
            holder.is_some() && node.and_then(Value::as_str) == holder
        }
        "is-read-locked" => argument.as_str().is_some_and(|reader| {
            elements.is_some_and(|readers| readers.iter().any(|r| r.as_str() == Some(reader)))
        }),
        "can-write-lock" => {
            node.is_none_or(|node| argument.as_str().is_some() && is_empty_node(node))
        }
        "can-read-lock" => node.is_none_or(|node| {
            argument.as_str().is_some_and(|reader| is_empty_node(node) || admits(elements, reader))
        }),
        _ => false,
    })
}

/// A missing node counts as `{}`.
fn is_old(node: Option<&Value>, argument: &Value) -> bool {
    match node {
        Some(node) => equal_node(node, argument),
        None => argument.as_object().is_some_and(Object::is_empty),
    }
}

/// Whether these are readers of a lock, and not yet this one.
fn admits(readers: Option<&[Value]>, reader: &str) -> bool {
    readers.is_some_and(|readers| readers.iter().all(|r| r.as_str().is_some_and(|r| r != reader)))
}

fn bool(argument: &Value) -> Result<bool, PreconditionError> {
    match argument {
        Value::Bool(bool) => Ok(*bool),
        _ => Err(PreconditionError),
    }
}
