//! Runs the tests of many files, several files at a time.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::cancel::Cancel;
use super::file_run::{FileRun, panicked_file, skipped_file, spoils};
use super::results::{Event, Failure, FileResult, Observer, Stopped, TestRun};
use super::script::TestScript;
use super::selection::Selection;
use super::settings::TestSettings;
use super::stage::panicked;
use super::world::World;
use crate::host::{HostBuilder, ScriptError};

/// Runs test files.
pub struct TestRunner {
    pub(super) builder: HostBuilder,
    pub(super) world: World,
    pub(super) settings: TestSettings,
    pub(super) cancel: Cancel,
    /// Why the cluster that all files share can no longer be used.
    spoiled: Mutex<Option<String>>,
}

/// One file to be run.
pub(super) struct Job {
    pub(super) path: PathBuf,
    /// What it defines, or why that is not known.
    pub(super) script: Result<TestScript, Box<ScriptError>>,
    /// The tests of it that are run.
    pub(super) tests: Vec<String>,
    /// Why none of them is, if its name says so.
    refusal: Option<String>,
}

impl TestRunner {
    /// A runner whose hosts are made of what `builder` says, but for target and output.
    pub fn new(builder: HostBuilder, world: World, settings: TestSettings) -> Self {
        let spoiled = Mutex::default();
        Self { builder, world, settings, cancel: Cancel::default(), spoiled }
    }

    /// What ends the run early.
    pub fn cancel(&self) -> Cancel {
        self.cancel.clone()
    }

    /// Runs the selected tests of these files; files run at the same time, the tests of one file one after the other.
    pub fn run(
        &self,
        files: &[PathBuf],
        selection: &Selection,
        observer: &dyn Observer,
    ) -> TestRun {
        let began = Instant::now();
        let jobs = self.jobs(files, selection);
        let tests = jobs.iter().map(|job| job.tests.len()).sum();
        observer.see(Event::RunBegan { files: jobs.len(), tests });
        let rounds =
            (1..=self.settings.rounds).flat_map(|round| jobs.iter().map(move |job| (round, job)));
        let rounds: Vec<(u32, &Job)> = rounds.collect();
        let results: Vec<Mutex<Option<FileResult>>> =
            rounds.iter().map(|_| Mutex::default()).collect();
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some((round, job)) = rounds.get(next.fetch_add(1, Ordering::Relaxed)) {
                let at = rounds.iter().position(|one| std::ptr::eq(one.1, *job) && one.0 == *round);
                let result = self.run_job(job, *round, observer);
                if let Some(place) = at.and_then(|at| results.get(at)) {
                    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                }
            }
        };
        std::thread::scope(|scope| {
            // files that share a cluster would be in each other's way
            let jobs = if self.world.is_shared() { 1 } else { self.settings.jobs };
            for _ in 1..jobs.min(rounds.len()) {
                scope.spawn(work);
            }
            work();
        });
        let files = results
            .into_iter()
            .filter_map(|place| place.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect();
        TestRun { files, duration: began.elapsed(), stopped: self.stopped() }
    }

    /// What ends all tests now, if anything does.
    pub(super) fn stopped(&self) -> Option<Stopped> {
        if self.cancel.is_set() {
            return Some(Stopped::Interrupted);
        }
        self.settings.limit().is_none().then_some(Stopped::Deadline)
    }

    /// Says that the cluster of all files is not what it was, if one of these failures means that.
    pub(super) fn spoil(&self, file: &str, failures: &[Failure]) {
        if let Some(failure) = failures.iter().find(|failure| spoils(failure)) {
            let reason = format!("{file} spoiled the cluster: {}", failure.error.message);
            self.spoiled.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
        }
    }

    /// Why no other file is run, if so.
    fn refusal(&self) -> Option<String> {
        let spoiled = self.spoiled.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.stopped().map(|stopped| stopped.reason().to_owned()).or(spoiled)
    }

    fn run_job(&self, job: &Job, round: u32, observer: &dyn Observer) -> FileResult {
        let name = job.path.to_string_lossy();
        observer.see(Event::FileBegan { file: &name });
        let result = match self.refusal().or_else(|| job.refusal.clone()) {
            Some(reason) => skipped_file(job, round, &reason),
            None => self.run_file(job, round, observer),
        };
        observer.see(Event::FileEnded { result: &result });
        result
    }

    /// Runs a file; a panic outside of its functions costs the results of this file and of no other.
    fn run_file(&self, job: &Job, round: u32, observer: &dyn Observer) -> FileResult {
        let run = || FileRun::new(self, job, round, observer).run();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        outcome.unwrap_or_else(|panic| panicked_file(job, round, panicked(&*panic)))
    }

    /// The files that hold selected tests, and those that cannot be read.
    fn jobs(&self, files: &[PathBuf], selection: &Selection) -> Vec<Job> {
        let mut sorted: Vec<&PathBuf> = files.iter().collect();
        sorted.sort();
        let in_shard = |path: &PathBuf| match selection.shard {
            Some(shard) => sorted.binary_search(&path).is_ok_and(|at| shard.holds(at)),
            None => true,
        };
        let job = |path: &PathBuf| {
            let name = path.to_string_lossy();
            let script = TestScript::read(path, &self.builder, &self.settings, &self.cancel);
            let all = script.as_ref().map(|script| script.tests.clone()).unwrap_or_default();
            let tests: Vec<String> =
                all.into_iter().filter(|test| selection.picks(&name, test)).collect();
            // what cannot be read may hold any test, unless none of its tests can be meant
            let wanted = script.is_err() && selection.may_pick_from(&name);
            let refusal = selection.refusal(path);
            (wanted || !tests.is_empty()).then(|| Job {
                path: path.clone(),
                script,
                tests,
                refusal,
            })
        };
        files.iter().filter(|path| in_shard(path)).filter_map(job).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::testing::{TestSettings, Verdict};
    use crate::host::{Host, Target};

    /// Panics as a fault of this program would, when a test of this name begins.
    struct Faulty(&'static str);

    impl Observer for Faulty {
        fn see(&self, event: Event<'_>) {
            match event {
                Event::TestBegan { test, .. } if test == self.0 => panic!("as it should"),
                _ => {}
            }
        }
    }

    /// Admits the tests of this name alone.
    struct Choosy(&'static str);

    impl Observer for Choosy {
        fn see(&self, event: Event<'_>) {
            if let Event::TestBegan { test, .. } = event {
                assert_eq!(test, self.0);
            }
        }

        fn admits(&self, file: &str, test: &str) -> bool {
            file.ends_with("_test.rhai") && test == self.0
        }
    }

    #[test]
    fn tests_that_are_not_admitted_are_skipped_between_the_hooks_of_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a_test.rhai");
        let text = r#"
            fn set_up_all() { print("first"); }
            fn test_a() { throw 1; }
            fn test_b() { print("b"); }
            fn test_c() { throw 1; }
            fn tear_down_all() { print("last"); }
        "#;
        std::fs::write(&file, text).unwrap();
        let existing = World::Existing(Target::None);
        let runner = TestRunner::new(Host::builder(), existing, TestSettings::default());
        let run = runner.run(&[file], &Selection::default(), &Choosy("test_b"));
        let result = &run.files[0];
        let skipped = (Verdict::Skipped, Some("nobody asks for it"));
        let seen = result.tests.iter().map(|test| (test.verdict, test.skip_reason.as_deref()));
        assert_eq!(seen.collect::<Vec<_>>(), [skipped, (Verdict::Passed, None), skipped]);
        assert_eq!(
            (result.output.as_str(), result.tests[1].output.as_str()),
            ("first\nlast\n", "b\n")
        );
        assert!(result.failures.is_empty() && result.succeeded());
    }

    #[test]
    fn a_panic_costs_the_results_of_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["a", "b"].map(|name| {
            let file = folder.path().join(format!("{name}_test.rhai"));
            std::fs::write(&file, format!("fn test_{name}() {{}}")).unwrap();
            file
        });
        let settings = TestSettings { jobs: 1, ..TestSettings::default() };
        let runner = TestRunner::new(Host::builder(), World::Existing(Target::None), settings);
        let run = runner.run(&files, &Selection::default(), &Faulty("test_a"));
        let verdicts: Vec<Verdict> =
            run.files.iter().flat_map(|file| &file.tests).map(|test| test.verdict).collect();
        assert_eq!(verdicts, [Verdict::Failed, Verdict::Passed]);
        let failure = &run.files[0].tests[0].failures[0].error;
        assert_eq!(failure.kind, "test.panicked");
        assert!(failure.message.contains("as it should"));
    }
}
