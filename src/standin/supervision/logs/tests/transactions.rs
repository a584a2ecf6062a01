//! What is written for a decision.

use serde_json::{Value as Json, json};

use super::case::{Case, leader};
use crate::agency::value::Value;
use crate::standin::model::log::{CurrentSupervision, Flags, TargetSupervision};
use crate::standin::model::{ServerId, Transaction};
use crate::standin::supervision::logs::action::Action;
use crate::standin::supervision::logs::election::Election;
use crate::standin::supervision::logs::entry::{LogEntry, LogKey};
use crate::standin::supervision::logs::report::Report;
use crate::standin::supervision::logs::rules::Decision;
use crate::standin::supervision::logs::transaction::{removal, transactions};

const STAMP: &str = "2025-01-02T03:04:05Z";
const TARGET: &str = "/arango/Target/ReplicatedLogs/shop/7";
const PLAN: &str = "/arango/Plan/ReplicatedLogs/shop/7";
const CURRENT: &str = "/arango/Current/ReplicatedLogs/shop/7";

fn key() -> LogKey {
    LogKey::new(&"shop".into(), &"7".into()).unwrap()
}

fn written(case: &Case, action: Option<Action>, reports: Vec<Report>) -> Vec<Transaction> {
    let planned = case.plan.as_ref().map(|plan| Value::from(serde_json::to_value(plan).unwrap()));
    let log = LogEntry {
        target: case.target.clone(),
        plan: case.plan.clone(),
        current: case.current.clone(),
        planned,
    };
    transactions(&key(), &log, &Decision { action, reports }, STAMP)
}

/// The operations by path, with the versions by name.
fn operations(transaction: &Transaction) -> Vec<String> {
    let paths = transaction.operations().iter().map(|(path, operation)| {
        let path = path
            .replace(TARGET, "T")
            .replace(PLAN, "P")
            .replace(CURRENT, "C")
            .replace("/arango/", "");
        format!("{} {path}", operation["op"].as_str().unwrap())
    });
    let mut paths: Vec<_> = paths.collect();
    paths.sort();
    paths
}

fn some_action() -> Action {
    Action::UpdateParticipantFlags { participant: "b".into(), flags: Flags::default() }
}

#[test]
fn c4_5_each_action_writes_what_it_changes_and_bumps_those_versions() {
    let b = || ServerId::from("b");
    let term = ["set P/currentTerm"].as_slice();
    let config = ["set P/participantsConfig"].as_slice();
    let (assumed, sync) =
        ("set C/supervision/assumedWriteConcern", "set C/supervision/assumedWaitForSync");
    let none: &[&str] = &[];
    let rows: Vec<(Action, &[&str], Vec<&str>)> = vec![
        (
            Action::LeaderElection {
                election: Election::default(),
                elected_leader: leader("b", 1),
                effective_write_concern: 1,
                assumed_write_concern: 1,
            },
            &["set P/currentTerm", "set P/participantsConfig"],
            vec![assumed],
        ),
        (Action::WriteEmptyTerm { min_term: 3 }, term, vec![]),
        (Action::SwitchLeader { leader: leader("b", 1) }, term, vec![]),
        (some_action(), config, vec![]),
        (
            Action::AddParticipantToPlan { participant: "d".into(), flags: Flags::default() },
            config,
            vec![],
        ),
        (Action::RemoveParticipantFromPlan { participant: b() }, config, vec![]),
        (
            Action::UpdateEffectiveAndAssumedWriteConcern {
                new_effective_write_concern: 1,
                new_assumed_write_concern: 1,
            },
            config,
            vec![assumed],
        ),
        (
            Action::UpdateWaitForSync { new_wait_for_sync: true, new_assumed_wait_for_sync: true },
            config,
            vec![sync],
        ),
        (Action::SetAssumedWriteConcern { new_assumed_write_concern: 3 }, none, vec![assumed]),
        (Action::SetAssumedWaitForSync { new_assumed_wait_for_sync: true }, none, vec![sync]),
        (Action::ConvergedToTarget { version: 3 }, none, vec!["set C/supervision/targetVersion"]),
    ];
    for (action, plan, current) in rows {
        let case = Case::settled(&["a", "b", "c"]);
        let [transaction] = &written(&case, Some(action.clone()), vec![])[..] else {
            panic!("one transaction for {action:?}");
        };
        let mut expected: Vec<String> = plan.iter().map(ToString::to_string).collect();
        if !plan.is_empty() {
            expected.push("increment Plan/Version".to_owned());
        }
        expected.extend(current.iter().map(ToString::to_string));
        expected.push("set C/supervision/lastTimeModified".to_owned());
        expected.push("increment Current/Version".to_owned());
        expected.sort();
        assert_eq!(operations(transaction), expected, "{action:?}");
        let conditions = transaction.preconditions();
        assert_eq!(conditions[TARGET], json!({"oldEmpty": false}), "{action:?}");
        let planned = serde_json::to_value(case.plan.unwrap()).unwrap();
        for part in ["currentTerm", "participantsConfig"] {
            assert_eq!(conditions[&format!("{PLAN}/{part}")], json!({"old": planned[part]}));
        }
    }
}

#[test]
fn c4_5_a_new_log_is_written_whole_if_there_is_none() {
    let mut case = Case::unplanned(&["a", "b", "c"]);
    case.target.leader = Some("b".into());
    let [transaction] = &written(&case, case.action(), vec![])[..] else { panic!() };
    let expected = [
        "increment Current/Version",
        "increment Plan/Version",
        "set C/supervision/assumedWaitForSync",
        "set C/supervision/assumedWriteConcern",
        "set C/supervision/lastTimeModified",
        "set P",
    ];
    assert_eq!(operations(transaction), expected);
    let conditions = transaction.preconditions();
    assert_eq!(conditions[TARGET], json!({"oldEmpty": false}));
    assert_eq!(conditions[PLAN], json!({"oldEmpty": true}));
    let plan = &transaction.operations()[PLAN]["new"];
    assert_eq!(plan["currentTerm"], json!({"term": 1, "leader": {"serverId": "b", "rebootId": 1}}));
    assert_eq!(plan["owner"], json!("target"));
}

#[test]
fn c4_2_an_empty_term_has_no_leader_at_all() {
    let case = Case::settled(&["a", "b", "c"]);
    let writes = written(&case, Some(Action::WriteEmptyTerm { min_term: 3 }), vec![]);
    let term = &writes[0].operations()[&format!("{PLAN}/currentTerm")]["new"];
    assert_eq!(*term, json!({"term": 4}));
}

#[test]
fn c4_5_the_trace_is_written_before_under_the_same_conditions() {
    let mut case = Case::settled(&["a", "b", "c"]);
    for (length, traced) in [(None, false), (Some(0), false), (Some(3), true)] {
        case.target.supervision =
            length.map(|max_actions_trace_length| TargetSupervision { max_actions_trace_length });
        let writes = written(&case, Some(some_action()), vec![]);
        assert_eq!(writes.len(), 1 + usize::from(traced));
        if let [trace, change] = &writes[..] {
            let flags = json!({"forced": false, "allowedInQuorum": true, "allowedAsLeader": true});
            let desc =
                json!({"type": "UpdateParticipantFlagsAction", "participant": "b", "flags": flags});
            assert_eq!(
                trace.operations()[&format!("{CURRENT}/actions")],
                json!({"op": "push-queue", "len": 3, "new": {"time": STAMP, "desc": desc}})
            );
            assert_eq!(trace.operations().len(), 1);
            assert_eq!(trace.preconditions(), change.preconditions());
        }
        // a report is no action
        assert_eq!(written(&case, None, vec![Report::TargetLeaderFailed]).len(), 1);
    }
}

#[test]
fn c4_5_descriptions_have_the_fields_of_the_protocol() {
    let flags = || Flags { forced: true, ..Flags::default() };
    let described = |action: Action| serde_json::to_value(action).unwrap();
    let mut case = Case::unplanned(&["a"]);
    case.target.leader = Some("a".into());
    let spelt = json!({"forced": true, "allowedInQuorum": true, "allowedAsLeader": true});
    *case.wanted_flags("a") = flags();
    for (action, expected) in [
        (
            case.action().unwrap(),
            json!({"type": "AddLogToPlanAction", "id": 7, "participants": {"a": spelt},
                "leader": {"serverId": "a", "rebootId": 1},
                "config": {"effectiveWriteConcern": 2, "waitForSync": false}}),
        ),
        (
            Action::WriteEmptyTerm { min_term: 4 },
            json!({"type": "WriteEmptyTermAction", "minTerm": 4}),
        ),
        (
            Action::SwitchLeader { leader: leader("b", 2) },
            json!({"type": "SwitchLeaderAction", "leader": {"serverId": "b", "rebootId": 2}}),
        ),
        (
            Action::AddParticipantToPlan { participant: "b".into(), flags: flags() },
            json!({"type": "AddParticipantToPlanAction", "participant": "b", "flags": spelt}),
        ),
        (
            Action::RemoveParticipantFromPlan { participant: "b".into() },
            json!({"type": "RemoveParticipantFromPlanAction", "participant": "b"}),
        ),
        (
            Action::UpdateEffectiveAndAssumedWriteConcern {
                new_effective_write_concern: 3,
                new_assumed_write_concern: 2,
            },
            json!({"type": "UpdateEffectiveAndAssumedWriteConcernAction",
                "newEffectiveWriteConcern": 3, "newAssumedWriteConcern": 2}),
        ),
        (
            Action::UpdateWaitForSync { new_wait_for_sync: true, new_assumed_wait_for_sync: false },
            json!({"type": "UpdateWaitForSyncAction",
                "newWaitForSync": true, "newAssumedWaitForSync": false}),
        ),
        (
            Action::SetAssumedWriteConcern { new_assumed_write_concern: 3 },
            json!({"type": "SetAssumedWriteConcernAction", "newAssumedWriteConcern": 3}),
        ),
        (
            Action::SetAssumedWaitForSync { new_assumed_wait_for_sync: true },
            json!({"type": "SetAssumedWaitForSyncAction", "newAssumedWriteConcern": true}),
        ),
        (
            Action::ConvergedToTarget { version: 3 },
            json!({"type": "ConvergedToTargetAction", "version": 3}),
        ),
    ] {
        assert_eq!(described(action), expected);
    }
    let mut case = Case::unplanned(&["a"]);
    case.target.leader = Some("x".into());
    assert!(described(case.action().unwrap()).get("leader").is_none());
    let election = Case::leaderless(&["a", "b"]).action().unwrap();
    let election = described(election);
    let mut keys: Vec<_> = election.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["electedLeader", "election", "type"]);
    assert_eq!(election["type"], json!("LeaderElectionAction"));
}

#[test]
fn c4_10_reports_are_written_when_they_differ_and_removed_when_there_are_none() {
    let mut case = Case::settled(&["a", "b", "c"]);
    let report = format!("{CURRENT}/supervision/StatusReport");
    let [transaction] = &written(&case, None, vec![Report::TargetLeaderFailed])[..] else {
        panic!()
    };
    assert_eq!(
        operations(transaction),
        ["increment Current/Version", "set C/supervision/StatusReport"]
    );
    let told = json!([{"type": "TargetLeaderFailed", "detail": {}}]);
    assert_eq!(transaction.operations()[&report]["new"], told);
    assert_eq!(
        Json::from(transaction.preconditions().clone()),
        json!({TARGET: {"oldEmpty": false}})
    );
    case.kept().status_report = Some(vec![Report::TargetLeaderFailed.record()]);
    assert!(written(&case, None, vec![Report::TargetLeaderFailed]).is_empty());
    let both = vec![Report::TargetLeaderFailed, Report::WaitingForConfigCommitted];
    assert_eq!(written(&case, None, both).len(), 1);
    let [transaction] = &written(&case, None, vec![])[..] else { panic!() };
    assert_eq!(transaction.operations()[&report], json!({"op": "delete"}));
    // an action takes reports along
    let [transaction] = &written(&case, Some(some_action()), vec![])[..] else { panic!() };
    assert_eq!(transaction.operations()[&report], json!({"op": "delete"}));
    case.kept().status_report = None;
    assert!(written(&case, None, vec![]).is_empty());
}

#[test]
fn c4_10_a_report_on_a_log_of_which_nothing_is_kept_begins_with_the_weakest_assumptions() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.current = None;
    assert!(written(&case, None, vec![]).is_empty());
    let [transaction] = &written(&case, None, vec![Report::TargetNotEnoughParticipants])[..] else {
        panic!()
    };
    let new = |attribute: &str| {
        transaction.operations()[&format!("{CURRENT}/supervision/{attribute}")]["new"].clone()
    };
    assert_eq!(new("assumedWriteConcern"), json!(1));
    assert_eq!(new("assumedWaitForSync"), json!(false));
    assert_eq!(transaction.operations().len(), 4);
}

#[test]
fn what_is_assumed_must_be_what_it_was() {
    let case = Case::settled(&["a", "b", "c"]);
    let writes = written(&case, Some(some_action()), vec![]);
    let path = format!("{CURRENT}/supervision/assumedWriteConcern");
    assert_eq!(writes[0].preconditions()[&path], json!({"old": 2}));
    let mut case = case;
    case.current().supervision =
        Some(CurrentSupervision { assumed_write_concern: 1, ..CurrentSupervision::default() });
    let writes = written(&case, Some(some_action()), vec![]);
    assert!(writes[0].preconditions().get(&path).is_none(), "it need not be written down");
}

#[test]
fn s11_a_removal_takes_the_log_out_of_all_three_trees() {
    let transaction = removal(&key());
    assert_eq!(
        operations(&transaction),
        [
            "delete C",
            "delete P",
            "delete T",
            "increment Current/Version",
            "increment Plan/Version",
            "increment Target/Version",
        ]
    );
    let owner = format!("{PLAN}/owner");
    assert_eq!(
        Json::from(transaction.preconditions().clone()),
        json!({TARGET: {"oldEmpty": true}, owner: {"old": "target"}})
    );
}
