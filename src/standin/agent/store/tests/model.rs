//! The store once more, in the plainest way that the tables allow: every step
//! copies the whole tree, nothing is shared, nothing is fast.

use serde_json::{Map, Number, Value as Json, json};

/// Outcome of a transaction.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Applied,
    PreconditionFailed(Vec<String>),
    Forbidden,
    OperationFailed,
    Structural,
    Malformed,
}

/// Why an operation has no effect.
enum Failure {
    Failed,
    Structural,
}

/// What becomes of a node.
enum Change {
    Nothing,
    Becomes(Json),
    Removed,
}

/// Keys on the way from the root to a path.
fn keys(path: &str) -> Vec<&str> {
    path.split('/').filter(|key| !key.is_empty()).collect()
}

/// The absolute form of a key: one trailing slash is kept.
pub(super) fn absolute(path: &str) -> String {
    let mut key = format!("/{path}");
    while key.contains("//") {
        key = key.replace("//", "/");
    }
    key
}

pub(super) fn node(tree: &Json, path: &str) -> Option<Json> {
    let mut node = tree.clone();
    for key in keys(path) {
        node = node.as_object()?.get(key)?.clone();
    }
    Some(node)
}

fn with(tree: &Json, keys: &[&str], value: &Json) -> Json {
    let Some((first, rest)) = keys.split_first() else {
        return value.clone();
    };
    let mut children = tree.as_object().cloned().unwrap_or_default();
    let child = children.get(*first).cloned().unwrap_or(json!({}));
    children.insert((*first).to_owned(), with(&child, rest, value));
    Json::Object(children)
}

fn without(tree: &Json, keys: &[&str]) -> Json {
    match keys {
        [] => json!({}),
        [last] => {
            let mut children = tree.as_object().cloned().unwrap_or_default();
            children.remove(*last);
            Json::Object(children)
        }
        [first, rest @ ..] => with(tree, &[first], &without(&tree[*first], rest)),
    }
}

/// One transaction: the verdict, and the tree afterwards.
pub(super) fn run(tree: &Json, transaction: &Json) -> (Verdict, Json) {
    let same = |verdict| (verdict, tree.clone());
    let Some(elements) = transaction.as_array() else {
        return same(Verdict::Malformed);
    };
    let Some(operations) = elements.first().and_then(Json::as_object) else {
        return same(Verdict::Structural);
    };
    if elements.len() > 3 {
        return same(Verdict::OperationFailed);
    }
    if operations.keys().any(|key| key.find(".agency").is_some_and(|offset| offset <= 1)) {
        return same(Verdict::Forbidden);
    }
    match elements.get(1).map(Json::as_object) {
        None => {}
        Some(None) => return same(Verdict::Structural),
        Some(Some(_)) => match failing(tree, &elements[1]) {
            None => return same(Verdict::PreconditionFailed(vec![])),
            Some(paths) if paths.is_empty() => {}
            Some(paths) => return same(Verdict::PreconditionFailed(paths)),
        },
    }
    if operations.is_empty() || elements.get(2).is_some_and(|id| !id.is_string()) {
        return same(Verdict::Malformed);
    }
    match apply(tree, operations) {
        Ok(after) => (Verdict::Applied, after),
        Err(Failure::Failed) => same(Verdict::OperationFailed),
        Err(Failure::Structural) => same(Verdict::Structural),
    }
}

/// The paths whose conditions do not hold; nothing if one cannot be judged.
pub(super) fn failing(tree: &Json, preconditions: &Json) -> Option<Vec<String>> {
    let conditions = preconditions.as_object()?;
    if !conditions.values().all(is_judgeable) {
        return None;
    }
    let mut paths: Vec<String> = conditions.keys().cloned().collect();
    paths.retain(|path| !holds(node(tree, path).as_ref(), &conditions[path]));
    paths.sort();
    Some(paths)
}

fn apply(tree: &Json, operations: &Map<String, Json>) -> Result<Json, Failure> {
    let mut paths: Vec<&String> = operations.keys().collect();
    paths.sort_by_key(|path| absolute(path));
    let mut tree = tree.clone();
    for path in paths {
        tree = match change(node(&tree, path).as_ref(), &operations[path])? {
            Change::Nothing => tree,
            Change::Becomes(value) => with(&tree, &keys(path), &value),
            Change::Removed => without(&tree, &keys(path)),
        };
    }
    Ok(tree)
}

fn has_slash(value: &Json) -> bool {
    let members = value.as_object();
    members.is_some_and(|members| members.iter().any(|(k, v)| k.contains('/') || has_slash(v)))
}

fn stored(value: &Json) -> Result<Change, Failure> {
    if has_slash(value) { Err(Failure::Structural) } else { Ok(Change::Becomes(value.clone())) }
}

/// The table of operators, one row an arm.
fn change(node: Option<&Json>, operation: &Json) -> Result<Change, Failure> {
    let Some(op) = operation.get("op") else {
        return stored(operation);
    };
    let Some(op) = op.as_str() else {
        return Err(Failure::Structural);
    };
    let required = |name: &str| operation.get(name).ok_or(Failure::Failed);
    let array = |elements: Vec<Json>| Ok(Change::Becomes(Json::Array(elements)));
    let mut elements = node.and_then(Json::as_array).cloned().unwrap_or_default();
    match op {
        "set" => stored(required("new")?),
        "delete" if node.is_none() => Ok(Change::Nothing),
        "delete" => Ok(Change::Removed),
        "increment" => Ok(Change::Becomes(counted(node, operation, 1)?)),
        "decrement" => Ok(Change::Becomes(counted(node, operation, -1)?)),
        "push" => {
            elements.push(required("new")?.clone());
            array(elements)
        }
        "prepend" => {
            elements.insert(0, required("new")?.clone());
            array(elements)
        }
        "pop" => {
            elements.pop();
            array(elements)
        }
        "shift" => array(elements.into_iter().skip(1).collect()),
        "push-queue" => {
            elements.push(required("new")?.clone());
            let len = required("len")?.as_f64().filter(|len| *len >= 0.0).ok_or(Failure::Failed)?;
            while elements.len() as f64 > len.trunc() {
                elements.remove(0);
            }
            array(elements)
        }
        "erase" | "replace" if node.is_none() => Ok(Change::Nothing),
        "erase" => match (operation.get("val"), operation.get("pos")) {
            (Some(val), None) => {
                elements.retain(|element| !same_element(element, val));
                array(elements)
            }
            (None, Some(pos)) => {
                let pos = pos.as_u64().ok_or(Failure::Failed)?;
                if pos < elements.len() as u64 {
                    elements.remove(pos as usize);
                }
                array(elements)
            }
            _ => Err(Failure::Failed),
        },
        "replace" => {
            let (val, new) = (required("val")?, required("new")?);
            array(
                elements
                    .iter()
                    .map(|element| if same_element(element, val) { new } else { element })
                    .cloned()
                    .collect(),
            )
        }
        "read-lock" | "read-unlock" | "write-lock" | "write-unlock" => {
            let by = required("by")?;
            if by.is_string() { locked(op, by, node) } else { Err(Failure::Failed) }
        }
        _ => Err(Failure::Failed),
    }
}

fn locked(op: &str, by: &Json, node: Option<&Json>) -> Result<Change, Failure> {
    let free = node.is_none() || node == Some(&json!({}));
    match (op, node) {
        ("read-lock", _) if free => Ok(Change::Becomes(json!([by]))),
        ("read-lock", Some(Json::Array(readers)))
            if readers.iter().all(|reader| reader.is_string() && reader != by) =>
        {
            let mut readers = readers.clone();
            readers.push(by.clone());
            Ok(Change::Becomes(Json::Array(readers)))
        }
        ("read-unlock", Some(Json::Array(readers))) if readers.contains(by) => {
            let rest: Vec<Json> = readers.iter().filter(|reader| *reader != by).cloned().collect();
            Ok(if rest.is_empty() { Change::Removed } else { Change::Becomes(Json::Array(rest)) })
        }
        ("write-lock", _) if free => Ok(Change::Becomes(by.clone())),
        ("write-unlock", None) => Ok(Change::Nothing),
        ("write-unlock", Some(holder)) if holder == by => Ok(Change::Removed),
        _ => Err(Failure::Failed),
    }
}

fn counted(node: Option<&Json>, operation: &Json, sign: i128) -> Result<Json, Failure> {
    let step = match operation.get("step").and_then(Json::as_number) {
        None => 1,
        Some(step) => truncated(step).ok_or(Failure::Structural)?,
    };
    let number = node.and_then(Json::as_number).and_then(truncated).unwrap_or(0);
    // 64 bits hold the result
    Ok(json!((number + sign * step) as i64))
}

/// A number without fraction, if it fits in 64 bits with sign.
fn truncated(number: &Number) -> Option<i128> {
    let whole = match number.as_f64() {
        Some(double) if number.is_f64() => double.trunc() as i128,
        _ => integer(number)?,
    };
    i64::try_from(whole).ok().map(i128::from)
}

fn integer(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

/// Whether a condition's arguments allow to judge it.
fn is_judgeable(condition: &Json) -> bool {
    condition.as_object().is_none_or(|operators| {
        let wrong = |name: &str| operators.get(name).is_some_and(|argument| !argument.is_boolean());
        !wrong("oldEmpty") && !wrong("isArray")
    })
}

/// The table of conditions.
fn holds(node: Option<&Json>, condition: &Json) -> bool {
    let Some(operators) = condition.as_object() else {
        return node.is_some_and(|node| equal(&visible(node), condition));
    };
    operators.iter().all(|(operator, v)| {
        let compared = node.map_or(json!({}), visible);
        let elements = node.and_then(Json::as_array);
        let contains = elements.is_some_and(|all| all.iter().any(|e| same_element(e, v)));
        match operator.as_str() {
            "old" => equal(&compared, v),
            "oldNot" => !equal(&compared, v),
            "oldEmpty" => node.is_none() == (*v == json!(true)),
            "isArray" => elements.is_some() == (*v == json!(true)),
            "in" => contains,
            "notin" => node.is_none() || elements.is_some() && !contains,
            "intersectionEmpty" => match (v.as_array(), elements) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(v), Some(all)) => all.iter().all(|e| v.iter().all(|v| !equal(e, v))),
            },
            "is-write-locked" => v.is_string() && node == Some(v),
            "is-read-locked" => v.is_string() && elements.is_some_and(|all| all.contains(v)),
            "can-write-lock" => node.is_none() || v.is_string() && compared == json!({}),
            "can-read-lock" => {
                let joins = elements.is_some_and(|all| all.iter().all(|e| e.is_string() && e != v));
                node.is_none() || v.is_string() && (compared == json!({}) || joins)
            }
            _ => false,
        }
    })
}

/// A node without its hidden children, at every depth.
pub(super) fn visible(node: &Json) -> Json {
    match node.as_object() {
        None => node.clone(),
        Some(children) => Json::Object(
            children
                .iter()
                .filter(|(key, _)| !key.starts_with('.'))
                .map(|(key, child)| (key.clone(), visible(child)))
                .collect(),
        ),
    }
}

/// The first relation.
fn equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => match (integer(a), integer(b)) {
            (Some(a), Some(b)) => a == b,
            _ => a.as_f64() == b.as_f64(),
        },
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && (0..a.len()).all(|i| equal(&a[i], &b[i]))
        }
        (Json::Object(a), Json::Object(b)) => {
            let all = |a: &Map<String, Json>, b: &Map<String, Json>| {
                a.iter().all(|(key, value)| b.get(key).is_some_and(|other| equal(value, other)))
            };
            all(a, b) && all(b, a)
        }
        _ => a == b,
    }
}

/// The second relation.
fn same_element(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => match (integer(a), integer(b)) {
            (Some(a), Some(b)) => a == b,
            (None, None) => a.as_f64() == b.as_f64(),
            (Some(whole), None) | (None, Some(whole)) => {
                let double = if a.is_f64() { a.as_f64() } else { b.as_f64() };
                // doubles of this size are whole, and i128 holds every one that matters
                double.is_some_and(|d| d.fract() == 0.0 && d.abs() < 1e30 && d as i128 == whole)
            }
        },
        (Json::Array(a), Json::Array(b)) => (0..a.len().max(b.len())).all(|i| {
            same_element(a.get(i).unwrap_or(&Json::Null), b.get(i).unwrap_or(&Json::Null))
        }),
        (Json::Object(a), Json::Object(b)) => {
            a.keys().chain(b.keys()).all(|key| same_element(member(a, key), member(b, key)))
        }
        _ => a == b,
    }
}

fn member<'a>(object: &'a Map<String, Json>, key: &str) -> &'a Json {
    object.get(key).unwrap_or(&Json::Null)
}

/// What a query sees.
pub(super) fn read(tree: &Json, paths: &[String]) -> Json {
    let mut ordered: Vec<&String> = paths.iter().filter(|path| !path.is_empty()).collect();
    ordered.sort();
    ordered.dedup();
    let mut result = json!({});
    for path in &ordered {
        let keys = keys(path);
        match node(tree, path) {
            Some(found) => result = with(&result, &keys, &found),
            None => {
                for length in 1..keys.len() {
                    let prefix = keys[..length].join("/");
                    if node(tree, &prefix).is_some() && node(&result, &prefix).is_none() {
                        result = with(&result, &keys[..length], &json!({}));
                    }
                }
            }
        }
    }
    if ordered.iter().any(|path| path.starts_with('.') || path.contains("/.")) {
        result
    } else {
        visible(&result)
    }
}
