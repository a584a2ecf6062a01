//! What a simulated cluster costs: its start, a thousand replicated logs, and the failure of a
//! server that leads a part of them.
//!
//! `cargo bench --bench cluster` prints seconds; `cargo bench --bench cluster 200` takes so many logs.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use agencysh::AgencyClient;
use agencysh::client::Transaction;
use agencysh::deadline::Deadline;
use agencysh::http::Endpoint;
use agencysh::standin::{ClusterConfig, ClusterSize, EmbeddedCluster};
use serde_json::{Value, json};

const SERVERS: usize = 6;
const PARTICIPANTS: usize = 3;
const STARTS: usize = 5;
const GRACE: f64 = 5.0;
const PATIENCE: Duration = Duration::from_secs(300);

fn main() {
    let logs = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1000);
    start();
    let size = ClusterSize { agents: 3, dbservers: SERVERS, coordinators: 0 };
    let mut config = ClusterConfig::default();
    config.supervision.ok_threshold = GRACE / 2.0;
    config.supervision.grace_period = GRACE;
    let cluster = EmbeddedCluster::start_configured(size, config).unwrap();
    let client = client(&cluster);
    wait(&client, "Supervision/Health", |health| {
        let records = health.as_object().into_iter().flat_map(|records| records.values());
        records.filter(|record| record["Status"] == "GOOD").count() == SERVERS
    });
    let servers: Vec<String> = cluster
        .servers()
        .into_iter()
        .filter(|server| server.role == "dbserver")
        .map(|server| server.id)
        .collect();
    create(&client, &servers, logs);
    let server = servers[0].clone();
    let plan = client.get("Plan/ReplicatedLogs/d").unwrap().unwrap();
    let led: BTreeSet<String> = plan
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, log)| leader(log) == Some(&*server))
        .map(|(id, _)| id.clone())
        .collect();
    let began = Instant::now();
    cluster.pause(&server).unwrap();
    wait_for_leaders(&client, led.len(), |id, log| {
        led.contains(id) && leader(log) != Some(&*server)
    });
    let took = began.elapsed().as_secs_f64();
    println!(
        "a server that leads {} logs is suspended: all have another leader after {took:.2} s, {:.2} s after the grace period",
        led.len(),
        took - GRACE
    );
}

fn leader(plan: &Value) -> Option<&str> {
    plan["currentTerm"]["leader"]["serverId"].as_str()
}

fn start() {
    let mut times: Vec<f64> = (0..STARTS)
        .map(|_| {
            let began = Instant::now();
            let cluster =
                EmbeddedCluster::start(ClusterSize { agents: 3, dbservers: 3, coordinators: 1 });
            let took = began.elapsed().as_secs_f64();
            drop(cluster.unwrap());
            took
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "3 agents, 3 DB-servers, 1 coordinator: ready after {:.2} s (median of {STARTS})",
        times[STARTS / 2]
    );
}

fn client(cluster: &EmbeddedCluster) -> AgencyClient {
    let mut builder = AgencyClient::builder();
    for url in cluster.endpoints() {
        builder = builder.endpoint(Endpoint::parse(&url).unwrap());
    }
    builder.build(Deadline::default()).unwrap()
}

fn wait(client: &AgencyClient, path: &str, reached: impl Fn(&Value) -> bool) {
    let began = Instant::now();
    while !reached(&client.get(path).unwrap().unwrap_or_default()) {
        assert!(began.elapsed() < PATIENCE, "{path} is not as it should be");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Waits until so many logs of a kind have an established leader.
fn wait_for_leaders(
    client: &AgencyClient,
    count: usize,
    of_interest: impl Fn(&str, &Value) -> bool,
) {
    let began = Instant::now();
    loop {
        let tree = client.read(&["Plan/ReplicatedLogs/d", "Current/ReplicatedLogs/d"]).unwrap();
        let part = |part: &str| &tree["arango"][part]["ReplicatedLogs"]["d"];
        let plan = part("Plan").as_object();
        let established = plan.into_iter().flatten().filter(|(id, log)| {
            let told = &part("Current")[id.as_str()]["leader"];
            of_interest(id, log)
                && told["leadershipEstablished"] == true
                && told["term"] == log["currentTerm"]["term"]
                && told["serverId"].as_str() == leader(log)
        });
        let established = established.count();
        if established == count {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{established} of {count} have a leader");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn create(client: &AgencyClient, servers: &[String], logs: usize) {
    let database = json!({ "name": "d", "id": "77", "replicationVersion": "2" });
    let database = Transaction::new(json!({
        "/arango/Plan/Databases/d": { "op": "set", "new": database },
        "/arango/Plan/Version": { "op": "increment" },
    }));
    client.write(&[database]).unwrap();
    let began = Instant::now();
    let all: Vec<Transaction> = (0..logs)
        .map(|n| {
            let id = 10_000 + n;
            let participants: serde_json::Map<String, Value> = (0..PARTICIPANTS)
                .map(|k| (servers[(n + k) % servers.len()].clone(), json!({})))
                .collect();
            let target = json!({
                "id": id, "version": 1, "participants": participants,
                "config": { "writeConcern": 2, "softWriteConcern": 3, "waitForSync": false },
                "properties": { "implementation": { "type": "black-hole", "parameters": {} } },
            });
            Transaction::new(json!({
                format!("/arango/Target/ReplicatedLogs/d/{id}"): { "op": "set", "new": target },
            }))
        })
        .collect();
    for some in all.chunks(100) {
        assert!(client.write(some).unwrap().all_applied());
    }
    wait_for_leaders(client, logs, |_, _| true);
    println!(
        "{logs} logs of {PARTICIPANTS} participants over {SERVERS} servers: all led after {:.2} s",
        began.elapsed().as_secs_f64()
    );
    wait(client, "Current/ReplicatedLogs/d", |current| {
        let logs_now = current.as_object().into_iter().flat_map(|logs| logs.values());
        logs_now.filter(|log| log["supervision"]["targetVersion"] == 1).count() == logs
    });
    println!("... and as wanted after {:.2} s", began.elapsed().as_secs_f64());
}
