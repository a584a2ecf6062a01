//! Reports for programs: which there are, and where they go.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::super::output;
use super::{github, junit, tap};
use crate::host::testing::TestRun;

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// XML as CI systems read it.
    Junit,
    /// Test Anything Protocol, version 14.
    Tap,
    /// A JSON object a line, for each event when it happens.
    Jsonl,
    /// Workflow commands that mark lines of a change.
    Github,
}

/// A report that is wanted, and where: `KIND` or `KIND=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) kind: Kind,
    /// The standard output, where there is none.
    pub(super) file: Option<PathBuf>,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, file) = match text.split_once('=') {
            Some((_, "")) => return Err("after = the name of a file is needed".to_owned()),
            Some((kind, file)) => (kind, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let kind = match kind {
            "junit" => Kind::Junit,
            "tap" => Kind::Tap,
            "jsonl" => Kind::Jsonl,
            "github" => Kind::Github,
            _ => return Err(format!("'{kind}' is none of junit, tap, jsonl and github")),
        };
        Ok(Self { kind, file })
    }
}

impl Wanted {
    /// Writes the report of a run that has ended; JSON lines have been written by then.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(super) fn write(&self, run: &TestRun) -> Result<(), String> {
        let text = match self.kind {
            Kind::Junit => junit::report(run)?,
            Kind::Tap => tap::report(run),
            Kind::Github => github::report(run),
            Kind::Jsonl => return Ok(()),
        };
        match &self.file {
            None => output::write(&text),
            Some(file) => {
                write_file(file, &text)
                    .map_err(|error| format!("'{}': {error}", file.display()))?;
            }
        }
        Ok(())
    }
}

/// Writes a file, in folders that are made when they are missing.
pub(super) fn write_file(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(file, text)
}
