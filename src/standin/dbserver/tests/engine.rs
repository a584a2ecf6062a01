//! What servers do about logs of the Plan.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Cluster, DATABASE, current, is_operational, plan};
use crate::standin::dbserver::LogStore;
use crate::standin::dbserver::engine::Settings;
use crate::standin::model::{Transaction, paths};

const ABC: [&str; 3] = ["PRMR-a", "PRMR-b", "PRMR-c"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s10_a_log_that_only_the_plan_has_is_led_and_forgotten() {
    let cluster = Cluster::start(&ABC).await;
    cluster.plan(1, plan(1, 1, Some(("PRMR-b", 1)), 1, &ABC)).await;
    let tree = cluster.until("leadership", |t| is_operational(t, 1, 1, 1, &ABC)).await;
    let current = current(&tree, 1);
    assert_eq!(current["leader"]["serverId"], "PRMR-b");
    assert_eq!(current["safeRebootIds"], json!({"PRMR-a": 1, "PRMR-b": 1, "PRMR-c": 1}));
    assert!(current.get("supervision").is_none());
    let flags = &current["leader"]["committedParticipantsConfig"]["participants"]["PRMR-a"];
    assert_eq!(*flags, json!({"forced": false, "allowedInQuorum": true, "allowedAsLeader": true}));
    // a new generation, then a term with another leader
    cluster.plan(1, plan(1, 1, Some(("PRMR-b", 1)), 2, &ABC)).await;
    cluster.until("generation 2", |t| is_operational(t, 1, 1, 2, &ABC)).await;
    cluster.plan(1, plan(1, 5, Some(("PRMR-c", 1)), 2, &ABC)).await;
    cluster.until("term 5", |t| is_operational(t, 1, 5, 2, &ABC)).await;
    let path = paths::plan_log(DATABASE, "1");
    cluster.write(Transaction::new().delete(path).increment(paths::PLAN_VERSION)).await;
    for server in ABC {
        cluster.until_gone(server, 1).await;
    }
    assert_eq!(super::current(&cluster.tree().await, 1)["leader"]["term"], 5);
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s10_a_log_without_a_leader_stays_connecting_until_it_gets_one_in_another_term() {
    let cluster = Cluster::start(&ABC).await;
    cluster.plan(1, plan(1, 1, None, 1, &ABC)).await;
    cluster
        .until("confirmation", |tree| {
            let current = current(tree, 1);
            ABC.iter().all(|id| current["localStatus"][*id]["state"] == "Connecting")
        })
        .await;
    assert!(current(&cluster.tree().await, 1).get("leader").is_none());
    cluster.plan(1, plan(1, 2, Some(("PRMR-a", 1)), 1, &ABC)).await;
    cluster.until("leadership", |t| is_operational(t, 1, 2, 1, &ABC)).await;
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s22_a_follower_that_restarts_becomes_safe_again() {
    let mut cluster = Cluster::start(&ABC).await;
    cluster.plan(1, plan(1, 1, Some(("PRMR-a", 1)), 1, &ABC)).await;
    cluster.until("leadership", |t| is_operational(t, 1, 1, 1, &ABC)).await;
    cluster.kill("PRMR-c").await;
    cluster.launch("PRMR-c").await;
    let is_safe = |tree: &crate::standin::model::Tree| {
        let current = current(tree, 1);
        current["safeRebootIds"]["PRMR-c"] == 2
            && current["localStatus"]["PRMR-c"]["rebootId"] == 2
            && is_operational(tree, 1, 1, 1, &ABC)
    };
    let tree = cluster.until("safety", is_safe).await;
    assert_eq!(current(&tree, 1)["leader"]["committedParticipantsConfig"]["generation"], 1);
    // the number of a server that runs all the time, as the supervision increments it
    let bump = Transaction::new().increment(paths::reboot_id("PRMR-b"));
    cluster.write(bump).await;
    cluster
        .until("the new number", |tree| {
            let current = current(tree, 1);
            current["safeRebootIds"]["PRMR-b"] == 2
                && current["localStatus"]["PRMR-b"]["rebootId"] == 2
                && is_operational(tree, 1, 1, 1, &ABC)
        })
        .await;
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s24_a_suspended_server_says_nothing_until_it_is_resumed() {
    let settings = Settings {
        commit_patience: Duration::from_millis(300),
        wake_up: Duration::from_millis(500),
        ..Settings::default()
    };
    let cluster = Cluster::start_with(&ABC, settings).await;
    cluster.plan(1, plan(1, 1, Some(("PRMR-a", 1)), 1, &ABC)).await;
    cluster.until("leadership", |t| is_operational(t, 1, 1, 1, &ABC)).await;
    cluster.suspend("PRMR-c");
    let mut forced = plan(1, 1, Some(("PRMR-a", 1)), 2, &ABC);
    forced["participantsConfig"]["participants"]["PRMR-c"]["forced"] = json!(true);
    cluster.plan(1, forced).await;
    let tree = cluster
        .until("the reason", |tree| current(tree, 1)["leader"].get("commitStatus").is_some())
        .await;
    let status = json!({"reason": "ForcedParticipantNotInQuorum", "who": "PRMR-c"});
    assert_eq!(current(&tree, 1)["leader"]["commitStatus"], status);
    assert!(is_operational(&tree, 1, 1, 1, &ABC), "generation 2 is not committed");
    cluster.resume("PRMR-c");
    cluster
        .until("generation 2", |tree| {
            is_operational(tree, 1, 1, 2, &ABC)
                && current(tree, 1)["leader"].get("commitStatus").is_none()
        })
        .await;
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_restarts_reports_the_spearheads_of_what_it_kept_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::start(&[]).await;
    cluster.stores.insert("PRMR-a".into(), LogStore::on_disk(directory.path()).unwrap());
    for id in ABC {
        cluster.launch(id).await;
    }
    cluster.plan(1, plan(1, 1, Some(("PRMR-b", 1)), 1, &ABC)).await;
    cluster.plan(2, plan(2, 1, Some(("PRMR-b", 1)), 1, &ABC)).await;
    cluster.until("leadership", |t| is_operational(t, 1, 1, 1, &ABC)).await;
    cluster.until("leadership", |t| is_operational(t, 2, 1, 1, &ABC)).await;
    for id in ABC {
        cluster.kill(id).await;
    }
    // one log is gone meanwhile, the other one has a term without a leader
    let gone = Transaction::new().delete(paths::plan_log(DATABASE, "2"));
    cluster.write(gone).await;
    cluster.plan(1, plan(1, 2, None, 1, &ABC)).await;
    cluster.stores.remove("PRMR-a");
    cluster.stores.insert("PRMR-a".into(), LogStore::on_disk(directory.path()).unwrap());
    assert_eq!(cluster.stores["PRMR-a"].names().len(), 2);
    cluster.launch("PRMR-a").await;
    let tree = cluster
        .until("a report", |tree| current(tree, 1)["localStatus"]["PRMR-a"]["term"] == 2)
        .await;
    assert_eq!(
        current(&tree, 1)["localStatus"]["PRMR-a"],
        json!({"term": 2, "spearhead": {"term": 1, "index": 1}, "state": "Connecting",
            "snapshotAvailable": true, "rebootId": 2})
    );
    assert_eq!(cluster.stores["PRMR-a"].names().len(), 1);
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rubbish_in_the_tree_is_skipped_and_other_logs_are_led() {
    let cluster = Cluster::start(&ABC).await;
    let mut surplus = plan(4, 1, Some(("PRMR-a", 1)), 1, &ABC);
    surplus["surplus"] = json!(1);
    let logs = json!({
        "1": 7, "2": {}, "x": plan(1, 1, None, 1, &ABC), "3": plan(9, 1, None, 1, &ABC),
        "4": surplus, "5": [], "-1": null,
        "6": {"id": 6, "currentTerm": {"term": -1}}, "18446744073709551615":
            plan(u64::MAX, u64::MAX, Some(("PRMR-a", 1)), u64::MAX, &ABC),
    });
    let write = Transaction::new()
        .set(format!("/arango/Plan/ReplicatedLogs/{DATABASE}"), logs)
        .set("/arango/Plan/ReplicatedLogs/other", json!([1]))
        .set("/arango/Plan/Databases/rubbish", json!({"id": {}, "replicationVersion": 2}))
        .set("/arango/Plan/Databases/text", "x")
        .set(
            "/arango/Plan/Collections",
            json!({DATABASE: {"1": 1, "2": {"shards": 1,
            "groupId": 3, "shardsR2": [1, "s2", {}]}}, "text": "x"}),
        )
        .set(
            "/arango/Plan/CollectionGroups",
            json!({DATABASE: {"3": {"shardSheaves":
            [{"replicatedLog": 6}, {"replicatedLog": "x"}, 1]}}}),
        )
        .set(
            "/arango/Current/ReplicatedLogs",
            json!({DATABASE: {"7": {"localStatus": 1,
            "leader": "x", "safeRebootIds": [1]}, "y": 1}}),
        )
        .set("/arango/Current/ServersKnown/PRMR-z", "x")
        .set("/arango/Current/Databases", json!({DATABASE: 1, "gone": "x"}));
    cluster.write(write).await;
    cluster.plan(7, plan(7, 1, Some(("PRMR-a", 1)), 1, &ABC)).await;
    cluster.until("leadership", |t| is_operational(t, 7, 1, 1, &ABC)).await;
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c5_1_absurd_numbers_are_numbers_like_others() {
    let settings = Settings {
        commit_patience: Duration::from_millis(100),
        wake_up: Duration::from_millis(50),
        ..Settings::default()
    };
    let cluster = Cluster::start_with(&ABC, settings).await;
    const MAX: u64 = u64::MAX;
    let with = |id, term, generation, write_concern: u64| {
        let mut plan = plan(id, term, Some(("PRMR-a", 1)), generation, &ABC);
        plan["participantsConfig"]["config"]["effectiveWriteConcern"] = json!(write_concern);
        plan
    };
    cluster.plan(MAX, with(MAX, MAX, MAX, 3)).await;
    cluster.plan(1, with(1, 0, 0, 0)).await;
    cluster.plan(2, with(2, 1, 1, MAX)).await;
    cluster.until("the largest", |t| is_operational(t, MAX, MAX, MAX, &ABC)).await;
    cluster.until("the smallest", |t| is_operational(t, 1, 0, 0, &ABC)).await;
    let reason = json!({"reason": "FewerParticipantsThanWriteConcern",
        "effectiveWriteConcern": MAX, "numParticipants": 3});
    let told = |t: &crate::standin::model::Tree| current(t, 2)["leader"]["commitStatus"] == reason;
    cluster.until("the reason", told).await;
    cluster.plan(3, plan(3, 1, Some(("PRMR-b", 1)), 1, &[])).await;
    cluster.plan(3, plan(3, 1, Some(("PRMR-b", 1)), 1, &ABC)).await;
    let before = cluster.until("another one", |t| is_operational(t, 3, 1, 1, &ABC)).await;
    // nobody says anything twice
    tokio::time::sleep(settings.wake_up * 6).await;
    let version = |tree: &crate::standin::model::Tree| tree.number(paths::CURRENT_VERSION);
    assert_eq!(version(&cluster.tree().await), version(&before));
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_does_not_answer_delays_nobody_else() {
    let cluster = Cluster::start(&ABC).await;
    cluster.suspend("PRMR-c");
    let begun = Instant::now();
    for id in 1..=20 {
        cluster.plan(id, plan(id, 1, Some(("PRMR-a", 1)), 1, &ABC)).await;
    }
    for id in 1..=20 {
        let others = &ABC[..2];
        cluster.until("leadership", |t| is_operational(t, id, 1, 1, others)).await;
    }
    // far less than a server is waited for
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    cluster.resume("PRMR-c");
    for id in 1..=20 {
        cluster.until("the third one", |t| is_operational(t, id, 1, 1, &ABC)).await;
    }
    cluster.end().await;
}
