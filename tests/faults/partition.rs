//! Agents that cannot reach each other, with clients on both sides.

use std::time::Duration;

use rand::RngExt;
use serde_json::json;

use crate::clients::{Clients, Crew};
use crate::cluster::Plan;
use crate::wait::wait_for;
use crate::world::{World, run};

/// Clients that see only one side, and give up soon.
fn clients_of(world: &mut World, side: &[usize]) -> Clients {
    let endpoints = world.cluster.endpoints(side);
    let patience = vec![Duration::from_secs(1), Duration::from_millis(600)];
    world.crew(&Crew { endpoints, patience })
}

/// The others go on without it; what it accepted meanwhile it never acknowledged.
#[test]
fn a_leader_that_is_cut_off_with_a_minority_acknowledges_nothing() {
    run(&Plan { agents: 5, lines: true, ..Plan::default() }, |world: &mut World| {
        for _ in 0..2 {
            let leader = world.cluster.leader();
            let companion = (leader + world.random.random_range(1..5)) % 5;
            let few = [leader, companion];
            let many: Vec<usize> =
                world.cluster.all().into_iter().filter(|n| !few.contains(n)).collect();
            let mut clients_of_few = clients_of(world, &few);
            let mut clients_of_many = clients_of(world, &many);
            clients_of_few.tickets.grant(40);
            clients_of_many.tickets.grant(60);
            clients_of_few.tickets.wait_left(8);
            world.cluster.isolate(&few);
            let cut = world.history.now();
            world.journal.note(format!("cut {few:?} off"));
            clients_of_few.tickets.wait_done();
            clients_of_few.tickets.grant(4);
            clients_of_many.tickets.wait_done();
            let next = world.cluster.leader_among(&many);
            world.journal.note(format!("{next} leads"));
            clients_of_many.tickets.grant(100);
            clients_of_many.tickets.wait_done();
            clients_of_few.tickets.wait_done();
            wait_for("the leader that was cut off to resign", || {
                let config = world.cluster.agents[leader].config()?;
                (config["leaderId"] == json!("")).then_some(())
            });
            let told = world.acknowledged(cut, &clients_of_few);
            assert!(told.is_empty(), "acknowledged without a majority: {told:?}");
            world.cluster.heal();
            world.journal.note("heal");
            clients_of_few.tickets.grant(50);
            clients_of_many.tickets.grant(50);
            clients_of_few.tickets.wait_done();
            clients_of_many.tickets.wait_done();
            clients_of_few.end();
            clients_of_many.end();
            world.cluster.wait_agreed();
        }
    });
}
