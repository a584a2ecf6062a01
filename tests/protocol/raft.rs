//! F: what can be seen of Raft.

use std::time::{Duration, Instant};

use agencysh::standin::agent::{self, AgentConfig, CompactionRule};
use serde_json::{Value, json};

use crate::support::{Agency, config, send, wait_for};

#[test]
fn f1_first_entry_of_each_leadership_sets_the_agency_key() {
    let agency = Agency::of(3);
    let leader = agency.leader_id();
    let first = agency.read("/.agency")[".agency"].clone();
    assert_eq!(first["term"], json!(1));
    assert_eq!(first["id"], json!(leader));
    assert_eq!(first["size"], json!(3));
    assert_eq!(first["timeoutMult"], json!(1));
    assert_eq!(first["active"].as_array().map(Vec::len), Some(3));
    assert_eq!(first["pool"].as_object().map(|p| p.len()), Some(3));
    assert_eq!(agency.read("/"), json!({}), "hidden");
    assert_eq!(agency.written(json!([[{ "f1": 1 }]])), [2], "1 is the configuration");

    agency.agents.stop_agent(&leader).unwrap();
    let second = agency.read("/.agency")[".agency"].clone();
    assert_ne!(second["id"], json!(leader));
    let log = agency.get("/_api/agency/state").json()["log"].clone();
    let mut term = 0;
    for entry in log.as_array().unwrap() {
        let changed = entry["term"].as_u64() > Some(term);
        assert_eq!(entry["request"].get(".agency").is_some(), changed, "{entry}");
        term = entry["term"].as_u64().unwrap();
    }
    assert_eq!(second["term"], json!(term));
}

#[test]
fn f2_leader_loss_keeps_what_is_committed() {
    let agency = Agency::of(3);
    let mut written = Vec::new();
    for n in 0..50 {
        written.extend(agency.written(json!([[{ format!("f2/{n}"): n }, {}, format!("f2-{n}")]])));
    }
    let old = agency.leader_id();
    let old_term = config(&agency.leader())["term"].as_u64();
    agency.agents.stop_agent(&old).unwrap();
    let tree = agency.read("/f2");
    assert_eq!(tree["f2"].as_object().map(|o| o.len()), Some(50));
    let shown = config(&agency.leader());
    assert_ne!(shown["leaderId"], json!(old));
    assert!(shown["term"].as_u64() > old_term);
    let next = agency.written(json!([[{ "f2/more": 1 }]]))[0];
    assert!(Some(&next) > written.last());
}

#[test]
fn f3_minority_leader_stops_serving() {
    let agency = Agency::of(3);
    let leader = agency.leader_id();
    let url = agency.leader();
    for (_, id) in agency.members() {
        if id != leader {
            agency.agents.stop_agent(&id).unwrap();
        }
    }
    let begin = Instant::now();
    let read = format!("{url}/_api/agency/read");
    let refused = wait_for("the leader to resign", || {
        let reply = send("POST", &read, &[], b"[[\"/\"]]");
        (reply.status != 200).then_some(reply)
    });
    refused.is_message(503, "No leader");
    assert!(begin.elapsed() < Duration::from_secs(10));
    wait_for("the leader to know", || (config(&url)["leaderId"] == json!("")).then_some(()));
    let write = format!("{url}/_api/agency/write");
    send("POST", &write, &[], b"[[{\"f3\":1}]]").is_message(503, "No leader");
    // It steps down for good: the term moves on.
    wait_for("another term", || (config(&url)["term"].as_u64() > Some(1)).then_some(()));
}

#[test]
fn f5_compaction_keeps_the_tree_and_recent_client_ids() {
    let agency = Agency::configured(3, |c| {
        c.compaction.step = 10;
        c.compaction.keep = 5;
    });
    for n in 0..32 {
        let counter = json!({ "op": "increment" });
        agency.written(
            json!([[{ "f5/counter": counter, format!("f5/{n}"): n }, {}, format!("f5-{n}")]]),
        );
    }
    let tree = agency.read("/f5")["f5"].clone();
    assert_eq!(tree["counter"], json!(32));
    assert_eq!(tree.as_object().map(|o| o.len()), Some(33));
    let shown = config(&agency.leader());
    let compacted = shown["lastCompactionAt"].as_u64().unwrap();
    assert!(compacted >= 30 && compacted.is_multiple_of(10), "{shown}");
    assert_eq!(shown["nextCompactionAfter"], json!(compacted + 10));
    assert_eq!(agency.post("inquire", &json!(["f5-31"])).status, 200);
    assert_eq!(agency.post("inquire", &json!(["f5-0"])).results(), [0]);
    let log = agency.get("/_api/agency/state").json()["log"].clone();
    assert_eq!(log[0]["_key"], json!(format!("{:020}", compacted - 5)));
}

/// An agent that joins when the log has been cut gets a snapshot.
#[test]
fn lagging_agent_gets_a_snapshot() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bind = || runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let mut listeners = [Some(bind()), Some(bind()), Some(bind())];
    let address = |n: usize| listeners[n].as_ref().unwrap().local_addr().unwrap();
    let pool: Vec<(String, String)> =
        (0..3).map(|n| (format!("AGNT-{n}"), format!("tcp://{}", address(n)))).collect();
    let late = format!("http://{}", address(2));
    let mut start = |n: usize| {
        let (id, endpoint) = pool[n].clone();
        let mut config = AgentConfig::new(id, endpoint, pool.clone());
        config.min_ping = Duration::from_millis(200);
        config.max_ping = Duration::from_millis(600);
        config.compaction = CompactionRule { step: 10, keep: 20 };
        runtime.block_on(agent::start(listeners[n].take().unwrap(), config)).unwrap()
    };
    let first = start(0);
    let second = start(1);
    let url = first.url().to_owned();
    let write = |n: u64| {
        wait_for("a write", || {
            let body =
                json!([[{ format!("late/{n}"): { "n": n, "d": 0.5 } }, {}, format!("late-{n}")]]);
            let body = body.to_string();
            let reply = send("POST", &format!("{url}/_api/agency/write"), &[], body.as_bytes());
            (reply.status == 200).then_some(())
        });
    };
    for n in 0..100 {
        write(n);
    }
    let third = start(2);
    assert_eq!(third.url(), late);
    let commit = config(&url)["commitIndex"].clone();
    wait_for("the late agent to catch up", || {
        (config(&late)["commitIndex"] == commit).then_some(())
    });
    let stores = |url: &str| -> Value {
        let reply = send("GET", &format!("{url}/_api/agency/stores"), &[], b"");
        reply.json()["read_db"].clone()
    };
    assert_eq!(stores(&late), stores(&url));
    let state = |url: &str| send("GET", &format!("{url}/_api/agency/state"), &[], b"").json();
    assert_eq!(state(&late)["log"], state(&url)["log"]);
    // It knows the client ids that came with the snapshot, once it leads.
    runtime.block_on(first.shutdown());
    let inquire =
        |url: &str| send("POST", &format!("{url}/_api/agency/inquire"), &[], b"[\"late-99\"]");
    let other = second.url().to_owned();
    let known = wait_for("a leader among the others", || {
        [&late, &other].into_iter().map(|url| inquire(url)).find(|reply| reply.status == 200)
    });
    assert!(known.results()[0] > 0);
    runtime.block_on(second.shutdown());
    runtime.block_on(third.shutdown());
}
