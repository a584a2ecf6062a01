//! S14 to S20: who leads.

use serde_json::json;

use crate::support::{Before, State, World, names, shared};

fn three(world: &World) -> Vec<String> {
    world.dbservers()[..3].to_vec()
}

#[test]
fn s14_the_target_names_another_leader() {
    let world = shared();
    let log = world.log(&three(world), |_| {});
    log.settled();
    let (follower, before) = (log.follower(), Before::of(&log.state()));
    let state = log.reach(|target| target["leader"] = json!(follower));
    assert_eq!(state.leader(), Some(&*follower));
    let expected =
        ["UpdateParticipantFlags", "SwitchLeader", "UpdateParticipantFlags", "ConvergedToTarget"];
    assert_eq!(before.change(&state), (1, 2, names(&expected)));
    assert_eq!(state.plan["participantsConfig"]["participants"][&follower]["forced"], false);
}

#[test]
fn s15_a_leader_that_is_not_allowed_or_no_participant_is_reported() {
    let world = shared();
    let servers = world.dbservers();
    let log = world.log(&servers[..3], |_| {});
    log.settled();
    let (stranger, follower) = (servers[3].clone(), log.follower());
    let before = log.state().plan;
    log.edit(|target| target["leader"] = json!(stranger));
    let state = log.wait("a report", |state| state.reports() == names(&["TargetLeaderInvalid"]));
    assert_eq!(state.plan, before);
    // flags come after leaders: both at once would let it lead first
    log.reach(|target| {
        target.as_object_mut().unwrap().remove("leader");
        target["participants"][&follower] = json!({ "allowedAsLeader": false });
    });
    log.edit(|target| target["leader"] = json!(follower));
    log.wait("another report", |state| {
        state.established() && state.reports() == names(&["TargetLeaderExcluded"])
    });
    let state = log.reach(|target| target["participants"][&follower] = json!({}));
    assert_eq!(state.leader(), Some(&*follower));
}

#[test]
fn s16_a_term_without_leader_ends_in_an_election() {
    let world = shared();
    let servers = three(world);
    let log = world.log(&servers, |_| {});
    log.settled();
    let before = Before::of(&log.state());
    let recorder = crate::recorder::Recorder::start(&world.client);
    log.empty_term();
    let state = log.wait("elected", |state| state.term() >= 3 && state.established());
    assert_eq!(before.change(&state), (2, 1, names(&["LeaderElection"])));
    log.settled();
    // as many as an election needs acknowledged the empty term first; the last one may come too late
    let attended = servers.iter().filter(|server| {
        let seen = recorder.values(&format!("{}/localStatus/{server}", log.path("Current")));
        seen.iter().any(|status| status["term"] == 2 && status["state"] == "Connecting")
    });
    assert!(attended.count() >= 2);
    // a leader that Target wants takes over after the election
    let wanted = log.follower();
    let version = log.edit(|target| target["leader"] = json!(wanted));
    log.converged(version);
    let before = Before::of(&log.settled());
    let other = log.follower();
    log.edit(|target| target["leader"] = json!(other));
    log.empty_term();
    let state = log.wait("the one who is wanted leads", |state| {
        state.leader() == Some(&*other) && state.established()
    });
    let (terms, ..) = before.change(&state);
    assert!((2..=4).contains(&terms), "{terms}");
}

#[test]
fn s17_a_term_with_a_chosen_leader_needs_no_election() {
    let world = shared();
    let log = world.log(&three(world), |_| {});
    log.settled();
    let (chosen, before) = (log.follower(), Before::of(&log.state()));
    let leader = json!({ "serverId": chosen, "rebootId": world.reboot_id(&chosen) });
    let term = json!({ "term": log.state().term() + 5, "leader": leader });
    log.plan(&[("currentTerm", json!({ "op": "set", "new": term }))]);
    let state = log.settled();
    assert_eq!(state.leader(), Some(&*chosen));
    assert_eq!(before.change(&state), (5, 0, names(&[])));
}

#[test]
fn s18_an_excluded_server_is_never_elected() {
    let world = shared();
    let servers = three(world);
    let log = world.log(&servers, |target| {
        target["participants"][&servers[0]] = json!({ "allowedAsLeader": false });
    });
    for _ in 0..4 {
        let term = log.settled().term();
        log.empty_term();
        let state = log.wait("elected", |state| state.term() >= term + 2 && state.established());
        assert_ne!(state.leader(), Some(&*servers[0]));
    }
    let state = log.settled();
    let election = state.current["actions"].as_array().unwrap().iter().rev();
    let election =
        election.map(|one| &one["desc"]).find(|desc| desc["type"] == "LeaderElectionAction");
    let details = &election.unwrap()["election"]["details"];
    assert_eq!(
        (&details[&servers[0]]["code"], &details[&servers[2]]["code"]),
        (&json!(3), &json!(0))
    );
}

#[test]
fn s19_changes_of_the_target_wait_for_a_leader() {
    let world = shared();
    let servers = world.dbservers();
    // nobody may be elected, so that there is no leader for as long as the test wants
    let log = world.log(&servers[..3], |_| {});
    log.settled();
    log.forbid_leaders();
    log.empty_term();
    log.wait("no election", |state| state.reports() == names(&["LeaderElectionOutOfBounds"]));
    let before = log.state().plan;
    let version = log.edit(|target| {
        target["participants"][&servers[3]] = json!({});
        target["config"]["waitForSync"] = json!(true);
    });
    // another log goes through several rounds meanwhile
    let other = world.log(&servers[..3], |_| {});
    other.settled();
    assert_eq!(log.state().plan, before);
    log.allow_leaders(&servers[..2]);
    let state = log.wait("applied after the election", |state| {
        state.current["supervision"]["targetVersion"] == version && state.established()
    });
    assert!(state.participants().contains(&servers[3]));
    assert_eq!(state.plan["participantsConfig"]["config"]["waitForSync"], true);
}

#[test]
fn s20_a_leader_stays_that_is_no_longer_allowed_as_one() {
    let world = shared();
    let log = world.log(&three(world), |_| {});
    let before = log.settled();
    let leader = log.leader();
    let state = log.reach(|target| {
        target["participants"][&leader] = json!({ "allowedAsLeader": false });
    });
    assert_eq!((state.leader(), state.term()), (Some(&*leader), before.term()));
    let flags = |state: &State| {
        state.plan["participantsConfig"]["participants"][&leader]["allowedAsLeader"].clone()
    };
    assert_eq!(flags(&state), false);
}
