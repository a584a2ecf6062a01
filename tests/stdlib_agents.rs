//! Modules of the agency against agents that answer as they are told.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/server.rs"]
mod server;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use agencysh::clock::Clock;
use agencysh::host::{Host, Permissions};
use agencysh::natives::log::LogRecord;
use serde_json::{Value, json as value};
use server::{Reply, Seen, Server, closed_port, json, redirect};

const IMPORTS: &str = "import \"agency_agents\" as agents; import \"agency_manager\" as am; import \"assert\" as assert; import \"coordinator\" as coordinator; \
                       import \"health\" as health; import \"log_edits\" as log_edits; ";

/// What a script gives, on a clock that stands still, and what it logged.
fn run(code: &str) -> (Value, Vec<LogRecord>) {
    let records = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&records);
    let host = Host::builder()
        .clock(Clock::manual())
        .permissions(Permissions::all())
        .log_sink(move |record| theirs.lock().unwrap().push(record.clone()))
        .build()
        .unwrap();
    let outcome = host.eval(&format!("{IMPORTS}{code}"));
    let value = outcome.unwrap_or_else(|error| panic!("{error}")).to_json().unwrap();
    let records = records.lock().unwrap().clone();
    (value, records)
}

#[test]
fn d35_each_redirect_is_a_line_of_the_debug_log() {
    let lead = Server::start(|_| json(200, r#"[{"arango":{"x":1}}]"#));
    let to = lead.url.clone();
    let follower = Server::start(move |request| redirect(307, &format!("{to}{}", request.target)));
    let connect = format!("am::connect([\"{}\", \"{}\"])", follower.url, lead.url);
    let (_, silent) = run(&format!("am::get_at({connect}, \"x\")"));
    assert!(silent.is_empty(), "{silent:?}");
    let (found, records) = run(&format!(
        "log::set_level(\"agency=debug\"); let m = {connect}; [am::get_at(m, \"x\"), am::get_at(m, \"x\")]"
    ));
    assert_eq!(found, value!([1, 1]));
    assert_eq!(records.len(), 1, "the leader is known from then on: {records:?}");
    assert_eq!((records[0].level.name(), records[0].topic.as_str()), ("DEBUG", "agency"));
    for part in [follower.url.as_str(), lead.url.as_str(), "/_api/agency/read"] {
        assert!(records[0].message.contains(part), "{}", records[0].message);
    }
}

#[test]
fn d41_a_write_that_did_not_happen_is_an_error_also_at_status_200() {
    let agent = Server::start(|_| json(200, r#"{"results":[0]}"#));
    for action in [
        "am::set_at(m, \"x\", 1)",
        "am::remove_at(m, \"x\")",
        "am::increment_at(m, \"x\")",
        "am::write(m, [[#{ x: 1 }]])",
        "am::post_op(m, \"write\", [[#{ \"/arango/x\": 1 }]])",
        "am::update(m, #{ x: 1 })",
        "am::try_update(m, #{ x: 1 })",
    ] {
        let (error, _) = run(&format!(
            "let m = am::connect(\"{}\"); assert::throws(|| {action}, \"agency.not_applied\").context",
            agent.url
        ));
        assert!(error["key"].as_str().unwrap().contains('x'), "{action}: {error}");
        assert!(error["op"].is_string(), "{action}: {error}");
    }
}

#[test]
fn d36_a_coordinator_that_does_not_answer_is_passed_over() {
    let coordinator = Server::start(|_| json(200, r#"{"result":5}"#));
    let (dead, url) = (closed_port(), &coordinator.url);
    let (found, _) = run(&format!(
        "let c = cluster::adopt(#{{ agents: [\"{url}\"], coordinators: [\"{dead}\", \"{url}\"] }}); \
         let m = #{{ agency: am::connect(\"{url}\").agency, cluster: c }}; \
         coordinator::result_of(m, \"GET\", \"/_api/some\").result"
    ));
    assert_eq!(found, 5);
}

/// Three agents, the first of which leads; `change` answers what changes the configuration.
fn agency(
    change: impl Fn(usize, &Seen) -> Reply + Clone + Send + Sync + 'static,
) -> (Vec<Server>, String) {
    let pool = Arc::new(OnceLock::<Value>::new());
    let servers: Vec<Server> = (0..3)
        .map(|at| {
            let (pool, change) = (Arc::clone(&pool), change.clone());
            Server::start(move |request| {
                if request.method == "PUT" {
                    return change(at, request);
                }
                let config = value!({
                    "term": 1, "leaderId": "AGNT-0", "lastAcked": {},
                    "configuration": {
                        "id": format!("AGNT-{at}"), "pool": pool.get(),
                        "supervision delay add follower job time": 2,
                        "supervision delay failed follower job time": 3,
                    },
                });
                json(200, &config.to_string())
            })
        })
        .collect();
    let urls: Vec<&str> = servers.iter().map(|server| server.url.as_str()).collect();
    pool.set(value!({ "AGNT-0": urls[0], "AGNT-1": urls[1], "AGNT-2": urls[2] })).unwrap();
    let manager = format!("am::connect({urls:?})");
    (servers, manager)
}

#[test]
fn d85_every_agent_is_told_of_a_delay_and_those_that_refuse_are_named_together() {
    let (servers, manager) = agency(|at, _| json(if at == 2 { 200 } else { 403 }, "{}"));
    let (error, _) = run(&format!(
        "let e = assert::throws(|| agents::delay_failover({manager}, 5), \"agency.bad_request\"); \
         #{{ message: e.message, failures: e.context.failures, previous: e.context.previous }}"
    ));
    let told = |server: &Server| server.seen().iter().any(|request| request.method == "PUT");
    assert!(servers.iter().all(told));
    let failures = error["failures"].as_object().unwrap();
    assert_eq!(failures.len(), 2);
    for server in &servers[..2] {
        assert!(error["message"].as_str().unwrap().contains(&server.url), "{error}");
        assert_eq!(failures[&server.url], "status 403");
    }
    let before = value!({ "delayAddFollower": 2, "delayFailedFollower": 3 });
    assert_eq!(error["previous"], value!({ servers[2].url.clone(): before }));
}

/// An agent where others are always faster, until it has refused `refusals` writes.
fn contended(tree: &'static str, refusals: usize) -> (Server, Arc<AtomicUsize>) {
    let writes = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&writes);
    let server = Server::start(move |request| match request.target.as_str() {
        "/_api/agency/write" if theirs.fetch_add(1, Ordering::SeqCst) < refusals => {
            json(412, r#"{"results":[0]}"#)
        }
        "/_api/agency/write" => json(200, r#"{"results":[7]}"#),
        _ => json(200, tree),
    });
    (server, writes)
}

#[test]
fn d61_edits_pause_while_others_are_faster_and_end() {
    let plan = r#"[{"arango":{
        "Plan":{"ReplicatedLogs":{"shop":{"7":{"id":7,"currentTerm":{"term":1}}}}},
        "Current":{"ServersKnown":{"PRMR-a":{"rebootId":1}}}}}]"#;
    for action in [
        "log_edits::update_plan_participants(m, \"shop\", 7, #{ A: #{} })",
        "log_edits::trigger_election(m, \"shop\", 7)",
        "health::bump_reboot_id(m, \"PRMR-a\")",
    ] {
        let (server, writes) = contended(plan, 200);
        let (error, _) = run(&format!(
            "let m = am::connect(\"{}\"); let begin = time::monotonic(); \
             let e = assert::throws(|| {action}, \"agency.cas_exhausted\"); \
             #{{ tries: e.context.tries, after: time::monotonic() - begin }}",
            server.url
        ));
        let writes = writes.load(Ordering::SeqCst);
        assert_eq!(error["tries"], writes, "{action}");
        // 10 ms, doubling to 2 s, a fifth longer or shorter: half a minute has room for about 22
        assert!((15..=35).contains(&writes), "{action}: {writes}");
        assert!(error["after"].as_f64().unwrap() < 33.0, "{error}");
    }
}
