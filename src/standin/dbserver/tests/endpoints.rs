//! What servers answer about logs.

use axum::http::{Method, StatusCode};
use serde_json::{Value as Json, json};

use super::{Cluster, is_operational, plan};
use crate::standin::dbserver::engine::Settings;

const ABC: [&str; 3] = ["PRMR-a", "PRMR-b", "PRMR-c"];

impl Cluster {
    /// Waits until a server has dropped a log.
    pub(super) async fn until_gone(&self, server: &str, id: u64) {
        let end = std::time::Instant::now() + super::PATIENCE;
        loop {
            let (status, body) = self.get(server, &format!("/_api/log/{id}/local-status")).await;
            if status == StatusCode::NOT_FOUND {
                assert_eq!(body["errorNum"], 1418);
                return;
            }
            assert!(std::time::Instant::now() < end, "{server} keeps the log: {body}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    async fn post(&self, server: &str, path: &str, body: Json) -> (StatusCode, Json) {
        self.ask(server, Method::POST, path, Some(&body)).await
    }
}

/// A log 1 that PRMR-a leads.
async fn with_log() -> Cluster {
    let cluster = Cluster::start(&ABC).await;
    cluster.plan(1, plan(1, 1, Some(("PRMR-a", 1)), 1, &ABC)).await;
    cluster.until("leadership", |t| is_operational(t, 1, 1, 1, &ABC)).await;
    cluster
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s57_s58_entries_are_added_and_read() {
    let cluster = with_log().await;
    let (status, body) = cluster.get("PRMR-a", "/_api/log/1/head").await;
    assert_eq!((status, body["result"].as_array().unwrap().len()), (StatusCode::OK, 1));
    assert_eq!(body["result"][0]["meta"]["type"], "FirstEntryOfTerm");
    cluster.suspend("PRMR-b");
    let (status, body) = cluster.post("PRMR-a", "/_api/log/1/insert", json!({"a": 1})).await;
    assert_eq!(
        (status, &body["code"], &body["error"]),
        (StatusCode::CREATED, &json!(201), &json!(false))
    );
    assert_eq!(body["result"]["index"], 2);
    assert_eq!(body["result"]["result"]["commitIndex"], 2);
    let quorum = json!({"index": 2, "term": 1, "quorum": ["PRMR-a", "PRMR-c"]});
    assert_eq!(body["result"]["result"]["quorum"], quorum);
    cluster.resume("PRMR-b");
    let (status, body) = cluster.post("PRMR-a", "/_api/log/1/multi-insert", json!([3, null])).await;
    assert_eq!((status, &body["result"]["indexes"]), (StatusCode::CREATED, &json!([3, 4])));
    let (status, body) =
        cluster.post("PRMR-a", "/_api/log/1/insert?dontWaitForCommit=true", json!("x")).await;
    assert_eq!((status, &body["result"]), (StatusCode::ACCEPTED, &json!({"index": 5})));
    let (status, body) = cluster.post("PRMR-a", "/_api/log/1/ping", json!({"message": "hi"})).await;
    assert_eq!((status, &body["result"]["index"]), (StatusCode::CREATED, &json!(6)));

    let indices = |body: &Json| -> Vec<u64> {
        let entries = body["result"].as_array().unwrap().iter();
        entries.map(|entry| entry["logIndex"].as_u64().unwrap()).collect()
    };
    for (query, expected) in [
        ("head?limit=2", vec![1, 2]),
        ("tail?limit=2", vec![5, 6]),
        ("tail", vec![1, 2, 3, 4, 5, 6]),
        ("slice?start=2&stop=4", vec![2, 3]),
        ("slice", vec![1, 2, 3, 4, 5, 6]),
        ("poll?first=5", vec![5, 6]),
        ("poll?first=2&limit=2", vec![2, 3]),
    ] {
        let (status, body) = cluster.get("PRMR-a", &format!("/_api/log/1/{query}")).await;
        assert_eq!((status, indices(&body)), (StatusCode::OK, expected), "{query}");
    }
    let (_, body) = cluster.get("PRMR-a", "/_api/log/1/entry/4").await;
    assert_eq!(body["result"], json!({"logIndex": 4, "logTerm": 1, "payload": null}));
    let (_, body) = cluster.get("PRMR-a", "/_api/log/1/entry/6").await;
    assert_eq!(body["result"]["meta"]["message"], "hi");
    let (status, _) = cluster.get("PRMR-a", "/_api/log/1/entry/7").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_12_a_poll_waits_for_a_commit() {
    let cluster = with_log().await;
    let polling = cluster.get("PRMR-a", "/_api/log/1/poll?first=2");
    let inserting = async {
        // it waits, so this comes first
        cluster.post("PRMR-a", "/_api/log/1/insert", json!("x")).await
    };
    let ((_, polled), (status, _)) = tokio::join!(polling, inserting);
    assert_eq!((status, &polled["result"][0]["payload"]), (StatusCode::CREATED, &json!("x")));
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_12_a_poll_gives_as_many_indices_as_it_asks_for_from_its_first_one_on() {
    let cluster = with_log().await;
    cluster.post("PRMR-a", "/_api/log/1/multi-insert", json!([2, 3, 4, 5, 6, 7, 8, 9, 10])).await;
    for (query, first, last) in [
        ("poll", 1, 9),
        ("poll?limit=2", 1, 1),
        ("poll?limit=0", 1, 0),
        ("poll?first=0&limit=4", 1, 3),
        ("poll?first=3", 3, 10),
        ("poll?first=3&limit=18446744073709551615", 3, 10),
    ] {
        let (status, body) = cluster.get("PRMR-a", &format!("/_api/log/1/{query}")).await;
        let entries = body["result"].as_array().unwrap().iter();
        let indices: Vec<u64> = entries.map(|entry| entry["logIndex"].as_u64().unwrap()).collect();
        assert_eq!(status, StatusCode::OK, "{query}");
        assert_eq!(indices, (first..=last).collect::<Vec<u64>>(), "{query}");
    }
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_12_nobody_waits_for_a_commit_for_ever() {
    let longest_wait = std::time::Duration::from_millis(300);
    let settings = Settings { longest_wait, ..Settings::default() };
    let cluster = Cluster::start_with(&ABC, settings).await;
    cluster.plan(1, plan(1, 1, Some(("PRMR-a", 1)), 1, &ABC)).await;
    cluster.until("leadership", |t| is_operational(t, 1, 1, 1, &ABC)).await;
    let (status, body) = cluster.get("PRMR-a", "/_api/log/1/poll?first=9").await;
    assert_eq!((status.as_u16(), &body["errorNum"]), (408, &json!(408)));
    cluster.suspend("PRMR-b");
    cluster.suspend("PRMR-c");
    let (status, body) = cluster.post("PRMR-a", "/_api/log/1/insert", json!("x")).await;
    assert_eq!((status.as_u16(), &body["errorNum"]), (408, &json!(408)));
    // it is in the log all the same
    let (_, body) = cluster.get("PRMR-a", "/_api/log/1/entry/2").await;
    assert_eq!(body["result"]["payload"], "x");
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_12_what_is_released_is_dropped_everywhere() {
    let cluster = with_log().await;
    cluster.post("PRMR-a", "/_api/log/1/multi-insert", json!([1, 2, 3])).await;
    let (status, _) = cluster.post("PRMR-a", "/_api/log/1/release?index=3", json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let end = std::time::Instant::now() + super::PATIENCE;
    for server in ABC {
        loop {
            let (status, body) = cluster.post("PRMR-a", "/_api/log/1/compact", json!({})).await;
            let ok = json!({"result": "ok"});
            let all = json!({"PRMR-a": ok, "PRMR-b": ok, "PRMR-c": ok});
            assert_eq!((status, &body["result"]), (StatusCode::ACCEPTED, &all));
            let (_, body) = cluster.get(server, "/_api/log/1/local-status").await;
            if body["result"]["local"]["firstIndex"] == 4 {
                break;
            }
            assert!(std::time::Instant::now() < end, "{body}");
        }
    }
    // a newcomer needs what was dropped
    let four = ["PRMR-a", "PRMR-b", "PRMR-c", "PRMR-d"];
    let mut cluster = cluster;
    cluster.launch("PRMR-d").await;
    cluster.plan(1, plan(1, 1, Some(("PRMR-a", 1)), 2, &four)).await;
    cluster.until("the newcomer", |t| is_operational(t, 1, 1, 2, &four)).await;
    let (_, body) = cluster.get("PRMR-d", "/_api/log/1/local-status").await;
    assert_eq!(body["result"]["local"]["firstIndex"], 4);
    assert_eq!(body["result"]["snapshotAvailable"], true);
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c5_2_local_status_of_leader_and_follower() {
    let cluster = with_log().await;
    let (status, body) = cluster.get("PRMR-a", "/_api/log/1").await;
    let leader = &body["result"];
    assert_eq!(
        (status, &leader["role"], &leader["term"]),
        (StatusCode::OK, &json!("leader"), &json!(1))
    );
    assert_eq!(leader["leadershipEstablished"], true);
    assert_eq!(leader["lastCommitStatus"], json!({"reason": "NothingToCommit"}));
    assert_eq!(leader["activeParticipantsConfig"], leader["committedParticipantsConfig"]);
    assert_eq!(leader["safeRebootIds"], json!({"PRMR-a": 1, "PRMR-b": 1, "PRMR-c": 1}));
    let mut followers: Vec<_> = leader["follower"].as_object().unwrap().keys().collect();
    followers.sort();
    assert_eq!(followers, ABC);
    assert_eq!(leader["follower"]["PRMR-a"]["spearhead"], json!({"term": 1, "index": 1}));
    for key in
        ["spearhead", "commitIndex", "firstIndex", "releaseIndex", "syncIndex", "appliedIndex"]
    {
        assert!(leader["local"].get(key).is_some(), "{key}");
    }
    let (_, all) = cluster.get("PRMR-b", "/_api/log").await;
    let (_, one) = cluster.get("PRMR-b", "/_api/log/1/local-status").await;
    assert_eq!(all["result"]["1"], one["result"]);
    let follower = &one["result"];
    assert_eq!(
        (&follower["role"], &follower["snapshotAvailable"]),
        (&json!("follower"), &json!(true))
    );
    assert_eq!(follower["local"]["commitIndex"], 1);
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s39_with_wait_for_sync_all_is_on_disk() {
    let cluster = with_log().await;
    let mut synced = plan(1, 1, Some(("PRMR-a", 1)), 2, &ABC);
    synced["participantsConfig"]["config"]["waitForSync"] = json!(true);
    cluster.plan(1, synced).await;
    cluster.until("generation 2", |t| is_operational(t, 1, 1, 2, &ABC)).await;
    cluster.post("PRMR-a", "/_api/log/1/insert", json!(1)).await;
    let (_, body) = cluster.get("PRMR-a", "/_api/log/1").await;
    let local = &body["result"]["local"];
    assert_eq!((&local["syncIndex"], &local["spearhead"]["index"]), (&json!(3), &json!(3)));
    assert_eq!(body["result"]["syncCommitIndex"], 3);
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s59_without_a_leader_nothing_is_taken() {
    let cluster = with_log().await;
    cluster.post("PRMR-a", "/_api/log/1/insert", json!("kept")).await;
    // somebody waits for what never comes
    cluster.suspend("PRMR-b");
    cluster.suspend("PRMR-c");
    let waiting = cluster.post("PRMR-a", "/_api/log/1/insert", json!("lost"));
    let ending = async {
        loop {
            let (_, body) = cluster.get("PRMR-a", "/_api/log/1").await;
            if body["result"]["local"]["spearhead"]["index"] == 3 {
                break cluster.plan(1, plan(1, 2, None, 1, &ABC)).await;
            }
        }
    };
    let ((status, body), ()) = tokio::join!(waiting, ending);
    assert_eq!((status, &body["errorNum"]), (StatusCode::SERVICE_UNAVAILABLE, &json!(1422)));
    for path in ["insert", "ping", "release?index=1"] {
        let (status, body) = cluster.post("PRMR-a", &format!("/_api/log/1/{path}"), json!(1)).await;
        assert_eq!((status, &body["errorNum"]), (StatusCode::SERVICE_UNAVAILABLE, &json!(1422)));
    }
    let (status, _) = cluster.get("PRMR-a", "/_api/log/1/poll?first=1").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    cluster.resume("PRMR-b");
    cluster.resume("PRMR-c");
    cluster.plan(1, plan(1, 3, Some(("PRMR-a", 1)), 2, &ABC)).await;
    cluster.until("leadership", |t| is_operational(t, 1, 3, 2, &ABC)).await;
    let (_, body) = cluster.get("PRMR-a", "/_api/log/1/entry/2").await;
    assert_eq!(body["result"]["payload"], "kept");
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_12_refusals() {
    let cluster = with_log().await;
    let mut other = plan(2, 1, Some(("PRMR-a", 1)), 1, &ABC);
    other["properties"]["implementation"]["type"] = json!("document");
    cluster.plan(2, other).await;
    cluster.until("leadership", |t| is_operational(t, 2, 1, 1, &ABC)).await;
    let deep = (0..190).fold(json!(1), |inside, _| json!([inside]));
    let big = Json::String("x".repeat(9 << 20));
    for (server, method, path, body, status, number) in [
        ("PRMR-a", "GET", "9", json!(1), 404, 1418),
        ("PRMR-a", "GET", "9/local-status", json!(1), 404, 1418),
        ("PRMR-a", "GET", "9/head", json!(1), 404, 1418),
        ("PRMR-a", "POST", "9/insert", json!(1), 404, 1418),
        ("PRMR-b", "POST", "1/insert", json!(1), 403, 403),
        ("PRMR-b", "POST", "1/ping", json!({}), 403, 403),
        ("PRMR-b", "GET", "1/poll?first=1", json!(1), 403, 403),
        ("PRMR-a", "POST", "2/insert", json!(1), 403, 403),
        ("PRMR-a", "POST", "2/multi-insert", json!([1]), 403, 403),
        ("PRMR-a", "POST", "2/release?index=1", json!(1), 403, 403),
        ("PRMR-a", "GET", "1/global-status", json!(1), 501, 9),
        ("PRMR-a", "GET", "collection-status/x", json!(1), 400, 400),
        ("PRMR-a", "GET", "x/head", json!(1), 400, 400),
        ("PRMR-a", "GET", "1/entry/x", json!(1), 400, 400),
        ("PRMR-a", "GET", "1/head?limit=x", json!(1), 400, 400),
        ("PRMR-a", "POST", "1/release", json!(1), 400, 400),
        ("PRMR-a", "POST", "1/multi-insert", json!({}), 400, 400),
        ("PRMR-a", "POST", "1/multi-insert", json!([]), 400, 400),
        ("PRMR-a", "POST", "1/insert", big, 413, 413),
        ("PRMR-a", "POST", "1/head", json!(1), 405, 405),
        ("PRMR-a", "GET", "1/insert", json!(1), 405, 405),
        ("PRMR-a", "DELETE", "1", json!(1), 405, 405),
        ("PRMR-a", "GET", "1/other", json!(1), 501, 9),
        ("PRMR-a", "POST", "internal/append", json!({"to": "PRMR-z", "messages": []}), 403, 403),
        ("PRMR-a", "POST", "internal/append", json!([1]), 400, 400),
        ("PRMR-a", "GET", "internal/append", json!([1]), 405, 405),
        ("PRMR-a", "POST", "internal/compact", json!({"to": "PRMR-a"}), 400, 400),
        ("PRMR-a", "POST", "internal/other", json!(1), 501, 9),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let what = format!("{method} {path}");
        let (actual, answer) =
            cluster.ask(server, method, &format!("/_api/log/{path}"), Some(&body)).await;
        assert_eq!((actual.as_u16(), &answer["errorNum"]), (status, &json!(number)), "{what}");
        assert_eq!((&answer["error"], &answer["code"]), (&json!(true), &json!(status)), "{what}");
    }
    let (status, _) = cluster.post("PRMR-a", "/_api/log/1/insert", deep).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, answer) = cluster.get("PRMR-a", "/_api/other").await;
    assert_eq!((status.as_u16(), &answer["errorNum"]), (501, &json!(9)));
    cluster.end().await;
}
