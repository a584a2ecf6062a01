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

/// The same endpoint under another name.
fn renamed(url: &str) -> String {
    url.replace("http://127.0.0.1", "tcp://localhost")
}

#[test]
fn c4_an_endpoint_that_is_announced_to_the_leader_is_known_to_all() {
    let agency = Agency::of(3);
    let leader = agency.leader_id();
    let announce = |url: &str, id: &str, endpoint: &str| {
        let body = json!({ id: endpoint }).to_string();
        send("POST", &format!("{url}/_api/agency/config"), &[], body.as_bytes())
    };
    for (url, id) in agency.members() {
        let before = agency.commit_index();
        let endpoint = renamed(&url);
        let shown = announce(&agency.leader(), &id, &endpoint);
        assert_eq!(shown.status, 200);
        assert_eq!(shown.json()["configuration"]["pool"][&id], json!(endpoint));
        assert_eq!(agency.commit_index(), before + 1, "it is logged");
        announce(&agency.leader(), &id, &endpoint);
        assert_eq!(agency.commit_index(), before + 1, "it is known already");
        wait_for("all to know", || {
            let know = |(other, _): &(String, String)| {
                config(other)["configuration"]["pool"][&id] == json!(endpoint)
            };
            agency.members().iter().all(know).then_some(())
        });
        let own = &config(&url)["configuration"]["endpoint"];
        assert_eq!(own, &json!(endpoint), "the agent itself as well");
    }
    assert!(config(&agency.leader())["configuration"]["version"].as_u64() > Some(1));
    let key = agency.read("/.agency")[".agency"].clone();
    assert_eq!(key["agency size"], json!(3), "the whole configuration is logged");
    // replication and redirects go where the agents are now
    agency.written(json!([[{ "c4": 1 }]]));
    let to =
        format!("{}/_api/agency/read", agency.url_of(&leader)).replace("127.0.0.1", "localhost");
    wait_for("a redirect to the new endpoint", || {
        let follower = agency.follower();
        let reply = send("POST", &format!("{follower}/_api/agency/read"), &[], b"[[]]");
        (reply.header("location") == Some(&*to)).then_some(())
    });
}

#[test]
fn c4_announcements_that_mean_nothing_change_nothing() {
    let agency = Agency::of(3);
    let (leader, follower) = (agency.leader(), agency.follower());
    let (_, id) = agency.members().remove(0);
    let before = (config(&leader)["configuration"].clone(), agency.commit_index());
    let post = |url: &str, body: Value| {
        send("POST", &format!("{url}/_api/agency/config"), &[], body.to_string().as_bytes())
    };
    for endpoint in ["", "h:1", "http://h:1", "tcp://h", "tcp://h:1/x"] {
        post(&leader, json!({ &id: endpoint })).is_error(500, 4);
    }
    post(&leader, json!({ &id: 7 })).is_error(500, 4);
    assert_eq!(post(&leader, json!({ "AGNT-stranger": "tcp://h:1" })).status, 200);
    assert_eq!(post(&follower, json!({ &id: "tcp://h:1" })).status, 200, "the leader logs");
    assert_eq!((config(&leader)["configuration"].clone(), agency.commit_index()), before);
}

#[test]
fn c2_the_factor_of_all_timings_is_one_everywhere() {
    let agency = shared();
    for (url, _) in agency.members() {
        assert_eq!(config(&url)["configuration"]["timeoutMult"], json!(1));
    }
    assert_eq!(agency.read("/.agency")[".agency"]["timeoutMult"], json!(1));
}
