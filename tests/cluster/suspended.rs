//! S24 to S31: servers that are suspended, and come back.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::recorder::Recorder;
use crate::support::{Before, State, World, names, wait_for};

fn finished_failed_server_job(tree: &Value, server: &str) -> bool {
    let finished = tree["Target"]["Finished"].as_object();
    let mut jobs = finished.into_iter().flat_map(|jobs| jobs.values());
    jobs.any(|job| job["type"] == "failedServer" && job["server"] == server)
}

/// Suspends servers, and waits until they have failed and their jobs are done.
fn fail(world: &World, servers: &[&String]) {
    for server in servers {
        world.cluster.pause(server).unwrap();
    }
    world.wait("they have failed", |tree| {
        let failed = |server: &&String| {
            tree["Supervision"]["Health"][server]["Status"] == "FAILED"
                && finished_failed_server_job(tree, server)
        };
        servers.iter().all(failed).then_some(())
    });
}

fn resume(world: &World, server: &str) {
    world.cluster.resume(server).unwrap();
    world.wait_status(server, "GOOD");
}

#[test]
fn s24_a_suspended_server_becomes_bad_and_then_failed() {
    let world = World::of(2, 0);
    let server = world.dbservers()[0].clone();
    let recorder = Recorder::start(&world.client);
    fail(&world, &[&server]);
    let tree = world.tree();
    assert_eq!(tree["Target"]["FailedServers"][&server], json!([]));
    assert_eq!(world.reboot_id(&server), 2);
    let seen = recorder.values(&format!("/arango/Supervision/Health/{server}/Status"));
    assert_eq!(seen, [json!("GOOD"), json!("BAD"), json!("FAILED")]);
    resume(&world, &server);
    assert_eq!(world.client.get(&format!("Target/FailedServers/{server}")).unwrap(), None);
}

#[test]
fn s24_few_clients_wait_for_a_suspended_server() {
    let world = World::of(0, 1);
    let server = world.coordinator();
    let url = world.cluster.servers().into_iter().find(|one| one.id == server).unwrap().url;
    let address = url.strip_prefix("http://").unwrap();
    world.cluster.pause(&server).unwrap();
    let mut clients: Vec<TcpStream> = Vec::new();
    for _ in 0..300 {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(b"GET /_api/version HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        clients.push(client);
    }
    wait_for("those that came first are told", || {
        let is_told = |client: &&TcpStream| {
            client.set_nonblocking(true).unwrap();
            let told = client.peek(&mut [0]).is_ok();
            client.set_nonblocking(false).unwrap();
            told
        };
        (clients.iter().filter(is_told).count() == 300 - 256).then_some(())
    });
    world.cluster.resume(&server).unwrap();
    let statuses = clients.iter_mut().map(|client| {
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut head = [0; 12];
        client.read_exact(&mut head).unwrap();
        String::from_utf8_lossy(&head).into_owned()
    });
    let statuses: Vec<String> = statuses.collect();
    let count = |status: &str| statuses.iter().filter(|one| *one == status).count();
    assert_eq!((count("HTTP/1.1 503"), count("HTTP/1.1 200")), (300 - 256, 256));
}

#[test]
fn s25_a_failed_leader_is_replaced() {
    let world = World::of(3, 0);
    let log = world.log(&world.dbservers(), |_| {});
    let before = Before::of(&log.settled());
    let leader = log.leader();
    let recorder = Recorder::start(&world.client);
    fail(&world, &[&leader]);
    let state = log.wait("another leader", |state| {
        state.leader().is_some_and(|id| id != leader) && state.established()
    });
    let (terms, _, trace) = before.change(&state);
    assert_eq!((terms, &trace[..2]), (2, &names(&["WriteEmptyTerm", "LeaderElection"])[..]));
    assert_ne!(state.current["leader"]["serverId"], leader);
    assert!(state.wanted().contains(&leader) && state.participants().contains(&leader));
    assert_eq!(state.current["localStatus"][&leader]["term"], 1);
    // BAD alone changed nothing: the term was emptied when the server had failed
    let terms = recorder.values(&format!("{}/currentTerm/term", log.path("Plan")));
    assert_eq!(terms, [json!(1), json!(2), json!(3)]);
}

#[test]
fn s26_a_failed_follower_lowers_the_effective_write_concern() {
    let world = World::of(3, 0);
    let servers = world.dbservers();
    let strict = world.log(&servers, |_| {});
    let soft = world.log(&servers, |target| {
        target["config"]["softWriteConcern"] = json!(3);
        target["leader"] = strict.settled().leader().into();
    });
    soft.wait("three of three", |state| {
        state.effective_write_concern() == 3 && state.established()
    });
    let (follower, plan) = (strict.follower(), strict.settled().plan);
    fail(&world, &[&follower]);
    let state = soft.wait("two of three", |state| state.effective_write_concern() == 2);
    assert_eq!(state.term(), 1);
    assert_eq!(strict.state().plan, plan);
}

#[test]
fn s27_a_server_that_comes_back_follows() {
    let world = World::of(3, 0);
    let servers = world.dbservers();
    let log = world.log(&servers, |target| target["config"]["softWriteConcern"] = json!(3));
    log.wait("three of three", |state| state.effective_write_concern() == 3 && state.established());
    let leader = log.leader();
    fail(&world, &[&leader]);
    let state = log.wait("another leader", |state| {
        state.leader().is_some_and(|id| id != leader) && state.established()
    });
    let (second, term) = (state.leader().unwrap().to_owned(), state.term());
    resume(&world, &leader);
    let state = log.wait("it follows", |state| {
        state.operational(&leader) && state.effective_write_concern() == 3 && state.established()
    });
    assert_eq!((state.leader(), state.term()), (Some(&*second), term));
    assert_eq!(world.client.get(&format!("Target/FailedServers/{leader}")).unwrap(), None);
    // unless Target wants it to lead
    fail(&world, &[&second]);
    let third = log.wait("a third leader", |state| {
        state.leader().is_some_and(|id| id != second) && state.established()
    });
    assert!(third.term() > term);
    log.edit(|target| target["leader"] = json!(second));
    log.wait("a report", |state| state.reports() == names(&["TargetLeaderFailed"]));
    resume(&world, &second);
    log.wait("leads again", |state| state.leader() == Some(&*second) && state.established());
}

#[test]
fn s28_an_election_needs_enough_clean_participants_or_all() {
    let world = World::of(3, 0);
    let log = world.log(&world.dbservers(), |_| {});
    let state = log.settled();
    let leader = log.leader();
    let others: Vec<String> = state.participants().into_iter().filter(|id| *id != leader).collect();
    fail(&world, &[&leader, &others[0]]);
    let quorum = |state: &State| state.reports() == names(&["LeaderElectionQuorumNotReached"]);
    log.wait("no quorum", |state| state.term() == 2 && state.leader().is_none() && quorum(state));
    // one of the two is there, but not known to have all that is committed
    resume(&world, &others[0]);
    log.wait("it attends", |state| {
        state.current["localStatus"][&others[0]]["term"] == 2 && quorum(state)
    });
    assert_eq!(log.state().term(), 2);
    resume(&world, &leader);
    let state = log.wait("all attend", |state| state.term() == 3 && state.established());
    assert_eq!(state.trace().last().map(String::as_str), Some("LeaderElection"));
}

#[test]
fn s28_with_wait_for_sync_one_of_two_is_enough() {
    let world = World::of(3, 0);
    let log = world.log(&world.dbservers(), |target| target["config"]["waitForSync"] = json!(true));
    let state = log.settled();
    assert_eq!(state.current["supervision"]["assumedWaitForSync"], true);
    let (leader, follower) = (log.leader(), log.follower());
    fail(&world, &[&leader, &follower]);
    log.wait("an empty term", |state| state.term() == 2 && state.leader().is_none());
    resume(&world, &follower);
    log.wait("elected", |state| state.term() == 3 && state.established());
}

#[test]
fn s29_a_new_leader_without_quorum_is_not_established() {
    let world = World::of(3, 0);
    let log = world.log(&world.dbservers(), |target| {
        target["config"] =
            json!({ "writeConcern": 3, "softWriteConcern": 3, "waitForSync": false });
    });
    log.settled();
    let leader = log.leader();
    fail(&world, &[&leader]);
    let state = log.wait("the reason", |state| state.commit_status().is_some());
    assert_eq!(state.current["leader"]["leadershipEstablished"], false);
    assert_eq!(state.commit_status(), Some("NonEligibleServerRequiredForQuorum"));
    assert_ne!(state.leader(), Some(&*leader));
    let candidates = &state.current["leader"]["commitStatus"]["candidates"];
    assert_eq!(candidates[&leader], "wrongTerm");
    resume(&world, &leader);
    let state =
        log.wait("established", |state| state.established() && state.commit_status().is_none());
    assert_eq!(state.term(), 3);
}

#[test]
fn s30_a_leader_without_quorum_stays() {
    let world = World::of(3, 0);
    let log = world.log(&world.dbservers(), |_| {});
    let before = log.settled();
    let leader = log.leader();
    let others: Vec<String> =
        before.participants().into_iter().filter(|id| *id != leader).collect();
    fail(&world, &[&others[0], &others[1]]);
    log.edit(|target| target["participants"][&others[0]] = json!({ "allowedAsLeader": false }));
    let state = log.wait("the reason", |state| state.commit_status().is_some());
    assert_eq!((state.leader(), state.term()), (Some(&*leader), before.term()));
    assert!(!state.established());
    assert!(state.generation() > before.generation());
    resume(&world, &others[0]);
    resume(&world, &others[1]);
    log.wait("committed", |state| state.established() && state.commit_status().is_none());
}

#[test]
fn s31_in_maintenance_nothing_happens_and_then_everything() {
    let world = World::of(3, 1);
    let log = world.log(&world.dbservers(), |_| {});
    log.settled();
    let leader = log.leader();
    let on = world.coordinate("PUT", "/_admin/cluster/maintenance", Some(json!("on")));
    assert_eq!(on.status, 200, "{on:?}");
    let mode = world.coordinate("GET", "/_admin/cluster/maintenance", None);
    assert_eq!(*mode.result(), "Maintenance");
    world.cluster.pause(&leader).unwrap();
    let other = log.follower();
    let plan = log.state().plan;
    log.edit(|target| target["participants"][&other] = json!({ "allowedInQuorum": false }));
    // longer than the grace period
    let began = std::time::Instant::now();
    wait_for("time passes", || (began.elapsed().as_secs_f64() > 3.0).then_some(()));
    assert_eq!((world.status(&leader).as_str(), log.state().plan), ("GOOD", plan));
    let off = world.coordinate("PUT", "/_admin/cluster/maintenance", Some(json!("off")));
    assert_eq!(off.status, 200, "{off:?}");
    log.wait("caught up", |state| {
        let flags = &state.plan["participantsConfig"]["participants"][&other];
        state.health[&leader]["Status"] == "FAILED"
            && state.leader().is_some_and(|id| id != leader)
            && flags["allowedInQuorum"] == false
    });
}
