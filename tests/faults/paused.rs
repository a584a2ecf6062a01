//! Agents that are suspended and go on as if no time had passed.

use std::time::Duration;

use rand::RngExt;

use crate::clients::{Clients, Crew};
use crate::cluster::Plan;
use crate::world::{PATIENT, World, run};

/// The leader's log is cut meanwhile: what the follower missed comes as a snapshot.
#[test]
fn a_follower_that_was_suspended_gets_what_it_missed() {
    let options = ["--agency.compaction-step-size", "60", "--agency.compaction-keep-size", "200"];
    run(&Plan { options: &options, ..Plan::default() }, |world: &mut World| {
        let mut clients = world.clients();
        for _ in 0..2 {
            let leader = world.cluster.leader();
            let follower = (leader + world.random.random_range(1..3)) % 3;
            world.pause(follower);
            clients.tickets.grant(450);
            clients.tickets.wait_done();
            world.resume(follower);
            clients.tickets.grant(50);
            clients.tickets.wait_done();
            world.cluster.wait_agreed();
        }
        clients.end();
    });
}

/// Clients lose patience and ask what became of their writes, which the leader reads only now.
#[test]
fn a_leader_that_was_suspended_for_a_moment_does_nothing_twice() {
    let election_timeout = (Duration::from_secs(1), Duration::from_secs(5));
    run(&Plan { election_timeout, ..Plan::default() }, |world: &mut World| {
        let endpoints = world.cluster.endpoints(&world.cluster.all());
        // a third of it, for one try, is shorter than the leader is away
        let mut clients = world.crew(&Crew { endpoints, patience: vec![3 * TRY; 8] });
        for _ in 0..2 {
            clients.tickets.grant(100);
            clients.tickets.wait_left(world.random.random_range(40..90));
            let leader = world.cluster.leader();
            world.pause(leader);
            // the fault itself takes that long; agents elect another leader after 3 s at least
            std::thread::sleep(TRY + Duration::from_millis(world.random.random_range(20..900)));
            world.resume(leader);
            clients.tickets.wait_done();
        }
        clients.end();
    });
}

/// The shortest time that a client gives one try.
const TRY: Duration = Duration::from_secs(2);

/// Another one leads meanwhile. What the first one had accepted is committed or forgotten; what
/// was sent to it while it was suspended changes nothing, and is shown nothing out of date.
#[test]
fn a_leader_that_was_suspended_finds_itself_replaced() {
    run(&Plan::default(), |world: &mut World| {
        let mut clients = world.clients();
        for _ in 0..3 {
            clients.tickets.grant(120);
            clients.tickets.wait_left(world.random.random_range(40..100));
            let leader = world.cluster.leader();
            world.pause(leader);
            let others: Vec<usize> =
                world.cluster.all().into_iter().filter(|other| *other != leader).collect();
            let next = world.cluster.leader_among(&others);
            world.journal.note(format!("{next} leads"));
            clients.tickets.wait_left(world.random.random_range(0..20));
            let mut faithful = faithful_clients(world, leader);
            world.resume(leader);
            clients.tickets.wait_done();
            faithful.end();
        }
        clients.end();
    });
}

/// Clients that know nobody else and wait for its answer.
fn faithful_clients(world: &mut World, leader: usize) -> Clients {
    let endpoints = world.cluster.endpoints(&[leader]);
    let clients = world.crew(&Crew { endpoints, patience: vec![PATIENT; 8] });
    clients.tickets.grant(16);
    clients.tickets.wait_left(8);
    clients
}
