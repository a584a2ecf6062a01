//! Shards of collections whose database has no replicated logs: as planned, and as they are.

use crate::agency::value::Value;
use crate::standin::model::Tree;

/// How many copies a collection wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copies {
    /// So many.
    Number(u64),
    /// One on every server.
    Satellite,
}

/// A collection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Collection<'a> {
    /// Its database.
    pub(super) database: &'a str,
    /// Its id.
    pub(super) id: &'a str,
    value: &'a Value,
}

/// Where collections are planned.
const PLAN: &str = "/arango/Plan/Collections";

/// Whether the collections of a database have replicated logs.
pub(super) fn has_logs(tree: &Tree, database: &str) -> bool {
    tree.text(&format!("/arango/Plan/Databases/{database}/replicationVersion")) == Some("2")
}

/// All collections that have no logs.
pub(super) fn collections(tree: &Tree) -> impl Iterator<Item = Collection<'_>> {
    let databases = tree.children(PLAN).filter(|(database, _)| !has_logs(tree, database));
    databases.flat_map(|(database, _)| collections_of(tree, database))
}

fn collections_of<'a>(tree: &'a Tree, database: &'a str) -> impl Iterator<Item = Collection<'a>> {
    let collections = tree.children(&format!("{PLAN}/{database}"));
    let collections = collections.filter(|(_, value)| !is_of_group(value));
    collections.map(move |(id, value)| Collection { database, id, value })
}

/// Whether a planned collection belongs to a group: that one alone decides about it, whatever the
/// database says of itself.
pub(super) fn is_of_group(collection: &Value) -> bool {
    collection.as_object().is_some_and(|collection| collection.get("groupId").is_some())
}

/// Whether a server holds a shard, according to the Plan.
pub(super) fn holds_any(tree: &Tree, server: &str) -> bool {
    let mut shards = collections(tree).flat_map(|collection| collection.shards());
    shards.any(|(_, servers)| servers.iter().any(|holder| plain(holder) == server))
}

/// The id of a server that may be marked as one that is asked to lead no more.
pub(super) fn plain(server: &str) -> &str {
    server.strip_prefix('_').unwrap_or(server)
}

/// A list of servers; nothing if it is none.
fn servers(value: &Value) -> Option<Vec<&str>> {
    let servers: Option<Vec<&str>> = value.as_array()?.iter().map(Value::as_str).collect();
    servers.filter(|servers| servers.iter().all(|id| !id.is_empty() && !id.contains('/')))
}

impl<'a> Collection<'a> {
    /// A collection of a database without logs.
    pub(super) fn find(tree: &'a Tree, database: &'a str, id: &'a str) -> Option<Self> {
        let value = tree.get(&format!("{PLAN}/{database}/{id}"))?;
        let has_group = has_logs(tree, database) || is_of_group(value);
        (!has_group).then_some(Self { database, id, value })
    }

    fn attribute(&self, key: &str) -> Option<&'a Value> {
        self.value.as_object()?.get(key)
    }

    /// The collection whose distribution this one shares.
    pub(super) fn follows(&self) -> Option<&'a str> {
        let prototype = self.attribute("distributeShardsLike")?.as_str();
        prototype.filter(|prototype| !prototype.is_empty())
    }

    /// How many copies it wants.
    pub(super) fn copies(&self) -> Option<Copies> {
        match self.attribute("replicationFactor")? {
            Value::Int(number) => u64::try_from(*number).ok().map(Copies::Number),
            Value::String(text) if &**text == "satellite" => Some(Copies::Satellite),
            _ => None,
        }
    }

    /// Its shards with the servers planned for them, the leader first; not those whose entry is
    /// no list of servers.
    pub(super) fn shards(&self) -> Vec<(&'a str, Vec<&'a str>)> {
        let shards = self.attribute("shards").and_then(Value::as_object);
        let all = shards.into_iter().flat_map(|shards| shards.iter());
        all.filter(|(name, _)| !name.is_empty())
            .filter_map(|(name, list)| Some((&**name, servers(list)?)))
            .collect()
    }

    /// The servers planned for a shard.
    pub(super) fn planned(&self, shard: &str) -> Option<Vec<&'a str>> {
        servers(self.attribute("shards")?.as_object()?.get(shard)?)
    }

    /// Where the servers for a shard are planned.
    pub(super) fn plan_path(&self, shard: &str) -> String {
        format!("{PLAN}/{}/{}/shards/{shard}", self.database, self.id)
    }

    /// The servers that have a shard, the leader first; none if nothing is known.
    pub(super) fn current(&self, tree: &'a Tree, shard: &str) -> Vec<&'a str> {
        let (database, id) = (self.database, self.id);
        let path = format!("/arango/Current/Collections/{database}/{id}/{shard}/servers");
        tree.get(&path).and_then(servers).unwrap_or_default()
    }

    /// The shards that are where this one is: itself, and those of collections that follow.
    pub(super) fn together(&self, tree: &'a Tree, shard: &'a str) -> Vec<(Self, &'a str)> {
        let place = self.ordered().iter().position(|name| *name == shard);
        let followers =
            collections_of(tree, self.database).filter(|other| other.follows() == Some(self.id));
        let theirs = followers.filter_map(|other| Some((other, *other.ordered().get(place?)?)));
        std::iter::once((*self, shard)).chain(theirs).collect()
    }

    /// The names of the shards by their numbers.
    fn ordered(&self) -> Vec<&'a str> {
        let mut names: Vec<_> = self.shards().into_iter().map(|(name, _)| name).collect();
        names.sort_by_key(|name| (name.len(), *name));
        names
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree() -> Tree {
        Tree::from(json!({"arango": {
            "Plan": {
                "Databases": {"one": {}, "two": {"replicationVersion": "2"}},
                "Collections": {
                    "one": {
                        "7": {"replicationFactor": 2,
                            "shards": {"s9": ["PRMR-a", "PRMR-b"], "s10": ["_PRMR-b", "PRMR-a"]}},
                        "8": {"replicationFactor": "satellite", "distributeShardsLike": "7",
                            "shards": {"s11": ["PRMR-a"], "s12": ["PRMR-b"], "s13": "rubbish"}},
                        "9": "rubbish",
                    },
                    "two": {"17": {"shards": {"s18": ["PRMR-c"]}}},
                },
            },
            "Current": {"Collections": {"one": {"7": {"s9": {"servers": ["PRMR-a"]}}}}},
        }}))
    }

    #[test]
    fn collections_with_logs_and_rubbish_are_left_out() {
        let tree = tree();
        let ids: Vec<_> = collections(&tree).map(|collection| collection.id).collect();
        assert_eq!(ids, ["7", "8", "9"]);
        assert!(holds_any(&tree, "PRMR-b") && !holds_any(&tree, "PRMR-c"));
        assert!(Collection::find(&tree, "two", "17").is_none());
        let rubbish = Collection::find(&tree, "one", "9").unwrap();
        assert_eq!((rubbish.copies(), rubbish.shards()), (None, vec![]));
    }

    #[test]
    fn c6_2_collections_of_groups_are_left_out_whatever_their_database_says_of_itself() {
        let tree = Tree::from(json!({"arango": {"Plan": {
            "Databases": {"one": {"replicationVersion": 2}},
            "Collections": {
                "one": {"7": {"groupId": 5, "shards": {"s8": ["PRMR-a"]}}, "9": {}},
                "dropped": {"17": {"groupId": 5, "shards": {"s18": ["PRMR-a"]}}},
            },
        }}}));
        let ids: Vec<_> = collections(&tree).map(|collection| collection.id).collect();
        assert_eq!(ids, ["9"]);
        assert!(Collection::find(&tree, "one", "7").is_none() && !holds_any(&tree, "PRMR-a"));
    }

    #[test]
    fn shards_of_followers_are_where_those_with_the_same_number_are() {
        let tree = tree();
        let prototype = Collection::find(&tree, "one", "7").unwrap();
        assert_eq!(prototype.copies(), Some(Copies::Number(2)));
        assert_eq!(prototype.planned("s10"), Some(vec!["_PRMR-b", "PRMR-a"]));
        assert_eq!(prototype.current(&tree, "s9"), ["PRMR-a"]);
        let places = |shard| {
            let together = prototype.together(&tree, shard);
            together.iter().map(|(c, s)| c.plan_path(s)).collect::<Vec<_>>()
        };
        let path =
            |id: u32, shard: &str| format!("/arango/Plan/Collections/one/{id}/shards/{shard}");
        assert_eq!(places("s9"), [path(7, "s9"), path(8, "s11")]);
        assert_eq!(places("s10"), [path(7, "s10"), path(8, "s12")]);
    }
}
