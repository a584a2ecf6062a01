//! Disks that stand still now and then.

use std::time::Duration;

use rand::RngExt;

use crate::cluster::Plan;
use crate::disk;
use crate::wait::wait_for;
use crate::world::{World, run};

/// The leader's and a follower's, by turns.
#[test]
fn a_disk_that_stands_still_now_and_then_loses_nothing() {
    run(&Plan::default(), |world: &mut World| {
        let mut clients = world.clients();
        for turn in 0..18 {
            let leader = world.cluster.leader();
            let slow = (leader + turn % 2) % 3;
            let pid = world.cluster.agents[slow].pid();
            let length = Duration::from_millis(world.random.random_range(10..250));
            world.journal.note(format!("the disk of {slow} stands still for {length:?}"));
            clients.tickets.grant(30);
            // the fault itself takes that long
            if !disk::while_still(pid, || std::thread::sleep(length)) {
                break;
            }
            clients.tickets.wait_done();
        }
        clients.end();
    });
}

/// Nothing is acknowledged that only one agent has written, however long the others take.
#[test]
fn a_majority_whose_disks_stand_still_acknowledges_nothing() {
    run(&Plan::default(), |world: &mut World| {
        let mut clients = world.clients();
        clients.tickets.grant(50);
        clients.tickets.wait_done();
        let leader = world.cluster.leader();
        let pids = [1, 2].map(|n| world.cluster.agents[(leader + n) % 3].pid());
        world.journal.note(format!("the disks of all but {leader} stand still"));
        disk::while_still(pids[0], || {
            disk::while_still(pids[1], || {
                let before = world.history.now();
                clients.tickets.grant(60);
                wait_for("writes to end", || (world.ended(before) >= 4).then_some(()));
                let told = world.acknowledged(before, &clients);
                assert!(told.is_empty(), "acknowledged without a majority: {told:?}");
            });
        });
        world.journal.note("all disks work");
        clients.tickets.wait_done();
        clients.end();
    });
}
