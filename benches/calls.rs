//! What a call of a native costs in a loop of a script, compared with what the engine takes for any call.
//!
//! `cargo bench --bench calls [-- ROUNDS]` runs the same loop in a host and in a bare engine with the same settings, by
//! turns, and prints nanoseconds for each time around, with the empty loop taken off, and the ratio. The bare engine calls
//! a function that does the same work and knows nothing of a host; it is in a module, as natives are. The least time of
//! all rounds counts: what else a machine does only adds.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, and fails by panicking"
)]

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use agencysh::Host;
use agencysh::natives::NAMESPACES;
use rand::Rng as _;
use rhai::{Engine, FLOAT, INT, Module};

/// Times around a loop.
const TIMES: usize = 100_000;

/// What is compared: a name, the loop's body on the left, the body on the right.
type Pair = (&'static str, &'static str, &'static str);

const CALLS: &[Pair] = &[
    ("time::now()", "x = time::now();", "x = plain::now();"),
    ("random::float()", "x = random::float();", "x = plain::random();"),
    ("net::ip_version(text)", "x = net::ip_version(\"::1\");", "x = plain::ip_version(\"::1\");"),
];

const INTERPOLATION: Pair = ("interpolation", "x = `/a/${i}/x`;", "x = `/a/${i}/x`;");

const DOCUMENT: Pair = ("member of a document", "x = doc.b;", "x = map.b;");

fn main() {
    let rounds = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(21);
    let host = Host::builder().build().unwrap();
    let in_host = |body: &str| {
        let prelude = "let doc = json::parse_doc(`{\"a\":1,\"b\":2,\"c\":3}`);";
        drop(host.eval(&format!("{prelude} {}", script(body))).unwrap());
    };
    let (bare, interning) = (bare(false), bare(true));
    let in_bare = |body: &str| bare.run(&script(body)).unwrap();
    let in_interning = |body: &str| interning.run(&script(body)).unwrap();
    println!("{:30}{:>8}{:>8}{:>8}", "a native / the bare engine", "ns", "ns", "ratio");
    for pair in CALLS {
        compare(rounds, pair, &in_host, &in_bare);
    }
    println!("a member of a document / of a map");
    compare(rounds, &DOCUMENT, &in_host, &in_bare);
    println!("a host / the bare engine with its interner of strings");
    compare(rounds, &INTERPOLATION, &in_host, &in_interning);
}

fn script(body: &str) -> String {
    format!("let x = (); let map = #{{a: 1, b: 2, c: 3}}; for i in 0..{TIMES} {{ {body} }}")
}

/// An engine with the settings of a host that cost time, and without its natives.
fn bare(interns: bool) -> Engine {
    let mut engine = Engine::new();
    engine.set_max_call_levels(256).set_max_expr_depths(256, 256).set_strict_variables(true);
    if !interns {
        engine.set_max_strings_interned(0);
    }
    // as a host looks whether the run goes on
    let (ended, over, steps) = (AtomicBool::new(false), AtomicBool::new(false), AtomicU32::new(0));
    let clock = Mutex::new(Instant::now());
    engine.on_progress(move |_| {
        let step = steps.load(Ordering::Relaxed).wrapping_add(1);
        steps.store(step, Ordering::Relaxed);
        let look = over.load(Ordering::Relaxed) || step.is_multiple_of(1024);
        let late = look && clock.lock().is_ok_and(|begin| begin.elapsed().as_secs() > 3600);
        (ended.load(Ordering::Relaxed) || late).then_some(rhai::Dynamic::UNIT)
    });
    let mut module = Module::new();
    module.set_native_fn("now", || -> Result<FLOAT, _> {
        Ok(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64())
    });
    module.set_native_fn("random", || -> Result<FLOAT, _> {
        Ok((rand::rng().next_u64() >> 11) as FLOAT / (1_u64 << 53) as FLOAT)
    });
    module.set_native_fn("ip_version", |text: &str| -> Result<INT, _> {
        Ok(match text.parse() {
            Ok(IpAddr::V4(_)) => 4,
            Ok(IpAddr::V6(_)) => 6,
            Err(_) => 0,
        })
    });
    // a module is looked for among as many as a host has
    for (name, _) in NAMESPACES {
        engine.register_static_module(format!("{name}_"), Module::new().into());
    }
    engine.register_static_module("plain", module.into());
    engine
}

/// Runs both bodies and both empty loops by turns, and prints the least times.
fn compare(rounds: usize, pair: &Pair, left: &dyn Fn(&str), right: &dyn Fn(&str)) {
    let (name, left_body, right_body) = pair;
    let mut least = [f64::INFINITY; 4];
    for _ in 0..rounds {
        let found = [
            nanoseconds(|| left(left_body)),
            nanoseconds(|| left("")),
            nanoseconds(|| right(right_body)),
            nanoseconds(|| right("")),
        ];
        for (least, found) in least.iter_mut().zip(found) {
            *least = least.min(found);
        }
    }
    let [left, left_empty, right, right_empty] = least;
    let (left, right) = (left - left_empty, right - right_empty);
    println!("{name:30}{left:8.0}{right:8.0}{:8.2}", left / right);
}

/// For each time around the loop.
fn nanoseconds(work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    begin.elapsed().as_secs_f64() * 1e9 / TIMES as f64
}
