//! E: the private endpoints, as strangers find them.

use serde_json::{Value, json};

use crate::support::{Agency, config, send, shared, unique};

fn call(method: &str, url: &str, route: &str, body: &str) -> crate::support::Reply {
    send(method, &format!("{url}/_api/agency_priv/{route}"), &[], body.as_bytes())
}

#[test]
fn strangers_get_no_vote_and_no_entry_in() {
    let agency = Agency::of(3);
    agency.written(json!([[{ unique("strangers"): 1 }]]));
    let leader = agency.leader();
    let before = config(&leader);
    let identity = |url: &str| -> Value {
        let configuration = config(url)["configuration"].clone();
        json!({ "id": configuration["id"], "endpoint": configuration["endpoint"] })
    };
    for (url, _) in agency.members() {
        let signed = identity(&url);
        let with = |more: Value| -> Value {
            let mut body = signed.clone();
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let vote = "requestVote?term=99&candidateId=AGNT-x&prevLogIndex=99&prevLogTerm=99";
        let term = config(&url)["term"].clone();
        for method in ["GET", "POST"] {
            let refused = call(method, &url, vote, "");
            refused.is(200, with(json!({ "term": term, "voteGranted": false })));
            call(method, &url, "requestVote?term=99", "").is(200, signed.clone());
        }
        let notify = call("POST", &url, "notifyAll?term=99&agencyId=AGNT-x", "");
        notify.is(200, with(json!({ "term": term, "voteGranted": false })));
        call("POST", &url, "notifyAll?term=99", "").is_error(400, 400);

        let append = "appendEntries?term=99&leaderId=AGNT-x&prevLogIndex=0&prevLogTerm=0\
                      &leaderCommit=9&senderTimeStamp=17";
        let refused = json!({ "success": false, "term": term, "senderTimeStamp": 17 });
        call("POST", &url, append, "[]").is(200, refused.clone());
        let entry = r#"[{"index":1,"term":99,"query":{"x":1},"clientId":"","timestamp":0}]"#;
        call("POST", &url, append, entry).is(200, with(refused));
        call("POST", &url, "appendEntries?term=99", "[]").is_error(400, 400);

        let pool = config(&url)["configuration"]["pool"].clone();
        let mut gossip = signed.clone();
        gossip["pool"] = json!({});
        call("POST", &url, "gossip", &gossip.to_string()).is(200, with(json!({ "pool": pool })));
        gossip["id"] = json!("AGNT-x");
        call("POST", &url, "gossip", &gossip.to_string()).is_error(403, 403);
        call("POST", &url, "gossip", "{}").is_error(400, 400);
        call("GET", &url, "activeAgents", "").is(200, with(json!({ "active": pool })));

        let inform = json!({
            "id": "AGNT-x", "term": 99, "active": ["AGNT-x"], "pool": {},
            "min ping": 1, "max ping": 5, "timeoutMult": 1,
        });
        call("POST", &url, "inform", &inform.to_string()).is(200, signed.clone());
        let mut incomplete = inform;
        incomplete.as_object_mut().unwrap().remove("max ping");
        let refused = call("POST", &url, "inform", &incomplete.to_string());
        refused.is_error(400, 400);
        assert!(refused.json()["errorMessage"].as_str().unwrap().contains("max ping"));
    }
    let after = config(&leader);
    for key in ["term", "leaderId", "commitIndex"] {
        assert_eq!(after[key], before[key], "{key}");
    }
}

#[test]
fn e2_wrong_methods_of_private_endpoints() {
    let leader = shared().leader();
    for route in ["appendEntries", "notifyAll", "gossip", "inform", "raft-append", "raft-vote"] {
        call("GET", &leader, route, "").is_error(405, 405);
    }
    call("POST", &leader, "activeAgents", "").is_error(405, 405);
    call("POST", &leader, "gossip/more", "").is_error(404, 404);
    call("POST", &leader, "", "").is_error(404, 404);
}

/// Ports are used again, so messages reach agents they are not meant for.
#[test]
fn raft_messages_of_another_agency_are_refused() {
    let agency = Agency::of(1);
    let leader = agency.leader();
    let vote = json!({
        "vote": { "leader_id": { "term": 99, "node_id": 7 }, "committed": true },
        "last_log_id": null,
    });
    for address in [None, Some("0123456789abcdef/0000000000000007")] {
        let headers = address.map(|a| ("x-agency-raft-address", a));
        for (route, body) in [("raft-vote", vote.to_string()), ("raft-snapshot", "\n".into())] {
            let url = format!("{leader}/_api/agency_priv/{route}");
            let headers: Vec<(&str, &str)> = headers.into_iter().collect();
            send("POST", &url, &headers, body.as_bytes()).is_error(403, 403);
        }
    }
    assert_eq!(config(&leader)["term"], json!(1));
}
