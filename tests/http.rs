//! The outgoing HTTP layer against servers that behave, and servers that do not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/server.rs"]
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use agencysh::deadline::{Deadline, Stop};
use agencysh::http::{Auth, HttpClient, HttpError, HttpOptions, Phase, Reach, Request, Response};
use server::{Reply, Server, closed_port, json, redirect, reply};

fn client() -> HttpClient {
    HttpClient::new(HttpOptions::default()).unwrap()
}

fn send(request: Request) -> Result<Response, HttpError> {
    client().send(request, &Deadline::default())
}

fn short(method: &str, url: &str) -> Request {
    Request::new(method, url).timeout(Duration::from_millis(300))
}

#[test]
fn h1_get_returns_status_headers_in_lower_case_and_body() {
    let server = Server::start(|_| reply(200, &[("X-Thing", "A")], "hello"));
    let response = send(Request::new("GET", format!("{}/x?y=1", server.url))).unwrap();
    assert_eq!((response.status, response.body.as_slice()), (200, b"hello".as_slice()));
    assert_eq!(response.header("x-thing"), Some("A"));
    assert_eq!(server.seen()[0].target, "/x?y=1");
}

#[test]
fn h2_status_404_is_an_answer() {
    let server = Server::start(|_| reply(404, &[], "no"));
    let response = send(Request::new("GET", server.url)).unwrap();
    assert_eq!((response.status, response.body.as_slice()), (404, b"no".as_slice()));
}

#[test]
fn h4_nothing_listening_is_unreachable_and_cannot_have_arrived() {
    let error = send(Request::new("GET", closed_port())).unwrap_err();
    let HttpError::Unreachable { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(source.raw_os_error(), Some(nix::errno::Errno::ECONNREFUSED as i32));
    assert!(!error.may_have_arrived());
    assert_eq!(error.kind(), "http.unreachable");
}

#[test]
fn h5_a_server_that_never_answers_times_out() {
    let server = Server::start(|_| Reply::Hang);
    let begin = Instant::now();
    let error = send(short("POST", &server.url).body("x")).unwrap_err();
    assert!(matches!(error, HttpError::Timeout { phase: Phase::Read, .. }), "{error:?}");
    assert!(error.may_have_arrived());
    let elapsed = begin.elapsed();
    assert!(
        elapsed >= Duration::from_millis(300) && elapsed < Duration::from_millis(800),
        "{elapsed:?}"
    );
}

#[test]
fn h6_a_server_that_closes_without_answering_saw_exactly_one_request() {
    for method in ["GET", "POST"] {
        let server = Server::start(|_| Reply::RawClose(Vec::new()));
        let error = send(short(method, &server.url)).unwrap_err();
        assert!(matches!(error, HttpError::Closed { .. }), "{error:?}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn an_answer_closed_half_way_is_truncated() {
    for bytes in
        ["HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"]
    {
        let server = Server::start(move |_| Reply::RawClose(bytes.as_bytes().to_vec()));
        let error = send(short("GET", &server.url)).unwrap_err();
        assert!(matches!(error, HttpError::Truncated { .. }), "{error:?}");
    }
}

#[test]
fn h7_a_reset_names_the_system_error() {
    let server = Server::start(|_| Reply::Reset);
    let error = send(short("GET", &server.url)).unwrap_err();
    let HttpError::Broken { source, .. } = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains("Connection reset by peer"));
}

#[test]
fn h8_a_limit_of_zero_makes_no_connection() {
    let server = Server::start(|_| Reply::Hang);
    let error = send(Request::new("GET", &server.url).timeout(Duration::ZERO)).unwrap_err();
    assert!(matches!(error, HttpError::NoTime { .. }));
    assert!(server.seen().is_empty());
}

#[test]
fn h9_301_302_and_307_repeat_method_and_body() {
    for status in [301, 302, 307] {
        let server = Server::start(move |request| match request.target.as_str() {
            "/a" => redirect(status, "/b"),
            _ => json(200, "{}"),
        });
        let request =
            Request::new("POST", format!("{}/a", server.url)).body("data").max_redirects(5);
        assert_eq!(send(request).unwrap().url, format!("{}/b", server.url));
        let seen = server.seen();
        assert_eq!((seen[1].method.as_str(), seen[1].body.as_str()), ("POST", "data"));
    }
    for status in [303, 308] {
        let server = Server::start(move |_| redirect(status, "/b"));
        assert_eq!(send(Request::new("GET", server.url).max_redirects(5)).unwrap().status, status);
    }
}

#[test]
fn h10_without_redirects_the_307_is_returned() {
    let server = Server::start(|_| redirect(307, "http://elsewhere/"));
    let response = send(Request::new("GET", server.url)).unwrap();
    assert_eq!((response.status, response.header("location")), (307, Some("http://elsewhere/")));
}

#[test]
fn h11_redirects_drop_headers_but_keep_credentials() {
    let server = Server::start(|request| match request.target.as_str() {
        "/a" => redirect(307, "/b"),
        _ => json(200, "{}"),
    });
    let request = Request::new("POST", format!("{}/a", server.url))
        .header("X-Own", "1")
        .header("Content-Type", "text/x")
        .body("data")
        .auth(Some(Auth::Bearer("T".to_owned())))
        .max_redirects(5);
    send(request).unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("x-own"), Some("1"));
    assert_eq!(seen[1].header("x-own"), None);
    assert_eq!(seen[1].header("content-type"), Some("text/x"));
    assert_eq!(seen[1].header("authorization"), Some("bearer T"));
}

#[test]
fn h12_a_redirect_loop_ends_at_its_limit() {
    let server = Server::start(|_| redirect(307, "/again"));
    let error = send(Request::new("GET", &server.url).max_redirects(2)).unwrap_err();
    assert!(matches!(error, HttpError::TooManyRedirects { limit: 2, .. }), "{error:?}");
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn h13_a_redirect_without_location_is_an_error() {
    let server = Server::start(|_| reply(307, &[], ""));
    let error = send(Request::new("GET", server.url).max_redirects(2)).unwrap_err();
    assert!(matches!(error, HttpError::BadRedirect { .. }));
}

#[test]
fn h15_content_length_is_sent_with_post_and_not_with_get() {
    let server = Server::start(|_| json(200, "{}"));
    send(Request::new("POST", &server.url).header("Content-Length", "77")).unwrap();
    send(Request::new("GET", &server.url).header("Content-Length", "77")).unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("content-length"), Some("0"));
    assert_eq!(seen[1].header("content-length"), None);
    assert_eq!(seen[1].header("transfer-encoding"), None);
}

#[test]
fn h16_basic_credentials_are_encoded() {
    let server = Server::start(|_| json(200, "{}"));
    let auth = Auth::Basic { username: "root".to_owned(), password: "pw".to_owned() };
    send(Request::new("DELETE", &server.url).auth(Some(auth)).body("x")).unwrap();
    assert_eq!(server.seen()[0].header("authorization"), Some("Basic cm9vdDpwdw=="));
    assert_eq!(server.seen()[0].body, "x");
}

#[test]
fn h17_gzip_and_deflate_arrive_decoded() {
    use std::io::Write as _;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"packed").unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(b"packed").unwrap();
    for (encoding, packed) in
        [("gzip", gzip.finish().unwrap()), ("deflate", zlib.finish().unwrap())]
    {
        let server = Server::start(move |_| {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n",
                packed.len()
            );
            Reply::Raw([head.as_bytes(), &packed].concat())
        });
        let response = send(Request::new("GET", &server.url)).unwrap();
        assert_eq!(response.body, b"packed", "{encoding}");
        assert!(server.seen()[0].header("user-agent").unwrap().starts_with("agencysh"));
    }
}

#[test]
fn h20_other_schemes_and_any_addresses_are_bad_urls() {
    for url in ["ftp://x", "http://0.0.0.0:1/", "http://", "http://h:99999/"] {
        assert!(matches!(send(Request::new("GET", url)), Err(HttpError::BadUrl { .. })), "{url}");
    }
}

#[test]
fn h24_the_deadline_limits_every_request() {
    let server = Server::start(|_| Reply::Hang);
    let deadline = Deadline::default();
    deadline.set_script(Some(Duration::from_millis(200)));
    let begin = Instant::now();
    let error = client().send(Request::new("GET", &server.url), &deadline).unwrap_err();
    assert!(matches!(error, HttpError::Timeout { .. }), "{error:?}");
    assert!(begin.elapsed() < Duration::from_millis(600));
}

#[test]
fn h25_chunked_close_delimited_and_head_answers_are_read() {
    let cases: [(&str, &str, &str); 3] = [
        (
            "GET",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            "abcde",
        ),
        ("GET", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end", "to the end"),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", ""),
    ];
    for (method, answer, body) in cases {
        let server = Server::start(move |_| Reply::RawClose(answer.as_bytes().to_vec()));
        assert_eq!(send(Request::new(method, &server.url)).unwrap().body, body.as_bytes());
    }
    let server = Server::start(|_| reply(200, &[], "0123456789"));
    let small =
        HttpClient::new(HttpOptions { max_body: Some(5), ..HttpOptions::default() }).unwrap();
    let error = small.send(Request::new("GET", &server.url), &Deadline::default()).unwrap_err();
    assert!(matches!(error, HttpError::TooLarge { limit: 5, .. }), "{error:?}");
}

#[test]
fn an_answer_that_is_not_http_is_a_protocol_error() {
    let server = Server::start(|_| Reply::RawClose(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()));
    let error = send(short("GET", &server.url)).unwrap_err();
    assert!(matches!(error, HttpError::Protocol { .. }), "{error:?}");
}

#[test]
fn an_interrupt_ends_a_waiting_request() {
    let server = Server::start(|_| Reply::Hang);
    let deadline = Deadline::default();
    let begin = Instant::now();
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            while server.seen().is_empty() {
                std::thread::yield_now();
            }
            deadline.interrupt();
        });
        client().send(Request::new("GET", &server.url), &deadline).unwrap_err()
    });
    assert!(matches!(error, HttpError::Stopped(Stop::Interrupted)), "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

#[test]
fn connections_are_kept_and_replaced_when_the_server_closed_them() {
    let server = Server::start(|request| match request.target.as_str() {
        "/last" => Reply::RawClose(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec()),
        _ => json(200, "{}"),
    });
    let client = client();
    for path in ["/", "/", "/last", "/"] {
        client
            .send(Request::new("GET", format!("{}{path}", server.url)), &Deadline::default())
            .unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    let connections: Vec<_> = server.seen().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 0, 1]);
}

#[test]
fn a_large_body_goes_and_comes_back_whole() {
    let server = Server::start(|request| reply(200, &[], &request.body));
    let body = "0123456789".repeat(300_000);
    let response = send(Request::new("POST", &server.url).body(body.clone())).unwrap();
    assert!(response.body == body.as_bytes());
}

#[test]
fn a_socket_file_is_a_server_like_any_other() {
    use std::io::{Read as _, Write as _};
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 4096];
        let amount = stream.read(&mut buffer).unwrap();
        assert!(buffer[..amount].starts_with(b"GET /x HTTP/1.1\r\n"));
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").unwrap();
    });
    let endpoint = agencysh::http::Endpoint::parse(&format!("unix://{}", path.display())).unwrap();
    let response = send(Request::new("GET", format!("{}/x", endpoint.url()))).unwrap();
    assert_eq!(response.body, b"hi");
}

/// A network that can be cut, and how often a client has found it cut.
#[derive(Clone, Default)]
struct Network(Arc<(AtomicUsize, AtomicUsize)>);

impl Network {
    fn cut(&self) {
        self.0.0.store(1, Ordering::SeqCst);
    }

    fn heal(&self) {
        self.0.0.store(0, Ordering::SeqCst);
    }

    fn heal_when_noticed(&self) {
        let before = self.0.1.load(Ordering::SeqCst);
        while self.0.1.load(Ordering::SeqCst) == before {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.heal();
    }

    fn client(&self) -> HttpClient {
        let network = self.clone();
        let reach = Reach::new(move |_| {
            let (is_cut, noticed) = &*network.0;
            let is_cut = is_cut.load(Ordering::SeqCst);
            noticed.fetch_add(is_cut, Ordering::SeqCst);
            is_cut == 0
        });
        HttpClient::new(HttpOptions { reach: Some(reach), ..HttpOptions::default() }).unwrap()
    }
}

#[test]
fn nothing_is_sent_across_a_cut_and_what_waits_goes_on_when_it_is_healed() {
    let server = Server::start(|_| reply(200, &[], "hello"));
    let network = Network::default();
    let client = network.client();
    let get = |request| client.send(request, &Deadline::default());
    assert_eq!(get(Request::new("GET", &*server.url)).unwrap().status, 200);
    network.cut();
    // also not on the connection that is there
    for _ in 0..2 {
        let error = get(short("GET", &server.url)).unwrap_err();
        assert!(matches!(error, HttpError::Timeout { phase: Phase::Connect, .. }), "{error:?}");
        assert!(!error.may_have_arrived());
    }
    assert_eq!(server.seen().len(), 1);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| get(Request::new("GET", &*server.url)).unwrap().status);
        network.heal_when_noticed();
        assert_eq!(waiting.join().unwrap(), 200);
    });
    assert_eq!(server.seen().len(), 2);
    network.cut();
    let interrupted = Deadline::default();
    interrupted.interrupt();
    let error = client.send(Request::new("GET", &*server.url), &interrupted).unwrap_err();
    assert!(matches!(error, HttpError::Stopped(Stop::Interrupted)), "{error:?}");
}

#[test]
fn a_request_under_way_across_a_cut_gets_no_answer() {
    let network = Network::default();
    let cutting = network.clone();
    let server = Server::start(move |_| {
        cutting.cut();
        reply(200, &[], "hello")
    });
    let client = network.client();
    let post = |request: Request| client.send(request.body("x"), &Deadline::default());
    let error = post(short("POST", &server.url)).unwrap_err();
    assert!(matches!(error, HttpError::Timeout { phase: Phase::Read, .. }), "{error:?}");
    assert!(error.may_have_arrived());
    network.heal();
    // when there is a way again, it shows that the connection is lost
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| post(Request::new("POST", &*server.url)).unwrap_err());
        network.heal_when_noticed();
        let error = waiting.join().unwrap();
        assert!(matches!(error, HttpError::Broken { .. }), "{error:?}");
        assert!(error.may_have_arrived());
    });
    assert_eq!(server.seen().len(), 2);
}
