//! Check 2: elections.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::case::{Case, leader};
use crate::standin::model::log::TermIndex;
use crate::standin::supervision::logs::action::Action;

/// Who can be elected, over many random choices.
fn elected(case: &Case) -> Vec<String> {
    let mut found = BTreeSet::new();
    for seed in 0..60 {
        match (Case { seed, ..case.clone() }).action() {
            Some(Action::LeaderElection { elected_leader, .. }) => {
                found.insert(elected_leader.server_id.to_string());
            }
            None => {}
            other => panic!("{other:?}"),
        }
    }
    found.into_iter().collect()
}

/// The `election` of the only report.
fn election(case: &Case) -> Json {
    let reports = case.decide().reports;
    assert_eq!(reports.len(), 1, "{reports:?}");
    Json::from(reports[0].record().detail)["election"].clone()
}

#[test]
fn s16_a_term_without_leader_ends_with_an_election_and_a_new_generation() {
    let case = Case::leaderless(&["a", "b", "c"]);
    let plan = case.plan_after();
    assert_eq!((plan.term(), plan.participants_config.generation), (Some(4), 6));
    assert_eq!(case.reports(), ["LeaderElectionSuccess"]);
    assert_eq!(elected(&case), ["a", "b", "c"]);
}

#[test]
fn c4_6_the_elected_incarnation_is_the_one_that_the_server_reported() {
    let mut case = Case::leaderless(&["a", "b", "c"]);
    for id in ["a", "c"] {
        case.planned_flags(id).allowed_as_leader = false;
    }
    case.status("b").reboot_id = 4;
    case.server("b").reboot_id = 9;
    // `a` and `c` cannot be elected, so they do not vote either
    case.kept().assumed_write_concern = 3;
    assert_eq!(case.plan_after().leader(), Some(&leader("b", 4)));
}

#[test]
fn c4_6_impossible_when_the_assumed_write_concern_exceeds_the_participants() {
    for (assumed, impossible) in [(3, false), (4, true), (5, true), (u64::MAX, true)] {
        let mut case = Case::leaderless(&["a", "b", "c"]);
        case.kept().assumed_write_concern = assumed;
        let expected =
            if impossible { "LeaderElectionImpossible" } else { "LeaderElectionSuccess" };
        assert_eq!(case.reports(), [expected], "{assumed}");
        assert_eq!(case.action().is_none(), impossible);
    }
}

#[test]
fn s18_each_verdict_has_its_code_and_the_first_that_applies_counts() {
    let mut case = Case::leaderless(&["a", "b", "c", "d", "e", "f"]);
    case.failed("a");
    case.planned_flags("a").allowed_as_leader = false;
    case.current().local_status.remove("a");
    case.planned_flags("b").allowed_as_leader = false;
    case.current().local_status.remove("b");
    case.status("c").term = 2;
    case.status("c").snapshot_available = false;
    case.current().local_status.remove("d");
    case.status("e").snapshot_available = false;
    let election = election(&case);
    let codes: Vec<_> = ["a", "b", "c", "d", "e", "f"]
        .iter()
        .map(|id| election["details"][id]["code"].as_u64().unwrap())
        .collect();
    assert_eq!(codes, [1, 3, 2, 2, 4, 0]);
    for detail in election["details"].as_object().unwrap().values() {
        assert!(!detail["message"].as_str().unwrap().is_empty());
    }
    assert_eq!(election["electibleLeaderSet"], json!([{"serverId": "f", "rebootId": 1}]));
    // only `e` and `f` know of the term
    assert_eq!(election["participantsAttending"], json!(2));
}

#[test]
fn c4_6_quorum_flags_do_not_matter() {
    let mut case = Case::leaderless(&["a", "b", "c"]);
    for id in ["a", "b", "c"] {
        case.planned_flags(id).allowed_in_quorum = false;
        case.planned_flags(id).forced = id == "a";
    }
    assert_eq!(elected(&case), ["a", "b", "c"]);
}

#[test]
fn s18_only_servers_with_the_newest_entry_are_electable_and_the_term_counts_first() {
    for (spearheads, expected) in [
        ([(2, 7), (2, 8), (2, 8)], vec!["b", "c"]),
        ([(2, 7), (1, 9), (2, 6)], vec!["a"]),
        ([(2, 7), (2, 7), (2, 7)], vec!["a", "b", "c"]),
        ([(0, 0), (0, 0), (0, 0)], vec!["a", "b", "c"]),
    ] {
        let mut case = Case::leaderless(&["a", "b", "c"]);
        for (id, (term, index)) in ["a", "b", "c"].iter().zip(spearheads) {
            case.status(id).spearhead = TermIndex { term, index };
        }
        assert_eq!(elected(&case), expected, "{spearheads:?}");
    }
    // of those that can be elected
    let mut case = Case::leaderless(&["a", "b", "c"]);
    case.status("b").spearhead.index = 99;
    case.planned_flags("b").allowed_as_leader = false;
    assert_eq!(elected(&case), ["a", "c"]);
    assert_eq!(election(&case)["bestTermIndex"], json!({"term": 2, "index": 7}));
}

#[test]
fn c4_6_nobody_has_confirmed_the_term_right_after_it_began() {
    let mut case = Case::leaderless(&["a", "b", "c"]);
    for id in ["a", "b", "c"] {
        case.status(id).term = 2;
    }
    case.tells(&[crate::standin::supervision::logs::report::Report::LeaderElectionOutOfBounds]);
}

#[test]
fn s28_votes_need_a_clean_server_or_all_participants() {
    struct Row {
        absent: &'static [&'static str],
        rebooted: &'static [&'static str],
        on_disk: bool,
        success: bool,
        voting: u64,
    }
    let row = |absent, rebooted, on_disk, success, voting| Row {
        absent,
        rebooted,
        on_disk,
        success,
        voting,
    };
    // Two votes are required: three participants, an assumed write concern of 2.
    for Row { absent, rebooted, on_disk, success, voting } in [
        row(&[], &[], false, true, 3),
        row(&["a"], &[], false, true, 2),
        row(&["a"], &["b"], false, false, 1),
        row(&["a"], &["b"], true, true, 2),
        row(&["a", "b"], &[], false, false, 1),
        row(&["a", "b"], &[], true, false, 1),
        // unclean all of them, but nobody is missing
        row(&[], &["a", "b", "c"], false, true, 3),
    ] {
        let mut case = Case::leaderless(&["a", "b", "c"]);
        case.kept().assumed_wait_for_sync = on_disk;
        for id in absent {
            case.failed(id);
            case.status(id).term = 2;
        }
        for id in rebooted {
            case.status(id).reboot_id = 2;
            case.server(id).reboot_id = 2;
        }
        let expected =
            if success { "LeaderElectionSuccess" } else { "LeaderElectionQuorumNotReached" };
        assert_eq!(case.reports(), [expected], "{absent:?} {rebooted:?} {on_disk}");
        assert_eq!(case.action().is_some(), success);
        let election = election(&case);
        assert_eq!(election["participantsVoting"], json!(voting));
        assert_eq!(election["participantsRequired"], json!(2));
        assert_eq!(election["allParticipantsAttending"], json!(absent.is_empty()));
    }
}

#[test]
fn s28_a_log_that_never_committed_needs_all_participants() {
    let mut case = Case::leaderless(&["a", "b", "c"]);
    case.current().safe_reboot_ids = None;
    assert_eq!(elected(&case), ["a", "b", "c"]);
    case.failed("a");
    // it attends although it has failed
    assert_eq!(elected(&case), ["b", "c"]);
    case.current().local_status.remove("a");
    assert_eq!(case.reports(), ["LeaderElectionQuorumNotReached"]);
    assert_eq!(election(&case)["participantsVoting"], json!(0));
}

#[test]
fn c4_6_unclean_servers_do_not_vote_and_can_be_elected() {
    let mut case = Case::leaderless(&["a", "b", "c", "d"]);
    // two votes are required, and there are those of `b` and `c`
    case.kept().assumed_write_concern = 3;
    case.failed("a");
    case.current().local_status.remove("a");
    case.current().safe_reboot_ids.as_mut().unwrap().remove("d");
    case.status("d").spearhead.index = 99;
    assert_eq!(elected(&case), ["d"]);
    assert_eq!(election(&case)["participantsVoting"], json!(2));
}

#[test]
fn s29_with_a_write_concern_of_all_one_vote_is_enough() {
    let mut case = Case::leaderless(&["a", "b", "c"]);
    case.kept().assumed_write_concern = 3;
    for id in ["a", "b"] {
        case.failed(id);
        case.current().local_status.remove(id);
    }
    assert_eq!(elected(&case), ["c"]);
    assert_eq!(election(&case)["participantsRequired"], json!(1));
}

#[test]
fn c4_5_an_election_adapts_the_write_concerns() {
    // soft write concern, servers that failed, planned and assumed before; effective and assumed
    for (soft, failed, planned, assumed, effective, kept) in [
        (2, 0, 2, 2, 2, 2),
        (3, 0, 3, 3, 3, 3),
        (3, 1, 3, 3, 2, 2),
        (3, 0, 2, 2, 3, 2),
        (3, 0, 3, 1, 3, 1),
    ] {
        let mut case = Case::leaderless(&["a", "b", "c"]);
        case.target.config.soft_write_concern = Some(soft);
        case.config().config.effective_write_concern = planned;
        case.kept().assumed_write_concern = assumed;
        if failed > 0 {
            case.failed("a");
        }
        let config = case.plan_after().participants_config.config;
        assert_eq!(config.effective_write_concern, effective);
        assert_eq!(case.kept_after().assumed_write_concern, kept);
    }
}

#[test]
fn s19_nothing_else_happens_to_a_log_without_leader() {
    let mut case = Case::leaderless(&["a", "b", "c"]);
    for id in ["a", "b", "c"] {
        case.status(id).term = 2;
    }
    case.target.participants.insert("d".into(), Default::default());
    case.target.participants.remove("a");
    case.wanted_flags("b").allowed_as_leader = false;
    case.target.config.wait_for_sync = true;
    case.target.config.write_concern = 3;
    case.target.version = Some(2);
    assert_eq!((case.action(), case.reports()), (None, vec!["LeaderElectionOutOfBounds".into()]));
}

#[test]
fn s10_no_election_without_anything_that_the_supervision_keeps() {
    let mut case = Case::leaderless(&["a", "b", "c"]);
    case.current().supervision = None;
    case.uncommitted();
    case.tells(&[]);
}

#[test]
fn c4_6_the_election_is_told_whole() {
    let mut case = Case::leaderless(&["a", "b"]);
    case.failed("a");
    case.status("a").term = 2;
    assert_eq!(election(&case)["details"]["b"]["code"], json!(0));
    let mut election = election(&case);
    election["details"] = json!(null);
    assert_eq!(
        election,
        json!({
            "term": 3, "bestTermIndex": {"term": 2, "index": 7}, "participantsRequired": 1,
            "participantsAttending": 1, "participantsVoting": 1, "allParticipantsAttending": false,
            "details": null, "electibleLeaderSet": [{"serverId": "b", "rebootId": 1}],
        })
    );
}
