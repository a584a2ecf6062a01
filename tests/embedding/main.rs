//! The library as a program uses it that embeds it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clusters;
mod errors;
mod harness;
mod manners;
mod natives;
mod panics;
mod runs;
mod settings;
mod shared;
mod test_runs;
mod threads;
mod waits;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use agencysh::Host;

/// Longer than anything takes on a busy machine; a wait that takes as long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something holds; panics if it never does.
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what}: that never happened");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Texts that a sink of a host has taken.
#[derive(Clone, Default)]
struct Texts(Arc<Mutex<Vec<String>>>);

impl Texts {
    fn take(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

fn eval_json(host: &Host, code: &str) -> serde_json::Value {
    host.eval(code).unwrap_or_else(|error| panic!("{}", error.report())).to_json().unwrap()
}
