//! How the agency manager finds the leader, and what it makes of answers: statements M20 to M39.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/server.rs"]
mod server;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use agencysh::auth::{Secret, verify};
use agencysh::client::{AgencyClient, ClientAuth, ClientOptions, Question};
use agencysh::deadline::Deadline;
use agencysh::http::Endpoint;
use serde_json::{Value, json as value};
use server::{Reply, Seen, Server, closed_port, json, redirect};

fn client_with(urls: &[&str], change: impl FnOnce(&mut ClientOptions)) -> AgencyClient {
    let mut options = ClientOptions {
        endpoints: urls.iter().map(|url| Endpoint::parse(url).unwrap()).collect(),
        timeout: Duration::from_secs(20),
        ..ClientOptions::default()
    };
    change(&mut options);
    AgencyClient::new(options, Deadline::default()).unwrap()
}

fn client(urls: &[&str]) -> AgencyClient {
    client_with(urls, |_| ())
}

const NO_LEADER: &str = r#"{"message":"No leader"}"#;

/// Answers reads with `/arango/x` = 1 and writes with index 7.
fn leader(request: &Seen) -> Reply {
    match request.target.as_str() {
        "/_api/agency/read" => json(200, r#"[{"arango":{"x":1}}]"#),
        "/_api/agency/write" => json(200, r#"{"results":[7]}"#),
        _ => json(200, "{}"),
    }
}

fn follower_of(leader: &Server) -> Server {
    let to = leader.url.clone();
    Server::start(move |request| redirect(307, &format!("{to}{}", request.target)))
}

fn body(request: &Seen) -> Value {
    serde_json::from_str(&request.body).unwrap()
}

#[test]
fn m20_a_redirect_is_followed_with_method_body_and_token_and_the_leader_is_asked_first_from_then_on()
 {
    let lead = Server::start(leader);
    let follower = follower_of(&lead);
    let secret = Secret::new(b"s3cret").unwrap();
    let client = client_with(&[&follower.url, &lead.url], |options| {
        options.auth = ClientAuth::secret(secret.clone());
        options.learn_leaders = false;
    });
    client.set("x", value!(1)).unwrap();
    client.set("x", value!(2)).unwrap();
    let (first, at_the_leader) = (follower.seen(), lead.seen());
    assert_eq!((first.len(), at_the_leader.len()), (1, 2));
    assert_eq!(first[0].method, "POST");
    assert_eq!(at_the_leader[0].method, "POST");
    assert_eq!(first[0].body, at_the_leader[0].body);
    for request in [&first[0], &at_the_leader[0]] {
        let token = request.header("authorization").unwrap().strip_prefix("bearer ").unwrap();
        assert!(verify(token, std::slice::from_ref(&secret)).is_ok());
    }
}

#[test]
fn m21_a_port_that_begins_like_a_known_one_is_another_server() {
    let lead = Server::start(leader);
    // the known endpoint's port with a digit less
    let shorter = lead.url[..lead.url.len() - 1].to_owned();
    let liar = Server::start(move |request| redirect(307, &format!("{shorter}{}", request.target)));
    let client = client_with(&[&liar.url, &lead.url], |options| options.learn_leaders = false);
    assert_eq!(client.get("x").unwrap_err().kind(), "agency.redirect_unknown");
    assert!(lead.seen().is_empty(), "nobody was sent to it");
}

#[test]
fn m22_agents_that_redirect_to_each_other_are_a_loop_with_pauses_between_the_rounds() {
    let urls = Arc::new(Mutex::new(Vec::<String>::new()));
    let times = Arc::new(Mutex::new(Vec::new()));
    let servers: Vec<Server> = (0..2)
        .map(|at| {
            let (urls, times) = (Arc::clone(&urls), Arc::clone(&times));
            Server::start(move |request| {
                times.lock().unwrap().push(Instant::now());
                redirect(307, &format!("{}{}", urls.lock().unwrap()[1 - at], request.target))
            })
        })
        .collect();
    urls.lock().unwrap().extend(servers.iter().map(|server| server.url.clone()));
    let both = [servers[0].url.as_str(), servers[1].url.as_str()];
    let client = client_with(&both, |options| {
        options.timeout = Duration::from_millis(800);
        options.learn_leaders = false;
    });
    let begin = Instant::now();
    let error = client.get("x").unwrap_err();
    assert_eq!(error.kind(), "agency.redirect_loop");
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    // five requests a round, that is four hops; pauses grow from 5 ms at least to 125 ms at least
    let requests = times.lock().unwrap().len();
    assert!((5..=5 * 14).contains(&requests), "{requests} requests");
}

#[test]
fn m23_a_leader_that_nobody_knows_is_named_and_none_at_all_is_a_bad_response() {
    let stranger = Server::start(leader);
    let follower = follower_of(&stranger);
    let client = client_with(&[&follower.url], |options| options.learn_leaders = false);
    let error = client.set("x", value!(1)).unwrap_err();
    assert_eq!(error.kind(), "agency.redirect_unknown");
    let text = error.to_string();
    assert!(text.contains(&stranger.url) && text.contains(&follower.url), "{text}");
    assert!(stranger.seen().is_empty());

    let silent = Server::start(|_| server::reply(307, &[], ""));
    let client =
        client_with(&[&silent.url], |options| options.timeout = Duration::from_millis(300));
    assert_eq!(client.get("x").unwrap_err().kind(), "agency.bad_response");
}

#[test]
fn m24_reads_and_writes_succeed_while_the_first_agent_is_stopped_or_suspended() {
    let suspended = Server::start(|_| Reply::Hang);
    let lead = Server::start(leader);
    for first in [closed_port(), suspended.url.clone()] {
        let follower = follower_of(&lead);
        let client = client_with(&[&first, &follower.url, &lead.url], |options| {
            options.timeout = Duration::from_secs(12);
        });
        assert_eq!(client.get("x").unwrap(), Some(value!(1)));
        let again = Instant::now();
        assert_eq!(client.set("x", value!(1)).unwrap(), 7);
        assert!(again.elapsed() < Duration::from_secs(3), "the leader is asked at once");
    }
}

#[test]
fn m25_no_leader_for_a_second_is_survived_and_for_good_ends_at_the_budget() {
    let begin = Instant::now();
    let electing = Server::start(move |request| match begin.elapsed() < Duration::from_secs(1) {
        true => json(503, NO_LEADER),
        false => leader(request),
    });
    let client_of_one = client(&[&electing.url]);
    assert_eq!(client_of_one.set("x", value!(1)).unwrap(), 7);
    assert!(begin.elapsed() >= Duration::from_secs(1));

    let leaderless = Server::start(|_| json(503, NO_LEADER));
    let client =
        client_with(&[&leaderless.url], |options| options.timeout = Duration::from_millis(400));
    let begin = Instant::now();
    assert_eq!(client.get("x").unwrap_err().kind(), "agency.no_leader");
    assert!(begin.elapsed() >= Duration::from_millis(400));
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
}

#[test]
fn m27_a_question_to_one_agent_takes_its_redirect_as_an_answer() {
    let lead = Server::start(leader);
    let follower = follower_of(&lead);
    let client = client(&[&lead.url]);
    let question = Question { method: "GET", target: "/_api/agency/state", body: None };
    let reply = client.ask_agent(&follower.url, &question).unwrap();
    assert_eq!(reply.status, 307);
    assert_eq!(reply.endpoint, follower.url);
    let location = reply.headers.iter().find(|(name, _)| name == "location").unwrap();
    assert_eq!(location.1, format!("{}/_api/agency/state", lead.url));
    assert!(lead.seen().is_empty());
    assert_eq!(client.ask(&question).unwrap().status, 200);
}

#[test]
fn m27_an_agent_that_is_asked_alone_is_asked_once() {
    let busy = Server::start(|_| json(503, NO_LEADER));
    let question = Question { method: "GET", target: "/_api/agency/config", body: None };
    let reply = client(&[&busy.url]).ask_agent(&busy.url, &question).unwrap();
    assert_eq!((reply.status, busy.seen().len()), (503, 1));
    for (url, kind) in [
        (closed_port(), "agency.unreachable"),
        (Server::start(|_| Reply::Hang).url, "agency.timeout"),
        (Server::start(|_| Reply::Reset).url, "agency.reset"),
    ] {
        let hasty = client(&[&url]).with_timeout(Duration::from_millis(200));
        assert_eq!(hasty.ask_agent(&url, &question).unwrap_err().kind(), kind);
    }
}

#[test]
fn m28_a_post_needs_a_body_and_a_get_carries_none() {
    let server = Server::start(leader);
    let client = client(&[&server.url]);
    let ask = |method, body| {
        client
            .ask(&Question { method, target: "/_api/agency/read", body })
            .map(|reply| reply.status)
    };
    assert_eq!(ask("POST", None).unwrap_err().kind(), "argument.invalid");
    assert_eq!(ask("GET", Some(b"[]")).unwrap_err().kind(), "argument.invalid");
    assert_eq!(ask("BREW", None).unwrap_err().kind(), "argument.invalid");
    assert!(server.seen().is_empty());
    assert_eq!(ask("POST", Some(br#"[["/"]]"#)).unwrap(), 200);
    assert_eq!(ask("GET", None).unwrap(), 200);
    assert_eq!(server.seen()[1].body, "");
}

#[test]
fn d30_failures_of_the_connection_are_told_apart() {
    let kinds = [
        (closed_port(), "agency.unreachable"),
        (Server::start(|_| Reply::Hang).url, "agency.timeout"),
        (Server::start(|_| Reply::Reset).url, "agency.reset"),
    ];
    for (url, kind) in kinds {
        let client = client_with(&[&url], |options| {
            options.timeout = Duration::from_millis(400);
            options.connect_timeout = Duration::from_millis(200);
        });
        assert_eq!(client.get("x").unwrap_err().kind(), kind);
    }
}

/// An agency of one key, `/arango/Test/counter`, that compares and sets as the real one does.
struct Counter {
    value: Mutex<Option<Value>>,
    applied: Mutex<Vec<String>>,
    writes: AtomicUsize,
    /// Whether the answer to the first write that is applied gets lost.
    loses_one: AtomicBool,
}

impl Counter {
    fn start(first: Option<Value>, loses_one: bool) -> (Arc<Self>, Server) {
        let counter = Arc::new(Self {
            value: Mutex::new(first),
            applied: Mutex::default(),
            writes: AtomicUsize::new(0),
            loses_one: AtomicBool::new(loses_one),
        });
        let theirs = Arc::clone(&counter);
        (counter, Server::start(move |request| theirs.answer(request)))
    }

    fn answer(&self, request: &Seen) -> Reply {
        let mut value = self.value.lock().unwrap();
        let mut applied = self.applied.lock().unwrap();
        match request.target.as_str() {
            "/_api/agency/read" => {
                let tree = match &*value {
                    Some(value) => value!([{"arango": {"Test": {"counter": value}}}]),
                    None => value!([{"arango": {}}]),
                };
                json(200, &tree.to_string())
            }
            "/_api/agency/write" => {
                self.writes.fetch_add(1, Ordering::SeqCst);
                let envelope = body(request)[0].clone();
                let condition = &envelope[1]["/arango/Test/counter"];
                let holds = match &*value {
                    Some(value) => condition["old"] == *value,
                    None => condition["oldEmpty"] == true,
                };
                if !holds {
                    return json(412, r#"{"results":[0]}"#);
                }
                *value = Some(envelope[0]["/arango/Test/counter"]["new"].clone());
                applied.push(envelope[2].as_str().unwrap().to_owned());
                match self.loses_one.swap(false, Ordering::SeqCst) {
                    true => Reply::Reset,
                    false => json(200, &value!({"results": [applied.len()]}).to_string()),
                }
            }
            "/_api/agency/inquire" => {
                let id = body(request)[0].as_str().unwrap().to_owned();
                let index = applied.iter().position(|known| *known == id).map_or(0, |at| at + 1);
                let status = if index == 0 { 404 } else { 200 };
                json(status, &value!({"results": [index], "inquired": true}).to_string())
            }
            _ => json(404, "{}"),
        }
    }
}

#[test]
fn m36_cas_add_begins_at_0_where_nothing_is_and_writes_nothing_over_what_is_no_integer() {
    let (counter, server) = Counter::start(None, false);
    assert_eq!(client(&[&server.url]).cas_add("Test/counter", 5).unwrap(), 0);
    assert_eq!(*counter.value.lock().unwrap(), Some(value!(5)));
    let sent = server.seen().into_iter().find(|seen| seen.target.ends_with("/write")).unwrap();
    assert_eq!(body(&sent)[0][1], value!({"/arango/Test/counter": {"oldEmpty": true}}));
    for other in [value!("5"), value!(null), value!(1.5), value!([5]), value!({}), value!(u64::MAX)]
    {
        let (counter, server) = Counter::start(Some(other.clone()), false);
        let error = client(&[&server.url]).cas_add("Test/counter", 1).unwrap_err();
        assert_eq!(error.kind(), "agency.type_error", "{other}");
        assert_eq!(counter.writes.load(Ordering::SeqCst), 0);
    }
}

#[test]
fn m37_concurrent_additions_all_happen_and_each_sees_another_value() {
    let (counter, server) = Counter::start(Some(value!(1000)), false);
    let seen = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let client = client(&[&server.url]).with_timeout(Duration::from_secs(60));
                for _ in 0..5 {
                    let old = client.cas_add("Test/counter", 1).unwrap();
                    seen.lock().unwrap().push(old);
                }
            });
        }
    });
    let mut seen = seen.into_inner().unwrap();
    seen.sort_unstable();
    assert_eq!(seen, (1000..1100).collect::<Vec<i64>>());
    assert_eq!(*counter.value.lock().unwrap(), Some(value!(1100)));
}

#[test]
fn m38_a_write_whose_answer_is_lost_after_the_commit_is_applied_once() {
    let (counter, server) = Counter::start(Some(value!(3)), true);
    let client = client(&[&server.url]);
    assert_eq!(client.cas_add("Test/counter", 1).unwrap(), 3);
    assert_eq!(*counter.value.lock().unwrap(), Some(value!(4)));
    assert_eq!(counter.applied.lock().unwrap().len(), 1);
    let targets: Vec<String> = server.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(targets, ["/_api/agency/read", "/_api/agency/write", "/_api/agency/inquire"]);
}

#[test]
fn d48_additions_end_when_others_are_faster_all_the_time() {
    let server = Server::start(|request| match request.target.ends_with("/read") {
        true => json(200, r#"[{"arango":{"x":9}}]"#),
        false => json(412, r#"{"results":[0]}"#),
    });
    let client = client(&[&server.url]).with_timeout(Duration::from_millis(300));
    let error = client.cas_add("x", 1).unwrap_err();
    assert_eq!(error.kind(), "agency.cas_exhausted");
    assert!(error.to_string().contains("'/arango/x'"), "{error}");
    let writes = server.seen().iter().filter(|seen| seen.target.ends_with("/write")).count();
    assert!((2..40).contains(&writes), "{writes} writes");
}

#[test]
fn m39_an_agency_that_refuses_the_credentials_is_asked_once() {
    let server = Server::start(|_| json(401, "{}"));
    assert_eq!(client(&[&server.url]).cas_add("x", 1).unwrap_err().kind(), "agency.unauthorized");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn m39_ids_keep_all_their_bits() {
    let latest = i64::MAX - 100;
    let server = Server::start(move |request| match request.target.ends_with("/read") {
        true => json(200, &value!([{"arango": {"Sync": {"LatestID": latest}}}]).to_string()),
        false => json(200, r#"{"results":[7]}"#),
    });
    assert_eq!(client(&[&server.url]).unique_id(7).unwrap(), u64::try_from(latest).unwrap());
    assert_eq!(body(&server.seen()[1])[0][0]["/arango/Sync/LatestID"]["new"], latest + 7);
}
