//! Finds the recorded state in a JSON document, whatever is wrapped around it.

use crate::agency::value::{Object, Value};

/// Wrappers such as `{"result": …}` lie at most so deep around a dump.
pub(super) const MAX_WRAPPERS: usize = 3;

/// What a document turned out to hold.
#[derive(Debug)]
pub(super) enum Document<'a> {
    /// An object with a log, and perhaps index, term, tree and snapshot.
    State(&'a Object),
    /// Entries and nothing else.
    Entries(&'a Value),
    /// A tree without log.
    TreeOnly,
    /// Something else.
    Unknown,
}

/// Looks for a dump in a document.
pub(super) fn find(document: &Value) -> Document<'_> {
    match document {
        Value::Object(object) => in_object(object),
        Value::Array(elements) => match &elements[..] {
            [Value::Object(only)] if !is_entry(only) => in_object(only),
            [Value::Object(first), ..] if is_entry(first) => Document::Entries(document),
            _ => Document::Unknown,
        },
        _ => Document::Unknown,
    }
}

fn in_object(object: &Object) -> Document<'_> {
    match state_in(object, MAX_WRAPPERS) {
        Some(state) => Document::State(state),
        // what is wrong with this log is told later
        None if object.get("log").is_some() => Document::State(object),
        None if has_tree(object, MAX_WRAPPERS) => Document::TreeOnly,
        None => Document::Unknown,
    }
}

/// The object that has the log. The tree may have a key `log` as well, so it is
/// not looked into.
fn state_in(object: &Object, wrappers: usize) -> Option<&Object> {
    if object.get("log").is_some_and(|log| log.as_array().is_some()) {
        return Some(object);
    }
    members(object, wrappers)
        .filter(|(name, _)| *name != "agency")
        .find_map(|(_, inner)| state_in(inner, wrappers - 1))
}

fn has_tree(object: &Object, wrappers: usize) -> bool {
    ["agency", "readDB", "arango"].iter().any(|name| object.get(name).is_some())
        || members(object, wrappers).any(|(_, inner)| has_tree(inner, wrappers - 1))
}

fn members(object: &Object, wrappers: usize) -> impl Iterator<Item = (&str, &Object)> {
    let members = object.iter().filter_map(|(name, value)| Some((&**name, value.as_object()?)));
    members.take(if wrappers == 0 { 0 } else { usize::MAX })
}

fn is_entry(object: &Object) -> bool {
    let has = |name| object.get(name).is_some();
    (has("_key") || has("index")) && (has("request") || has("query"))
}

/// What a value is, with its article.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a bool",
        Value::Int(_) | Value::UInt(_) | Value::Double(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
