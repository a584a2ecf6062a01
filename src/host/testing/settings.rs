//! How tests are run.

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How tests are run.
#[derive(Debug, Clone)]
pub struct TestSettings {
    /// How many files run at the same time; at least one.
    pub jobs: usize,
    /// How long a test, or a hook such as `set_up_all`, may take.
    pub timeout: Duration,
    /// When all tests have to have ended.
    pub ends_at: Option<Instant>,
    /// How often a test that failed is tried again.
    pub retries: u32,
    /// How often each file is run.
    pub rounds: u32,
    /// Whether begin and end of each test are noted in the agency.
    pub marks: bool,
    /// Whether it is a failure, too, if a file leaves something behind in a cluster of its own, which ends with it.
    pub strict: bool,
    /// The checks of what tests leave behind that are left out.
    pub skipped_checks: Vec<String>,
    /// Where dumps of the agency go, one for each test that failed; none are taken without.
    pub dumps: Option<PathBuf>,
}

impl Default for TestSettings {
    fn default() -> Self {
        Self {
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            timeout: Duration::from_secs(900),
            ends_at: None,
            retries: 0,
            rounds: 1,
            marks: false,
            strict: false,
            skipped_checks: Vec::new(),
            dumps: None,
        }
    }
}

impl TestSettings {
    /// How long what begins now may take; `None` when the time of all tests is over.
    pub(super) fn limit(&self) -> Option<Limit> {
        let own = Limit { time: self.timeout, is_of_all: false };
        let Some(end) = self.ends_at else { return Some(own) };
        let left = end.saturating_duration_since(Instant::now());
        match left < self.timeout {
            true => (!left.is_zero()).then_some(Limit { time: left, is_of_all: true }),
            false => Some(own),
        }
    }

    /// The same for what has begun already: nothing is left when the time of all tests is over.
    pub(super) fn limit_or_none(&self) -> Limit {
        self.limit().unwrap_or(Limit { time: Duration::ZERO, is_of_all: true })
    }
}

/// How long something may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) time: Duration,
    /// Whether it is the end of all tests that comes first.
    pub(super) is_of_all: bool,
}
