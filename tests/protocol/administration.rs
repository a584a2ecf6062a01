//! What is asked of any server: its log.

use serde_json::{Value, json};

use crate::support::{Agency, Reply, send};

fn put(url: &str, body: &Value) -> Reply {
    send("PUT", &format!("{url}/_admin/log/level"), &[], body.to_string().as_bytes())
}

#[test]
fn log_levels_are_shown_by_topic_in_upper_case() {
    let agency = Agency::of(1);
    let url = agency.leader();
    let shown = send("GET", &format!("{url}/_admin/log/level"), &[], b"");
    assert_eq!(shown.status, 200);
    let levels = shown.json();
    for (topic, level) in
        [("agency", "INFO"), ("threads", "WARNING"), ("requests", "FATAL"), ("config", "DEFAULT")]
    {
        assert_eq!(levels[topic], json!(level), "{topic}");
    }
    assert_eq!(levels.as_object().map(|o| o.len()), Some(47));
}

#[test]
fn log_levels_are_changed_by_topic_or_all_at_once() {
    let agency = Agency::of(1);
    let url = agency.leader();
    let changed = put(&url, &json!({ "Agency": "Debug", "supervision": "err" }));
    assert_eq!(changed.status, 200);
    assert_eq!(changed.json()["agency"], json!("DEBUG"));
    assert_eq!(changed.json()["supervision"], json!("ERROR"));
    let all = put(&url, &json!({ "agency": "info", "all": "trace" })).json();
    assert_eq!((&all["agency"], &all["threads"]), (&json!("INFO"), &json!("TRACE")));
    assert_eq!(put(&url, &json!({})).json(), all);
    assert_eq!(send("GET", &format!("{url}/_admin/log/level"), &[], b"").json(), all);
}

#[test]
fn log_levels_that_there_are_not_are_refused_and_nothing_is_changed() {
    let agency = Agency::of(1);
    let url = agency.leader();
    let before = put(&url, &json!({})).json();
    for (body, part) in [
        (json!({ "agency": "trace", "agencies": "info" }), "agencies"),
        (json!({ "agency": "loud" }), "loud"),
        (json!({ "agency": 7 }), "'agency'"),
        (json!("info"), "object"),
        (json!(["agency"]), "object"),
    ] {
        let reply = put(&url, &body);
        reply.is_error(400, 400);
        let text = reply.json()["errorMessage"].as_str().unwrap().to_owned();
        assert!(text.contains(part), "{body}: {text}");
    }
    send("PUT", &format!("{url}/_admin/log/level"), &[], b"{").is_error(400, 400);
    send("PUT", &format!("{url}/_admin/log/level"), &[], b"").is_error(400, 400);
    send("POST", &format!("{url}/_admin/log/level"), &[], b"{}").is_error(405, 405);
    assert_eq!(put(&url, &json!({})).json(), before);
}
