//! The agency client against agents that redirect, refuse, hang and lose answers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/server.rs"]
mod server;

use std::io::{Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use agencysh::auth::{Secret, verify};
use agencysh::client::{
    AgencyClient, ClientAuth, ClientError, ClientOptions, Outcome, Transaction,
};
use agencysh::deadline::{Deadline, Stop};
use agencysh::http::Endpoint;
use serde_json::json as value;
use server::{Reply, Seen, Server, closed_port, json, redirect, reply};

fn client_with(urls: &[&str], change: impl FnOnce(&mut ClientOptions)) -> AgencyClient {
    let mut options = ClientOptions {
        endpoints: urls.iter().map(|url| Endpoint::parse(url).unwrap()).collect(),
        timeout: Duration::from_secs(10),
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
        "/_api/agency/inquire" => json(404, r#"{"results":[0],"inquired":true}"#),
        _ => json(404, r#"{"error":true,"code":404,"errorNum":404,"errorMessage":"not found"}"#),
    }
}

fn id_of(request: &Seen) -> String {
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    body[0][2].as_str().unwrap().to_owned()
}

#[test]
fn a_redirect_is_followed_with_method_and_body_and_the_leader_is_remembered() {
    let lead = Server::start(leader);
    let to = lead.url.clone();
    let follower = Server::start(move |request| redirect(307, &format!("{to}{}", request.target)));
    let client = client(&[&follower.url]);
    assert_eq!(client.set("x", value!(1)).unwrap(), 7);
    assert_eq!(client.get("x").unwrap(), Some(value!(1)));
    assert_eq!(follower.seen().len(), 1, "the second request went to the leader at once");
    let seen = lead.seen();
    assert_eq!((seen[0].method.as_str(), seen[0].target.as_str()), ("POST", "/_api/agency/write"));
    assert_eq!(seen[0].body, follower.seen()[0].body);
}

#[test]
fn a_redirected_poll_gets_its_parameters_back() {
    let lead = Server::start(|_| {
        json(
            200,
            r#"{"error":false,"code":200,"result":{"commitIndex":9,"firstIndex":9,"log":[{"index":9,"query":{"/a":1}}]}}"#,
        )
    });
    let to = lead.url.clone();
    let follower = Server::start(move |_| redirect(307, &format!("{to}/_api/agency/poll")));
    let poll = client(&[&follower.url]).poll(9, Duration::from_secs(5)).unwrap();
    assert_eq!((poll.commit_index, poll.first_index, poll.log[0].index), (9, Some(9), 9));
    let target = lead.seen()[0].target.clone();
    let left = target.strip_prefix("/_api/agency/poll?index=9&timeout=").unwrap();
    assert!((4.0..=5.0).contains(&left.parse::<f64>().unwrap()), "{target}");
}

#[test]
fn agents_without_a_leader_are_asked_again_until_one_leads() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |request| match asked.fetch_add(1, Ordering::SeqCst) {
        0..3 => json(503, NO_LEADER),
        _ => leader(request),
    });
    assert_eq!(client(&[&server.url]).set("x", value!(1)).unwrap(), 7);
    let targets: Vec<_> = server.seen().iter().map(|request| request.target.clone()).collect();
    assert!(
        targets.iter().all(|target| target == "/_api/agency/write"),
        "nothing to inquire: {targets:?}"
    );
}

#[test]
fn no_leader_in_time_is_an_error_that_names_who_was_asked() {
    let server = Server::start(|_| json(503, NO_LEADER));
    let client =
        client_with(&[&server.url], |options| options.timeout = Duration::from_millis(300));
    let begin = Instant::now();
    let error = client.get("x").unwrap_err();
    assert_eq!(error.kind(), "agency.no_leader");
    assert!(error.to_string().contains(&server.url), "{error}");
    assert!(begin.elapsed() < Duration::from_millis(900));
}

#[test]
fn agents_that_are_gone_are_skipped_and_writes_sent_elsewhere() {
    let server = Server::start(leader);
    let client = client(&[&closed_port(), &server.url]);
    assert_eq!(client.set("x", value!(1)).unwrap(), 7);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn no_agent_at_all_is_told_after_the_connect_timeout() {
    let client = client_with(&[&closed_port()], |options| {
        options.connect_timeout = Duration::from_millis(200);
    });
    let begin = Instant::now();
    assert!(matches!(client.get("x"), Err(ClientError::Unreachable { .. })));
    assert!(begin.elapsed() < Duration::from_secs(2));
}

/// The first request of an operation may take longer than it takes to give up on an agency that nobody can reach.
#[test]
fn an_agent_that_goes_after_a_long_answer_is_skipped() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let going = format!("http://{}", listener.local_addr().unwrap());
    let answered = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(listener);
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        let body = r#"[{"arango":{"x":1}}]"#;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
        write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    });
    let staying = Server::start(leader);
    let client = client_with(&[&going, &staying.url], |options| {
        options.connect_timeout = Duration::from_millis(100);
    });
    assert_eq!(client.cas_add("x", 1).unwrap(), 1);
    answered.join().unwrap();
}

#[test]
fn a_lost_answer_of_a_write_is_inquired_and_not_sent_again() {
    let written = Arc::new(Mutex::new(String::new()));
    let server = Server::start(move |request| match request.target.as_str() {
        "/_api/agency/write" => {
            *written.lock().unwrap() = id_of(request);
            Reply::RawClose(Vec::new())
        }
        _ => {
            assert_eq!(request.body, format!("[\"{}\"]", written.lock().unwrap()));
            json(200, r#"{"results":[42],"inquired":true}"#)
        }
    });
    assert_eq!(client(&[&server.url]).set("x", value!(1)).unwrap(), 42);
    let targets: Vec<_> = server.seen().iter().map(|request| request.target.clone()).collect();
    assert_eq!(targets, ["/_api/agency/write", "/_api/agency/inquire"]);
}

#[test]
fn a_write_that_did_not_happen_is_sent_again_with_the_same_id() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |request| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => json(500, ""),
        _ => leader(request),
    });
    assert_eq!(client(&[&server.url]).set("x", value!(1)).unwrap(), 7);
    let seen = server.seen();
    let targets: Vec<_> = seen.iter().map(|request| request.target.as_str()).collect();
    assert_eq!(targets, ["/_api/agency/write", "/_api/agency/inquire", "/_api/agency/write"]);
    assert_eq!(id_of(&seen[0]), id_of(&seen[2]));
}

#[test]
fn of_several_transactions_only_those_that_did_not_happen_are_sent_again() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |request| match request.target.as_str() {
        "/_api/agency/inquire" => json(404, r#"{"results":[3,0],"inquired":true}"#),
        _ if asked.fetch_add(1, Ordering::SeqCst) == 0 => Reply::RawClose(Vec::new()),
        _ => json(200, r#"{"results":[9]}"#),
    });
    let outcome = client(&[&server.url])
        .write(&[Transaction::single("/a", value!(1)), Transaction::single("/b", value!(2))])
        .unwrap();
    assert_eq!(outcome.results, [3, 9]);
    let again: serde_json::Value = serde_json::from_str(&server.seen()[2].body).unwrap();
    assert_eq!(again[0][0], value!({"/b": 2}));
}

/// An agent that was suspended may answer the inquiry before it reads the write.
#[test]
fn a_write_that_ran_out_of_time_is_inquired_twice_before_it_is_sent_again() {
    let inquiries = AtomicUsize::new(0);
    let server = Server::start(move |request| match request.target.as_str() {
        "/_api/agency/write" => Reply::Hang,
        _ => match inquiries.fetch_add(1, Ordering::SeqCst) {
            0 => json(404, r#"{"results":[0],"inquired":true}"#),
            _ => json(200, r#"{"results":[42],"inquired":true}"#),
        },
    });
    let client = client_with(&[&server.url], |options| options.timeout = Duration::from_secs(5));
    assert_eq!(client.set("x", value!(1)).unwrap(), 42);
    let targets: Vec<_> = server.seen().iter().map(|request| request.target.clone()).collect();
    assert_eq!(targets, ["/_api/agency/write", "/_api/agency/inquire", "/_api/agency/inquire"]);
}

#[test]
fn a_write_whose_fate_nobody_tells_is_unknown() {
    let server = Server::start(|request| match request.target.as_str() {
        "/_api/agency/write" => Reply::RawClose(Vec::new()),
        _ => json(503, NO_LEADER),
    });
    let client =
        client_with(&[&server.url], |options| options.timeout = Duration::from_millis(300));
    let error = client.set("x", value!(1)).unwrap_err();
    let ClientError::UnknownOutcome { client_ids, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*client_ids, [id_of(&server.seen()[0])]);
}

#[test]
fn a_failed_precondition_is_an_outcome_and_an_operation_error_an_error() {
    let server = Server::start(|request| match id_of(request).as_str() {
        "p" => json(412, r#"{"results":[0]}"#),
        _ => json(200, r#"{"results":[0]}"#),
    });
    let client = client(&[&server.url]);
    let transaction =
        Transaction { client_id: Some("p".to_owned()), ..Transaction::single("/a", value!(1)) };
    assert_eq!(client.write(&[transaction]).unwrap().outcome(0), Outcome::PreconditionFailed);
    assert!(matches!(client.set("x", value!(1)), Err(ClientError::OperationFailed { .. })));
}

#[test]
fn a_412_with_an_error_object_is_no_failed_precondition() {
    let server = Server::start(|_| {
        json(
            412,
            r#"{"error":true,"code":412,"errorNum":21004,"errorMessage":"queue time violated"}"#,
        )
    });
    let error = client(&[&server.url]).cas("x", None, value!(1)).unwrap_err();
    assert!(matches!(error, ClientError::Refused { error_num: Some(21004), .. }), "{error:?}");
}

#[test]
fn an_agency_that_answers_html_is_told_at_once() {
    let server =
        Server::start(|_| reply(200, &[("Content-Type", "text/html")], "<html>welcome</html>"));
    let begin = Instant::now();
    let error = client(&[&server.url]).get("x").unwrap_err();
    assert!(matches!(error, ClientError::BadAnswer { .. }), "{error:?}");
    assert!(error.to_string().contains("<html>welcome"), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(1));
}

#[test]
fn an_agency_that_hangs_is_told_within_the_timeout() {
    let server = Server::start(|_| Reply::Hang);
    let client =
        client_with(&[&server.url], |options| options.timeout = Duration::from_millis(400));
    let begin = Instant::now();
    assert_eq!(client.get("x").unwrap_err().kind(), "agency.timeout");
    assert!(begin.elapsed() < Duration::from_secs(1));
}

#[test]
fn an_agency_that_closes_half_way_is_told_within_the_timeout() {
    let server = Server::start(|_| {
        Reply::RawClose(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n[{".to_vec())
    });
    let client =
        client_with(&[&server.url], |options| options.timeout = Duration::from_millis(400));
    let error = client.get("x").unwrap_err();
    assert_eq!(error.kind(), "agency.reset");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("in the middle of its answer"), "{source}");
}

#[test]
fn a_redirect_loop_is_told_within_the_timeout() {
    let own = Arc::new(Mutex::new(String::new()));
    let to = Arc::clone(&own);
    let server = Server::start(move |request| {
        redirect(307, &format!("{}{}", to.lock().unwrap(), request.target))
    });
    own.lock().unwrap().clone_from(&server.url);
    let client = client_with(&[&server.url], |options| options.timeout = Duration::from_secs(1));
    assert_eq!(client.get("x").unwrap_err().kind(), "agency.redirect_loop");
    assert!(server.seen().len() < 60, "pauses come between rounds: {}", server.seen().len());
}

#[test]
fn what_is_no_agent_or_refuses_the_token_is_told_at_once() {
    for (status, kind) in [
        (401, "agency.unauthorized"),
        (404, "agency.not_an_agent"),
        (501, "agency.not_an_agent"),
        (400, "agency.bad_request"),
        (403, "agency.forbidden"),
        (418, "agency.bad_request"),
    ] {
        let server = Server::start(move |_| json(status, r#"{"message":"no"}"#));
        assert_eq!(client(&[&server.url]).get("x").unwrap_err().kind(), kind);
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn a1_requests_carry_a_token_signed_with_the_secret() {
    let server = Server::start(leader);
    let secret = Secret::new(b"s3cret").unwrap();
    let signing = ClientAuth::secret(secret.clone());
    client_with(&[&server.url], |options| options.auth = signing).get("x").unwrap();
    let header = server.seen()[0].header("authorization").unwrap().to_owned();
    assert!(verify(header.strip_prefix("bearer ").unwrap(), &[secret]).is_ok());
}

#[test]
fn an_interrupt_ends_an_operation_that_waits_for_a_leader() {
    let server = Server::start(|_| json(503, NO_LEADER));
    let client = client(&[&server.url]);
    let deadline = client.deadline().clone();
    let begin = Instant::now();
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            while server.seen().is_empty() {
                std::thread::yield_now();
            }
            deadline.interrupt();
        });
        client.get("x").unwrap_err()
    });
    assert!(matches!(error, ClientError::Stopped(Stop::Interrupted)), "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[test]
fn r3_r4_a_missing_path_is_no_value_even_when_a_prefix_exists() {
    let server = Server::start(|_| json(200, r#"[{"arango":{"x":{}}}]"#));
    let client = client(&[&server.url]);
    assert_eq!(client.get("x/y").unwrap(), None);
    assert_eq!(client.get("x").unwrap(), Some(value!({})));
    assert_eq!(server.seen()[0].body, r#"[["/arango/x/y"]]"#);
}
