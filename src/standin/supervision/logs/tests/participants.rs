//! Checks 6, 7 and 10: participants that are added, removed, changed.

use super::case::{Case, plain};
use crate::standin::model::log::Flags;
use crate::standin::supervision::logs::action::Action;
use crate::standin::supervision::logs::report::Report;

fn flags(participant: &str, flags: Flags) -> Option<Action> {
    Some(Action::UpdateParticipantFlags { participant: participant.into(), flags })
}

fn uncounted(participant: &str) -> Option<Action> {
    flags(participant, Flags { allowed_in_quorum: false, ..Flags::default() })
}

fn removed(participant: &str) -> Option<Action> {
    Some(Action::RemoveParticipantFromPlan { participant: participant.into() })
}

#[test]
fn s32_a_participant_is_added_with_its_flags_whether_or_not_anything_is_committed() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.uncommitted();
    let wanted = Flags { allowed_as_leader: false, ..Flags::default() };
    case.target.participants.insert("d".into(), wanted);
    let action = Action::AddParticipantToPlan { participant: "d".into(), flags: wanted };
    assert_eq!(case.action(), Some(action));
    let plan = case.plan_after();
    assert_eq!(plan.participants_config.generation, 7);
    assert_eq!(plan.participants_config.participants, case.target.participants);
}

#[test]
fn s33_a_follower_leaves_the_quorum_before_it_leaves() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.target.participants.remove("c");
    assert_eq!(case.action(), uncounted("c"));
    case.plan = Some(case.plan_after());
    case.tells(&[Report::WaitingForConfigCommitted]);
    case.committed();
    assert_eq!(case.action(), removed("c"));
    case.plan = Some(case.plan_after());
    assert_eq!(case.config().generation, 7);
    // as many as are wanted: there is nothing more to remove
    case.tells(&[]);
}

#[test]
fn c4_7_nothing_is_removed_before_a_leader_has_committed_something() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.target.participants.remove("c");
    case.current().leader.as_mut().unwrap().committed_participants_config = None;
    case.tells(&[]);
    case.current().leader = None;
    case.tells(&[]);
}

#[test]
fn s33_a_participant_that_the_write_concern_needs_stays() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.target.participants = plain(&["a"]);
    // `a` and `b` are enough
    assert_eq!(case.action(), uncounted("c"));
    let mut case = Case::settled(&["a", "b"]);
    case.target.participants.remove("b");
    case.tells(&[]);
    // `b` cannot help
    case.failed("b");
    case.tells(&[Report::TargetNotEnoughParticipants]);
}

#[test]
fn c4_7_what_left_the_quorum_comes_back_when_too_few_are_left() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.target.participants.remove("c");
    let without = Flags { allowed_in_quorum: false, ..Flags::default() };
    *case.planned_flags("c") = without;
    case.committed();
    case.failed("b");
    assert_eq!(case.action(), flags("c", Flags::default()));
    assert_eq!(case.reports(), Vec::<String>::new());
    // then it is one of those that stay
    case.plan = Some(case.plan_after());
    case.committed();
    case.tells(&[]);
    // unless the Target wants just that; what is not usable is not enough
    let mut case = Case::settled(&["a", "b", "c", "d"]);
    case.target.participants.remove("d");
    *case.planned_flags("c") = without;
    *case.wanted_flags("c") = without;
    case.committed();
    for id in ["b", "c", "d"] {
        case.failed(id);
    }
    case.tells(&[Report::TargetNotEnoughParticipants]);
}

#[test]
fn c4_7_a_soft_write_concern_keeps_one_that_leaves_although_the_log_converges() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.target.config.soft_write_concern = Some(3);
    case.config().config.effective_write_concern = 3;
    case.kept().assumed_write_concern = 3;
    case.committed();
    case.target.participants.remove("c");
    case.target.version = Some(4);
    assert_eq!(case.action(), Some(Action::ConvergedToTarget { version: 4 }));
    case.kept().target_version = Some(4);
    case.tells(&[]);
    // lowering it lets the participant go
    case.target.config.soft_write_concern = Some(2);
    case.plan = Some(case.plan_after());
    case.kept().assumed_write_concern = 2;
    case.committed();
    assert_eq!(case.action(), uncounted("c"));
}

#[test]
fn s35_those_that_leave_do_so_one_after_another() {
    let mut case = Case::settled(&["a", "b", "c", "d", "e"]);
    case.target.participants = plain(&["a", "b"]);
    let mut trace = Vec::new();
    while let Some(action) = case.action() {
        trace.push(action);
        case.plan = Some(case.plan_after());
        case.committed();
    }
    let expected = ["c", "d", "e"].iter().flat_map(|id| [uncounted(id), removed(id)]).flatten();
    assert_eq!(trace, expected.collect::<Vec<_>>());
}

#[test]
fn s35_the_leader_goes_when_another_one_has_reported() {
    let mut case = Case::settled(&["a", "b", "c", "d"]);
    case.target.participants = plain(&["b", "c"]);
    assert_eq!(case.action(), uncounted("d"));
    case.plan().participants_config.participants.remove("d");
    case.committed();
    // the leader is not touched, but replaced
    assert!(
        matches!(case.action(), Some(Action::UpdateParticipantFlags { flags, .. }) if flags.forced)
    );
    case.plan().current_term.as_mut().unwrap().leader = Some(super::case::leader("b", 1));
    case.tells(&[]);
    case.current().leader.as_mut().unwrap().server_id = "b".into();
    assert_eq!(case.action(), uncounted("a"));
}

#[test]
fn s36_flags_that_differ_are_planned() {
    for wanted in [
        Flags { forced: true, ..Flags::default() },
        Flags { allowed_in_quorum: false, ..Flags::default() },
        Flags { allowed_as_leader: false, ..Flags::default() },
        Flags { forced: true, allowed_in_quorum: false, allowed_as_leader: false },
    ] {
        let mut case = Case::settled(&["a", "b", "c"]);
        *case.wanted_flags("b") = wanted;
        assert_eq!(case.action(), flags("b", wanted));
        assert_eq!(case.plan_after().participants_config.generation, 6);
    }
}

#[test]
fn s37_flags_that_a_script_planned_are_taken_back() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.planned_flags("b").allowed_as_leader = false;
    case.uncommitted();
    assert_eq!(case.action(), flags("b", Flags::default()));
}
