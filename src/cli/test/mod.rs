//! `test`: runs test scripts and tells what they came to.
//!
//! * `options`: what is wanted
//! * `text`: for people; `report`, `junit`, `tap`, `lines`, `github`: for programs
//! * `legacy`: as arangosh's test framework does it
//! * `last_failed`: what failed, for the next time

mod github;
mod junit;
mod last_failed;
mod legacy;
mod lines;
mod options;
mod report;
mod tap;
mod text;

use std::path::PathBuf;

use super::exit::ExitCode;
use super::options::{OptionError, Options};
use super::{interrupt, output};
use crate::host::testing::{Event, Observer, Stopped, TestRun, TestRunner, find_files};
use crate::natives::with_causes;
use legacy::LegacyReports;
use lines::Lines;
use report::Kind;
use text::Text;

pub(super) use options::TestOptions;

/// All who want to see what happens.
struct Audience {
    text: Text,
    lines: Vec<Lines>,
}

impl Observer for Audience {
    fn see(&self, event: Event<'_>) {
        self.text.see(event);
        self.lines.iter().for_each(|lines| lines.see(event));
    }
}

/// Runs the tests that are wanted.
pub(super) fn run(options: &Options, wanted: &TestOptions) -> Result<ExitCode, OptionError> {
    let paths = match wanted.paths.is_empty() {
        true => vec![PathBuf::from(".")],
        false => wanted.paths.clone(),
    };
    let files =
        find_files(&paths).map_err(|error| OptionError::value("PATH", with_causes(&error)))?;
    let selection = wanted.selection()?;
    let world = wanted.world(options)?;
    let runner = TestRunner::new(options.builder()?, world, wanted.settings(options)?);
    let legacy = wanted.legacy_reports.as_deref().map(|folder| {
        let words: Vec<String> = std::env::args().skip(1).collect();
        LegacyReports::begin(folder, &words.join(" ")).map_err(|error| {
            OptionError::value("--legacy-reports", format!("'{}': {error}", folder.display()))
        })
    });
    let legacy = legacy.transpose()?;
    let json = wanted.report.iter().filter(|report| report.kind == Kind::Jsonl);
    let lines: Result<Vec<Lines>, String> = json.map(Lines::open).collect();
    let lines = lines.map_err(|problem| OptionError::value("--report", problem))?;
    // what programs read is not to be mixed with what people read
    let aside = wanted.report.iter().any(|report| report.file.is_none());
    let audience = Audience { text: Text::new(options, wanted.show_output, aside), lines };
    let cancel = runner.cancel();
    interrupt::at_first_ctrl_c(move || cancel.cancel());
    let run = runner.run(&files, &selection, &audience);
    audience.lines.iter().for_each(|lines| lines.end(&run));
    let mut lost: Vec<String> =
        wanted.report.iter().filter_map(|report| report.write(&run).err()).collect();
    lost.extend(legacy.and_then(|legacy| legacy.end(&run).err()).map(|error| error.to_string()));
    let remembered = last_failed::update(&wanted.output_directory, &run);
    audience.text.summary(&run);
    for problem in &lost {
        output::note(&format!("error: a report is missing: {problem}"));
    }
    if let Err(error) = remembered {
        output::note(&format!("warning: what failed is not remembered: {error}"));
    }
    Ok(match code_of(&run) {
        ExitCode::OK if !lost.is_empty() => ExitCode::FAILED,
        code => code,
    })
}

fn code_of(run: &TestRun) -> ExitCode {
    match run.stopped {
        Some(Stopped::Interrupted) => ExitCode::INTERRUPTED,
        Some(Stopped::Deadline) => ExitCode::DEADLINE,
        None if !run.succeeded() => ExitCode::FAILED,
        None if run.tests() == 0 => ExitCode::NO_TESTS,
        None => ExitCode::OK,
    }
}
