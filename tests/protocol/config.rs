//! C: configuration.

use serde_json::{Value, json};

use crate::support::{Agency, config, send, shared, wait_for};

#[test]
fn c1_only_the_leader_shows_what_is_acknowledged() {
    let agency = shared();
    wait_for("the agents to agree", || {
        let leader = agency.leader_id();
        for (url, id) in agency.members() {
            let config = config(&url);
            if config["leaderId"] != json!(leader) {
                return None;
            }
            let acked = config.get("lastAcked").and_then(Value::as_object);
            if id != leader {
                assert!(acked.is_none(), "{config}");
                continue;
            }
            let acked = acked.unwrap();
            assert_eq!(acked.len(), 3);
            for (other, entry) in acked {
                assert!(entry["lastAckedTime"].is_number(), "{entry}");
                assert!(entry["lastAckedIndex"].is_u64(), "{entry}");
                assert_eq!(entry.get("lastAppend").is_some(), *other != leader, "{entry}");
            }
            assert_eq!(acked[&id]["lastAckedTime"], json!(0));
        }
        Some(())
    });
}

#[test]
fn c2_all_configuration_keys_are_there() {
    let agency = shared();
    let (url, id) = agency.members().remove(0);
    let shown = config(&url);
    for key in [
        "term",
        "leaderId",
        "commitIndex",
        "lastCompactionAt",
        "nextCompactionAfter",
        "engine",
        "version",
    ] {
        assert!(!shown[key].is_null(), "{key} in {shown}");
    }
    let configuration = shown["configuration"].as_object().unwrap();
    let expected = [
        "pool",
        "active",
        "id",
        "agency size",
        "pool size",
        "endpoint",
        "min ping",
        "max ping",
        "timeoutMult",
        "supervision",
        "supervision frequency",
        "compaction step size",
        "compaction keep size",
        "supervision grace period",
        "supervision ok threshold",
        "supervision expired servers grace period",
        "supervision delay add follower job time",
        "supervision delay failed follower job time",
        "supervision FailedLeader job adds a new follower",
        "version",
        "startup",
    ];
    for key in expected {
        assert!(configuration.contains_key(key), "{key}");
    }
    assert_eq!(configuration.len(), expected.len());
    assert_eq!(configuration["id"], json!(id));
    assert_eq!(configuration["agency size"], json!(3));
    assert_eq!(configuration["startup"], json!("origin"));
    assert_eq!(configuration["compaction step size"], json!(1000));
    assert_eq!(configuration["compaction keep size"], json!(50000));
    let endpoint = url.replace("http://", "tcp://");
    assert_eq!(configuration["endpoint"], json!(endpoint));
    assert_eq!(configuration["pool"][&id], json!(endpoint));
}

#[test]
fn c3_put_changes_this_agent_only() {
    let agency = Agency::of(3);
    let (changed, other) = (agency.leader(), agency.follower());
    let before = config(&other);
    let url = format!("{changed}/_api/agency/config");
    let put = |body: Value| send("PUT", &url, &[], body.to_string().as_bytes());
    let shown = put(json!({
        "okThreshold": 2.5,
        "gracePeriod": 20,
        "delayAddFollower": 7,
        "delayFailedFollower": 8,
        "failedLeaderAddsFollower": false,
        "unknown": 1,
    }));
    assert_eq!(shown.status, 200);
    let settings = shown.json()["configuration"].clone();
    assert_eq!(settings["supervision ok threshold"], json!(2.5));
    assert_eq!(settings["supervision grace period"].as_f64(), Some(20.0));
    assert_eq!(settings["supervision delay add follower job time"], json!(7));
    assert_eq!(settings["supervision delay failed follower job time"], json!(8));
    let adds = &settings["supervision FailedLeader job adds a new follower"];
    assert_eq!(adds, &json!(false));
    assert_eq!(settings["version"], before["configuration"]["version"]);

    let ignored = put(json!({ "okThreshold": "3", "delayAddFollower": true }));
    assert_eq!(ignored.json()["configuration"], settings);
    for body in [json!([]), json!(7), json!("x")] {
        assert_eq!(put(body).json()["configuration"], settings);
    }
    put(json!({ "okThreshold": 9, "delayAddFollower": -1 })).is_error(500, 4);
    assert_eq!(config(&changed)["configuration"], settings);
    send("PUT", &url, &[], b"{").is_error(500, 4);
    assert_eq!(config(&other)["configuration"], before["configuration"]);
}

#[test]
fn c4_put_and_post_answer_like_get() {
    let agency = shared();
    let follower = agency.follower();
    let url = format!("{follower}/_api/agency/config");
    let got = config(&follower);
    let keys = |v: &Value| -> Vec<String> {
        let mut keys: Vec<String> = v.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let put = send("PUT", &url, &[], b"{}").json();
    assert_eq!(keys(&put), keys(&got));
    assert_eq!(put["configuration"], got["configuration"]);
    let stranger = br#"{"AGNT-stranger":"tcp://127.0.0.1:1"}"#;
    let post = send("POST", &url, &[], stranger).json();
    assert_eq!(keys(&post), keys(&got));
    assert_eq!(post["configuration"], got["configuration"]);
    assert_eq!(send("PUT", &url, &[], b"").status, 200);
    send("POST", &url, &[], b"").is_error(500, 4);
    send("POST", &url, &[], b"[]").is_error(500, 4);
    send("POST", &url, &[], b"{").is_error(500, 4);
}
