//! What tests came to, for people: a line for each test while they run, a summary in the end.

use std::fmt::Write;
use std::sync::Mutex;
use std::time::Duration;

use super::super::options::Options;
use super::super::output;
use super::super::report::Reporter;
use crate::host::testing::{
    Event, Failure, FileResult, Observer, Stopped, TestResult, TestRun, Verdict,
};

/// Tests that take longer than this are told of in the summary.
const SLOW: Duration = Duration::from_secs(1);

/// How many of the slowest tests the summary names.
const SLOWEST: usize = 5;

/// Writes for people.
pub(super) struct Text {
    reporter: Reporter,
    colored: bool,
    show_output: bool,
    /// Whether the standard output is needed for reports.
    aside: bool,
    /// Held while something is written, so that files that run at the same time do not mix their lines.
    writing: Mutex<()>,
}

impl Text {
    pub(super) fn new(options: &Options, show_output: bool, aside: bool) -> Self {
        let colored = if aside { options.colors_errors() } else { options.colors_output() };
        let reporter = Reporter::new(colored);
        Self { reporter, colored, show_output, aside, writing: Mutex::default() }
    }

    fn write(&self, text: &str) {
        let _writing = self.writing.lock();
        match (self.aside, text.strip_suffix('\n')) {
            (_, None) => {}
            (true, Some(text)) => output::note(text),
            (false, Some(_)) => output::write(text),
        }
    }

    fn word(&self, verdict: Verdict) -> String {
        let (word, color) = match verdict {
            Verdict::Passed => ("ok     ", 32),
            Verdict::Flaky => ("FLAKY  ", 33),
            Verdict::Failed => ("FAILED ", 31),
            Verdict::Skipped => ("skipped", 33),
        };
        self.painted(word, color)
    }

    fn painted(&self, text: &str, color: u8) -> String {
        match self.colored {
            true => format!("\x1b[{color}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }

    fn test(&self, file: &str, result: &TestResult) -> String {
        let mut text = format!("{} {file}::{}", self.word(result.verdict), result.name);
        match &result.skip_reason {
            Some(reason) => text += &format!(": {reason}\n"),
            None => text += &format!(" ({:.2} s)\n", result.whole_duration().as_secs_f64()),
        }
        text += &self.failures(&result.failures);
        if self.show_output || result.verdict == Verdict::Failed {
            text += &printed(&result.output);
        }
        for note in &result.notes {
            text += &format!("    note: {note}\n");
        }
        text
    }

    fn failures(&self, failures: &[Failure]) -> String {
        let shown = |failure: &Failure| {
            format!(
                "  in {}:\n{}",
                failure.phase,
                indented(&self.reporter.rendered(&failure.error))
            )
        };
        failures.iter().map(shown).collect()
    }

    fn file(&self, result: &FileResult) -> String {
        let own: Vec<Failure> = result.own_failures().cloned().collect();
        let mut text = String::new();
        if !own.is_empty() {
            text += &format!("{} {}\n", self.word(Verdict::Failed), result.shown_name());
            text += &self.failures(&own);
        }
        if let Some(reason) = &result.skip_reason {
            text += &format!("{} {}: {reason}\n", self.word(Verdict::Skipped), result.shown_name());
        }
        if self.show_output || !result.failures.is_empty() {
            text += &printed(&result.output);
        }
        for note in &result.notes {
            text += &format!("    note: {}: {note}\n", result.shown_name());
        }
        text
    }

    /// Tells what all came to.
    pub(super) fn summary(&self, run: &TestRun) {
        let mut text = String::new();
        let failed: Vec<String> = failed(run).collect();
        if !failed.is_empty() {
            text += "\nfailures:\n";
            failed.iter().for_each(|name| text += &format!("    {name}\n"));
        }
        text += &slowest(run);
        let counts = [
            (Verdict::Passed, "passed"),
            (Verdict::Flaky, "flaky"),
            (Verdict::Failed, "failed"),
            (Verdict::Skipped, "skipped"),
        ];
        let counts = counts.into_iter().map(|(verdict, word)| (run.count(verdict), word));
        let mut parts: Vec<String> = counts
            .filter(|(count, word)| *count > 0 || *word == "passed")
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let others = run.failures() - run.count(Verdict::Failed);
        if others > 0 {
            parts.push(format!("{others} failed outside of tests"));
        }
        let stopped = match run.stopped {
            Some(Stopped::Interrupted) => ", interrupted",
            Some(Stopped::Deadline) => ", ended by the deadline",
            None => "",
        };
        let color = if run.succeeded() { 32 } else { 31 };
        let line = match run.tests() + others {
            0 => "no tests found".to_owned(),
            _ => format!("{}: {}", plural(run.tests(), "test"), parts.join(", ")),
        };
        let line = format!("{line} in {:.2} s{stopped}", run.duration.as_secs_f64());
        let _ = write!(text, "\n{}\n", self.painted(&line, color));
        self.write(&text);
    }
}

impl Observer for Text {
    fn see(&self, event: Event<'_>) {
        match event {
            Event::RunBegan { files, tests } => self.write(&format!(
                "running {} in {}\n",
                plural(tests, "test"),
                plural(files, "file")
            )),
            Event::TestEnded { file, result } => self.write(&self.test(file, result)),
            Event::FileEnded { result } => self.write(&self.file(result)),
            _ => {}
        }
    }
}

/// The names of all that failed.
fn failed(run: &TestRun) -> impl Iterator<Item = String> {
    run.files.iter().flat_map(|file| {
        let tests = file.tests.iter().filter(|test| test.verdict == Verdict::Failed);
        let name = file.shown_name();
        let tests: Vec<String> = tests.map(|test| format!("{name}::{}", test.name)).collect();
        let own = file.own_failures().map(|failure| format!("{name} ({})", failure.phase));
        tests.into_iter().chain(own).collect::<Vec<_>>()
    })
}

/// The tests that took longest, if any took long.
fn slowest(run: &TestRun) -> String {
    let mut all: Vec<(Duration, String)> = run
        .files
        .iter()
        .flat_map(|file| {
            file.tests.iter().map(|test| {
                (test.whole_duration(), format!("{}::{}", file.shown_name(), test.name))
            })
        })
        .filter(|(took, _)| *took >= SLOW)
        .collect();
    if all.is_empty() {
        return String::new();
    }
    all.sort_by(|one, other| other.cmp(one));
    let lines = all.iter().take(SLOWEST);
    let lines = lines.map(|(took, name)| format!("    {:>7.2} s  {name}\n", took.as_secs_f64()));
    format!("\nslowest:\n{}", lines.collect::<String>())
}

/// What a script printed.
fn printed(text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!("  output:\n{}", indented(text)),
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

fn plural(number: usize, word: &str) -> String {
    match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    }
}
