//! A JSON object a line, for each event when it happens.

use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::super::output;
use super::report::Wanted;
use crate::host::testing::{Event, Failure, FileResult, Observer, TestResult, TestRun, Verdict};

/// Writes lines to a file or the standard output.
pub(super) struct Lines {
    file: Option<Mutex<File>>,
}

impl Lines {
    /// Opens the file that is wanted.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn open(wanted: &Wanted) -> Result<Self, String> {
        let Some(path) = &wanted.file else { return Ok(Self { file: None }) };
        let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let file = folder.and_then(|()| File::create(path));
        let file = file.map_err(|error| format!("'{}': {error}", path.display()))?;
        Ok(Self { file: Some(Mutex::new(file)) })
    }

    fn write(&self, line: &Value) {
        let text = format!("{line}\n");
        match &self.file {
            None => output::write(&text),
            Some(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                if let Err(error) = file.write_all(text.as_bytes()) {
                    output::note(&format!("warning: a line of the report is lost: {error}"));
                }
            }
        }
    }

    /// The last line: what all came to.
    pub(super) fn end(&self, run: &TestRun) {
        self.write(&json!({
            "event": "run_ended",
            "passed": run.count(Verdict::Passed),
            "flaky": run.count(Verdict::Flaky),
            "failed": run.count(Verdict::Failed),
            "skipped": run.count(Verdict::Skipped),
            "failures": run.failures(),
            "success": run.succeeded(),
            "duration": run.duration.as_secs_f64(),
        }));
    }
}

impl Observer for Lines {
    fn see(&self, event: Event<'_>) {
        let line = match event {
            Event::RunBegan { files, tests } => {
                json!({"event": "run_began", "files": files, "tests": tests})
            }
            Event::FileBegan { file } => json!({"event": "file_began", "file": file}),
            Event::TestBegan { file, test } => {
                json!({"event": "test_began", "file": file, "test": test})
            }
            Event::TestEnded { file, result } => test(file, result),
            Event::FileEnded { result } => file(result),
        };
        self.write(&line);
    }
}

fn test(file: &str, result: &TestResult) -> Value {
    json!({
        "event": "test_ended",
        "file": file,
        "test": result.name,
        "verdict": result.verdict.name(),
        "attempts": result.attempts,
        "duration": result.duration.as_secs_f64(),
        "set_up": result.set_up.as_secs_f64(),
        "tear_down": result.tear_down.as_secs_f64(),
        "failures": failures(result.failures.iter()),
        "skip_reason": result.skip_reason,
        "output": result.output,
        "notes": result.notes,
    })
}

fn file(result: &FileResult) -> Value {
    json!({
        "event": "file_ended",
        "file": result.name(),
        "round": result.round,
        "tests": result.tests.len(),
        "success": result.succeeded(),
        "duration": result.duration.as_secs_f64(),
        "failures": failures(result.own_failures()),
        "skip_reason": result.skip_reason,
        "output": result.output,
        "notes": result.notes,
    })
}

fn failures<'a>(failures: impl Iterator<Item = &'a Failure>) -> Value {
    let one = |failure: &Failure| {
        let place = failure.error.location.as_ref();
        json!({
            "phase": failure.phase.name(),
            "kind": failure.error.kind,
            "message": failure.error.message,
            "source": place.map(|place| &place.source),
            "line": place.map(|place| place.line),
            "context": failure.error.context,
        })
    };
    failures.map(one).collect()
}
