//! H24 for servers that hang in every way: no request outlasts a deadline or an interrupt by more than 50 ms.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use agencysh::deadline::Deadline;
use agencysh::natives::{NativeContext, register};
use rhai::{Blob, Engine, EvalAltResult, Map, Scope};

use crate::late::End;
use crate::server::{Server, redirect};

/// How long a server waits between two bytes: longer than any test looks.
const LONG: Duration = Duration::from_secs(1);

/// Listens, and lets `serve` have each connection.
fn listen(serve: impl Fn(TcpStream) + Send + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            std::thread::spawn(move || serve(stream));
        }
    });
    url
}

/// Reads a request, sends `head`, and then `piece` again and again.
fn trickle(head: &'static [u8], piece: &'static [u8], pause: Duration) -> String {
    listen(move |mut stream| {
        let heard = stream.read(&mut [0; 4096]);
        if heard.is_ok() && stream.write_all(head).is_ok() {
            std::thread::sleep(pause);
            while stream.write_all(piece).is_ok() {
                std::thread::sleep(pause);
            }
        }
    })
}

/// A server that says nothing and takes nothing.
fn silent() -> String {
    listen(|stream| {
        std::thread::park();
        drop(stream);
    })
}

/// Calls `http` again and again in one run.
struct Caller {
    engine: Engine,
    deadline: Deadline,
    directory: tempfile::TempDir,
}

impl Caller {
    fn new() -> Self {
        let deadline = Deadline::default();
        let mut engine = Engine::new();
        register(&mut engine, NativeContext::builder().deadline(deadline.clone()).build());
        Self { engine, deadline, directory: tempfile::tempdir().unwrap() }
    }

    /// Runs `script`, which hangs, and checks that it ends as it has to.
    fn hang(&self, end: End, url: &str, script: &str) {
        let mut scope = Scope::new();
        scope.push("url", url.to_owned());
        scope.push("path", self.directory.path().join("file").to_string_lossy().into_owned());
        if script.contains("body") {
            scope.push("body", Blob::from(vec![b'x'; 16 << 20]));
        }
        let ast = self.engine.compile_with_scope(&scope, script).unwrap();
        end.ends(&format!("{script} at {url}"), &self.deadline, || {
            let outcome = self.engine.eval_ast_with_scope::<Map>(&mut scope, &ast);
            match (end, outcome) {
                (End::Run | End::Interrupt, Err(error)) => {
                    assert!(matches!(*error, EvalAltResult::ErrorTerminated(..)), "{error}");
                }
                (End::Script | End::InterruptedScript, Ok(found)) => {
                    assert_eq!(found["code"].as_int(), Ok(500), "{found:?}");
                    assert_eq!(found["transport_error"].to_string(), "timeout", "{found:?}");
                }
                // on a busy machine the deadline may have passed before the request
                (End::Script | End::InterruptedScript, Err(error))
                    if error.to_string().contains("deadline.script") => {}
                (_, other) => panic!("{script} by {end:?}: {other:?}"),
            }
        });
        assert_eq!(std::fs::read_dir(self.directory.path()).unwrap().count(), 0, "{script}");
    }

    fn hang_in_every_way(&self, url: &str, scripts: &[&str]) {
        for script in scripts {
            for end in End::ALL {
                self.hang(end, url, script);
            }
        }
    }
}

const ANY: &[&str] = &["http::get(url)", "http::download(url, path)"];

#[test]
fn h24_a_server_that_says_nothing_is_left() {
    let calls =
        ["http::get(url)", "http::head(url)", "http::post(url, `x`)", "http::download(url, path)"];
    Caller::new().hang_in_every_way(&silent(), &calls);
}

#[test]
fn h24_a_byte_a_second_in_the_headers_does_not_make_the_time_longer() {
    Caller::new().hang_in_every_way(&trickle(b"HTTP/1.1 200 OK\r\nX-A: ", b"x", LONG), ANY);
    Caller::new().hang(End::Run, &trickle(b"H", b"T", LONG), ANY[0]);
}

#[test]
fn h24_a_byte_a_second_in_the_body_does_not_make_the_time_longer() {
    let caller = Caller::new();
    for head in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab"[..],
        b"HTTP/1.1 200 OK\r\n\r\nab",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n\x78\x9c\x4b",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0",
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /x\r\nContent-Length: 100\r\n\r\n",
    ] {
        caller.hang_in_every_way(&trickle(head, b"\0", LONG), ANY);
    }
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n";
    caller.hang_in_every_way(&trickle(chunked, b"1\r\na\r\n", LONG), ANY);
}

#[test]
fn h24_endless_headers_and_bodies_are_left() {
    let (caller, short) = (Caller::new(), Duration::from_millis(2));
    for url in [
        trickle(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", short),
        trickle(b"", b"HTTP/1.1 100 Continue\r\n\r\n", short),
        trickle(b"HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 65536], Duration::ZERO),
        trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", b"x", short),
    ] {
        caller.hang_in_every_way(&url, ANY);
    }
}

#[test]
fn h24_a_server_that_stops_reading_a_large_body_is_left() {
    let calls = ["http::post(url, body)", "http::put(url, body)"];
    Caller::new().hang_in_every_way(&silent(), &calls);
}

#[test]
fn h24_a_handshake_that_never_completes_is_left() {
    let caller = Caller::new();
    caller.hang_in_every_way(&silent().replace("http://", "https://"), ANY);
    // the head of a handshake record, and a byte of it now and then
    let slow = trickle(b"\x16\x03\x03\x40\x00\x02", b"\0", LONG).replace("http://", "https://");
    caller.hang_in_every_way(&slow, &["http::get(url, #{ verify_certificates: true })"]);
}

#[test]
fn h24_endless_redirects_are_left() {
    let server = Server::start(|_| redirect(307, "/again"));
    let calls = ["http::get(url, #{ max_redirects: 1000000 })"];
    Caller::new().hang_in_every_way(&server.url, &calls);
}

#[test]
fn h24_a_server_that_accepts_no_connection_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    // room for one connection that waits, and somebody has it
    let backlog = nix::sys::socket::Backlog::new(0).unwrap();
    nix::sys::socket::listen(&listener, backlog).unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(50)) {
        waiting.push(stream);
        assert!(waiting.len() < 100, "the system makes room for every connection");
    }
    Caller::new().hang_in_every_way(&format!("http://{address}"), ANY);
}
