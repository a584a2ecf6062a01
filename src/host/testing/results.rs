//! What tests came to.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::host::ScriptError;

/// What a test came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All went well.
    Passed,
    /// It passed, but not at its first attempt.
    Flaky,
    /// Something failed.
    Failed,
    /// It was not run, or said itself that it cannot be.
    Skipped,
}

impl Verdict {
    /// As reports call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Flaky => "flaky",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// The part of a file or a test in which something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Reading and compiling the file, and its statements outside of functions.
    Load,
    /// Starting the servers that the file needs.
    Cluster,
    /// `set_up_all`.
    SetUpAll,
    /// `set_up`.
    SetUp,
    /// The test itself.
    Test,
    /// A soft check of the test.
    Check,
    /// `tear_down`.
    TearDown,
    /// `tear_down_all`.
    TearDownAll,
    /// What the file left behind.
    Isolation,
}

impl Phase {
    /// As people and reports call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Cluster => "cluster",
            Self::SetUpAll => "set_up_all",
            Self::SetUp => "set_up",
            Self::Test => "test",
            Self::Check => "check",
            Self::TearDown => "tear_down",
            Self::TearDownAll => "tear_down_all",
            Self::Isolation => "isolation",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Something that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Where in the life of the test.
    pub phase: Phase,
    /// What and where in the script.
    pub error: ScriptError,
}

/// What one test came to.
#[derive(Debug, Clone)]
pub struct TestResult {
    /// The name of its function.
    pub name: String,
    /// What it came to.
    pub verdict: Verdict,
    /// What failed, in order; of a flaky test what failed before it passed.
    pub failures: Vec<Failure>,
    /// Why it was not run.
    pub skip_reason: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it began.
    pub began: SystemTime,
    /// How long the test itself took, in its last attempt.
    pub duration: Duration,
    /// How long `set_up` took.
    pub set_up: Duration,
    /// How long `tear_down` took.
    pub tear_down: Duration,
    /// What it printed and logged.
    pub output: String,
    /// What else is to be known, such as where a dump is.
    pub notes: Vec<String>,
}

impl TestResult {
    pub(super) fn new(name: &str, verdict: Verdict) -> Self {
        Self {
            name: name.to_owned(),
            verdict,
            failures: Vec::new(),
            skip_reason: None,
            attempts: 0,
            began: SystemTime::now(),
            duration: Duration::ZERO,
            set_up: Duration::ZERO,
            tear_down: Duration::ZERO,
            output: String::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn not_run(name: &str, reason: &str) -> Self {
        let mut result = Self::new(name, Verdict::Skipped);
        result.skip_reason = Some(reason.to_owned());
        result
    }

    /// Whether a limit ended it or one of its hooks, so that nobody knows what still goes on.
    pub(super) fn hung(&self) -> bool {
        self.failures.iter().any(|failure| failure.error.stop.is_some())
    }

    /// From the beginning of `set_up` to the end of `tear_down`.
    pub fn whole_duration(&self) -> Duration {
        self.set_up + self.duration + self.tear_down
    }
}

/// What one file came to, in one round.
#[derive(Debug, Clone)]
pub struct FileResult {
    /// The file as it was named or found.
    pub file: PathBuf,
    /// Which round this is, counted from 1.
    pub round: u32,
    /// Whether it asked for more than agents.
    pub has_members: bool,
    /// Its tests, in their order.
    pub tests: Vec<TestResult>,
    /// What failed outside of tests, in order. A failure of `set_up_all` stands at each test as well.
    pub failures: Vec<Failure>,
    /// Why none of its tests was run.
    pub skip_reason: Option<String>,
    /// What it printed and logged outside of tests.
    pub output: String,
    /// What else is to be known.
    pub notes: Vec<String>,
    /// How long its servers took to start, and its statements outside of functions.
    pub start: Duration,
    /// How long `set_up_all` took.
    pub set_up_all: Duration,
    /// How long `tear_down_all` took.
    pub tear_down_all: Duration,
    /// From its beginning to its end.
    pub duration: Duration,
}

impl FileResult {
    pub(super) fn new(file: PathBuf, round: u32) -> Self {
        Self {
            file,
            round,
            has_members: false,
            tests: Vec::new(),
            failures: Vec::new(),
            skip_reason: None,
            output: String::new(),
            notes: Vec::new(),
            start: Duration::ZERO,
            set_up_all: Duration::ZERO,
            tear_down_all: Duration::ZERO,
            duration: Duration::ZERO,
        }
    }

    /// The file as people and filters call it.
    pub fn name(&self) -> String {
        self.file.to_string_lossy().into_owned()
    }

    /// The same, with the number of the round where there are several.
    pub fn shown_name(&self) -> String {
        match self.round {
            0 | 1 => self.name(),
            round => format!("{} (round {round})", self.name()),
        }
    }

    /// What failed outside of tests and stands at no test.
    pub fn own_failures(&self) -> impl Iterator<Item = &Failure> {
        let told =
            |failure: &&Failure| !self.tests.iter().any(|test| test.failures.contains(failure));
        self.failures.iter().filter(told)
    }

    /// How many of its tests came to this.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.tests.iter().filter(|test| test.verdict == verdict).count()
    }

    /// Whether neither a test nor anything else failed.
    pub fn succeeded(&self) -> bool {
        self.failures.is_empty() && self.count(Verdict::Failed) == 0
    }
}

/// What ended all tests early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Somebody interrupted them.
    Interrupted,
    /// The time for all of them was over.
    Deadline,
}

impl Stopped {
    /// Why tests have not been run.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted",
            Self::Deadline => "the deadline of all tests has passed",
        }
    }
}

/// What all tests came to.
#[derive(Debug, Clone)]
pub struct TestRun {
    /// The files, in their order, round by round.
    pub files: Vec<FileResult>,
    /// From the beginning to the end.
    pub duration: Duration,
    /// What ended it early.
    pub stopped: Option<Stopped>,
}

impl TestRun {
    /// How many tests came to this.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.files.iter().map(|file| file.count(verdict)).sum()
    }

    /// How many failures there were: tests that failed, and whatever else did.
    pub fn failures(&self) -> usize {
        let own: usize = self.files.iter().map(|file| file.own_failures().count()).sum();
        self.count(Verdict::Failed) + own
    }

    /// Whether nothing failed and nothing was left out for lack of time.
    pub fn succeeded(&self) -> bool {
        self.stopped.is_none() && self.files.iter().all(FileResult::succeeded)
    }

    /// How many tests were found.
    pub fn tests(&self) -> usize {
        self.files.iter().map(|file| file.tests.len()).sum()
    }
}

/// What happens while tests run.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// All files have been read; so many tests of so many files are to be run.
    RunBegan {
        /// Files, in each round.
        files: usize,
        /// Tests, in each round.
        tests: usize,
    },
    /// A file begins.
    FileBegan {
        /// The file.
        file: &'a str,
    },
    /// A test begins.
    TestBegan {
        /// Its file.
        file: &'a str,
        /// Its name.
        test: &'a str,
    },
    /// A test has ended.
    TestEnded {
        /// Its file.
        file: &'a str,
        /// What it came to.
        result: &'a TestResult,
    },
    /// A file has ended.
    FileEnded {
        /// What it came to.
        result: &'a FileResult,
    },
}

/// Sees what happens while tests run; files that run at the same time tell of it from their own threads.
pub trait Observer: Sync {
    /// Something happened.
    fn see(&self, event: Event<'_>);

    /// Whether the test that comes next is run; it is skipped otherwise. Whoever answers may take time: the limits of
    /// the test do not count yet.
    fn admits(&self, _file: &str, _test: &str) -> bool {
        true
    }
}

/// Sees nothing.
impl Observer for () {
    fn see(&self, _: Event<'_>) {}
}
