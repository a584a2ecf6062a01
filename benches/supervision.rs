//! What a round over replicated logs costs: it follows the logs that changed, not all there are.
//!
//! `cargo bench --bench supervision` prints medians over rounds on one thread, on a tree in memory.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]

use std::time::Instant;

use agencysh::agency::value::Value;
use agencysh::standin::LogRounds;
use agencysh::standin::agent::store::Store;
use serde_json::{Value as Json, json};

const ROUNDS: usize = 15;
const SERVERS: usize = 6;

fn main() {
    println!("logs with 3 participants over {SERVERS} servers, medians in ms");
    println!("{:>8}{:>14}{:>14}", "logs", "first round", "idle round");
    for logs in [100, 1000, 10_000] {
        let first = median(|_| {
            let mut rounds = LogRounds::new(tree(logs));
            timed(|| assert_eq!(rounds.round(), 0))
        });
        let mut rounds = settled(logs);
        let idle = median(|i| {
            // something changes in each round of a cluster
            set(rounds.tree(), "/arango/Supervision/State/Timestamp", json!(i));
            timed(|| assert_eq!(rounds.round(), 0))
        });
        println!("{logs:8}{first:14.4}{idle:14.4}");
    }
    println!();
    println!("10 000 logs, some of which changed since the last round");
    println!("{:>8}{:>14}{:>14}{:>14}", "changed", "nothing to do", "converged", "per log in µs");
    for changed in [1, 10, 100, 1000, 10_000] {
        let mut rounds = settled(10_000);
        let looked = median(|i| {
            for log in spread(changed) {
                let path = current(log, "/localStatus/PRMR-0/spearhead/index");
                set(rounds.tree(), &path, json!(i + 100));
            }
            timed(|| assert_eq!(rounds.round(), 0))
        });
        let converged = median(|i| {
            for log in spread(changed) {
                let path = format!("/arango/Target/ReplicatedLogs/shop/{log}/version");
                set(rounds.tree(), &path, json!(i + 100));
            }
            let time = timed(|| assert_eq!(rounds.round(), changed));
            // what was written is looked at once more
            assert_eq!(rounds.round(), 0);
            time
        });
        let each = looked / changed as f64 * 1e3;
        println!("{changed:8}{looked:14.4}{converged:14.4}{each:14.2}");
    }
    println!();
    let mut rounds = settled(10_000);
    let failed = median(|i| {
        // it takes part in every tenth log and leads none
        set(rounds.tree(), "/arango/Current/ServersKnown/PRMR-5/rebootId", json!(i + 2));
        timed(|| assert_eq!(rounds.round(), 0))
    });
    println!("10 000 logs, a server has a new reboot id, {failed:.4} ms");
}

/// Some of the logs, spread over all of them.
fn spread(count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |i| first_id() + i * 10_000 / count)
}

/// The number of the first log.
fn first_id() -> usize {
    1_000_000
}

/// Rounds over logs at rest that have been looked at.
fn settled(logs: usize) -> LogRounds {
    let mut rounds = LogRounds::new(tree(logs));
    assert_eq!(rounds.round(), 0);
    rounds
}

fn current(log: usize, below: &str) -> String {
    format!("/arango/Current/ReplicatedLogs/shop/{log}{below}")
}

fn set(store: &mut Store, path: &str, new: Json) {
    let operation = Value::from(json!({ path: { "op": "set", "new": new } }));
    store.apply(operation.as_object().unwrap()).unwrap();
}

/// A cluster whose logs are as wanted.
fn tree(logs: usize) -> Store {
    let mut store = Store::from_value(Value::from(json!({ "arango": {} })));
    for server in 0..SERVERS {
        let id = format!("PRMR-{server}");
        set(&mut store, &format!("/arango/Plan/DBServers/{id}"), json!("none"));
        set(&mut store, &format!("/arango/Current/ServersKnown/{id}/rebootId"), json!(1));
        let health = format!("/arango/Supervision/Health/{id}/Status");
        set(&mut store, &health, json!("GOOD"));
    }
    for log in (first_id()..).take(logs) {
        let [target, plan, current] = at_rest(log);
        for (tree, value) in [("Target", target), ("Plan", plan), ("Current", current)] {
            set(&mut store, &format!("/arango/{tree}/ReplicatedLogs/shop/{log}"), value);
        }
    }
    store
}

/// Target, Plan and Current of a log.
fn at_rest(log: usize) -> [Json; 3] {
    let third = if log.is_multiple_of(10) { 5 } else { 1 + (log + 1) % 4 };
    let servers = [0, 1 + log % 4, third].map(|server| format!("PRMR-{server}"));
    let map = |value: &Json| -> Json {
        servers
            .iter()
            .map(|id| (id.clone(), value.clone()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let flags = json!({"forced": false, "allowedInQuorum": true, "allowedAsLeader": true});
    let properties = json!({"implementation": {"type": "black-hole", "parameters": {}}});
    let config = json!({
        "generation": 1, "participants": map(&flags),
        "config": {"effectiveWriteConcern": 2, "waitForSync": false},
    });
    let status = json!({
        "term": 1, "spearhead": {"term": 1, "index": 1}, "state": "ServiceOperational",
        "snapshotAvailable": true, "rebootId": 1,
    });
    [
        json!({
            "id": log, "version": 1, "participants": map(&flags), "properties": properties,
            "config": {"writeConcern": 2, "softWriteConcern": 2, "waitForSync": false},
        }),
        json!({
            "id": log, "owner": "target", "properties": properties, "participantsConfig": config,
            "currentTerm": {"term": 1, "leader": {"serverId": servers[0], "rebootId": 1}},
        }),
        json!({
            "localStatus": map(&status), "safeRebootIds": map(&json!(1)),
            "leader": {
                "serverId": servers[0], "term": 1, "leadershipEstablished": true,
                "committedParticipantsConfig": config,
            },
            "supervision": {
                "assumedWriteConcern": 2, "assumedWaitForSync": false, "targetVersion": 1,
                "lastTimeModified": "2025-01-02T03:04:05Z",
            },
        }),
    ]
}

fn timed(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e3
}

fn median(mut measure: impl FnMut(usize) -> f64) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS).map(&mut measure).collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}
