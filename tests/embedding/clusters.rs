//! Clusters without scripts: in this process, in others, and those of others.

use std::path::Path;

use agencysh::cluster::{LaunchOptions, World};
use agencysh::{Cluster, Host, Target};
use serde_json::json;

use crate::{eval_json, wait_until};

/// Agents as processes of the program that Cargo has built.
fn processes(folder: &Path, agents: usize) -> LaunchOptions {
    LaunchOptions {
        agents,
        program: Some(env!("CARGO_BIN_EXE_agencysh").into()),
        root: Some(folder.join("cluster")),
        output_directory: folder.join("out"),
        dump_agency_on_shutdown: false,
        ..LaunchOptions::default()
    }
}

fn state_of(cluster: &Cluster, name: &str) -> &'static str {
    let all = cluster.instances().unwrap();
    all.iter().find(|one| one.name == name).unwrap().state.name()
}

#[test]
fn an_agent_in_this_process_can_be_suspended_killed_and_started_again() {
    let cluster = Cluster::embedded(3).unwrap();
    assert_eq!((cluster.world(), cluster.root()), ("embedded", None));
    let agency = cluster.agency().unwrap();
    agency.set("Test/Number", json!(1)).unwrap();
    cluster.suspend("agent1").unwrap();
    assert_eq!(state_of(&cluster, "agent1"), "suspended");
    agency.increment("Test/Number", 1).unwrap();
    let twice = cluster.suspend("agent1").unwrap_err();
    assert_eq!(twice.kind(), "cluster.wrong_state");
    cluster.resume("agent1").unwrap();
    cluster.stop("agent2").unwrap();
    assert_eq!(state_of(&cluster, "agent2"), "stopped");
    cluster.restart("agent2").unwrap();
    cluster.kill("agent3").unwrap();
    agency.increment("Test/Number", 1).unwrap();
    cluster.restart("agent3").unwrap();
    wait_until("all agents are well", || agency.health().is_ok_and(|health| health.healthy));
    assert_eq!(agency.get("Test/Number").unwrap(), Some(json!(3)));
    assert!(cluster.crashes().is_empty(), "what is killed by its owner has not crashed");
    let unknown = cluster.kill("agent9").unwrap_err();
    assert_eq!(unknown.kind(), "cluster.unknown_server");
    assert!(unknown.message().contains("agent1"), "{unknown}");
    cluster.shutdown().unwrap();
    assert!(cluster.instances().unwrap().iter().all(|one| one.state.name() == "stopped"));
    cluster.shutdown().unwrap();
    assert_eq!(cluster.kill("agent1").unwrap_err().kind(), "cluster.wrong_state");
}

#[test]
fn an_agent_that_is_cut_off_leads_no_more_and_learns_what_it_missed() {
    let cluster = Cluster::embedded(3).unwrap();
    let agency = cluster.agency().unwrap();
    let old = agency.leader().unwrap().id;
    cluster.partition(&[[&old]]).unwrap();
    agency.set("Test/Number", json!(1)).unwrap();
    assert_ne!(agency.leader().unwrap().id, old);
    cluster.heal().unwrap();
    wait_until("all agents are well", || agency.health().is_ok_and(|health| health.healthy));
    wait_until("it has what the others have", || {
        let stored = agency.state(Some(&old)).unwrap_or_default();
        stored.to_string().contains("Test/Number")
    });
    assert_eq!(cluster.partition(&[["agent9"]]).unwrap_err().kind(), "cluster.unknown_server");
    let twice = cluster.partition(&[vec!["agent1", "agent2"], vec!["agent1"]]).unwrap_err();
    assert_eq!(twice.kind(), "argument.invalid");
}

#[test]
fn a_cluster_with_members_gets_one_more() {
    let options = LaunchOptions {
        agents: 1,
        dbservers: 1,
        coordinators: 1,
        world: World::Embedded,
        ..LaunchOptions::default()
    };
    let cluster = Cluster::launch(options).unwrap();
    let added = cluster.add_dbserver().unwrap();
    assert_eq!(added, "dbserver2");
    let roles: Vec<String> = cluster.instances().unwrap().into_iter().map(|one| one.role).collect();
    assert_eq!(roles.iter().filter(|role| *role == "dbserver").count(), 2, "{roles:?}");
}

#[test]
fn a_dump_is_written_into_the_folder_that_is_named() {
    let cluster = Cluster::embedded(1).unwrap();
    cluster.agency().unwrap().set("Test/Number", json!(1)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let archive = cluster.dump(folder.path()).unwrap();
    assert!(archive.starts_with(folder.path()), "{}", archive.display());
    assert!(std::fs::read(&archive).unwrap().starts_with(b"PK"));
}

#[test]
fn agents_in_other_processes_are_killed_started_again_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::launch(processes(folder.path(), 3)).unwrap();
    assert_eq!(cluster.world(), "processes");
    assert_eq!(cluster.root(), Some(folder.path().join("cluster")));
    let agency = cluster.agency().unwrap();
    agency.set("Test/Number", json!(1)).unwrap();
    let leader = agency.leader().unwrap().id;
    cluster.kill(&leader).unwrap();
    agency.increment("Test/Number", 1).unwrap();
    assert_ne!(agency.leader().unwrap().id, leader);
    cluster.restart(&leader).unwrap();
    wait_until("all agents are well", || agency.health().is_ok_and(|health| health.healthy));
    let host = Host::builder().target(Target::Shared(cluster.clone())).build().unwrap();
    assert_eq!(eval_json(&host, "agency::current().get(\"Test/Number\")"), 2);
    assert_eq!(cluster.partition(&[["agent1"]]).unwrap_err().kind(), "cluster.unsupported");
    assert_eq!(cluster.heal().unwrap_err().kind(), "cluster.unsupported");
    let pids: Vec<i64> = cluster.instances().unwrap().iter().filter_map(|one| one.pid).collect();
    assert_eq!(pids.len(), 3);
    assert!(pids.iter().all(|pid| *pid != i64::from(std::process::id())));
    cluster.shutdown().unwrap();
    assert!(cluster.instances().unwrap().iter().all(|one| one.state.name() == "stopped"));
}

#[test]
fn a_cluster_of_others_can_be_adopted_and_goes_on_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let owner = Cluster::launch(processes(folder.path(), 1)).unwrap();
    let topology = folder.path().join("cluster/topology.json");
    let adopted = Cluster::adopt(&topology).unwrap();
    assert_eq!(adopted.world(), "adopted");
    adopted.agency().unwrap().set("Test/By", json!("guest")).unwrap();
    assert_eq!(owner.agency().unwrap().get("Test/By").unwrap(), Some(json!("guest")));
    // it obeys the guest as it does its owner
    adopted.suspend("agent1").unwrap();
    assert_eq!(state_of(&owner, "agent1"), "suspended");
    adopted.resume("agent1").unwrap();
    drop(adopted);
    assert_eq!(state_of(&owner, "agent1"), "running");
    owner.shutdown().unwrap();
}

#[test]
fn a_cluster_that_cannot_be_is_refused_by_name() {
    let even = Cluster::embedded(2).unwrap_err();
    assert_eq!(even.kind(), "usage.agency_size");
    let missing = Cluster::adopt("/no/such/topology.json").unwrap_err();
    assert!(missing.report().contains("/no/such/topology.json"), "{}", missing.report());
    let folder = tempfile::tempdir().unwrap();
    let program = Some("/no/such/program".into());
    let options = LaunchOptions { program, ..processes(folder.path(), 1) };
    let error = Cluster::launch(options).unwrap_err();
    assert!(error.report().contains("/no/such/program"), "{}", error.report());
}
