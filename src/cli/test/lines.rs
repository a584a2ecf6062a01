//! A JSON object a line, for each event when it happens.

use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::super::output;
use super::report::Wanted;
use crate::host::testing::{Event, FileResult, Observer, TestResult, TestRun};

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
        let mut told = run.to_json();
        told.as_object_mut().and_then(|told| told.shift_remove("files"));
        self.write(&with(json!({"event": "run_ended"}), told));
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
    with(json!({"event": "test_ended", "file": file}), result.to_json())
}

fn file(result: &FileResult) -> Value {
    let mut told = result.to_json();
    told["tests"] = result.tests.len().into();
    with(json!({"event": "file_ended"}), told)
}

/// The members of both objects.
fn with(mut object: Value, more: Value) -> Value {
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}
