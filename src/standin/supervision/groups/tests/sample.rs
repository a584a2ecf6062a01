//! A group that has converged, and what is decided about it after some edits.

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value as Json, json};

use super::cluster::mutable;
use crate::standin::model::{ServerId, Tree};
use crate::standin::supervision::groups::action::Action;
use crate::standin::supervision::groups::decision::{Servers, decide};
use crate::standin::supervision::groups::group::{Complaints, Group};
use crate::standin::supervision::groups::view::DatabaseView;
use crate::standin::supervision::health_map::ServerHealth;
use crate::standin::supervision::ids::Ids;

/// A group of two collections and two logs, which has converged.
pub(super) fn converged() -> Json {
    let attributes = json!({"mutable": mutable(2), "immutable": {"numberOfShards": 2}});
    let members = json!({"20": {}, "21": {}});
    let collection = |id: &str| {
        json!({
            "groupId": 19, "id": id, "name": format!("c{id}"), "type": 2, "schema": null,
            "indexes": [{"id": "0"}],
        })
    };
    let planned = |id: &str, shards: [&str; 2]| {
        let mut planned = collection(id);
        planned["shardsR2"] = json!(shards);
        planned["shards"] = json!({shards[0]: ["a", "b"], shards[1]: ["b", "c"]});
        planned
    };
    let reported = json!({"servers": ["a", "b"], "indexes": [{"id": "0"}]});
    let properties = json!({"implementation": {"type": "document"}});
    let log = |id: u64, leader: &str, follower: &str| {
        json!({
            "id": id, "version": 1, "leader": leader, "participants": {leader: {}, follower: {}},
            "config": {"writeConcern": 1, "softWriteConcern": 2, "waitForSync": false},
            "properties": properties,
        })
    };
    let plan = |id: u64, leader: &str, follower: &str| {
        json!({
            "id": id, "owner": "target",
            "currentTerm": {"term": 1, "leader": {"serverId": leader, "rebootId": 1}},
            "participantsConfig": {
                "generation": 1, "config": {"effectiveWriteConcern": 1, "waitForSync": false},
                "participants": {leader: {}, follower: {}},
            },
            "properties": properties,
        })
    };
    let reached = json!({"supervision": {"targetVersion": 1}});
    json!({
        "Target": {
            "CollectionGroups": {"shop": {"19": {
                "id": 19, "leader": "20", "version": 1, "collections": members,
                "attributes": attributes,
            }}},
            "Collections": {"shop": {"20": collection("20"), "21": collection("21")}},
            "ReplicatedLogs": {"shop": {"1": log(1, "a", "b"), "2": log(2, "b", "c")}},
        },
        "Plan": {
            "CollectionGroups": {"shop": {"19": {
                "id": 19, "leader": "20", "collections": members, "attributes": attributes,
                "shardSheaves": [{"replicatedLog": 1}, {"replicatedLog": 2}],
            }}},
            "Collections": {"shop": {
                "20": planned("20", ["s1", "s2"]), "21": planned("21", ["s3", "s4"]),
            }},
            "ReplicatedLogs": {"shop": {"1": plan(1, "a", "b"), "2": plan(2, "b", "c")}},
        },
        "Current": {
            "CollectionGroups": {"shop": {"19": reached}},
            "Collections": {"shop": {
                "20": {"s1": reported, "s2": reported}, "21": {"s3": reported, "s4": reported},
            }},
            "ReplicatedLogs": {"shop": {"1": reached, "2": reached}},
        },
    })
}

pub(super) const GROUP: &str = "CollectionGroups/shop/19";

/// Sets or removes what stands at a path.
pub(super) fn edit(tree: &mut Json, path: &str, value: Json) {
    let mut node = tree;
    let mut keys: Vec<&str> = path.split('/').collect();
    let last = keys.pop().unwrap();
    for key in keys {
        node = match key.parse::<usize>() {
            Ok(position) if node.is_array() => &mut node[position],
            _ => &mut node[key],
        };
    }
    if value.is_null() {
        node.as_object_mut().unwrap().remove(last);
    } else {
        node[last] = value;
    }
}

/// Servers that are well, or not if there is a `!` before the name, or to be without data if there
/// is a `-`.
pub(super) fn servers(names: &[&str]) -> Servers {
    let name = |name: &&str| ServerId::from(name.trim_start_matches(['!', '-']));
    let members = names
        .iter()
        .map(|server| (name(server), ServerHealth { reboot_id: 1, ok: !server.starts_with('!') }));
    let health = members.collect();
    let cleaned = names.iter().filter(|name| name.starts_with('-')).map(name).collect();
    Servers { health, cleaned }
}

/// What is decided about the group of a tree; with this seed for random choices.
pub(super) fn seeded(tree: &Json, names: &[&str], seed: u64) -> Option<Action> {
    let view = DatabaseView::of(&Tree::from(json!({ "arango": tree })), "shop");
    let mut complaints = Complaints::default();
    let group = Group::read(&view, "19", &mut complaints).expect("it can be read");
    let mut ids = Ids::between(1000, 1000 + group.ids_to_draw());
    decide("shop", &group, &servers(names), &mut ids, &mut StdRng::seed_from_u64(seed))
}

/// What is decided about the converged group after some edits.
pub(super) fn decided(edits: &[(&str, Json)], names: &[&str]) -> Option<Action> {
    let mut tree = converged();
    for (path, value) in edits {
        edit(&mut tree, path, value.clone());
    }
    seeded(&tree, names, 1)
}

pub(super) const ABC: [&str; 3] = ["a", "b", "c"];
