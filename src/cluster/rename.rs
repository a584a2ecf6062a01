//! Servers of a dump under other names.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::{Map, Value};

/// A server, and what it is to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renaming {
    /// Its id in the dump.
    pub old: String,
    /// Its id in the agency.
    pub new: String,
}

/// Why servers cannot be renamed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenameError {
    /// No two ids with `=` between them.
    #[error("'{given}' is not OLD=NEW, two ids of servers")]
    Form {
        /// What was given.
        given: String,
    },
    /// The same server is renamed twice.
    #[error("'{old}' is to have two names")]
    Twice {
        /// Its id.
        old: String,
    },
    /// The dump knows no such server.
    #[error("the dump does not mention '{old}'")]
    Unknown {
        /// The id.
        old: String,
    },
    /// Two servers would have the same id.
    #[error("'{new}' is already the name of another server in the dump")]
    Taken {
        /// The id.
        new: String,
    },
}

impl FromStr for Renaming {
    type Err = RenameError;

    fn from_str(text: &str) -> Result<Self, RenameError> {
        let id = |text: &str| !text.is_empty() && text.chars().all(is_of_an_id);
        match text.split_once('=') {
            Some((old, new)) if id(old) && id(new) => {
                Ok(Self { old: old.to_owned(), new: new.to_owned() })
            }
            _ => Err(RenameError::Form { given: text.to_owned() }),
        }
    }
}

fn is_of_an_id(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// The tree with these servers under their new names, all at once, in keys and in texts. An id is
/// only found where it stands for itself: `PRMR-a` is not a part of `PRMR-ab`.
///
/// # Errors
/// [`RenameError`].
pub fn rename(
    tree: Map<String, Value>,
    renamings: &[Renaming],
) -> Result<Map<String, Value>, RenameError> {
    let mut names = BTreeMap::new();
    for Renaming { old, new } in renamings {
        if names.insert(old.as_str(), new.as_str()).is_some() {
            return Err(RenameError::Twice { old: old.clone() });
        }
    }
    let mut renamer = Renamer { names, seen: BTreeMap::new() };
    let tree = renamer.object(tree);
    let Renamer { names, seen } = renamer;
    let mut given: Vec<&str> = Vec::new();
    for (old, new) in names {
        if !seen.contains_key(old) {
            return Err(RenameError::Unknown { old: old.to_owned() });
        }
        // A name that is given away itself is free.
        let taken = seen.get(new).is_some_and(|renamed| !renamed);
        if taken || given.contains(&new) {
            return Err(RenameError::Taken { new: new.to_owned() });
        }
        given.push(new);
    }
    Ok(tree)
}

struct Renamer<'a> {
    names: BTreeMap<&'a str, &'a str>,
    /// Ids that the tree holds, as far as they are old or new names; whether they are old ones.
    seen: BTreeMap<String, bool>,
}

impl Renamer<'_> {
    fn value(&mut self, value: Value) -> Value {
        match value {
            Value::Object(members) => Value::Object(self.object(members)),
            Value::Array(elements) => {
                elements.into_iter().map(|element| self.value(element)).collect()
            }
            Value::String(text) => Value::String(self.text(text)),
            other => other,
        }
    }

    fn object(&mut self, members: Map<String, Value>) -> Map<String, Value> {
        members.into_iter().map(|(key, value)| (self.text(key), self.value(value))).collect()
    }

    fn text(&mut self, text: String) -> String {
        let mut renamed = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(begin) = rest.find(is_of_an_id) {
            let (before, from) = rest.split_at(begin);
            let end = from.find(|c| !is_of_an_id(c)).unwrap_or(from.len());
            let (word, behind) = from.split_at(end);
            renamed.push_str(before);
            renamed.push_str(self.word(word));
            rest = behind;
        }
        renamed.push_str(rest);
        renamed
    }

    fn word<'w>(&mut self, word: &'w str) -> &'w str
    where
        Self: 'w,
    {
        match self.names.get(word) {
            Some(new) => {
                self.seen.insert(word.to_owned(), true);
                new
            }
            None => {
                if self.names.values().any(|new| *new == word) {
                    self.seen.insert(word.to_owned(), false);
                }
                word
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn renamed(tree: Value, renamings: &[&str]) -> Result<Value, RenameError> {
        let renamings: Vec<Renaming> = renamings.iter().map(|text| text.parse().unwrap()).collect();
        rename(tree.as_object().unwrap().clone(), &renamings).map(Value::Object)
    }

    #[test]
    fn servers_are_renamed_in_keys_and_values_wherever_they_stand_for_themselves() {
        let tree = json!({ "arango": {
            "Plan": { "DBServers": { "PRMR-a": "none", "PRMR-ab": "none" } },
            "Bootstrap": "CRDN-x: done",
            "shards": ["PRMR-a", "_PRMR-a", "PRMR-a", 1, null],
            "error": "moved from PRMR-a to PRMR-ab (PRMR-a)",
        } });
        let expected = json!({ "arango": {
            "Plan": { "DBServers": { "PRMR-1": "none", "PRMR-ab": "none" } },
            "Bootstrap": "CRDN-y: done",
            "shards": ["PRMR-1", "_PRMR-a", "PRMR-1", 1, null],
            "error": "moved from PRMR-1 to PRMR-ab (PRMR-1)",
        } });
        assert_eq!(renamed(tree, &["PRMR-a=PRMR-1", "CRDN-x=CRDN-y"]), Ok(expected));
    }

    #[test]
    fn servers_may_swap_their_names() {
        let tree = json!({ "a": { "P-1": 1, "P-2": 2 }, "l": "P-1" });
        let expected = json!({ "a": { "P-2": 1, "P-1": 2 }, "l": "P-2" });
        assert_eq!(renamed(tree, &["P-1=P-2", "P-2=P-1"]), Ok(expected));
    }

    #[test]
    fn renamings_that_lose_a_server_are_refused() {
        let tree = || json!({ "a": { "P-1": 1, "P-2": 2, "P-3": 3 } });
        let unknown = RenameError::Unknown { old: "P-9".to_owned() };
        assert_eq!(renamed(tree(), &["P-9=P-8"]), Err(unknown));
        let taken = |new: &str| Err(RenameError::Taken { new: new.to_owned() });
        assert_eq!(renamed(tree(), &["P-1=P-2"]), taken("P-2"));
        assert_eq!(renamed(tree(), &["P-1=P-7", "P-2=P-7"]), taken("P-7"));
        let twice = RenameError::Twice { old: "P-1".to_owned() };
        assert_eq!(renamed(tree(), &["P-1=P-7", "P-1=P-8"]), Err(twice));
        for text in ["", "P-1", "=P-1", "P-1=", "a/b=c", "a=b=c", "a= b"] {
            assert!(text.parse::<Renaming>().is_err(), "{text}");
        }
    }
}
