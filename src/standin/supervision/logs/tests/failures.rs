//! Stories: servers that are suspended and resumed.

use serde_json::{Value as Json, json};

use super::cluster::{Cluster, target};

const SERVERS: [&str; 3] = ["a", "b", "c"];

fn cluster(change: impl FnOnce(&mut Json)) -> Cluster {
    let mut wanted = target(&SERVERS);
    change(&mut wanted);
    Cluster::with_log(&SERVERS, wanted)
}

fn empty_term(cluster: &mut Cluster) {
    let term = cluster.term() + 1;
    cluster.set("Plan", "currentTerm", json!({ "term": term }));
}

#[test]
fn s25_a_leader_that_failed_is_replaced_and_stays_a_participant() {
    let mut cluster = cluster(|_| {});
    let (term, generation) = (cluster.term(), cluster.generation());
    cluster.servers.suspend("a");
    cluster.status("a", "BAD");
    cluster.settle();
    assert!(cluster.trace().is_empty(), "bad is good enough");
    cluster.fail("a");
    assert_eq!((cluster.term(), cluster.leader()), (term + 1, None));
    cluster.settle();
    assert_eq!(cluster.trace(), ["WriteEmptyTerm", "LeaderElection"]);
    assert_eq!((cluster.term(), cluster.generation()), (term + 2, generation + 1));
    assert_ne!(cluster.leader().unwrap(), "a");
    assert_eq!(cluster.participants(), SERVERS);
    assert_eq!(cluster.get("Current", "localStatus/a/term"), json!(term));
    assert_eq!(
        cluster.get("Current", "leader/serverId").as_str().map(str::to_owned),
        cluster.leader()
    );
    cluster.assert_established(&[]);
}

#[test]
fn s26_a_follower_that_failed_lowers_a_soft_write_concern_alone() {
    let mut hard = cluster(|_| {});
    let plan = hard.get("Plan", "");
    hard.fail("b");
    hard.settle();
    assert_eq!(hard.get("Plan", ""), plan);
    let mut soft = cluster(|wanted| wanted["config"]["softWriteConcern"] = json!(3));
    let effective = "participantsConfig/config/effectiveWriteConcern";
    assert_eq!(soft.number("Plan", effective), 3);
    soft.fail("b");
    soft.settle();
    assert_eq!(soft.number("Plan", effective), 2);
    assert_eq!(soft.number("Current", "supervision/assumedWriteConcern"), 2);
    soft.recover("b");
    soft.settle();
    assert_eq!(soft.number("Plan", effective), 3);
    assert_eq!(soft.number("Current", "supervision/assumedWriteConcern"), 3);
    soft.assert_established(&SERVERS);
}

#[test]
fn s27_a_server_that_resumes_follows_whoever_leads_now() {
    let mut cluster = cluster(|_| {});
    cluster.fail("a");
    cluster.settle();
    let plan = cluster.get("Plan", "");
    cluster.recover("a");
    cluster.settle();
    assert_eq!(cluster.get("Plan", ""), plan);
    assert_eq!(cluster.get("Current", "localStatus/a/rebootId"), json!(2));
    cluster.assert_established(&SERVERS);
}

#[test]
fn s27_unless_it_is_the_wanted_leader() {
    let mut cluster = cluster(|wanted| wanted["leader"] = json!("a"));
    cluster.fail("a");
    cluster.settle();
    assert_eq!(cluster.reports(), ["TargetLeaderFailed"]);
    let term = cluster.term();
    cluster.recover("a");
    cluster.settle();
    assert_eq!((cluster.leader().as_deref(), cluster.term()), (Some("a"), term + 1));
    cluster.assert_established(&SERVERS);
}

/// The leader `a` and the follower `b` fail at the same time.
fn two_fail(cluster: &mut Cluster) {
    for server in ["a", "b"] {
        cluster.servers.suspend(server);
        cluster.status(server, "FAILED");
    }
    cluster.round();
    cluster.reboot("a");
    cluster.reboot("b");
    cluster.settle();
    assert_eq!(cluster.reports(), ["LeaderElectionQuorumNotReached"]);
    assert_eq!(cluster.leader(), None);
    assert_eq!(cluster.trace(), ["WriteEmptyTerm"]);
}

#[test]
fn s28_after_two_failures_at_a_time_both_are_needed() {
    for first in ["a", "b"] {
        let mut cluster = cluster(|_| {});
        two_fail(&mut cluster);
        cluster.recover(first);
        cluster.settle();
        assert_eq!(cluster.reports(), ["LeaderElectionQuorumNotReached"], "it is not clean");
        let report = cluster.get("Current", "supervision/StatusReport");
        let election = &report[0]["detail"]["election"];
        assert_eq!(election["participantsVoting"], json!(1));
        assert_eq!(election["participantsAttending"], json!(2));
        cluster.recover(if first == "a" { "b" } else { "a" });
        cluster.settle();
        assert_eq!(cluster.trace(), ["WriteEmptyTerm", "LeaderElection"]);
        cluster.assert_established(&SERVERS);
    }
}

#[test]
fn s28_one_is_enough_if_everything_is_on_disk() {
    let mut cluster = cluster(|wanted| wanted["config"]["waitForSync"] = json!(true));
    assert_eq!(cluster.get("Current", "supervision/assumedWaitForSync"), json!(true));
    two_fail(&mut cluster);
    cluster.recover("b");
    cluster.settle();
    assert_eq!(cluster.trace(), ["WriteEmptyTerm", "LeaderElection"]);
    cluster.assert_established(&["b", "c"]);
}

#[test]
fn s28_one_is_enough_if_its_new_incarnation_was_known_to_the_leader() {
    let mut cluster = cluster(|_| {});
    // the leader commits the new reboot id while `c` still runs
    cluster.fail("b");
    cluster.settle();
    assert_eq!(cluster.get("Current", "safeRebootIds/b"), json!(2));
    cluster.fail("a");
    cluster.settle();
    assert_eq!(cluster.reports(), ["LeaderElectionQuorumNotReached"]);
    cluster.recover("b");
    cluster.settle();
    cluster.assert_established(&["b", "c"]);
}

#[test]
fn s28_of_two_followers_that_failed_one_after_the_other_the_first_is_clean() {
    for (resumed, elected) in [("b", true), ("c", false)] {
        let mut cluster = cluster(|_| {});
        cluster.fail("b");
        cluster.settle();
        cluster.fail("c");
        cluster.settle();
        assert_eq!(cluster.get("Current", "safeRebootIds"), json!({"a": 1, "b": 2, "c": 1}));
        empty_term(&mut cluster);
        cluster.settle();
        assert_eq!(cluster.reports(), ["LeaderElectionQuorumNotReached"]);
        cluster.recover(resumed);
        cluster.settle();
        assert_eq!(cluster.leader().is_some(), elected, "{resumed}");
    }
}

#[test]
fn s29_with_a_write_concern_of_all_a_leader_is_elected_but_not_established() {
    let mut cluster = cluster(|wanted| {
        wanted["config"] = json!({"writeConcern": 3, "waitForSync": false});
    });
    cluster.fail("a");
    cluster.settle();
    assert_eq!(cluster.trace(), ["WriteEmptyTerm", "LeaderElection"]);
    assert_ne!(cluster.leader().unwrap(), "a");
    assert_eq!(cluster.get("Current", "leader/leadershipEstablished"), json!(false));
    cluster.recover("a");
    cluster.settle();
    assert_eq!(cluster.trace(), ["WriteEmptyTerm", "LeaderElection"]);
    cluster.assert_established(&SERVERS);
}

#[test]
fn s30_a_leader_without_quorum_stays_and_commits_nothing_new() {
    let mut cluster = cluster(|_| {});
    let (term, generation) = (cluster.term(), cluster.generation());
    cluster.fail("b");
    cluster.fail("c");
    cluster.set("Target", "participants/b/allowedAsLeader", json!(false));
    cluster.settle();
    assert_eq!((cluster.term(), cluster.leader().as_deref()), (term, Some("a")));
    assert_eq!(cluster.generation(), generation + 1);
    let committed = "leader/committedParticipantsConfig/generation";
    assert_eq!(cluster.number("Current", committed), generation);
    cluster.recover("b");
    cluster.settle();
    assert_eq!(cluster.number("Current", committed), generation + 1);
    cluster.assert_established(&["a", "b"]);
}

#[test]
fn c4_6_an_outdated_reboot_id_wastes_a_term_and_no_more() {
    let mut cluster = cluster(|_| {});
    let term = cluster.term();
    cluster.reboot("a");
    cluster.round();
    cluster.servers.maintain(&mut cluster.world);
    // everybody starts anew before the leader is elected
    for server in SERVERS {
        cluster.reboot(server);
    }
    cluster.round();
    assert_eq!(cluster.term(), term + 2);
    cluster.settle();
    let trace = ["WriteEmptyTerm", "LeaderElection", "WriteEmptyTerm", "LeaderElection"];
    assert_eq!(cluster.trace(), trace);
    assert_eq!(cluster.term(), term + 4);
    cluster.assert_established(&SERVERS);
}
