//! The client's everyday operations against a small leader that keeps values by path.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use agencysh::client::{AgencyClient, ClientError, ClientOptions, Flow};
use agencysh::deadline::Deadline;
use agencysh::http::Endpoint;
use agencysh::natives::agency::AgencyTarget;
use agencysh::natives::{NativeContext, register};
use rhai::{Dynamic, Engine};
use serde_json::{Value, json};
use server::{Reply, Seen, Server, json as answer};

/// Values by path, and what was written: enough of an agency for whoever writes leaves only.
#[derive(Default)]
struct Leader {
    values: BTreeMap<String, Value>,
    log: Vec<Value>,
}

impl Leader {
    fn write(&mut self, transaction: &Value) -> u64 {
        let holds = transaction[1].as_object().unwrap().iter().all(|(path, condition)| {
            let found = self.values.get(path);
            match condition.get("old") {
                Some(old) => found == Some(old),
                None => found.is_none(),
            }
        });
        if !holds {
            return 0;
        }
        for (path, operation) in transaction[0].as_object().unwrap() {
            let old = self.values.get(path).and_then(Value::as_i64).unwrap_or(0);
            match operation["op"].as_str().unwrap() {
                "set" => self.values.insert(path.clone(), operation["new"].clone()),
                "delete" => self.values.remove(path),
                "increment" => {
                    let step = operation["step"].as_i64().unwrap();
                    self.values.insert(path.clone(), json!(old + step))
                }
                other => panic!("unexpected operator {other}"),
            };
        }
        self.log.push(transaction[0].clone());
        self.log.len() as u64
    }

    fn read(&self, path: &str) -> Value {
        let mut tree = self.values.get(path).cloned();
        for segment in path.rsplit('/').filter(|segment| !segment.is_empty()) {
            tree = Some(match tree {
                Some(inner) => json!({ segment: inner }),
                None => json!({}),
            });
        }
        tree.unwrap_or_default()
    }
}

#[derive(Clone, Default)]
struct Agency(Arc<(Mutex<Leader>, Condvar)>);

impl Agency {
    fn answer(&self, request: &Seen) -> Reply {
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let (leader, changed) = &*self.0;
        let mut leader = leader.lock().unwrap();
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        match path {
            "/_api/agency/read" => {
                answer(200, &json!([leader.read(body[0][0].as_str().unwrap())]).to_string())
            }
            "/_api/agency/write" => {
                let index = leader.write(&body[0]);
                changed.notify_all();
                answer(
                    if index > 0 { 200 } else { 412 },
                    &json!({ "results": [index] }).to_string(),
                )
            }
            "/_api/agency/config" => answer(
                200,
                &json!({"leaderId": "AGNT-1", "commitIndex": leader.log.len()}).to_string(),
            ),
            "/_api/agency/poll" => {
                let mut parameters = query.split('&').map(|part| part.split_once('=').unwrap().1);
                let from: usize = parameters.next().unwrap().parse().unwrap();
                let wait = Duration::from_secs_f64(parameters.next().unwrap().parse().unwrap());
                let (leader, _) = changed
                    .wait_timeout_while(leader, wait, |leader| leader.log.len() < from)
                    .unwrap();
                let commit = leader.log.len();
                let log: Vec<Value> = (from..=commit)
                    .map(|at| json!({"index": at, "query": leader.log[at - 1]}))
                    .collect();
                let mut result = json!({"commitIndex": commit, "log": log});
                if commit >= from {
                    result["firstIndex"] = from.into();
                }
                answer(200, &json!({"error": false, "code": 200, "result": result}).to_string())
            }
            other => panic!("unexpected {other}"),
        }
    }
}

fn start() -> AgencyClient {
    let agency = Agency::default();
    let server = Server::start(move |request| agency.answer(request));
    let options = ClientOptions {
        endpoints: vec![Endpoint::parse(&server.url).unwrap()],
        ..ClientOptions::default()
    };
    AgencyClient::new(options, Deadline::default()).unwrap()
}

#[test]
fn values_are_set_read_incremented_and_removed() {
    let client = start();
    assert_eq!(client.get("a/b").unwrap(), None);
    assert_eq!(client.set("a/b", json!({"new": [1, null]})).unwrap(), 1);
    assert_eq!(client.get("/arango/a//b/").unwrap(), Some(json!({"new": [1, null]})));
    assert!(client.increment("n", 5).unwrap() == 2 && client.get("n").unwrap() == Some(json!(5)));
    client.remove("n").unwrap();
    assert!(!client.exists("n").unwrap());
}

#[test]
fn cas_tells_whether_the_old_value_was_there() {
    let client = start();
    assert!(client.cas("x", None, json!(1)).unwrap());
    assert!(!client.cas("x", None, json!(2)).unwrap());
    assert!(!client.cas("x", Some(json!(7)), json!(2)).unwrap());
    assert!(client.cas("x", Some(json!(1)), json!(2)).unwrap());
}

#[test]
fn updates_of_several_clients_lose_nothing() {
    let client = start();
    let adders: Vec<_> = (0..4)
        .map(|_| {
            let client = client.clone();
            std::thread::spawn(move || {
                for _ in 0..10 {
                    let plus_one = |old: Option<&Value>| {
                        Ok::<_, ClientError>(Some(json!(
                            old.and_then(Value::as_i64).unwrap_or(0) + 1
                        )))
                    };
                    client.update("sum", plus_one).unwrap();
                }
            })
        })
        .collect();
    for adder in adders {
        adder.join().unwrap();
    }
    assert_eq!(client.get("sum").unwrap(), Some(json!(40)));
}

#[test]
fn an_update_that_is_always_too_late_ends_with_a_conflict() {
    let agency = Agency::default();
    let server = Server::start(move |request| agency.answer(request));
    let options = ClientOptions {
        endpoints: vec![Endpoint::parse(&server.url).unwrap()],
        max_conflicts: 3,
        ..ClientOptions::default()
    };
    let client = AgencyClient::new(options, Deadline::default()).unwrap();
    let other = client.clone();
    let error = client
        .update("x", |_| {
            other.increment("x", 1)?;
            Ok::<_, ClientError>(Some(json!("mine")))
        })
        .unwrap_err();
    assert!(matches!(error, ClientError::Conflict { attempts: 3, .. }), "{error:?}");
}

#[test]
fn s2_unique_ids_are_never_handed_out_twice() {
    let client = start();
    let drawers: Vec<_> = (0..3)
        .map(|_| {
            let client = client.clone();
            std::thread::spawn(move || {
                (0..5).map(|_| client.unique_id(3).unwrap()).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut firsts: Vec<u64> =
        drawers.into_iter().flat_map(|drawer| drawer.join().unwrap()).collect();
    firsts.sort_unstable();
    assert_eq!(firsts, (0..15).map(|at| 1 + 3 * at).collect::<Vec<u64>>());
    assert!(client.unique_id(0).is_err());
}

#[test]
fn wait_until_sees_a_change_when_it_is_committed() {
    let client = start();
    let writer = client.clone();
    let (asked, was_asked) = std::sync::mpsc::channel();
    let setter = std::thread::spawn(move || {
        was_asked.recv().unwrap();
        writer.set("other", json!(1)).unwrap();
        writer.set("x", json!(1)).unwrap();
        writer.set("x", json!(2)).unwrap();
    });
    let is_two = |value: Option<&Value>| {
        // only the first question is waited for
        let _ = asked.send(());
        Ok::<_, ClientError>(value == Some(&json!(2)))
    };
    let begin = Instant::now();
    assert_eq!(client.wait_until("x", Duration::from_secs(10), is_two).unwrap(), Some(json!(2)));
    assert!(begin.elapsed() < Duration::from_secs(5));
    setter.join().unwrap();
}

#[test]
fn a_condition_that_does_not_come_true_is_told_after_the_timeout() {
    let client = start();
    let never = |_: Option<&Value>| Ok::<_, ClientError>(false);
    let error = client.wait_until("x", Duration::from_millis(200), never).unwrap_err();
    assert_eq!(error.kind(), "agency.wait_timeout");
}

#[test]
fn a_watch_shows_the_value_first_and_then_its_changes() {
    let client = start();
    client.set("x", json!(0)).unwrap();
    let writer = client.clone();
    let mut seen = Vec::new();
    let stopped = client
        .watch("x", Duration::from_secs(10), |value| {
            seen.push(value.cloned());
            if seen.len() == 3 {
                return Ok(Flow::Stop);
            }
            writer.increment("x", 1)?;
            Ok::<_, ClientError>(Flow::Continue)
        })
        .unwrap();
    assert!(stopped);
    assert_eq!(seen, [Some(json!(0)), Some(json!(1)), Some(json!(2))]);
}

#[test]
fn scripts_use_the_runs_agency_through_methods() {
    let client = start();
    let target = AgencyTarget::lazy(Arc::new(move |_| Ok(client.clone())));
    let mut engine = Engine::new();
    register(&mut engine, NativeContext::builder().extension(Arc::new(target)).build());
    let script = r#"
        let a = agency::current();
        a.set("x", #{ "new": 1 });
        let updated = a.update("x", |old| { old["new"] += agency::current().get("x")["new"]; old });
        let swapped = a.cas("y", (), 5);
        let written = a.write([[#{ "z": #{ "op": "set", "new": 9 } }, #{ "z": #{ "oldEmpty": true } }]]);
        let failed = a.write([[#{ "z": #{ "op": "set", "new": 9 } }, #{ "z": #{ "old": 1 } }]]);
        let waited = a.wait_until("z", |value| value == 9, 1);
        [updated["new"], swapped, written.applied, failed.code, failed.results, waited, a.unique_id(2), type_of(a)]
    "#;
    let result: Dynamic = engine.eval(script).unwrap();
    assert_eq!(result.to_string(), r#"[2, true, true, 412, [0], 9, 1, "Agency"]"#);
}
