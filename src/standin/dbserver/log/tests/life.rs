//! What participants go through, and what they report of it.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::super::entry::Content;
use super::super::participant::NotLeader;
use super::{Group, term};
use crate::agency::value::Value;
use crate::standin::agent::store::{Store, transaction};
use crate::standin::model::log::ParticipantState::*;
use crate::standin::model::{Tree, paths};

const PATIENCE: Duration = Duration::from_secs(20);

fn states(group: &Group) -> Vec<crate::standin::model::log::ParticipantState> {
    group.servers.values().map(|participant| participant.state()).collect()
}

/// An agency that reports are written to.
struct Agency(Store);

impl Agency {
    fn new(term: u64) -> Self {
        let planned = json!({"currentTerm": {"term": term}});
        let tree = json!({"arango": {
            "Plan": {"ReplicatedLogs": {"db": {"1": planned}}}, "Current": {"Version": 1},
        }});
        Self(Store::from_value(tree.into()))
    }

    fn set_term(&mut self, term: u64) {
        let path = format!("{}/currentTerm/term", paths::plan_log("db", "1"));
        let operation = crate::standin::model::Transaction::new().set(path, term);
        assert!(self.run(operation));
    }

    fn run(&mut self, operation: crate::standin::model::Transaction) -> bool {
        let outcome = transaction::run(&mut self.0, &operation.envelope());
        matches!(outcome, transaction::Transaction::Applied { .. })
    }

    fn current(&self) -> Option<Value> {
        Tree(self.0.root().clone()).get(&paths::current_log("db", "1")).cloned()
    }

    fn at(&self, pointer: &str) -> Json {
        let current = self.current().map(Json::from).unwrap_or_default();
        current.pointer(pointer).cloned().unwrap_or_default()
    }

    fn version(&self) -> u64 {
        Tree(self.0.root().clone()).number(paths::CURRENT_VERSION).unwrap()
    }

    /// Has a server report; whether the agency took something.
    fn report(&mut self, group: &Group, id: &str) -> bool {
        let participant = &group.servers[id];
        let report = participant.report(self.current().as_ref(), PATIENCE, group.now);
        report.is_some_and(|report| {
            let term = participant.term();
            self.run(report.transaction("db", "1", id, term))
        })
    }
}

#[test]
fn c5_3_leader_and_followers_become_operational() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    assert_eq!(states(&group), [Unconfigured, Connecting, Connecting]);
    // a follower knows of nothing before the leader has told of a commit
    let now = group.now;
    let first = group.at("a").message_for("b", now).unwrap();
    let answer = group.at("b").append(&first);
    assert_eq!(states(&group), [Unconfigured, Connecting, Connecting]);
    group.at("a").acknowledged("b", answer, now);
    assert_eq!(states(&group), [RecoveryInProgress, Connecting, Connecting]);
    group.talk();
    assert_eq!(states(&group), [ServiceOperational; 3]);
}

#[test]
fn s10_without_a_leader_all_stay_connecting_for_good() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    group.term = term(2, None);
    group.settle();
    group.pass(60);
    group.settle();
    assert_eq!(states(&group), [Connecting; 3]);
    let mut agency = Agency::new(2);
    for id in ["a", "b", "c"] {
        assert!(agency.report(&group, id));
        assert_eq!(agency.at(&format!("/localStatus/{id}/state")), "Connecting");
        assert!(!agency.report(&group, id), "nothing is reported twice");
    }
    assert_eq!(agency.at("/leader"), Json::Null);
    let now = group.now;
    let content = vec![Content::Payload(Value::Null)];
    assert_eq!(group.at("a").insert(content, false, now), Err(NotLeader));
}

#[test]
fn c5_1_only_the_planned_incarnation_leads() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    group.term = term(2, Some(("a", 2)));
    group.settle();
    assert!(!group.at("a").leads(), "incarnation 1 is not meant");
    group.reboot_ids.insert("a".into(), 2);
    group.settle();
    assert!(group.at("a").leads(), "it restarts within the term");
    assert_eq!(states(&group), [ServiceOperational; 3]);
}

#[test]
fn s57_entries_of_a_new_log_and_of_a_changed_flag() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    group.settle();
    let entries = |group: &Group| -> Json {
        group.servers["b"].kept().from(0).map(|e| serde_json::to_value(e).unwrap()).collect()
    };
    let first = json!({"logIndex": 1, "logTerm": 1, "meta":
        {"type": "FirstEntryOfTerm", "leader": "a", "participants": group.config}});
    assert_eq!(entries(&group), json!([first]));
    group.config.generation = 2;
    group.config.participants.get_mut("c").unwrap().allowed_as_leader = false;
    group.settle();
    let update = json!({"logIndex": 2, "logTerm": 1, "meta": {
        "type": "UpdateInnerTermConfig", "participants": group.config,
        "safeRebootIds": {"a": 1, "b": 1, "c": 1},
    }});
    assert_eq!(entries(&group), json!([first, update]));
}

#[test]
fn c5_2_reports_of_a_leader() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    let mut agency = Agency::new(1);
    assert!(agency.report(&group, "a"));
    assert_eq!(
        agency.at("/leader"),
        json!({"serverId": "a", "term": 1, "leadershipEstablished": false})
    );
    assert_eq!(
        agency.at("/localStatus/a"),
        json!({"term": 1, "spearhead": {"term": 1, "index": 1}, "state": "Unconfigured",
            "snapshotAvailable": true, "rebootId": 1})
    );
    assert_eq!((agency.at("/safeRebootIds"), agency.version()), (Json::Null, 2));
    group.settle();
    assert!(agency.report(&group, "a"));
    assert_eq!(
        agency.at("/leader"),
        json!({"serverId": "a", "term": 1, "leadershipEstablished": true,
            "committedParticipantsConfig": group.config})
    );
    assert_eq!(agency.at("/safeRebootIds"), json!({"a": 1, "b": 1, "c": 1}));
    assert_eq!(
        (agency.at("/localStatus/a/state"), agency.version()),
        (json!("ServiceOperational"), 3)
    );
    // a larger spearhead alone is nothing to report
    let now = group.now;
    group.at("a").insert(vec![Content::Payload(Value::Null)], false, now).unwrap();
    group.talk();
    assert!(!agency.report(&group, "a") && agency.report(&group, "b"));
    // an entry of the agency that is missing or unreadable is written again
    let rubbish = crate::standin::model::Transaction::new()
        .set(format!("{}/localStatus", paths::current_log("db", "1")), json!({"a": 7}))
        .set(format!("{}/safeRebootIds", paths::current_log("db", "1")), "x");
    assert!(agency.run(rubbish) && agency.report(&group, "a") && agency.report(&group, "b"));
    assert_eq!(agency.at("/localStatus/a/spearhead"), json!({"term": 1, "index": 2}));
    assert_eq!(agency.at("/safeRebootIds"), json!({"a": 1, "b": 1, "c": 1}));
}

#[test]
fn c4_10_a_late_report_does_not_resurrect_a_log() {
    let group = Group::new(2, &["a", "b", "c"]);
    let mut agency = Agency::new(1);
    agency.set_term(2);
    assert!(!agency.report(&group, "a"), "the term is over");
    let gone = crate::standin::model::Transaction::new().delete(paths::plan_log("db", "1"));
    assert!(agency.run(gone));
    assert!(!agency.report(&group, "a") && agency.current().is_none());
}

#[test]
fn s22_a_new_incarnation_of_a_follower_becomes_safe_without_a_new_generation() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    group.settle();
    let mut agency = Agency::new(1);
    assert!(agency.report(&group, "a") && agency.report(&group, "b"));
    group.reboot_ids.insert("b".into(), 2);
    group.follow_plan();
    assert_eq!(group.at("b").state(), Connecting);
    assert!(agency.report(&group, "b"));
    assert_eq!(agency.at("/localStatus/b/rebootId"), 2);
    group.talk();
    assert!(agency.report(&group, "b") && agency.report(&group, "a"));
    assert_eq!(agency.at("/localStatus/b/state"), "ServiceOperational");
    assert_eq!(agency.at("/safeRebootIds"), json!({"a": 1, "b": 2, "c": 1}));
    assert_eq!(agency.at("/leader/committedParticipantsConfig/generation"), 1);
    assert_eq!((agency.at("/leader/term"), group.at("a").term()), (json!(1), 1));
}

#[test]
fn c5_3_a_server_that_failed_becomes_safe_though_it_is_not_back() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    group.settle();
    group.suspended = vec!["c"];
    group.reboot_ids.insert("c".into(), 2);
    group.reboot_ids.remove("b");
    group.reboot_ids.insert("b".into(), 1);
    group.settle();
    assert_eq!(group.at("a").status()["safeRebootIds"], json!({"a": 1, "b": 1, "c": 2}));
    // a server that nobody knows any more
    group.reboot_ids.remove("c");
    group.settle();
    assert_eq!(group.at("a").status()["safeRebootIds"], json!({"a": 1, "b": 1, "c": 0}));
}

#[test]
fn s60_safe_reboot_ids_are_those_of_exactly_the_participants() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    group.settle();
    let flags = group.config.participants.remove("b").unwrap();
    group.config.participants.insert("d".into(), flags);
    group.reboot_ids.insert("d".into(), 4);
    group.config.generation = 2;
    group.settle();
    assert_eq!(group.at("a").status()["safeRebootIds"], json!({"a": 1, "c": 1, "d": 4}));
    assert_eq!(group.at("d").state(), ServiceOperational);
    assert_eq!(group.servers["d"].kept(), group.servers["a"].kept());
}

#[test]
fn s29_s30_the_commit_status_comes_when_an_entry_gets_old_and_goes_when_it_is_committed() {
    let mut group = Group::new(3, &["a", "b", "c"]);
    group.settle();
    let mut agency = Agency::new(1);
    agency.report(&group, "a");
    group.suspended = vec!["c"];
    let now = group.now;
    group.at("a").insert(vec![Content::Payload(Value::Null)], false, now).unwrap();
    group.talk();
    assert_eq!(group.at("a").status()["lastCommitStatus"]["reason"], "QuorumSizeNotReached");
    assert_eq!(group.at("a").alarm(PATIENCE, now + PATIENCE / 2), Some(now + PATIENCE));
    group.pass(19);
    assert!(!agency.report(&group, "a"));
    group.pass(1);
    assert!(agency.report(&group, "a"));
    assert_eq!(agency.at("/leader/commitStatus/reason"), "QuorumSizeNotReached");
    assert_eq!(agency.at("/leader/commitStatus/who/c/lastAcknowledged/index"), 1);
    group.suspended.clear();
    group.settle();
    assert!(agency.report(&group, "a"));
    assert_eq!(agency.at("/leader/commitStatus"), Json::Null);
    assert_eq!(group.at("a").status()["lastCommitStatus"]["reason"], "NothingToCommit");
}

#[test]
fn s38_a_write_concern_beyond_the_participants_is_not_committed_until_it_is_lowered() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    group.settle();
    let mut agency = Agency::new(1);
    agency.report(&group, "a");
    for (generation, write_concern) in [(2, 4), (3, 3)] {
        group.config.generation = generation;
        group.config.config.effective_write_concern = write_concern;
        group.settle();
        group.pass(20);
        agency.report(&group, "a");
        let committed = agency.at("/leader/committedParticipantsConfig/generation");
        let reason = agency.at("/leader/commitStatus/reason");
        if write_concern == 4 {
            assert_eq!((committed, reason), (json!(1), json!("FewerParticipantsThanWriteConcern")));
        } else {
            assert_eq!((committed, reason), (json!(3), Json::Null));
        }
    }
}

#[test]
fn s40_a_forced_server_holds_up_the_generation_that_makes_it_so() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    group.settle();
    let mut agency = Agency::new(1);
    group.suspended = vec!["c"];
    group.config.generation = 2;
    group.config.participants.get_mut("c").unwrap().forced = true;
    group.settle();
    group.pass(20);
    assert!(agency.report(&group, "a"));
    let status = json!({"reason": "ForcedParticipantNotInQuorum", "who": "c"});
    assert_eq!(agency.at("/leader/commitStatus"), status);
    assert_eq!(agency.at("/leader/committedParticipantsConfig/generation"), 1);
    group.suspended.clear();
    group.settle();
    assert!(agency.report(&group, "a"));
    assert_eq!(agency.at("/leader/committedParticipantsConfig/generation"), 2);
}

#[test]
fn c5_2_what_has_to_be_on_disk_is_so_for_whoever_reads_the_status() {
    let mut group = Group::new(2, &["a", "b", "c"]);
    group.config.generation = 2;
    group.config.config.wait_for_sync = true;
    group.settle();
    let place = |group: &mut Group, id: &str| {
        let local = &group.at(id).status()["local"];
        (local["syncIndex"].clone(), local["spearhead"]["index"].clone())
    };
    for id in ["a", "b", "c"] {
        let (synced, last) = place(&mut group, id);
        assert_eq!((&synced, &last), (&json!(2), &json!(2)), "{id}");
        // it is told once that is stored
        group.at(id).take_changes();
        assert_eq!(place(&mut group, id), (synced, last), "{id}");
    }
}
