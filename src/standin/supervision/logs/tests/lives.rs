//! Stories: logs come and go.

use serde_json::{Value as Json, json};

use super::cluster::{Cluster, DATABASE, target};
use crate::standin::model::paths;

const SERVERS: [&str; 3] = ["a", "b", "c"];

#[test]
fn s4_a_wanted_log_is_planned_acknowledged_led_and_at_work_without_an_election() {
    let mut cluster = Cluster::new(&SERVERS);
    cluster.set_target(target(&SERVERS));
    cluster.round();
    let plan = cluster.get("Plan", "");
    assert_eq!(plan["currentTerm"]["term"], json!(1));
    assert_eq!(plan["participantsConfig"]["generation"], json!(1));
    assert_eq!(plan["participantsConfig"]["config"]["effectiveWriteConcern"], json!(2));
    assert_eq!(plan["owner"], json!("target"));
    assert!(cluster.participants().contains(&cluster.leader().unwrap()));
    cluster.settle();
    cluster.assert_established(&SERVERS);
    assert_eq!((cluster.term(), cluster.generation()), (1, 1));
    assert_eq!(cluster.trace(), ["AddLogToPlan"]);
    assert!(cluster.reports().is_empty());
}

#[test]
fn s5_a_wanted_leader_leads_with_its_present_incarnation() {
    let mut cluster = Cluster::new(&SERVERS);
    cluster.reboot("b");
    let mut wanted = target(&SERVERS);
    wanted["leader"] = json!("b");
    cluster.set_target(wanted);
    cluster.settle();
    let leader = json!({"serverId": "b", "rebootId": 2});
    assert_eq!(cluster.get("Plan", "currentTerm/leader"), leader);
    cluster.assert_established(&SERVERS);
}

#[test]
fn s6_the_version_of_the_target_is_told_when_it_is_reached_and_never_without_one() {
    let mut cluster = Cluster::new(&SERVERS);
    let mut wanted = target(&SERVERS);
    wanted["version"] = json!(7);
    cluster.set_target(wanted);
    cluster.settle();
    assert_eq!(cluster.get("Current", "supervision/targetVersion"), json!(7));
    assert_eq!(cluster.trace(), ["AddLogToPlan", "ConvergedToTarget"]);
    let mut cluster = Cluster::new(&SERVERS);
    cluster.set_target(target(&SERVERS));
    cluster.settle();
    assert_eq!(cluster.get("Current", "supervision/targetVersion"), Json::Null);
}

fn soft(soft: u64) -> Json {
    let mut wanted = target(&SERVERS);
    wanted["config"]["softWriteConcern"] = json!(soft);
    wanted
}

#[test]
fn s7_a_soft_write_concern_dips_until_the_servers_have_acknowledged() {
    let mut cluster = Cluster::new(&SERVERS);
    cluster.set_target(soft(3));
    cluster.round();
    let planned = "participantsConfig/config/effectiveWriteConcern";
    assert_eq!(cluster.number("Plan", planned), 3);
    cluster.round();
    assert_eq!((cluster.number("Plan", planned), cluster.generation()), (2, 2));
    cluster.settle();
    assert_eq!((cluster.number("Plan", planned), cluster.generation()), (3, 3));
    assert_eq!(cluster.number("Current", "supervision/assumedWriteConcern"), 3);
    let update = "UpdateEffectiveAndAssumedWriteConcern";
    assert_eq!(cluster.trace(), ["AddLogToPlan", update, update, "SetAssumedWriteConcern"]);
    cluster.assert_established(&SERVERS);
}

#[test]
fn s7_the_write_concern_dips_after_a_change_of_the_term_as_well() {
    let mut cluster = Cluster::with_log(&SERVERS, soft(3));
    let generation = cluster.generation();
    let term = cluster.term() + 1;
    cluster.set(
        "Plan",
        "currentTerm",
        json!({"term": term, "leader": {"serverId": "b", "rebootId": 1}}),
    );
    cluster.settle();
    let update = "UpdateEffectiveAndAssumedWriteConcern";
    assert_eq!(cluster.trace(), [update, update, "SetAssumedWriteConcern"]);
    assert_eq!(cluster.generation(), generation + 2);
}

#[test]
fn s8_too_few_participants_are_told_of_and_nothing_is_planned() {
    let mut cluster = Cluster::new(&SERVERS);
    let mut wanted = target(&["a"]);
    wanted["config"]["writeConcern"] = json!(3);
    cluster.set_target(wanted);
    cluster.settle();
    assert_eq!(cluster.get("Plan", ""), Json::Null);
    assert_eq!(cluster.reports(), ["TargetNotEnoughParticipants"]);
    let kept = cluster.get("Current", "supervision");
    assert_eq!(kept["assumedWriteConcern"], json!(1));
    assert_eq!(kept["assumedWaitForSync"], json!(false));
    assert!(kept.get("lastTimeModified").is_none());
    assert!(cluster.trace().is_empty());
    // one more, and the log is planned, but never led
    cluster.set("Target", "participants/b", json!({}));
    cluster.settle();
    assert_eq!(cluster.trace(), ["AddLogToPlan"]);
    assert_eq!(cluster.get("Current", "leader/leadershipEstablished"), json!(false));
    assert_eq!(cluster.number("Current", "supervision/assumedWriteConcern"), 3);
    assert!(cluster.reports().is_empty());
}

#[test]
fn s9_a_wanted_leader_that_is_unknown_leads_to_an_election_and_is_told_of() {
    let mut cluster = Cluster::new(&SERVERS);
    let mut wanted = target(&SERVERS);
    wanted["leader"] = json!("nobody");
    cluster.set_target(wanted);
    cluster.round();
    assert_eq!((cluster.term(), cluster.leader()), (1, None));
    cluster.servers.maintain(&mut cluster.world);
    for server in SERVERS {
        let state = cluster.get("Current", &format!("localStatus/{server}/state"));
        assert_eq!(state, json!("Connecting"));
    }
    cluster.settle();
    assert_eq!(cluster.term(), 2);
    assert_eq!(cluster.trace(), ["AddLogToPlan", "LeaderElection"]);
    cluster.assert_established(&SERVERS);
    assert_eq!(cluster.reports(), ["TargetLeaderInvalid"]);
    let leader = cluster.leader().unwrap();
    cluster.set("Target", "leader", json!(leader));
    cluster.settle();
    assert!(cluster.reports().is_empty());
    assert_eq!(cluster.get("Current", "supervision/StatusReport"), Json::Null);
}

fn planned(leader: Option<&str>) -> Json {
    let mut plan = json!({
        "id": 1, "currentTerm": {"term": 1},
        "participantsConfig": {"generation": 1, "participants": {"a": {}, "b": {}, "c": {"allowedAsLeader": false}},
            "config": {"effectiveWriteConcern": 2, "waitForSync": false}},
        "properties": {"implementation": {"type": "black-hole", "parameters": {}}},
    });
    if let Some(leader) = leader {
        plan["currentTerm"]["leader"] = json!({"serverId": leader, "rebootId": 1});
    }
    plan
}

#[test]
fn s10_a_log_that_only_a_script_planned_is_none_of_the_supervisions_business() {
    let mut cluster = Cluster::new(&SERVERS);
    cluster.set("Plan", "", planned(Some("b")));
    cluster.settle();
    assert_eq!(cluster.get("Current", "leader/leadershipEstablished"), json!(true));
    assert_eq!(cluster.get("Current", "supervision"), Json::Null);
    cluster.status("b", "FAILED");
    cluster.reboot("c");
    cluster.settle();
    assert_eq!(cluster.term(), 1);
    cluster.delete("Plan", "");
    cluster.settle();
    assert!(cluster.get("Current", "").is_object());
}

#[test]
fn s10_without_leader_its_participants_stay_connecting_for_good() {
    let mut cluster = Cluster::new(&SERVERS);
    cluster.set("Plan", "", planned(None));
    cluster.settle();
    for server in SERVERS {
        let state = cluster.get("Current", &format!("localStatus/{server}/state"));
        assert_eq!(state, json!("Connecting"));
    }
    assert_eq!(cluster.get("Plan", ""), planned(None));
    assert_eq!(cluster.get("Current", "supervision"), Json::Null);
}

#[test]
fn s11_a_log_without_target_disappears_and_stays_away() {
    let mut cluster = Cluster::with_log(&SERVERS, target(&SERVERS));
    let versions = |cluster: &Cluster| {
        [paths::PLAN_VERSION, paths::TARGET_VERSION, paths::CURRENT_VERSION]
            .map(|path| cluster.world.tree().number(path).unwrap())
    };
    let before = versions(&cluster);
    cluster.world.delete(&paths::target_log(DATABASE, "1"));
    cluster.round();
    assert_eq!(versions(&cluster), before.map(|version| version + 1));
    for _ in 0..3 {
        for tree in ["Target", "Plan", "Current"] {
            assert_eq!(cluster.get(tree, ""), Json::Null, "{tree}");
        }
        cluster.servers.maintain(&mut cluster.world);
        cluster.round();
    }
}

#[test]
fn s11_a_target_that_comes_back_in_between_keeps_its_log() {
    let mut cluster = Cluster::with_log(&SERVERS, target(&SERVERS));
    let wanted = cluster.get("Target", "");
    let plan = cluster.get("Plan", "");
    cluster.world.delete(&paths::target_log(DATABASE, "1"));
    cluster.set_target(wanted);
    cluster.settle();
    assert_eq!(cluster.get("Plan", ""), plan);
}

#[test]
fn c4_3_the_trace_drops_its_oldest_entries() {
    let mut cluster = Cluster::with_log(&SERVERS, target(&SERVERS));
    cluster.set("Target", "supervision/maxActionsTraceLength", json!(2));
    for version in 1..=4 {
        cluster.set("Target", "version", json!(version));
        cluster.settle();
    }
    let actions = cluster.get("Current", "actions");
    let versions: Vec<_> =
        actions.as_array().unwrap().iter().map(|it| it["desc"]["version"].clone()).collect();
    assert_eq!(versions, [json!(3), json!(4)]);
    assert!(actions[0]["time"].as_str().unwrap().ends_with('Z'));
}
