//! Check 11: whether a log is as wanted.

use super::case::Case;
use crate::standin::model::log::{ParticipantState, Term};
use crate::standin::supervision::logs::action::Action;
use crate::standin::supervision::logs::report::Report;
use crate::standin::supervision::logs::rules::Decision;

/// What is changed of a log at rest, in words and in deed.
type Change = (&'static str, fn(&mut Case));

fn versioned() -> Case {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.target.version = Some(4);
    case
}

fn converged(version: u64) -> Option<Action> {
    Some(Action::ConvergedToTarget { version })
}

#[test]
fn s6_a_settled_log_tells_the_version_of_its_target() {
    let mut case = versioned();
    assert_eq!(case.action(), converged(4));
    assert_eq!(case.kept_after().target_version, Some(4));
    case.kept().target_version = Some(4);
    case.tells(&[]);
    // it may also go back
    case.kept().target_version = Some(9);
    assert_eq!(case.action(), converged(4));
    case.target.version = None;
    case.tells(&[]);
}

#[test]
fn c4_10_a_log_that_is_not_settled_does_not_converge() {
    let cases: [Change; 5] = [
        ("no leader has reported", |case| case.current().leader = None),
        ("nothing is committed", Case::uncommitted),
        ("a leader of another term has not established itself", |case| {
            let leader = case.current().leader.as_mut().unwrap();
            (leader.term, leader.leadership_established) = (2, false);
        }),
        ("a participant is in another term", |case| case.status("c").term = 2),
        ("a participant is not at work", |case| {
            case.status("c").state = ParticipantState::Connecting;
        }),
    ];
    for (what, change) in cases {
        let mut case = versioned();
        change(&mut case);
        assert_eq!(case.decide(), Decision::default(), "{what}");
    }
}

#[test]
fn c4_10_what_does_not_matter_for_convergence() {
    let cases: [Change; 4] = [
        ("a leader of another term that has established itself", |case| {
            case.current().leader.as_mut().unwrap().term = 2;
        }),
        ("a leader of this term that has not established itself", |case| {
            case.current().leader.as_mut().unwrap().leadership_established = false;
        }),
        ("a participant that never reported", |case| {
            case.current().local_status.remove("c");
        }),
        ("servers that are no participants", |case| {
            let mut status = case.status("c").clone();
            (status.term, status.state) = (1, ParticipantState::Connecting);
            case.current().local_status.insert("gone".into(), status);
        }),
    ];
    for (what, change) in cases {
        let mut case = versioned();
        change(&mut case);
        assert_eq!(case.action(), converged(4), "{what}");
    }
}

#[test]
fn c4_10_no_convergence_without_a_planned_leader() {
    let mut case = versioned();
    case.plan().current_term = Some(Term { term: 3, leader: None });
    case.config().config.effective_write_concern = 1;
    case.committed();
    case.current().supervision = None;
    assert_eq!(case.decide(), Decision::default());
    case.plan().current_term = None;
    assert_eq!(case.decide(), Decision::default());
}

#[test]
fn c4_10_what_was_told_before_stays_when_the_log_converges() {
    let mut case = versioned();
    case.target.leader = Some("x".into());
    let decision = case.decide();
    assert_eq!(decision.action, converged(4));
    assert_eq!(decision.reports, [Report::TargetLeaderInvalid]);
}

#[test]
fn c4_10_nothing_converges_while_something_is_waited_for() {
    let mut case = versioned();
    case.target.participants.remove("c");
    case.uncommitted();
    case.tells(&[Report::WaitingForConfigCommitted]);
}

#[test]
fn s42_a_log_awaits_the_first_word_of_who_shall_lead() {
    let mut case = versioned();
    case.target.leader = Some("b".into());
    let status = case.status("b").clone();
    case.current().local_status.remove("b");
    case.tells(&[Report::TargetLeaderSnapshotMissing]);
    case.current().local_status.insert("b".into(), status);
    assert!(matches!(case.action(), Some(Action::UpdateParticipantFlags { .. })));
    // from a server that is not well nothing can be expected
    case.current().local_status.remove("b");
    case.failed("b");
    assert_eq!(case.action(), converged(4));
}
