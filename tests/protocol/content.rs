//! V: content of requests and answers.

use agencysh::agency::value::Value;
use agencysh::vpack;
use serde_json::json;

use crate::support::{Reply, send, shared, unique, wait_for};

const VELOCYPACK: &str = "application/x-velocypack";
const JSON: &str = "application/json; charset=utf-8";

/// Headers of a request in VelocyPack that wishes the answer so as well.
const BOTH: [(&str, &str); 2] = [("content-type", VELOCYPACK), ("accept", VELOCYPACK)];

fn packed(value: serde_json::Value) -> Vec<u8> {
    vpack::encode(&value.into())
}

/// The value of an answer in VelocyPack.
#[track_caller]
fn unpacked(reply: &Reply) -> Value {
    assert_eq!(reply.header("content-type"), Some(VELOCYPACK), "{reply:?}");
    vpack::decode(&reply.body).unwrap_or_else(|e| panic!("{e} in {reply:?}"))
}

#[test]
fn v1_velocypack_is_read_and_written() {
    let agency = shared();
    let post = |endpoint: &str, body: serde_json::Value| {
        let path = format!("/_api/agency/{endpoint}");
        unpacked(&agency.send("POST", &path, &BOTH, &packed(body)))
    };
    let key = unique("v1");
    let value = json!({
        "whole": 1.0, "int": 1, "big": u64::MAX, "small": i64::MIN, "text": "ü", "none": null,
        "list": [true, [], {}, "x".repeat(300)],
    });
    let written = post("write", json!([[{ &key: value }]]));
    let results = written.as_object().and_then(|o| o.get("results")).and_then(Value::as_array);
    assert!(matches!(results, Some([Value::Int(1..)])), "{written:?}");
    // Equality of values is strict: a whole double is none of the integers.
    let expected = Value::from(json!([{ &key: value }]));
    assert_eq!(post("read", json!([[&key]])), expected);
    assert_eq!(agency.post("read", &json!([[&key]])).json()[0][&key]["text"], "ü");
    let transacted = post("transact", json!([[{ &key: { "op": "delete" } }], [&key]]));
    assert!(
        matches!(transacted.as_array(), Some([Value::Int(1..), Value::Object(o)]) if o.is_empty())
    );
    post("transient", json!([[{ &key: 1 }]]));
    assert_eq!(post("inquire", json!([])), json!({ "results": [], "inquired": true }).into());
    assert!(post("store", json!(0)).as_object().is_some());
}

#[test]
fn v1_every_answer_with_content_comes_in_velocypack() {
    let agency = shared();
    for path in [
        "/_api/agency/config",
        "/_api/agency/state",
        "/_api/agency/stores",
        "/_api/agency/poll?index=0",
        "/_api/agency/poll?index=999999&timeout=0",
        "/_api/version",
        "/_admin/status",
        "/_api/job/done",
    ] {
        let reply = agency.send("GET", path, &[("accept", VELOCYPACK)], b"");
        assert_eq!(reply.status, 200, "{path}");
        unpacked(&reply);
    }
}

#[test]
fn v1_only_the_exact_media_type_is_velocypack() {
    let agency = shared();
    let body = packed(json!([["/"]]));
    for near in ["application/x-velocypack; charset=utf-8", "Application/X-VelocyPack"] {
        let headers = [("content-type", near)];
        let reply = agency.send("POST", "/_api/agency/read", &headers, &body);
        assert_eq!(reply.status, 400, "read as JSON: {near}");
    }
    for near in ["application/x-velocypack, */*", "application/x-velocypack;q=1", "*/*", "x"] {
        let headers = [("content-type", VELOCYPACK), ("accept", near)];
        let reply = agency.send("POST", "/_api/agency/read", &headers, &body);
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(JSON)), "{near}");
    }
}

#[test]
fn v1_velocypack_that_an_agency_cannot_store_is_refused() {
    let agency = shared();
    for (body, text) in [
        (&b"\x13\x04\x31"[..], "is cut off"),
        (b"\x01\x01", "there is more"),
        (b"\x13\x0c\x14\x09\x41a\x31\x41a\x32\x02\x01", "more than one attribute \"a\""),
        (b"\x13\x0c\x1d\0\0\0\0\0\0\0\0\x01", "an external value"),
        (b"\x13\x05\xf0\x00\x01", "a custom type"),
        (b"\x13\x06\xee\x01\x31\x01", "a tagged value"),
        (b"\x13\x0a\xc8\x01\0\0\0\0\x10\x01", "a packed decimal"),
    ] {
        for endpoint in ["read", "write", "transact", "transient"] {
            let path = format!("/_api/agency/{endpoint}");
            let reply = agency.send("POST", &path, &[BOTH[0]], body);
            assert_eq!(reply.status, 400, "{text}");
            let message = reply.json()["message"].to_string().replace("\\\"", "\"");
            assert!(message.contains(text), "{message}");
        }
    }
    // No value at all is what an empty body is in JSON, too.
    let reply = agency.send("POST", "/_api/agency/write", &[BOTH[0]], b"");
    reply.is_message(400, "Expecting array of arrays as body for writes");
}

#[test]
fn c1_v1_times_are_doubles_even_when_they_are_whole() {
    let agency = shared();
    let config = wait_for("a leader's configuration", || {
        let url = format!("{}/_api/agency/config", agency.leader());
        let config = unpacked(&send("GET", &url, &[BOTH[1]], b""));
        config.as_object()?.get("lastAcked")?.as_object().cloned()
    });
    assert_eq!(config.len(), 3);
    for (id, entry) in config.iter() {
        let entry = entry.as_object().unwrap();
        assert!(matches!(entry.get("lastAckedTime"), Some(Value::Double(_))), "{id}: {entry:?}");
        assert!(matches!(entry.get("lastAckedIndex"), Some(Value::Int(_))), "{id}: {entry:?}");
        assert!(matches!(entry.get("lastAppend"), None | Some(Value::Double(_))), "{entry:?}");
    }
}

#[test]
fn v1_a_kept_answer_has_the_format_that_its_request_wished() {
    let url = shared().leader();
    let path = format!("{url}/_api/agency/stores");
    let reply = send("GET", &path, &[("x-arango-async", "store"), BOTH[1]], b"");
    let job = format!("{url}/_api/job/{}", reply.header("x-arango-async-id").unwrap());
    let kept = wait_for("the answer", || {
        let reply = send("PUT", &job, &[], b"");
        (reply.status != 204).then_some(reply)
    });
    unpacked(&kept);
}

#[test]
fn v3_error_bodies_follow_accept() {
    let agency = shared();
    for (method, path, body, status) in [
        ("GET", "/_api/agency/unknown", &b""[..], 404),
        ("PUT", "/_api/agency/read", b"", 405),
        ("GET", "/nowhere", b"", 501),
        ("GET", "/_db/other/_api/version", b"", 404),
        ("POST", "/_api/agency/write", b"[[]", 400),
        ("POST", "/_api/agency/read", b"[1]", 418),
        ("POST", "/_api/agency/transact", br#"[[{"/.agency":1}]]"#, 403),
        ("PUT", "/_api/agency/config", br#"{"delayAddFollower":-1}"#, 500),
        ("POST", "/_api/agency/inquire", br#"["v3-nobody"]"#, 404),
        ("GET", "/_api/job/7777777", b"", 404),
    ] {
        let plain = agency.send(method, path, &[], body);
        assert_eq!((plain.status, plain.header("content-type")), (status, Some(JSON)), "{path}");
        let expected =
            Value::from(serde_json::from_slice::<serde_json::Value>(&plain.body).unwrap());
        let reply = agency.send(method, path, &[BOTH[1]], body);
        assert_eq!((reply.status, unpacked(&reply)), (status, expected), "{path}");
    }
    // What is in the request does not matter.
    let reply = agency.send("POST", "/_api/agency/write", &[BOTH[0]], b"[[]");
    assert_eq!((reply.status, reply.header("content-type")), (400, Some(JSON)));
    // An error without content stays one.
    let reply = agency.send("POST", "/_api/agency/store", &BOTH, b"\x17");
    assert_eq!((reply.status, reply.body.len()), (500, 0));
    let follower = format!("{}/_api/agency/read", agency.follower());
    let reply = send("POST", &follower, &BOTH, &packed(json!([["/"]])));
    assert_eq!((reply.status, reply.body.len()), (307, 0));
    assert!(reply.header("location").is_some());
}

#[test]
fn v2_any_other_content_type_is_json() {
    let agency = shared();
    let key = unique("v2");
    let body = json!([[{ &key: "ü" }]]).to_string();
    for media_type in [
        "application/json",
        "application/json; charset=utf-8",
        "text/plain",
        "application/x-www-form-urlencoded",
        "whatever/else",
    ] {
        let headers = [("content-type", media_type), ("accept", "text/html, */*")];
        let reply = agency.send("POST", "/_api/agency/write", &headers, body.as_bytes());
        assert_eq!(reply.status, 200, "{media_type}");
        let shown = reply.header("content-type");
        assert_eq!(shown, Some("application/json; charset=utf-8"));
    }
    let with_mark = format!("\u{feff}{body}");
    assert_eq!(agency.post_raw("write", &with_mark).status, 200);
    let read = agency.post("read", &json!([[&key]]));
    assert_eq!(read.json(), json!([{ &key: "ü" }]));
    assert!(read.body.is_ascii(), "everything else is escaped");
}

#[test]
fn v4_duplicate_keys_are_refused() {
    let agency = shared();
    let key = unique("v4");
    for endpoint in ["write", "transact", "transient"] {
        let body = format!(r#"[[{{"{key}":1,"{key}":2}}]]"#);
        let reply = agency.post_raw(endpoint, &body);
        assert_eq!(reply.status, 400);
        assert!(reply.json()["message"].is_string());
    }
    assert_eq!(agency.read(&key), json!({}));
}
