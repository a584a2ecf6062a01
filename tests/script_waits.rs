//! How scripts wait: statements M1 to M9 on a clock that stands still, and M74 against agents that say nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/server.rs"]
mod server;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use agencysh::clock::Clock;
use agencysh::host::{Host, HostError, Permissions, Target};
use server::{Reply, Server, json};

const IMPORTS: &str = "import \"wait\" as wait; import \"agency_agents\" as agents; import \"agency_manager\" as am; import \"health\" as health; ";

/// A host whose pauses take no time; what it logs is kept.
fn host(clock: &Clock, target: Target) -> (Host, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&lines);
    let host = Host::builder()
        .clock(clock.clone())
        .target(target)
        .permissions(Permissions::all())
        .log_sink(move |record| theirs.lock().unwrap().push(record.message.clone()))
        .build()
        .unwrap();
    (host, lines)
}

fn run(code: &str) -> serde_json::Value {
    let (host, _) = host(&Clock::manual(), Target::None);
    host.eval(&format!("{IMPORTS}{code}"))
        .unwrap_or_else(|error| panic!("{error}"))
        .to_json()
        .unwrap()
}

#[test]
fn m1_m2_the_pauses_are_those_of_the_schedule_and_none_follows_the_last_try() {
    let value = run(
        "let times = []; let begin = time::monotonic();
         try { wait::wait_for(|| { times.push(time::monotonic() - begin); false }, #{ timeout: 1e6 }); }
         catch (e) { return #{ kind: e.kind, tries: e.context.tries, times: times, end: time::monotonic() - begin }; }",
    );
    assert_eq!(value["kind"], "wait.timeout");
    assert_eq!(value["tries"], 240);
    let times: Vec<f64> =
        value["times"].as_array().unwrap().iter().map(|time| time.as_f64().unwrap()).collect();
    assert_eq!(times.len(), 240);
    assert_eq!(times[0], 0.0, "it is tried at once");
    let pauses: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (at, pause) in pauses.iter().enumerate() {
        let wanted = [0.1, 0.1, 0.2, 0.2, 0.2, 0.3].get(at).copied().unwrap_or(0.5);
        assert!((pause - wanted).abs() < 1e-6, "pause {at} takes {pause} s");
    }
    let end = value["end"].as_f64().unwrap();
    assert!((end - 117.6).abs() < 1e-6, "{end}");
    assert!((end - times[239]).abs() < 1e-9, "no pause follows the last try");
}

#[test]
fn d15_the_time_bounds_a_wait_as_well_and_the_last_try_is_made_at_its_end() {
    let value = run("let tries = 0; let begin = time::monotonic();
         try { wait::wait_for(|| { tries += 1; false }, #{ timeout: 1.25 }); }
         catch (e) { return #{ kind: e.kind, tries: tries, end: time::monotonic() - begin }; }");
    assert_eq!(value["kind"], "wait.timeout");
    // at 0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.1 and 1.25 s
    assert_eq!(value["tries"], 8);
    assert!((value["end"].as_f64().unwrap() - 1.25).abs() < 1e-6);
}

#[test]
fn m5_the_tries_10_20_and_30_are_logged() {
    let (host, lines) = host(&Clock::manual(), Target::None);
    let code =
        "try { wait::wait_for(|| \"no luck\", #{ max_tries: 35, label: \"luck\" }); } catch (e) {}";
    host.eval(&format!("{IMPORTS}{code}")).unwrap();
    let lines = lines.lock().unwrap();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, tries) in lines.iter().zip([10, 20, 30]) {
        assert!(line.contains(&format!("after {tries} tries")), "{line}");
        assert!(line.contains("luck") && line.contains("no luck"), "{line}");
    }
}

#[test]
fn m8_the_nearest_deadline_ends_a_wait() {
    let value = run(
        "time::set_deadline(0.7); let begin = time::monotonic();
         try { wait::wait_for(|| \"not yet\", #{ timeout: 10, label: \"it\" }); }
         catch (e) { return #{ kind: e.kind, reason: e.context.reason, label: e.context.label, end: time::monotonic() - begin }; }",
    );
    assert_eq!(value["kind"], "deadline.reached");
    assert_eq!(value["reason"], "not yet");
    assert_eq!(value["label"], "it");
    assert!((value["end"].as_f64().unwrap() - 0.7).abs() < 1e-6);
}

#[test]
fn m8_the_deadline_of_a_run_ends_a_wait_for_good() {
    let host = Host::builder()
        .clock(Clock::manual())
        .permissions(Permissions::all())
        .deadline(Duration::from_secs(5))
        .build()
        .unwrap();
    let code = format!("{IMPORTS} try {{ wait::wait_for(|| false); }} catch (e) {{ }} 42");
    let error = host.eval(&code).unwrap_err();
    assert!(matches!(error, HostError::Script(_)), "{error}");
    assert!(error.to_string().contains("deadline"), "{error}");
}

#[test]
fn m9_an_inner_deadline_ends_with_its_function_and_never_extends_the_outer_one() {
    let value = run(
        "time::set_deadline(10);
         let inside = wait::with_deadline(60, || wait::remaining());
         let after = wait::remaining();
         let kind = ();
         try { wait::with_deadline(2, || { time::sleep(3); wait::wait_for(|| false) }); } catch (e) { kind = e.kind; }
         let deep = wait::with_deadline(3, || wait::with_deadline(5, || wait::remaining()));
         #{ inside: inside, after: after, kind: kind, after_error: wait::remaining(), deep: deep }",
    );
    let of = |name: &str| value[name].as_f64().unwrap();
    assert!((of("inside") - 10.0).abs() < 1e-6);
    assert!((of("after") - 10.0).abs() < 1e-6);
    assert_eq!(value["kind"], "deadline.reached");
    assert!((of("after_error") - 8.0).abs() < 1e-6, "{value}");
    assert!((of("deep") - 3.0).abs() < 1e-6);
}

#[test]
fn d24_retries_pause_longer_each_time_and_end_at_their_budget() {
    let value = run(
        "let times = []; let begin = time::monotonic();
         try { wait::retry(|| { times.push(time::monotonic() - begin); throw errors::of_kind(\"agency.no_leader\", \"nobody\") }, #{ timeout: 30 }); }
         catch (e) { return #{ kind: e.kind, tries: e.context.tries, times: times }; }",
    );
    assert_eq!(value["kind"], "agency.no_leader");
    let times: Vec<f64> =
        value["times"].as_array().unwrap().iter().map(|time| time.as_f64().unwrap()).collect();
    assert_eq!(value["tries"], times.len());
    assert!((times[1] - times[0]) <= 0.012 && (times[2] - times[1]) <= 0.024, "{times:?}");
    let longest = times.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
    assert!((1.6..=2.4).contains(&longest), "{longest}");
    assert!((times[times.len() - 1] - 30.0).abs() < 1e-6, "the last try is made at the end");
}

/// Agents that accept connections and say nothing.
fn silent_agents(size: usize) -> Vec<Server> {
    (0..size).map(|_| Server::start(|_| Reply::Hang)).collect()
}

fn wait_ready(servers: &[Server], options: &str) -> serde_json::Value {
    let urls: Vec<&str> = servers.iter().map(|server| server.url.as_str()).collect();
    let host = Host::builder().permissions(Permissions::all()).build().unwrap();
    let code = format!(
        "{IMPORTS} let m = am::connect({}); \
         try {{ agents::wait_ready(m, {options}); return #{{ kind: () }}; }} catch (e) {{ return #{{ kind: e.kind, context: e.context }}; }}",
        serde_json::to_string(&urls).unwrap(),
    );
    host.eval(&code).unwrap().to_json().unwrap()
}

#[test]
fn m74_a_silent_agency_of_any_size_is_not_ready_when_the_time_is_up() {
    for size in [1, 3, 5] {
        let agents = silent_agents(size);
        let begin = Instant::now();
        let outcome = wait_ready(&agents, "#{ timeout: 1.5 }");
        assert_eq!(outcome["kind"], "agency.not_ready");
        assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
        let told = outcome["context"]["agents"].as_array().unwrap();
        assert_eq!(told.len(), size);
        assert!(told.iter().all(|agent| agent["error"].as_str().unwrap().contains("timeout")));
    }
}

#[test]
fn m74_agents_that_disagree_or_talk_rubbish_are_not_ready() {
    let agent = |id: &'static str, leader: &'static str, acked: bool| {
        Server::start(move |_| {
            let acks = if acked { r#""lastAcked":{},"# } else { "" };
            json(
                200,
                &format!(
                    r#"{{"leaderId":"{leader}",{acks}"term":1,"configuration":{{"id":"{id}"}}}}"#
                ),
            )
        })
    };
    let ready = [agent("A", "A", true), agent("B", "A", false), agent("C", "A", false)];
    assert_eq!(wait_ready(&ready, "#{ timeout: 5 }")["kind"], serde_json::Value::Null);
    let cases = [
        vec![agent("A", "A", true), agent("B", "B", false), agent("C", "A", false)],
        vec![agent("A", "", false), agent("B", "", false), agent("C", "", false)],
        vec![agent("A", "A", true), agent("B", "A", true), agent("C", "A", false)],
        vec![agent("A", "B", true), agent("B", "B", false), agent("C", "B", false)],
        vec![
            agent("A", "A", true),
            agent("B", "A", false),
            Server::start(|_| json(200, "rubbish")),
        ],
        vec![agent("A", "A", true), agent("B", "A", false), Server::start(|_| json(503, "{}"))],
    ];
    for (at, case) in cases.iter().enumerate() {
        assert_eq!(wait_ready(case, "#{ timeout: 0.7 }")["kind"], "agency.not_ready", "case {at}");
    }
}

/// The time from a commit to the end of the wait for it, on agents of this process.
#[cfg(feature = "standin")]
#[test]
fn a_wait_that_tells_where_it_looks_ends_soon_after_the_change() {
    let host = Host::builder()
        .target(Target::embedded(3))
        .permissions(Permissions::all())
        .build()
        .unwrap();
    let endpoints = host.eval("agency::current().endpoints()").unwrap().to_json().unwrap();
    let writer = agencysh::AgencyClient::builder()
        .endpoint(agencysh::http::Endpoint::parse(endpoints[0].as_str().unwrap()).unwrap())
        .build(agencysh::deadline::Deadline::default())
        .unwrap();
    let mut late = Vec::new();
    for round in 0..9 {
        let key = format!("Supervision/Health/PRMR-{round}/Status");
        writer.set(&key, "BAD".into()).unwrap();
        let committed = Arc::new(Mutex::new(None));
        let (theirs, writer) = (Arc::clone(&committed), writer.clone());
        let other = std::thread::spawn(move || {
            // late enough for the pauses to be the longest
            std::thread::sleep(Duration::from_millis(1700));
            writer.set(&key, "GOOD".into()).unwrap();
            *theirs.lock().unwrap() = Some(Instant::now());
        });
        let code = format!(
            "{IMPORTS} wait::wait_for(health::healthy_pred(agency::current(), \"PRMR-{round}\"), #{{ timeout: 20 }})"
        );
        host.eval(&code).unwrap();
        let end = Instant::now();
        other.join().unwrap();
        late.push(end.saturating_duration_since(committed.lock().unwrap().unwrap()));
    }
    late.sort_unstable();
    // on a machine that does other things as well, the middle one counts
    assert!(late[4] < Duration::from_millis(50), "{late:?}");
}
