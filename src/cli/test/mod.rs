//! `test`: runs test scripts and tells what they came to.
//!
//! * `text`: for people

mod text;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::exit::ExitCode;
use super::interrupt;
use super::options::{OptionError, Options, number_of_seconds, seconds};
use crate::host::testing::{
    Glob, Selection, Stopped, TestRun, TestRunner, TestSettings, World, find_files,
};
use crate::natives::with_causes;

/// How tests are chosen, run and told of.
#[derive(Debug, Args)]
pub(super) struct TestOptions {
    /// Test scripts, and folders with files `*_test.rhai` in them [default: the working directory]
    paths: Vec<PathBuf>,
    /// Only the tests that this pattern fits, FILE::TEST or TEST, in which * stands for any text; repeat it for each
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    filter: Vec<String>,
    /// How many files run at the same time [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// How long a test may take [default: 900]
    #[arg(
        long,
        value_name = "SECONDS",
        allow_negative_numbers = true,
        value_parser = number_of_seconds
    )]
    test_timeout: Option<f64>,
    /// Show what tests print also when they pass
    #[arg(long)]
    show_output: bool,
}

impl TestOptions {
    fn selection(&self) -> Selection {
        let filters = self.filter.iter().map(|filter| Glob::parse(filter)).collect();
        Selection { filters, ..Selection::default() }
    }

    fn settings(&self, options: &Options) -> Result<TestSettings, OptionError> {
        let defaults = TestSettings::default();
        let timeout: Option<Duration> =
            self.test_timeout.map(|limit| seconds("--test-timeout", limit)).transpose()?;
        Ok(TestSettings {
            jobs: self.jobs.map_or(defaults.jobs, usize::from),
            timeout: timeout.unwrap_or(defaults.timeout),
            ends_at: options.ends_at()?,
            ..defaults
        })
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
    let world = match options.existing_target()? {
        Some(target) => World::Existing(target),
        None => World::default(),
    };
    let runner = TestRunner::new(options.builder()?, world, wanted.settings(options)?);
    let cancel = runner.cancel();
    interrupt::at_first_ctrl_c(move || cancel.cancel());
    let text = text::Text::new(options, wanted.show_output);
    let run = runner.run(&files, &wanted.selection(), &text);
    text.summary(&run);
    Ok(code_of(&run))
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
