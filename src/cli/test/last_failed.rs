//! Which tests failed when they last ran.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::report::write_file;
use crate::host::testing::{TestRun, Verdict};

/// The file in the output folder.
const NAME: &str = "last-failed.json";

#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    failed: BTreeSet<String>,
}

fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

fn read_content(folder: &Path) -> io::Result<Content> {
    let text = std::fs::read(path(folder))?;
    Ok(serde_json::from_slice(&text)?)
}

/// The tests that failed, as `file::test`.
///
/// # Errors
/// What is wrong with the file; it is missing where nothing has failed.
pub(super) fn read(folder: &Path) -> Result<BTreeSet<String>, String> {
    let wrong = |error| match error {
        error if io::Error::kind(&error) == io::ErrorKind::NotFound => {
            format!("no test has failed here: there is no '{}'", path(folder).display())
        }
        error => format!("'{}': {error}", path(folder).display()),
    };
    read_content(folder).map(|content| content.failed).map_err(wrong)
}

/// Remembers what failed now; of tests that did not run it stays as it was.
///
/// # Errors
/// The file cannot be written.
pub(super) fn update(folder: &Path, run: &TestRun) -> io::Result<()> {
    let known = read_content(folder);
    let existed = known.is_ok();
    let mut failed = known.unwrap_or_default().failed;
    for file in &run.files {
        for test in &file.tests {
            let name = format!("{}::{}", file.name(), test.name);
            match test.verdict {
                Verdict::Failed => drop(failed.insert(name)),
                Verdict::Passed | Verdict::Flaky => drop(failed.remove(&name)),
                Verdict::Skipped => {}
            }
        }
    }
    match failed.is_empty() {
        true if existed => std::fs::remove_file(path(folder)),
        true => Ok(()),
        false => {
            let text = serde_json::to_string_pretty(&Content { failed })?;
            write_file(&path(folder), &format!("{text}\n"))
        }
    }
}
