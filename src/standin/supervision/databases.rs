//! What coordinators left behind half made: databases, collections, indexes, revisions of
//! analyzers.
//!
//! Whatever is made in steps names the incarnation of the coordinator that makes it. Once that is
//! gone, nobody waits for it any more: an index that all shards have is finished, everything else
//! is removed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::agency::LeadershipLost;
use super::round::Round;
use super::shards::is_of_group;
use crate::agency::value::{Object, Value};
use crate::standin::model::building::{Analyzers, Builder};
use crate::standin::model::collection::{flag, index_id};
use crate::standin::model::{Transaction, Tree, paths};

/// What is remembered from round to round, of each database.
#[derive(Debug, Default)]
pub(super) struct DatabasesState(BTreeMap<Arc<str>, Known>);

#[derive(Debug, Default)]
struct Known {
    /// The collections in Plan, as they were in the last round.
    collections: Object,
    /// Those that are not complete, or an index of theirs is not.
    incomplete: BTreeSet<Arc<str>>,
}

/// What is not complete while it has this.
const BUILDING: &str = "isBuilding";
/// What tells who is making something.
const MARKS: [&str; 3] = [BUILDING, "coordinator", "coordinatorRebootId"];

/// Finishes or removes what nobody is making any more.
pub(super) fn supervise(
    state: &mut DatabasesState,
    round: &mut Round<'_>,
) -> Result<(), LeadershipLost> {
    let tree = round.tree()?;
    state.look_at(&tree);
    let mut transactions = Vec::new();
    for (database, plan) in named(&tree, "/arango/Plan/Databases") {
        let builder = orphaned(&tree, plan);
        transactions.extend(builder.map(|builder| remove_database(database, &builder)));
    }
    for (database, plan) in named(&tree, "/arango/Plan/Analyzers") {
        transactions.extend(repair_analyzers(&tree, database, plan));
    }
    for (database, known) in &state.0 {
        let settled = known.incomplete.iter();
        transactions.extend(settled.filter_map(|id| settle_collection(&tree, database, id)));
    }
    if !transactions.is_empty() {
        tracing::debug!(?transactions, "removing what is left of coordinators");
        round.write(&transactions)?;
    }
    Ok(())
}

/// The children of what stands at a path; an empty key is rubbish, and no path leads to it.
fn named<'a>(tree: &'a Tree, path: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    tree.children(path).filter(|(key, _)| !key.is_empty())
}

impl DatabasesState {
    /// Finds the collections that are not complete in the databases where something has changed.
    fn look_at(&mut self, tree: &Tree) {
        let databases = tree.get("/arango/Plan/Collections").and_then(Value::as_object);
        self.0.retain(|name, _| databases.is_some_and(|all| all.get(name).is_some()));
        for (database, collections) in named(tree, "/arango/Plan/Collections") {
            let known = self.0.entry(database.into()).or_default();
            let collections = collections.as_object().cloned().unwrap_or_default();
            for (id, _, plan) in known.collections.diff(&collections) {
                if plan.is_some_and(is_incomplete) && !id.is_empty() {
                    known.incomplete.insert(id.clone());
                } else {
                    known.incomplete.remove(id);
                }
            }
            known.collections = collections;
        }
    }
}

/// Whether a collection or an index of it is being made by a coordinator. What groups have is not:
/// it would be planned again as soon as it were removed.
fn is_incomplete(collection: &Value) -> bool {
    let made = |object: &Value| flag(object, BUILDING) && Builder::of(object).is_some();
    !is_of_group(collection) && (made(collection) || indexes(collection).iter().any(made))
}

fn indexes(collection: &Value) -> &[Value] {
    let indexes = collection.as_object().and_then(|collection| collection.get("indexes"));
    indexes.and_then(Value::as_array).unwrap_or_default()
}

/// The one that was making something and is gone, if it is not complete.
fn orphaned(tree: &Tree, object: &Value) -> Option<Builder> {
    let builder = Builder::of(object).filter(|_| flag(object, BUILDING))?;
    is_gone(tree, &builder).then_some(builder)
}

/// Whether this incarnation of a coordinator has failed, or is no more.
fn is_gone(tree: &Tree, builder: &Builder) -> bool {
    let known = tree.number(&paths::reboot_id(&builder.coordinator));
    let status = tree.text(&format!("{}/Status", paths::health(&builder.coordinator)));
    known != Some(builder.coordinator_reboot_id) || status == Some("FAILED")
}

/// Removes a database, with all that was made for it.
fn remove_database(database: &str, builder: &Builder) -> Transaction {
    const PARTS: [&str; 9] = [
        "Plan/Collections",
        "Plan/Analyzers",
        "Plan/Views",
        "Plan/CollectionGroups",
        "Plan/ReplicatedLogs",
        "Target/Collections",
        "Target/CollectionNames",
        "Target/CollectionGroups",
        "Target/ReplicatedLogs",
    ];
    let path = paths::plan_database(database);
    let transaction = PARTS.iter().fold(Transaction::new(), |transaction, part| {
        transaction.delete(format!("/arango/{part}/{database}"))
    });
    still_made(transaction.delete(path.clone()).increment(paths::PLAN_VERSION), &path, builder)
}

/// Only if this incarnation of a coordinator is still said to be making what stands at a path.
fn still_made(transaction: Transaction, path: &str, builder: &Builder) -> Transaction {
    transaction
        .when_equal(format!("{path}/{BUILDING}"), true)
        .when_equal(format!("{path}/coordinator"), &builder.coordinator)
        .when_equal(format!("{path}/coordinatorRebootId"), builder.coordinator_reboot_id)
}

/// Takes back a revision of analyzers that nobody will complete.
fn repair_analyzers(tree: &Tree, database: &str, plan: &Value) -> Option<Transaction> {
    let analyzers: Analyzers = crate::agency::de::from_value(plan).ok()?;
    let orphaned = analyzers.building_revision != analyzers.revision
        && Builder::of(plan).is_some_and(|builder| is_gone(tree, &builder));
    if !orphaned {
        return None;
    }
    let repaired = Analyzers {
        building_revision: analyzers.revision,
        coordinator: None,
        coordinator_reboot_id: None,
        ..analyzers
    };
    let path = paths::plan_analyzers(database);
    let transaction = Transaction::new().set(path.clone(), repaired);
    Some(transaction.increment(paths::PLAN_VERSION).when_equal(path, plan))
}

/// Removes a collection that nobody will complete, or settles its indexes.
fn settle_collection(tree: &Tree, database: &str, id: &str) -> Option<Transaction> {
    let path = paths::plan_collection(database, id);
    let plan = tree.get(&path)?;
    if let Some(builder) = orphaned(tree, plan) {
        let transaction = Transaction::new().delete(path.clone()).increment(paths::PLAN_VERSION);
        return Some(still_made(transaction, &path, &builder));
    }
    let everywhere = |index: &Value| {
        index_id(index).is_some_and(|index| {
            let shards = tree.children(&format!("{path}/shards"));
            let current = paths::current_collection(database, id);
            { shards }.all(|(shard, _)| has_index(tree, &format!("{current}/{shard}"), index))
        })
    };
    let is_orphan = |index: &Value| orphaned(tree, index).is_some();
    let old = indexes(plan);
    let new = settled(old, is_orphan, everywhere)?;
    let path = format!("{path}/indexes");
    let transaction = Transaction::new().set(path.clone(), new);
    Some(transaction.increment(paths::PLAN_VERSION).when_equal(path, old))
}

fn has_index(tree: &Tree, shard: &str, index: &str) -> bool {
    use crate::standin::model::collection::CurrentShard;
    let shard = tree.read::<CurrentShard>(shard).and_then(Result::ok);
    shard.is_some_and(|shard| shard.has_index(index))
}

/// Indexes without those that were left behind, but for those that all shards have: they are
/// finished. Nothing if none was left behind.
fn settled(
    indexes: &[Value],
    is_orphan: impl Fn(&Value) -> bool,
    everywhere: impl Fn(&Value) -> bool,
) -> Option<Vec<Value>> {
    if !indexes.iter().any(&is_orphan) {
        return None;
    }
    let settled = indexes.iter().filter_map(|index| {
        if !is_orphan(index) {
            return Some(index.clone());
        }
        everywhere(index).then(|| {
            let mut index = index.clone();
            for mark in MARKS {
                index.make_object().remove(mark);
            }
            index
        })
    });
    Some(settled.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::testing::World;
    use super::*;

    /// A world with a coordinator in its third incarnation, which is well.
    fn world() -> World {
        let mut world = World::bootstrapped();
        world.set("/arango/Current/ServersKnown/CRDN-a", json!({"rebootId": 3}));
        world.set("/arango/Supervision/Health/CRDN-a", json!({"Status": "GOOD"}));
        world
    }

    fn supervised(world: &mut World) -> DatabasesState {
        let mut state = DatabasesState::default();
        again(world, &mut state);
        state
    }

    fn again(world: &mut World, state: &mut DatabasesState) {
        world.stage(|round| supervise(state, round)).unwrap();
    }

    /// With the marks of something that the second or the third incarnation is making.
    fn made(mut object: Json, reboot_id: u64) -> Json {
        let marks = json!({
            "isBuilding": true, "coordinator": "CRDN-a", "coordinatorRebootId": reboot_id,
        });
        object.as_object_mut().unwrap().extend(marks.as_object().unwrap().clone());
        object
    }

    fn version(world: &World) -> u64 {
        world.tree().number(paths::PLAN_VERSION).unwrap()
    }

    #[test]
    fn c6_1_a_skeleton_is_removed_once_its_coordinator_is_gone() {
        let database = |reboot_id| made(json!({"id": "7", "name": "shop"}), reboot_id);
        for (name, reboot_id, status, removed) in [
            ("is being made", 3, "GOOD", false),
            ("is slow", 3, "BAD", false),
            ("has failed", 3, "FAILED", true),
            ("was restarted", 2, "GOOD", true),
        ] {
            let mut world = world();
            world.set("/arango/Supervision/Health/CRDN-a/Status", json!(status));
            world.set("/arango/Plan/Databases/shop", database(reboot_id));
            for part in ["Plan/Collections", "Plan/Analyzers", "Target/CollectionGroups"] {
                world.set(&format!("/arango/{part}/shop"), json!({"x": {}}));
            }
            let before = version(&world);
            supervised(&mut world);
            for part in
                ["Plan/Databases", "Plan/Collections", "Plan/Analyzers", "Target/CollectionGroups"]
            {
                let there = world.get(&format!("/arango/{part}/shop")).is_some();
                assert_eq!(there, !removed, "{name}: {part}");
            }
            assert_eq!(version(&world), before + u64::from(removed), "{name}");
            assert!(world.get("/arango/Plan/Databases/_system").is_some());
        }
        let mut world = world();
        world.set("/arango/Plan/Databases/shop", database(3));
        world.delete("/arango/Current/ServersKnown/CRDN-a");
        supervised(&mut world);
        assert_eq!(world.get("/arango/Plan/Databases/shop"), None, "the coordinator was removed");
    }

    #[test]
    fn a_collection_is_removed_as_soon_as_its_coordinator_is_gone() {
        let mut world = world();
        let path = "/arango/Plan/Collections/_system/9";
        world.set(path, made(json!({"id": "9", "shards": {"s1": ["PRMR-a"]}}), 3));
        world.set("/arango/Plan/Collections/_system/10", json!({"id": "10"}));
        let mut state = supervised(&mut world);
        assert!(world.get(path).is_some());
        world.set("/arango/Current/ServersKnown/CRDN-a/rebootId", json!(4));
        again(&mut world, &mut state);
        assert_eq!(world.get(path), None);
        assert!(world.get("/arango/Plan/Collections/_system/10").is_some());
        let before = version(&world);
        again(&mut world, &mut state);
        assert_eq!(version(&world), before);
    }

    #[test]
    fn c6_4_what_a_group_has_is_left_to_it_whoever_is_said_to_be_making_it() {
        let mut world = world();
        let path = "/arango/Plan/Collections/shop/9";
        let index = made(json!({"id": "7", "type": "persistent"}), 2);
        let collection = json!({"groupId": 8, "id": "9", "shards": {"s1": ["PRMR-a"]}});
        for mut plan in [made(collection.clone(), 2), collection] {
            plan["indexes"] = json!([index]);
            world.set(path, plan.clone());
            supervised(&mut world);
            assert_eq!(world.get(path), Some(plan));
        }
    }

    #[test]
    fn an_index_that_was_left_behind_is_finished_if_all_shards_have_it_and_removed_if_not() {
        let index = |id: &str| json!({"id": id, "type": "persistent", "fields": ["a"]});
        for (here, there, kept) in [
            (json!([index("7")]), json!([index("7")]), true),
            (json!([index("7")]), json!([index("8")]), false),
            (json!([index("7")]), json!([{"id": "7", "error": true}]), false),
        ] {
            let mut world = world();
            let path = "/arango/Plan/Collections/_system/9";
            world.set(
                path,
                json!({
                    "id": "9", "shards": {"s1": ["PRMR-a"], "s2": ["PRMR-b"]},
                    "indexes": [index("0"), made(index("7"), 2), made(index("8"), 3)],
                }),
            );
            world.set(
                "/arango/Current/Collections/_system/9",
                json!({
                    "s1": {"indexes": here, "servers": ["PRMR-a"]}, "s2": {"indexes": there},
                }),
            );
            supervised(&mut world);
            let mut expected = vec![index("0"), made(index("8"), 3)];
            if kept {
                expected.insert(1, index("7"));
            }
            assert_eq!(world.get(&format!("{path}/indexes")), Some(json!(expected)));
        }
    }

    #[test]
    fn a_revision_of_analyzers_is_taken_back_once_its_coordinator_is_gone() {
        let path = "/arango/Plan/Analyzers/shop";
        let analyzers = |building: u64, reboot_id: u64| {
            json!({
                "revision": 4, "buildingRevision": building, "coordinator": "CRDN-a",
                "coordinatorRebootId": reboot_id,
            })
        };
        for (before, after) in [
            (analyzers(5, 2), json!({"revision": 4, "buildingRevision": 4})),
            (analyzers(5, 3), analyzers(5, 3)),
            (analyzers(4, 2), analyzers(4, 2)),
            (
                json!({"revision": 4, "buildingRevision": 5}),
                json!({"revision": 4, "buildingRevision": 5}),
            ),
            (json!("rubbish"), json!("rubbish")),
        ] {
            let mut world = world();
            world.set(path, before);
            supervised(&mut world);
            assert_eq!(world.get(path), Some(after));
        }
    }

    #[test]
    fn rubbish_is_left_alone() {
        let mut world = world();
        let rubbish = json!({
            "": made(json!({}), 2), "a": 1, "b": {"": made(json!({}), 2), "c": [], "d": {"indexes": 7},
            "e": {"isBuilding": true}, "f": {"isBuilding": true, "coordinator": 1}},
        });
        for part in ["Databases", "Analyzers", "Collections"] {
            world.set(&format!("/arango/Plan/{part}"), rubbish.clone());
        }
        supervised(&mut world);
        for part in ["Databases", "Analyzers", "Collections"] {
            assert_eq!(world.get(&format!("/arango/Plan/{part}")), Some(rubbish.clone()));
        }
    }
}
