//! I: inquire and client ids.

use serde_json::json;

use crate::support::{Agency, send, shared, stalled, unique, wait_for};

#[test]
fn i1_known_unknown_and_mixed_ids() {
    let agency = shared();
    let (key, id) = (unique("i1"), unique("i1-id"));
    let index = agency.written(json!([[{ &key: 1 }, {}, &id]]))[0];
    agency.post("inquire", &json!([&id])).is(200, json!({ "results": [index], "inquired": true }));
    let unknown = unique("i1-unknown");
    agency.post("inquire", &json!([&unknown])).is(404, json!({ "results": [0], "inquired": true }));
    agency
        .post("inquire", &json!([&id, &unknown]))
        .is(404, json!({ "results": [index, 0], "inquired": true }));
}

#[test]
fn i2_nothing_asked_nothing_found() {
    shared().post("inquire", &json!([])).is(200, json!({ "results": [], "inquired": true }));
}

#[test]
fn i3_id_used_twice_gives_the_highest_index() {
    let agency = shared();
    let (key, id) = (unique("i3"), unique("i3-id"));
    let write = json!([[{ &key: { "op": "increment" } }, {}, &id]]);
    let first = agency.written(write.clone())[0];
    let second = agency.written(write)[0];
    assert!(second > first);
    assert_eq!(agency.post("inquire", &json!([id])).results(), [second]);
    assert_eq!(agency.read(&key), json!({ &key: 2 }));
}

#[test]
fn i4_id_of_a_failed_transaction_is_unknown() {
    let agency = shared();
    let (key, id) = (unique("i4"), unique("i4-id"));
    let refused = agency.post("write", &json!([[{ &key: 1 }, { &key: 7 }, &id]]));
    refused.is(412, json!({ "results": [0] }));
    let failed = agency.post("write", &json!([[{ &key: { "op": "set" } }, {}, &id]]));
    failed.is(200, json!({ "results": [0] }));
    let inquired = agency.post("inquire", &json!([id]));
    inquired.is(404, json!({ "results": [0], "inquired": true }));
}

#[test]
fn i5_misshapen_inquiry() {
    let agency = shared();
    agency.post("inquire", &json!([1])).is_message(500, "Expecting type String");
    agency.post("inquire", &json!({})).is_message(500, "Expecting Array slice");
    agency.post_raw("inquire", "").is_message(500, "Expecting Array slice");
    agency.post_raw("inquire", "[").is_error(400, 400);
}

#[test]
fn i6_ids_survive_a_leader_change() {
    let agency = Agency::of(3);
    let written = agency.written(json!([[{ "i6": 1 }, {}, "i6-write"]]))[0];
    let transacted = agency.post("transact", &json!([[{ "i6": 2 }, {}, "i6-transact"]]));
    let transacted = transacted.json()[0].as_u64().unwrap();
    let old = agency.leader_id();
    agency.agents.stop_agent(&old).unwrap();
    let inquired = agency.post("inquire", &json!(["i6-write", "i6-transact"]));
    assert_eq!(inquired.results(), [written, transacted]);
    assert_eq!(inquired.status, 200);
}

#[test]
fn i7_other_mode_tells_what_is_uncommitted() {
    let agency = stalled();
    let leader = agency.leader();
    let mode = [("X-ArangoDB-Agency-Mode", "waitForSequenced")];
    let write = format!("{leader}/_api/agency/write");
    let sequenced = send("POST", &write, &mode, br#"[[{"i7":1},{},"i7-id"]]"#);
    let index = sequenced.results()[0];
    assert!(index > 0);
    let inquire = format!("{leader}/_api/agency/inquire");
    send("POST", &inquire, &mode, br#"["i7-id"]"#)
        .is(200, json!({ "results": [index], "inquired": true, "ongoing": true }));

    let healthy = shared();
    let (key, id) = (unique("i7"), unique("i7-id"));
    let index = healthy.written(json!([[{ &key: 1 }, {}, &id]]))[0];
    let body = json!([id]).to_string();
    let inquired = healthy.send("POST", "/_api/agency/inquire", &mode, body.as_bytes());
    inquired.is(200, json!({ "results": [index], "inquired": true }));
}

#[test]
fn i8_one_number_per_id_in_request_order() {
    let agency = shared();
    let key = unique("i8");
    let ids: Vec<String> = (0..4).map(|n| unique(&format!("i8-{n}"))).collect();
    let reply = agency.post(
        "write",
        &json!([
            [{ &key: 1 }, {}, &ids[0]],
            [{ &key: 2 }, { &key: 7 }, &ids[1]],
            [{ &key: 3 }, {}, &ids[2]],
            [{ &key: 4 }, {}, &ids[3]],
            [{ &key: 5 }, {}, &ids[3]],
        ]),
    );
    assert_eq!(reply.status, 412);
    let indices = reply.results();
    let inquired = agency.post("inquire", &json!([&ids[3], &ids[2], &ids[1], &ids[0]]));
    assert_eq!(inquired.status, 404);
    assert_eq!(inquired.results(), [indices[4], indices[2], 0, indices[0]]);
    wait_for("the last write", || (agency.read(&key) == json!({ &key: 5 })).then_some(()));
}
