//! L: poll.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Agency, PATIENCE, Reply, send, wait_for};

fn poll(agency: &Agency, parameters: &str) -> Reply {
    agency.get(&format!("/_api/agency/poll{parameters}"))
}

/// Indices of the entries, checked to be in an answer for `first`.
#[track_caller]
fn entries(reply: &Reply, first: u64) -> Vec<u64> {
    assert_eq!(reply.status, 200);
    let body = reply.json();
    assert_eq!(body["error"], json!(false));
    assert_eq!(body["code"], json!(200));
    let result = &body["result"];
    assert_eq!(result["firstIndex"], json!(first), "{body}");
    let log = result["log"].as_array().unwrap();
    let indices: Vec<u64> = log.iter().map(|e| e["index"].as_u64().unwrap()).collect();
    assert_eq!(indices.last(), result["commitIndex"].as_u64().as_ref());
    indices
}

#[test]
fn l1_index_zero_gives_the_snapshot() {
    let agency = Agency::of(1);
    let index = agency.written(json!([[{ "l1": 1 }]]))[0];
    for parameters in ["", "?index=0", "?index=nonsense", "?index=-3", "?timeout=1"] {
        let body = poll(&agency, parameters).json();
        assert_eq!(body.as_object().map(|o| o.len()), Some(1), "{body}");
        let result = &body["result"];
        assert_eq!(result["commitIndex"], json!(index));
        assert_eq!(result["firstIndex"], json!(0));
        assert_eq!(result["readDB"]["l1"], json!(1));
        assert!(result["readDB"][".agency"].is_object());
    }
}

#[test]
fn l2_entries_are_consecutive() {
    let agency = Agency::of(1);
    for n in 0..10 {
        agency.written(json!([[{ "l2": n }, {}, "l2-id"]]));
    }
    let commit = agency.commit_index();
    for first in 1..=commit {
        let reply = poll(&agency, &format!("?index={first}"));
        let expected: Vec<u64> = (first..=commit).collect();
        assert_eq!(entries(&reply, first), expected);
    }
    let log = poll(&agency, "?index=1").json()["result"]["log"].clone();
    assert!(log[0]["query"][".agency"].is_object());
    assert_eq!(log[1], json!({ "index": 2, "query": { "l2": 0 } }));
}

#[test]
fn l3_blocks_until_a_commit() {
    let agency = Agency::of(3);
    let next = agency.commit_index() + 1;
    let url = format!("{}/_api/agency/poll?index={}", agency.leader(), next + 1);
    let (low, high) = std::thread::scope(|scope| {
        let high = scope.spawn(|| send("GET", &url, &[], b""));
        let low = scope.spawn(|| poll(&agency, &format!("?index={next}")));
        agency.written(json!([[{ "l3": 1 }]]));
        let low = low.join().unwrap();
        assert!(!high.is_finished(), "beyond the commit it keeps waiting");
        agency.written(json!([[{ "l3": 2 }]]));
        (low, high.join().unwrap())
    });
    assert_eq!(entries(&low, next)[0], next);
    assert_eq!(entries(&high, next + 1), [next + 1]);
}

#[test]
fn l4_timeout_gives_nothing_new() {
    let agency = Agency::of(1);
    let commit = agency.commit_index();
    for timeout in ["0", "0.3", "-1"] {
        let begin = Instant::now();
        let reply = poll(&agency, &format!("?index={}&timeout={timeout}", commit + 1));
        assert!(begin.elapsed() < Duration::from_secs(5));
        let result = json!({ "commitIndex": commit, "log": [] });
        reply.is(200, json!({ "error": false, "code": 200, "result": result }));
    }
    let begin = Instant::now();
    poll(&agency, &format!("?index={}&timeout=0.3", commit + 1));
    assert!(begin.elapsed() >= Duration::from_millis(300));
}

#[test]
fn l5_compacted_index_gives_the_snapshot() {
    let agency = Agency::configured(1, |c| {
        c.compaction.step = 10;
        c.compaction.keep = 5;
    });
    while agency.commit_index() < 23 {
        agency.written(json!([[{ "l5": { "op": "increment" } }]]));
    }
    // The newest snapshot is at 20, so that 15 is the first entry retained.
    let old = poll(&agency, "?index=14").json();
    assert_eq!(old["result"]["firstIndex"], json!(0));
    assert!(old["result"]["readDB"].is_object());
    assert!(old.get("code").is_none());
    let expected: Vec<u64> = (15..=23).collect();
    assert_eq!(entries(&poll(&agency, "?index=15"), 15), expected);
}

#[test]
fn l6_the_stream_reproduces_the_store() {
    let agency = Agency::of(3);
    let bodies = [
        json!([[{ "/l6/a": 1, "/l6/b/c": [1, { "x": null }] }]]),
        json!([[{ "/l6/a": { "op": "increment", "step": 41 } }], [{ "/l6/q": { "op": "push", "new": 1 } }]]),
        json!([[{ "/l6/b": { "op": "delete" } }]]),
        json!([[{ "/l6/q": { "op": "push", "new": "ü" } }, { "/l6/a": 42 }]]),
        json!([[{ "/l6/d": 2.5, "/l6/e": 1e300, "/l6/f": 9007199254740993_i64 }]]),
    ];
    for body in bodies {
        agency.written(body);
    }
    let log = poll(&agency, "?index=1").json()["result"]["log"].clone();
    let mirror = Agency::of(1);
    for entry in log.as_array().unwrap() {
        let query = &entry["query"];
        if query.get(".agency").is_none() {
            mirror.written(json!([[query]]));
        }
    }
    assert_eq!(mirror.read("/l6"), agency.read("/l6"));
    assert_eq!(agency.read("/l6")["l6"]["q"], json!([1, "ü"]));
}

#[test]
fn l7_resignation_ends_a_waiting_poll() {
    let agency = Agency::of(3);
    let leader = agency.leader_id();
    let url = format!("{}/_api/agency/poll?index=999999&timeout=60", agency.leader());
    let poll = std::thread::spawn(move || send("GET", &url, &[("x-arango-async", "store")], b""));
    let accepted = poll.join().unwrap();
    let id = accepted.header("x-arango-async-id").unwrap().to_owned();
    let url = agency.url_of(&leader);
    for (_, id) in agency.members() {
        if id != leader {
            agency.agents.stop_agent(&id).unwrap();
        }
    }
    let reply = wait_for("the end of the poll", || {
        let reply = send("PUT", &format!("{url}/_api/job/{id}"), &[], b"");
        (reply.status != 204).then_some(reply)
    });
    reply.is_error(503, 503);
    assert_eq!(reply.json()["errorMessage"], json!("No leader"));
}

#[test]
fn l8_a_deferred_poll_is_finished_when_the_write_returns() {
    let agency = Agency::of(3);
    let leader = agency.leader();
    for round in 0..100 {
        let next = agency.commit_index() + 1;
        let poll = format!("{leader}/_api/agency/poll?index={next}&timeout=60");
        let accepted = send("GET", &poll, &[("x-arango-async", "store")], b"");
        assert_eq!(accepted.status, 202);
        let id = accepted.header("x-arango-async-id").unwrap().to_owned();
        let chunk: Vec<Value> = (0..5).map(|n| json!([{ "l8": n }])).collect();
        let written = agency.written(json!(chunk));
        let reply = send("PUT", &format!("{leader}/_api/job/{id}"), &[], b"");
        assert_eq!(reply.status, 200, "round {round}");
        if written[0] == next {
            assert_eq!(entries(&reply, next), written);
        }
    }
}

#[test]
fn l9_polling_changes_nothing() {
    let agency = Agency::of(1);
    let index = agency.written(json!([[{ "l9": 1 }]]))[0];
    let first = poll(&agency, &format!("?index={index}"));
    assert_eq!(entries(&first, index), [index]);
    let begin = Instant::now();
    for _ in 0..5 {
        let again = poll(&agency, &format!("?index={index}"));
        assert_eq!(again.json(), first.json());
    }
    assert!(begin.elapsed() < PATIENCE);
}

#[test]
fn l3_several_waiters_each_get_their_own_entries() {
    let agency = Agency::of(3);
    let leader = agency.leader();
    let next = agency.commit_index() + 1;
    let deferred: Vec<(u64, String)> = (0..4)
        .map(|n| {
            let url = format!("{leader}/_api/agency/poll?index={}&timeout=60", next + n);
            let accepted = send("GET", &url, &[("x-arango-async", "store")], b"");
            let id = accepted.header("x-arango-async-id").unwrap();
            (next + n, format!("{leader}/_api/job/{id}"))
        })
        .collect();
    let written = agency.written(json!([[{ "l3": 1 }], [{ "l3": 2 }], [{ "l3": 3 }]]));
    assert_eq!(written, [next, next + 1, next + 2], "nobody else writes");
    for (index, job) in &deferred[..3] {
        let reply = send("PUT", job, &[], b"");
        let expected: Vec<u64> = (*index..=next + 2).collect();
        assert_eq!(entries(&reply, *index), expected);
    }
    let (_, beyond) = &deferred[3];
    assert_eq!(send("GET", beyond, &[], b"").status, 204, "beyond the commit it keeps waiting");
    agency.written(json!([[{ "l3": 4 }]]));
    assert_eq!(entries(&send("PUT", beyond, &[], b""), next + 3), [next + 3]);
}

#[test]
fn l4_unparsable_parameters_count_as_their_defaults() {
    let agency = Agency::of(1);
    let leader = agency.leader();
    for index in ["", "x", "-1", "1.5", "99999999999999999999", "%20", "0x1"] {
        let reply = poll(&agency, &format!("?index={index}&timeout=0"));
        assert_eq!(reply.json()["result"]["firstIndex"], json!(0), "{index}");
    }
    for timeout in ["", "x", "nan", "inf", "1e400", "%"] {
        let next = agency.commit_index() + 1;
        let url = format!("{leader}/_api/agency/poll?index={next}&timeout={timeout}");
        let accepted = send("GET", &url, &[("x-arango-async", "store")], b"");
        let id = accepted.header("x-arango-async-id").unwrap();
        let job = format!("{leader}/_api/job/{id}");
        assert_eq!(send("GET", &job, &[], b"").status, 204, "{timeout}");
        agency.written(json!([[{ "l4": 1 }]]));
        assert_eq!(entries(&send("PUT", &job, &[], b""), next), [next]);
    }
}
