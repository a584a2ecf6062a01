//! S21 to S23: reboot ids that grow.

use serde_json::json;

use crate::support::{Before, World, names};

fn bump(world: &World, server: &str) -> u64 {
    world.client.increment(&format!("Current/ServersKnown/{server}/rebootId"), 1).unwrap();
    world.reboot_id(server)
}

#[test]
fn s21_a_leader_with_another_reboot_id_loses_its_term() {
    let world = World::of(3, 0);
    let log = world.log(&world.dbservers(), |_| {});
    let before = Before::of(&log.settled());
    let leader = log.leader();
    let number = bump(&world, &leader);
    let state = log.wait("elected", |state| state.term() >= 3 && state.established());
    let (terms, generations, trace) = before.change(&state);
    assert_eq!((terms, generations), (2, 1));
    assert_eq!(trace[..2], names(&["WriteEmptyTerm", "LeaderElection"]));
    let leading = state.leader().unwrap();
    assert_eq!(state.plan["currentTerm"]["leader"]["rebootId"], world.reboot_id(leading));
    let state = log.settled();
    assert_eq!(state.current["localStatus"][&leader]["rebootId"], number);
}

#[test]
fn s22_a_follower_with_another_reboot_id_changes_no_term() {
    let world = World::of(3, 0);
    let log = world.log(&world.dbservers(), |_| {});
    let before = Before::of(&log.settled());
    let follower = log.follower();
    let recorder = crate::recorder::Recorder::start(&world.client);
    let number = bump(&world, &follower);
    let state = log.wait("known to be safe", |state| {
        state.current["safeRebootIds"][&follower] == number
            && state.operational(&follower)
            && state.current["localStatus"][&follower]["rebootId"] == number
    });
    assert_eq!(before.change(&state), (0, 0, names(&[])));
    let path = format!("{}/localStatus/{follower}/state", log.path("Current"));
    let states = recorder.values(&path);
    assert_eq!(
        states,
        [json!("ServiceOperational"), json!("Connecting"), json!("ServiceOperational")]
    );
}

#[test]
fn s23_the_reboot_ids_of_others_change_nothing() {
    let world = World::of(4, 0);
    let servers = world.dbservers();
    let log = world.log(&servers[..3], |_| {});
    let before = log.settled();
    bump(&world, &servers[3]);
    // a later log is seen through by the same servers
    world.log(&servers, |_| {}).settled();
    let after = log.state();
    assert_eq!((after.plan, after.current), (before.plan, before.current));
}
