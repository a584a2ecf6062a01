//! The rows of the table of decisions, but for those about logs: a group, changed in one respect,
//! and what is decided about it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::cluster::mutable;
use super::sample::{ABC, GROUP, converged, decided, edit, seeded};
use crate::standin::supervision::groups::action::Action;

#[test]
fn c6_4_nothing_is_done_about_a_group_that_has_converged() {
    assert_eq!(decided(&[], &ABC), None);
    assert_eq!(decided(&[], &["a", "!b", "c", "d"]), None, "a failed participant stays");
}

#[test]
fn c6_4_row_1_a_group_without_collections_is_removed() {
    let empty = json!({});
    let wanted = ("Target/CollectionGroups/shop/19/collections", empty.clone());
    let planned = ("Plan/CollectionGroups/shop/19/collections", empty);
    let unplanned = ("Plan/CollectionGroups/shop/19", Json::Null);
    for (name, edits, logs) in [
        ("planned", vec![wanted.clone(), planned.clone()], Some(vec![1, 2])),
        ("not planned", vec![wanted.clone(), unplanned], Some(vec![])),
        ("collections in Plan", vec![wanted], None),
        ("collections in Target", vec![planned], None),
    ] {
        match (decided(&edits, &ABC), logs) {
            (Some(Action::RemoveGroup { logs }), Some(expected)) => assert_eq!(logs, expected),
            (Some(Action::RemoveGroup { .. }), None) | (_, Some(_)) => panic!("{name}"),
            _ => {}
        }
    }
}

#[test]
fn c6_4_row_2_a_new_group_gets_logs_and_shards_spread_evenly() {
    for (names, replication_factor, shards, copies) in [
        (&["a", "b", "c"][..], 2, 6, 2),
        (&["a", "b", "c", "!d"], 2, 3, 2),
        (&["a", "b", "!c"], 3, 4, 2),
        (&["a"], 3, 2, 1),
        (&["a", "b", "!c"], 0, 3, 3),
        (&["a", "b", "c"], 1, 3, 1),
        (&["a", "b", "c", "d"], 2, 4, 2),
    ] {
        let mut tree = converged();
        edit(&mut tree, &format!("Plan/{GROUP}"), Json::Null);
        let attributes = "Target/CollectionGroups/shop/19/attributes";
        edit(&mut tree, &format!("{attributes}/mutable"), mutable(replication_factor));
        edit(&mut tree, &format!("{attributes}/immutable/numberOfShards"), json!(shards));
        let Some(Action::CreateGroup { plan, logs, collections }) = seeded(&tree, names, 5) else {
            panic!("{names:?}");
        };
        let shards = usize::try_from(shards).unwrap();
        assert_eq!((logs.len(), plan.shard_sheaves.len()), (shards, shards));
        let (mut leads, mut takes_part) = (BTreeMap::new(), BTreeMap::new());
        for log in &logs {
            assert_eq!((log.version, log.participants.len()), (Some(1), copies), "{names:?}");
            let leader = log.leader.clone().unwrap();
            assert!(log.participants.contains_key(&leader));
            *leads.entry(leader).or_insert(0_usize) += 1;
            for server in log.participants.keys() {
                assert!(replication_factor == 0 || !names.contains(&&*format!("!{server}")));
                *takes_part.entry(server.clone()).or_insert(0_usize) += 1;
            }
        }
        for counts in [leads, takes_part] {
            let even = counts.values().max().unwrap() - counts.values().min().unwrap() <= 1;
            assert!(even, "{names:?}: {counts:?}");
        }
        let mut ids: BTreeSet<u64> = logs.iter().map(|log| log.id).collect();
        for (id, collection) in &collections {
            let order = collection.shard_order.as_ref().unwrap();
            assert_eq!(order.len(), shards, "{id}");
            for (shard, log) in order.iter().zip(&logs) {
                let servers = &collection.shards.as_ref().unwrap()[shard];
                assert_eq!(servers.first(), log.leader.as_ref());
                assert!(servers[1..].is_sorted());
                assert!(servers.iter().all(|server| log.participants.contains_key(server)));
                ids.insert(shard.strip_prefix('s').unwrap().parse().unwrap());
            }
        }
        assert_eq!(ids.len(), 3 * shards, "no number is used twice");
        let described = serde_json::to_value(&logs[1]).unwrap();
        assert_eq!(
            described["properties"],
            json!({"implementation": {"type": "document", "parameters": {
                "databaseName": "shop", "groupId": 19, "shardSheafIndex": 1,
            }}})
        );
    }
}

#[test]
fn c6_4_row_2_nothing_is_made_while_no_server_is_well() {
    let unplanned = [("Plan/CollectionGroups/shop/19", Json::Null)];
    assert_eq!(decided(&unplanned, &["!a", "!b"]), None);
    assert_eq!(decided(&unplanned, &[]), None);
}

#[test]
fn c6_4_row_3_attributes_are_copied_before_anything_is_done_about_logs() {
    let attributes = "Target/CollectionGroups/shop/19/attributes";
    let edits = [(&*format!("{attributes}/mutable/writeConcern"), json!(2))];
    let Some(Action::SetAttributes(attributes)) = decided(&edits, &ABC) else { panic!() };
    assert_eq!((attributes.write_concern, attributes.replication_factor), (2, 2));
}

#[test]
fn c6_4_row_8_collections_come_and_go() {
    let new = [
        ("Target/CollectionGroups/shop/19/collections/22", json!({})),
        ("Target/Collections/shop/22", json!({"groupId": 19, "id": "22", "name": "d", "type": 2})),
    ];
    let Some(Action::AddCollection { id, collection }) = decided(&new, &ABC) else { panic!() };
    assert_eq!(&*id, "22");
    let collection = serde_json::to_value(collection).unwrap();
    assert_eq!(
        (&collection["shardsR2"], &collection["shards"]),
        (&json!(["s1000", "s1001"]), &json!({"s1000": ["a", "b"], "s1001": ["b", "c"]}))
    );
    let gone = ("Target/CollectionGroups/shop/19/collections/21", Json::Null);
    for (edits, reported) in [
        (vec![gone.clone()], true),
        (vec![gone.clone(), ("Target/Collections/shop/21", Json::Null)], true),
        (vec![gone, ("Current/Collections/shop/21", Json::Null)], false),
    ] {
        let id = "21".into();
        assert_eq!(decided(&edits, &ABC), Some(Action::DropCollection { id, reported }));
    }
    // What a collection is of which Plan has lost the entry is made anew.
    let lost = decided(&[("Plan/Collections/shop/21", Json::Null)], &ABC);
    assert!(matches!(lost, Some(Action::AddCollection { .. })));
}

#[test]
fn c6_4_row_9_properties_that_can_be_changed_are_copied() {
    let target = "Target/Collections/shop/20";
    for (property, value, copied) in [
        ("schema", json!({"rule": {}}), true),
        ("cacheEnabled", json!(true), true),
        ("computedValues", json!([]), true),
        ("shardKeys", json!(["x"]), false),
        ("name", json!("x"), false),
    ] {
        let action = decided(&[(&format!("{target}/{property}"), value.clone())], &ABC);
        if !copied {
            assert_eq!(action, None, "{property}");
            continue;
        }
        let Some(Action::ModifyCollection { id, properties, indexes: None }) = action else {
            panic!("{property}");
        };
        assert_eq!(&*id, "20");
        assert_eq!(properties, BTreeMap::from([(property, Some(value.into()))]));
    }
    let removed = decided(&[(&format!("{target}/schema"), Json::Null)], &ABC);
    let Some(Action::ModifyCollection { properties, .. }) = removed else { panic!() };
    assert_eq!(properties, BTreeMap::from([("schema", None)]));
}

#[test]
fn c6_4_row_9_a_new_index_is_being_built_until_all_shards_have_it() {
    let wanted = ("Target/Collections/shop/20/indexes", json!([{"id": "0"}, {"id": "7"}]));
    let building = json!([{"id": "0"}, {"id": "7", "isBuilding": true}]);
    let planned = ("Plan/Collections/shop/20/indexes", building.clone());
    let has = |shard: &str, indexes: Json| {
        (format!("Current/Collections/shop/20/{shard}/indexes"), indexes)
    };
    let here = has("s1", json!([{"id": "0"}, {"id": "7"}]));
    let here = (&*here.0, here.1);
    let there = has("s2", json!([{"id": "7"}]));
    let there = (&*there.0, there.1);
    let failed = (there.0, json!([{"id": "7", "error": true}]));
    let complete = json!([{"id": "0"}, {"id": "7"}]);
    let dropped = ("Target/Collections/shop/20/indexes", json!([{"id": "0"}]));
    for (name, edits, expected) in [
        ("new", vec![wanted.clone()], Some(building)),
        ("half built", vec![wanted.clone(), planned.clone(), here.clone()], None),
        ("failed", vec![wanted.clone(), planned.clone(), here.clone(), failed], None),
        ("built", vec![wanted.clone(), planned.clone(), here, there], Some(complete)),
        ("dropped", vec![dropped, planned], Some(json!([{"id": "0"}]))),
        (
            "marked in Target",
            vec![("Target/Collections/shop/20/indexes", json!([{"id": "0", "isBuilding": true}]))],
            None,
        ),
    ] {
        let indexes = match decided(&edits, &ABC) {
            Some(Action::ModifyCollection { indexes, .. }) => indexes,
            None => None,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(
            indexes.map(|indexes| serde_json::to_value(indexes).unwrap()),
            expected,
            "{name}"
        );
    }
}

#[test]
fn c6_4_row_10_shards_are_where_their_logs_are_the_leader_first_and_the_others_in_order() {
    let log = "Plan/ReplicatedLogs/shop/1";
    let all = (
        "Plan/ReplicatedLogs/shop/1/participantsConfig/participants",
        json!({"d": {}, "a": {}, "b": {}}),
    );
    let leader = |server: &str| {
        let leader = json!({"term": 2, "leader": {"serverId": server, "rebootId": 1}});
        ("Plan/ReplicatedLogs/shop/1/currentTerm", leader)
    };
    for (edits, expected) in [
        (vec![leader("b")], json!(["b", "a"])),
        (vec![all.clone()], json!(["a", "b", "d"])),
        (vec![all.clone(), leader("d")], json!(["d", "a", "b"])),
        (vec![all, (&*format!("{log}/currentTerm"), json!({"term": 2}))], json!(["a", "b", "d"])),
    ] {
        let Some(Action::SetShards(shards)) = decided(&edits, &ABC) else { panic!("{edits:?}") };
        let shards = serde_json::to_value(shards).unwrap();
        let other = json!(["b", "c"]);
        assert_eq!(
            shards,
            json!({"20": {"s1": expected, "s2": other}, "21": {"s3": expected, "s4": other}})
        );
    }
    assert_eq!(decided(&[(log, Json::Null)], &ABC), None, "what is not planned stays as it was");
}

#[test]
fn c6_4_row_11_a_version_is_reached_once_all_logs_and_shards_are_there() {
    let wanted = ("Target/CollectionGroups/shop/19/version", json!(2));
    let converged = Some(Action::Converge { version: 2 });
    for (name, edits, expected) in [
        ("all is well", vec![], converged.clone()),
        ("no version", vec![("Target/CollectionGroups/shop/19/version", Json::Null)], None),
        (
            "a version that is reached",
            vec![("Target/CollectionGroups/shop/19/version", json!(1))],
            None,
        ),
        ("a log is behind", vec![("Target/ReplicatedLogs/shop/2/version", json!(2))], None),
        ("a log has reached nothing", vec![("Current/ReplicatedLogs/shop/2", Json::Null)], None),
        ("a log is missing", vec![("Target/ReplicatedLogs/shop/2", Json::Null)], None),
        ("a shard is missing", vec![("Current/Collections/shop/21/s4", Json::Null)], None),
        ("a collection is missing", vec![("Target/Collections/shop/21", Json::Null)], None),
        (
            "nothing was reached before",
            vec![("Current/CollectionGroups/shop/19", Json::Null)],
            converged,
        ),
    ] {
        let edits: Vec<_> = [wanted.clone()].into_iter().chain(edits).collect();
        assert_eq!(decided(&edits, &ABC), expected, "{name}");
    }
}
