//! What differs between two trees.

use crate::document::{Document, DocumentError, GoOn, View};

/// One place where two trees differ.
#[derive(Debug, Clone)]
pub struct Change {
    /// The path, such as `/arango/Plan/Version`.
    pub path: String,
    /// What is there in the first tree.
    pub before: Option<Document>,
    /// What is there in the second tree.
    pub after: Option<Document>,
}

/// All places where two trees differ, by ascending path. Arrays are compared as a whole, as paths do not
/// lead into them; numbers by value.
///
/// # Errors
/// [`DocumentError::Stopped`] when `go_on` says so.
pub fn differences(
    before: &Document,
    after: &Document,
    go_on: GoOn<'_>,
) -> Result<Vec<Change>, DocumentError> {
    let mut changes = Vec::new();
    compare(String::new(), Some(before), Some(after), go_on, &mut changes)?;
    Ok(changes)
}

fn compare(
    path: String,
    before: Option<&Document>,
    after: Option<&Document>,
    go_on: GoOn<'_>,
    changes: &mut Vec<Change>,
) -> Result<(), DocumentError> {
    if let (Some(before), Some(after)) = (before, after) {
        if before.view() == View::Object && after.view() == View::Object {
            return compare_members(&path, before, after, go_on, changes);
        }
        if before.equals(after, go_on)? {
            return Ok(());
        }
    }
    changes.push(Change {
        path: if path.is_empty() { "/".to_owned() } else { path },
        before: before.cloned(),
        after: after.cloned(),
    });
    Ok(())
}

/// Both have their keys sorted.
fn compare_members(
    path: &str,
    before: &Document,
    after: &Document,
    go_on: GoOn<'_>,
    changes: &mut Vec<Change>,
) -> Result<(), DocumentError> {
    if go_on().is_break() {
        return Err(DocumentError::Stopped);
    }
    let (mut old, mut new) = (before.keys().peekable(), after.keys().peekable());
    loop {
        let key = match (old.peek(), new.peek()) {
            (Some(a), Some(b)) => std::cmp::min(*a, *b),
            (Some(key), None) | (None, Some(key)) => key,
            (None, None) => return Ok(()),
        };
        let in_old = old.next_if_eq(&key).and_then(|key| before.member(key));
        let in_new = new.next_if_eq(&key).and_then(|key| after.member(key));
        compare(format!("{path}/{key}"), in_old.as_ref(), in_new.as_ref(), go_on, changes)?;
    }
}
