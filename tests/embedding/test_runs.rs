//! The tests of scripts, run by a host.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use agencysh::host::testing::{
    Event, Glob, Observer, Selection, Stopped, TestRun, TestSettings, Verdict,
};
use agencysh::http::Endpoint;
use agencysh::{Host, Target};

use crate::PATIENCE;

/// Writes and reads the agency; one test passes, one fails, one is skipped.
const SCRIPT: &str = "
    import \"assert\" as assert;
    fn cluster() { #{ agents: 1 } }
    fn test_passes() { print(\"hello\"); agency::current().set(\"Test/X\", 1); }
    fn test_fails() {
        assert::equal(agency::current().get(\"Test/X\"), 2);
    }
    fn test_is_skipped() { test::skip(\"not today\"); }
    fn tear_down_all() { agency::current().remove(\"Test\"); }
";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn run(host: &Host, path: &Path) -> TestRun {
    let paths = [path.to_owned()];
    host.tests(&paths, TestSettings::default(), &Selection::default(), &()).unwrap()
}

fn verdicts(run: &TestRun) -> Vec<(String, Verdict)> {
    let tests = run.files.iter().flat_map(|file| &file.tests);
    tests.map(|test| (test.name.clone(), test.verdict)).collect()
}

fn expect_all_three(run: &TestRun) {
    let expected = [
        ("test_passes".to_owned(), Verdict::Passed),
        ("test_fails".to_owned(), Verdict::Failed),
        ("test_is_skipped".to_owned(), Verdict::Skipped),
    ];
    assert_eq!(verdicts(run), expected, "{}", run.to_json());
    assert!(!run.succeeded());
}

#[test]
fn tests_run_on_servers_of_their_own_and_on_those_that_exist() {
    let folder = folder(&[("a_test.rhai", SCRIPT)]);
    for target in [Target::None, Target::embedded(1)] {
        expect_all_three(&run(&Host::builder().target(target).build().unwrap(), folder.path()));
    }
    let cluster = agencysh::Cluster::embedded(1).unwrap();
    let shared = Host::builder().target(Target::Shared(cluster.clone())).build().unwrap();
    expect_all_three(&run(&shared, folder.path()));
    let agents = cluster.agency().unwrap().endpoints();
    let endpoints = agents.iter().map(|text| Endpoint::parse(text).unwrap()).collect();
    let existing = Target::agency(endpoints, Default::default());
    let existing = Host::builder().target(existing).build().unwrap();
    expect_all_three(&run(&existing, folder.path()));
}

#[test]
fn results_tell_what_failed_where_and_what_was_printed() {
    let folder = folder(&[("a_test.rhai", SCRIPT)]);
    let run = run(&Host::builder().build().unwrap(), folder.path());
    let json = run.to_json();
    assert_eq!(
        (&json["passed"], &json["failed"], &json["skipped"]),
        (&1.into(), &1.into(), &1.into())
    );
    let tests = &json["files"][0]["tests"];
    assert_eq!(tests[0]["output"], "hello\n");
    assert_eq!(tests[1]["failures"][0]["line"], 6);
    assert_eq!(tests[1]["failures"][0]["phase"], "test");
    assert_eq!(tests[2]["skip_reason"], "not today");
    assert_eq!(json["success"], false);
}

#[test]
fn a_selection_says_which_tests_run() {
    let folder = folder(&[("a_test.rhai", SCRIPT)]);
    let host = Host::builder().build().unwrap();
    let selection = Selection { filters: vec![Glob::parse("*_passes")], ..Selection::default() };
    let paths = [folder.path().to_owned()];
    let run = host.tests(&paths, TestSettings::default(), &selection, &()).unwrap();
    assert_eq!(verdicts(&run), [("test_passes".to_owned(), Verdict::Passed)]);
    assert!(run.succeeded());
}

#[test]
fn no_such_folder_is_an_error_and_no_test_is_none() {
    let host = Host::builder().build().unwrap();
    let none = [PathBuf::from("/no/such")];
    let error = host.tests(&none, TestSettings::default(), &Selection::default(), &()).unwrap_err();
    assert_eq!(error.kind(), "test.not_found");
    let empty = run(&host, folder(&[]).path());
    assert_eq!((empty.tests(), empty.succeeded()), (0, true));
}

/// Says when a test begins.
struct Begun(mpsc::SyncSender<String>);

impl Observer for Begun {
    fn see(&self, event: Event<'_>) {
        if let Event::TestBegan { test, .. } = event {
            let _ = self.0.send(test.to_owned());
        }
    }
}

#[test]
fn an_interrupt_from_another_thread_ends_all_tests() {
    let script = "fn test_a() { sleep(600) }\nfn test_b() {}";
    let folder = folder(&[("a_test.rhai", script), ("b_test.rhai", script)]);
    let host = Host::builder().build().unwrap();
    let handle = host.interrupt_handle();
    let (sender, begun) = mpsc::sync_channel(8);
    let paths = [folder.path().to_owned()];
    let began = Instant::now();
    let run = std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            let observer = Begun(sender);
            host.tests(&paths, TestSettings::default(), &Selection::default(), &observer)
        });
        begun.recv_timeout(PATIENCE).unwrap();
        handle.interrupt();
        run.join().unwrap().unwrap()
    });
    assert!(began.elapsed() < Duration::from_secs(600));
    assert_eq!(run.stopped, Some(Stopped::Interrupted));
    assert!(!run.succeeded());
    assert!(run.count(Verdict::Failed) >= 1, "{}", run.to_json());
    assert_eq!(run.count(Verdict::Passed), 0, "{}", run.to_json());
    // the host can be used again
    assert_eq!(host.eval("1").unwrap().value.as_int(), Ok(1));
    let other = folder_of_one_that_passes();
    assert!(self::run(&host, other.path()).succeeded());
}

fn folder_of_one_that_passes() -> tempfile::TempDir {
    folder(&[("a_test.rhai", "fn test_a() {}")])
}

#[test]
fn several_hosts_run_tests_at_once() {
    let folder = folder(&[("a_test.rhai", SCRIPT), ("b_test.rhai", SCRIPT)]);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let run = run(&Host::builder().build().unwrap(), folder.path());
                let counts = [Verdict::Passed, Verdict::Failed, Verdict::Skipped];
                assert_eq!(
                    counts.map(|verdict| run.count(verdict)),
                    [2, 2, 2],
                    "{}",
                    run.to_json()
                );
            });
        }
    });
}

#[test]
fn tests_see_natives_and_modules_of_the_host() {
    let mut module = rhai::Module::new();
    module.set_native_fn("number", || Ok(7_i64));
    let script = "import \"mine\" as mine; fn test_a() { if mine::twice(own::number()) != 14 { throw \"no\" } }";
    let folder = folder(&[("a_test.rhai", script)]);
    let host = Host::builder()
        .module("own", module)
        .module_source("mine", "fn twice(x) { x * 2 }")
        .build()
        .unwrap();
    let run = run(&host, folder.path());
    assert!(run.succeeded() && run.tests() == 1, "{}", run.to_json());
}
