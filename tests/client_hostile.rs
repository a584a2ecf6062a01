//! The agency client against agents that lie, stall and contradict themselves (protocol §13.2).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/server.rs"]
mod server;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use agencysh::client::{AgencyClient, ClientError, ClientOptions, Outcome, Transaction};
use agencysh::deadline::{Deadline, Stop};
use agencysh::http::Endpoint;
use serde_json::{Value, json as value};
use server::{Reply, Seen, Server, closed_port, json, redirect, reply};

const NO_LEADER: &str = r#"{"message":"No leader"}"#;

/// How exactly limits are kept.
const TOLERANCE: Duration = Duration::from_millis(50);

fn client_within(urls: &[&str], millis: u64) -> AgencyClient {
    let options = ClientOptions {
        endpoints: urls.iter().map(|url| Endpoint::parse(url).unwrap()).collect(),
        timeout: Duration::from_millis(millis),
        ..ClientOptions::default()
    };
    AgencyClient::new(options, Deadline::default()).unwrap()
}

fn client(server: &Server) -> AgencyClient {
    client_within(&[&server.url], 10_000)
}

/// Answers in turn; the last answer again and again.
fn in_turn(replies: Vec<fn() -> Reply>) -> Server {
    let asked = AtomicUsize::new(0);
    Server::start(move |_| {
        let at = asked.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1);
        replies[at]()
    })
}

fn targets(server: &Server) -> Vec<String> {
    let last = |request: &Seen| request.target.rsplit('/').next().unwrap().to_owned();
    server.seen().iter().map(last).collect()
}

fn body(request: &Seen) -> Value {
    serde_json::from_str(&request.body).unwrap()
}

/// Runs `operation`, which must end about `limit` after its begin; a busy machine gets three tries.
fn ends_after<T>(limit: Duration, operation: impl Fn() -> T) -> T {
    let mut spent = Vec::new();
    for _ in 0..3 {
        let begin = Instant::now();
        let result = operation();
        spent.push(begin.elapsed());
        let last = begin.elapsed();
        assert!(last + TOLERANCE > limit, "{spent:?} for {limit:?}");
        if last < limit + TOLERANCE {
            return result;
        }
    }
    panic!("{spent:?} for {limit:?}");
}

fn broken() -> Reply {
    Reply::RawClose(Vec::new())
}

fn not_applied() -> Reply {
    json(404, r#"{"results":[0],"inquired":true}"#)
}

// time

#[test]
fn limits_are_kept_whatever_an_agent_does_with_the_time() {
    let stalls: [fn() -> Reply; 6] = [
        || Reply::Hang,
        || Reply::Trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n[".to_vec()),
        || Reply::Trickle(b"HTTP/1.1 200 OK\r\nX-Header:".to_vec()),
        || Reply::Trickle(b"HTTP/1.1 200 OK\r\n\r\n[".to_vec()),
        || json(503, NO_LEADER),
        broken,
    ];
    let limit = Duration::from_millis(400);
    for stall in stalls {
        let server = Server::start(move |_| stall());
        let client = client_within(&[&server.url], 400);
        ends_after(limit, || client.get("x").unwrap_err());
        ends_after(limit, || client.set("x", value!(1)).unwrap_err());
        ends_after(limit, || client.leader().unwrap_err());
        let never = |_: Option<&Value>| Ok::<_, ClientError>(false);
        ends_after(limit / 2, || client.wait_until("x", limit / 2, never).unwrap_err());
    }
}

#[test]
fn a_deadline_ends_a_read_whose_answer_trickles_in() {
    let server = Server::start(|_| {
        Reply::Trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n[".to_vec())
    });
    let options = ClientOptions {
        endpoints: vec![Endpoint::parse(&server.url).unwrap()],
        ..ClientOptions::default()
    };
    let limit = Duration::from_millis(300);
    let error = ends_after(limit, || {
        let deadline = Deadline::after(Some(limit));
        AgencyClient::new(options.clone(), deadline).unwrap().get("x").unwrap_err()
    });
    assert!(matches!(error, ClientError::Stopped(Stop::Deadline)), "{error:?}");
}

#[test]
fn an_agent_that_accepts_no_connection_does_not_hold_up_the_others() {
    let full = nix_listener();
    let healthy = Server::start(|_| json(200, r#"[{"arango":{"x":1}}]"#));
    let client = client_within(&[&full.0, &healthy.url], 30_000);
    let begin = Instant::now();
    assert_eq!(client.get("x").unwrap(), Some(value!(1)));
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    let options = ClientOptions {
        endpoints: vec![Endpoint::parse(&full.0).unwrap()],
        connect_timeout: Duration::from_millis(300),
        ..ClientOptions::default()
    };
    let client = AgencyClient::new(options, Deadline::default()).unwrap();
    let error = ends_after(Duration::from_millis(300), || client.get("x").unwrap_err());
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
}

/// A URL whose connections are neither accepted nor refused, and what keeps it so.
fn nix_listener() -> (String, Vec<Box<dyn std::any::Any>>) {
    use nix::sys::socket::{
        AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, getsockname, listen, socket,
    };
    use std::os::fd::AsRawFd;
    let own = socket(AddressFamily::Inet, SockType::Stream, SockFlag::empty(), None).unwrap();
    bind(own.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
    listen(&own, Backlog::new(0).unwrap()).unwrap();
    let port = getsockname::<SockaddrIn>(own.as_raw_fd()).unwrap().port();
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let mut kept: Vec<Box<dyn std::any::Any>> = vec![Box::new(own)];
    while let Ok(stream) =
        std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100))
    {
        kept.push(Box::new(stream));
    }
    (format!("http://{address}"), kept)
}

// redirects

#[test]
fn redirects_to_ever_new_leaders_are_bounded() {
    let port = Arc::new(Mutex::new(String::new()));
    let (to, count) = (Arc::clone(&port), AtomicUsize::new(2));
    let server = Server::start_on("0.0.0.0", move |request| {
        let next = count.fetch_add(1, Ordering::SeqCst) % 250;
        redirect(307, &format!("http://127.0.0.{next}:{}{}", to.lock().unwrap(), request.target))
    });
    let own = server.url.rsplit(':').next().unwrap().to_owned();
    port.lock().unwrap().clone_from(&own);
    let client = client_within(&[&format!("http://127.0.0.1:{own}")], 500);
    // the limit may also come while a request is on its way
    let kind = client.get("x").unwrap_err().kind();
    assert!(matches!(kind, "agency.redirect_loop" | "agency.timeout"), "{kind}");
    assert!(server.seen().len() < 150, "{} requests", server.seen().len());
    assert!(client.endpoints().len() < 20, "{:?}", client.endpoints());
}

#[test]
fn a_redirect_to_nowhere_is_not_followed_and_the_other_agents_are_asked() {
    for location in ["", "garbage", "/_api/agency/read", "ftp://h/x", "http://", "http://h:99999/"]
    {
        let liar = Server::start(move |_| redirect(307, location));
        let lead = Server::start(|_| json(200, r#"[{"arango":{"x":1}}]"#));
        let client = client_within(&[&liar.url, &lead.url], 10_000);
        assert_eq!(client.get("x").unwrap(), Some(value!(1)), "{location}");
        assert_eq!(client.endpoints().len(), 2, "{:?}", client.endpoints());
    }
}

#[test]
fn only_agents_redirect_with_307_so_anything_else_is_told_at_once() {
    let login = Server::start(|_| json(200, "[{}]"));
    let to = login.url.clone();
    let proxy = Server::start(move |_| redirect(302, &to));
    let error = client(&proxy).get("x").unwrap_err();
    assert_eq!(error.kind(), "agency.bad_response");
    assert!(error.to_string().contains("302") && error.to_string().contains(&login.url), "{error}");
    assert!(login.seen().is_empty());
}

#[test]
fn every_verb_is_redirected_with_its_body() {
    let lead = Server::start(|request| match request.target.rsplit('/').next().unwrap() {
        "write" | "inquire" => json(200, r#"{"results":[7]}"#),
        "transact" => json(200, "[7]"),
        "transient" => json(200, "[true]"),
        "read" => json(200, "[{}]"),
        _ => json(200, r#"{"agency":{}}"#),
    });
    let to = lead.url.clone();
    let follower = Server::start(move |request| {
        let path = request.target.split('?').next().unwrap();
        redirect(307, &format!("{to}{path}"))
    });
    let ask: [fn(&AgencyClient); 6] = [
        |one| drop(one.read(&["x"]).unwrap()),
        |one| drop(one.write(&[Transaction::single("/x", value!(1))]).unwrap()),
        |one| drop(one.transact(&[value!([{"/x": 1}])]).unwrap()),
        |one| drop(one.transient(&[value!([{"/x": 1}])]).unwrap()),
        |one| drop(one.inquire(&["id".to_owned()]).unwrap()),
        |one| drop(one.state(None).unwrap()),
    ];
    for ask in ask {
        ask(&client(&follower));
    }
    let sent = follower.seen();
    for (first, second) in sent.iter().zip(lead.seen()) {
        assert_eq!((&first.method, &first.body), (&second.method, &second.body));
        assert_eq!(first.target, second.target, "the query is added again");
    }
    assert_eq!(lead.seen().len(), 6);
}

// writes

#[test]
fn a_write_that_is_answered_with_rubbish_may_have_happened() {
    for rubbish in ["<html>hello</html>", "", "[1]", r#"{"results":[1,2]}"#, r#"{"results":[-1]}"#]
    {
        let server = Server::start(move |request| match request.target.ends_with("/write") {
            true => reply(200, &[], rubbish),
            false => json(200, r#"{"results":[5],"inquired":true}"#),
        });
        assert_eq!(client(&server).set("x", value!(1)).unwrap(), 5, "{rubbish}");
        let server = Server::start(move |_| reply(200, &[], rubbish));
        let error = client(&server).set("x", value!(1)).unwrap_err();
        assert!(matches!(error, ClientError::UnknownOutcome { .. }), "{error:?}");
        assert_eq!(targets(&server), ["write", "inquire"]);
    }
}

#[test]
fn a_write_to_what_does_not_speak_http_is_inquired_and_a_read_is_refused() {
    let server = Server::start(|request| match request.target.rsplit('/').next().unwrap() {
        "inquire" => json(200, r#"{"results":[5],"inquired":true}"#),
        _ => Reply::RawClose(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()),
    });
    assert_eq!(client(&server).set("x", value!(1)).unwrap(), 5);
    assert_eq!(client(&server).get("x").unwrap_err().kind(), "http.protocol");
}

#[test]
fn a_write_that_a_tls_server_complains_about_has_certainly_not_happened() {
    let server = Server::start(|_| Reply::RawClose(vec![21, 3, 1, 0, 2, 2, 70]));
    for error in [
        client(&server).set("x", value!(1)).unwrap_err(),
        client(&server).get("x").map(|_| ()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), "http.tls_only", "{error:?}");
    }
    assert_eq!(targets(&server), ["write", "read"]);
}

#[test]
fn after_each_ambiguous_answer_the_fate_is_asked_and_pauses_lie_between() {
    let ambiguous: [fn() -> Reply; 6] = [
        broken,
        || Reply::Reset,
        || Reply::RawClose(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_vec()),
        || {
            json(
                408,
                r#"{"error":true,"code":408,"errorNum":408,"errorMessage":"request timeout"}"#,
            )
        },
        || json(500, ""),
        || {
            json(
                503,
                r#"{"error":true,"code":503,"errorNum":503,"errorMessage":"service unavailable"}"#,
            )
        },
    ];
    for ambiguous in ambiguous {
        let server = Server::start(move |request| match request.target.ends_with("/inquire") {
            true => not_applied(),
            false => ambiguous(),
        });
        let client = client_within(&[&server.url], 500);
        let begin = Instant::now();
        let error = client.set("x", value!(1)).unwrap_err();
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
        assert!(
            !matches!(error, ClientError::UnknownOutcome { .. }),
            "it did not happen: {error:?}"
        );
        let targets = targets(&server);
        assert!(targets.len() < 40, "{} requests", targets.len());
        assert!(targets.chunks(2).all(|pair| pair[0] == "write" && pair[1..] != ["write"]));
        let ids: Vec<Value> = server
            .seen()
            .iter()
            .filter(|request| request.target.ends_with("/write"))
            .map(|request| body(request)[0][2].clone())
            .collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "the same id each time");
    }
}

#[test]
fn an_inquiry_follows_the_leader_and_waits_for_one() {
    let lead = Server::start(|_| json(200, r#"{"results":[42],"inquired":true}"#));
    let to = lead.url.clone();
    let asked = AtomicUsize::new(0);
    let old = Server::start(move |request| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => broken(),
        1 => json(503, NO_LEADER),
        2 => json(408, ""),
        3 => broken(),
        _ => redirect(307, &format!("{to}{}", request.target)),
    });
    assert_eq!(client(&old).set("x", value!(1)).unwrap(), 42);
    assert_eq!(targets(&old), ["write", "inquire", "inquire", "inquire", "inquire"]);
    assert_eq!(targets(&lead), ["inquire"]);
}

#[test]
fn a_write_that_nobody_took_is_not_inquired() {
    let server = in_turn(vec![|| json(503, NO_LEADER), || json(503, NO_LEADER), || {
        json(200, r#"{"results":[7]}"#)
    }]);
    let client = client_within(&[&closed_port(), &server.url], 10_000);
    assert_eq!(client.set("x", value!(1)).unwrap(), 7);
    assert_eq!(targets(&server), ["write", "write", "write"]);
}

#[test]
fn a_part_that_happened_makes_the_rest_unknown_when_time_runs_out() {
    let server = Server::start(|request| match request.target.ends_with("/inquire") {
        true if body(request).as_array().unwrap().len() == 2 => {
            json(404, r#"{"results":[3,0],"inquired":true}"#)
        }
        true => not_applied(),
        false => broken(),
    });
    let client = client_within(&[&server.url], 300);
    let two = [Transaction::single("/a", value!(1)), Transaction::single("/b", value!(2))];
    let error = client.write(&two).unwrap_err();
    let ClientError::UnknownOutcome { client_ids, .. } = &error else { panic!("{error:?}") };
    assert_eq!(client_ids.len(), 2);
}

#[test]
fn i3_transactions_that_share_an_id_cannot_be_told_apart() {
    let with_id = |path: &str, id: &str| Transaction {
        client_id: Some(id.to_owned()),
        ..Transaction::single(path, value!(1))
    };
    let server = Server::start(|request| match request.target.ends_with("/inquire") {
        true => json(200, r#"{"results":[3,3],"inquired":true}"#),
        false => broken(),
    });
    let error = client(&server).write(&[with_id("/a", "same"), with_id("/b", "same")]).unwrap_err();
    assert!(matches!(error, ClientError::UnknownOutcome { .. }), "{error:?}");
}

#[test]
fn the_empty_id_is_kept_by_no_agent_and_so_never_sent() {
    let server = Server::start(|request| match request.target.ends_with("/transact") {
        true => json(200, "[7,7]"),
        false => json(200, r#"{"results":[7]}"#),
    });
    let client = client(&server);
    let transaction =
        Transaction { client_id: Some(String::new()), ..Transaction::single("/a", value!(1)) };
    client.write(&[transaction]).unwrap();
    client.transact(&[value!([{"/a": 1}, {}, ""]), value!([{"/a": 1}, {}, 7])]).unwrap();
    for request in server.seen() {
        for element in body(&request).as_array().unwrap() {
            assert!(element[2].as_str().is_some_and(|id| id.len() > 30), "{element}");
        }
    }
}

#[test]
fn zeros_are_outcomes_whatever_the_status_says() {
    for (status, outcome) in [
        (200, Outcome::OperationFailed),
        (412, Outcome::PreconditionFailed),
        (403, Outcome::Forbidden),
    ] {
        let server = Server::start(move |_| json(status, r#"{"results":[9,0]}"#));
        let two = [Transaction::single("/a", value!(1)), Transaction::single("/b", value!(1))];
        let answer = client(&server).write(&two).unwrap();
        assert_eq!(answer.outcome(0), Outcome::Applied { index: 9 });
        assert_eq!(answer.outcome(1), outcome);
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn an_error_object_is_never_taken_for_a_result() {
    for status in [200, 403, 412] {
        let server = Server::start(move |_| {
            json(status, r#"{"error":true,"code":412,"errorNum":21004,"errorMessage":"too late"}"#)
        });
        let ask: [fn(&AgencyClient) -> ClientError; 5] = [
            |one| one.set("x", value!(1)).unwrap_err(),
            |one| one.cas("x", None, value!(1)).unwrap_err(),
            |one| one.transact(&[value!([{"/x": 1}])]).unwrap_err(),
            |one| one.transient(&[value!([{"/x": 1}])]).unwrap_err(),
            |one| one.get("x").unwrap_err(),
        ];
        for ask in ask {
            let error = ask(&client(&server));
            let refused = matches!(error, ClientError::Refused { error_num: Some(21004), .. });
            assert!(refused, "{status}: {error:?}");
        }
    }
}

#[test]
fn a_gateways_503_is_told_as_what_it_is() {
    let server = Server::start(|_| reply(503, &[], "<html>Bad gateway, try later</html>"));
    let error = client_within(&[&server.url], 200).get("x").unwrap_err();
    assert!(error.to_string().contains("Bad gateway"), "{error}");
}

// transact and transient

#[test]
fn a_lost_transact_is_sent_again_only_when_none_of_it_happened() {
    let lost = |fates: &'static str| {
        let asked = AtomicUsize::new(0);
        Server::start(move |request| match request.target.ends_with("/inquire") {
            true => json(404, fates),
            false if asked.fetch_add(1, Ordering::SeqCst) == 0 => broken(),
            false => json(200, r#"[11,12]"#),
        })
    };
    let writes = [value!([{"/a": 1}]), value!([{"/b": 1}])];
    let server = lost(r#"{"results":[0,0]}"#);
    assert_eq!(client(&server).transact(&writes).unwrap(), (200, vec![value!(11), value!(12)]));
    let seen = server.seen();
    assert_eq!(seen[0].body, seen[2].body, "with the same ids");

    let server = lost(r#"{"results":[3,4]}"#);
    assert_eq!(client(&server).transact(&writes).unwrap(), (200, vec![value!(3), value!(4)]));

    for (items, fates) in [
        (writes.to_vec(), r#"{"results":[3,0]}"#),
        (vec![value!([{"/a": 1}]), value!(["/a"])], r#"{"results":[3]}"#),
    ] {
        let error = client(&lost(fates)).transact(&items).unwrap_err();
        assert!(matches!(error, ClientError::UnknownOutcome { .. }), "{error:?}");
    }
}

#[test]
fn a_transact_that_only_reads_and_a_transient_are_simply_repeated() {
    let again: [fn(&AgencyClient) -> usize; 2] = [
        |one| one.transact(&[value!(["/a"])]).unwrap().1.len(),
        |one| one.transient(&[value!([{"/a": 1}])]).unwrap().len(),
    ];
    for again in again {
        let server = in_turn(vec![broken, || json(500, ""), || json(200, "[true]")]);
        assert_eq!(again(&client(&server)), 1);
        assert_eq!(server.seen().len(), 3);
        assert!(!targets(&server).contains(&"inquire".to_owned()));
    }
}

#[test]
fn an_answer_with_too_few_results_is_no_answer() {
    let server = Server::start(|_| json(200, "[]"));
    assert_eq!(
        client(&server).transient(&[value!(["/a"])]).unwrap_err().kind(),
        "agency.bad_response"
    );
    assert_eq!(
        client(&server).transact(&[value!(["/a"])]).unwrap_err().kind(),
        "agency.bad_response"
    );
    assert_eq!(client(&server).get("a").unwrap_err().kind(), "agency.bad_response");
}

// values

#[test]
fn values_are_read_as_deep_as_agents_keep_them() {
    for levels in [127, 128, 150, 196] {
        let deep = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let body = format!(r#"[{{"arango":{{"x":{deep}}}}}]"#);
        let server = Server::start(move |_| json(200, &body));
        let mut value = client(&server).get("x").unwrap().unwrap();
        for _ in 0..levels {
            value = value[0].take();
        }
        assert_eq!(value, value!(1));
    }
    let body = format!(r#"[{{"arango":{{"x":{}"#, "[".repeat(5_000_000));
    let server = Server::start(move |_| json(200, &body));
    let error = client(&server).get("x").unwrap_err();
    assert!(error.to_string().contains("levels of nesting"), "{error}");
}

#[test]
fn a_large_answer_is_read_whole() {
    let text = "x".repeat(30 << 20);
    let body = format!(r#"[{{"arango":{{"x":"{text}"}}}}]"#);
    let server = Server::start(move |_| json(200, &body));
    assert_eq!(client(&server).get("x").unwrap().unwrap().as_str().unwrap().len(), text.len());
}

#[test]
fn p6_a_swap_of_an_empty_object_demands_that_there_is_one() {
    let server = Server::start(|_| json(200, r#"{"results":[7]}"#));
    assert!(client(&server).cas("x", Some(value!({})), value!(1)).unwrap());
    let sent = body(&server.seen()[0]);
    assert_eq!(sent[0][1], value!({"/arango/x": {"old": {}, "oldEmpty": false}}));
}

#[test]
fn m39_unique_ids_are_never_0_and_nothing_else_is_counted_up() {
    let counter = |latest: &'static str| {
        Server::start(move |request| match request.target.ends_with("/read") {
            true => json(200, &format!(r#"[{{"arango":{{"Sync":{{"LatestID":{latest}}}}}}}]"#)),
            false => json(200, r#"{"results":[7]}"#),
        })
    };
    let server = counter("0");
    assert_eq!(client(&server).unique_id(5).unwrap(), 1);
    assert_eq!(body(&server.seen()[1])[0][0]["/arango/Sync/LatestID"]["new"], 6);
    for other in [r#""text""#, "[1]", "{}", "-3", "1.5", "18446744073709551615"] {
        let server = counter(other);
        let error = client(&server).unique_id(5).unwrap_err();
        assert_eq!(error.kind(), "agency.type_error", "{other}");
        assert_eq!(server.seen().len(), 1, "nothing is written");
    }
}

// poll and watch

/// A leader whose value at `/arango/x` is the number of reads so far, and whose polls are answered in turn.
fn watched(polls: Vec<&'static str>) -> Server {
    let (reads, asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Server::start(move |request| match request.target.split('?').next().unwrap() {
        "/_api/agency/config" => json(200, r#"{"leaderId":"AGNT-1","commitIndex":10}"#),
        "/_api/agency/read" => {
            let reads = reads.fetch_add(1, Ordering::SeqCst);
            json(200, &format!(r#"[{{"arango":{{"x":{reads}}}}}]"#))
        }
        _ => match polls.get(asked.fetch_add(1, Ordering::SeqCst)) {
            Some(&"503") => {
                json(503, r#"{"error":true,"code":503,"errorNum":503,"errorMessage":"No leader"}"#)
            }
            Some(result) => {
                json(200, &format!(r#"{{"error":false,"code":200,"result":{result}}}"#))
            }
            None => Reply::Hang,
        },
    })
}

/// The indices that were asked for while waiting for the value to become 1, and whether it did.
fn waits_for(polls: Vec<&'static str>) -> (bool, Vec<u64>) {
    let server = watched(polls);
    let is_one = |value: Option<&Value>| Ok::<_, ClientError>(value == Some(&value!(1)));
    let came = client(&server).wait_until("x", Duration::from_millis(600), is_one);
    let indices = server.seen().into_iter().filter_map(|request| {
        let (_, rest) = request.target.split_once("poll?index=")?;
        rest.split('&').next()?.parse::<u64>().ok()
    });
    (came.is_ok(), indices.collect())
}

#[test]
fn a_change_is_seen_however_polls_tell_of_it() {
    for (told, polls) in [
        (
            "an entry",
            vec![
                r#"{"commitIndex":11,"firstIndex":11,"log":[{"index":11,"query":{"/arango/x":1}}]}"#,
            ],
        ),
        ("a snapshot", vec![r#"{"commitIndex":50,"firstIndex":0,"readDB":{}}"#]),
        (
            "a gap",
            vec![r#"{"commitIndex":13,"firstIndex":13,"log":[{"index":13,"query":{"/y":1}}]}"#],
        ),
        (
            "a hole",
            vec![
                r#"{"commitIndex":13,"firstIndex":11,"log":[{"index":11,"query":{"/y":1}},{"index":13,"query":{"/y":1}}]}"#,
            ],
        ),
        (
            "an entry above",
            vec![
                r#"{"commitIndex":11,"firstIndex":11,"log":[{"index":11,"query":{"arango/":1}}]}"#,
            ],
        ),
        ("an index that went back", vec![r#"{"commitIndex":2,"log":[]}"#]),
        ("an index beyond all", vec![r#"{"commitIndex":18446744073709551615,"firstIndex":0}"#]),
        ("after a resignation", vec!["503", r#"{"commitIndex":50,"firstIndex":0,"readDB":{}}"#]),
    ] {
        assert!(waits_for(polls).0, "{told}");
    }
}

#[test]
fn l4_nothing_new_is_no_reason_to_pass_over_entries() {
    // an agent may answer so although the entry asked for is there (§8.4)
    let (came, indices) = waits_for(vec![
        r#"{"commitIndex":11,"log":[]}"#,
        r#"{"commitIndex":11,"firstIndex":11,"log":[{"index":11,"query":{"/arango/x":1}}]}"#,
    ]);
    assert!(came);
    assert_eq!(indices, [11, 11]);
    let (came, indices) = waits_for(vec![
        r#"{"commitIndex":11,"firstIndex":11,"log":[{"index":11,"query":{"/y":1}}]}"#,
        r#"{"commitIndex":11,"log":[]}"#,
    ]);
    assert!(!came);
    assert_eq!(indices, [11, 12, 12]);
}

#[test]
fn an_agent_that_does_not_wait_is_not_asked_all_the_time() {
    let polls = vec![r#"{"commitIndex":10,"log":[]}"#; 10_000];
    let (came, indices) = waits_for(polls);
    assert!(!came);
    assert!(indices.len() < 30, "{} polls", indices.len());
}

#[test]
fn a_poll_that_is_repeated_waits_for_the_time_left() {
    let server = in_turn(vec![
        || {
            std::thread::sleep(Duration::from_millis(300));
            json(503, NO_LEADER)
        },
        || json(200, r#"{"result":{"commitIndex":9,"log":[]}}"#),
    ]);
    client(&server).poll(10, Duration::from_secs(1)).unwrap();
    let seen = server.seen();
    let left =
        |at: usize| seen[at].target.rsplit_once("timeout=").unwrap().1.parse::<f64>().unwrap();
    assert!(left(0) > 0.9 && left(1) < 0.75, "{} {}", left(0), left(1));
}

#[test]
fn a_wait_without_time_looks_once() {
    let server = watched(Vec::new());
    let is = |wanted: usize| {
        move |value: Option<&Value>| Ok::<_, ClientError>(value == Some(&value!(wanted)))
    };
    assert!(client(&server).wait_until("x", Duration::ZERO, is(0)).is_ok());
    let error = client(&server).wait_until("x", Duration::ZERO, is(7)).unwrap_err();
    assert_eq!(error.kind(), "agency.wait_timeout");
}

// status

#[test]
fn an_agent_with_an_address_that_cannot_be_used_is_unreachable_and_no_reason_to_give_up() {
    let server = Server::start(|_| {
        json(
            200,
            r#"{"leaderId":"A","commitIndex":1,"term":1,"configuration":{"pool":{"A":"tcp://0.0.0.0:1","B":"rubbish://"}}}"#,
        )
    });
    let health = client(&server).health().unwrap();
    assert!(!health.healthy && health.agents.iter().all(|agent| !agent.reachable));
}

#[test]
fn the_end_of_an_operation_without_a_leader_is_told_as_that() {
    // the last try is cut short in the middle: the agent could not say again what it has said before
    let server = in_turn(vec![|| json(503, r#"{"message":"No leader"}"#), || Reply::Hang]);
    let error = client_within(&[&server.url], 400).get("x").unwrap_err();
    assert_eq!(error.kind(), "agency.no_leader", "{error}");
}
