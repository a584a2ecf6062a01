//! What happens one after the other.

use serde_json::{Value as Json, json};

use super::cluster::{Cluster, members, mutable};

/// A cluster with a converged group of one collection.
fn shop(servers: &[&str], replication_factor: u64) -> Cluster {
    let mut cluster = Cluster::of(servers);
    cluster.want_collection(10, "20", json!({}));
    cluster.want_group(10, 1, &["20"], mutable(replication_factor));
    cluster.settle();
    assert_eq!(cluster.reached(10), json!(1));
    cluster
}

fn version(cluster: &Cluster, name: &str) -> u64 {
    cluster.get(&format!("/arango/{name}/Version")).as_u64().unwrap()
}

#[test]
fn s52_a_group_with_3_shards_gets_3_logs_and_converges() {
    let cluster = shop(&["a", "b", "c"], 2);
    let logs = cluster.logs(10);
    let shards = cluster.shards("20");
    assert_eq!((logs.len(), shards.len()), (3, 3));
    let planned = cluster.get("/arango/Plan/Collections/shop/20/shards");
    for (shard, log) in shards.iter().zip(logs) {
        let target = cluster.log(log);
        let reached =
            format!("/arango/Current/ReplicatedLogs/shop/{log}/supervision/targetVersion");
        assert_eq!(cluster.get(&reached), target["version"]);
        assert_eq!(planned[shard][0], target["leader"]);
        assert_eq!(planned[shard].as_array().unwrap().len(), 2);
        let current = cluster.get(&format!("/arango/Current/Collections/shop/20/{shard}"));
        assert_eq!(current["servers"], planned[shard]);
    }
    let group = cluster.get("/arango/Plan/CollectionGroups/shop/10");
    assert_eq!(group["collections"], json!({"20": {}}));
    assert!(group.get("version").is_none());
    let collection = cluster.get("/arango/Plan/Collections/shop/20");
    assert_eq!(
        (&collection["schema"], &collection["shardKeys"], &collection["groupId"]),
        (&Json::Null, &json!(["_key"]), &json!(10))
    );
}

#[test]
fn c1_7_making_and_removing_a_group_bumps_no_version() {
    let mut cluster = Cluster::of(&["a", "b"]);
    cluster.want_collection(10, "20", json!({}));
    cluster.want_group(10, 1, &["20"], mutable(2));
    let versions =
        |cluster: &Cluster| ["Plan", "Current", "Target"].map(|name| version(cluster, name));
    let before = versions(&cluster);
    cluster.settle();
    assert_eq!((versions(&cluster), cluster.reached(10)), (before, json!(1)));
}

#[test]
fn c6_4_a_round_takes_one_step_of_a_group_and_none_of_one_that_rests() {
    let mut cluster = shop(&["a", "b", "c"], 2);
    assert_eq!(cluster.round(), 0);
    cluster.want_group(10, 2, &["20"], mutable(3));
    let mut steps = 0;
    while cluster.round() > 0 {
        steps += 1;
    }
    assert_eq!(steps, 3, "attributes, configuration, participants");
    assert_eq!(cluster.reached(10), json!(1), "the logs have not converged");
    cluster.play_logs();
    assert_eq!((cluster.round(), cluster.round()), (1, 1), "shards, version");
    assert_eq!((cluster.round(), cluster.reached(10)), (0, json!(2)));
}

#[test]
fn c6_4_a_group_waits_for_each_of_its_logs() {
    let mut cluster = shop(&["a", "b", "c"], 2);
    let log = cluster.logs(10)[2];
    let reached = format!("/arango/Current/ReplicatedLogs/shop/{log}/supervision/targetVersion");
    cluster.world.set(&reached, json!(0));
    cluster.want_group(10, 2, &["20"], mutable(2));
    assert_eq!((cluster.round(), cluster.round()), (0, 0));
    cluster.world.set(&reached, json!(1));
    assert_eq!((cluster.round(), cluster.reached(10)), (1, json!(2)));
}

#[test]
fn a_group_is_made_as_soon_as_there_are_numbers_for_it() {
    let mut cluster = Cluster::of(&["a"]);
    cluster.world.set("/arango/Sync/LatestID", json!(-100_000));
    cluster.want_collection(10, "20", json!({}));
    cluster.want_group(10, 1, &["20"], mutable(1));
    cluster.round();
    assert!(cluster.logs(10).is_empty());
    cluster.world.set("/arango/Sync/LatestID", json!(7));
    cluster.round();
    assert!(cluster.logs(10).iter().all(|log| *log > 7));
    assert_eq!(cluster.logs(10).len(), 3);
}

#[test]
fn c6_4_a_change_of_the_health_of_servers_is_seen() {
    let mut cluster = Cluster::of(&["a"]);
    cluster.world.set("/arango/Supervision/Health/a/Status", json!("FAILED"));
    cluster.want_collection(10, "20", json!({}));
    cluster.want_group(10, 1, &["20"], mutable(1));
    cluster.settle();
    assert_eq!(cluster.get("/arango/Plan/CollectionGroups/shop/10"), Json::Null);
    cluster.world.set("/arango/Supervision/Health/a/Status", json!("BAD"));
    cluster.settle();
    assert_eq!(cluster.reached(10), json!(1));
}

#[test]
fn c6_4_a_log_with_too_few_participants_waits_for_a_server_that_is_well() {
    let mut cluster = Cluster::of(&["a", "b", "c"]);
    cluster.world.set("/arango/Supervision/Health/c/Status", json!("FAILED"));
    cluster.want_collection(10, "20", json!({}));
    cluster.want_group(10, 1, &["20"], mutable(3));
    cluster.settle();
    assert_eq!(cluster.reached(10), json!(1), "what is possible is done");
    let log = cluster.logs(10)[0];
    assert_eq!(cluster.participants(log), ["a", "b"]);
    cluster.world.set("/arango/Supervision/Health/c/Status", json!("GOOD"));
    cluster.settle();
    assert_eq!(cluster.participants(log), ["a", "b", "c"]);
}

#[test]
fn s53_the_shards_of_a_collection_follow_the_leader_of_their_log() {
    let mut cluster = shop(&["a", "b", "c"], 3);
    let log = cluster.logs(10)[1];
    let shard = cluster.shards("20")[1].clone();
    let servers = |cluster: &Cluster| {
        let planned = cluster.get(&format!("/arango/Plan/Collections/shop/20/shards/{shard}"));
        let current = format!("/arango/Current/Collections/shop/20/{shard}/servers");
        assert_eq!(cluster.get(&current), planned);
        planned
    };
    let leader = cluster.log(log)["leader"].clone();
    let others: Vec<_> = ["a", "b", "c"].into_iter().filter(|server| *server != leader).collect();
    assert_eq!(servers(&cluster), json!([leader, others[0], others[1]]));
    let health = format!("/arango/Supervision/Health/{}/Status", leader.as_str().unwrap());
    let before = version(&cluster, "Plan");
    cluster.world.set(&health, json!("FAILED"));
    cluster.settle();
    let moved = servers(&cluster);
    assert_eq!(moved[0], json!(others[0]));
    assert!(version(&cluster, "Plan") > before);
    assert_eq!(cluster.participants(log).len(), 3, "one that failed is not replaced");
    cluster.world.set(&health, json!("GOOD"));
    cluster.settle();
    assert_eq!(servers(&cluster), json!([leader, others[0], others[1]]), "it leads again");
}

#[test]
fn s54_logs_follow_the_replication_factor_of_their_group() {
    let mut cluster = shop(&["a", "b", "c", "d"], 2);
    for (version, replication_factor) in [(2, 4), (3, 1), (4, 3), (5, 9)] {
        cluster.want_group(10, version, &["20"], mutable(replication_factor));
        cluster.settle();
        assert_eq!(cluster.reached(10), json!(version));
        let copies = usize::try_from(replication_factor.min(4)).unwrap();
        for log in cluster.logs(10) {
            let target = cluster.log(log);
            assert_eq!(target["config"]["softWriteConcern"], json!(replication_factor));
            assert_eq!(cluster.participants(log).len(), copies);
            let leader = target["leader"].as_str().unwrap().to_owned();
            assert!(cluster.participants(log).contains(&leader), "the one that leads stays");
        }
        for (_, servers) in members(&cluster.get("/arango/Plan/Collections/shop/20/shards")) {
            assert_eq!(servers.as_array().unwrap().len(), copies);
        }
    }
}

#[test]
fn s54_the_version_of_a_log_moves_with_its_participants_and_not_with_its_configuration() {
    let mut cluster = shop(&["a", "b", "c"], 2);
    let log = cluster.logs(10)[0];
    let mut safer = mutable(2);
    safer["waitForSync"] = json!(true);
    cluster.want_group(10, 2, &["20"], safer);
    cluster.settle();
    let target = cluster.log(log);
    assert_eq!((&target["version"], &target["config"]["waitForSync"]), (&json!(1), &json!(true)));
    cluster.want_group(10, 3, &["20"], mutable(3));
    cluster.settle();
    assert_eq!((cluster.log(log)["version"].clone(), cluster.reached(10)), (json!(2), json!(3)));
}

#[test]
fn s55_a_second_collection_has_the_same_logs_and_the_last_one_takes_them_along() {
    let mut cluster = shop(&["a", "b", "c"], 2);
    let logs = cluster.logs(10);
    let before = version(&cluster, "Plan");
    cluster.want_collection(10, "21", json!({}));
    cluster.want_group(10, 2, &["20", "21"], mutable(2));
    cluster.settle();
    assert_eq!((cluster.logs(10), cluster.reached(10)), (logs.clone(), json!(2)));
    assert!(version(&cluster, "Plan") > before);
    let (first, second) = (cluster.shards("20"), cluster.shards("21"));
    assert_eq!((first.len(), second.len()), (3, 3));
    assert!(first.iter().all(|shard| !second.contains(shard)));
    let servers = |cluster: &Cluster, id: &str| {
        let planned = cluster.get(&format!("/arango/Plan/Collections/shop/{id}/shards"));
        cluster.shards(id).iter().map(|shard| planned[shard].clone()).collect::<Vec<_>>()
    };
    assert_eq!(servers(&cluster, "20"), servers(&cluster, "21"));

    cluster.world.delete("/arango/Target/Collections/shop/20");
    cluster.want_group(10, 3, &["21"], mutable(2));
    cluster.settle();
    assert_eq!((cluster.logs(10), cluster.reached(10)), (logs, json!(3)));
    for branch in ["Plan", "Current"] {
        let collections = cluster.get(&format!("/arango/{branch}/Collections/shop"));
        assert_eq!(members(&collections).len(), 1, "{branch}");
    }
    cluster.world.delete("/arango/Target/Collections/shop/21");
    cluster.want_group(10, 4, &[], mutable(2));
    cluster.settle();
    for branch in ["Target", "Plan", "Current"] {
        for part in ["CollectionGroups", "Collections", "ReplicatedLogs"] {
            let path = format!("/arango/{branch}/{part}/shop");
            assert!(members(&cluster.get(&path)).is_empty(), "{path}");
        }
    }
}

#[test]
fn s56_only_the_hidden_collections_of_smart_edges_have_shards() {
    let mut cluster = Cluster::of(&["a", "b", "c"]);
    let child = json!({"type": 3, "isSmartChild": true, "isSystem": true});
    for (id, name) in [("21", "_local_e"), ("22", "_from_e"), ("23", "_to_e")] {
        let mut child = child.clone();
        child["name"] = json!(name);
        cluster.want_collection(10, id, child);
    }
    let edges = json!({
        "name": "e", "type": 3, "isSmart": true, "numberOfShards": 0,
        "shadowCollections": [21, 22, 23],
    });
    cluster.want_collection(10, "20", edges.clone());
    cluster.want_group(10, 1, &["20", "21", "22", "23"], mutable(2));
    cluster.settle();
    assert_eq!(cluster.reached(10), json!(1));
    for (id, shards) in [("20", 0), ("21", 3), ("22", 3), ("23", 3)] {
        assert_eq!(cluster.shards(id).len(), shards, "{id}");
        let planned = cluster.get(&format!("/arango/Plan/Collections/shop/{id}/shards"));
        assert_eq!(members(&planned).len(), shards, "{id}");
        let current = cluster.get(&format!("/arango/Current/Collections/shop/{id}"));
        assert_eq!(members(&current).len(), shards, "{id}");
    }
    assert_eq!(cluster.logs(10).len(), 3);
    assert_eq!(
        cluster.get("/arango/Plan/Collections/shop/20/shadowCollections"),
        edges["shadowCollections"]
    );
    // The same holds for edges that join a group which is there.
    cluster.want_collection(10, "30", edges);
    cluster.want_group(10, 2, &["20", "21", "22", "23", "30"], mutable(2));
    cluster.settle();
    assert_eq!((cluster.shards("30").len(), cluster.reached(10)), (0, json!(2)));
}

#[test]
fn s46_a_log_that_a_server_was_taken_out_of_is_refilled() {
    let mut cluster = shop(&["a", "b", "c", "d"], 3);
    // As the jobs of cleanOutServer do: the participant goes, nobody comes in its place.
    cluster.world.set("/arango/Target/ToBeCleanedServers", json!(["a"]));
    let with_a: Vec<u64> = cluster
        .logs(10)
        .into_iter()
        .filter(|log| cluster.participants(*log).contains(&"a".to_owned()))
        .collect();
    assert!(!with_a.is_empty());
    for log in &with_a {
        let path = format!("/arango/Target/ReplicatedLogs/shop/{log}");
        cluster.world.delete(&format!("{path}/participants/a"));
        if cluster.log(*log)["leader"] == json!("a") {
            let other = cluster.participants(*log)[0].clone();
            cluster.world.set(&format!("{path}/leader"), json!(other));
        }
        cluster.world.set(&format!("{path}/version"), json!(2));
    }
    cluster.settle();
    for log in with_a {
        assert_eq!(cluster.participants(log), ["b", "c", "d"]);
        assert_eq!(cluster.log(log)["version"], json!(3));
    }
    let shards = cluster.get("/arango/Plan/Collections/shop/20/shards");
    for (_, servers) in members(&shards) {
        assert!(!servers.as_array().unwrap().contains(&json!("a")));
    }
}

#[test]
fn s49_a_server_that_was_removed_leaves_the_logs_of_groups_and_another_comes_if_there_is_one() {
    for (servers, copies) in [(&["a", "b", "c", "d"][..], 3), (&["a", "b", "c"], 2)] {
        let mut cluster = shop(servers, 3);
        cluster.world.set("/arango/Supervision/Health/a/Status", json!("FAILED"));
        cluster.settle();
        assert!(cluster.logs(10).iter().any(|log| cluster.participants(*log)[0] == "a"));
        cluster.remove_server("a");
        cluster.settle();
        for log in cluster.logs(10) {
            let participants = cluster.participants(log);
            assert_eq!(participants.len(), copies);
            assert!(!participants.contains(&"a".to_owned()));
            assert_ne!(cluster.log(log)["leader"], json!("a"));
        }
    }
}

#[test]
fn s49_the_version_of_a_log_moves_when_it_drops_a_server() {
    let mut cluster = shop(&["a", "b"], 2);
    cluster.remove_server("b");
    assert_eq!(cluster.round(), 1);
    for log in cluster.logs(10) {
        assert_eq!(cluster.log(log)["version"], json!(2));
        assert_eq!(cluster.participants(log), ["a"]);
    }
}

#[test]
fn c6_4_an_index_is_being_built_until_all_shards_have_it() {
    let mut cluster = shop(&["a", "b", "c"], 2);
    let index = json!({"id": "7", "type": "persistent", "fields": ["x"]});
    let primary = cluster.get("/arango/Target/Collections/shop/20/indexes/")[0].clone();
    cluster.world.set("/arango/Target/Collections/shop/20/indexes", json!([primary, index]));
    assert_eq!(cluster.round(), 1);
    let planned = |cluster: &Cluster| cluster.get("/arango/Plan/Collections/shop/20/indexes");
    let building = json!({"id": "7", "type": "persistent", "fields": ["x"], "isBuilding": true});
    assert_eq!(planned(&cluster), json!([primary, building]));
    cluster.settle();
    assert_eq!(planned(&cluster), json!([primary, index]));
}
