//! Code of the program that panics while a host calls it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use agencysh::host::HostBuilder;
use agencysh::host::testing::{TestRun, Verdict};
use agencysh::{Host, HostError};
use rhai::Module;

use crate::eval_json;

/// The words of the panic that `work` ends in.
fn panic_of<T>(work: impl FnOnce() -> T) -> String {
    let panic = catch_unwind(AssertUnwindSafe(work)).err().expect("it panics");
    panic.downcast_ref::<&str>().expect("it has words").to_string()
}

/// A builder, and what lets its hook panic.
fn with_hook() -> (HostBuilder, Arc<AtomicBool>) {
    let armed = Arc::<AtomicBool>::default();
    let theirs = Arc::clone(&armed);
    let hook = move || assert!(!theirs.load(Ordering::SeqCst), "the hook");
    (Host::builder().while_waiting(hook), armed)
}

fn run_tests(host: &Host, text: &str) -> Result<TestRun, HostError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a_test.rhai"), text).unwrap();
    let paths = [folder.path().to_owned()];
    host.tests(&paths, Default::default(), &Default::default(), &())
}

fn with_native() -> HostBuilder {
    let mut module = Module::new();
    module.set_native_fn("fail", || -> Result<i64, _> { panic!("the native") });
    Host::builder().module("own", module)
}

#[test]
fn a_native_that_panics_ends_the_run_and_leaves_the_host_usable() {
    let host = with_native().build().unwrap();
    assert_eq!(panic_of(|| host.eval("try { own::fail() } catch { }")), "the native");
    assert_eq!(eval_json(&host, "1 + 1"), 2);
}

#[test]
fn a_native_that_panics_fails_its_test_only() {
    let host = with_native().build().unwrap();
    let run = run_tests(&host, "fn test_a() { own::fail() }\nfn test_b() { }").unwrap();
    let [failed, passed] = &run.files[0].tests[..] else { panic!("{run:?}") };
    assert_eq!((failed.verdict, passed.verdict), (Verdict::Failed, Verdict::Passed));
    let error = &failed.failures[0].error;
    assert_eq!(error.kind, "test.panicked");
    assert!(error.message.contains("the native"), "{}", error.message);
}

#[test]
fn sinks_that_panic_end_the_run_and_leave_the_host_usable() {
    let host = Host::builder()
        .output(|_| panic!("the output"))
        .log_sink(|_| panic!("the log"))
        .build()
        .unwrap();
    for (code, words) in [("print(1)", "the output"), ("log::info(\"x\")", "the log")] {
        assert_eq!(panic_of(|| host.eval(code)), words);
        assert_eq!(eval_json(&host, "1 + 1"), 2);
    }
}

#[test]
fn a_hook_that_panics_ends_the_run_and_leaves_nothing_of_it() {
    let (builder, armed) = with_hook();
    let host = builder.build().unwrap();
    for code in [
        "sleep(600)",
        "loop { }",
        "time::interrupt_sets_deadline(true); loop { try { sleep(600) } catch { } }",
    ] {
        armed.store(true, Ordering::SeqCst);
        assert_eq!(panic_of(|| host.eval(code)), "the hook", "{code}");
        armed.store(false, Ordering::SeqCst);
        assert_eq!(eval_json(&host, "1 + 1"), 2, "{code}");
    }
}

#[test]
fn a_hook_that_panics_ends_the_tests() {
    let (builder, armed) = with_hook();
    let host = builder.build().unwrap();
    let test = "fn test_a() { loop { } }";
    armed.store(true, Ordering::SeqCst);
    assert_eq!(panic_of(|| run_tests(&host, test)), "the hook");
    armed.store(false, Ordering::SeqCst);
    assert!(run_tests(&host, "fn test_a() { }").unwrap().succeeded());
}
