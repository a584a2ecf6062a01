//! Stories: leaders and terms.

use serde_json::{Value as Json, json};

use super::cluster::{Cluster, target};
use crate::standin::model::{Transaction, paths};

const SERVERS: [&str; 3] = ["a", "b", "c"];

fn cluster() -> Cluster {
    Cluster::with_log(&SERVERS, target(&SERVERS))
}

/// What a script does to have a leader elected.
fn empty_term(cluster: &mut Cluster) {
    let term = format!("{}/currentTerm", paths::plan_log(super::cluster::DATABASE, "1"));
    cluster.world.apply(
        Transaction::new()
            .increment(format!("{term}/term"))
            .delete(format!("{term}/leader"))
            .increment(paths::PLAN_VERSION),
    );
}

#[test]
fn s14_a_follower_that_is_wanted_becomes_the_leader() {
    let mut cluster = cluster();
    let (term, generation) = (cluster.term(), cluster.generation());
    cluster.set("Target", "leader", json!("b"));
    cluster.set("Target", "version", json!(2));
    cluster.round();
    assert_eq!(cluster.generation(), generation + 1);
    assert_eq!(cluster.get("Plan", "participantsConfig/participants/b/forced"), json!(true));
    cluster.round();
    assert_eq!(cluster.leader().as_deref(), Some("a"), "the leader has not committed it yet");
    assert_eq!(cluster.reports(), ["WaitingForConfigCommitted"]);
    cluster.settle();
    let update = "UpdateParticipantFlags";
    assert_eq!(cluster.trace(), [update, "SwitchLeader", update, "ConvergedToTarget"]);
    assert_eq!((cluster.term(), cluster.generation()), (term + 1, generation + 2));
    assert_eq!(cluster.leader().as_deref(), Some("b"));
    assert_eq!(cluster.get("Plan", "participantsConfig/participants/b/forced"), json!(false));
    assert!(cluster.reports().is_empty());
    cluster.assert_established(&SERVERS);
}

#[test]
fn s14_with_a_soft_write_concern_it_dips_in_between() {
    let mut wanted = target(&SERVERS);
    wanted["config"]["softWriteConcern"] = json!(3);
    let mut cluster = Cluster::with_log(&SERVERS, wanted);
    cluster.set("Target", "leader", json!("b"));
    cluster.settle();
    let (update, dip) = ("UpdateParticipantFlags", "UpdateEffectiveAndAssumedWriteConcern");
    let trace: Vec<_> = cluster.trace();
    let without: Vec<_> =
        trace.iter().filter(|it| *it != dip && *it != "SetAssumedWriteConcern").collect();
    assert_eq!(without, [update, "SwitchLeader", update]);
    assert_eq!(cluster.number("Current", "supervision/assumedWriteConcern"), 3);
    cluster.assert_established(&SERVERS);
}

#[test]
fn s15_a_wanted_leader_that_cannot_lead_is_told_of_until_it_can() {
    let mut cluster = cluster();
    cluster.servers.suspend("b");
    cluster.status("b", "FAILED");
    cluster.settle();
    let plan = cluster.get("Plan", "");
    cluster.set("Target", "leader", json!("b"));
    cluster.settle();
    assert_eq!(cluster.reports(), ["TargetLeaderFailed"]);
    assert_eq!(cluster.get("Plan", ""), plan);
    cluster.recover("b");
    cluster.settle();
    assert_eq!(cluster.leader().as_deref(), Some("b"));

    cluster.set("Target", "leader", json!("x"));
    cluster.settle();
    assert_eq!(cluster.reports(), ["TargetLeaderInvalid"]);

    cluster.set("Target", "participants/c/allowedAsLeader", json!(false));
    cluster.settle();
    cluster.set("Target", "leader", json!("c"));
    cluster.settle();
    assert_eq!(cluster.reports(), ["TargetLeaderExcluded"]);
    assert_eq!(cluster.leader().as_deref(), Some("b"));
    cluster.set("Target", "participants/c/allowedAsLeader", json!(true));
    cluster.settle();
    assert_eq!(cluster.leader().as_deref(), Some("c"));
    assert!(cluster.reports().is_empty());
}

#[test]
fn s16_a_term_that_a_script_empties_ends_with_an_election() {
    let mut cluster = cluster();
    let (term, generation) = (cluster.term(), cluster.generation());
    empty_term(&mut cluster);
    cluster.round();
    assert_eq!(cluster.reports(), ["LeaderElectionOutOfBounds"]);
    cluster.servers.maintain(&mut cluster.world);
    for server in SERVERS {
        let status = cluster.get("Current", &format!("localStatus/{server}"));
        assert_eq!((&status["term"], &status["state"]), (&json!(term + 1), &json!("Connecting")));
    }
    cluster.round();
    assert_eq!(cluster.reports(), ["LeaderElectionSuccess"]);
    let election = cluster.get("Current", "supervision/StatusReport/");
    assert_eq!(election[0]["detail"]["election"]["allParticipantsAttending"], json!(true));
    cluster.settle();
    assert_eq!(cluster.trace(), ["LeaderElection"]);
    assert_eq!((cluster.term(), cluster.generation()), (term + 2, generation + 1));
    assert!(cluster.reports().is_empty());
    cluster.assert_established(&SERVERS);
}

#[test]
fn s16_a_wanted_leader_follows_the_election() {
    for seed in 0..10 {
        let mut cluster = cluster();
        cluster.set("Target", "leader", json!("c"));
        cluster.settle();
        let term = cluster.term();
        for _ in 0..seed {
            // other random numbers
            cluster.world.stage(|round| rand::Rng::next_u64(round.random));
        }
        empty_term(&mut cluster);
        cluster.round();
        cluster.servers.maintain(&mut cluster.world);
        cluster.round();
        let elected = cluster.leader().unwrap();
        cluster.settle();
        assert_eq!(cluster.leader().as_deref(), Some("c"));
        let net = if elected == "c" { 2 } else { 3 };
        assert_eq!(cluster.term(), term + net);
    }
}

#[test]
fn s17_a_term_that_a_script_writes_whole_needs_no_election() {
    let mut cluster = cluster();
    cluster.set(
        "Plan",
        "currentTerm",
        json!({"term": 9, "leader": {"serverId": "c", "rebootId": 1}}),
    );
    cluster.settle();
    assert_eq!((cluster.term(), cluster.leader().as_deref()), (9, Some("c")));
    assert!(cluster.trace().is_empty());
    cluster.assert_established(&SERVERS);
}

#[test]
fn s18_excluded_and_failed_servers_are_never_elected() {
    let servers = ["a", "b", "c", "d", "e"];
    let mut wanted = target(&servers);
    wanted["config"]["writeConcern"] = json!(3);
    let mut cluster = Cluster::with_log(&servers, wanted);
    cluster.set("Target", "participants/b/allowedAsLeader", json!(false));
    cluster.settle();
    cluster.servers.suspend("c");
    cluster.status("c", "FAILED");
    for _ in 0..20 {
        empty_term(&mut cluster);
        cluster.settle();
        let leader = cluster.leader().unwrap();
        assert!(["a", "d", "e"].contains(&leader.as_str()), "{leader}");
    }
}

#[test]
fn s19_changes_of_the_target_wait_for_a_leader() {
    let mut cluster = Cluster::with_log(&["a", "b", "c", "d"], target(&SERVERS));
    for server in ["b", "c"] {
        cluster.servers.suspend(server);
        cluster.status(server, "FAILED");
    }
    cluster.settle();
    empty_term(&mut cluster);
    cluster.settle();
    assert_eq!(cluster.reports(), ["LeaderElectionQuorumNotReached"]);
    let plan = cluster.get("Plan", "");
    cluster.set("Target", "participants/d", json!({}));
    cluster.set("Target", "participants/b", json!({"allowedInQuorum": false}));
    cluster.set("Target", "config/waitForSync", json!(true));
    cluster.settle();
    assert_eq!(cluster.get("Plan", ""), plan);
    for server in ["b", "c"] {
        cluster.recover(server);
    }
    cluster.settle();
    let config = cluster.get("Plan", "participantsConfig");
    assert_eq!(config["config"]["waitForSync"], json!(true));
    assert_eq!(config["participants"]["b"]["allowedInQuorum"], json!(false));
    assert_eq!(cluster.participants(), ["a", "b", "c", "d"]);
    assert_eq!(cluster.trace()[0], "LeaderElection");
    cluster.assert_established(&["a", "b", "c", "d"]);
}

#[test]
fn s20_the_current_leader_keeps_leading_when_it_is_excluded() {
    let mut cluster = cluster();
    let term = cluster.term();
    cluster.set("Target", "participants/a/allowedAsLeader", json!(false));
    cluster.settle();
    assert_eq!((cluster.term(), cluster.leader().as_deref()), (term, Some("a")));
    assert_eq!(
        cluster.get("Plan", "participantsConfig/participants/a/allowedAsLeader"),
        json!(false)
    );
    assert_eq!(cluster.trace(), ["UpdateParticipantFlags"]);
    cluster.assert_established(&SERVERS);
}

#[test]
fn s21_a_leader_with_a_new_reboot_id_is_replaced_by_an_election() {
    let mut cluster = cluster();
    let (term, generation) = (cluster.term(), cluster.generation());
    cluster.reboot("a");
    cluster.settle();
    assert_eq!(cluster.trace(), ["WriteEmptyTerm", "LeaderElection"]);
    assert_eq!((cluster.term(), cluster.generation()), (term + 2, generation + 1));
    let leader = cluster.leader().unwrap();
    let known = cluster.world.get(&paths::reboot_id(&leader));
    assert_eq!(Some(cluster.get("Plan", "currentTerm/leader/rebootId")), known);
    assert_eq!(cluster.get("Current", "localStatus/a/rebootId"), json!(2));
    cluster.assert_established(&SERVERS);
}

#[test]
fn s22_a_follower_with_a_new_reboot_id_changes_no_term() {
    let mut cluster = cluster();
    let plan = cluster.get("Plan", "");
    cluster.reboot("b");
    cluster.settle();
    assert_eq!(cluster.get("Plan", ""), plan);
    assert_eq!(cluster.get("Current", "localStatus/b/rebootId"), json!(2));
    assert_eq!(cluster.get("Current", "safeRebootIds"), json!({"a": 1, "b": 2, "c": 1}));
    assert!(cluster.trace().is_empty());
    cluster.assert_established(&SERVERS);
}

#[test]
fn s23_a_server_that_takes_no_part_changes_nothing() {
    let mut cluster = Cluster::with_log(&["a", "b", "c", "d"], target(&SERVERS));
    let before = (cluster.get("Plan", ""), cluster.get("Current", ""));
    cluster.reboot("d");
    cluster.status("d", "FAILED");
    cluster.settle();
    assert_eq!((cluster.get("Plan", ""), cluster.get("Current", "")), before);
    assert_ne!(before.0, Json::Null);
}
