//! What is asked of any server: its log, its end.

use serde_json::{Value, json};

use agencysh::auth::{Secret, sign};
use agencysh::standin::agent::Authentication;

use crate::support::{Agency, Reply, send, try_send, wait_for};

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

#[test]
fn an_agent_that_is_asked_to_end_answers_and_ends() {
    let agency = Agency::of(3);
    let (url, id) = (agency.leader(), agency.leader_id());
    for method in ["GET", "POST", "PUT"] {
        send(method, &format!("{url}/_admin/shutdown"), &[], b"").is_error(405, 405);
    }
    send("DELETE", &format!("{url}/_admin/shutdown"), &[], b"").is(200, json!("OK"));
    wait_for("it is gone", || try_send("GET", &format!("{url}/_api/version"), &[], b"").err());
    wait_for("another one leads", || agency.agents.leader_id().filter(|leader| *leader != id));
    assert!(!agency.agents.agent_ids().contains(&id));
    agency.written(json!([[{ "after": 1 }]]));
}

#[test]
fn an_agent_that_was_asked_to_end_can_be_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let agency = Agency::kept_in(folder.path(), |_| {});
    let (url, id) = agency.members().remove(1);
    for _ in 0..2 {
        send("DELETE", &format!("{url}/_admin/shutdown"), &[], b"").is(200, json!("OK"));
        // its directory and its port are free a moment later
        wait_for("it is started again", || agency.agents.restart_agent(&id).ok());
        assert_eq!(agency.members().len(), 3);
    }
}

#[test]
fn strangers_cannot_end_an_agent() {
    let secret = || Secret::new(b"s3cret").unwrap();
    let agency = Agency::configured(1, |config| {
        config.authentication = Some(Authentication::new(vec![secret()]));
    });
    let (url, _) = agency.members().remove(0);
    let end = format!("{url}/_admin/shutdown");
    send("DELETE", &end, &[], b"").is_error(401, 11);
    let authorization = format!("bearer {}", sign(&secret(), "test", None).unwrap());
    send("DELETE", &end, &[("authorization", &authorization)], b"").is(200, json!("OK"));
    wait_for("it is gone", || try_send("GET", &end, &[], b"").err());
}
