//! S4 to S13: logs come and go.

use agencysh::client::Transaction;
use agencysh::standin::ClusterSize;
use serde_json::{Value, json};

use crate::support::{DATABASE, State, World, names, shared, wait_for};

fn three(world: &World) -> Vec<String> {
    world.dbservers()[..3].to_vec()
}

#[test]
fn s4_a_target_becomes_a_plan_with_an_established_leader() {
    let world = shared();
    let log = world.log(&three(world), |_| {});
    let state = log.settled();
    assert_eq!((state.term(), state.generation()), (1, 1));
    assert_eq!(state.plan["owner"], "target");
    assert_eq!(state.effective_write_concern(), 2);
    assert!(state.participants().contains(state.leader().unwrap()));
    let trace = state.trace();
    assert_eq!(trace[0], "AddLogToPlan");
    assert!(!trace.contains(&"LeaderElection".to_owned()), "{trace:?}");
    for id in state.participants() {
        assert_eq!(state.current["localStatus"][&id]["term"], 1);
        assert_eq!(state.current["localStatus"][&id]["snapshotAvailable"], true);
    }
}

#[test]
fn s5_the_leader_of_the_target_leads_from_the_first_term_on() {
    let world = shared();
    let servers = three(world);
    for leader in &servers {
        let log = world.log(&servers, |target| target["leader"] = json!(leader));
        let state = log.settled();
        assert_eq!(state.term(), 1);
        let planned = json!({ "serverId": leader, "rebootId": world.reboot_id(leader) });
        assert_eq!(state.plan["currentTerm"]["leader"], planned);
    }
}

#[test]
fn s6_the_version_is_told_as_reached_if_there_is_one() {
    let world = shared();
    let log = world.log(&three(world), |target| target["version"] = json!(1));
    let state = log.settled();
    assert_eq!(state.trace().last().unwrap(), "ConvergedToTarget");
    let state = log.reach(|_| {});
    assert_eq!(state.current["supervision"]["targetVersion"], 2);

    let silent = world.begin_log(&three(world), |target| {
        target.as_object_mut().unwrap().remove("version");
    });
    let state = silent.settled();
    assert!(state.current["supervision"].get("targetVersion").is_none(), "{state:?}");
}

#[test]
fn s7_the_soft_write_concern_is_reached_in_the_end() {
    let world = shared();
    let log =
        world.begin_log(&three(world), |target| target["config"]["softWriteConcern"] = json!(3));
    let reached = |state: &State| {
        state.established()
            && state.effective_write_concern() == 3
            && state.current["supervision"]["assumedWriteConcern"] == 3
            && state.current["supervision"]["targetVersion"] == 1
    };
    let state = log.wait("three of three", reached);
    assert_eq!(state.term(), 1);
    let updates =
        state.trace().iter().filter(|one| *one == "UpdateEffectiveAndAssumedWriteConcern").count();
    assert_eq!(state.generation(), 1 + updates as u64);
    assert!(updates == 0 || updates == 2, "{:?}", state.trace());
    // the same after each change of the term
    log.empty_term();
    log.wait("three of three again", |state| state.term() > 2 && reached(state));
}

#[test]
fn s8_with_too_few_participants_nothing_is_planned_or_nobody_is_established() {
    let world = shared();
    let servers = three(world);
    let few = world.begin_log(&servers[..1], |target| target["config"]["writeConcern"] = json!(3));
    let state = few.wait("a report", |state| !state.reports().is_empty());
    assert_eq!(state.reports(), names(&["TargetNotEnoughParticipants"]));
    assert_eq!(state.plan, Value::Null);

    let almost =
        world.begin_log(&servers[..2], |target| target["config"]["writeConcern"] = json!(3));
    let state = almost.wait("a leader that is not established", |state| {
        state.current["leader"]["leadershipEstablished"] == false
            && state.participants().iter().all(|id| state.current["localStatus"][id]["term"] == 1)
    });
    assert_eq!(state.term(), 1);
    // the third one is what it takes
    almost.reach(|target| target["participants"][&servers[2]] = json!({}));
}

#[test]
fn s9_a_leader_that_nobody_knows_means_an_election_and_a_report() {
    let world = shared();
    let servers = three(world);
    let log = world.begin_log(&servers, |target| target["leader"] = json!("PRMR-nobody"));
    let state = log.wait("elected", |state| {
        state.established() && state.reports() == names(&["TargetLeaderInvalid"])
    });
    assert_eq!(state.term(), 2);
    assert_eq!(state.trace()[..2], names(&["AddLogToPlan", "LeaderElection"]));
    log.edit(|target| target["leader"] = json!(servers[0]));
    let state = log.wait("corrected", |state| {
        state.leader() == Some(&servers[0]) && state.established() && state.reports().is_empty()
    });
    assert!(state.current["supervision"].get("StatusReport").is_none());
}

#[test]
fn s10_a_log_of_plan_alone_is_executed_and_not_supervised() {
    let world = shared();
    let servers = three(world);
    let plan = |leader: Option<&str>| {
        let id = world.unique();
        let mut term = json!({ "term": 1 });
        if let Some(leader) = leader {
            term["leader"] = json!({ "serverId": leader, "rebootId": world.reboot_id(leader) });
        }
        let participants: serde_json::Map<String, Value> =
            servers.iter().map(|server| (server.clone(), json!({}))).collect();
        let plan = json!({
            "id": id, "currentTerm": term, "participantsConfig": {
                "generation": 1, "participants": participants,
                "config": { "effectiveWriteConcern": 2, "waitForSync": false },
            },
            "properties": { "implementation": { "type": "black-hole", "parameters": {} } },
        });
        let log = crate::support::Log { world, id };
        world.write(Transaction::new(json!({
            log.path("Plan"): { "op": "set", "new": plan },
            "/arango/Plan/Version": { "op": "increment" },
        })));
        log
    };
    let log = plan(Some(&servers[0]));
    let state = log.settled();
    assert_eq!(state.current.get("supervision"), None);
    // flags that a script sets stay
    let path = format!("participantsConfig/participants/{}/allowedInQuorum", servers[1]);
    log.plan(&[
        (&path, json!({ "op": "set", "new": false })),
        ("participantsConfig/generation", json!({ "op": "increment" })),
    ]);
    let state = log.wait("committed", State::established);
    assert_eq!(state.generation(), 2);
    world.write(Transaction::new(json!({
        log.path("Plan"): { "op": "delete" }, "/arango/Plan/Version": { "op": "increment" },
    })));
    for server in &servers {
        wait_for("the log is forgotten", || {
            let answer = world.ask(server, "GET", &log.url("/local-status"), None);
            (answer.status == 404).then(|| answer.is_error(404, 1418))
        });
    }
    assert_ne!(log.state().current["localStatus"], Value::Null);

    let nobody = plan(None);
    nobody.wait("all wait for a leader", |state| {
        servers.iter().all(|id| state.current["localStatus"][id]["state"] == "Connecting")
    });
}

#[test]
fn s11_without_target_everything_of_a_log_goes_and_stays_away() {
    let world = shared();
    let log = world.log(&three(world), |_| {});
    log.settled();
    let versions = |tree: &Value| {
        ["Plan", "Current", "Target"].map(|part| tree[part]["Version"].as_u64().unwrap())
    };
    let before = versions(&world.tree());
    world.client.remove(&log.path("Target")).unwrap();
    let gone =
        |state: &State| state.target.is_null() && state.plan.is_null() && state.current.is_null();
    log.wait("gone", gone);
    let after = versions(&world.tree());
    assert!(
        before.iter().zip(after).all(|(before, after)| *before < after),
        "{before:?} {after:?}"
    );
    // whoever reports late does not bring it back
    let other = world.log(&three(world), |_| {});
    other.settled();
    assert!(gone(&log.state()));
}

#[test]
fn s12_a_log_is_deleted_at_once_by_a_call() {
    let world = shared();
    let log = world.log(&three(world), |_| {});
    for _ in 0..2 {
        let answer = world.coordinate("DELETE", &log.url(""), None);
        assert_eq!((answer.status, &answer.body["error"]), (200, &json!(false)), "{answer:?}");
        let state = log.state();
        assert!(state.target.is_null() && state.plan.is_null() && state.current.is_null());
    }
}

#[test]
fn s13_an_unreadable_target_is_skipped_and_others_go_on() {
    let world = shared();
    let odd =
        world.begin_log(&three(world), |target| target["config"]["replicationFactor"] = json!(3));
    let ids = [json!("text"), json!(null), json!([1]), json!({ "id": "x" })];
    for value in ids {
        let path = format!("Target/ReplicatedLogs/{DATABASE}/{}", world.unique());
        world.client.set(&path, value).unwrap();
    }
    let good = world.log(&three(world), |_| {});
    good.settled();
    let state = odd.state();
    assert!(state.plan.is_null() && state.current.is_null(), "{state:?}");
}

#[test]
fn s6_targets_are_reached_though_the_agency_changes_its_leader() {
    let world = World::of_size(ClusterSize { agents: 5, dbservers: 3, coordinators: 0 });
    let servers = world.dbservers();
    let logs: Vec<_> = (0..8).map(|_| world.begin_log(&servers, |_| {})).collect();
    for round in 0..2 {
        let versions: Vec<u64> = logs
            .iter()
            .enumerate()
            .map(|(at, log)| log.edit(|target| target["leader"] = json!(servers[(at + round) % 3])))
            .collect();
        let agency = world.cluster.agency();
        let leader = wait_for("an agent leads", || agency.leader_id());
        agency.stop_agent(&leader).unwrap();
        for (at, (log, version)) in logs.iter().zip(versions).enumerate() {
            log.converged(version);
            assert_eq!(log.settled().leader(), Some(&*servers[(at + round) % 3]));
        }
    }
}
