//! How tests are run, as JSON.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use agencysh_rs::HostError;
use agencysh_rs::host::testing::{Glob, Markers, Selection, Shard, TestSettings, check_name};
use serde::Deserialize;
use serde_json::Value;

use crate::error::invalid;

/// The options of `agencysh_tests`; see there.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TestsOptions {
    paths: Vec<PathBuf>,
    filters: Vec<String>,
    only: Option<BTreeSet<String>>,
    shard: Option<String>,
    skip_markers: Vec<String>,
    only_markers: Vec<String>,
    jobs: Option<usize>,
    timeout: Option<f64>,
    deadline: Option<f64>,
    retries: u32,
    rounds: Option<u32>,
    marks: bool,
    strict: bool,
    skipped_checks: Vec<String>,
    dumps: Option<PathBuf>,
}

impl TestsOptions {
    pub(crate) fn from_json(options: Value) -> Result<Self, HostError> {
        // an array would be taken for the members in their order
        if !options.is_object() {
            return Err(invalid("options are a JSON object".to_owned()));
        }
        let options: Self = serde_json::from_value(options)
            .map_err(|error| invalid(format!("options are not as they should be: {error}")))?;
        match options.paths.is_empty() {
            true => Err(invalid("options: paths has to hold a file or folder".to_owned())),
            false => Ok(options),
        }
    }

    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    pub(crate) fn selection(&self) -> Result<Selection, HostError> {
        let shard = self.shard.as_deref().map(Shard::parse).transpose();
        Ok(Selection {
            filters: self.filters.iter().map(|filter| Glob::parse(filter)).collect(),
            only: self.only.clone(),
            shard: shard.map_err(|problem| invalid(format!("options: shard: {problem}")))?,
            markers: Markers {
                skipped: self.skip_markers.clone(),
                only: self.only_markers.clone(),
            },
            named: self.paths.iter().filter(|path| path.is_file()).cloned().collect(),
        })
    }

    pub(crate) fn settings(&self) -> Result<TestSettings, HostError> {
        let defaults = TestSettings::default();
        for check in &self.skipped_checks {
            check_name(check)
                .map_err(|problem| invalid(format!("options: skipped_checks: {problem}")))?;
        }
        let timeout = self.timeout.map(|limit| seconds("timeout", limit)).transpose()?;
        let deadline = self.deadline.map(|limit| seconds("deadline", limit)).transpose()?;
        Ok(TestSettings {
            jobs: at_least_one("jobs", self.jobs.unwrap_or(defaults.jobs))?,
            timeout: timeout.unwrap_or(defaults.timeout),
            // what is too far away to be counted never comes
            ends_at: deadline.and_then(|limit| Instant::now().checked_add(limit)),
            retries: self.retries,
            rounds: at_least_one("rounds", self.rounds.unwrap_or(defaults.rounds))?,
            marks: self.marks,
            strict: self.strict,
            skipped_checks: self.skipped_checks.clone(),
            dumps: self.dumps.clone(),
        })
    }
}

fn at_least_one<T: Default + PartialEq>(option: &str, number: T) -> Result<T, HostError> {
    match number == T::default() {
        true => Err(invalid(format!("options: {option} has to be 1 or more"))),
        false => Ok(number),
    }
}

fn seconds(option: &str, value: f64) -> Result<Duration, HostError> {
    let limit = Duration::try_from_secs_f64(value).ok().filter(|limit| !limit.is_zero());
    limit.ok_or_else(|| {
        invalid(format!("options: {option}: {value} is no number of seconds above 0"))
    })
}
