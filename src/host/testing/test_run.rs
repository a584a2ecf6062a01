//! Runs one test, as often as it takes.

use std::time::{Duration, Instant};

use rhai::Dynamic;

use super::results::{Failure, Phase, TestResult, Verdict};
use super::script::TestScript;
use super::settings::TestSettings;
use super::stage::Stage;
use super::{dumping, marks};
use crate::natives::test::SKIPPED;

/// One test in its host.
pub(super) struct TestRun<'a> {
    pub(super) stage: &'a Stage,
    pub(super) script: &'a TestScript,
    pub(super) settings: &'a TestSettings,
    pub(super) name: &'a str,
}

/// What one attempt came to.
struct Attempt {
    failures: Vec<Failure>,
    /// Why the test said that it cannot be run.
    skip_reason: Option<String>,
    set_up: Duration,
    duration: Duration,
    tear_down: Duration,
    notes: Vec<String>,
}

impl TestRun<'_> {
    /// Runs it until it passes or has been tried often enough.
    pub(super) fn run(&self) -> TestResult {
        let mut result = TestResult::new(self.name, Verdict::Passed);
        loop {
            let attempt = self.attempt();
            result.attempts += 1;
            result.output += &self.stage.printed();
            result.notes.extend(attempt.notes);
            (result.set_up, result.duration) = (attempt.set_up, attempt.duration);
            result.tear_down = attempt.tear_down;
            let passed = attempt.failures.is_empty();
            result.verdict = match (passed, result.attempts) {
                (true, _) if attempt.skip_reason.is_some() => Verdict::Skipped,
                (true, 1) => Verdict::Passed,
                (true, _) => Verdict::Flaky,
                (false, _) => Verdict::Failed,
            };
            if passed {
                result.skip_reason = attempt.skip_reason;
                return result;
            }
            result.failures = attempt.failures;
            if result.hung() || result.attempts > self.settings.retries {
                return result;
            }
        }
    }

    /// `set_up`, the test, `tear_down`: the last one also when something failed before.
    fn attempt(&self) -> Attempt {
        let mut notes = Vec::new();
        if self.settings.marks {
            notes.extend(marks::begin(self.stage, self.name).err());
        }
        self.stage.begin_test(self.name);
        let (mut failed, set_up) = self.hook("set_up", Phase::SetUp);
        let mut duration = Duration::ZERO;
        if failed.is_none() {
            (failed, duration) =
                call(self.stage, self.settings, self.name, Vec::new(), Phase::Test);
        }
        let skip_reason = failed.as_ref().and_then(skip_reason);
        let ended = failed.filter(|_| skip_reason.is_none());
        // before tear_down puts everything in order
        let dumped = ended.is_some() || self.stage.host().has_noted();
        if dumped {
            notes.extend(self.dump());
        }
        notes.extend(left_out(self.stage, self.script, self.settings, "tear_down"));
        let (torn, tear_down) = self.hook("tear_down", Phase::TearDown);
        if torn.is_some() && !dumped {
            notes.extend(self.dump());
        }
        let noted = self.stage.end_test().into_iter();
        let noted = noted.map(|error| Failure { phase: Phase::Check, error });
        let failures = noted.chain(ended).chain(torn).collect();
        if self.settings.marks {
            notes.extend(marks::end(self.stage, self.name).err());
        }
        Attempt { failures, skip_reason, set_up, duration, tear_down, notes }
    }

    fn dump(&self) -> Option<String> {
        let folder = self.settings.dumps.as_deref()?;
        dumping::dump(self.stage, folder, self.name, self.settings.timeout)
    }

    fn hook(&self, name: &str, phase: Phase) -> (Option<Failure>, Duration) {
        call_hook(self.stage, self.script, self.settings, name, Some(self.name), phase)
    }
}

/// Calls a hook, with the name of a test if it takes one; nothing happens where the file has none.
pub(super) fn call_hook(
    stage: &Stage,
    script: &TestScript,
    settings: &TestSettings,
    name: &str,
    test: Option<&str>,
    phase: Phase,
) -> (Option<Failure>, Duration) {
    let Some(hook) = script.hook(name) else { return (None, Duration::ZERO) };
    let tears_down = matches!(phase, Phase::TearDown | Phase::TearDownAll);
    if tears_down && is_over(stage, settings) {
        return (None, Duration::ZERO);
    }
    let arguments = match test {
        Some(test) if hook.parameters == 1 => vec![Dynamic::from(test.to_owned())],
        _ => Vec::new(),
    };
    call(stage, settings, name, arguments, phase)
}

/// Whether nothing can run any more: it would fail, which says nothing about it.
fn is_over(stage: &Stage, settings: &TestSettings) -> bool {
    stage.is_cancelled() || settings.limit().is_none()
}

/// Tells that a hook which tears down is not called, if so.
pub(super) fn left_out(
    stage: &Stage,
    script: &TestScript,
    settings: &TestSettings,
    hook: &str,
) -> Option<String> {
    let left_out = script.hook(hook).is_some() && is_over(stage, settings);
    left_out.then(|| format!("{hook} did not run: all tests have been ended"))
}

fn call(
    stage: &Stage,
    settings: &TestSettings,
    function: &str,
    arguments: Vec<Dynamic>,
    phase: Phase,
) -> (Option<Failure>, Duration) {
    let began = Instant::now();
    let limit = settings.limit_or_none();
    let failure = stage.call(function, arguments, limit).err();
    (failure.map(|error| Failure { phase, error: *error }), began.elapsed())
}

/// Why a script says that something cannot be run, if that is what ended it.
pub(super) fn skip_reason(failure: &Failure) -> Option<String> {
    (failure.error.kind == SKIPPED).then(|| failure.error.message.clone())
}
