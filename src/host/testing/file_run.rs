//! Runs the tests of one file.

use std::time::{Duration, Instant};

use rhai::Dynamic;

use super::results::{Event, Failure, FileResult, Observer, Phase, Stopped, TestResult, Verdict};
use super::runner::{Job, TestRunner};
use super::script::TestScript;
use super::stage::Stage;
use crate::host::ScriptError;

/// One file on its way through its tests.
pub(super) struct FileRun<'a> {
    runner: &'a TestRunner,
    job: &'a Job,
    name: String,
    observer: &'a dyn Observer,
    result: FileResult,
}

/// What one attempt at a test came to.
struct Attempt {
    failures: Vec<Failure>,
    set_up: Duration,
    duration: Duration,
    tear_down: Duration,
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
            Ok(script) => self.run_script(script),
            Err(error) => self.note(Phase::Load, error.clone()),
        }
        self.result.duration = began.elapsed();
        self.result
    }

    fn run_script(&mut self, script: &TestScript) {
        let mut waiting = self.job.tests.iter();
        while let Some(first) = waiting.next() {
            // what a hanging test leaves behind is not to be met by the next one
            let rest = self.run_in_one_host(script, first, waiting);
            waiting = rest;
        }
    }

    /// Runs tests in one host until it can no longer be used; gives those that have not been run.
    fn run_in_one_host<'t>(
        &mut self,
        script: &TestScript,
        first: &'t str,
        mut rest: std::slice::Iter<'t, String>,
    ) -> std::slice::Iter<'t, String> {
        let all = |rest: std::slice::Iter<'t, String>| {
            std::iter::once(first).chain(rest.map(String::as_str))
        };
        let begin = Instant::now();
        let stage = match self.stage(script) {
            Ok(stage) => stage,
            Err(failure) => {
                self.fail_all(all(rest), &failure);
                return [].iter();
            }
        };
        self.result.start += begin.elapsed();
        let (failed, took) = self.hook(&stage, script, "set_up_all", None, Phase::SetUpAll);
        self.result.set_up_all += took;
        self.result.output += &stage.printed();
        match failed {
            Some(failure) => {
                self.fail_all(all(rest), &failure);
                rest = [].iter();
            }
            None => {
                let mut usable = self.test(&stage, script, first);
                while usable && let Some(next) = rest.next() {
                    usable = self.test(&stage, script, next);
                }
            }
        }
        let (failed, took) = self.hook(&stage, script, "tear_down_all", None, Phase::TearDownAll);
        self.result.tear_down_all += took;
        self.result.output += &stage.printed();
        self.result.failures.extend(failed);
        rest
    }

    /// A host in which the file has been loaded.
    fn stage(&self, script: &TestScript) -> Result<Stage, Failure> {
        let failure = |phase| move |error| Failure { phase, error };
        let builder = self.runner.world.put_into(self.runner.builder.clone(), &script.needs);
        let stage = Stage::build(builder, &self.runner.cancel).map_err(failure(Phase::Cluster))?;
        let limit = self.runner.settings.limit().unwrap_or_default();
        stage.load(&self.job.path, &script.text, limit).map_err(failure(Phase::Load))?;
        Ok(stage)
    }

    /// Runs one test; tells whether the host can be used for another one.
    fn test(&mut self, stage: &Stage, script: &TestScript, name: &str) -> bool {
        if let Some(stopped) = self.runner.stopped() {
            self.tell(not_run(name, stopped));
            return true;
        }
        self.observer.see(Event::TestBegan { file: &self.name, test: name });
        let mut result = TestResult::new(name, Verdict::Passed);
        let usable = loop {
            let attempt = self.attempt(stage, script, name);
            result.attempts += 1;
            result.output += &stage.printed();
            (result.set_up, result.duration) = (attempt.set_up, attempt.duration);
            result.tear_down = attempt.tear_down;
            let passed = attempt.failures.is_empty();
            let hung = attempt.failures.iter().any(|failure| failure.error.stop.is_some());
            result.verdict = match (passed, result.attempts) {
                (true, 1) => Verdict::Passed,
                (true, _) => Verdict::Flaky,
                (false, _) => Verdict::Failed,
            };
            if !passed {
                result.failures = attempt.failures;
            }
            if passed || hung || result.attempts > self.runner.settings.retries {
                break !hung;
            }
        };
        self.tell(result);
        usable
    }

    /// `set_up`, the test, `tear_down`: the last one also when something failed before.
    fn attempt(&self, stage: &Stage, script: &TestScript, name: &str) -> Attempt {
        let mut failures = Vec::new();
        let (failed, set_up) = self.hook(stage, script, "set_up", Some(name), Phase::SetUp);
        failures.extend(failed);
        let mut duration = Duration::ZERO;
        if failures.is_empty() {
            let (failed, took) = self.call(stage, name, Vec::new(), Phase::Test);
            failures.extend(failed);
            duration = took;
        }
        let (failed, tear_down) =
            self.hook(stage, script, "tear_down", Some(name), Phase::TearDown);
        failures.extend(failed);
        Attempt { failures, set_up, duration, tear_down }
    }

    /// Calls a hook, if the file has it.
    fn hook(
        &self,
        stage: &Stage,
        script: &TestScript,
        name: &str,
        test: Option<&str>,
        phase: Phase,
    ) -> (Option<Failure>, Duration) {
        let Some(hook) = script.hook(name) else { return (None, Duration::ZERO) };
        let arguments = match test {
            Some(test) if hook.parameters == 1 => vec![Dynamic::from(test.to_owned())],
            _ => Vec::new(),
        };
        self.call(stage, name, arguments, phase)
    }

    fn call(
        &self,
        stage: &Stage,
        function: &str,
        arguments: Vec<Dynamic>,
        phase: Phase,
    ) -> (Option<Failure>, Duration) {
        let began = Instant::now();
        let limit = self.runner.settings.limit().unwrap_or_default();
        let failure = stage.call(function, arguments, limit).err();
        (failure.map(|error| Failure { phase, error }), began.elapsed())
    }

    /// Counts tests as failed that could not be run.
    fn fail_all<'t>(&mut self, tests: impl Iterator<Item = &'t str>, failure: &Failure) {
        self.result.failures.push(failure.clone());
        for name in tests {
            let mut result = TestResult::new(name, Verdict::Failed);
            result.failures.push(failure.clone());
            self.tell(result);
        }
    }

    fn note(&mut self, phase: Phase, error: ScriptError) {
        self.result.failures.push(Failure { phase, error });
    }

    fn tell(&mut self, result: TestResult) {
        self.observer.see(Event::TestEnded { file: &self.name, result: &result });
        self.result.tests.push(result);
    }
}

/// A test that is not run because all tests have been ended.
fn not_run(name: &str, stopped: Stopped) -> TestResult {
    let mut result = TestResult::new(name, Verdict::Skipped);
    result.skip_reason = Some(reason(stopped).to_owned());
    result
}

/// A file that is not run because all tests have been ended.
pub(super) fn skipped_file(job: &Job, round: u32, stopped: Stopped) -> FileResult {
    let mut result = FileResult::new(job.path.clone(), round);
    result.skip_reason = Some(reason(stopped).to_owned());
    result.tests = job.tests.iter().map(|name| not_run(name, stopped)).collect();
    result
}

fn reason(stopped: Stopped) -> &'static str {
    match stopped {
        Stopped::Interrupted => "interrupted",
        Stopped::Deadline => "the deadline of all tests has passed",
    }
}
