//! Servers that do not reach each other for a while.

use std::time::Duration;

use agencysh::standin::{ClusterConfig, ClusterSize, EmbeddedCluster, StandinError};
use serde_json::{Value, json};

use crate::recorder::Recorder;
use crate::support::{World, wait_for};

fn groups(groups: &[&[&str]]) -> Vec<Vec<String>> {
    groups.iter().map(|group| group.iter().map(|&name| name.to_owned()).collect()).collect()
}

fn partition(world: &World, named: &[&[&str]]) {
    world.cluster.partition(&groups(named)).unwrap();
}

/// Whom an agent takes for the leader; empty if it knows of none.
fn leader_of(world: &World, agent: &str) -> String {
    let answer = world.ask(agent, "GET", "/_api/agency/config", None);
    answer.body["leaderId"].as_str().unwrap_or_default().to_owned()
}

/// What an agent itself has committed below `/arango/Test`.
fn stored(world: &World, agent: &str) -> Value {
    let answer = world.ask(agent, "GET", "/_api/agency/stores", None);
    answer.body["read_db"][0]["arango"]["Test"].clone()
}

/// Asks one agent to write; gives the status.
fn write_to(world: &World, agent: &str, key: &str) -> u16 {
    let path = format!("/arango/Test/{key}");
    let body = json!([[{ path: { "op": "set", "new": 1 } }]]);
    world.ask(agent, "POST", "/_api/agency/write", Some(body)).status
}

#[test]
fn a_leader_cut_off_with_a_minority_is_replaced_and_what_it_accepted_is_gone() {
    let world = World::of_size(ClusterSize { agents: 5, dbservers: 1, coordinators: 0 });
    let agents = world.cluster.agency().agent_ids();
    let old = leader_of(&world, &agents[0]);
    let companion = agents.iter().find(|id| **id != old).unwrap();
    let many: Vec<&String> = agents.iter().filter(|id| **id != old && *id != companion).collect();
    partition(&world, &[&[&old, companion]]);
    assert_ne!(write_to(&world, &old, "lost"), 200, "acknowledged without a majority");
    let new = wait_for("the others elect one of them", || {
        let leader = leader_of(&world, many[0]);
        let agreed = many.iter().all(|agent| leader_of(&world, agent) == leader);
        (agreed && many.contains(&&leader)).then_some(leader)
    });
    wait_for("the old one leads no more", || leader_of(&world, &old).is_empty().then_some(()));
    assert_eq!(write_to(&world, &new, "kept"), 200);
    assert_eq!(stored(&world, &old), Value::Null);
    // members of the majority's side find the new leader
    wait_for("a heartbeat", || {
        let path = format!("/arango/Sync/ServerStates/{}", world.dbservers()[0]);
        let body = json!([[path]]);
        let answer = world.ask(&new, "POST", "/_api/agency/transient", Some(body));
        answer.body[0].pointer(&path).map(drop)
    });
    world.cluster.heal();
    wait_for("all follow the same one, and have what it has", || {
        let leader = leader_of(&world, &old);
        let agreed = |agent: &String| {
            leader_of(&world, agent) == leader && stored(&world, agent) == json!({ "kept": 1 })
        };
        (!leader.is_empty() && agents.iter().all(agreed)).then_some(())
    });
    assert_eq!(world.client.get("Test").unwrap(), Some(json!({ "kept": 1 })));
}

#[test]
fn a_dbserver_cut_off_from_the_agents_fails_and_comes_back() {
    let world = World::of(2, 0);
    let server = world.dbservers()[0].clone();
    let known = || {
        let answer = world.ask(&server, "GET", "/_admin/status", None);
        answer.body["serverInfo"]["rebootId"].clone()
    };
    let recorder = Recorder::start(&world.client);
    partition(&world, &[&["dbserver1"]]);
    world.client.set(&format!("Current/ServersKnown/{server}/rebootId"), json!(9)).unwrap();
    world.wait_status(&server, "FAILED");
    let seen = recorder.values(&format!("/arango/Supervision/Health/{server}/Status"));
    assert_eq!(seen, [json!("GOOD"), json!("BAD"), json!("FAILED")]);
    assert_eq!(world.status(&world.dbservers()[1]), "GOOD");
    // it answers whoever is no server, and has not heard of anything
    assert_eq!(known(), json!(1));
    world.cluster.heal();
    world.wait_status(&server, "GOOD");
    wait_for("it hears of what has happened", || (known().as_u64() >= Some(9)).then_some(()));
}

#[test]
fn a_coordinator_is_cut_off_until_another_cut_takes_the_place_of_the_first() {
    let world = World::of(1, 1);
    let (server, coordinator) = (world.dbservers()[0].clone(), world.coordinator());
    partition(&world, &[&[&coordinator]]);
    world.wait_status(&coordinator, "FAILED");
    assert_eq!(world.status(&server), "GOOD");
    assert_eq!(world.coordinate("GET", "/_api/version", None).status, 200);
    // it goes on trying, so that it is told something harmless
    let (off, soon) = (json!("off"), Duration::from_millis(300));
    let answer = world.ask_within("PUT", "/_admin/cluster/maintenance", off, soon);
    assert!(answer.is_none_or(|answer| answer.status != 200), "the agency was told");
    partition(&world, &[&["dbserver1"]]);
    world.wait_status(&coordinator, "GOOD");
    world.wait_status(&server, "FAILED");
    let answer = world.coordinate("PUT", "/_admin/cluster/maintenance", Some(json!("off")));
    assert_eq!(answer.status, 200, "{answer:?}");
    world.cluster.heal();
    world.wait_status(&server, "GOOD");
}

#[test]
fn what_a_leader_cannot_replicate_across_a_cut_is_committed_when_that_is_healed() {
    let world = World::of(3, 1);
    let log = world.log(&world.dbservers(), |_| {});
    let leader = log.leader();
    let state = log.settled();
    let followers = state.participants().into_iter().filter(|id| *id != leader);
    world.cluster.partition(&[followers.collect()]).unwrap();
    let path = format!("/_api/log/{}/insert", log.id);
    let url = format!("/_db/{}{path}", crate::support::DATABASE);
    let answer = world.ask_within("POST", &url, json!("x"), Duration::from_millis(500));
    assert!(answer.is_none_or(|answer| answer.status >= 300), "committed by one of three");
    world.cluster.heal();
    let answer = log.insert(json!("y"));
    assert!(answer.status < 300, "{answer:?}");
}

#[test]
fn a_server_that_is_started_again_stays_in_its_group_and_a_new_one_is_with_the_rest() {
    let world = World::of(2, 0);
    let agent = world.cluster.agency().agent_ids()[0].clone();
    partition(&world, &[&["dbserver1", &agent]]);
    // it would not find the agent with the rest
    world.cluster.restart("dbserver1").unwrap();
    world.wait_status(&world.dbservers()[0], "GOOD");
    world.wait_status(&world.dbservers()[1], "FAILED");
    partition(&world, &[&["dbserver2"]]);
    let added = world.cluster.add_dbserver().unwrap();
    world.wait_status(&added, "GOOD");
    assert_eq!(world.status(&world.dbservers()[1]), "FAILED");
}

#[test]
fn an_agent_that_is_started_again_is_still_cut_off() {
    let config = ClusterConfig { agents_keep: true, ..ClusterConfig::default() };
    let cluster = EmbeddedCluster::start_configured(ClusterSize::agents(3), config).unwrap();
    let agency = cluster.agency();
    let old = agency.leader_id().unwrap();
    cluster.partition(&[vec![old.clone()]]).unwrap();
    let led_by_another = || agency.leader_id().filter(|leader| *leader != old);
    let new = wait_for("another leader", led_by_another);
    cluster.restart(&old).unwrap();
    // alone it cannot lead, and it does not disturb the others
    let place = agency.agent_ids().iter().position(|id| *id == old).unwrap();
    let url = agency.endpoints()[place].clone();
    let leader = || crate::support::get(&format!("{url}/_api/agency/config"))["leaderId"].clone();
    assert_eq!(leader(), json!(""));
    assert_eq!(agency.leader_id(), Some(new));
    cluster.heal();
    wait_for("it follows", || (leader() != json!("") && leader() != json!(old)).then_some(()));
}

#[test]
fn groups_that_make_no_sense_change_nothing() {
    let world = World::of(2, 0);
    let server = world.dbservers()[0].clone();
    partition(&world, &[&["dbserver1"]]);
    let refused = |named: &[&[&str]]| world.cluster.partition(&groups(named)).unwrap_err();
    let error = refused(&[&["dbserver2"], &["dbserver7"]]);
    assert!(matches!(&error, StandinError::UnknownServer { id } if id == "dbserver7"), "{error}");
    let error = refused(&[&["dbserver2", "agent1"], &[&world.dbservers()[1]]]);
    let twice = matches!(&error, StandinError::NamedTwice { id } if *id == world.dbservers()[1]);
    assert!(twice, "{error}");
    world.wait_status(&server, "FAILED");
    assert_eq!(world.status(&world.dbservers()[1]), "GOOD");
    // nobody is cut off from nobody
    partition(&world, &[]);
    world.wait_status(&server, "GOOD");
    partition(&world, &[&[], &[]]);
    assert_eq!(world.ask(&server, "GET", "/_api/version", None).status, 200);
}
