//! Checks 4 and 5: what is planned of the configuration, and what is assumed of it.

use super::case::Case;
use crate::standin::supervision::logs::action::Action;

fn planned(effective: u64, assumed: u64) -> Option<Action> {
    Some(Action::UpdateEffectiveAndAssumedWriteConcern {
        new_effective_write_concern: effective,
        new_assumed_write_concern: assumed,
    })
}

#[test]
fn s38_the_effective_write_concern_follows_the_wanted_one_and_the_usable_servers() {
    // write concern, soft write concern, servers that cannot be used, effective
    for (write_concern, soft, unusable, effective) in [
        (3, None, 0, 3),
        (5, None, 0, 5),
        (1, None, 0, 1),
        (1, Some(3), 0, 3),
        (1, Some(3), 2, 1),
        (2, Some(9), 0, 3),
        (3, Some(1), 3, 3),
    ] {
        let mut case = Case::settled(&["a", "b", "c"]);
        case.target.config.write_concern = write_concern;
        case.target.config.soft_write_concern = soft;
        for id in &["c", "b"][..usize::min(unusable, 2)] {
            case.status(id).snapshot_available = false;
        }
        assert_eq!(case.action(), planned(effective, effective.min(2)), "{write_concern} {soft:?}");
        let plan = case.plan_after();
        assert_eq!(plan.participants_config.config.effective_write_concern, effective);
        assert_eq!(plan.participants_config.generation, 6);
        assert_eq!(case.kept_after().assumed_write_concern, effective.min(2));
    }
}

#[test]
fn c4_4_usable_are_those_that_are_ok_with_a_snapshot_in_the_term() {
    let case = |change: fn(&mut Case)| {
        let mut case = Case::settled(&["a", "b", "c"]);
        case.target.config.soft_write_concern = Some(3);
        case.config().config.effective_write_concern = 3;
        case.kept().assumed_write_concern = 3;
        case.committed();
        change(&mut case);
        case.action()
    };
    assert_eq!(case(|_| {}), None);
    assert_eq!(case(|case| case.failed("b")), planned(2, 2));
    assert_eq!(case(|case| case.status("b").term = 2), planned(2, 2));
    assert_eq!(case(|case| case.status("b").snapshot_available = false), planned(2, 2));
    assert_eq!(case(|case| drop(case.current().local_status.remove("b"))), planned(2, 2));
    // flags do not matter
    assert_eq!(
        case(|case| {
            case.planned_flags("b").allowed_in_quorum = false;
            case.wanted_flags("b").allowed_in_quorum = false;
        }),
        None
    );
    // without a term any snapshot counts
    assert_eq!(
        case(|case| {
            case.plan().current_term = None;
            case.status("b").term = 2;
        }),
        None
    );
}

#[test]
fn s38_what_is_committed_is_assumed() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.target.config.write_concern = 3;
    case.plan = Some(case.plan_after());
    case.tells(&[]);
    case.committed();
    let action = Action::SetAssumedWriteConcern { new_assumed_write_concern: 3 };
    assert_eq!(case.action(), Some(action.clone()));
    assert_eq!(action.plan(case.plan.as_ref()), None);
    assert_eq!(case.kept_after().assumed_write_concern, 3);
}

#[test]
fn s38_lowering_takes_one_step() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.config().config.effective_write_concern = 3;
    case.kept().assumed_write_concern = 3;
    case.committed();
    assert_eq!(case.action(), planned(2, 2));
}

#[test]
fn s39_wait_for_sync_is_assumed_when_committed_and_no_more_at_once() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.target.config.wait_for_sync = true;
    let update = |planned, assumed| {
        Some(Action::UpdateWaitForSync {
            new_wait_for_sync: planned,
            new_assumed_wait_for_sync: assumed,
        })
    };
    assert_eq!(case.action(), update(true, false));
    let plan = case.plan_after();
    assert!(plan.participants_config.config.wait_for_sync);
    assert_eq!(plan.participants_config.generation, 6);
    case.plan = Some(plan);
    case.tells(&[]);
    case.committed();
    let assume = Action::SetAssumedWaitForSync { new_assumed_wait_for_sync: true };
    assert_eq!(case.action(), Some(assume));
    assert!(case.kept_after().assumed_wait_for_sync);
    case.kept().assumed_wait_for_sync = true;
    case.tells(&[]);
    case.target.config.wait_for_sync = false;
    assert_eq!(case.action(), update(false, false));
    assert!(!case.kept_after().assumed_wait_for_sync);
}

#[test]
fn c4_5_one_thing_at_a_time() {
    let mut case = Case::settled(&["a", "b", "c"]);
    case.target.config.write_concern = 3;
    case.target.config.wait_for_sync = true;
    case.target.participants.insert("d".into(), Default::default());
    assert_eq!(case.action(), planned(3, 2));
}
