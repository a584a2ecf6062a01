//! Where tree and log are in a text, whatever is wrapped around them.

use crate::document::{Document, View};

/// Wrappers such as `{"result": …}` lie at most so deep around a tree or a log.
const MAX_WRAPPERS: usize = 3;

/// The tree in a text: of a state, of what a read of `/` or `stores` answers, or the text itself.
pub(super) fn tree(document: &Document) -> Option<Document> {
    let root = match (document.view(), document.len()) {
        (View::Array, Some(1)) => document.item(0)?,
        _ => document.clone(),
    };
    if root.view() != View::Object {
        return None;
    }
    tree_in(&root, MAX_WRAPPERS).or_else(|| root.member("log").is_none().then_some(root))
}

fn tree_in(object: &Document, wrappers: usize) -> Option<Document> {
    if object.member("arango").is_some() {
        return Some(object.clone());
    }
    for name in ["agency", "readDB", "read_db"] {
        let Some(tree) = object.member(name) else { continue };
        match tree.view() {
            View::Object => return Some(tree),
            View::Array => return tree.item(0).filter(|tree| tree.view() == View::Object),
            _ => {}
        }
    }
    let inner = object.member("result").filter(|_| wrappers > 0)?;
    tree_in(&inner, wrappers - 1)
}

/// The log in a text: that of a state, or an array of entries.
pub(super) fn log(document: &Document) -> Option<Document> {
    match document.view() {
        View::Array => match document.item(0) {
            Some(first) if is_entry(&first) => Some(document.clone()),
            Some(only) if document.len() == Some(1) => log_in(&only, MAX_WRAPPERS),
            _ => None,
        },
        _ => log_in(document, MAX_WRAPPERS),
    }
}

/// The tree may have a key `log` as well, so it is not looked into.
fn log_in(object: &Document, wrappers: usize) -> Option<Document> {
    if let Some(log) = object.member("log").filter(|log| log.view() == View::Array) {
        return Some(log);
    }
    if wrappers == 0 || object.view() != View::Object {
        return None;
    }
    let inner = object.keys().zip(object.parts()).filter(|(key, _)| *key != "agency");
    inner.into_iter().find_map(|(_, part)| log_in(&part, wrappers - 1))
}

fn is_entry(element: &Document) -> bool {
    let has = |name| element.member(name).is_some();
    (has("_key") || has("index")) && (has("request") || has("query"))
}
