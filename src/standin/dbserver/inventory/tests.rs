//! What servers write about databases and collections.

use serde_json::{Value as Json, json};

use super::{Inventory, Led};
use crate::standin::agent::store::{Store, transaction};
use crate::standin::dbserver::store::LogName;
use crate::standin::model::{Transaction, Tree};

/// An agency that inventories are written to.
struct Agency(Store);

impl Agency {
    fn new(plan: Json) -> Self {
        let tree = json!({"arango": {"Plan": plan, "Current": {"Version": 1}}});
        Self(Store::from_value(tree.into()))
    }

    fn tree(&self) -> Tree {
        Tree(self.0.root().clone())
    }

    fn run(&mut self, transaction: &Transaction) -> bool {
        let outcome = transaction::run(&mut self.0, &transaction.envelope());
        matches!(outcome, transaction::Transaction::Applied { .. })
    }

    fn set(&mut self, path: &str, value: Json) {
        assert!(self.run(&Transaction::new().set(path, value)));
    }

    fn delete(&mut self, path: &str) {
        assert!(self.run(&Transaction::new().delete(path)));
    }

    fn json(&self, path: &str) -> Json {
        self.tree().get(path).map(Json::from).unwrap_or_default()
    }

    /// What a server has to write, given the logs that it leads.
    fn due(&self, me: &str, led: &[(u64, u64, &[&str])]) -> Vec<Transaction> {
        let mut inventory = Inventory::new(me.into());
        inventory.touch_all(&self.tree());
        let led = |name: &LogName| -> Option<Led> {
            let (_, term, servers) = led.iter().find(|(log, ..)| *log == name.log)?;
            Some((*term, servers.iter().map(|server| (*server).into()).collect()))
        };
        inventory.due(&self.tree(), led).into_iter().map(|(_, transaction)| transaction).collect()
    }

    /// Has a server write; how much was taken.
    fn work(&mut self, me: &str, led: &[(u64, u64, &[&str])]) -> usize {
        let due = self.due(me, led);
        due.iter().filter(|transaction| self.run(transaction)).count()
    }
}

const CURRENT: &str = "/arango/Current";

#[test]
fn c6_1_databases_are_told_of_and_forgotten() {
    let shop = json!({"id": "7", "name": "shop", "replicationVersion": "2", "isBuilding": true});
    let mut agency = Agency::new(json!({"Databases": {"shop": shop}}));
    assert_eq!((agency.work("a", &[]), agency.work("a", &[])), (1, 0));
    assert_eq!(
        agency.json("/arango/Current/Databases/shop/a"),
        json!({"error": false, "errorNum": 0, "errorMessage": "", "id": "7", "name": "shop"})
    );
    assert_eq!((agency.work("b", &[]), agency.json("/arango/Current/Version")), (1, json!(3)));
    for place in ["Collections", "ReplicatedLogs", "CollectionGroups"] {
        agency.set(&format!("{CURRENT}/{place}/shop/1"), json!({}));
    }
    assert_eq!(agency.work("a", &[]), 0);
    agency.delete("/arango/Plan/Databases/shop");
    assert!(agency.work("a", &[]) > 0);
    assert_eq!(agency.json("/arango/Current/Databases/shop").as_object().unwrap().len(), 1);
    assert!(agency.work("b", &[]) > 0);
    for place in ["Databases", "Collections", "ReplicatedLogs", "CollectionGroups"] {
        assert_eq!(agency.json(&format!("{CURRENT}/{place}")), json!({}), "{place}");
    }
    assert_eq!(agency.work("a", &[]) + agency.work("b", &[]), 0);
}

#[test]
fn c6_1_a_late_report_does_not_resurrect_a_database() {
    let mut agency = Agency::new(json!({"Databases": {"shop": {"id": "7"}}}));
    let late = agency.due("a", &[]);
    agency.delete("/arango/Plan/Databases/shop");
    assert!(late.iter().all(|transaction| !agency.run(transaction)));
    agency.set("/arango/Plan/Databases/shop", json!({"id": "8"}));
    assert!(late.iter().all(|transaction| !agency.run(transaction)), "another one of that name");
}

/// A database with the logs 21 and 22, on which the collection 2000 is.
fn replicated() -> Agency {
    Agency::new(json!({
        "Databases": {"shop": {"id": "7", "replicationVersion": "2"}},
        "Collections": {"shop": {"2000": {"groupId": 1999, "id": "2000",
            "indexes": [{"id": "0", "type": "primary"}, {"id": "5", "isBuilding": true}],
            "shardsR2": ["s1", "s2"], "shards": {"s1": ["a", "b"]}}}},
        "CollectionGroups": {"shop": {"1999": {"collections": {"2000": {}},
            "shardSheaves": [{"replicatedLog": 21}, {"replicatedLog": 22}]}}},
        "ReplicatedLogs": {"shop": {"21": {"currentTerm": {"term": 3}},
            "22": {"currentTerm": {"term": 1}}}},
    }))
}

#[test]
fn c6_5_the_leader_of_a_log_writes_the_shards_that_are_on_it() {
    let mut agency = replicated();
    assert_eq!(agency.work("a", &[]), 1, "the database");
    assert_eq!(agency.work("a", &[(21, 3, &["a", "b"])]), 1);
    assert_eq!(agency.work("b", &[(22, 1, &["b"])]), 2);
    assert_eq!(
        agency.json("/arango/Current/Collections/shop/2000"),
        json!({
            "s1": {"error": false, "errorNum": 0, "errorMessage": "", "servers": ["a", "b"],
                "failoverCandidates": ["a", "b"],
                "indexes": [{"id": "0", "type": "primary"}, {"id": "5"}]},
            "s2": {"error": false, "errorNum": 0, "errorMessage": "", "servers": ["b"],
                "failoverCandidates": ["b"],
                "indexes": [{"id": "0", "type": "primary"}, {"id": "5"}]},
        })
    );
    assert_eq!(agency.work("a", &[(21, 3, &["a", "b"])]), 0, "nothing is written twice");
    assert_eq!(agency.work("a", &[(21, 3, &["a", "b", "c"])]), 1);
}

#[test]
fn c6_5_a_shard_is_written_only_in_the_planned_term_and_with_the_shards_that_were_seen() {
    let mut agency = replicated();
    agency.work("a", &[]);
    assert_eq!(agency.work("a", &[(21, 2, &["a", "b"])]), 0);
    let place = "/arango/Plan/Collections/shop/2000/shards";
    for (shard, log) in [("s1", 21), ("s2", 22)] {
        let term = if log == 21 { 3 } else { 1 };
        let late = agency.due("a", &[(log, term, &["a", "b"])]);
        agency.set(&format!("{place}/{shard}"), json!(["c", "a"]));
        assert!(late.iter().all(|transaction| !agency.run(transaction)), "{shard}");
    }
}

#[test]
fn c6_3_a_shard_of_a_collection_without_a_group_is_on_the_log_of_its_number() {
    let mut agency = Agency::new(json!({
        "Databases": {"shop": {"id": "7", "replicationVersion": "2"}},
        "Collections": {"shop": {"2000": {"indexes": [], "shards": {"s21": ["a"], "x": []}}}},
        "ReplicatedLogs": {"shop": {"21": {"currentTerm": {"term": 1}}}},
    }));
    assert_eq!(agency.work("a", &[(21, 1, &["a"])]), 2);
    assert_eq!(agency.json("/arango/Current/Collections/shop/2000/s21/servers"), json!(["a"]));
}

#[test]
fn c6_5_without_logs_the_first_server_of_a_shard_writes_it() {
    let mut agency = Agency::new(json!({
        "Databases": {"old": {"id": "7"}},
        "Collections": {"old": {"9": {"indexes": [],
            "shards": {"s1": ["a", "b"], "s2": ["b", "a"], "s3": ["_a", "b"], "s4": [], "s5": [1]}}}},
    }));
    assert_eq!(agency.work("a", &[]), 3);
    let servers = |shard: &str, key: &str| {
        agency.json(&format!("/arango/Current/Collections/old/9/{shard}/{key}"))
    };
    assert_eq!(servers("s1", "servers"), json!(["a", "b"]));
    assert_eq!(servers("s2", "servers"), Json::Null);
    assert_eq!(servers("s3", "servers"), json!(["_a", "b"]));
    assert_eq!(servers("s3", "failoverCandidates"), json!(["a", "b"]));
    assert_eq!(agency.work("b", &[]), 2);
}

#[test]
fn c6_5_a_collection_that_is_gone_is_removed_by_those_who_kept_it() {
    let mut agency = replicated();
    agency.work("a", &[(21, 3, &["a", "b"])]);
    agency.work("z", &[]);
    agency.delete("/arango/Plan/Collections/shop/2000");
    assert_eq!(agency.work("z", &[]), 0, "z kept no shard");
    let (first, second) = (agency.due("a", &[]), agency.due("a", &[]));
    assert_eq!(agency.work("b", &[]), 2, "the database and the collection");
    assert_eq!(agency.json("/arango/Current/Collections/shop"), json!({}));
    assert!(first.iter().chain(&second).all(|late| !agency.run(late)));
}

#[test]
fn what_is_under_way_is_not_written_again_before_it_is_in_the_view() {
    let agency = replicated();
    let mut inventory = Inventory::new("a".into());
    let tree = agency.tree();
    let led = |_: &LogName| Some((3, vec!["a".into()]));
    inventory.observe(&Tree::default(), &tree);
    let due = inventory.due(&tree, led);
    assert_eq!(due.len(), 3);
    inventory.touch_all(&tree);
    assert!(inventory.due(&tree, led).is_empty());
    let (path, _) = &due[0];
    inventory.written(path.clone(), 9, 8);
    inventory.touch_all(&tree);
    assert!(inventory.due(&tree, led).is_empty());
    // it is looked at again: it may have changed meanwhile
    inventory.reached(9);
    assert_eq!(inventory.due(&tree, led).len(), 1);
    // what failed is tried when something happens
    inventory.failed(&due[1].0);
    assert!(inventory.due(&tree, led).is_empty());
    inventory.touch_log(&LogName { database: "shop".into(), log: 22 });
    assert_eq!(inventory.due(&tree, led).len(), 1);
}

#[test]
fn c6_5_collections_that_are_gone_take_no_room() {
    let mut agency = replicated();
    let mut inventory = Inventory::new("a".into());
    inventory.touch_all(&agency.tree());
    inventory.due(&agency.tree(), |_| None);
    assert_eq!(inventory.by_log.len(), 2);
    agency.delete("/arango/Plan/Collections/shop/2000");
    inventory.touch_all(&agency.tree());
    inventory.due(&agency.tree(), |_| None);
    assert!(inventory.by_log.is_empty());
}
