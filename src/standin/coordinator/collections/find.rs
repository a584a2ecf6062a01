//! Collections by what clients call them.

use crate::agency::de::from_value;
use crate::agency::value::{Object, Value};
use crate::standin::coordinator::names::{child, has_logs, member, text};
use crate::standin::coordinator::reply::missing;
use crate::standin::model::Tree;
use crate::standin::web::error::ApiError;

/// A collection of the Plan.
#[derive(Clone, Debug)]
pub(in crate::standin::coordinator) struct Found {
    /// Its id.
    pub(in crate::standin::coordinator) id: String,
    /// Its name.
    pub(in crate::standin::coordinator) name: String,
    /// What the Plan says of it.
    pub(in crate::standin::coordinator) entry: Object,
    database: String,
}

impl Found {
    fn new(database: &str, id: &str, entry: &Value) -> Option<Self> {
        let name = text(entry, "name")?.to_owned();
        let entry = entry.as_object()?.clone();
        Some(Self { id: id.to_owned(), name, entry, database: database.to_owned() })
    }

    /// The database that it is in.
    pub(super) fn database(&self) -> &str {
        &self.database
    }

    /// The group that it is in.
    pub(super) fn group(&self) -> Option<u64> {
        from_value(self.entry.get("groupId")?).ok()
    }

    /// What its group is wanted to be.
    pub(super) fn group_target<'a>(&self, tree: &'a Tree) -> Option<&'a Value> {
        let groups = child(tree, "/arango/Target/CollectionGroups", &self.database)?;
        member(groups, &self.group()?.to_string())
    }

    /// Whether a property is `true`.
    pub(super) fn is(&self, property: &str) -> bool {
        self.entry.get(property) == Some(&Value::Bool(true))
    }

    /// The hidden collections that have its shards, if it has none itself.
    pub(super) fn shadows(&self) -> Vec<&str> {
        let shadows = self.entry.get("shadowCollections").and_then(Value::as_array);
        shadows.unwrap_or_default().iter().filter_map(Value::as_str).collect()
    }

    /// The id of the collection that its shards go with.
    pub(in crate::standin::coordinator) fn prototype(&self, tree: &Tree) -> Option<String> {
        let like = match self.group_target(tree) {
            Some(group) => text(group, "leader")?,
            None => self.entry.get("distributeShardsLike")?.as_str()?,
        };
        let own = like.is_empty() || like == self.id || self.shadows().contains(&like);
        (!own).then(|| like.to_owned())
    }
}

/// All collections of a database that are complete and can be read.
pub(super) fn all(tree: &Tree, database: &str) -> Vec<Found> {
    let planned = child(tree, "/arango/Plan/Collections", database).and_then(Value::as_object);
    let entries = planned.into_iter().flat_map(Object::iter);
    let complete =
        entries.filter(|(_, entry)| member(entry, "isBuilding") != Some(&Value::Bool(true)));
    complete.filter_map(|(id, entry)| Found::new(database, id, entry)).collect()
}

/// The collection of a name or an id.
pub(in crate::standin::coordinator) fn find(
    tree: &Tree,
    database: &str,
    name: &str,
) -> Result<Found, ApiError> {
    let mut found = all(tree, database);
    let position = found.iter().position(|collection| collection.name == name);
    let position = position.or_else(|| found.iter().position(|collection| collection.id == name));
    match position {
        Some(position) => Ok(found.swap_remove(position)),
        None => Err(missing(1203, format!("collection or view not found: {name}"))),
    }
}

/// Whether a name is in use, be it by a collection that is still being made.
pub(super) fn is_taken(tree: &Tree, database: &str, name: &str) -> bool {
    let reserved = child(tree, "/arango/Target/CollectionNames", database);
    if has_logs(tree, database) && reserved.is_some_and(|names| member(names, name).is_some()) {
        return true;
    }
    let planned = child(tree, "/arango/Plan/Collections", database).and_then(Value::as_object);
    let mut entries = planned.into_iter().flat_map(Object::iter);
    entries.any(|(_, entry)| text(entry, "name") == Some(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree() -> Tree {
        Tree::from(json!({ "arango": {
            "Plan": {
                "Databases": {"d": {"replicationVersion": "2"}},
                "Collections": {"d": {
                    "1": {"name": "a", "groupId": 9}, "2": {"name": "b", "groupId": 9},
                    "3": {"name": "c", "isBuilding": true}, "4": "rubbish", "5": {"name": 5},
                    "6": {"name": "1"}, "7": {"name": "like", "distributeShardsLike": "6"},
                    "8": {"name": "e", "groupId": 9, "shadowCollections": ["1", 7]},
                }},
            },
            "Target": {
                "CollectionGroups": {"d": {"9": {"leader": "1"}}},
                "CollectionNames": {"d": {"soon": {}}},
            },
        }}))
    }

    #[test]
    fn collections_are_found_by_name_first_and_then_by_id() {
        let tree = tree();
        let id = |name: &str| find(&tree, "d", name).map(|found| found.id).ok();
        for (name, expected) in [
            ("a", Some("1")),
            ("1", Some("6")),
            ("2", Some("2")),
            ("c", None),
            ("4", None),
            ("5", None),
            ("x", None),
            ("1/name", None),
        ] {
            assert_eq!(id(name).as_deref(), expected, "{name}");
        }
        assert!(find(&tree, "nope", "a").is_err());
    }

    #[test]
    fn names_of_unfinished_collections_are_taken() {
        let tree = tree();
        for (name, taken) in [("a", true), ("c", true), ("soon", true), ("later", false)] {
            assert_eq!(is_taken(&tree, "d", name), taken, "{name}");
        }
    }

    #[test]
    fn shards_go_with_those_of_the_group_or_of_another_collection() {
        let tree = tree();
        let prototype = |name: &str| find(&tree, "d", name).unwrap().prototype(&tree);
        assert_eq!(prototype("a"), None);
        assert_eq!(prototype("b").as_deref(), Some("1"));
        assert_eq!(prototype("like").as_deref(), Some("6"));
        assert_eq!(prototype("e"), None);
    }
}
