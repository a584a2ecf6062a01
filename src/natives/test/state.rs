//! The test that runs, and the failures that it has noted.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rhai::{Map, Position};

/// A failure that a test noted before it went on.
#[derive(Debug, Clone)]
pub struct Noted {
    /// In the shape of a native's error.
    pub error: Map,
    /// The script that noted it.
    pub source: Option<String>,
    /// Where in that script.
    pub position: Position,
}

/// The test that runs in a host.
#[derive(Debug, Default)]
pub struct TestState(Mutex<Option<Running>>);

#[derive(Debug)]
struct Running {
    name: String,
    noted: Vec<Noted>,
}

impl TestState {
    /// A test begins.
    pub fn begin(&self, name: &str) {
        *self.running() = Some(Running { name: name.to_owned(), noted: Vec::new() });
    }

    /// The test ends; gives the failures that it has noted.
    pub fn end(&self) -> Vec<Noted> {
        self.running().take().map(|running| running.noted).unwrap_or_default()
    }

    /// Whether the test has noted a failure.
    pub fn has_noted(&self) -> bool {
        self.running().as_ref().is_some_and(|running| !running.noted.is_empty())
    }

    /// The name of the test that runs.
    pub fn name(&self) -> Option<String> {
        self.running().as_ref().map(|running| running.name.clone())
    }

    /// Notes a failure; false when no test runs.
    pub(super) fn note(&self, failure: Noted) -> bool {
        self.running().as_mut().map(|running| running.noted.push(failure)).is_some()
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
