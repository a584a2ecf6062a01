//! Input that no well-behaved client sends: a clear refusal, an unchanged
//! tree, and an agent that goes on.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::support::{Agency, send, unique};

/// Sends raw bytes, closes the sending side, returns what comes back.
fn raw(url: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.write_all(bytes).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn garbage_changes_nothing() {
    let agency = Agency::of(1);
    let leader = agency.leader();
    agency.written(json!([[{ "kept": 1 }]]));
    let before = agency.get("/_api/agency/stores").json();

    let bodies: [&[u8]; 8] = [
        b"\xff\xfe[",
        b"[[{\"a\xc3\":1}]]",
        b"\x00",
        b"[[{\"a\":1e}]]",
        b"[[{\"a\":\"\\ud800\"]]",
        b"[[{\"a\":01}]]",
        b"[[{\"a\":1}]]]",
        b"{\"a\":1",
    ];
    for endpoint in ["write", "transact", "transient", "read", "inquire"] {
        for body in bodies {
            let reply = send("POST", &format!("{leader}/_api/agency/{endpoint}"), &[], body);
            assert_eq!(reply.status, 400, "{endpoint} {body:?}");
        }
    }
    for endpoint in ["raft-append", "raft-vote", "raft-snapshot"] {
        for body in [&b"{}"[..], b"[", b"\n", b"{}\n{}", b"{\"vote\":{\"leader_id\":7}}"] {
            let url = format!("{leader}/_api/agency_priv/{endpoint}");
            send("POST", &url, &[], body).is_error(403, 403);
        }
    }
    let gzip = [("content-encoding", "gzip")];
    let write = format!("{leader}/_api/agency/write");
    assert_eq!(send("POST", &write, &gzip, b"[[{\"a\":1}]]").status, 400);
    for request in [
        "POST /_api/agency/write HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[[{\"a\":1}]]",
        "POST /_api/agency/write HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n[[{\"a\":1}]]",
        "POST /_api/agency/write HTTP/9.9\r\n\r\n",
        "nonsense\r\n\r\n",
        "GET /_api/agency/poll?index=%ff&timeout=1e400 HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        raw(&leader, request.as_bytes());
    }
    let large =
        "POST /_api/agency/write HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000000\r\n\r\n[";
    assert!(raw(&leader, large.as_bytes()).starts_with("HTTP/1.1 413"));
    assert_eq!(agency.get("/_api/agency/stores").json(), before);
}

#[test]
fn compressed_bodies_are_read() {
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    let agency = Agency::of(1);
    let body = json!([[{ unique("gzip"): 1 }]]).to_string();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(body.as_bytes()).unwrap();
    let mut deflate = ZlibEncoder::new(Vec::new(), Compression::fast());
    deflate.write_all(body.as_bytes()).unwrap();
    for (encoding, body) in
        [("gzip", gzip.finish().unwrap()), ("deflate", deflate.finish().unwrap())]
    {
        let headers = [("content-encoding", encoding)];
        let reply = agency.send("POST", "/_api/agency/write", &headers, &body);
        assert_eq!(reply.status, 200, "{encoding}");
    }
}

#[test]
fn depth_has_a_limit() {
    let agency = Agency::of(3);
    let path = |segments: usize| vec!["d"; segments].join("/");
    let too_deep = "Too deep nesting in path";
    for segments in [201, 100_000] {
        let body = json!([[{ path(segments): 1 }]]);
        for endpoint in ["write", "transact", "transient"] {
            agency.post(endpoint, &body).is_message(400, too_deep);
        }
    }
    let nested =
        |levels: usize| format!("[[{{\"n\":{}1{}}}]]", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(agency.post_raw("write", &nested(100_000)).status, 400);
    assert_eq!(agency.read("/"), json!({}));

    // As deep as it gets: a deep value at the end of a long path.
    let inner: Value = (0..150).fold(json!(1), |value, _| json!({ "v": value }));
    agency.written(json!([[{ path(200): inner }]]));
    let found = agency.post("read", &json!([["/"]]));
    assert_eq!(found.status, 200);
    assert_eq!(found.body.iter().filter(|b| **b == b'{').count(), 350);
    let old = agency.leader_id();
    agency.agents.stop_agent(&old).unwrap();
    assert_eq!(agency.post("read", &json!([["/"]])).body, found.body);
}

#[test]
fn clients_that_leave_early_do_no_harm() {
    let agency = Agency::of(1);
    let leader = agency.leader();
    for n in 0..50 {
        let mut stream = TcpStream::connect(leader.trim_start_matches("http://")).unwrap();
        let body = format!("[[{{\"left/{n}\":1}}]]");
        let head =
            format!("POST /_api/agency/write HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body.as_bytes()[..n % body.len()]).unwrap();
        let mut poll = TcpStream::connect(leader.trim_start_matches("http://")).unwrap();
        poll.write_all(b"GET /_api/agency/poll?index=999 HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    }
    agency.written(json!([[{ "stayed": 1 }]]));
    assert_eq!(agency.read("/left"), json!({}));
}

/// A source of numbers that is the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % end
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize].clone()
    }

    fn key(&mut self) -> String {
        let keys = [
            "",
            "/",
            "a",
            "/a",
            "a/b",
            "//a//b/",
            "/a/b/c",
            ".h",
            "/a/.h",
            ".agency",
            "q",
            "é",
            "op",
            "new",
            "val",
            "pos",
            "len",
            "by",
            "step",
            "old",
            "oldNot",
            "oldEmpty",
            "isArray",
            "in",
            "notin",
            "intersectionEmpty",
            "is-write-locked",
            "can-read-lock",
        ];
        self.one_of(&keys).to_owned()
    }

    fn scalar(&mut self) -> Value {
        let scalars = [
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(7),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1e300),
            json!(-0.5),
            json!(""),
            json!("x"),
            json!("/a"),
        ];
        self.one_of(&scalars)
    }

    fn operator(&mut self) -> Value {
        let names = [
            "set",
            "delete",
            "increment",
            "decrement",
            "push",
            "prepend",
            "pop",
            "shift",
            "push-queue",
            "erase",
            "replace",
            "read-lock",
            "read-unlock",
            "write-lock",
            "write-unlock",
            "observe",
            "nonsense",
        ];
        let mut operator = json!({ "op": self.one_of(&names) });
        for argument in ["new", "val", "pos", "len", "by", "step"] {
            if self.below(3) == 0 {
                operator[argument] = self.value(2);
            }
        }
        operator
    }

    fn value(&mut self, depth: u64) -> Value {
        match self.below(if depth == 0 { 2 } else { 6 }) {
            0 | 1 => self.scalar(),
            2 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            3 => self.operator(),
            _ => {
                let members = (0..self.below(4)).map(|_| (self.key(), self.value(depth - 1)));
                Value::Object(members.collect())
            }
        }
    }

    /// Most often something like a transaction or a query.
    fn item(&mut self) -> Value {
        let mut operations = json!({});
        for _ in 0..self.below(3) {
            operations[self.key()] =
                if self.below(2) == 0 { self.operator() } else { self.value(2) };
        }
        match self.below(8) {
            0 => self.value(3),
            1 => json!([self.key(), self.key()]),
            2 | 3 => json!([operations]),
            4 => json!([operations, {}, self.key()]),
            _ => {
                let conditions = (0..self.below(3)).map(|_| (self.key(), self.value(2)));
                json!([operations, Value::Object(conditions.collect())])
            }
        }
    }
}

#[test]
fn whatever_is_sent_gets_an_answer() {
    let agency = Agency::of(1);
    let leader = agency.leader();
    let mut dice = Dice(42);
    for round in 0..2000 {
        let body: Value = (0..1 + dice.below(3)).map(|_| dice.item()).collect();
        let endpoint =
            dice.one_of(&["write", "write", "transact", "transient", "read", "inquire", "store"]);
        let url = format!("{leader}/_api/agency/{endpoint}");
        let reply = send("POST", &url, &[], body.to_string().as_bytes());
        let possible = [200, 400, 403, 404, 412, 418];
        let inquiry = endpoint == "inquire" && reply.status == 500;
        assert!(possible.contains(&reply.status) || inquiry, "{round} {endpoint} {body}");
        reply.json();
    }
    // What was accepted and what is committed are the same, whatever happened.
    let index = agency.commit_index();
    let stores = agency.get("/_api/agency/stores").json();
    assert_eq!(stores["spearhead"], stores["read_db"]);
    assert!(index > 100, "{index}");
}
