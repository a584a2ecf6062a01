//! S32 to S40: participants, flags, configuration.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::recorder::Recorder;
use crate::support::{Before, State, World, names, shared};

fn committed_flags(state: &State, server: &str) -> Value {
    state.current["leader"]["committedParticipantsConfig"]["participants"][server].clone()
}

#[test]
fn s32_a_participant_is_added() {
    let world = shared();
    let servers = world.dbservers();
    let log = world.log(&servers[..3], |_| {});
    let before = Before::of(&log.settled());
    let flags = json!({ "forced": false, "allowedInQuorum": true, "allowedAsLeader": false });
    let state = log.reach(|target| target["participants"][&servers[3]] = flags.clone());
    assert_eq!(
        before.change(&state),
        (0, 1, names(&["AddParticipantToPlan", "ConvergedToTarget"]))
    );
    assert!(state.operational(&servers[3]));
    assert_eq!(committed_flags(&state, &servers[3]), flags);
}

#[test]
fn s33_a_follower_is_removed_in_two_generations() {
    let world = shared();
    let log = world.log(&world.dbservers()[..3], |_| {});
    let before = Before::of(&log.settled());
    let follower = log.follower();
    let state = log.reach(|target| {
        target["participants"].as_object_mut().unwrap().remove(&follower);
    });
    let expected = ["UpdateParticipantFlags", "RemoveParticipantFromPlan", "ConvergedToTarget"];
    assert_eq!(before.change(&state), (0, 2, names(&expected)));
    assert_eq!(state.participants(), state.wanted());
    assert!(state.current["localStatus"].get(&follower).is_some());
}

#[test]
fn s34_a_leader_is_removed() {
    let world = shared();
    let log = world.log(&world.dbservers()[..3], |_| {});
    let before = Before::of(&log.settled());
    let leader = log.leader();
    log.edit(|target| {
        target["participants"].as_object_mut().unwrap().remove(&leader);
    });
    let state = log.wait("as wanted", |state| {
        state.participants() == state.wanted()
            && state.established()
            && state.current["supervision"]["targetVersion"] == state.target["version"]
    });
    let (terms, _, trace) = before.change(&state);
    assert_eq!((terms, &trace[..2]), (1, &names(&["UpdateParticipantFlags", "SwitchLeader"])[..]));
    let forced = |flags: &Value| flags["forced"] == true;
    let participants = state.plan["participantsConfig"]["participants"].as_object().unwrap();
    assert!(!participants.values().any(forced), "{participants:?}");
}

#[test]
fn s35_all_participants_are_replaced_with_enough_of_them_at_all_times() {
    let world = shared();
    let servers = world.dbservers();
    let log = world.log(&servers[..3], |_| {});
    log.settled();
    let recorder = Recorder::start(&world.client);
    log.edit(|target| {
        target["participants"] = servers[3..6]
            .iter()
            .map(|id| (id.clone(), json!({})))
            .collect::<serde_json::Map<_, _>>()
            .into();
    });
    log.wait("replaced", |state| {
        state.participants() == state.wanted()
            && state.established()
            && state.current["supervision"]["targetVersion"] == state.target["version"]
    });
    let seen = recorder.values(&format!("{}/participantsConfig", log.path("Plan")));
    for config in &seen {
        let participants: BTreeSet<&String> =
            config["participants"].as_object().unwrap().keys().collect();
        let needed = config["config"]["effectiveWriteConcern"].as_u64().unwrap() as usize;
        assert!(participants.len() >= needed, "{config}");
    }
    let sizes: Vec<usize> =
        seen.iter().map(|one| one["participants"].as_object().unwrap().len()).collect();
    assert_eq!((sizes[0], *sizes.iter().max().unwrap(), *sizes.last().unwrap()), (3, 6, 3));
}

#[test]
fn s36_flags_of_the_target_are_committed() {
    let world = shared();
    let log = world.log(&world.dbservers()[..3], |_| {});
    let before = Before::of(&log.settled());
    let follower = log.follower();
    let flags = json!({ "forced": true, "allowedInQuorum": true, "allowedAsLeader": false });
    let state = log.reach(|target| target["participants"][&follower] = flags.clone());
    assert_eq!(
        before.change(&state),
        (0, 1, names(&["UpdateParticipantFlags", "ConvergedToTarget"]))
    );
    assert_eq!(state.plan["participantsConfig"]["participants"][&follower], flags);
    assert_eq!(committed_flags(&state, &follower), flags);
}

#[test]
fn s37_flags_of_plan_are_reverted_to_those_of_the_target() {
    let world = shared();
    let log = world.log(&world.dbservers()[..3], |_| {});
    let before = Before::of(&log.settled());
    let follower = log.follower();
    let path = format!("participantsConfig/participants/{follower}/allowedInQuorum");
    log.plan(&[
        (&path, json!({ "op": "set", "new": false })),
        ("participantsConfig/generation", json!({ "op": "increment" })),
    ]);
    let state = log.wait("reverted", |state| {
        state.generation() == before.generation + 2 && state.established()
    });
    assert_eq!(before.change(&state), (0, 2, names(&["UpdateParticipantFlags"])));
    assert_eq!(committed_flags(&state, &follower)["allowedInQuorum"], true);
}

#[test]
fn s38_the_write_concern_is_raised_and_lowered() {
    let world = shared();
    let log = world.log(&world.dbservers()[..3], |_| {});
    let before = Before::of(&log.settled());
    let concern =
        |of: u64| json!({ "writeConcern": of, "softWriteConcern": of, "waitForSync": false });
    let version = log.edit(|target| target["config"] = concern(3));
    let assumed = |state: &State| state.current["supervision"]["assumedWriteConcern"].clone();
    let state = log.wait("three of three", |state| {
        assumed(state) == 3 && state.current["supervision"]["targetVersion"] == version
    });
    let expected =
        ["UpdateEffectiveAndAssumedWriteConcern", "SetAssumedWriteConcern", "ConvergedToTarget"];
    assert_eq!(before.change(&state), (0, 1, names(&expected)));
    let action = &state.current["actions"].as_array().unwrap().iter().rev().nth(2).unwrap()["desc"];
    assert_eq!(
        (&action["newEffectiveWriteConcern"], &action["newAssumedWriteConcern"]),
        (&json!(3), &json!(2))
    );

    let before = Before::of(&state);
    let state = log.reach(|target| target["config"] = concern(2));
    let expected = ["UpdateEffectiveAndAssumedWriteConcern", "ConvergedToTarget"];
    assert_eq!(before.change(&state), (0, 1, names(&expected)));
    assert_eq!(assumed(&state), 2);

    log.edit(|target| target["config"] = concern(4));
    let state = log.wait("the reason", |state| state.commit_status().is_some());
    assert_eq!(state.commit_status(), Some("FewerParticipantsThanWriteConcern"));
    let status = &state.current["leader"]["commitStatus"];
    assert_eq!(
        (&status["effectiveWriteConcern"], &status["numParticipants"]),
        (&json!(4), &json!(3))
    );
    assert!(!state.established());
    let state = log.reach(|target| target["config"] = concern(2));
    assert_eq!(state.commit_status(), None);
}

#[test]
fn s39_wait_for_sync_is_switched_on_and_off() {
    let world = shared();
    let log = world.log(&world.dbservers()[..3], |_| {});
    let before = Before::of(&log.settled());
    let assumed = |state: &State| state.current["supervision"]["assumedWaitForSync"].clone();
    let state = log.reach(|target| target["config"]["waitForSync"] = json!(true));
    let state =
        log.wait("assumed", |now| assumed(now) == true && now.generation() == state.generation());
    let (terms, generations, trace) = before.change(&state);
    assert_eq!((terms, generations, &trace[0]), (0, 1, &"UpdateWaitForSync".to_owned()));
    assert!(trace.contains(&"SetAssumedWaitForSync".to_owned()), "{trace:?}");
    let before = Before::of(&state);
    let state = log.reach(|target| target["config"]["waitForSync"] = json!(false));
    assert_eq!(assumed(&state), false);
    assert_eq!(before.change(&state), (0, 1, names(&["UpdateWaitForSync", "ConvergedToTarget"])));
}

#[test]
fn s40_a_forced_participant_that_is_suspended_holds_up_commits() {
    let world = World::of(3, 0);
    let log = world.log(&world.dbservers(), |_| {});
    let before = log.settled();
    let follower = log.follower();
    world.cluster.pause(&follower).unwrap();
    let version = log.edit(|target| target["participants"][&follower] = json!({ "forced": true }));
    let state = log.wait("the reason", |state| state.commit_status().is_some());
    assert_eq!(state.commit_status(), Some("ForcedParticipantNotInQuorum"));
    assert_eq!(state.current["leader"]["commitStatus"]["who"], follower);
    assert!(state.generation() > before.generation() && !state.established());
    world.cluster.resume(&follower).unwrap();
    let state = log.converged(version);
    assert_eq!(state.commit_status(), None);
}
