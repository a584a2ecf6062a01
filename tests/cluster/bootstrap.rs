//! S1 to S3: servers and their numbers.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::{World, shared, wait_for};

#[test]
fn s1_every_server_is_known_and_good() {
    let world = shared();
    let tree = world.tree();
    assert_eq!(tree["Supervision"]["State"]["Mode"], "Normal");
    let all = [("DBServers", world.dbservers()), ("Coordinators", world.coordinators())];
    for (list, servers) in all {
        for id in servers {
            assert_eq!(tree["Plan"][list][&id], "none", "{id}");
            assert_eq!(tree["Current"][list][&id], "none", "{id}");
            assert_eq!(tree["Current"]["ServersKnown"][&id], json!({ "rebootId": 1 }), "{id}");
            assert_eq!(tree["Supervision"]["Health"][&id]["Status"], "GOOD", "{id}");
            let registered = &tree["Current"]["ServersRegistered"][&id];
            assert!(registered["endpoint"].as_str().unwrap().starts_with("tcp://"), "{registered}");
            assert!(registered["timestamp"].as_str().unwrap().ends_with('Z'), "{registered}");
            assert_eq!(registered["engine"], "rocksdb");
            let short = &tree["Target"]["MapUniqueToShortID"][&id];
            let name = if list == "DBServers" { "DBServer" } else { "Coordinator" };
            let number = short["TransactionID"].as_u64().unwrap();
            assert_eq!(short["ShortName"], format!("{name}{number:04}"));
            assert_eq!(tree["Supervision"]["Health"][&id]["ShortName"], short["ShortName"]);
        }
    }
}

#[test]
fn s2_no_number_is_handed_out_twice() {
    let world = shared();
    let ids: Vec<u64> = std::thread::scope(|scope| {
        let draw = || (0..20).map(|_| world.client.unique_id(3).unwrap()).collect::<Vec<_>>();
        let drawing: Vec<_> = (0..4).map(|_| scope.spawn(draw)).collect();
        // logs made by a coordinator draw from the same source
        for _ in 0..3 {
            let made =
                world.coordinate("POST", "/_db/d/_api/log", Some(json!({ "waitForReady": false })));
            assert!(made.result()["id"].is_u64(), "{made:?}");
        }
        drawing.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    let all: BTreeSet<u64> = ids.iter().flat_map(|first| *first..first + 3).collect();
    assert_eq!(all.len(), 3 * ids.len());
}

#[test]
fn s3_a_restarted_server_has_the_next_reboot_id_and_the_same_short_name() {
    let world = World::of(1, 1);
    for id in [world.dbservers()[0].clone(), world.coordinator()] {
        let short = format!("Target/MapUniqueToShortID/{id}");
        let before = world.client.get(&short).unwrap().unwrap();
        world.cluster.restart(&id).unwrap();
        wait_for("the next incarnation", || (world.reboot_id(&id) == 2).then_some(()));
        world.wait_status(&id, "GOOD");
        let after = world.client.get(&short).unwrap().unwrap();
        assert_eq!(before == after, id.starts_with("PRMR-"), "{before} {after}");
    }
}
