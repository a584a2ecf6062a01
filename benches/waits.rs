//! How soon a wait for the leader of a replicated log returns, against the schedule of the legacy
//! helpers, and what a waiting script costs.
//!
//! `cargo bench --bench waits` prints milliseconds after the commit that ends the wait, and the share of one core.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use agencysh::AgencyClient;
use agencysh::client::ClientAuth;
use agencysh::deadline::Deadline;
use agencysh::host::{Host, Target};
use agencysh::http::Endpoint;
use agencysh::standin::{ClusterSize, EmbeddedCluster};
use rand::RngExt;
use serde_json::{Value, json};

/// Elections that are waited for in each way.
const ELECTIONS: usize = 30;
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the script waits whose cost is taken.
const IDLE: Duration = Duration::from_secs(10);

const SCRIPT: &str = r#"
import "log_predicates" as log_predicates;
import "log_edits" as log_edits;
import "replicated_log" as replicated_log;
import "wait" as wait;

fn create() {
    replicated_log::create(agency::current(), "d", #{ writeConcern: 2, waitForSync: false }).logId
}

fn elect(id) {
    log_edits::trigger_election(agency::current(), "d", id)
}

fn await_by_poll(id, term) {
    wait::wait_for(log_predicates::established_pred(agency::current(), "d", id, term, []))
}

// as the legacy helpers did: the same condition, tried again after each pause
fn await_by_schedule(id, term) {
    let established = log_predicates::established_pred(agency::current(), "d", id, term, []);
    wait::wait_for(|| established.check.call())
}
"#;

fn main() {
    let cluster =
        EmbeddedCluster::start(ClusterSize { agents: 3, dbservers: 3, coordinators: 0 }).unwrap();
    let client = client(&cluster);
    let database = json!({ "name": "d", "id": "77", "replicationVersion": "2" });
    client.set("Plan/Databases/d", database).unwrap();
    client.increment("Plan/Version", 1).unwrap();
    let all_good = |health: Option<&Value>| {
        let records = health.and_then(Value::as_object).into_iter().flat_map(|all| all.values());
        let good = records.filter(|record| record["Status"] == "GOOD").count();
        Ok::<_, agencysh::client::ClientError>(good == 3)
    };
    client.wait_until("Supervision/Health", PATIENCE, all_good).unwrap();
    let [waiting, editing] = [host(&cluster), host(&cluster)];
    let id = editing.call("create", json!([])).unwrap();
    let by_poll = lags(&client, &waiting, &editing, "await_by_poll", &id);
    let by_schedule = lags(&client, &waiting, &editing, "await_by_schedule", &id);
    report("woken by poll", &by_poll);
    report("legacy schedule", &by_schedule);
    println!("mean: {:.1} times sooner", mean(&by_schedule) / mean(&by_poll));
    drop((waiting, editing));
    println!(
        "a script that waits for {IDLE:?} beside 10 writes a second: {:.2} % of a core",
        share_of_a_core(&cluster, &client) * 100.0
    );
}

/// A host with the functions above.
fn host(cluster: &EmbeddedCluster) -> Host {
    let endpoints = cluster.endpoints().iter().map(|url| Endpoint::parse(url).unwrap()).collect();
    let target = Target::agency(endpoints, ClientAuth::None);
    let host = Host::builder().target(target).build().unwrap();
    host.run_str("waits", SCRIPT, &[] as &[&str]).unwrap();
    host
}

fn client(cluster: &EmbeddedCluster) -> AgencyClient {
    let mut builder = AgencyClient::builder();
    for url in cluster.endpoints() {
        builder = builder.endpoint(Endpoint::parse(&url).unwrap());
    }
    builder.build(Deadline::default()).unwrap()
}

/// Milliseconds between the commit of an established leader and the return of the wait for it, in order of size.
fn lags(
    client: &AgencyClient,
    waiting: &Host,
    editing: &Host,
    function: &str,
    id: &Value,
) -> Vec<f64> {
    let mut lags: Vec<f64> = (0..ELECTIONS)
        .map(|_| {
            let plan = format!("Plan/ReplicatedLogs/d/{id}/currentTerm/term");
            let term = client.get(&plan).unwrap().unwrap().as_u64().unwrap() + 1;
            let current = format!("Current/ReplicatedLogs/d/{id}/leader");
            let established = |leader: Option<&Value>| {
                Ok::<_, agencysh::client::ClientError>(leader.is_some_and(|leader| {
                    leader["term"].as_u64() >= Some(term) && leader["leadershipEstablished"] == true
                }))
            };
            std::thread::scope(|scope| {
                let returned = scope.spawn(|| {
                    waiting.call(function, json!([id, term])).unwrap();
                    Instant::now()
                });
                let committed = scope.spawn(|| {
                    client.wait_until(&current, PATIENCE, established).unwrap();
                    Instant::now()
                });
                // the wait is in any of its pauses
                std::thread::sleep(Duration::from_millis(rand::rng().random_range(700..2700)));
                editing.call("elect", json!([id])).unwrap();
                let (returned, committed) = (returned.join().unwrap(), committed.join().unwrap());
                // whoever hears of it first: the commit was no later
                returned.saturating_duration_since(committed).as_secs_f64() * 1000.0
            })
        })
        .collect();
    lags.sort_by(f64::total_cmp);
    lags
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn report(what: &str, lags: &[f64]) {
    let (median, most) = (lags[lags.len() / 2], lags[lags.len() - 1]);
    println!("{what}: median {median:.1} ms, mean {:.1} ms, most {most:.1} ms", mean(lags));
}

/// What a process that only waits takes of one core.
fn share_of_a_core(cluster: &EmbeddedCluster, client: &AgencyClient) -> f64 {
    let script = format!(
        r#"import "wait" as wait;
        let a = agency::current();
        let predicate = #{{ check: || a.get("Waits/never") == 1, agency: a, paths: ["Waits/never"] }};
        try {{ wait::wait_for(predicate, #{{ timeout: {} }}); }} catch (error) {{ if error.kind != "wait.timeout" {{ throw error; }} }}"#,
        IDLE.as_secs()
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_agencysh"));
    for url in cluster.endpoints() {
        command.args(["--endpoint", &url]);
    }
    let before = children_time();
    let began = Instant::now();
    let mut child = command.args(["eval", &script]).stdout(Stdio::null()).spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        client.increment("Waits/other", 1).unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(child.wait().unwrap().success());
    (children_time() - before).as_secs_f64() / began.elapsed().as_secs_f64()
}

/// The time on processors of all processes that this one has waited for.
fn children_time() -> Duration {
    let usage =
        nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN).unwrap();
    [usage.user_time(), usage.system_time()]
        .iter()
        .map(|time| Duration::from_micros(time.tv_sec() as u64 * 1_000_000 + time.tv_usec() as u64))
        .sum()
}
