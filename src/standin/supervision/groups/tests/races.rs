//! What others write between a look at the tree and what is decided.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value as Json, json};

use super::cluster::{Cluster, mutable};
use crate::standin::agent::SupervisionConfig;
use crate::standin::model::{Transaction, Tree};
use crate::standin::supervision::agency::{Agency, LeadershipLost};
use crate::standin::supervision::groups::supervise;
use crate::standin::supervision::round::Round;
use crate::standin::supervision::testing::Memory;

/// An agency where somebody is always a bit faster.
struct Meddled<'a> {
    agency: &'a mut Memory,
    meddling: Option<Transaction>,
}

impl Agency for Meddled<'_> {
    fn tree(&self) -> Result<Tree, LeadershipLost> {
        self.agency.tree()
    }

    fn transient(&self) -> Tree {
        self.agency.transient()
    }

    fn write(&mut self, transactions: &[Transaction]) -> Result<Vec<bool>, LeadershipLost> {
        if let Some(meddling) = self.meddling.take() {
            self.agency.write(&[meddling])?;
        }
        self.agency.write(transactions)
    }

    fn write_transient(&mut self, transaction: &Transaction) -> bool {
        self.agency.write_transient(transaction)
    }
}

/// Runs the stage while somebody else writes something before it does; whether it has written
/// anything itself.
fn meddled_round(cluster: &mut Cluster, meddling: Transaction) -> bool {
    let before = cluster.world.agency.written.len();
    let now = cluster.world.now;
    let (state, ids, agency) = cluster.parts();
    let mut round = Round {
        agency: &mut Meddled { agency, meddling: Some(meddling) },
        now,
        led_for: Duration::ZERO,
        settings: &SupervisionConfig::default(),
        random: &mut StdRng::seed_from_u64(1),
    };
    supervise(state, ids, &mut round).unwrap();
    cluster.world.agency.written.len() > before + 1
}

/// A cluster with a converged group of two collections.
fn shop() -> Cluster {
    let mut cluster = Cluster::of(&["a", "b", "c"]);
    cluster.want_collection(10, "20", json!({}));
    cluster.want_collection(10, "21", json!({}));
    cluster.want_group(10, 1, &["20", "21"], mutable(2));
    cluster.settle();
    cluster
}

#[test]
fn a_group_that_somebody_changes_meanwhile_is_looked_at_again() {
    let group = "/arango/Target/CollectionGroups/shop/10";
    let wanted: [(&str, fn(&mut Cluster)); 4] = [
        ("attributes", |cluster| {
            let mut wanted = mutable(2);
            wanted["waitForSync"] = json!(true);
            cluster.want_group(10, 2, &["20", "21"], wanted);
        }),
        ("a collection less", |cluster| cluster.want_group(10, 2, &["20"], mutable(2))),
        ("a property", |cluster| {
            cluster.world.set("/arango/Target/Collections/shop/20/schema", json!({"rule": {}}));
        }),
        ("no collections", |cluster| {
            cluster.world.set("/arango/Plan/CollectionGroups/shop/10/collections", json!({}));
            cluster.want_group(10, 2, &[], mutable(2));
        }),
    ];
    for (name, want) in wanted {
        let mut cluster = shop();
        want(&mut cluster);
        let newer = Transaction::new().set(format!("{group}/version"), 3);
        assert!(!meddled_round(&mut cluster, newer), "{name}");
        assert!(cluster.round() > 0, "{name}");
    }
    // Once it is gone, nobody brings it back.
    let mut cluster = shop();
    cluster.want_group(10, 2, &["20"], mutable(2));
    assert!(!meddled_round(&mut cluster, Transaction::new().delete(group)));
    assert_eq!((cluster.round(), cluster.get(group)), (0, Json::Null));
}

#[test]
fn a_log_that_somebody_changes_meanwhile_takes_no_step() {
    let mut cluster = shop();
    cluster.want_group(10, 2, &["20", "21"], mutable(3));
    cluster.round();
    cluster.round();
    let log = cluster.logs(10)[0];
    let path = format!("/arango/Target/ReplicatedLogs/shop/{log}");
    let newer = Transaction::new().set(format!("{path}/version"), 7);
    assert!(!meddled_round(&mut cluster, newer));
    assert_eq!(cluster.participants(log).len(), 2);
    assert_eq!(cluster.round(), 1);
    assert_eq!((cluster.participants(log).len(), &cluster.log(log)["version"]), (3, &json!(8)));
}
