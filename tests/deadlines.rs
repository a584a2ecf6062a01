//! No native outlasts the end of a run, whatever the other side does.
//!
//! Each way of hanging is met by the run's deadline and by an interrupt. A busy machine can be late by itself: of a
//! few tries the best one counts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/server.rs"]
mod server;
#[path = "support/wait.rs"]
mod wait;

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use agencysh::deadline::Stop;
use agencysh::host::{Host, HostError, Permissions};
use server::{Reply, Server, json};

/// How long a run may go on after it should have ended.
const LATE: Duration = Duration::from_millis(50);
/// When it should end.
const LIMIT: Duration = Duration::from_millis(150);
const TRIES: usize = 5;

/// A server that does nothing with its connections, or reads from them without an answer.
fn silent(reads: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut kept: Vec<TcpStream> = Vec::new();
        for stream in listener.incoming().map_while(Result::ok) {
            if reads {
                let mut stream = stream.try_clone().unwrap();
                std::thread::spawn(move || {
                    let mut buffer = [0; 4096];
                    while stream.read(&mut buffer).is_ok_and(|length| length > 0) {}
                });
            }
            kept.push(stream);
        }
    });
    address
}

/// A listener whose queue is full: connections to it stay half open.
fn full() -> (String, Vec<TcpStream>) {
    let socket = socket2_listener();
    let address = socket.local_addr().unwrap();
    let mut kept = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        kept.push(stream);
    }
    std::mem::forget(socket);
    (address.to_string(), kept)
}

fn socket2_listener() -> TcpListener {
    use nix::sys::socket::{
        AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, listen, socket,
    };
    let fd = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
    bind(std::os::fd::AsRawFd::as_raw_fd(&fd), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
    listen(&fd, Backlog::new(0).unwrap()).unwrap();
    TcpListener::from(fd)
}

fn run(host: &Host, script: &str) -> Stop {
    match host.eval(script) {
        Err(HostError::Script(error)) => {
            error.stop.clone().unwrap_or_else(|| panic!("{script}: {error}"))
        }
        other => panic!("{script}: {other:?}"),
    }
}

/// The least that a run of `script` goes on after its end, over several tries.
fn lateness(mut once: impl FnMut() -> Duration) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..TRIES {
        least = least.min(once());
        if least <= LATE {
            break;
        }
    }
    least
}

#[track_caller]
fn ends_in_time(what: &str, script: &str) {
    let guarded = format!("loop {{ try {{ {script} }} catch {{}} }}");
    let host = || Host::builder().permissions(Permissions::all());
    let late = lateness(|| {
        let host = host().deadline(LIMIT).build().unwrap();
        let begin = Instant::now();
        assert_eq!(run(&host, &guarded), Stop::Deadline, "{what}");
        begin.elapsed().saturating_sub(LIMIT)
    });
    assert!(late <= LATE, "{what}: {late:?} after the deadline");
    let late = lateness(|| {
        let host = host().deadline(Duration::from_secs(30)).build().unwrap();
        let handle = host.interrupt_handle();
        std::thread::scope(|scope| {
            let interrupted = scope.spawn(move || {
                std::thread::sleep(LIMIT);
                handle.interrupt();
                Instant::now()
            });
            assert_eq!(run(&host, &guarded), Stop::Interrupted, "{what}");
            Instant::now().saturating_duration_since(interrupted.join().unwrap())
        })
    });
    assert!(late <= LATE, "{what}: {late:?} after the interrupt");
}

#[test]
fn h24_a_server_that_says_nothing() {
    let address = silent(true);
    for script in [
        format!("http::get(\"http://{address}/\")"),
        format!("http::post(\"http://{address}/\", \"x\", #{{ timeout: 20 }})"),
        format!("http::download(\"http://{address}/\", fs::temp_file())"),
        format!("agency::connect(#{{ endpoints: \"{address}\" }}).read(\"/\")"),
        format!("agency::connect(#{{ endpoints: \"{address}\" }}).set(\"x\", 1)"),
        format!("agency::connect(#{{ endpoints: \"{address}\" }}).health()"),
        format!("agency::connect(#{{ endpoints: \"{address}\" }}).poll(0, 20)"),
    ] {
        ends_in_time(&script, &script);
    }
}

#[test]
fn h24_a_server_that_never_completes_its_handshake() {
    let address = silent(true);
    let script = format!("http::get(\"https://{address}/\", #{{ timeout: 20 }})");
    ends_in_time("TLS", &script);
}

#[test]
fn h24_a_server_that_sends_a_byte_at_a_time() {
    for head in ["HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"] {
        let server = Server::start(move |_| Reply::Trickle(head.as_bytes().to_vec()));
        let url = &server.url;
        ends_in_time("get", &format!("http::get(\"{url}/\", #{{ timeout: 20 }})"));
        let download = format!("http::download(\"{url}/\", fs::temp_file(), #{{ timeout: 20 }})");
        ends_in_time("download", &download);
        ends_in_time(
            "agency",
            &format!("agency::connect(#{{ endpoints: \"{url}\" }}).read(\"/\")"),
        );
    }
}

#[test]
fn h24_a_server_that_stops_reading() {
    let address = silent(false);
    let script = format!("http::post(\"http://{address}/\", blob(30000000), #{{ timeout: 20 }})");
    ends_in_time("post", &script);
}

#[test]
fn h24_a_server_that_accepts_no_connection() {
    let (address, _kept) = full();
    ends_in_time("get", &format!("http::get(\"http://{address}/\", #{{ timeout: 20 }})"));
    ends_in_time("can_connect", &format!("net::can_connect(\"{address}\", 20)"));
    let agency = format!("agency::connect(#{{ endpoints: \"{address}\" }}).read(\"/\")");
    ends_in_time("agency", &agency);
}

#[test]
fn d4_agents_without_a_leader() {
    let server = Server::start(|_| json(503, r#"{"message":"No leader"}"#));
    let agency = format!("agency::connect(#{{ endpoints: \"{}\" }})", server.url);
    for call in ["set(\"x\", 1)", "wait_until(\"x\", |v| false, 20)", "watch(\"x\", |v| true, 20)"]
    {
        ends_in_time(call, &format!("{agency}.{call}"));
    }
}

#[test]
fn d2_pauses() {
    ends_in_time("sleep", "time::sleep(60)");
    ends_in_time("global sleep", "sleep(60)");
}

#[test]
fn a_pipe_that_nobody_writes_or_reads() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let pipe = pipe.to_str().unwrap();
    ends_in_time("read", &format!("fs::read(\"{pipe}\")"));
    ends_in_time("write", &format!("fs::write(\"{pipe}\", \"x\")"));
}

#[test]
fn work_without_end() {
    ends_in_time("a loop", "loop {}");
    ends_in_time("pbkdf2", "crypto::pbkdf2(\"s\", \"p\", 1000000000, 20)");
    ends_in_time(
        "a callback",
        "let a = []; a.pad(1000, 1); a.filter(|x| { for i in 0..100000 {} true })",
    );
}

/// Between two of them a script makes few steps.
#[test]
fn natives_that_take_a_while_each() {
    for (what, prepare, call) in [
        ("hash", "let b = blob(200000);", "crypto::md5(b)"),
        ("split", "let t = \"\"; t.pad(100000, \"a,\");", "t.split(\",\")"),
        ("to_json", "let m = #{ a: [] }; m.a.pad(5000, 1);", "m.to_json()"),
    ] {
        ends_in_time(what, &format!("{prepare} loop {{ {call}; }}"));
    }
}

#[test]
fn large_values() {
    let large = "let b = blob(20000000);";
    for call in [
        "crypto::sha512(b)",
        "crypto::hmac(\"k\", b)",
        "crypto::hmac(b, \"m\")",
        "crypto::hex_encode(b)",
        "crypto::base64_encode(b)",
        "json::query(json::parse_doc(\"null\"), `(\"ab\" * 1000000) | [match(\"a\"; \"g\")] | length`)",
    ] {
        ends_in_time(call, &format!("{large} loop {{ {call}; }}"));
    }
}

#[test]
fn p10_children_that_do_not_end() {
    let start = "let child = process::start(\"sh\", [\"-c\", \"trap '' TERM; echo; while :; do sleep 1; done\"], #{ new_group: true, stdout: \"pipe\" });";
    for wait in [
        "process::status(child.pid, #{ wait: true })",
        "process::kill(child.pid, 15, #{ grace: 60 })",
    ] {
        // whatever ended the run, the child must not stay: its whole group is killed
        let script = format!("{start} try {{ {wait} }} catch {{}}");
        with_child(wait, &script);
    }
    let held = Held::new();
    let program = held.program();
    ends_in_time("run", &format!("process::run({program})"));
    ends_in_time("capture", &format!("process::run({program}, #{{ capture: true }})"));
}

#[test]
fn p17_pipes_that_nobody_serves() {
    let held = Held::new();
    for (what, call) in [
        ("read", "process::read_pipe(child.pid)"),
        ("write", "let text = \"\"; text.pad(300000, 'x'); process::write_pipe(child.pid, text)"),
    ] {
        let options = "#{ stdin: \"pipe\", stdout: \"pipe\" }";
        let start = format!("let child = process::start({}, {options});", held.program());
        ends_in_time(what, &format!("{start} {call}"));
    }
}

/// Programs that run until this is dropped: they read a pipe which nobody has opened for writing.
struct Held {
    folder: tempfile::TempDir,
}

impl Held {
    fn new() -> Self {
        let held = Self { folder: tempfile::tempdir().unwrap() };
        nix::unistd::mkfifo(&held.pipe(), nix::sys::stat::Mode::S_IRWXU).unwrap();
        held
    }

    fn pipe(&self) -> std::path::PathBuf {
        self.folder.path().join("pipe")
    }

    /// The program and its arguments as a script gives them.
    fn program(&self) -> String {
        format!("\"cat\", [{:?}]", self.pipe().to_str().unwrap())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut options = std::fs::File::options();
        options.write(true);
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, nix::libc::O_NONBLOCK);
        // opening it succeeds while somebody reads, and closing it ends the reading
        wait::wait_for("the programs end", || options.open(self.pipe()).err());
    }
}

/// As [`ends_in_time`], for scripts that print the pid of a child which nobody ends.
fn with_child(what: &str, script: &str) {
    let script = script.replace(
        "stdout: \"pipe\" });",
        "stdout: \"pipe\" }); print(child.pid); process::read_pipe(child.pid, 1);",
    );
    let late = lateness(|| {
        let pids = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let sink = std::sync::Arc::clone(&pids);
        let host = Host::builder()
            .permissions(Permissions::all())
            .deadline(LIMIT)
            .output(move |text| sink.lock().unwrap().extend(text.trim().parse::<i32>()))
            .build()
            .unwrap();
        let begin = Instant::now();
        assert_eq!(run(&host, &script), Stop::Deadline, "{what}");
        let late = begin.elapsed().saturating_sub(LIMIT);
        for pid in pids.lock().unwrap().iter() {
            let group = nix::unistd::Pid::from_raw(*pid);
            nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL).unwrap();
        }
        late
    });
    assert!(late <= LATE, "{what}: {late:?} after the deadline");
}
