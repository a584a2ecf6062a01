//! Clients that take more than their share.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use agencysh::standin::agent::raft::network::{ADDRESS, address};
use agencysh::standin::agent::raft::types::node_id;
use agencysh::standin::agent::{AgentConfig, Limits};
use serde_json::json;

use crate::support::{Agency, PATIENCE, Reply, send, wait_for};

/// Far below what a limit of time is in most of these tests, and far above what an answer takes.
const SHORT: Duration = Duration::from_millis(300);

/// An agent alone with limits of its own.
fn limited(change: impl Fn(&mut Limits)) -> (Agency, String) {
    let agency = Agency::configured(1, |config: &mut AgentConfig| change(&mut config.limits));
    let url = agency.leader();
    (agency, url)
}

/// A client that knows no manners.
struct Client(TcpStream);

impl Client {
    fn to(url: &str) -> Self {
        let stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    fn asks(url: &str, path: &str) -> Self {
        let mut client = Self::to(url);
        client.get(path);
        client
    }

    fn get(&mut self, path: &str) {
        self.write(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
    }

    /// Whatever the agent says until it closes the connection.
    fn rest(&mut self) -> String {
        let mut text = Vec::new();
        match self.0.read_to_end(&mut text) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The answer to a request, up to its last brace.
    fn answer(&mut self) -> String {
        let mut text = String::new();
        let mut bytes = [0; 4096];
        while !text.ends_with('}') {
            let read = self.0.read(&mut bytes).unwrap();
            assert!(read > 0, "closed after {text:?}");
            text += &String::from_utf8_lossy(&bytes[..read]);
        }
        text
    }

    /// Whether the agent has closed the connection by now.
    fn is_closed(&mut self) -> bool {
        self.0.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let closed = match self.0.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        };
        self.0.set_read_timeout(Some(PATIENCE)).unwrap();
        closed
    }
}

const FAR: &str = "/_api/agency/poll?index=1000000&timeout=300";

/// A connection that is busy: the agent has begun with its request and waits for the body.
fn busy(url: &str) -> Client {
    let mut client = Client::to(url);
    client.write(
        "POST /_api/agency/write HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
    );
    let mut go_on = [0; 25];
    client.0.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    client
}

#[test]
fn the_connection_that_is_idle_for_longest_makes_room_for_a_new_one() {
    let (_agency, url) = limited(|limits| limits.connections = 3);
    let mut silent: Vec<Client> = (0..3)
        .map(|_| {
            let mut client = Client::asks(&url, "/_api/version");
            client.answer();
            client
        })
        .collect();
    silent[0].get("/_api/version");
    silent[0].answer();
    let mut new = Client::asks(&url, "/_api/version");
    assert!(new.answer().starts_with("HTTP/1.1 200"));
    assert_eq!(silent[1].rest(), "", "the one that asked least recently");
    for client in [&mut silent[0], &mut new] {
        client.get("/_api/version");
        assert!(client.answer().starts_with("HTTP/1.1 200"));
    }
}

#[test]
fn when_all_connections_are_busy_a_new_client_is_told_so() {
    let (_agency, url) = limited(|limits| limits.connections = 2);
    // One of the two places may have been that of the client of these tests, which was idle.
    let _busy = [busy(&url), busy(&url)];
    let refused = Client::asks(&url, "/_api/version").rest();
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(refused.contains("21003") && refused.contains("too many clients"), "{refused}");
}

#[test]
fn other_agents_find_a_place_when_all_are_taken_by_clients() {
    let agency = Agency::configured(3, |config| config.limits.connections = 2);
    let leader = agency.leader();
    let pool: Vec<(String, String)> =
        agency.members().into_iter().map(|(url, id)| (id, url)).collect();
    let _busy = [busy(&leader), busy(&leader)];
    let raft = |target: &str| {
        let mut agent = Client::to(&leader);
        agent.write(&format!(
            "POST /_api/agency_priv/raft-vote HTTP/1.1\r\n{ADDRESS}: {}\r\n\
             Content-Length: 2\r\n\r\n{{}}",
            address(&pool, node_id(target)),
        ));
        agent.answer()
    };
    let leader_id = agency.leader_id();
    assert!(raft(&leader_id).starts_with("HTTP/1.1 400"), "it is looked at");
    assert!(raft("somebody else").starts_with("HTTP/1.1 503"));
}

#[test]
fn a_head_that_comes_byte_by_byte_is_given_up() {
    let (_agency, url) = limited(|limits| limits.head = SHORT);
    let mut slow = Client::to(&url);
    let mut bytes = b"GET /_api/version HTTP/1.1\r\nX: ".iter().chain(std::iter::repeat(&b'x'));
    wait_for("the connection to end", || {
        let gone = slow.0.write_all(&[*bytes.next().unwrap()]).is_err();
        (gone || slow.is_closed()).then_some(())
    });
}

#[test]
fn an_idle_connection_may_stay() {
    let (_agency, url) = limited(|limits| limits.head = SHORT);
    let mut idle = Client::asks(&url, "/_api/version");
    idle.answer();
    let mut incomplete = Client::to(&url);
    incomplete.write("GET");
    // This one began its request after the other had ended its own.
    assert_eq!(incomplete.rest(), "");
    idle.get("/_api/version");
    assert!(idle.answer().starts_with("HTTP/1.1 200"));
}

#[test]
fn a_body_that_comes_byte_by_byte_is_answered_408() {
    let (_agency, url) = limited(|limits| limits.patience = SHORT);
    for headers in ["", "x-arango-async: store\r\n"] {
        let mut slow = Client::to(&url);
        slow.write(&format!(
            "POST /_api/agency/write HTTP/1.1\r\n{headers}Content-Length: 1000000\r\n\r\n"
        ));
        wait_for("the connection to end", || {
            let gone = slow.0.write_all(b"[").is_err();
            (gone || readable(&slow)).then_some(())
        });
        let answer = slow.rest();
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer:?}");
        assert!(answer.contains("too slowly"), "{answer}");
    }
}

fn readable(client: &Client) -> bool {
    client.0.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    let readable = client.0.peek(&mut [0]).is_ok();
    client.0.set_read_timeout(Some(PATIENCE)).unwrap();
    readable
}

#[test]
fn whoever_does_not_take_an_answer_is_given_up() {
    let (agency, url) = limited(|limits| limits.patience = SHORT);
    let big = "x".repeat(16 << 20);
    agency.written(json!([[{ "big": big }]]));
    let client = Client::asks(&url, "/_api/agency/state");
    wait_for("the connection to be reset", || client.0.take_error().unwrap());
    // others are served as ever
    assert_eq!(agency.read("/big")["big"].as_str().map(str::len), Some(16 << 20));
}

#[test]
fn more_polls_than_an_agent_bears_are_refused() {
    let (_agency, url) = limited(|limits| limits.polls = 2);
    let mut polls = [Client::asks(&url, FAR), Client::asks(&url, FAR)];
    let refused = wait_for("the polls wait", || {
        // The question below may have come before one of them, which was refused then.
        for poll in &mut polls {
            if readable(poll) {
                *poll = Client::asks(&url, FAR);
            }
        }
        let path = "/_api/agency/poll?index=1000000&timeout=0";
        let reply = send("GET", &format!("{url}{path}"), &[], b"");
        (reply.status != 200).then_some(reply)
    });
    refused.is_error(503, 21003);
    assert!(refused.json()["errorMessage"].as_str().unwrap().contains("polls"), "{refused:?}");
    // What is there already is answered all the same.
    let at_once = send("GET", &format!("{url}/_api/agency/poll?index=1"), &[], b"");
    assert_eq!(at_once.status, 200);
}

#[test]
fn a_body_beyond_the_limit_is_refused() {
    let (_agency, url) = limited(|limits| limits.body = 1000);
    let write = |bytes: usize| -> Reply {
        let body = json!([[{ "a": "x".repeat(bytes) }]]).to_string();
        send("POST", &format!("{url}/_api/agency/write"), &[], body.as_bytes())
    };
    assert_eq!(write(900).status, 200);
    write(1000).is_error(413, 413);
}

#[test]
fn deferred_requests_are_limited_by_number_and_by_age() {
    let (_agency, url) = limited(|limits| {
        limits.jobs = 1;
        limits.job_time = SHORT;
        limits.answer_time = SHORT;
    });
    let store = [("x-arango-async", "store")];
    let poll = || send("GET", &format!("{url}{FAR}"), &store, b"");
    let first = poll();
    assert_eq!(first.status, 202);
    let job = format!("{url}/_api/job/{}", first.header("x-arango-async-id").unwrap());
    poll().is_error(503, 21003);
    let answer = wait_for("its time is over", || {
        let reply = send("PUT", &job, &[], b"");
        (reply.status != 204).then_some(reply)
    });
    answer.is_error(408, 408);

    let kept = send("GET", &format!("{url}/_api/version"), &store, b"");
    let job = format!("{url}/_api/job/{}", kept.header("x-arango-async-id").unwrap());
    wait_for("it is forgotten", || (send("GET", &job, &[], b"").status == 404).then_some(()));
}

#[test]
fn clients_of_http2_keep_to_the_same_limits() {
    let (_agency, url) = limited(|limits| limits.head = SHORT);
    let mut silent = Client::to(&url);
    silent.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    // It gets the settings of the agent, and then the end.
    silent.rest();
}
