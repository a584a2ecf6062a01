//! E: endpoints and routing.

use serde_json::json;

use crate::support::{Agency, send, shared, unique, wait_for};

#[test]
fn e1_unknown_missing_or_extra_segment_is_not_found() {
    let leader = shared().leader();
    for path in [
        "/_api/agency",
        "/_api/agency/",
        "/_api/agency/nothing",
        "/_api/agency/read/more",
        "/_api/agency_priv/nothing",
    ] {
        let reply = send("POST", &format!("{leader}{path}"), &[], b"[]");
        reply.is_error(404, 404);
        assert_eq!(reply.json()["errorMessage"], json!("not found"));
    }
}

#[test]
fn e2_wrong_method_comes_before_body_and_leadership() {
    let agency = shared();
    for url in [agency.leader(), agency.follower()] {
        for endpoint in ["read", "write", "transact", "transient", "inquire", "store"] {
            let reply = send("PUT", &format!("{url}/_api/agency/{endpoint}"), &[], b"{");
            reply.is_error(405, 405);
            assert_eq!(reply.json()["errorMessage"], json!("method not supported"));
        }
        for endpoint in ["poll", "state", "stores"] {
            send("POST", &format!("{url}/_api/agency/{endpoint}"), &[], b"{").is_error(405, 405);
        }
        let reply = send("HEAD", &format!("{url}/_api/agency/config"), &[], b"");
        assert_eq!((reply.status, reply.body.len()), (405, 0));
        let reply = send("PURGE", &format!("{url}/_api/agency/config"), &[], b"");
        assert_eq!((reply.status, reply.body.len()), (405, 0));
    }
}

#[test]
fn e3_trailing_and_repeated_slashes_are_accepted() {
    let agency = shared();
    for path in [
        "/_api/agency/read",
        "/_api/agency/read/",
        "//_api///agency//read/",
        "/_db/_system/_api/agency/read",
    ] {
        agency.send("POST", path, &[], b"[[]]").is(200, json!([{}]));
    }
    let elsewhere = agency.send("POST", "/_db/other/_api/agency/read", &[], b"[[]]");
    elsewhere.is_error(404, 1228);
}

#[test]
fn e4_follower_redirects_to_the_leader_without_query() {
    let agency = shared();
    wait_for("a redirect to the leader", || {
        let (leader, follower) = (agency.leader(), agency.follower());
        for (method, endpoint) in [
            ("POST", "read"),
            ("POST", "write"),
            ("POST", "transact"),
            ("POST", "transient"),
            ("POST", "inquire"),
            ("GET", "poll"),
        ] {
            let url = format!("{follower}//_api/agency//{endpoint}?index=7&timeout=1");
            let reply = send(method, &url, &[], b"[[\"/\"]]");
            if reply.status != 307 {
                return None;
            }
            let location = reply.header("location")?.to_owned();
            if location != format!("{leader}/_api/agency/{endpoint}") {
                return None;
            }
            assert!(reply.body.is_empty());
            assert_eq!(reply.header("content-length"), Some("0"));
        }
        Some(())
    });
}

#[test]
fn e5_without_a_leader_the_answer_is_503() {
    let agency = Agency::of(3);
    let survivor = agency.follower();
    for (url, id) in agency.members() {
        if url != survivor {
            agency.agents.stop_agent(&id).unwrap();
        }
    }
    for (method, endpoint) in [
        ("POST", "read"),
        ("POST", "write"),
        ("POST", "transact"),
        ("POST", "transient"),
        ("POST", "inquire"),
        ("GET", "poll"),
    ] {
        let url = format!("{survivor}/_api/agency/{endpoint}");
        let reply = wait_for("the survivor to miss its leader", || {
            let reply = send(method, &url, &[], b"[[\"/\"]]");
            (reply.status != 307).then_some(reply)
        });
        reply.is_message(503, "No leader");
    }
    let state = format!("{survivor}/_api/agency/state?redirectToLeader=true");
    send("GET", &state, &[], b"").is_message(503, "No leader");
}

#[test]
fn e6_local_endpoints_never_redirect() {
    let follower = shared().follower();
    let get = |path: &str| send("GET", &format!("{follower}/_api/agency/{path}"), &[], b"").status;
    assert_eq!(get("config"), 200);
    assert_eq!(get("stores"), 200);
    assert_eq!(get("state"), 200);
    assert_eq!(get("state?redirectToLeader=false"), 200);
    assert_eq!(get("state?redirectToLeader=true"), 307);
    let store = format!("{follower}/_api/agency/store");
    assert_eq!(send("POST", &store, &[], b"0").status, 200);
    let config = format!("{follower}/_api/agency/config");
    assert_eq!(send("PUT", &config, &[], b"{}").status, 200);
}

#[test]
fn e7_malformed_body_on_a_follower_is_400() {
    let follower = shared().follower();
    for endpoint in ["write", "transact", "transient"] {
        let url = format!("{follower}/_api/agency/{endpoint}");
        assert_eq!(send("POST", &url, &[], b"[[{").status, 400);
        assert_eq!(send("POST", &url, &[], b"{}").status, 400);
        assert_eq!(send("POST", &url, &[], b"[]").status, 400);
        assert_eq!(send("POST", &url, &[], b"[[{\"/e7\":1}]]").status, 307);
    }
    let read = format!("{follower}/_api/agency/read");
    assert_eq!(send("POST", &read, &[], b"[[").status, 400);
}

#[test]
fn e8_unknown_path_outside_the_agency_is_not_implemented() {
    let leader = shared().leader();
    for path in ["/", "/_api/agencyfoo", "/_api/collection", "/nothing"] {
        let reply = send("GET", &format!("{leader}{path}"), &[], b"");
        reply.is_error(501, 9);
        let text = format!("'{path}' not implemented");
        assert_eq!(reply.json()["errorMessage"], json!(text));
    }
}

#[test]
fn e9_availability_and_the_other_general_endpoints_answer() {
    let leader = shared().leader();
    let get = |path: &str| send("GET", &format!("{leader}{path}"), &[], b"");
    let available = json!({ "error": false, "code": 200, "mode": "default" });
    get("/_admin/server/availability").is(200, available.clone());
    get("/_admin/server/mode").is(200, available);
    get("/_admin/server/role")
        .is(200, json!({ "error": false, "code": 200, "role": "AGENT", "mode": "default" }));
    get("/_admin/server/id").is_error(500, 4);
    let version = json!({ "server": "arango", "license": "community", "version": "3.12.7" });
    get("/_api/version").is(200, version.clone());
    get("/_admin/version").is(200, version);
    let details = get("/_api/version?details=true").json();
    assert_eq!(details["details"]["role"], json!("AGENT"));
    let status = get("/_admin/status").json();
    assert_eq!(status["serverInfo"]["role"], json!("AGENT"));
    for key in ["term", "id", "endpoint", "leaderId", "leading"] {
        assert!(!status["agent"][key].is_null(), "{key} in {status}");
    }
    let reply = send("OPTIONS", &format!("{leader}/_api/agency/read"), &[], b"");
    assert_eq!(reply.status, 200);
    assert!(reply.header("allow").unwrap().contains("POST"));
}

#[test]
fn e10_unparsable_json_is_a_message_object() {
    let agency = shared();
    for endpoint in ["write", "transact", "transient", "read"] {
        for body in ["[[", "[[{\"a\":1}", "nope", "[1,]", "[] []", "\u{7}"] {
            let reply = agency.post_raw(endpoint, body);
            assert_eq!(reply.status, 400, "{endpoint} {body}");
            let answer = reply.json();
            assert!(answer["message"].is_string(), "{answer}");
            assert_eq!(answer.as_object().map(|o| o.len()), Some(1));
        }
    }
    let chunked = [("transfer-encoding", "chunked")];
    let reply = agency.send("POST", "/_api/agency/read", &chunked, b"[[]]");
    reply.is_error(501, 9);
}

#[test]
fn e11_deferred_requests_keep_their_answers() {
    let agency = Agency::of(1);
    let leader = agency.leader();
    let next = agency.commit_index() + 1;
    let poll = format!("{leader}/_api/agency/poll?index={next}&timeout=60");
    let reply = send("GET", &poll, &[("x-arango-async", "store")], b"");
    assert_eq!((reply.status, reply.body.len()), (202, 0));
    let id: u64 = reply.header("x-arango-async-id").unwrap().parse().unwrap();
    assert!(id > 0);
    let job = format!("{leader}/_api/job/{id}");
    assert_eq!(send("GET", &job, &[], b"").status, 204);
    assert_eq!(send("PUT", &job, &[], b"").status, 204);
    let pending = send("GET", &format!("{leader}/_api/job/pending"), &[], b"");
    pending.is(200, json!([id.to_string()]));

    agency.written(json!([[{ "e11": 1 }]]));
    let finished = send("GET", &job, &[], b"");
    assert_eq!((finished.status, finished.body.len()), (200, 0));
    send("GET", &format!("{leader}/_api/job/done"), &[], b"").is(200, json!([id.to_string()]));
    let kept = send("PUT", &job, &[], b"ignored");
    assert_eq!(kept.status, 200);
    assert_eq!(kept.header("x-arango-async-id"), Some(&*id.to_string()));
    assert_eq!(kept.json()["result"]["firstIndex"], json!(next));
    send("GET", &job, &[], b"").is_error(404, 404);
    send("PUT", &job, &[], b"").is_error(404, 404);

    // Errors are kept as well, with their own status.
    let write = format!("{leader}/_api/agency/write");
    let reply = send("POST", &write, &[("x-arango-async", "store")], b"[]");
    assert_eq!(reply.status, 202);
    let id = reply.header("x-arango-async-id").unwrap().to_owned();
    let job = format!("{leader}/_api/job/{id}");
    wait_for("the kept error", || (send("GET", &job, &[], b"").status == 200).then_some(()));
    send("PUT", &job, &[], b"").is_message(400, "Empty request");

    // Other values of the header mean nothing.
    let reply = send("POST", &write, &[("x-arango-async", "STORE")], b"[]");
    reply.is_message(400, "Empty request");

    // `true` keeps nothing.
    let key = unique("e11");
    let body = json!([[{ &key: 1 }]]).to_string();
    let reply = send("POST", &write, &[("x-arango-async", "true")], body.as_bytes());
    assert_eq!(reply.status, 202);
    assert!(reply.header("x-arango-async-id").is_none());
    wait_for("the write without answer", || {
        (agency.read(&key) == json!({ &key: 1 })).then_some(())
    });

    let reply =
        send("GET", &poll.replace("index=", "index=9"), &[("x-arango-async", "store")], b"");
    let id = reply.header("x-arango-async-id").unwrap().to_owned();
    let job = format!("{leader}/_api/job/{id}");
    send("PUT", &format!("{job}/cancel"), &[], b"").is(200, json!({ "result": true }));
    send("DELETE", &job, &[], b"").is_error(404, 404);
    assert_eq!(send("PUT", &format!("{job}/other"), &[], b"").status, 400);
    assert_eq!(send("PATCH", &job, &[], b"").status, 405);
}

#[test]
fn e11_jobs_are_listed_expired_and_cancelled() {
    let agency = Agency::of(1);
    let leader = agency.leader();
    let job =
        |method: &str, rest: &str| send(method, &format!("{leader}/_api/job/{rest}"), &[], b"");
    let deferred = |path: &str| {
        let url = format!("{leader}{path}");
        let reply = send("GET", &url, &[("x-arango-async", "store")], b"");
        assert_eq!(reply.status, 202);
        reply.header("x-arango-async-id").unwrap().to_owned()
    };
    job("GET", "done").is(200, json!([]));
    job("GET", "pending").is(200, json!([]));
    let waiting: Vec<String> = (0..3).map(|_| deferred("/_api/agency/poll?index=99999")).collect();
    let done: Vec<String> = (0..3).map(|_| deferred("/_api/version")).collect();
    job("GET", "pending").is(200, json!(waiting));
    job("GET", "done").is(200, json!(done));
    job("GET", "done?count=2").is(200, json!(done[..2]));
    job("GET", "done?count=0").is(200, json!([]));
    job("GET", "pending?count=x").is(200, json!(waiting));

    let acknowledged = json!({ "result": true });
    job("DELETE", "expired?stamp=1").is(200, acknowledged.clone());
    job("GET", "done").is(200, json!(done));
    job("PUT", &format!("{}/cancel", waiting[0])).is(200, acknowledged.clone());
    job("DELETE", &waiting[1]).is(200, acknowledged.clone());
    job("DELETE", &done[0]).is(200, acknowledged.clone());
    job("GET", "pending").is(200, json!(waiting[2..]));
    job("DELETE", "expired?stamp=99999999999").is(200, acknowledged.clone());
    job("GET", "done").is(200, json!([]));
    job("GET", "pending").is(200, json!(waiting[2..]));
    job("DELETE", "all").is(200, acknowledged);
    for gone in [&waiting[0], &waiting[1], &done[0], &done[1]] {
        for (method, rest) in [("GET", ""), ("PUT", ""), ("PUT", "/cancel"), ("DELETE", "")] {
            job(method, &format!("{gone}{rest}")).is_error(404, 404);
        }
    }
    for unknown in ["0", "99999", "99999999999999999999999", "-1", "x"] {
        job("GET", unknown).is_error(404, 404);
    }
    for (method, rest) in [("GET", ""), ("GET", "1/2"), ("PUT", "1/2"), ("DELETE", "expired")] {
        job(method, rest).is_error(400, 400);
    }
    for (method, rest) in [("POST", "1"), ("PATCH", "done"), ("POST", "")] {
        job(method, rest).is_error(405, 405);
    }
}

#[test]
fn e11_everything_but_the_queue_is_answered_by_the_job() {
    let agency = Agency::of(3);
    let follower = agency.follower();
    let leader = agency.leader();
    let kept = |url: &str, method: &str, path: &str, more: &[(&str, &str)], body: &[u8]| {
        let mut headers = vec![("x-arango-async", "store")];
        headers.extend(more);
        let reply = send(method, &format!("{url}{path}"), &headers, body);
        assert_eq!((reply.status, reply.body.len()), (202, 0), "{path}");
        let id = reply.header("x-arango-async-id").unwrap().to_owned();
        let job = format!("{url}/_api/job/{id}");
        wait_for("the kept answer", || {
            let reply = send("PUT", &job, &[], b"");
            (reply.status != 204).then_some(reply)
        })
    };
    kept(&leader, "GET", "/nothing", &[], b"").is_error(501, 9);
    kept(&leader, "GET", "/_db/x/_api/version", &[], b"").is_error(404, 1228);
    kept(&leader, "PUT", "/_api/agency/read", &[], b"").is_error(405, 405);
    assert_eq!(kept(&leader, "POST", "/_api/agency/write", &[], b"[").status, 400);
    let chunked = [("transfer-encoding", "chunked")];
    kept(&leader, "POST", "/_api/agency/read", &chunked, b"[[]]").is_error(501, 9);
    let redirect = kept(&follower, "POST", "/_api/agency/read", &[], b"[[]]");
    assert_eq!((redirect.status, redirect.body.len()), (307, 0));
    assert_eq!(redirect.header("location"), Some(&*format!("{leader}/_api/agency/read")));
    assert!(redirect.header("x-arango-async-id").is_some());
}
