//! The options of `test`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::super::options::{OptionError, Options, number_of_seconds, seconds};
use super::last_failed;
use super::report::Wanted;
#[cfg(feature = "standin")]
use crate::host::testing::Launched;
use crate::host::testing::{Glob, Markers, Selection, Shard, TestSettings, World, check_name};

const SELECTION: &str = "Selection";
const REPORTS: &str = "Reports";

/// How tests are chosen, run and told of.
#[derive(Debug, Args)]
pub(in crate::cli) struct TestOptions {
    /// Test scripts, and folders with files `*_test.rhai` in them [default: the working directory]
    pub(super) paths: Vec<PathBuf>,
    /// Where the servers of each file run, whatever the file says [default: embedded, or as the file says]
    #[cfg(feature = "standin")]
    #[arg(long, value_enum, value_name = "WORLD")]
    world: Option<Place>,
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
    /// Leave out files with this marker in their names, as in failover-slow_test.rhai; repeat it for each
    #[arg(long, value_name = "MARKER", help_heading = SELECTION)]
    skip: Vec<String>,
    /// Only files with this marker in their names; `nightly` is left out unless asked for so; repeat it for each
    #[arg(long, value_name = "MARKER", help_heading = SELECTION)]
    only: Vec<String>,
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
    /// Count it as a failure, too, if a file leaves something behind in a cluster of its own
    #[arg(long)]
    strict: bool,
    /// Leave out a check of what tests leave behind: see docs/testing.md; repeat it for each
    #[arg(long, value_name = "NAME", value_parser = known_check)]
    skip_check: Vec<String>,
    /// Take no dump of the agency when a test fails
    #[arg(long)]
    no_dump: bool,
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

/// Where servers run.
#[cfg(feature = "standin")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Place {
    /// In this process
    Embedded,
    /// In processes of their own
    Processes,
}

fn known_check(name: &str) -> Result<String, String> {
    check_name(name).map(|()| name.to_owned())
}

impl TestOptions {
    /// Where the tests run.
    ///
    /// # Errors
    /// Options exclude each other.
    pub(super) fn world(&self, options: &Options) -> Result<World, OptionError> {
        let existing = options.existing_target()?;
        #[cfg(feature = "standin")]
        if existing.is_some() && self.world.is_some() {
            return Err(OptionError::Conflict { first: "--world", second: "an existing target" });
        }
        match existing {
            Some(target) => Ok(World::Existing(target)),
            #[cfg(feature = "standin")]
            None => self.launched(options).map(World::Launched),
            #[cfg(not(feature = "standin"))]
            None => Ok(World::default()),
        }
    }

    /// The servers that are launched for each file.
    #[cfg(feature = "standin")]
    fn launched(&self, options: &Options) -> Result<Launched, OptionError> {
        let arangod = options.arangod().map(std::path::Path::to_owned);
        let said = match self.world {
            Some(place) => Some(place == Place::Processes),
            None => options.in_processes(),
        };
        if arangod.is_some() && said == Some(false) {
            return Err(OptionError::Missing { option: "--arangod", needed: "--world processes" });
        }
        let place = said.or(arangod.is_some().then_some(true)).map(|processes| match processes {
            true => crate::cluster::World::Processes,
            false => crate::cluster::World::Embedded,
        });
        Ok(Launched { place, arangod, program: None })
    }

    /// Which tests are wanted.
    ///
    /// # Errors
    /// Nothing is known of what failed.
    pub(super) fn selection(&self) -> Result<Selection, OptionError> {
        let filters = self.filter.iter().map(|filter| Glob::parse(filter)).collect();
        let only = self.failed.then(|| last_failed::read(&self.output_directory)).transpose();
        let only = only.map_err(|problem| OptionError::value("--failed", problem))?;
        let words = |words: &[String]| -> Vec<String> {
            words.iter().map(|word| word.trim_start_matches('-').to_owned()).collect()
        };
        let markers = Markers { skipped: words(&self.skip), only: words(&self.only) };
        let named = self.paths.iter().filter(|path| path.is_file()).cloned().collect();
        Ok(Selection { filters, only, shard: self.shard.or(self.buckets), markers, named })
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
            strict: self.strict,
            skipped_checks: self.skip_check.clone(),
            dumps: (!self.no_dump).then(|| self.output_directory.clone()),
        })
    }
}
