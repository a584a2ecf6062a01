//! What a member writes to be one of the cluster, and to leave it: each step with its guard.

use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::machine::Machine;
use super::{MemberConfig, MemberRole};
use crate::agency::value::Value;
use crate::standin::model::paths::{CURRENT_VERSION, PLAN_VERSION, reboot_id};
use crate::standin::model::stamp::stamp;
use crate::standin::model::{Transaction, Tree};

/// What a member tells of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Registration {
    endpoint: String,
    advertised_endpoint: String,
    host: String,
    physical_memory: u64,
    number_of_cores: usize,
    version: u64,
    version_string: String,
    engine: &'static str,
    timestamp: String,
}

impl Registration {
    pub(super) fn new(config: &MemberConfig, machine: Machine, now: SystemTime) -> Self {
        Self {
            endpoint: config.endpoint.clone(),
            advertised_endpoint: config.advertised_endpoint.clone(),
            host: machine.host,
            physical_memory: machine.memory,
            number_of_cores: machine.cores,
            version: version_number(&config.version),
            version_string: config.version.clone(),
            engine: "rocksdb",
            timestamp: stamp(now),
        }
    }

    /// Whether this is what the tree has of the member.
    pub(super) fn is_in(&self, tree: &Tree, id: &str) -> bool {
        let there = tree.get(&registered_path(id)).map(Json::from);
        there.is_some() && there == serde_json::to_value(self).ok()
    }
}

/// `3.12.7` as 31207.
pub(super) fn version_number(version: &str) -> u64 {
    let mut parts = version.split(['.', '-']).map(|part| part.parse::<u64>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0).min(99);
    next() * 10_000 + next() * 100 + next()
}

fn planned_path(role: MemberRole, id: &str) -> String {
    format!("/arango/Plan/{}/{id}", role.list())
}

fn current_path(role: MemberRole, id: &str) -> String {
    format!("/arango/Current/{}/{id}", role.list())
}

fn registered_path(id: &str) -> String {
    format!("/arango/Current/ServersRegistered/{id}")
}

fn short_id_path(id: &str) -> String {
    format!("/arango/Target/MapUniqueToShortID/{id}")
}

fn latest_path(role: MemberRole) -> String {
    format!("/arango/Target/Latest{}Id", role.short_name())
}

/// Writes the initial contents, unless somebody has done so.
pub(super) fn initial(tree: Json) -> Transaction {
    Transaction::new().set("/arango", tree).when_missing("/arango/Plan")
}

/// Step 1a: puts a new member into the Plan.
pub(super) fn plan(role: MemberRole, id: &str) -> Transaction {
    let path = planned_path(role, id);
    Transaction::new().set(&*path, "none").increment(PLAN_VERSION).when_missing(&*path)
}

/// Step 1b: puts a member into Current.
pub(super) fn current(role: MemberRole, id: &str) -> Transaction {
    let path = current_path(role, id);
    Transaction::new().set(&*path, "none").increment(CURRENT_VERSION).when_missing(&*path)
}

/// Step 1c: gives a member the next number of its role. DB-servers keep the one that they have:
/// nothing is to be done then.
pub(super) fn short_id(tree: &Tree, role: MemberRole, id: &str) -> Option<Transaction> {
    if role == MemberRole::DbServer && has_short_id(tree, id) {
        return None;
    }
    let latest = latest_path(role);
    let number = tree.number(&latest).unwrap_or(0).saturating_add(1);
    let short = json!({
        "TransactionID": number,
        "ShortName": format!("{}{number:04}", role.short_name()),
    });
    let write = Transaction::new().set(&*latest, number).set(short_id_path(id), short);
    Some(match tree.get(&latest) {
        None => write.when_missing(latest),
        // these equal nothing, so all that can be asked is that something is there
        Some(Value::Null) => write.when_there(latest),
        Some(Value::Object(_)) => write.when_there(latest),
        Some(value) => write.when_equal(latest, Json::from(value)),
    })
}

fn has_short_id(tree: &Tree, id: &str) -> bool {
    let path = short_id_path(id);
    tree.number(&format!("{path}/TransactionID")).is_some()
        && tree.text(&format!("{path}/ShortName")).is_some()
}

/// Step 2: tells of a member, and begins its next incarnation. A new one must be the first.
pub(super) fn register(id: &str, registration: &Registration, fresh: bool) -> Transaction {
    let incarnation = reboot_id(id);
    let write = Transaction::new()
        .set(registered_path(id), registration)
        .increment(&*incarnation)
        .increment(CURRENT_VERSION);
    if fresh { write.when_missing(incarnation) } else { write }
}

/// Step 4: tells that something has changed, once the member serves.
pub(super) fn serving() -> Transaction {
    Transaction::new().increment(CURRENT_VERSION)
}

/// Takes a member out of Current when it ends; it may come back.
pub(super) fn log_off(role: MemberRole, id: &str) -> Transaction {
    Transaction::new()
        .delete(current_path(role, id))
        .delete(registered_path(id))
        .increment(CURRENT_VERSION)
}

/// Takes a member out of the cluster for good.
pub(super) fn leave(role: MemberRole, id: &str) -> Transaction {
    log_off(role, id)
        .delete(format!("/arango/Current/ServersKnown/{id}"))
        .delete(planned_path(role, id))
        .increment(PLAN_VERSION)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Agency, config};
    use super::*;
    use crate::standin::initial;

    const DB: MemberRole = MemberRole::DbServer;
    const CO: MemberRole = MemberRole::Coordinator;

    fn bootstrapped() -> Agency {
        let mut agency = Agency::default();
        assert!(agency.run(&initial(initial::tree())));
        agency
    }

    fn registration(seconds: u64) -> Registration {
        let machine = Machine { host: "node5".to_owned(), memory: 8 << 30, cores: 4 };
        let now = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        let mut config = config(DB);
        config.version = "3.12.6".to_owned();
        Registration::new(&config, machine, now)
    }

    #[test]
    fn c1_1_the_initial_contents_are_written_by_whoever_comes_first() {
        let mut agency = bootstrapped();
        agency.set("/arango/Plan/Version", json!(7));
        assert!(!agency.run(&initial(initial::tree())));
        assert_eq!(agency.json("/arango/Plan/Version"), json!(7));
    }

    #[test]
    fn c2_2_only_the_first_registration_writes_to_the_plan() {
        for (role, list) in [(DB, "DBServers"), (CO, "Coordinators")] {
            let mut agency = bootstrapped();
            assert!(agency.run(&plan(role, "X")));
            assert_eq!(agency.json(&format!("/arango/Plan/{list}/X")), json!("none"));
            assert_eq!(agency.json("/arango/Plan/Version"), json!(2));
            assert!(!agency.run(&plan(role, "X")));
            assert!(agency.run(&current(role, "X")));
            assert!(!agency.run(&current(role, "X")));
            assert_eq!(agency.json(&format!("/arango/Current/{list}/X")), json!("none"));
            assert_eq!(agency.json("/arango/Plan/Version"), json!(2));
            assert_eq!(agency.json("/arango/Current/Version"), json!(2));
        }
    }

    #[test]
    fn c2_2_dbservers_keep_their_number_and_coordinators_take_a_new_one() {
        let mut agency = bootstrapped();
        let mut number = |role, id: &str| {
            let step = short_id(&agency.tree(), role, id);
            assert!(step.as_ref().is_none_or(|step| agency.run(step)));
            let short = agency.json(&format!("/arango/Target/MapUniqueToShortID/{id}"));
            (short["ShortName"].as_str().unwrap().to_owned(), short["TransactionID"].clone())
        };
        assert_eq!(number(DB, "PRMR-a"), ("DBServer0001".to_owned(), json!(1)));
        assert_eq!(number(DB, "PRMR-b"), ("DBServer0002".to_owned(), json!(2)));
        assert_eq!(number(DB, "PRMR-a"), ("DBServer0001".to_owned(), json!(1)));
        assert_eq!(number(CO, "CRDN-a"), ("Coordinator0001".to_owned(), json!(1)));
        assert_eq!(number(CO, "CRDN-a"), ("Coordinator0002".to_owned(), json!(2)));
        assert_eq!(agency.json("/arango/Target/LatestDBServerId"), json!(2));
        assert_eq!(agency.json("/arango/Target/LatestCoordinatorId"), json!(2));
    }

    #[test]
    fn c2_2_a_number_is_not_given_twice_and_rubbish_is_counted_from_0() {
        let mut agency = bootstrapped();
        let (one, other) = (
            short_id(&agency.tree(), DB, "a").unwrap(),
            short_id(&agency.tree(), DB, "b").unwrap(),
        );
        assert!(agency.run(&one) && !agency.run(&other));
        assert!(agency.run(&short_id(&agency.tree(), DB, "b").unwrap()));
        for rubbish in [json!("x"), json!(null), json!({}), json!({ "a": 1 }), json!([]), json!(-1)]
        {
            agency.set("/arango/Target/LatestDBServerId", rubbish.clone());
            agency.set("/arango/Target/MapUniqueToShortID/c", rubbish.clone());
            let step = short_id(&agency.tree(), DB, "c").unwrap();
            assert!(agency.run(&step), "{rubbish}");
            assert_eq!(agency.json("/arango/Target/LatestDBServerId"), json!(1), "{rubbish}");
        }
    }

    #[test]
    fn c2_2_a_new_member_must_be_the_first_of_its_id() {
        let mut agency = bootstrapped();
        assert!(agency.run(&register("PRMR-x", &registration(0), true)));
        assert!(!agency.run(&register("PRMR-x", &registration(9), true)));
        assert!(!registration(9).is_in(&agency.tree(), "PRMR-x"));
        assert!(registration(0).is_in(&agency.tree(), "PRMR-x"));
        assert_eq!(agency.json("/arango/Current/ServersKnown/PRMR-x"), json!({ "rebootId": 1 }));
    }

    #[test]
    fn s3_a_restart_grows_the_reboot_id_and_renews_the_stamp() {
        let mut agency = bootstrapped();
        assert!(agency.run(&register("PRMR-x", &registration(0), true)));
        assert!(agency.run(&register("PRMR-x", &registration(1_735_787_045), false)));
        assert_eq!(agency.json("/arango/Current/ServersKnown/PRMR-x/rebootId"), json!(2));
        assert_eq!(agency.json("/arango/Current/Version"), json!(3));
        let expected = json!({
            "endpoint": "tcp://127.0.0.1:1", "advertisedEndpoint": "", "host": "node5",
            "physicalMemory": 8_589_934_592_u64, "numberOfCores": 4, "version": 31206,
            "versionString": "3.12.6", "engine": "rocksdb", "timestamp": "2025-01-02T03:04:05Z",
        });
        assert_eq!(agency.json("/arango/Current/ServersRegistered/PRMR-x"), expected);
    }

    #[test]
    fn c2_2_who_logs_off_stays_planned_and_who_leaves_does_not() {
        let mut agency = bootstrapped();
        let before = agency.json("/arango/Current");
        for step in [plan(DB, "x"), current(DB, "x"), register("x", &registration(0), true)] {
            assert!(agency.run(&step));
        }
        assert!(agency.run(&log_off(DB, "x")));
        assert_eq!(agency.json("/arango/Current/DBServers"), json!({}));
        assert_eq!(agency.json("/arango/Current/ServersRegistered"), before["ServersRegistered"]);
        assert_eq!(agency.json("/arango/Plan/DBServers"), json!({ "x": "none" }));
        assert_eq!(agency.json("/arango/Current/ServersKnown/x/rebootId"), json!(1));
        assert_eq!(agency.json("/arango/Current/Version"), json!(4));
        assert!(agency.run(&leave(DB, "x")));
        assert_eq!(agency.json("/arango/Plan/DBServers"), json!({}));
        assert_eq!(agency.json("/arango/Current/ServersKnown"), json!({}));
        assert_eq!(agency.json("/arango/Plan/Version"), json!(3));
        assert_eq!(agency.json("/arango/Current/Version"), json!(5));
    }

    #[test]
    fn versions_become_numbers() {
        for (text, number) in
            [("3.12.7", 31207), ("3.12.7-1", 31207), ("4.0", 40000), ("devel", 0), ("", 0)]
        {
            assert_eq!(version_number(text), number, "{text}");
        }
    }
}
