//! Differences between the recorded tree and the replayed one.

use std::fmt;

use crate::agency::value::{Object, Value};
use crate::standin::agent::store::equal;

/// One place where the trees differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The path, such as `/arango/Plan/Version`.
    pub path: String,
    /// In which way they differ.
    pub kind: DifferenceKind,
    /// What the dump records there.
    pub recorded: Option<Value>,
    /// What the replay made.
    pub replayed: Option<Value>,
}

/// In which way the replayed tree differs from the recorded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DifferenceKind {
    /// The replay did not make what is recorded.
    Missing,
    /// The replay made what is not recorded.
    Additional,
    /// Both have something there, but not the same.
    Different,
}

impl fmt::Display for DifferenceKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Missing => "missing",
            Self::Additional => "additional",
            Self::Different => "different",
        })
    }
}

/// All differences, by ascending path. Arrays are compared as a whole, as paths
/// do not lead into them; numbers by value, as text does not tell `1` from `1.0`.
pub(super) fn between(recorded: &Value, replayed: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare(String::new(), Some(recorded), Some(replayed), &mut differences);
    differences
}

fn compare(
    path: String,
    recorded: Option<&Value>,
    replayed: Option<&Value>,
    differences: &mut Vec<Difference>,
) {
    let kind = match (recorded, replayed) {
        (Some(Value::Object(recorded)), Some(Value::Object(replayed))) => {
            return compare_children(&path, recorded, replayed, differences);
        }
        (Some(recorded), Some(replayed)) if equal(recorded, replayed) => return,
        (Some(_), Some(_)) => DifferenceKind::Different,
        (Some(_), None) => DifferenceKind::Missing,
        (None, Some(_)) => DifferenceKind::Additional,
        (None, None) => return,
    };
    differences.push(Difference {
        path: if path.is_empty() { "/".to_owned() } else { path },
        kind,
        recorded: recorded.cloned(),
        replayed: replayed.cloned(),
    });
}

fn compare_children(
    path: &str,
    recorded: &Object,
    replayed: &Object,
    differences: &mut Vec<Difference>,
) {
    let additional = replayed.keys().filter(|key| recorded.get(key).is_none());
    let mut keys: Vec<&str> = recorded.keys().chain(additional).map(|key| &**key).collect();
    keys.sort_unstable();
    for key in keys {
        let path = format!("{path}/{key}");
        compare(path, recorded.get(key), replayed.get(key), differences);
    }
}
