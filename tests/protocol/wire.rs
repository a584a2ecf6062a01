//! E, V: what goes over the wire, byte by byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::json;

use crate::support::{Agency, PATIENCE, shared, unique, wait_for};

/// A connection without a client library in between.
struct Wire {
    stream: BufReader<TcpStream>,
}

/// One answer: the status line, the other lines of the head, the body.
struct Answer {
    status: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    #[track_caller]
    fn is(&self, status: u16) -> &Self {
        let expected = format!("HTTP/1.1 {status} ");
        assert!(self.status.starts_with(&expected), "{} {}", self.status, self.text());
        self
    }
}

impl Wire {
    fn to(url: &str) -> Self {
        let stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end_matches("\r\n").to_owned()
    }

    fn head(&mut self) -> Answer {
        let status = self.line();
        let mut headers = Vec::new();
        loop {
            match self.line() {
                line if line.is_empty() => break,
                line => headers.push(line),
            }
        }
        Answer { status, headers, body: Vec::new() }
    }

    fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        let length = answer.headers.iter().find_map(|h| h.strip_prefix("Content-Length: "));
        answer.body = vec![0; length.map_or(0, |l| l.parse().unwrap())];
        self.stream.read_exact(&mut answer.body).unwrap();
        answer
    }

    /// Sends a request, with the length of its body added.
    fn send(&mut self, line: &str, headers: &[&str], body: &[u8]) -> Answer {
        let mut head = format!("{line} HTTP/1.1\r\nHost: x\r\n");
        for header in headers {
            head += &format!("{header}\r\n");
        }
        head += &format!("Content-Length: {}\r\n\r\n", body.len());
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        self.write(&bytes);
        self.answer()
    }
}

const READ: &str = "POST /_api/agency/read";

#[test]
fn e2_head_is_refused_without_a_body() {
    let mut wire = Wire::to(&shared().leader());
    for path in ["/_api/agency/config", "/_api/agency/read", "/_api/version", "/nothing"] {
        wire.write(format!("HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        let head = wire.head();
        head.is(if path == "/nothing" { 501 } else { 405 });
        // Whatever followed would be taken for the beginning of this answer.
        wire.send(READ, &[], b"[[]]").is(200);
    }
}

#[test]
fn e2_unknown_verbs_are_refused_with_an_empty_body() {
    let leader = shared().leader();
    for verb in ["PURGE", "get", "TRACE", "LINK", "M-SEARCH"] {
        for path in ["/_api/agency/config", "/nothing"] {
            let answer = Wire::to(&leader).send(&format!("{verb} {path}"), &[], b"");
            answer.is(405);
            assert_eq!(answer.headers, ["Content-Length: 0"], "{verb}");
        }
    }
    Wire::to(&leader).send("CONNECT x:80", &[], b"").is(405);
}

#[test]
fn options_answers_on_any_path() {
    let mut wire = Wire::to(&shared().leader());
    for path in ["/", "/_api/agency/read", "/_api/agency/nothing", "/_db/nowhere/x", "*"] {
        let answer = wire.send(&format!("OPTIONS {path}"), &[], b"[");
        answer.is(200);
        let allow = answer.headers.iter().find_map(|h| h.strip_prefix("Allow: ")).unwrap();
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            assert!(allow.split(", ").any(|m| m == method), "{allow}");
        }
        assert!(answer.body.is_empty());
    }
}

#[test]
fn e3_database_prefix_is_stripped_before_anything_else() {
    let mut wire = Wire::to(&shared().leader());
    wire.send("GET /_db/_system/_api/version", &[], b"").is(200);
    wire.send("GET //_db//_system//_api//agency/config/", &[], b"").is(200);
    for (path, shown) in [
        ("/_db/_system", "/"),
        ("/_db/_system/", "/"),
        ("/_db/_system//x//y/", "/x/y/"),
        ("/_db", "/_db"),
    ] {
        let answer = wire.send(&format!("GET {path}"), &[], b"");
        assert_eq!(
            answer.is(501).json(),
            json!({
                "error": true, "code": 501, "errorNum": 9,
                "errorMessage": format!("'{shown}' not implemented"),
            })
        );
    }
    for path in ["/_db/x/_api/version", "/_db/x", "/_db/System/_api/agency/read"] {
        let answer = wire.send(&format!("POST {path}"), &[], b"[[]]");
        assert_eq!(
            answer.is(404).json(),
            json!({
                "error": true, "code": 404, "errorNum": 1228,
                "errorMessage": "database not found",
            })
        );
    }
}

#[test]
fn e4_redirect_consists_of_exactly_this() {
    let agency = shared();
    wait_for("a redirect to the leader", || {
        let (leader, follower) = (agency.leader(), agency.follower());
        let mut wire = Wire::to(&follower);
        let answer = wire.send("POST /_db/_system//_api/agency/read/?a=b", &[], b"[[]]");
        let location = format!("Location: {leader}/_api/agency/read/");
        let expected =
            ["Content-Type: application/json; charset=utf-8", &location, "Content-Length: 0"];
        let found = answer.status == "HTTP/1.1 307 Temporary Redirect"
            && answer.headers.len() == 3
            && expected.iter().all(|header| answer.headers.iter().any(|h| h == header));
        found.then_some(())
    });
}

#[test]
fn answers_carry_no_further_headers() {
    let mut wire = Wire::to(&shared().leader());
    for (line, body) in [
        (READ, &b"[[]]"[..]),
        (READ, b"["),
        ("GET /_api/version", b""),
        ("GET /", b""),
        ("PATCH /_api/agency/read", b"[]"),
    ] {
        let answer = wire.send(line, &["Accept-Encoding: gzip", "Origin: http://x"], body);
        let length = format!("Content-Length: {}", answer.body.len());
        let media_type = "Content-Type: application/json; charset=utf-8";
        let mut headers: Vec<&str> = answer.headers.iter().map(String::as_str).collect();
        headers.sort_unstable();
        assert_eq!(headers, [&length, media_type], "{line}");
    }
}

#[test]
fn chunked_bodies_are_refused_and_the_connection_goes_on() {
    let mut wire = Wire::to(&shared().leader());
    for path in ["/_api/agency/read", "/_api/agency/write", "/_api/agency/config"] {
        wire.write(
            format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
                 2\r\n[[\r\n2\r\n]]\r\n0\r\n\r\n"
            )
            .as_bytes(),
        );
        let answer = wire.answer();
        assert_eq!(answer.is(501).json()["errorNum"], json!(9));
        wire.send(READ, &[], b"[[]]").is(200);
    }
}

#[test]
fn body_above_the_limit_is_413_before_it_is_sent() {
    let leader = shared().leader();
    for deferred in ["", "x-arango-async: store\r\n"] {
        let mut wire = Wire::to(&leader);
        let length = (1_u64 << 30) + 1;
        wire.write(
            format!(
                "{READ} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n{deferred}\
                 Content-Length: {length}\r\n\r\n"
            )
            .as_bytes(),
        );
        wire.answer().is(413);
    }
}

#[test]
fn expect_100_continue_is_honoured() {
    let mut wire = Wire::to(&shared().leader());
    wire.write(
        format!("{READ} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
            .as_bytes(),
    );
    assert_eq!(wire.line(), "HTTP/1.1 100 Continue");
    assert_eq!(wire.line(), "");
    wire.write(b"[[]]");
    assert_eq!(wire.answer().is(200).text(), "[{}]");
}

#[test]
fn requests_may_be_pipelined_and_names_of_headers_have_no_case() {
    let mut wire = Wire::to(&shared().leader());
    let one = format!("{READ} HTTP/1.1\r\nhOsT: x\r\ncOnTeNt-LeNgTh: 4\r\n\r\n[[]]");
    wire.write(one.repeat(20).as_bytes());
    for _ in 0..20 {
        assert_eq!(wire.answer().is(200).text(), "[{}]");
    }
}

#[test]
fn client_that_closes_its_side_gets_its_answer() {
    let agency = shared();
    for _ in 0..20 {
        let mut wire = Wire::to(&agency.leader());
        let body = json!([[{ unique("half-closed"): 1 }]]).to_string();
        let length = body.len();
        let head = format!(
            "POST /_api/agency/write HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
        );
        wire.write((head + body.as_str()).as_bytes());
        wire.stream.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
        wire.answer().is(200);
    }
}

#[test]
fn http_2_with_prior_knowledge() {
    use http_body_util::BodyExt;
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;
    let url = format!("{}/_api/agency/read", shared().leader());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (version, status, headers, body) = runtime.block_on(async {
        let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
        let body = axum::body::Body::from("[[]]");
        let request = ureq::http::Request::post(url).body(body).unwrap();
        let response = client.request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.version, head.status, head.headers, body)
    });
    assert_eq!(version, ureq::http::Version::HTTP_2);
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "application/json; charset=utf-8");
    assert!(!headers.contains_key("date"));
    assert_eq!(&body[..], b"[{}]");
}

#[test]
fn compressed_bodies_of_all_kinds() {
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    let agency = Agency::of(1);
    let mut wire = Wire::to(&agency.leader());
    let body = json!([[{ unique("compressed"): "x".repeat(10_000) }]]).to_string();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    let mut bare = DeflateEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(body.as_bytes()).unwrap();
    zlib.write_all(body.as_bytes()).unwrap();
    bare.write_all(body.as_bytes()).unwrap();
    for (encoding, body) in [
        ("GZip", gzip.finish().unwrap()),
        ("deflate", zlib.finish().unwrap()),
        ("deflate", bare.finish().unwrap()),
        ("identity", body.into_bytes()),
    ] {
        let header = format!("Content-Encoding: {encoding}");
        wire.send("POST /_api/agency/write", &[&header], &body).is(200);
    }
    for encoding in ["gzip", "deflate"] {
        let header = format!("Content-Encoding: {encoding}");
        wire.send("POST /_api/agency/write", &[&header], b"[[{\"a\":1}]]").is(400);
    }
}

#[test]
fn v2_a_dump_has_no_body_for_an_agent() {
    let mut wire = Wire::to(&shared().leader());
    let dump = ["Content-Type: application/x-arango-dump; charset=utf-8"];
    let answer = wire.send("POST /_api/agency/write", &dump, b"[[{\"a\":1}]]");
    let message = json!({ "message": "Expecting array of arrays as body for writes" });
    assert_eq!(answer.is(400).json(), message);
}

#[test]
fn v2_text_of_answers_is_ascii_and_keys_are_in_order() {
    let agency = shared();
    let key = unique("v2");
    let tree =
        json!({ &key: { "ü": "é\u{7f}\u{1f600}\n\u{1}", "b": 1.0, "a": [2.5, 1e300, -0.25] } });
    agency.written(json!([[tree]]));
    let mut wire = Wire::to(&agency.leader());
    let answer = wire.send(READ, &[], json!([[&key]]).to_string().as_bytes());
    let expected = format!(
        "[{{\"{key}\":{{\"a\":[2.5,1e+300,-0.25],\"b\":1,\
         \"\\u00FC\":\"\\u00E9\u{7f}\\uD83D\\uDE00\\n\\u0001\"}}}}]"
    );
    assert_eq!(answer.is(200).text(), expected);
    let error = wire.send("GET /_api/agency/nothing", &[], b"").text();
    assert_eq!(error, r#"{"code":404,"error":true,"errorMessage":"not found","errorNum":404}"#);
}
