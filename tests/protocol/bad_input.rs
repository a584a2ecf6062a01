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
