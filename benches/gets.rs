//! Sequential reads of one small value from one agent: by a script, by ureq as it comes, by Python's clients.
//!
//! `cargo bench --bench gets [-- COUNT [ROUNDS]]` starts an agent in a process of its own. The clients take turns; medians
//! and ratios are printed. Python's clients are left out where they are not installed (`pip install httpx`).

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const AGENCYSH: &str = env!("CARGO_BIN_EXE_agencysh");
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/bench");

/// An agent in a process of its own, which ends with this value.
struct Agent {
    process: Child,
    address: String,
}

impl Agent {
    fn start() -> Self {
        let script = format!("{FOLDER}/serve.rhai");
        let mut process = Command::new(AGENCYSH)
            .args(["run", "--embedded=1", &script])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().trim_start_matches("tcp://").to_owned();
        Self { process, address }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A client's name, and what gives its requests per second; nothing if it is not installed.
type Client<'a> = (&'a str, Box<dyn Fn() -> Option<f64> + 'a>);

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|word| word.parse::<usize>().ok());
    let count = numbers.next().unwrap_or(10_000);
    let rounds = numbers.next().unwrap_or(5);
    let agent = Agent::start();
    let address = agent.address.as_str();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let count_text = count.to_string();
    let script = format!("{FOLDER}/gets.rhai");
    let endpoint = format!("tcp://{address}");
    let by_script = words(&[AGENCYSH, "run", "--endpoint", &endpoint, &script, &count_text]);
    let python =
        |file: &str| words(&["python3", &format!("{FOLDER}/{file}"), address, &count_text]);
    let by_http_client = python("gets_http_client.py");
    let by_httpx = python("gets_httpx.py");
    let clients: Vec<Client<'_>> = vec![
        ("ureq as it comes", Box::new(|| Some(by_ureq(address, count)))),
        ("script, agency.get", Box::new(|| by_command(&by_script))),
        ("Python http.client", Box::new(|| by_command(&by_http_client))),
        ("Python httpx", Box::new(|| by_command(&by_httpx))),
    ];
    let mut rates: Vec<Vec<f64>> = clients.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for ((_, run), rates) in clients.iter().zip(&mut rates) {
            rates.extend(run());
        }
    }
    let ours = median(&mut rates[1].clone());
    println!("{:<22}{:>12}{:>22}", "client", "requests/s", "script's rate to it");
    for ((name, _), rates) in clients.iter().zip(&mut rates) {
        match median(rates) {
            rate if rate > 0.0 => println!("{name:<22}{rate:>12.0}{:>22.2}", ours / rate),
            _ => println!("{name:<22}{:>12}", "not installed"),
        }
    }
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(0.0)
}

fn by_ureq(address: &str, count: usize) -> f64 {
    let agent = ureq::Agent::new_with_defaults();
    let url = format!("http://{address}/_api/agency/read");
    let get = || {
        let mut response = agent
            .post(&url)
            .header("content-type", "application/json")
            .send(r#"[["/arango/bench/value"]]"#)
            .unwrap();
        let body = response.body_mut().read_to_vec().unwrap();
        let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(value[0]["arango"]["bench"]["value"], 1);
    };
    (0..200).for_each(|_| get());
    let start = Instant::now();
    (0..count).for_each(|_| get());
    count as f64 / start.elapsed().as_secs_f64()
}

fn by_command(command: &[String]) -> Option<f64> {
    let output =
        Command::new(&command[0]).args(&command[1..]).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
