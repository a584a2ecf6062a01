//! What a round looks at, and what it leaves alone.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};

use super::cluster::{Cluster, DATABASE, target};
use crate::standin::model::{Transaction, Tree, paths};
use crate::standin::supervision::agency::{Agency, LeadershipLost};
use crate::standin::supervision::health_map::HealthMap;
use crate::standin::supervision::logs::stage::supervise;
use crate::standin::supervision::round::Round;
use crate::standin::supervision::testing::{DbServers, World};

fn numbered(id: u64, participants: &[&str]) -> Json {
    let mut target = target(participants);
    target["id"] = json!(id);
    target
}

/// Three logs at rest on five servers.
fn three_logs() -> Cluster {
    let mut cluster = Cluster::new(&["a", "b", "c", "d", "e"]);
    for (id, participants) in [(1, ["a", "b", "c"]), (2, ["b", "c", "d"]), (3, ["c", "d", "e"])] {
        let path = paths::target_log(DATABASE, &id.to_string());
        cluster.world.set(&path, numbered(id, &participants));
    }
    cluster.settle();
    cluster
}

/// The logs that the next round looks at.
fn due(cluster: &mut Cluster) -> Vec<String> {
    let tree = cluster.world.tree();
    let health = HealthMap::of(&tree);
    let due = cluster.logs.due(&tree, &health);
    due.iter().map(|key| key.id.to_string()).collect()
}

#[test]
fn a_round_looks_at_logs_that_changed_and_at_no_others() {
    let mut cluster = three_logs();
    assert!(due(&mut cluster).is_empty());
    for (tree, path) in [
        ("Target", "2/version"),
        ("Plan", "2/owner"),
        ("Current", "2/localStatus/b/term"),
        ("Target", "4/id"),
    ] {
        let id = path.split('/').next().unwrap();
        cluster.world.set(&format!("/arango/{tree}/ReplicatedLogs/{DATABASE}/{path}"), json!(9));
        assert_eq!(due(&mut cluster), [id], "{tree} {path}");
        cluster.round();
    }
    cluster.world.delete(&format!("/arango/Target/ReplicatedLogs/{DATABASE}"));
    assert_eq!(due(&mut cluster), ["1", "2", "3", "4"]);
}

#[test]
fn a_round_looks_at_logs_that_mention_a_server_whose_health_changed() {
    let mut cluster = three_logs();
    cluster.status("a", "BAD");
    assert!(due(&mut cluster).is_empty(), "bad is good enough");
    cluster.status("a", "FAILED");
    assert_eq!(due(&mut cluster), ["1"]);
    cluster.round();
    cluster.reboot("d");
    assert_eq!(due(&mut cluster), ["2", "3"]);
    cluster.settle();
    // a log that is gone mentions nobody
    cluster.world.delete(&paths::target_log(DATABASE, "3"));
    cluster.settle();
    cluster.reboot("e");
    assert!(due(&mut cluster).is_empty());
    cluster.reboot("d");
    assert_eq!(due(&mut cluster), ["2"]);
    // whoever is wanted to lead is mentioned
    cluster.world.set(&format!("{}/leader", paths::target_log(DATABASE, "2")), json!("e"));
    cluster.settle();
    cluster.reboot("e");
    assert_eq!(due(&mut cluster), ["2"]);
}

/// An agency that refuses all writes.
struct Refusing<'a>(&'a mut dyn Agency);

impl Agency for Refusing<'_> {
    fn tree(&self) -> Result<Tree, LeadershipLost> {
        self.0.tree()
    }

    fn transient(&self) -> Tree {
        self.0.transient()
    }

    fn write(&mut self, transactions: &[Transaction]) -> Result<Vec<bool>, LeadershipLost> {
        Ok(vec![false; transactions.len()])
    }

    fn write_transient(&mut self, transaction: &Transaction) -> bool {
        self.0.write_transient(transaction)
    }
}

#[test]
fn a_round_looks_again_at_logs_for_which_a_write_was_refused() {
    let mut cluster = three_logs();
    for id in ["1", "3"] {
        let path = format!("{}/config/waitForSync", paths::target_log(DATABASE, id));
        cluster.world.set(&path, json!(true));
    }
    let Cluster { world, logs, .. } = &mut cluster;
    world.stage(|round| {
        let mut agency = Refusing(&mut *round.agency);
        let Round { now, led_for, settings, random, .. } = round;
        let (now, led_for) = (*now, *led_for);
        supervise(logs, &mut Round { agency: &mut agency, now, led_for, settings, random })
            .unwrap();
    });
    assert_eq!(due(&mut cluster), ["1", "3"]);
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// How many errors are logged meanwhile.
fn errors(run: impl FnOnce()) -> usize {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::ERROR)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, run);
    let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    text.lines().filter(|line| line.contains("left alone")).count()
}

#[test]
fn s13_an_unreadable_log_is_told_of_once_and_left_alone_while_others_go_on() {
    let mut cluster = Cluster::with_log(&["a", "b", "c"], target(&["a", "b", "c"]));
    let other = paths::target_log(DATABASE, "2");
    cluster.set("Target", "config/replicationFactor", json!(3));
    cluster.delete("Target", "participants/c");
    let before = (cluster.get("Plan", ""), cluster.get("Current", ""));
    let logged = errors(|| {
        cluster.world.set(&other, numbered(2, &["a", "b", "c"]));
        cluster.settle();
        cluster.round();
    });
    assert_eq!(logged, 1);
    assert_eq!((cluster.get("Plan", ""), cluster.get("Current", "")), before);
    let reached = format!("{}/leader/leadershipEstablished", paths::current_log(DATABASE, "2"));
    assert_eq!(cluster.world.get(&reached), Some(json!(true)));
    // a change that leaves it unreadable in the same way is not told of, another one is
    let mut told = |path, value| {
        errors(|| {
            cluster.set("Target", path, value);
            cluster.settle();
        })
    };
    assert_eq!(told("version", json!(2)), 0);
    assert_eq!(told("config", json!(2)), 1);
    cluster.set_target(target(&["a", "b"]));
    cluster.settle();
    assert_eq!(cluster.participants(), ["a", "b"]);
}

#[test]
fn rubbish_anywhere_is_left_alone() {
    for rubbish in [json!(1), json!("x"), json!([1]), json!({}), json!({"term": {}}), json!(null)] {
        for tree in ["Target", "Plan", "Current"] {
            for path in ["", "/shop", "/shop/1", "/shop/x", "/shop/01", "/shop/1/participants"] {
                let mut cluster = Cluster::with_log(&["a", "b", "c"], target(&["a", "b", "c"]));
                let path = format!("/arango/{tree}/ReplicatedLogs{path}");
                cluster.world.set(&path, rubbish.clone());
                for _ in 0..4 {
                    cluster.round();
                }
            }
        }
        for path in ["Plan/DBServers", "Current/ServersKnown/a", "Supervision/Health/a", "Plan"] {
            let mut cluster = Cluster::with_log(&["a", "b", "c"], target(&["a", "b", "c"]));
            cluster.world.set(&format!("/arango/{path}"), rubbish.clone());
            for _ in 0..4 {
                cluster.round();
            }
        }
    }
}

#[test]
fn a_target_with_the_number_of_another_log_is_left_alone() {
    let mut cluster = Cluster::new(&["a", "b", "c"]);
    cluster.set_target(numbered(2, &["a", "b", "c"]));
    assert_eq!(errors(|| cluster.settle()), 1);
    assert_eq!(cluster.get("Plan", ""), json!(null));
}

#[test]
fn s11_only_logs_that_were_made_from_a_target_are_removed_without_one() {
    let mut cluster = Cluster::with_log(&["a", "b", "c"], target(&["a", "b", "c"]));
    let planned = cluster.get("Plan", "");
    let mut foreign = planned.clone();
    foreign.as_object_mut().unwrap().remove("owner");
    let logs = format!("/arango/Plan/ReplicatedLogs/{DATABASE}");
    // a key without characters, and numbers that are spelt in another way, are no logs
    let strange = [("5", json!({"owner": "target"})), ("05", planned.clone()), ("x", planned)];
    for (id, plan) in &strange {
        cluster.world.set(&format!("{logs}/{id}"), plan.clone());
    }
    let mut all = cluster.world.get(&logs).unwrap();
    all[""] = json!({"owner": "target"});
    all["6"] = foreign;
    cluster.world.set(&logs, all);
    cluster.settle();
    let left = cluster.world.get(&logs).unwrap();
    let left: BTreeSet<_> = left.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(left, BTreeSet::from(["", "05", "1", "6", "x"]));
}

#[test]
fn the_supervisor_looks_after_logs_in_its_rounds() {
    let mut world = World::bootstrapped();
    let mut servers = DbServers::register(&mut world, &["a", "b", "c"]);
    world.set(&paths::target_log(DATABASE, "1"), target(&["a", "b", "c"]));
    for _ in 0..6 {
        world.round();
        servers.maintain(&mut world);
    }
    let established = format!("{}/leader/leadershipEstablished", paths::current_log(DATABASE, "1"));
    assert_eq!(world.get(&established), Some(json!(true)));
}
