//! What an embedded agency of three agents costs: its start, writes, reads, and
//! the same on disk.
//!
//! `cargo bench --bench agency` prints the time until an agency has a leader
//! and its initial contents, and requests per second of clients that each send
//! one request at a time over a connection of their own. `cargo bench --bench
//! agency restart` prints how long it takes to come back with a big log.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use agencysh::standin::{Contents, EmbeddedAgency};

const AGENTS: usize = 3;
const STARTS: usize = 15;
const PERIOD: Duration = Duration::from_secs(3);

fn main() {
    if std::env::args().any(|a| a == "restart") {
        restart();
        return;
    }
    start();
    let agency = EmbeddedAgency::start(AGENTS).unwrap();
    for clients in [1, 64] {
        writes("in memory", &agency, clients);
    }
    for clients in [1, 64] {
        requests("reads", &leader(&agency), clients, |_, _| {
            ("read", r#"[["/arango/Plan/Version"]]"#.to_owned())
        });
    }
    drop(agency);
    let directory = tempfile::tempdir().unwrap();
    let agency =
        EmbeddedAgency::start_in(directory.path(), AGENTS, Contents::Initial, |_| {}).unwrap();
    for clients in [1, 64] {
        writes("on disk", &agency, clients);
    }
}

/// Address of the leader.
fn leader(agency: &EmbeddedAgency) -> String {
    let leader = agency.leader_id().unwrap();
    let position = agency.agent_ids().iter().position(|id| *id == leader).unwrap();
    agency.endpoints().remove(position).trim_start_matches("http://").to_owned()
}

fn writes(place: &str, agency: &EmbeddedAgency, clients: usize) {
    requests(&format!("writes {place}"), &leader(agency), clients, |client, n| {
        ("write", format!(r#"[[{{"/bench/{client}":{n}}},{{}},"bench-{client}-{n}"]]"#))
    });
}

/// Fills the log of each agent with 50 000 entries of 4 KB, and starts them again.
fn restart() {
    const REQUESTS: usize = 500;
    const TRANSACTIONS: usize = 100;
    let directory = tempfile::tempdir().unwrap();
    let begin = || {
        let begin = Instant::now();
        let agency = EmbeddedAgency::start_in(directory.path(), AGENTS, Contents::Initial, |_| {});
        (begin, agency.unwrap())
    };
    let (_, agency) = begin();
    let text = "x".repeat(4000);
    let filled = Instant::now();
    let mut stream = BufReader::new(TcpStream::connect(leader(&agency)).unwrap());
    for request in 0..REQUESTS {
        let transactions: Vec<String> = (0..TRANSACTIONS)
            .map(|n| {
                let key = (request * TRANSACTIONS + n) % 1000;
                format!(r#"[{{"/bench/{key}":"{text}"}},{{}},"bench-{request}-{n}"]"#)
            })
            .collect();
        exchange(&mut stream, "write", &format!("[{}]", transactions.join(",")));
    }
    println!("{} entries written in {:?}", REQUESTS * TRANSACTIONS, filled.elapsed());
    agency.shutdown();
    for _ in 0..3 {
        let (begin, agency) = begin();
        let took = begin.elapsed();
        println!("{AGENTS} agents of {} bytes lead again after {took:?}", size(directory.path()));
        agency.shutdown();
    }
}

/// Bytes on disk.
fn size(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).unwrap();
    entries
        .map(|entry| {
            let entry = entry.unwrap();
            let about = entry.metadata().unwrap();
            if about.is_dir() { size(&entry.path()) } else { about.len() }
        })
        .sum()
}

fn start() {
    let mut times: Vec<Duration> = (0..STARTS)
        .map(|_| {
            let begin = Instant::now();
            let agency = EmbeddedAgency::start(AGENTS).unwrap();
            let took = begin.elapsed();
            drop(agency);
            took
        })
        .collect();
    times.sort();
    println!(
        "start of {AGENTS} agents: median {:?}, least {:?}, most {:?}",
        times[STARTS / 2],
        times[0],
        times[STARTS - 1]
    );
}

fn requests(
    what: &str,
    address: &str,
    clients: usize,
    request: impl Fn(usize, usize) -> (&'static str, String) + Sync,
) {
    let begin = Instant::now();
    let mut latencies: Vec<Duration> = thread::scope(|scope| {
        let request = &request;
        let clients: Vec<_> = (0..clients)
            .map(|client| scope.spawn(move || run(address, begin, |n| request(client, n))))
            .collect();
        clients.into_iter().flat_map(|c| c.join().unwrap()).collect()
    });
    let seconds = begin.elapsed().as_secs_f64();
    latencies.sort();
    let quantile = |q: f64| latencies[((latencies.len() - 1) as f64 * q) as usize];
    println!(
        "{what} with {clients} clients: {:.0}/s, median {:?}, 99 % within {:?}",
        latencies.len() as f64 / seconds,
        quantile(0.5),
        quantile(0.99)
    );
}

/// Sends one request after the other until the period is over.
fn run(
    address: &str,
    begin: Instant,
    request: impl Fn(usize) -> (&'static str, String),
) -> Vec<Duration> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    let mut latencies = Vec::new();
    while begin.elapsed() < PERIOD {
        let (endpoint, body) = request(latencies.len());
        let sent = Instant::now();
        exchange(&mut stream, endpoint, &body);
        latencies.push(sent.elapsed());
    }
    latencies
}

fn exchange(stream: &mut BufReader<TcpStream>, endpoint: &str, body: &str) {
    let request = format!(
        "POST /_api/agency/{endpoint} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.get_mut().write_all(request.as_bytes()).unwrap();
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 200"), "{line}");
    let mut length = 0;
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).unwrap();
}
