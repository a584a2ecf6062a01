//! V: content of requests and answers, as far as JSON goes.

use serde_json::json;

use crate::support::{shared, unique};

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
