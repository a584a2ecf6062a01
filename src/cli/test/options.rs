//! The options of `test`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::super::options::{OptionError, Options, number_of_seconds, seconds};
use super::last_failed;
use super::report::Wanted;
use crate::host::testing::{Glob, Selection, Shard, TestSettings};

const SELECTION: &str = "Selection";
const REPORTS: &str = "Reports";

/// How tests are chosen, run and told of.
#[derive(Debug, Args)]
pub(in crate::cli) struct TestOptions {
    /// Test scripts, and folders with files `*_test.rhai` in them [default: the working directory]
    pub(super) paths: Vec<PathBuf>,
    /// Only the tests that this pattern fits, FILE::TEST or TEST, in which * stands for any text; repeat it for each
    #[arg(long, value_name = "GLOB", help_heading = SELECTION)]
    filter: Vec<String>,
    /// Only what failed when it last ran
    #[arg(long, help_heading = SELECTION)]
    failed: bool,
    /// Only the N-th of M parts of the files
    #[arg(
        long, value_name = "N/M", value_parser = Shard::parse, conflicts_with = "buckets",
        help_heading = SELECTION
    )]
    shard: Option<Shard>,
    /// As `testBuckets` in arangosh: only every R-th file, beginning with number S, counted from 0
    #[arg(
        long, value_name = "R/S", value_parser = Shard::parse_buckets, alias = "testBuckets",
        help_heading = SELECTION
    )]
    buckets: Option<Shard>,
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
    /// How often a test that failed is tried again; one that passes then is told of as flaky
    #[arg(long, value_name = "N", default_value_t = 0)]
    retries: u32,
    /// Run each file N times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Note begin and end of each test in the agency, below Testing
    #[arg(long)]
    marks: bool,
    /// Leave out a check of what tests leave behind: see docs/testing.md; repeat it for each
    #[arg(long, value_name = "NAME")]
    skip_check: Vec<String>,
    /// The folder for dumps and for what failed last
    #[arg(long, value_name = "DIR", default_value = "out", env = "AGENCYSH_OUTPUT_DIRECTORY")]
    pub(super) output_directory: PathBuf,
    /// Show what tests print also when they pass
    #[arg(long, help_heading = REPORTS)]
    pub(super) show_output: bool,
    /// Report for programs: KIND or KIND=FILE, where KIND is junit, tap, jsonl or github; repeat it for each
    #[arg(long, value_name = "KIND[=FILE]", help_heading = REPORTS)]
    pub(super) report: Vec<Wanted>,
    /// Write the report files of arangosh's test framework into this folder
    #[arg(long, value_name = "DIR", help_heading = REPORTS)]
    pub(super) legacy_reports: Option<PathBuf>,
}

impl TestOptions {
    /// Which tests are wanted.
    ///
    /// # Errors
    /// Nothing is known of what failed.
    pub(super) fn selection(&self) -> Result<Selection, OptionError> {
        let filters = self.filter.iter().map(|filter| Glob::parse(filter)).collect();
        let only = self.failed.then(|| last_failed::read(&self.output_directory)).transpose();
        let only = only.map_err(|problem| OptionError::value("--failed", problem))?;
        Ok(Selection { filters, only, shard: self.shard.or(self.buckets) })
    }

    /// How they are run.
    ///
    /// # Errors
    /// A value is wrong.
    pub(super) fn settings(&self, options: &Options) -> Result<TestSettings, OptionError> {
        let defaults = TestSettings::default();
        let timeout: Option<Duration> =
            self.test_timeout.map(|limit| seconds("--test-timeout", limit)).transpose()?;
        Ok(TestSettings {
            jobs: self.jobs.map_or(defaults.jobs, usize::from),
            timeout: timeout.unwrap_or(defaults.timeout),
            ends_at: options.ends_at()?,
            retries: self.retries,
            rounds: self.repeat,
            marks: self.marks,
            skipped_checks: self.skip_check.clone(),
        })
    }
}
