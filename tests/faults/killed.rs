//! Agents that are killed while they are written to.

use rand::RngExt;

use crate::cluster::Plan;
use crate::world::{World, run};

/// Who remains goes on; who was killed comes back with what it had acknowledged.
#[test]
fn a_leader_that_is_killed_loses_nothing() {
    run(&Plan::default(), |world: &mut World| {
        let mut clients = world.clients();
        for _ in 0..3 {
            clients.tickets.grant(160);
            clients.tickets.wait_left(world.random.random_range(60..140));
            let leader = world.cluster.leader();
            world.kill(&[leader]);
            if world.random.random_bool(0.5) {
                // the others have to do
                clients.tickets.wait_done();
            }
            world.restart(&[leader]);
            clients.tickets.wait_done();
        }
        clients.end();
    });
}

/// They come back with everything that any of them had acknowledged.
#[test]
fn agents_that_are_all_killed_at_once_lose_nothing() {
    run(&Plan::default(), |world: &mut World| {
        let mut clients = world.clients();
        for _ in 0..4 {
            clients.tickets.grant(120);
            clients.tickets.wait_left(world.random.random_range(10..100));
            let mut all = world.cluster.all();
            world.kill(&all);
            let first = world.random.random_range(0..all.len());
            all.rotate_left(first);
            world.restart(&all);
            clients.tickets.wait_done();
        }
        clients.end();
    });
}

/// They begin with a snapshot, and some of the log is gone.
///
/// An agent that was restarted does not know ids from before its newest snapshot, nor does a real
/// one. So none is killed while a write may be under way that comes before one.
#[test]
fn agents_that_are_killed_come_back_with_their_snapshots() {
    let options = ["--agency.compaction-step-size", "100", "--agency.compaction-keep-size", "50"];
    run(&Plan { options: &options, ..Plan::default() }, |world: &mut World| {
        let mut clients = world.clients();
        for _ in 0..3 {
            clients.tickets.grant(100);
            clients.tickets.wait_done();
            while !between_compactions(world) {
                clients.tickets.grant(10);
                clients.tickets.wait_done();
            }
            clients.tickets.grant(30);
            clients.tickets.wait_left(world.random.random_range(5..25));
            let all = world.cluster.all();
            world.kill(&all);
            world.restart(&all);
            clients.tickets.wait_done();
        }
        clients.end();
    });
}

/// Whether there has been no compaction for some entries, and will be none for more.
fn between_compactions(world: &World) -> bool {
    let leader = world.cluster.leader();
    let Some(config) = world.cluster.agents[leader].config() else { return false };
    let number = |what: &str| config[what].as_u64().unwrap();
    let commit = number("commitIndex");
    commit >= number("lastCompactionAt") + 10 && commit + 45 <= number("nextCompactionAfter")
}

/// Less than a majority is there for a while, in ever different company.
#[test]
fn agents_that_are_killed_one_after_the_other_lose_nothing() {
    run(&Plan::default(), |world: &mut World| {
        let mut clients = world.clients();
        for _ in 0..4 {
            clients.tickets.grant(100);
            clients.tickets.wait_left(world.random.random_range(10..80));
            let mut all = world.cluster.all();
            let first = world.random.random_range(0..all.len());
            all.rotate_left(first);
            for agent in &all[..2] {
                world.kill(&[*agent]);
            }
            all.rotate_left(world.random.random_range(0..2));
            let gone: Vec<usize> =
                all.into_iter().filter(|n| !world.cluster.agents[*n].is_awake()).collect();
            world.restart(&gone);
            clients.tickets.wait_done();
        }
        clients.end();
    });
}
