//! Runs the tests of one file.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::isolation::{LEFT_BEHIND, Snapshot};
use super::results::{Event, Failure, FileResult, Observer, Phase, TestResult, Verdict};
use super::runner::{Job, TestRunner};
use super::script::TestScript;
use super::stage::Stage;
use super::test_run::{TestRun, call_hook, left_out, skip_reason};
use super::{marks, surroundings};
use crate::host::ScriptError;

/// Why a test was not run that the observer did not want.
const NOT_ADMITTED: &str = "nobody asks for it";

/// One file on its way through its tests.
pub(super) struct FileRun<'a> {
    runner: &'a TestRunner,
    job: &'a Job,
    name: String,
    observer: &'a dyn Observer,
    result: FileResult,
}

/// The life of one host of a file.
struct Life<'a> {
    stage: Stage,
    script: &'a TestScript,
    /// What was there before the file came.
    before: Option<Snapshot>,
    /// What was there after the last test.
    last: Option<Snapshot>,
    /// The tests after which things were there that had not been there before.
    culprits: BTreeMap<String, String>,
    /// What the runner itself leaves behind.
    own_marks: BTreeSet<String>,
    /// How many servers had ended unasked before the file came.
    crashes_before: usize,
    /// How many have by now.
    crashes: usize,
}

impl<'a> FileRun<'a> {
    pub(super) fn new(
        runner: &'a TestRunner,
        job: &'a Job,
        round: u32,
        observer: &'a dyn Observer,
    ) -> Self {
        let name = job.path.to_string_lossy().into_owned();
        let result = FileResult::new(job.path.clone(), round);
        Self { runner, job, name, observer, result }
    }

    pub(super) fn run(mut self) -> FileResult {
        let began = Instant::now();
        match &self.job.script {
            Ok(script) => {
                let needs = &script.needs;
                self.result.has_members = needs.dbservers() + needs.coordinators() > 0;
                let mut waiting: &[String] = &self.job.tests;
                while !waiting.is_empty() {
                    if let Some(stopped) = self.runner.stopped() {
                        self.skip_all(waiting, stopped.reason());
                        break;
                    }
                    // what a hanging test leaves behind is not to be met by the next one
                    waiting = self.live(script, waiting);
                }
            }
            Err(error) => self.note(Phase::Load, (**error).clone()),
        }
        self.result.duration = began.elapsed();
        self.result
    }

    /// Runs tests in one host until it can no longer be used; gives those that have not been run.
    fn live<'t>(&mut self, script: &TestScript, tests: &'t [String]) -> &'t [String] {
        let began = Instant::now();
        let mut life = match self.begin(script) {
            Ok(life) => life,
            Err(Unusable::Skipped(reason)) => {
                self.result.skip_reason = Some(reason.clone());
                self.skip_all(tests, &reason);
                return &[];
            }
            Err(Unusable::Failed(failure)) => {
                self.fail_all(tests, &failure);
                return &[];
            }
        };
        self.result.start += began.elapsed();
        let rest = self.tests(&mut life, tests);
        let hook = "tear_down_all";
        self.result.notes.extend(left_out(&life.stage, script, &self.runner.settings, hook));
        let (failed, took) = self.hook(&life, hook, Phase::TearDownAll);
        self.result.tear_down_all += took;
        self.result.failures.extend(failed);
        let crashes = surroundings::crashes(&life.stage, life.crashes);
        life.crashes += crashes.len();
        self.result.failures.extend(crashes);
        let left = self.left_behind(&life);
        self.result.failures.extend(left);
        self.result.output += &life.stage.printed();
        if self.runner.world.is_shared() && !self.result.failures.is_empty() {
            self.runner.spoil(&self.name, &self.result.failures);
        }
        rest
    }

    fn tests<'t>(&mut self, life: &mut Life<'_>, tests: &'t [String]) -> &'t [String] {
        let (failed, took) = self.hook(life, "set_up_all", Phase::SetUpAll);
        self.result.set_up_all += took;
        self.result.output += &life.stage.printed();
        if let Some(failure) = failed {
            match skip_reason(&failure) {
                Some(reason) => self.skip_all(tests, &reason),
                None => self.fail_all(tests, &failure),
            }
            return &[];
        }
        life.last = surroundings::look(&life.stage);
        for (at, name) in tests.iter().enumerate() {
            let usable = self.test(life, name);
            if !usable {
                return &tests[at + 1..];
            }
        }
        &[]
    }

    /// A host in which the file has been loaded, and servers for it.
    fn begin<'s>(&self, script: &'s TestScript) -> Result<Life<'s>, Unusable> {
        let failure = |phase| {
            move |error: Box<ScriptError>| {
                Unusable::Failed(Box::new(Failure { phase, error: *error }))
            }
        };
        let limit = self.runner.settings.limit_or_none();
        let target = self.runner.world.target(&script.needs).map_err(Unusable::Skipped)?;
        let builder = self.runner.builder.clone().target(target);
        let stage = Stage::build(builder, &self.runner.cancel).map_err(failure(Phase::Cluster))?;
        stage.connect(limit.time).map_err(failure(Phase::Cluster))?;
        if self.runner.world.is_shared()
            && let Some(reason) = surroundings::unmet(&stage, &script.needs)
        {
            return Err(Unusable::Skipped(reason));
        }
        let before = surroundings::look(&stage);
        stage.load(&self.job.path, &script.text, limit).map_err(failure(Phase::Load))?;
        let crashes = stage.host().crashes().len();
        Ok(Life {
            stage,
            script,
            before,
            last: None,
            culprits: BTreeMap::new(),
            own_marks: BTreeSet::new(),
            crashes_before: crashes,
            crashes,
        })
    }

    /// Runs one test; tells whether the host can be used for another one.
    fn test(&mut self, life: &mut Life<'_>, name: &str) -> bool {
        if let Some(stopped) = self.runner.stopped() {
            self.tell(TestResult::not_run(name, stopped.reason()));
            return true;
        }
        if !self.observer.admits(&self.name, name) {
            self.tell(TestResult::not_run(name, NOT_ADMITTED));
            return true;
        }
        self.observer.see(Event::TestBegan { file: &self.name, test: name });
        let settings = &self.runner.settings;
        let run = TestRun { stage: &life.stage, script: life.script, settings, name };
        let mut result = run.run();
        if settings.marks {
            life.own_marks.insert(format!("the key Testing/{}", marks::key(name)));
        }
        let crashes = surroundings::crashes(&life.stage, life.crashes);
        life.crashes += crashes.len();
        let mut usable = !result.hung();
        if !crashes.is_empty() {
            // servers of the file's own are not what they were
            usable &= self.runner.world.is_shared();
            result.failures.extend(crashes);
            result.verdict = Verdict::Failed;
        }
        if usable {
            Self::watch(life, name);
        }
        self.tell(result);
        usable
    }

    /// Notes what is there since this test.
    fn watch(life: &mut Life<'_>, name: &str) {
        let now = surroundings::look(&life.stage);
        if let (Some(last), Some(now)) = (&life.last, &now) {
            for thing in now.beyond(last).things() {
                life.culprits.entry(thing.clone()).or_insert_with(|| name.to_owned());
            }
        }
        life.last = now;
    }

    /// What the file leaves behind: failures, or a note on what ends with its own cluster anyway.
    fn left_behind(&mut self, life: &Life<'_>) -> Vec<Failure> {
        let settings = &self.runner.settings;
        let skipped = [settings.skipped_checks.as_slice(), life.script.unchecked.as_slice()];
        let counts = settings.strict || self.runner.world.is_shared();
        let mut before = life.before.clone().unwrap_or_default();
        life.own_marks.iter().for_each(|mark| before.add("marks", mark.clone()));
        // what a server that ended unasked leaves behind is no news
        let whole = life.before.is_some() && life.crashes == life.crashes_before;
        let mut left = match whole && self.runner.stopped().is_none() {
            true => surroundings::left_behind(&life.stage, &before, &skipped, counts),
            false => Snapshot::default(),
        };
        for child in life.stage.host().end_children() {
            left.add("processes", format!("the child {child}"));
        }
        let mut left = left.without(&skipped);
        if counts {
            return left.failures(&life.culprits);
        }
        // children would have outlived the cluster
        let children = left.take("processes");
        self.result.notes.extend(left.sentence());
        children.failures(&life.culprits)
    }

    /// Calls a hook of the file, if it has it.
    fn hook(&self, life: &Life<'_>, name: &str, phase: Phase) -> (Option<Failure>, Duration) {
        call_hook(&life.stage, life.script, &self.runner.settings, name, None, phase)
    }

    /// Counts tests as failed that could not be run.
    fn fail_all(&mut self, tests: &[String], failure: &Failure) {
        self.result.failures.push(failure.clone());
        for name in tests {
            let mut result = TestResult::new(name, Verdict::Failed);
            result.failures.push(failure.clone());
            self.tell(result);
        }
    }

    /// Counts tests as skipped for the same reason.
    fn skip_all(&mut self, tests: &[String], reason: &str) {
        tests.iter().for_each(|name| self.tell(TestResult::not_run(name, reason)));
    }

    fn note(&mut self, phase: Phase, error: ScriptError) {
        self.result.failures.push(Failure { phase, error });
    }

    fn tell(&mut self, result: TestResult) {
        self.observer.see(Event::TestEnded { file: &self.name, result: &result });
        self.result.tests.push(result);
    }
}

/// Why a file has no host.
enum Unusable {
    /// What it needs is not there.
    Skipped(String),
    /// Something went wrong.
    Failed(Box<Failure>),
}

/// Whether the cluster of all files is no longer what it was.
pub(super) fn spoils(failure: &Failure) -> bool {
    failure.error.kind == LEFT_BEHIND || failure.error.kind == "cluster.crashed"
}

/// A file that is not run.
pub(super) fn skipped_file(job: &Job, round: u32, reason: &str) -> FileResult {
    let mut result = FileResult::new(job.path.clone(), round);
    result.skip_reason = Some(reason.to_owned());
    result.tests = job.tests.iter().map(|name| TestResult::not_run(name, reason)).collect();
    result
}

/// A file in the middle of which this program panicked.
pub(super) fn panicked_file(job: &Job, round: u32, error: ScriptError) -> FileResult {
    let mut result = FileResult::new(job.path.clone(), round);
    let failure = Failure { phase: Phase::Load, error };
    for name in &job.tests {
        let mut test = TestResult::new(name, Verdict::Failed);
        test.failures.push(failure.clone());
        result.tests.push(test);
    }
    result.failures.push(failure);
    result
}
