//! The tree in a file, in whatever form somebody has kept it.

use std::path::Path;

use crate::agency::json;
use crate::agency::value::{Object, Value};

use super::document::{self, Document, MAX_WRAPPERS};
use super::dump::{Dump, text_of};
use super::error::ReplayError;

/// Reads the tree of a dump; the one that the log makes if no other is there. A file that is no
/// dump may be a tree itself, or what a read of `/` answers.
///
/// # Errors
/// The file cannot be read, is no JSON, or neither dump nor tree.
pub fn read_tree(file: &Path) -> Result<Value, ReplayError> {
    parse_tree(file, &text_of(file, None)?)
}

fn parse_tree(file: &Path, text: &[u8]) -> Result<Value, ReplayError> {
    let document = json::parse(text)
        .map_err(|source| ReplayError::NotJson { file: file.to_owned(), source })?;
    let no_tree = || ReplayError::NoTree { file: file.to_owned() };
    match document::find(&document) {
        Document::State(_) | Document::Entries(_) => {
            let dump = Dump::parse(file, text)?;
            match dump.tree() {
                Some(tree @ Value::Object(_)) => Ok(tree.clone()),
                Some(_) => Err(no_tree()),
                None => Ok(dump.replay(None)?.store().root().clone()),
            }
        }
        Document::TreeOnly | Document::Unknown => {
            let root = match &document {
                Value::Array(only) if only.len() == 1 => &only[0],
                other => other,
            };
            let Value::Object(object) = root else { return Err(no_tree()) };
            let found = in_object(object, MAX_WRAPPERS);
            Ok(found.cloned().unwrap_or_else(|| root.clone()))
        }
    }
}

/// The tree below a name that dumps give it; a tree itself has none of these.
fn in_object(object: &Object, wrappers: usize) -> Option<&Value> {
    if object.get("arango").is_some() {
        return None;
    }
    for name in ["agency", "readDB"] {
        match object.get(name) {
            Some(tree @ Value::Object(_)) => return Some(tree),
            Some(Value::Array(trees)) if matches!(trees[..], [Value::Object(_), ..]) => {
                return trees.first();
            }
            _ => {}
        }
    }
    let inner = object.get("result").filter(|_| wrappers > 0)?;
    match inner {
        Value::Object(result) => Some(in_object(result, wrappers - 1).unwrap_or(inner)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Result<String, &'static str> {
        let tree = parse_tree(Path::new("file"), text.as_bytes());
        tree.map(|tree| serde_json::Value::from(tree).to_string()).map_err(|error| error.kind())
    }

    #[test]
    fn a_tree_is_found_in_whatever_it_was_kept_in() {
        let expected = Ok(r#"{"arango":{"Plan":{"Version":7}}}"#.to_owned());
        for text in [
            r#"{"arango":{"Plan":{"Version":7}}}"#,
            r#"[{"arango":{"Plan":{"Version":7}}}]"#,
            r#"{"agency":{"arango":{"Plan":{"Version":7}}}}"#,
            r#"{"agency":[{"arango":{"Plan":{"Version":7}}}]}"#,
            r#"{"result":{"commitIndex":3,"firstIndex":0,"readDB":{"arango":{"Plan":{"Version":7}}}}}"#,
            r#"{"index":1,"agency":{"arango":{"Plan":{"Version":7}}},
                "log":[{"_key":"1","request":{"/other":1}}]}"#,
            r#"{"log":[{"_key":"0","request":{}},{"_key":"1","request":{"arango/Plan/Version":7}}]}"#,
        ] {
            assert_eq!(tree(text), expected, "{text}");
        }
    }

    #[test]
    fn any_other_object_is_a_tree_and_nothing_else_is() {
        for text in ["{}", r#"{"a":{"agency":{"b":1}}}"#, r#"{"agency":7}"#, r#"{"x":[1,2]}"#] {
            assert_eq!(tree(text), Ok(text.to_owned()));
        }
        for text in ["7", "[]", "[1]", "[{},{}]"] {
            assert_eq!(tree(text), Err("replay.no_tree"), "{text}");
        }
        assert_eq!(tree("{"), Err("replay.not_json"));
    }
}
