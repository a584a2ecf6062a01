//! Checks 3, 8 and 9: leaders that failed, that shall leave, that are wanted.

use std::collections::BTreeSet;

use super::case::{Case, leader};
use crate::standin::model::log::{Flags, Term, TermIndex};
use crate::standin::supervision::logs::action::Action;
use crate::standin::supervision::logs::report::Report;

fn forced(case: &Case) -> Option<String> {
    match case.action() {
        Some(Action::UpdateParticipantFlags { participant, flags }) if flags.forced => {
            Some(participant.to_string())
        }
        _ => None,
    }
}

#[test]
fn s25_a_leader_that_failed_gets_an_empty_term() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.failed("a");
    assert_eq!(case.action(), Some(Action::WriteEmptyTerm { min_term: 3 }));
    let plan = case.plan_after();
    assert_eq!(plan.current_term, Some(Term { term: 4, leader: None }));
    assert_eq!(plan.participants_config, *case.config());
}

#[test]
fn s21_so_does_one_that_is_another_incarnation_or_unknown() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.server("a").reboot_id = 2;
    assert_eq!(case.action(), Some(Action::WriteEmptyTerm { min_term: 3 }));
    let mut case = Case::settled(&["a", "b", "c"]);
    case.health.retain(|(id, _)| *id != "a");
    assert_eq!(case.action(), Some(Action::WriteEmptyTerm { min_term: 3 }));
    // a follower may be what it likes
    let mut case = Case::settled(&["a", "b", "c"]);
    case.server("b").reboot_id = 2;
    case.failed("c");
    case.tells(&[]);
}

#[test]
fn c4_6_an_elected_incarnation_that_is_outdated_wastes_its_term() {
    let mut case = Case::leaderless(&["a"]);
    case.kept().assumed_write_concern = 1;
    case.server("a").reboot_id = 2;
    case.plan = Some(case.plan_after());
    assert_eq!(case.plan().leader(), Some(&leader("a", 1)));
    assert_eq!(case.action(), Some(Action::WriteEmptyTerm { min_term: 4 }));
}

#[test]
fn c4_5_an_empty_term_is_newer_than_all_entries() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.failed("a");
    case.status("b").spearhead = TermIndex { term: 9, index: 1 };
    let stranger = case.status("b").clone();
    case.current().local_status.insert("gone".into(), stranger);
    case.status("gone").spearhead.term = 11;
    assert_eq!(case.action(), Some(Action::WriteEmptyTerm { min_term: 11 }));
    assert_eq!(case.plan_after().term(), Some(12));
    case.status("gone").spearhead.term = u64::MAX;
    assert_eq!(case.plan_after().term(), Some(u64::MAX));
}

#[test]
fn c4_5_a_failed_leader_stays_while_nothing_is_known_of_the_log() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.failed("a");
    case.current = None;
    case.tells(&[]);
}

#[test]
fn s15_what_keeps_a_wanted_leader_from_leading_is_told() {
    let case = |change: fn(&mut Case)| {
        let mut case = Case::settled(&["a", "b", "c"]);
        case.target.leader = Some("b".into());
        change(&mut case);
        case
    };
    case(|case| case.target.leader = Some("x".into())).tells(&[Report::TargetLeaderInvalid]);
    case(|case| case.failed("b")).tells(&[Report::TargetLeaderFailed]);
    case(|case| case.status("b").snapshot_available = false)
        .tells(&[Report::TargetLeaderSnapshotMissing]);
    case(|case| case.status("b").term = 2).tells(&[Report::TargetLeaderSnapshotMissing]);
    case(|case| drop(case.current().local_status.remove("b")))
        .tells(&[Report::TargetLeaderSnapshotMissing]);
    case(|case| {
        case.planned_flags("b").allowed_as_leader = false;
        case.wanted_flags("b").allowed_as_leader = false;
    })
    .tells(&[Report::TargetLeaderExcluded]);
    case(|case| case.target.leader = Some("a".into())).tells(&[]);
    // the planned leader may be excluded
    let mut excluded = case(|case| case.target.leader = Some("a".into()));
    excluded.planned_flags("a").allowed_as_leader = false;
    excluded.wanted_flags("a").allowed_as_leader = false;
    excluded.tells(&[]);
}

#[test]
fn s14_a_wanted_leader_is_forced_then_switched_to_then_forced_no_more() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.target.leader = Some("b".into());
    assert_eq!(forced(&case).as_deref(), Some("b"));
    case.plan = Some(case.plan_after());
    assert_eq!(case.config().generation, 6);
    case.tells(&[Report::WaitingForConfigCommitted]);
    case.committed();
    assert_eq!(case.action(), Some(Action::SwitchLeader { leader: leader("b", 1) }));
    let plan = case.plan_after();
    assert_eq!((plan.term(), plan.participants_config.generation), (Some(4), 6));
    case.plan = Some(plan);
    let flags = Flags::default();
    assert_eq!(
        case.action(),
        Some(Action::UpdateParticipantFlags { participant: "b".into(), flags })
    );
}

#[test]
fn c4_9_the_switch_is_to_the_present_incarnation() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.target.leader = Some("b".into());
    case.planned_flags("b").forced = true;
    case.committed();
    case.server("b").reboot_id = 5;
    assert_eq!(case.action(), Some(Action::SwitchLeader { leader: leader("b", 5) }));
}

#[test]
fn s20_a_leader_that_is_excluded_stays() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.wanted_flags("a").allowed_as_leader = false;
    let plan = case.plan_after();
    assert_eq!(plan.leader(), Some(&leader("a", 1)));
    case.plan = Some(plan);
    case.committed();
    case.tells(&[]);
}

/// A leader `a` that is wanted no more.
fn dropped() -> Case {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.target.participants.remove("a");
    case
}

/// Who is forced, over many random choices.
fn candidates(case: &Case) -> Vec<String> {
    let forced: BTreeSet<String> =
        (0..60).filter_map(|seed| forced(&Case { seed, ..case.clone() })).collect();
    forced.into_iter().collect()
}

#[test]
fn s34_somebody_is_forced_to_take_the_place_of_a_leader_that_is_dropped() {
    let mut case = dropped();
    assert_eq!(candidates(&case), ["b", "c"]);
    case.planned_flags("b").forced = true;
    case.committed();
    assert_eq!(case.action(), Some(Action::SwitchLeader { leader: leader("b", 1) }));
    case.uncommitted();
    case.tells(&[Report::WaitingForConfigCommitted]);
}

#[test]
fn c4_8_candidates_may_lead_and_have_everything() {
    let mut case = dropped();
    case.planned_flags("b").allowed_as_leader = false;
    case.committed();
    assert_eq!(candidates(&case), ["c"]);
    let mut case = dropped();
    case.status("c").snapshot_available = false;
    case.config().config.effective_write_concern = 1;
    case.target.config.write_concern = 1;
    case.target.config.soft_write_concern = Some(1);
    case.kept().assumed_write_concern = 1;
    assert_eq!(candidates(&case), ["b"]);
    // those that are well are preferred
    let mut case = dropped();
    case.config().config.effective_write_concern = 1;
    case.target.config.write_concern = 1;
    case.target.config.soft_write_concern = Some(1);
    case.kept().assumed_write_concern = 1;
    case.failed("b");
    assert_eq!(candidates(&case), ["c"]);
}

#[test]
fn c4_8_without_candidate_the_leader_stays_and_that_is_told() {
    let mut case = dropped();
    for id in ["b", "c"] {
        case.planned_flags(id).allowed_as_leader = false;
        case.wanted_flags(id).allowed_as_leader = false;
    }
    case.committed();
    case.tells(&[Report::SwitchLeaderFailed]);
}

#[test]
fn c4_8_another_one_that_is_wanted_no_more_is_no_candidate() {
    let mut case = Case::settled(&["b", "a", "c"]);
    for id in ["a", "b"] {
        case.target.participants.remove(id);
    }
    // `a` has to stay for the write concern
    assert_eq!(candidates(&case), ["c"]);
}

#[test]
fn c4_8_a_wanted_leader_that_can_lead_takes_the_place_itself() {
    let mut case = dropped();
    case.target.leader = Some("c".into());
    assert_eq!(candidates(&case), ["c"]);
    case.failed("c");
    case.config().config.effective_write_concern = 1;
    case.target.config.write_concern = 1;
    case.target.config.soft_write_concern = Some(1);
    case.kept().assumed_write_concern = 1;
    assert_eq!(candidates(&case), ["b"]);
}

#[test]
fn c4_8_a_dropped_leader_stays_while_no_leader_has_reported() {
    let mut case = dropped();
    case.current().leader = None;
    case.tells(&[]);
}
