//! Several hosts at once.

use std::time::Duration;

use agencysh::{Host, Target};
use serde_json::json;

use crate::{PATIENCE, eval_json, wait_until};

#[test]
fn hosts_on_several_threads_talk_to_their_own_agencies() {
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|number: i64| {
                scope.spawn(move || {
                    let host = Host::builder().target(Target::embedded(1)).build().unwrap();
                    let code = format!("agency::current().set(\"Test/Number\", {number})");
                    host.eval(&code).unwrap();
                    let seen = eval_json(&host, "agency::current().get(\"Test\")");
                    assert_eq!(seen, json!({"Number": number}));
                    host.agency().unwrap().agents().unwrap()[0].endpoint.clone()
                })
            })
            .collect();
        let mut places: Vec<_> = runs.into_iter().map(|run| run.join().unwrap()).collect();
        places.sort();
        places.dedup();
        assert_eq!(places.len(), 4);
    });
}

#[test]
fn an_interrupt_and_a_deadline_concern_one_host() {
    let hosts: Vec<Host> = [None, Some(Duration::from_millis(50)), None]
        .into_iter()
        .map(|limit| match limit {
            Some(limit) => Host::builder().deadline(limit),
            None => Host::builder(),
        })
        .map(|builder| builder.build().unwrap())
        .collect();
    std::thread::scope(|scope| {
        let runs: Vec<_> =
            hosts.iter().map(|host| scope.spawn(|| host.eval("sleep(600)"))).collect();
        wait_until("the deadline of the second host", || runs[1].is_finished());
        while !runs[0].is_finished() {
            hosts[0].interrupt_handle().interrupt();
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(!runs[2].is_finished(), "nobody ended this one");
        while !runs[2].is_finished() {
            hosts[2].interrupt_handle().interrupt();
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut errors = runs.into_iter().map(|run| run.join().unwrap().unwrap_err());
        assert!(errors.next().unwrap().is_interrupted());
        assert!(errors.next().unwrap().is_deadline());
        assert!(errors.next().unwrap().is_interrupted());
    });
}

#[test]
fn a_host_can_be_used_from_several_threads_and_does_one_thing_at_a_time() {
    let host = Host::builder().deadline(PATIENCE).build().unwrap();
    host.run_str("a.rhai", "fn twice(x) { x * 2 }", &[] as &[&str]).unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let host = &host;
            scope.spawn(move || {
                assert_eq!(host.call("twice", json!([number])).unwrap(), number * 2);
            });
        }
    });
}

#[test]
fn a_client_is_usable_after_a_run_whose_deadline_has_passed() {
    let host = Host::builder()
        .target(Target::embedded(1))
        .deadline(Duration::from_secs(10))
        .build()
        .unwrap();
    host.eval("agency::current().set(\"Test/Number\", 1)").unwrap();
    let hasty = host.eval("time::set_deadline(0.001); loop { sleep(1) }").unwrap_err();
    assert!(hasty.is_deadline());
    let agency = host.agency().unwrap();
    assert_eq!(agency.get("Test/Number").unwrap(), Some(json!(1)));
    assert_eq!(agency.deadline().remaining(), None, "it has no deadline of the run");
}

#[test]
fn a_client_outlives_a_deadline_that_passes_before_it_is_asked_for() {
    let agent = Host::builder().target(Target::embedded(1)).build().unwrap();
    let agents = agent.agency().unwrap().endpoints();
    let endpoints = agents.iter().map(|text| agencysh::http::Endpoint::parse(text).unwrap());
    let target = Target::agency(endpoints.collect(), Default::default());
    let host = Host::builder().target(target).deadline(Duration::from_millis(30)).build().unwrap();
    assert!(host.eval("loop { }").unwrap_err().is_deadline());
    let agency = host.agency().unwrap();
    std::thread::sleep(Duration::from_millis(40));
    agency.set("Test/Number", json!(2)).unwrap();
    assert!(host.eval("loop { }").unwrap_err().is_deadline());
    assert_eq!(agency.get("Test/Number").unwrap(), Some(json!(2)));
    let none = Host::builder().build().unwrap();
    assert_eq!(none.agency().unwrap_err().kind(), "agency.no_target");
    assert_eq!(none.cluster().unwrap_err().kind(), "cluster.not_ours");
}
