//! What nobody can read is skipped, whole or in parts.

use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};

use super::cluster::{Cluster, members, mutable};

/// A cluster with two converged groups.
fn shop() -> Cluster {
    let mut cluster = Cluster::of(&["a", "b", "c"]);
    for group in [10, 11] {
        let collection = (group + 10).to_string();
        cluster.want_collection(group, &collection, json!({}));
        cluster.want_group(group, 1, &[&collection], mutable(2));
    }
    cluster.settle();
    cluster
}

#[test]
fn rubbish_in_one_group_is_skipped_and_the_others_go_on() {
    let group = "CollectionGroups/shop/10";
    let rubbish = [
        (format!("Target/{group}"), json!("x")),
        (format!("Target/{group}/surplus"), json!(1)),
        (format!("Target/{group}/id"), json!(11)),
        (format!("Target/{group}/attributes/mutable"), json!({})),
        (format!("Target/{group}/attributes/immutable/numberOfShards"), json!(-1)),
        (format!("Target/{group}/version"), json!("2")),
        (format!("Plan/{group}"), json!(7)),
        (format!("Plan/{group}/shardSheaves"), json!([{"replicatedLog": -7}])),
        (format!("Plan/{group}/shardSheaves"), json!([1])),
    ];
    for (path, value) in rubbish {
        let mut cluster = shop();
        cluster.world.set(&format!("/arango/{path}"), value);
        let before = cluster.world.tree();
        let part = |tree: &crate::standin::model::Tree| tree.get("/arango/Plan").cloned();
        cluster.round();
        assert_eq!(part(&cluster.world.tree()), part(&before), "{path}");
        cluster.want_group(11, 2, &["21"], mutable(3));
        cluster.settle();
        assert_eq!(cluster.reached(11), json!(2), "{path}");
        assert_ne!(cluster.reached(10), json!(2), "{path}");
    }
}

#[test]
fn a_group_with_more_shards_than_there_can_be_is_not_made() {
    for shards in [json!(1_000_000), json!(u64::MAX), json!(i64::MAX)] {
        let mut cluster = Cluster::of(&["a"]);
        cluster.want_collection(10, "20", json!({}));
        cluster.want_group(10, 1, &["20"], mutable(1));
        let path = "/arango/Target/CollectionGroups/shop/10/attributes/immutable/numberOfShards";
        cluster.world.set(path, shards);
        assert_eq!(cluster.round(), 0);
        cluster.world.set(path, json!(1));
        cluster.settle();
        assert_eq!(cluster.reached(10), json!(1));
    }
}

#[test]
fn an_unreadable_collection_keeps_its_group_from_converging_and_nothing_else() {
    for (path, value) in [
        ("Target/Collections/shop/22", json!([])),
        ("Target/Collections/shop/22", json!({"id": 22})),
        (
            "Target/Collections/shop/22",
            json!({"groupId": 11, "id": "22", "name": "x", "type": 2, "indexes": []}),
        ),
        ("Plan/Collections/shop/22", json!({"id": "22", "shards": 1})),
        (
            "Plan/Collections/shop/22",
            json!({"groupId": 10, "id": "22", "name": "x", "type": 2, "shards": {},
                "shardsR2": ["s1", "a/b", "s3"]}),
        ),
    ] {
        let mut cluster = shop();
        cluster.want_collection(10, "22", json!({}));
        cluster.world.set(&format!("/arango/{path}"), value.clone());
        cluster.want_group(10, 2, &["20", "22"], mutable(3));
        cluster.settle();
        assert_eq!(cluster.reached(10), json!(1), "{path}");
        let first = cluster.logs(10)[0];
        assert_eq!(cluster.participants(first).len(), 3);
        assert_eq!(cluster.get(&format!("/arango/{path}")), value);
    }
}

#[test]
fn an_unreadable_log_is_left_alone() {
    for (branch, rubbish) in
        [("Target", json!(1)), ("Plan", json!(1)), ("Target", Json::Null), ("Plan", Json::Null)]
    {
        let mut cluster = shop();
        let log = cluster.logs(10)[0];
        let path = format!("/arango/{branch}/ReplicatedLogs/shop/{log}");
        cluster.world.set(&path, rubbish.clone());
        cluster.want_group(10, 2, &["20"], mutable(3));
        while cluster.round() > 0 {}
        assert_eq!(cluster.get(&path), rubbish);
        let other = cluster.logs(10)[1];
        assert_eq!(cluster.participants(other).len(), 3);
    }
}

#[test]
fn c6_4_a_log_of_another_group_is_left_to_that_one() {
    let mut cluster = shop();
    cluster.want_group(11, 2, &["21"], mutable(3));
    cluster.settle();
    let sheaves = cluster.get("/arango/Plan/CollectionGroups/shop/10/shardSheaves");
    cluster.world.set("/arango/Plan/CollectionGroups/shop/11/shardSheaves", sheaves);
    // Both groups would change the logs for ever.
    cluster.settle();
    let logs = cluster.logs(10);
    assert!(logs.iter().all(|log| cluster.participants(*log).len() == 2));
    cluster.world.delete("/arango/Target/Collections/shop/21");
    cluster.want_group(11, 3, &[], mutable(3));
    cluster.settle();
    assert_eq!(cluster.get("/arango/Plan/CollectionGroups/shop/11"), Json::Null);
    assert!(logs.iter().all(|log| cluster.log(*log).is_object()));
}

#[test]
fn rubbish_among_databases_and_keys_without_letters_do_no_harm() {
    let mut cluster = shop();
    let group = json!({
        "id": 1, "leader": "", "version": 1, "collections": {"": {}},
        "attributes": {"mutable": mutable(1), "immutable": {"numberOfShards": 1}},
    });
    cluster.world.set("/arango/Target/CollectionGroups/", {
        let mut groups = cluster.get("/arango/Target/CollectionGroups");
        groups[""] = json!({"1": group});
        groups["odd"] = json!({"": group, "x": 1, "1": group});
        groups["text"] = json!("x");
        groups
    });
    // A collection with an empty id is in Plan and not in Target.
    let planned = cluster.get("/arango/Plan/CollectionGroups/shop/10/collections");
    let mut odd = planned.clone();
    odd[""] = json!({});
    cluster.world.set("/arango/Plan/CollectionGroups/shop/10/collections", odd);
    while cluster.round() > 0 {}
    let left = cluster.get("/arango/Plan/CollectionGroups/shop/10/collections");
    assert_eq!(members(&left).len(), 2);
    assert_eq!(members(&cluster.get("/arango/Plan/Collections/shop")).len(), 2);
    assert_eq!(cluster.reached(10), json!(1));
}

/// Runs something and counts the lines that it logs with a text.
fn logged(text: &str, run: impl FnOnce()) -> usize {
    let lines: Arc<Mutex<Vec<u8>>> = Arc::default();
    let writer = {
        let lines = Arc::clone(&lines);
        move || Lines(Arc::clone(&lines))
    };
    let subscriber = tracing_subscriber::fmt().with_writer(writer).finish();
    tracing::subscriber::with_default(subscriber, run);
    let lines = lines.lock().unwrap();
    String::from_utf8_lossy(&lines).lines().filter(|line| line.contains(text)).count()
}

struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_cannot_be_read_is_logged_once() {
    let mut cluster = shop();
    let lines = logged("surplus", || {
        cluster.world.set("/arango/Target/CollectionGroups/shop/10/surplus", json!(1));
        for leader in ["a", "b", "c"] {
            // Something else of the group and of another group changes.
            cluster.world.set("/arango/Plan/CollectionGroups/shop/10/leader", json!(leader));
            cluster.world.set("/arango/Target/CollectionGroups/shop/11/leader", json!(leader));
            cluster.round();
        }
    });
    assert_eq!(lines, 1);
    let lines = logged("surplus", || {
        cluster.world.delete("/arango/Target/CollectionGroups/shop/10/surplus");
        cluster.round();
        cluster.world.set("/arango/Target/CollectionGroups/shop/10/surplus", json!(1));
        cluster.round();
    });
    assert_eq!(lines, 1, "it was readable in between");
}
