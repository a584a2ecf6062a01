//! W: the write statements that need a live agency.

use std::time::{Duration, Instant};

use agencysh::standin::agent::AgentConfig;
use serde_json::{Value, json};

use crate::support::{Agency, send, shared, stalled, unique, wait_for};

#[test]
fn w1_transactions_of_one_two_and_three_elements() {
    let agency = shared();
    let key = unique("w1");
    let results = agency.written(json!([
        [{ &key: 1 }],
        [{ &key: 2 }, {}],
        [{ &key: 3 }, { &key: 2 }, unique("w1-id")],
    ]));
    assert_eq!(results.len(), 3);
}

#[test]
fn w2_results_strictly_increase() {
    let agency = shared();
    let key = unique("w2");
    let mut last = 0;
    for _ in 0..10 {
        let body = json!([[{ &key: 1 }], [{ &key: 2 }], [{ &key: 3 }, {}]]);
        for index in agency.written(body) {
            assert!(index > last);
            last = index;
        }
    }
}

#[test]
fn w3_body_must_be_a_non_empty_array() {
    let agency = shared();
    for endpoint in ["write", "transact", "transient"] {
        for body in ["{}", "\"x\"", "7", "null", ""] {
            agency
                .post_raw(endpoint, body)
                .is_message(400, "Expecting array of arrays as body for writes");
        }
        agency.post_raw(endpoint, "[]").is_message(400, "Empty request");
    }
}

#[test]
fn w4_transactions_must_be_arrays() {
    let agency = shared();
    let syntax = "Transaction syntax is [{<operations>}, {<preconditions>}, \"clientId\"]";
    let key = unique("w4");
    for body in [json!([{ &key: 1 }]), json!([[{ &key: 1 }], { &key: 1 }])] {
        agency.post("write", &body).is_message(400, syntax);
    }
    assert_eq!(agency.read(&key), json!({}));
}

#[test]
fn w5_misshapen_transactions_yield_zero() {
    let agency = shared();
    let key = unique("w5");
    for body in [json!([[]]), json!([["x"]]), json!([[7]]), json!([[{ &key: 1 }, {}, "id", 0]])] {
        agency.post("write", &body).is(200, json!({ "results": [0] }));
    }
    assert_eq!(agency.read(&key), json!({}));
}

#[test]
fn w6_operations_must_not_be_empty() {
    let agency = shared();
    for body in [json!([[{}]]), json!([[{}, {}]])] {
        agency.post("write", &body).is_message(400, "Index out of bounds");
    }
    let key = unique("w6");
    let refused = agency.post("write", &json!([[{}, { &key: "no" }]]));
    refused.is(412, json!({ "results": [0] }));
}

#[test]
fn w7_mixed_success_is_412_and_commits_the_rest() {
    let agency = shared();
    let (a, b) = (unique("w7-a"), unique("w7-b"));
    let reply = agency.post(
        "write",
        &json!([[{ &a: 1 }], [{ &b: 1 }, { &a: 7 }], [{ &a: { "op": "set" } }], [{ &a: 2 }]]),
    );
    assert_eq!(reply.status, 412);
    let results = reply.results();
    assert!(results[0] > 0 && results[3] > results[0]);
    assert_eq!(results[1..3], [0, 0]);
    assert_eq!(agency.read(&a), json!({ &a: 2 }));
    assert_eq!(agency.read(&b), json!({}));
}

#[test]
fn w10_structural_error_ends_the_chunk_unless_it_is_last() {
    let agency = Agency::configured(1, |c| c.wait_for_sync = true);
    let last = agency.post("write", &json!([[{ "a": 1 }], [{ "b": 1 }, null]]));
    assert_eq!(last.status, 200);
    assert_eq!(last.results()[1], 0);
    assert_eq!(agency.read("/"), json!({ "a": 1 }));

    let before = agency.commit_index();
    let earlier = agency.post("write", &json!([[{ "c": 1 }], [{ "b": 1 }, null], [{ "d": 1 }]]));
    earlier.is_message(400, "Invalid transaction syntax");
    assert_eq!(agency.read("/"), json!({ "a": 1 }));
    assert_eq!(agency.commit_index(), before);
    // Nor does it linger in the write-ahead store.
    let lingering = agency.post("write", &json!([[{ "e": 1 }, { "c": { "oldEmpty": true } }]]));
    assert_eq!(lingering.status, 200);

    // Chunks before it stay: 25 transactions each while the log is synced.
    let mut transactions: Vec<Value> = (0..60).map(|n| json!([{ format!("f/{n}"): n }])).collect();
    transactions[55] = json!([{ "g": 1 }, 7]);
    let reply = agency.post("write", &json!(transactions));
    reply.is_message(400, "Invalid transaction syntax");
    agency.written(json!([[{ "h": 1 }]]));
    let kept = agency.read("/f")["f"].as_object().unwrap().len();
    assert_eq!(kept, 50);
}

#[test]
fn w11_the_agents_own_key_is_forbidden() {
    let agency = shared();
    for key in [".agency", "/.agency", "/.agency/x", ".agency-more", "x.agency"] {
        let reply = agency.post("write", &json!([[{ key: 1 }]]));
        reply.is(403, json!({ "results": [0] }));
    }
    let key = unique("w11");
    let mixed = agency.post("write", &json!([[{ &key: 1 }], [{ &key: 2, "/.agency": 1 }]]));
    assert_eq!(mixed.status, 403);
    assert_eq!(mixed.results()[1], 0);
    assert_eq!(agency.read(&key), json!({ &key: 1 }));
    let elsewhere = format!("/{key}-x/.agency");
    agency.written(json!([[{ elsewhere: 1 }]]));
}

#[test]
fn w12_wait_modes() {
    let agency = stalled();
    let write = format!("{}/_api/agency/write", agency.leader());
    let key = unique("w12");
    let body = json!([[{ &key: 1 }], [{ &key: 1 }, { &key: 7 }], [{ "/.agency": 1 }]]).to_string();
    let send_as = |name: &str, mode: &str| {
        let begin = Instant::now();
        let reply = send("POST", &write, &[(name, mode)], body.as_bytes());
        assert!(begin.elapsed() < Duration::from_secs(8), "{mode} waits");
        reply
    };
    send_as("X-ArangoDB-Agency-Mode", "noWait").is(200, json!({}));
    let sequenced = send_as("x-arangodb-agency-mode", "waitForSequenced");
    assert_eq!(sequenced.status, 403);
    assert!(sequenced.results()[0] > 0);
    assert_eq!(sequenced.results()[1..], [0, 0]);
    let anything = send_as("X-ARANGODB-AGENCY-MODE", "NOWAIT");
    assert_eq!(anything.status, 403);

    let healthy = shared();
    let key = unique("w12");
    let body = json!([[{ &key: 1 }]]).to_string();
    let mode = [("x-arangodb-agency-mode", "waitForCommitted")];
    let waited = healthy.send("POST", "/_api/agency/write", &mode, body.as_bytes());
    assert_eq!(waited.status, 200);
    assert_eq!(healthy.read(&key), json!({ &key: 1 }));
}

/// Whether a precondition fails may depend on a write that is never committed.
#[test]
fn p17_a_refusal_waits_for_what_it_rests_on() {
    let agency = Agency::configured(3, |c| {
        c.max_ping = Duration::from_secs(600);
        c.commit_timeout = Duration::from_millis(300);
    });
    let (leader, url) = (agency.leader_id(), agency.leader());
    for (_, id) in agency.members().into_iter().filter(|(_, id)| *id != leader) {
        agency.agents.stop_agent(&id).unwrap();
    }
    let post = |endpoint: &str, mode: &str, body: &Value| {
        let url = format!("{url}/_api/agency/{endpoint}");
        let mode = [("x-arangodb-agency-mode", mode)];
        send("POST", &url, &mode, body.to_string().as_bytes())
    };
    let refused = json!([[{ "p17": 2 }, { "p17": { "oldEmpty": true } }]]);
    let failed = json!([[{ "p17": { "op": "set" } }]]);
    let committed = post("write", "waitForCommitted", &json!([[{ "p17": 2 }, { "p17": 7 }]]));
    committed.is(412, json!({ "results": [0] }));

    assert!(post("write", "waitForSequenced", &json!([[{ "p17": 1 }]])).results()[0] > 0);
    for body in [&refused, &failed] {
        post("write", "waitForCommitted", body).is_error(408, 408);
        post("transact", "waitForCommitted", body).is_error(408, 408);
    }
    post("write", "waitForSequenced", &refused).is(412, json!({ "results": [0] }));
}

#[test]
fn w13_no_progress_is_408() {
    let defaults = AgentConfig::new("AGNT-1", "tcp://h:1", Vec::new());
    assert_eq!(defaults.commit_timeout, Duration::from_secs(10));
    let agency = stalled();
    let leader = agency.leader();
    let begin = Instant::now();
    let body = json!([[{ unique("w13"): 1 }]]).to_string();
    let write = format!("{leader}/_api/agency/write");
    let reply = send("POST", &write, &[], body.as_bytes());
    reply.is_error(408, 408);
    assert_eq!(reply.json()["errorMessage"], json!("request timeout"));
    let waited = begin.elapsed();
    assert!(waited >= Duration::from_secs(10), "{waited:?}");
}

#[test]
fn w13_lost_leadership_is_503() {
    // A leader that keeps its leadership long enough to accept the write.
    let agency = Agency::configured(3, |c| c.max_ping = Duration::from_secs(3));
    let leader = agency.leader_id();
    let url = agency.leader();
    for (_, id) in agency.members() {
        if id != leader {
            agency.agents.stop_agent(&id).unwrap();
        }
    }
    let reply = send("POST", &format!("{url}/_api/agency/write"), &[], br#"[[{"w13":1}]]"#);
    reply.is_error(503, 503);
    assert_eq!(reply.json()["errorMessage"], json!("service unavailable"));
}

#[test]
fn w14_twenty_thousand_transactions_in_one_request() {
    let agency = shared();
    let key = unique("w14");
    let transactions: Vec<Value> = (0..20_000)
        .map(|n| {
            let counter = format!("{key}/counter");
            let condition = if n == 0 { json!({ "oldEmpty": true }) } else { json!(n) };
            json!([{ &counter: { "op": "increment" } }, { &counter: condition }])
        })
        .collect();
    let results = agency.written(json!(transactions));
    assert_eq!(results.len(), 20_000);
    assert!(results.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(agency.read(&key), json!({ &key: { "counter": 20_000 } }));
}

#[test]
fn w14_a_request_is_run_to_its_end_though_its_client_leaves() {
    use std::io::Write;
    let agency = shared();
    let key = unique("w14");
    let transactions: Vec<Value> =
        (0..10_000).map(|_| json!([{ &key: { "op": "increment" } }])).collect();
    let body = json!(transactions).to_string();
    let leader = agency.leader();
    let address = leader.trim_start_matches("http://");
    let send_and_leave = |body: &str| {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let length = body.len();
        let head = format!(
            "POST /_api/agency/write HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all((head + body).as_bytes()).unwrap();
    };
    send_and_leave(&body);
    wait_for("all of them", || (agency.read(&key) == json!({ &key: 10_000 })).then_some(()));
    for _ in 0..50 {
        send_and_leave(&json!([[{ &key: { "op": "increment" } }]]).to_string());
    }
    wait_for("the small ones", || (agency.read(&key) == json!({ &key: 10_050 })).then_some(()));
}
