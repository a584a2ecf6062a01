//! Check 1: logs that are wanted and not planned yet.

use super::case::{Case, leader, plain};
use crate::standin::model::log::PlanConfig;
use crate::standin::supervision::logs::report::Report;

#[test]
fn s8_with_fewer_than_one_below_the_write_concern_no_log_is_planned() {
    for (ids, write_concern, planned) in [
        (&["a"][..], 3, false),
        (&["a", "b"], 4, false),
        (&["a"], 2, true),
        (&["a", "b"], 3, true),
        (&["a", "b", "c"], 2, true),
        (&["a"], u64::MAX, false),
    ] {
        let mut case = Case::unplanned(ids);
        case.target.config.write_concern = write_concern;
        assert_eq!(case.action().is_some(), planned, "{ids:?} {write_concern}");
        if !planned {
            case.tells(&[Report::TargetNotEnoughParticipants]);
        }
    }
}

#[test]
fn c4_5_a_log_without_participants_is_planned_if_one_server_would_do() {
    let mut case = Case::unplanned(&["a"]);
    case.target.participants.clear();
    case.target.config.write_concern = 1;
    let plan = case.plan_after();
    assert_eq!((plan.term(), plan.leader()), (Some(1), None));
}

#[test]
fn s4_the_first_plan_has_term_1_generation_1_and_the_owner_target() {
    let mut case = Case::unplanned(&["a", "b", "c"]);
    case.target.owner = Some("somebody".to_owned());
    case.wanted_flags("b").allowed_in_quorum = false;
    case.target.config.wait_for_sync = true;
    let plan = case.plan_after();
    assert_eq!(plan.id, 7);
    assert_eq!(plan.owner.as_deref(), Some("target"));
    assert_eq!(plan.term(), Some(1));
    assert_eq!(plan.participants_config.generation, 1);
    assert_eq!(plan.participants_config.participants, case.target.participants);
    assert_eq!(plan.properties, case.target.properties);
    let kept = case.kept_after();
    assert_eq!((kept.assumed_write_concern, kept.assumed_wait_for_sync), (2, true));
}

#[test]
fn c4_4_the_first_effective_write_concern_counts_wanted_servers_that_are_ok() {
    // write concern, soft write concern, servers that failed, effective
    for (write_concern, soft, failed, effective) in [
        (2, Some(3), 0, 3),
        (2, Some(3), 1, 2),
        (2, Some(3), 3, 2),
        (1, Some(5), 0, 3),
        (1, Some(5), 2, 1),
        (3, Some(1), 0, 3),
        (2, None, 0, 2),
        (1, None, 0, 1),
    ] {
        let mut case = Case::unplanned(&["a", "b", "c"]);
        case.target.config.write_concern = write_concern;
        case.target.config.soft_write_concern = soft;
        ["a", "b", "c"][..failed].iter().for_each(|id| case.failed(id));
        let config = PlanConfig { effective_write_concern: effective, wait_for_sync: false };
        assert_eq!(case.plan_after().participants_config.config, config);
        assert_eq!(case.kept_after().assumed_write_concern, effective);
    }
}

#[test]
fn s5_the_wanted_leader_leads_first_whatever_its_flags_and_its_health() {
    let mut case = Case::unplanned(&["a", "b", "c"]);
    case.target.leader = Some("b".into());
    case.wanted_flags("b").allowed_as_leader = false;
    case.server("b").reboot_id = 9;
    case.failed("b");
    assert_eq!(case.plan_after().leader(), Some(&leader("b", 9)));
    case.target.participants = plain(&["a", "c"]);
    assert_eq!(case.plan_after().leader(), Some(&leader("b", 9)));
}

#[test]
fn s9_a_wanted_leader_that_is_not_known_means_no_leader() {
    let mut case = Case::unplanned(&["a", "b", "c"]);
    case.target.leader = Some("x".into());
    assert_eq!(case.plan_after().leader(), None);
}

#[test]
fn c4_5_otherwise_the_number_of_the_log_decides_among_those_known_that_may_lead() {
    for (id, chosen) in [(0, "a"), (7, "b"), (8, "c"), (u64::MAX, "a")] {
        let mut case = Case::unplanned(&["a", "b", "c"]);
        case.target.id = id;
        assert_eq!(case.plan_after().leader(), Some(&leader(chosen, 1)), "{id}");
    }
    let mut case = Case::unplanned(&["a", "b", "c"]);
    case.wanted_flags("a").allowed_as_leader = false;
    assert_eq!(case.plan_after().leader(), Some(&leader("c", 1)));
    // it has failed, but is known
    case.failed("c");
    assert_eq!(case.plan_after().leader(), Some(&leader("c", 1)));
    case.health.retain(|(id, _)| *id != "c");
    assert_eq!(case.plan_after().leader(), Some(&leader("b", 1)));
    case.health.clear();
    assert_eq!(case.plan_after().leader(), None);
}
