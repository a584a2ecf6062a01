//! The agency of `cluster up` against etcd: three processes each, everything on the same disk.
//!
//! `cargo bench --bench etcd [-- SECONDS [ROUNDS]]`. Both get the same load from the same program: keep-alive connections that
//! put values of 120 bytes under 10 000 keys, or read one back. They take turns; medians and ratios are printed. Skipped where
//! etcd is not installed (Debian: `apt-get install etcd-server`).

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const AGENCYSH: &str = env!("CARGO_BIN_EXE_agencysh");
const KEYS: usize = 10_000;
const VALUE: &str = "0123456789012345678901234567890123456789012345678901234567890123456789\
    01234567890123456789012345678901234567890123456789";

/// Processes that end with this value.
struct Servers {
    processes: Vec<Child>,
    /// The leader's `host:port`.
    leader: String,
    _data: tempfile::TempDir,
}

impl Drop for Servers {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let pid = Pid::from_raw(i32::try_from(process.id()).unwrap());
            // it may have ended by itself
            let _ = kill(pid, Signal::SIGTERM);
            let _ = process.wait();
        }
    }
}

fn agency() -> Servers {
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let topology = data.path().join("t.json");
    let mut process = Command::new(AGENCYSH)
        .args(["cluster", "up", "--topology"])
        .arg(&topology)
        .arg("--data")
        .arg(data.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
    let code = "let a = agency::current(); let l = a.leader(); a.agents().find(|one| one.id == l).endpoint";
    let output =
        Command::new(AGENCYSH).arg("--topology").arg(&topology).args(["eval", code]).output();
    let endpoint = String::from_utf8(output.unwrap().stdout).unwrap();
    let leader = endpoint.trim().trim_start_matches("tcp://").to_owned();
    Servers { processes: vec![process], leader, _data: data }
}

fn free_ports(count: usize) -> Vec<u16> {
    let listeners: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}

fn etcd() -> Option<Servers> {
    Command::new("etcd").arg("--version").stdout(Stdio::null()).status().ok()?;
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let ports = free_ports(6);
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let members: Vec<String> = (0..3).map(|at| format!("m{at}={}", url(ports[at + 3]))).collect();
    let processes = (0..3)
        .map(|at| {
            let (client, peer) = (url(ports[at]), url(ports[at + 3]));
            Command::new("etcd")
                .args(["--name", &format!("m{at}")])
                .arg("--data-dir")
                .arg(data.path().join(format!("m{at}")))
                .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
                .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
                .args(["--initial-cluster", &members.join(","), "--log-level", "error"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut servers = Servers { processes, leader: String::new(), _data: data };
    let begin = Instant::now();
    while servers.leader.is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(30), "etcd has no leader");
        std::thread::sleep(Duration::from_millis(50));
        for port in &ports[..3] {
            let address = format!("127.0.0.1:{port}");
            let Ok(mut connection) = Connection::open(&address) else { continue };
            let status = connection.post("/v3/maintenance/status", "{}").unwrap_or_default();
            let status: serde_json::Value = serde_json::from_str(&status).unwrap_or_default();
            let leads =
                status["leader"].is_string() && status["leader"] == status["header"]["member_id"];
            if leads {
                servers.leader = address;
            }
        }
    }
    Some(servers)
}

/// A keep-alive connection.
struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    fn open(host: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), host: host.to_owned() })
    }

    fn post(&mut self, path: &str, body: &str) -> std::io::Result<String> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.stream.get_mut().write_all(format!("{head}{body}").as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        if !line.contains(" 200 ") {
            return Err(std::io::Error::other(line));
        }
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(std::io::Error::other)?;
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut content = vec![0; length];
        self.stream.read_exact(&mut content)?;
        String::from_utf8(content).map_err(std::io::Error::other)
    }
}

/// A request's path, and its body for a key.
type Request = (&'static str, fn(usize) -> String);

const AGENCY_WRITE: Request = ("/_api/agency/write", |key| {
    format!(r#"[[{{"/bench/k{key}":{{"op":"set","new":"{VALUE}"}}}}]]"#)
});
const AGENCY_READ: Request = ("/_api/agency/read", |key| format!(r#"[["/bench/k{key}"]]"#));
const ETCD_WRITE: Request = ("/v3/kv/put", |key| {
    let (key, value) = (STANDARD.encode(format!("/bench/k{key}")), STANDARD.encode(VALUE));
    format!(r#"{{"key":"{key}","value":"{value}"}}"#)
});
const ETCD_READ: Request =
    ("/v3/kv/range", |key| format!(r#"{{"key":"{}"}}"#, STANDARD.encode(format!("/bench/k{key}"))));

/// Requests per second that so many clients get answered.
fn load(leader: &str, (path, body): Request, clients: usize, time: Duration) -> f64 {
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let mut connection = Connection::open(leader).unwrap();
                while begin.elapsed() < time {
                    let key = next.fetch_add(7, Ordering::Relaxed) % KEYS;
                    connection.post(path, &body(key)).unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    done.into_inner() as f64 / begin.elapsed().as_secs_f64()
}

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|word| word.parse::<usize>().ok());
    let time = Duration::from_secs(numbers.next().unwrap_or(3) as u64);
    let rounds = numbers.next().unwrap_or(5);
    let Some(etcd) = etcd() else {
        println!("skipped: etcd is not installed");
        return;
    };
    let agency = agency();
    let rows: [(&str, usize, Request, Request); 4] = [
        ("writes", 64, AGENCY_WRITE, ETCD_WRITE),
        ("writes", 1, AGENCY_WRITE, ETCD_WRITE),
        ("reads, linearizable in etcd", 64, AGENCY_READ, ETCD_READ),
        ("reads, linearizable in etcd", 1, AGENCY_READ, ETCD_READ),
    ];
    println!("{:<30}{:>8}{:>12}{:>12}{:>8}", "per second", "clients", "agency", "etcd", "ratio");
    for (name, clients, ours, theirs) in rows {
        let (mut us, mut them) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            us.push(load(&agency.leader, ours, clients, time));
            them.push(load(&etcd.leader, theirs, clients, time));
        }
        let (us, them) = (median(&mut us), median(&mut them));
        println!("{name:<30}{clients:>8}{us:>12.0}{them:>12.0}{:>8.2}", us / them);
    }
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
