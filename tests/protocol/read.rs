//! R: the read statements that need a live agency.

use serde_json::{Value, json};

use crate::support::{send, shared, stalled, unique};

#[test]
fn r7_no_paths_and_no_queries() {
    let agency = shared();
    agency.post("read", &json!([[]])).is(200, json!([{}]));
    agency.post("read", &json!([])).is(200, json!([]));
}

#[test]
fn r10_a_single_query_that_is_no_array() {
    let agency = shared();
    for body in [json!(["/a"]), json!([{ "a": 1 }]), json!([1])] {
        agency.post("read", &body).is(418, json!([]));
    }
}

#[test]
fn r11_queries_that_are_no_arrays_contribute_nothing() {
    let agency = shared();
    agency.post("read", &json!(["/a", "/b"])).is(200, json!([]));
    let one = agency.post("read", &json!([["/nothing-here"], "/b"]));
    one.is(200, json!([{}]));
    for body in ["[[1]]", "{}", "\"x\"", "7", ""] {
        let reply = agency.post_raw("read", body);
        assert_eq!(reply.status, 400, "{body}");
        assert!(reply.json()["message"].is_string());
    }
}

#[test]
fn r14_uncommitted_is_invisible_own_committed_visible() {
    let healthy = shared();
    let key = unique("r14");
    for n in 0..20 {
        healthy.written(json!([[{ &key: n }]]));
        assert_eq!(healthy.read(&key), json!({ &key: n }));
    }

    let agency = stalled();
    let leader = agency.leader();
    let mode = [("x-arangodb-agency-mode", "waitForSequenced")];
    let write = format!("{leader}/_api/agency/write");
    let key = unique("r14");
    let body = json!([[{ &key: 1 }]]).to_string();
    let sequenced = send("POST", &write, &mode, body.as_bytes());
    assert!(sequenced.results()[0] > 0);
    assert_eq!(agency.read(&key), json!({}));
    let visible = agency.post("transact", &json!([[&key]]));
    visible.is(200, json!([{ &key: 1 }]));
}

#[test]
fn r15_thousands_of_queries_in_order() {
    let agency = shared();
    let key = unique("r15");
    let tree: Value =
        (0..100).map(|n| (n.to_string(), json!(n))).collect::<serde_json::Map<_, _>>().into();
    agency.written(json!([[{ &key: tree }]]));
    let queries: Vec<Value> = (0..5000).map(|n| json!([format!("/{key}/{}", n % 100)])).collect();
    let reply = agency.post("read", &json!(queries));
    let results = reply.json();
    let results = results.as_array().unwrap();
    assert_eq!(results.len(), 5000);
    for (n, result) in results.iter().enumerate() {
        let n = n % 100;
        assert_eq!(result, &json!({ &key: { n.to_string(): n } }));
    }
}
