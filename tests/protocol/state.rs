//! S: state and stores.

use serde_json::{Value, json};

use crate::support::{Agency, config, send, shared, unique, wait_for};

#[test]
fn s1_state_shows_tree_and_log_from_the_sentinel_on() {
    let agency = Agency::of(3);
    let index = agency.written(json!([[{ "s1": { "a": 1 } }, {}, "s1-id"]]))[0];
    let follower = agency.follower();
    let follower = wait_for("the follower to catch up", || {
        let reply = send("GET", &format!("{follower}/_api/agency/state"), &[], b"");
        let state = reply.json();
        (state["index"].as_u64() >= Some(index)).then_some(state)
    });
    for state in [agency.get("/_api/agency/state").json(), follower] {
        assert_eq!(state["index"], json!(index));
        assert!(state["term"].as_u64().unwrap() >= 1);
        assert_eq!(state["agency"]["s1"], json!({ "a": 1 }));
        assert!(state["agency"][".agency"].is_object());
        let log = state["log"].as_array().unwrap();
        assert_eq!(log.len() as u64, index + 1);
        for (position, entry) in log.iter().enumerate() {
            assert_eq!(entry["_key"], json!(format!("{position:020}")));
            assert!(entry["request"].is_object());
            assert!(entry["term"].is_u64());
            assert!(entry["timestamp"].is_string());
            assert!(entry["epoch_millis"].is_i64());
        }
        assert_eq!(log[0]["request"], json!({}));
        assert_eq!(log[0]["term"], json!(0));
        assert!(log[1]["request"][".agency"].is_object());
        let last = log.last().unwrap();
        assert_eq!(last["request"], json!({ "s1": { "a": 1 } }));
        assert_eq!(last["clientId"], json!("s1-id"));
        assert_eq!(log[1]["clientId"], json!(""));
        assert!(state.get("compaction").is_none());
    }
}

#[test]
fn s2_compaction_appears_with_the_first_snapshot() {
    let agency = Agency::configured(1, |c| {
        c.compaction.step = 10;
        c.compaction.keep = 5;
    });
    let state = || agency.get("/_api/agency/state").json();
    assert!(state().get("compaction").is_none());
    while agency.commit_index() < 9 {
        agency.written(json!([[{ "s2": { "op": "increment" } }]]));
    }
    assert!(state().get("compaction").is_none());
    agency.written(json!([[{ "s2": { "op": "increment" } }]]));
    let after = state();
    let compaction = &after["compaction"];
    assert_eq!(compaction["_key"], json!(format!("{:020}", 10)));
    assert_eq!(compaction["readDB"], json!([after["agency"]]));
    assert_eq!(compaction["version"], json!(2));
    assert!(compaction["term"].is_u64());
    assert_eq!(after["log"][0]["_key"], json!(format!("{:020}", 5)));
}

#[test]
fn s3_stores_and_the_tree_at_an_index() {
    let agency = shared();
    let key = unique("s3");
    let first = agency.written(json!([[{ &key: 1 }], [{ &key: 2 }]]));
    let stores = agency.get("/_api/agency/stores").json();
    for store in ["spearhead", "read_db", "transient"] {
        let trees = stores[store].as_array().unwrap();
        assert_eq!(trees.len(), 1, "{store}");
        assert!(trees[0].is_object());
    }
    assert_eq!(stores["read_db"][0][&key], json!(2));
    assert_eq!(stores["spearhead"][0][&key], json!(2));
    assert!(stores["read_db"][0][".agency"].is_object());

    let at = |body: &str| -> Value {
        let reply = agency.post_raw("store", body);
        assert_eq!(reply.status, 200);
        reply.json()
    };
    assert_eq!(at(&first[0].to_string())[&key], json!(1));
    assert_eq!(at(&first[1].to_string())[&key], json!(2));
    assert_eq!(at("0"), json!({}));
    for latest in ["", "[]", "\"x\"", "99999999", "-1", "1.5"] {
        let tree = at(latest);
        assert_eq!(tree[&key], json!(2), "{latest}");
        assert!(tree.get(".agency").is_none());
    }
    let broken = agency.post_raw("store", "{");
    assert_eq!((broken.status, broken.body.len()), (500, 0));
}

#[test]
fn s2_of_several_snapshots_the_oldest_that_the_log_reaches_is_shown() {
    let agency = Agency::configured(1, |c| {
        c.compaction.step = 10;
        c.compaction.keep = 25;
    });
    while agency.commit_index() < 40 {
        agency.written(json!([[{ "s2": { "op": "increment" } }]]));
    }
    let state = agency.get("/_api/agency/state").json();
    assert_eq!(state["log"][0]["_key"], json!(format!("{:020}", 15)));
    // The snapshots at 30 and 40 are there as well, the one at 10 is older than the log.
    assert_eq!(state["compaction"]["_key"], json!(format!("{:020}", 20)));
    assert_eq!(state["compaction"]["readDB"][0]["s2"], json!(19), "entry 1 is the leader's");
    let shown = config(&agency.leader());
    assert_eq!(shown["lastCompactionAt"], json!(40));
    assert_eq!(shown["nextCompactionAfter"], json!(50));
}
