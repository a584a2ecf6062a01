//! What a host costs the program that embeds it: to be built and to evaluate for the first time, and to call a function of a script.
//!
//! `cargo bench --bench embed [-- ROUNDS]` builds so many hosts, one after the other, and makes a hundred times as many calls
//! of each kind in one host, after some that do not count. Each call is timed on its own.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, and fails by panicking"
)]

use std::hint::black_box;
use std::time::Instant;

use agencysh::Host;
use serde_json::{Value, json};

/// Calls for each round.
const CALLS: usize = 100;

const SCRIPT: &str = "fn f(x) { x + 1 } fn same(map) { map }";

/// As above, by a script that imports a module.
const IMPORTING: &str = "import \"assert\" as assert; fn f(x) { x + 1 }";

fn main() {
    let rounds = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(200);
    println!("{:44}{:>10}{:>10}{:>6}", "what", "median", "99 %", "unit");
    // what is made once for the whole process is not a host's
    first_eval();
    print_row("host built", &samples(rounds, || drop(black_box(build()))), 1e3, "ms");
    print_row("host built, first eval, dropped", &samples(rounds, first_eval), 1e3, "ms");
    let host = build();
    drop(host.run_str("embed", SCRIPT, &[] as &[&str]).unwrap());
    print_calls(rounds, "call of fn f(x) { x + 1 }", &host, "f", &json!([1]));
    let members = (0..10).map(|number| (format!("member{number}"), json!(number)));
    let map = Value::Object(members.collect());
    print_calls(rounds, "call with a map of ten members in and out", &host, "same", &json!([map]));
    drop(host.run_str("embed", IMPORTING, &[] as &[&str]).unwrap());
    print_calls(rounds, "call in a script with an import", &host, "f", &json!([1]));
    let evals = samples(rounds * CALLS / 10, || drop(black_box(host.eval("1 + 1").unwrap())));
    print_row("eval of 1 + 1", &evals, 1e6, "µs");
}

fn build() -> Host {
    Host::builder().build().unwrap()
}

fn first_eval() {
    drop(black_box(build().eval("1").unwrap()));
}

fn print_calls(rounds: usize, name: &str, host: &Host, function: &str, arguments: &Value) {
    let call = || drop(black_box(host.call(function, arguments.clone()).unwrap()));
    (0..CALLS).for_each(|_| call());
    print_row(name, &samples(rounds * CALLS, call), 1e6, "µs");
}

/// How long `work` took each time, in seconds, sorted.
fn samples(times: usize, work: impl Fn()) -> Vec<f64> {
    let one = |_| {
        let begin = Instant::now();
        work();
        begin.elapsed().as_secs_f64()
    };
    let mut all: Vec<f64> = (0..times.max(1)).map(one).collect();
    all.sort_by(f64::total_cmp);
    all
}

fn print_row(name: &str, sorted: &[f64], scale: f64, unit: &str) {
    let at = |part: usize| sorted[(sorted.len() * part / 100).min(sorted.len() - 1)] * scale;
    println!("{name:44}{:10.2}{:10.2}{unit:>6}", at(50), at(99));
}
