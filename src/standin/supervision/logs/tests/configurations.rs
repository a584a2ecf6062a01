//! Stories: participants, flags, write concerns.

use serde_json::{Value as Json, json};

use super::cluster::{Cluster, target};

const SERVERS: [&str; 3] = ["a", "b", "c"];
const FLAGS: &str = "UpdateParticipantFlags";
const REMOVE: &str = "RemoveParticipantFromPlan";
const ADD: &str = "AddParticipantToPlan";

fn cluster() -> Cluster {
    Cluster::with_log(&["a", "b", "c", "d", "e", "f"], target(&SERVERS))
}

fn want(cluster: &mut Cluster, participants: &[&str]) {
    let wanted = target(participants)["participants"].clone();
    cluster.set("Target", "participants", wanted);
}

#[test]
fn s32_a_participant_is_added() {
    let mut cluster = cluster();
    let generation = cluster.generation();
    cluster.set("Target", "participants/d", json!({"allowedAsLeader": false}));
    cluster.set("Target", "version", json!(2));
    cluster.settle();
    assert_eq!(cluster.trace(), [ADD, "ConvergedToTarget"]);
    assert_eq!(cluster.generation(), generation + 1);
    assert_eq!(
        cluster.get("Plan", "participantsConfig/participants/d"),
        json!({"forced": false, "allowedInQuorum": true, "allowedAsLeader": false})
    );
    assert_eq!(cluster.number("Current", "supervision/targetVersion"), 2);
    cluster.assert_established(&["a", "b", "c", "d"]);
}

#[test]
fn s33_a_follower_is_removed_in_two_generations() {
    let mut cluster = cluster();
    let (term, generation) = (cluster.term(), cluster.generation());
    cluster.delete("Target", "participants/c");
    cluster.settle();
    assert_eq!(cluster.trace(), [FLAGS, REMOVE]);
    assert_eq!((cluster.term(), cluster.generation()), (term, generation + 2));
    assert_eq!(cluster.participants(), ["a", "b"]);
    assert!(cluster.get("Current", "localStatus/c").is_object());
    cluster.assert_established(&["a", "b"]);
}

#[test]
fn s33_one_that_is_needed_stays() {
    let mut cluster = cluster();
    want(&mut cluster, &["a"]);
    cluster.settle();
    assert_eq!(cluster.participants().len(), 2);
    assert!(cluster.reports().is_empty());
    let follower = cluster.participants().into_iter().find(|id| id != "a").unwrap();
    cluster.fail(&follower);
    cluster.settle();
    assert_eq!(cluster.reports(), ["TargetNotEnoughParticipants"]);
    assert_eq!(cluster.participants().len(), 2);
}

#[test]
fn s34_the_leader_is_removed_after_another_one_leads() {
    let mut cluster = cluster();
    let (term, generation) = (cluster.term(), cluster.generation());
    cluster.delete("Target", "participants/a");
    cluster.settle();
    let trace = cluster.trace();
    assert_eq!(trace[..2], [FLAGS, "SwitchLeader"]);
    let mut rest = trace[2..].to_vec();
    rest.sort();
    assert_eq!(rest, [REMOVE, FLAGS, FLAGS]);
    assert_eq!((cluster.term(), cluster.generation()), (term + 1, generation + 4));
    assert_eq!(cluster.participants(), ["b", "c"]);
    let forced = ["b", "c"]
        .map(|id| cluster.get("Plan", &format!("participantsConfig/participants/{id}/forced")));
    assert_eq!(forced, [json!(false), json!(false)]);
    cluster.assert_established(&["b", "c"]);
}

#[test]
fn s35_all_participants_are_replaced_while_enough_are_there() {
    let mut cluster = cluster();
    want(&mut cluster, &["d", "e", "f"]);
    cluster.set("Target", "version", json!(2));
    for _ in 0..100 {
        cluster.round();
        cluster.servers.maintain(&mut cluster.world);
        let effective = cluster.number("Plan", "participantsConfig/config/effectiveWriteConcern");
        let counted = cluster.get("Plan", "participantsConfig/participants");
        let counted = counted.as_object().unwrap();
        let counted = counted.values().filter(|flags| flags["allowedInQuorum"] == json!(true));
        assert!(counted.count() as u64 >= effective);
    }
    assert_eq!(cluster.participants(), ["d", "e", "f"]);
    let trace = cluster.trace();
    assert_eq!(trace[..3], [ADD, ADD, ADD]);
    assert_eq!(trace[3..7], [FLAGS, REMOVE, FLAGS, REMOVE]);
    assert_eq!(trace[7..9], [FLAGS, "SwitchLeader"]);
    assert_eq!(trace.last().unwrap(), "ConvergedToTarget");
    assert_eq!(trace.iter().filter(|it| *it == REMOVE).count(), 3);
    cluster.assert_established(&["d", "e", "f"]);
}

#[test]
fn s36_flags_are_planned_and_committed() {
    let mut cluster = cluster();
    let generation = cluster.generation();
    cluster.set("Target", "participants/b", json!({"forced": true, "allowedAsLeader": false}));
    cluster.settle();
    assert_eq!(cluster.trace(), [FLAGS]);
    assert_eq!(cluster.generation(), generation + 1);
    let flags = json!({"forced": true, "allowedInQuorum": true, "allowedAsLeader": false});
    assert_eq!(cluster.get("Plan", "participantsConfig/participants/b"), flags);
    let committed = "leader/committedParticipantsConfig/participants/b";
    assert_eq!(cluster.get("Current", committed), flags);
}

#[test]
fn s37_flags_that_a_script_plans_are_committed_and_taken_back() {
    let mut cluster = cluster();
    let generation = cluster.generation();
    cluster.set("Plan", "participantsConfig/participants/b/allowedInQuorum", json!(false));
    cluster.set("Plan", "participantsConfig/generation", json!(generation + 1));
    cluster.servers.maintain(&mut cluster.world);
    cluster.assert_established(&SERVERS);
    cluster.settle();
    assert_eq!(cluster.generation(), generation + 2);
    assert_eq!(
        cluster.get("Plan", "participantsConfig/participants/b/allowedInQuorum"),
        json!(true)
    );
    assert_eq!(cluster.trace(), [FLAGS]);
    cluster.assert_established(&SERVERS);
}

fn concerns(cluster: &Cluster) -> (u64, u64) {
    (
        cluster.number("Plan", "participantsConfig/config/effectiveWriteConcern"),
        cluster.number("Current", "supervision/assumedWriteConcern"),
    )
}

#[test]
fn s38_a_higher_write_concern_is_assumed_once_it_is_committed() {
    let mut cluster = cluster();
    let generation = cluster.generation();
    cluster.set("Target", "config", json!({"writeConcern": 3, "waitForSync": false}));
    cluster.round();
    assert_eq!(concerns(&cluster), (3, 2));
    cluster.round();
    assert_eq!(concerns(&cluster), (3, 2));
    cluster.settle();
    assert_eq!(concerns(&cluster), (3, 3));
    assert_eq!(cluster.generation(), generation + 1);
    let update = "UpdateEffectiveAndAssumedWriteConcern";
    assert_eq!(cluster.trace(), [update, "SetAssumedWriteConcern"]);
    cluster.set("Target", "config", json!({"writeConcern": 1, "waitForSync": false}));
    cluster.round();
    assert_eq!(concerns(&cluster), (1, 1));
    cluster.settle();
    assert_eq!(cluster.trace(), [update, "SetAssumedWriteConcern", update]);
    cluster.assert_established(&SERVERS);
}

#[test]
fn s38_one_above_the_number_of_participants_is_planned_and_never_committed() {
    let mut cluster = cluster();
    let generation = cluster.generation();
    cluster.set("Target", "config", json!({"writeConcern": 4, "waitForSync": false}));
    cluster.set("Target", "version", json!(2));
    cluster.settle();
    assert_eq!(concerns(&cluster), (4, 2));
    let committed = "leader/committedParticipantsConfig/generation";
    assert_eq!(cluster.number("Current", committed), generation);
    assert_eq!(cluster.get("Current", "supervision/targetVersion"), Json::Null);
    cluster.set("Target", "config", json!({"writeConcern": 2, "waitForSync": false}));
    cluster.settle();
    assert_eq!(concerns(&cluster), (2, 2));
    assert_eq!(cluster.number("Current", "supervision/targetVersion"), 2);
    cluster.assert_established(&SERVERS);
}

#[test]
fn s39_wait_for_sync_is_assumed_once_it_is_committed() {
    let mut cluster = cluster();
    let generation = cluster.generation();
    let sync = |cluster: &Cluster| {
        [
            cluster.get("Plan", "participantsConfig/config/waitForSync"),
            cluster.get("Current", "supervision/assumedWaitForSync"),
        ]
    };
    cluster.set("Target", "config/waitForSync", json!(true));
    cluster.round();
    assert_eq!(sync(&cluster), [json!(true), json!(false)]);
    cluster.settle();
    assert_eq!(sync(&cluster), [json!(true), json!(true)]);
    assert_eq!(cluster.trace(), ["UpdateWaitForSync", "SetAssumedWaitForSync"]);
    assert_eq!(cluster.generation(), generation + 1);
    cluster.set("Target", "config/waitForSync", json!(false));
    cluster.round();
    assert_eq!(sync(&cluster), [json!(false), json!(false)]);
}

#[test]
fn s40_a_suspended_server_that_is_forced_holds_up_the_commit() {
    let mut cluster = cluster();
    let generation = cluster.generation();
    cluster.fail("b");
    cluster.settle();
    cluster.set("Target", "participants/b/forced", json!(true));
    cluster.settle();
    assert_eq!(cluster.generation(), generation + 1);
    let committed = "leader/committedParticipantsConfig/generation";
    assert_eq!(cluster.number("Current", committed), generation);
    cluster.recover("b");
    cluster.settle();
    assert_eq!(cluster.number("Current", committed), generation + 1);
    cluster.assert_established(&SERVERS);
}

#[test]
fn c4_7_a_soft_write_concern_keeps_a_participant_until_it_is_lowered() {
    let mut cluster = cluster();
    cluster.set("Target", "config/softWriteConcern", json!(3));
    cluster.settle();
    cluster.delete("Target", "participants/c");
    cluster.set("Target", "version", json!(5));
    cluster.settle();
    assert_eq!(cluster.participants(), SERVERS);
    assert_eq!(cluster.number("Current", "supervision/targetVersion"), 5);
    cluster.set("Target", "config/softWriteConcern", json!(2));
    cluster.settle();
    assert_eq!(cluster.participants(), ["a", "b"]);
    cluster.assert_established(&["a", "b"]);
}
