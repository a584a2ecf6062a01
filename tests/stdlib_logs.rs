//! Modules for replicated logs and recovery, where it takes several hosts, or servers that answer as they are told.
#![cfg(feature = "standin")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/server.rs"]
mod server;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use agencysh::host::{Host, Permissions};
use agencysh::standin::EmbeddedAgency;
use server::{Reply, Seen, Server, json, reply};

fn host() -> Host {
    Host::builder().permissions(Permissions::all()).build().unwrap()
}

/// What a script gives, which finds the modules and an agency's manager `m` in scope.
fn run(host: &Host, manager: &str, code: &str) -> Result<rhai::Dynamic, String> {
    let imports = ["assert", "log_edits", "recovery", "replicated_log"]
        .map(|module| format!("import \"{module}\" as {module}; "))
        .concat();
    let script = format!("{imports} let m = {manager}; {code}");
    host.eval(&script).map(|outcome| outcome.value).map_err(|error| error.to_string())
}

fn of_endpoints(endpoints: &[String]) -> String {
    format!("agency::connect(#{{ endpoints: {endpoints:?} }})")
}

/// Every host adds participants of its own, one by one.
#[test]
fn m48_parallel_edits_of_a_plan_get_generations_of_their_own_and_lose_nothing() {
    const HOSTS: i64 = 6;
    const EDITS: i64 = 8;
    let agency = EmbeddedAgency::start(3).unwrap();
    let manager = of_endpoints(&agency.endpoints());
    let plan = "m.set(\"Plan/ReplicatedLogs/shop/7\", #{ id: 7 }); ()";
    drop(run(&host(), &manager, plan).unwrap());
    let generations: Vec<i64> = std::thread::scope(|scope| {
        let edit = |one: i64| {
            let manager = &manager;
            move || {
                let code = format!(
                    "let all = []; for n in 0..{EDITS} {{ let change = #{{}}; change[`PRMR-{one}-${{n}}`] = #{{}}; \
                     all.push(log_edits::update_plan_participants(m, \"shop\", 7, change)); }} all"
                );
                let all = run(&host(), manager, &code).unwrap().into_array().unwrap();
                all.into_iter().map(|one| one.as_int().unwrap()).collect::<Vec<_>>()
            }
        };
        let threads: Vec<_> = (0..HOSTS).map(|one| scope.spawn(edit(one))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let distinct: BTreeSet<i64> = generations.iter().copied().collect();
    assert_eq!(distinct, (1..=HOSTS * EDITS).collect());
    let look = "let config = m.get(\"Plan/ReplicatedLogs/shop/7/participantsConfig\"); \
                [config.generation, config.participants.len()]";
    let found = run(&host(), &manager, look).unwrap().into_array().unwrap();
    let found: Vec<i64> = found.into_iter().map(|one| one.as_int().unwrap()).collect();
    assert_eq!(found, [HOSTS * EDITS, HOSTS * EDITS]);
}

#[test]
fn m50_a_log_is_read_by_one_request() {
    let tree = r#"[{"arango":{"Plan":{"ReplicatedLogs":{"shop":{"7":{"id":7}}}}}}]"#;
    let agent = Server::start(move |_| json(200, tree));
    let code = "replicated_log::read_log(m, \"shop\", 7)";
    let log = run(&host(), &of_endpoints(std::slice::from_ref(&agent.url)), code).unwrap();
    let log = log.cast::<rhai::Map>();
    assert!(log["target"].is_unit() && log["current"].is_unit());
    assert_eq!(log["plan"].clone().cast::<rhai::Map>()["id"].as_int(), Ok(7));
    let seen = agent.seen();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0].target, "/_api/agency/read");
}

const REMOVAL: &str = "/_admin/cluster/removeServer";

/// A cluster whose coordinator answers removals as it is told.
fn removal(
    answer: impl Fn(usize) -> Reply + Send + Sync + 'static,
    code: &str,
) -> (Vec<Seen>, Result<rhai::Dynamic, String>) {
    let asked = AtomicUsize::new(0);
    let coordinator = Server::start(move |request| match request.target.as_str() {
        REMOVAL => answer(asked.fetch_add(1, Ordering::Relaxed)),
        _ => json(200, "{}"),
    });
    let url = &coordinator.url;
    let cluster = format!("cluster::adopt(#{{ agents: [\"{url}\"], coordinators: [\"{url}\"] }})");
    let manager = format!(
        "#{{ agency: agency::connect(#{{ endpoints: [\"{url}\"] }}), cluster: {cluster} }}"
    );
    let result = run(&host(), &manager, code);
    let removals = coordinator.seen().into_iter().filter(|one| one.target == REMOVAL);
    (removals.collect(), result)
}

#[test]
fn m64_a_removal_is_done_at_200_and_404() {
    for (status, told) in [(200, "removed"), (404, "already_gone")] {
        let (seen, result) =
            removal(move |_| reply(status, &[], ""), "recovery::remove_server(m, \"PRMR-a\")");
        assert_eq!(result.unwrap().into_string().unwrap(), told);
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].method.as_str(), seen[0].body.as_str()), ("POST", "\"PRMR-a\""));
    }
}

#[test]
fn m64_a_removal_is_tried_again_at_412_and_503() {
    let answer = |asked| match asked {
        0 => json(412, "{}"),
        1 => json(503, "{}"),
        _ => reply(200, &[], ""),
    };
    let (seen, result) = removal(answer, "recovery::remove_server(m, \"PRMR-a\")");
    assert_eq!(result.unwrap().into_string().unwrap(), "removed");
    assert_eq!(seen.len(), 3);
}

#[test]
fn m64_a_removal_that_stays_refused_ends_with_its_budget() {
    let code = "let e = assert::throws(|| recovery::remove_server(m, \"PRMR-a\", #{ timeout: 1.5 }), \"agency.precondition_failed\"); \
                [e.code, e.context.tries]";
    let (seen, result) = removal(|_| json(412, "{}"), code);
    let told = result.unwrap().into_array().unwrap();
    assert_eq!(told[0].as_int(), Ok(412));
    assert!(seen.len() >= 3, "{}", seen.len());
    assert_eq!(told[1].as_int(), Ok(i64::try_from(seen.len()).unwrap()));
}

#[test]
fn m64_a_removal_that_is_forbidden_is_not_tried_again() {
    for (status, kind) in [
        (401, "agency.unauthorized"),
        (403, "agency.forbidden"),
        (400, "agency.bad_response"),
        (500, "recovery.removal_failed"),
    ] {
        let code =
            format!("assert::throws(|| recovery::remove_server(m, \"PRMR-a\"), \"{kind}\").code");
        let (seen, result) = removal(move |_| json(status, "{}"), &code);
        assert_eq!(result.unwrap().as_int(), Ok(i64::from(status)));
        assert_eq!(seen.len(), 1);
    }
}

#[test]
fn d91_a_removal_without_answer_may_still_happen() {
    let code = "assert::throws(|| recovery::remove_server(m, \"PRMR-a\", #{ timeout: 0.5 }), \"recovery.removal_pending\"); ()";
    let (seen, result) = removal(|_| Reply::Hang, code);
    assert!(result.is_ok(), "{result:?}");
    assert!(!seen.is_empty());
}
