//! The tests of scripts as a test program of Cargo.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use super::cancel::Cancel;
use super::harness_words::{Words, WordsError};
use super::results::{Event, Failure, FileResult, Observer, TestResult, Verdict};
use super::script::TestScript;
use super::{Selection, TestSettings, find_files};
use crate::host::{Host, HostBuilder, HostError, Permissions};

/// What a test program of Rust answers when a test failed.
const FAILED: u8 = 101;

/// Makes a program of Cargo out of a folder of test scripts: each function `test_…` is a test that `cargo test` and
/// `cargo nextest` list, select and report.
///
/// In `Cargo.toml`, next to `agencysh` as a dev-dependency:
///
/// ```toml
/// [[test]]
/// name = "scripts"
/// harness = false
/// ```
///
/// and in `tests/scripts.rs`:
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     agencysh::host::testing::Harness::new("tests/scripts").main()
/// }
/// ```
///
/// Tests are called `FILE::FUNCTION`, as in `leader_test.rhai::test_resigns`, the file as it lies in the folder. A file
/// that cannot be compiled is one failing test with the name of the file. The files run at the same time, each with
/// servers of its own unless [`Self::host`] names others. Known words are those of Rust's own test programs: parts of
/// names, `--exact`, `--skip`, `--list`, `--nocapture`, `--show-output`, `--test-threads`, `--quiet`, `--format`,
/// `--color`, `--ignored`, `--include-ignored`.
#[derive(Clone)]
pub struct Harness {
    folder: PathBuf,
    builder: HostBuilder,
    settings: TestSettings,
}

/// A test, or a file that holds none because it cannot be read.
struct Found {
    /// As Cargo calls it.
    name: String,
    /// As [`Selection::only`] calls it; a file alone has no function.
    file: PathBuf,
    function: Option<String>,
}

/// Why the tests did not run.
#[derive(Debug, thiserror::Error)]
enum HarnessError {
    #[error(transparent)]
    Words(#[from] WordsError),
    #[error(transparent)]
    Host(#[from] HostError),
    #[error("cannot write")]
    Write(#[from] io::Error),
}

impl Harness {
    /// The tests of `*_test.rhai` below this folder, or of one file; Cargo starts test programs in the folder of the
    /// package. Scripts may do everything, and each file has servers in this process.
    pub fn new(folder: impl AsRef<Path>) -> Self {
        let builder = Host::builder().permissions(Permissions::all());
        Self { folder: folder.as_ref().to_owned(), builder, settings: TestSettings::default() }
    }

    /// The hosts of the tests are made of this: target, permissions, natives of your own, …
    #[must_use]
    pub fn host(mut self, builder: HostBuilder) -> Self {
        self.builder = builder;
        self
    }

    /// How the tests are run, but for the number of files at a time when a word says so.
    #[must_use]
    pub fn settings(mut self, settings: TestSettings) -> Self {
        self.settings = settings;
        self
    }

    /// What the `main` of a test program returns: takes its words, writes to its output.
    pub fn main(&self) -> ExitCode {
        ExitCode::from(self.run(std::env::args().skip(1), &mut io::stdout()))
    }

    /// The same with words and output of choice; gives the exit code: 0, or 101 when a test failed.
    pub fn run(
        &self,
        words: impl IntoIterator<Item = String>,
        output: &mut (dyn Write + Send),
    ) -> u8 {
        match self.try_run(words, output) {
            Ok(true) => 0,
            Ok(false) => FAILED,
            Err(error) => {
                // where nothing can be written, the exit code has to do
                let _ = writeln!(output, "error: {}", crate::natives::with_causes(&error));
                FAILED
            }
        }
    }

    fn try_run(
        &self,
        words: impl IntoIterator<Item = String>,
        output: &mut (dyn Write + Send),
    ) -> Result<bool, HarnessError> {
        let words = Words::parse(words)?;
        let all = self.find()?;
        let known = all.len();
        let wanted: Vec<Found> = all.into_iter().filter(|one| words.wants(&one.name)).collect();
        if words.list {
            for test in &wanted {
                writeln!(output, "{}: test", test.name)?;
            }
            if !words.terse {
                writeln!(output, "\n{} tests, 0 benchmarks", wanted.len())?;
            }
            return Ok(true);
        }
        writeln!(output, "\nrunning {} tests", wanted.len())?;
        let mut settings = self.settings.clone();
        settings.jobs = words.threads.unwrap_or(settings.jobs);
        let files: BTreeSet<PathBuf> = wanted.iter().map(|one| one.file.clone()).collect();
        let key = |one: &Found| {
            let function = one.function.as_deref().unwrap_or_default();
            format!("{}::{function}", one.file.to_string_lossy())
        };
        let selection =
            Selection { only: Some(wanted.iter().map(key).collect()), ..Selection::default() };
        let names = wanted.iter().map(|one| (key(one), one.name.clone())).collect();
        let listener = Listener { output: Mutex::new(output), names, words: &words };
        let files: Vec<PathBuf> = files.into_iter().collect();
        let host = self.builder.clone().build()?;
        let run = host.tests(&files, settings, &selection, &listener)?;
        let output = listener.output.into_inner().unwrap_or_else(PoisonError::into_inner);
        let verdict = if run.succeeded() { "ok" } else { "FAILED" };
        let passed = run.count(Verdict::Passed) + run.count(Verdict::Flaky);
        writeln!(
            output,
            "\ntest result: {verdict}. {passed} passed; {} failed; {} ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
            run.failures(),
            run.count(Verdict::Skipped),
            known - wanted.len(),
            run.duration.as_secs_f64(),
        )?;
        Ok(run.succeeded())
    }

    /// All tests, in the order of their files.
    fn find(&self) -> Result<Vec<Found>, HostError> {
        let mut found = Vec::new();
        for file in find_files(std::slice::from_ref(&self.folder))? {
            let own = match file.strip_prefix(&self.folder) {
                Ok(rest) if rest != Path::new("") => rest.to_string_lossy().into_owned(),
                _ => file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            };
            let script = TestScript::read(&file, &self.builder, &self.settings, &Cancel::default());
            match script {
                Ok(script) => found.extend(script.tests.into_iter().map(|test| Found {
                    name: format!("{own}::{test}"),
                    file: file.clone(),
                    function: Some(test),
                })),
                Err(_) => found.push(Found { name: own, file, function: None }),
            }
        }
        Ok(found)
    }
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Harness").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Writes a line for each test, and what is wrong with those that failed.
struct Listener<'a> {
    output: Mutex<&'a mut (dyn Write + Send)>,
    /// What Cargo calls each test.
    names: BTreeMap<String, String>,
    words: &'a Words,
}

impl Listener<'_> {
    fn name(&self, file: &str, test: &str) -> String {
        let key = format!("{file}::{test}");
        self.names.get(&key).cloned().unwrap_or(key)
    }

    fn test(&self, name: &str, result: &TestResult) -> String {
        let word = match (result.verdict, &result.skip_reason) {
            (Verdict::Passed, _) => "ok".to_owned(),
            (Verdict::Flaky, _) => format!("ok (after {} attempts)", result.attempts),
            (Verdict::Failed, _) => "FAILED".to_owned(),
            (Verdict::Skipped, Some(reason)) => format!("ignored, {reason}"),
            (Verdict::Skipped, None) => "ignored".to_owned(),
        };
        let mut text = format!("test {name} ... {word}\n");
        text.extend(result.failures.iter().map(told));
        if self.words.shows_output || result.verdict == Verdict::Failed {
            text += &indented(&result.output);
        }
        text.extend(result.notes.iter().map(|note| format!("    note: {note}\n")));
        text
    }

    /// What concerns a file and none of its tests.
    fn file(&self, result: &FileResult) -> String {
        let mut failures = result.own_failures().peekable();
        if failures.peek().is_none() {
            return String::new();
        }
        let name = self.name(&result.name(), "");
        let failures: String = failures.map(told).collect();
        format!("test {name} ... FAILED\n{failures}{}", indented(&result.output))
    }
}

impl Observer for Listener<'_> {
    fn see(&self, event: Event<'_>) {
        let text = match event {
            Event::TestEnded { file, result } => self.test(&self.name(file, &result.name), result),
            Event::FileEnded { result } => self.file(result),
            _ => return,
        };
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        // nobody reads any more: the exit code still tells
        let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    }
}

fn told(failure: &Failure) -> String {
    format!("  in {}:\n{}", failure.phase, indented(&failure.error.report()))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
