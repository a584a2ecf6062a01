//! What tests came to, as JSON.

use serde_json::{Value, json};

use super::results::{Failure, FileResult, Stopped, TestResult, TestRun, Verdict};

impl TestRun {
    /// The run as an object: `passed`, `flaky`, `failed` and `skipped`, numbers of tests; `failures`, a number; `success`;
    /// `duration` in seconds; `stopped`, `interrupted` or `deadline` when that ended it early; `files`, an array of what
    /// [`FileResult::to_json`] gives.
    pub fn to_json(&self) -> Value {
        json!({
            "passed": self.count(Verdict::Passed),
            "flaky": self.count(Verdict::Flaky),
            "failed": self.count(Verdict::Failed),
            "skipped": self.count(Verdict::Skipped),
            "failures": self.failures(),
            "success": self.succeeded(),
            "duration": self.duration.as_secs_f64(),
            "stopped": self.stopped.map(|stopped| match stopped {
                Stopped::Interrupted => "interrupted",
                Stopped::Deadline => "deadline",
            }),
            "files": self.files.iter().map(FileResult::to_json).collect::<Vec<_>>(),
        })
    }
}

impl FileResult {
    /// The file as an object: `file`, `round`, `success`, `duration` in seconds, `failures` outside of tests,
    /// `skip_reason`, `output`, `notes`, and `tests`, an array of what [`TestResult::to_json`] gives.
    pub fn to_json(&self) -> Value {
        json!({
            "file": self.name(),
            "round": self.round,
            "tests": self.tests.iter().map(TestResult::to_json).collect::<Vec<_>>(),
            "success": self.succeeded(),
            "duration": self.duration.as_secs_f64(),
            "failures": self.own_failures().map(Failure::to_json).collect::<Vec<_>>(),
            "skip_reason": self.skip_reason,
            "output": self.output,
            "notes": self.notes,
        })
    }
}

impl TestResult {
    /// The test as an object: `test`, its name; `verdict`; `attempts`; `duration`, `set_up` and `tear_down` in seconds;
    /// `failures`, an array of errors as [`ScriptError::to_json`](crate::host::ScriptError::to_json) gives them, each with
    /// its `phase`; `skip_reason`, `output`, `notes`.
    pub fn to_json(&self) -> Value {
        json!({
            "test": self.name,
            "verdict": self.verdict.name(),
            "attempts": self.attempts,
            "duration": self.duration.as_secs_f64(),
            "set_up": self.set_up.as_secs_f64(),
            "tear_down": self.tear_down.as_secs_f64(),
            "failures": self.failures.iter().map(Failure::to_json).collect::<Vec<_>>(),
            "skip_reason": self.skip_reason,
            "output": self.output,
            "notes": self.notes,
        })
    }
}

impl Failure {
    fn to_json(&self) -> Value {
        let mut error = self.error.to_json();
        error["phase"] = self.phase.name().into();
        error
    }
}
