//! Natives and modules of the program.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use agencysh::Host;
use agencysh::host::HostError;
use agencysh::natives::{self, NativeContext, NativeError};
use rhai::{Module, NativeCallContext};
use serde_json::json;

use crate::{PATIENCE, Texts, eval_json};

#[test]
fn a_native_shares_state_with_the_program_and_sees_its_run() {
    let total = Arc::new(AtomicI64::new(0));
    let mut module = Module::new();
    let sum = Arc::clone(&total);
    module.set_native_fn("add", move |number: i64| Ok(sum.fetch_add(number, Ordering::SeqCst)));
    module.set_native_fn("script", |call: NativeCallContext| {
        let run = NativeContext::of(&call)
            .map_err(|error| error.into_engine_error(call.call_position()))?;
        run.write("seen\n");
        let script = run.invocation().script.unwrap_or_default();
        Ok(script.to_string_lossy().into_owned())
    });
    let printed = Texts::default();
    let sink = printed.clone();
    let host =
        Host::builder().module("own", module).output(move |text| sink.take(text)).build().unwrap();
    assert_eq!(eval_json(&host, "own::add(2); own::add(3)"), 2);
    assert_eq!(total.load(Ordering::SeqCst), 5);
    let outcome = host.run_script("a/b.rhai", "own::script()", &[] as &[&str]).unwrap();
    assert_eq!(outcome.to_json().unwrap(), "a/b.rhai");
    assert_eq!(printed.all(), ["seen\n"]);
}

#[test]
fn an_error_of_a_native_is_told_as_those_of_agencysh() {
    let mut module = Module::new();
    module.set_native_fn("open", |call: NativeCallContext, name: &str| {
        natives::call(&call, "own::open", |_| -> Result<(), _> {
            let error = NativeError::arango("own.locked", 11, format!("{name} is locked"));
            Err(error.with("name", name.to_owned()))
        })
    });
    let host = Host::builder().module("own", module).build().unwrap();
    let error = host.eval("fn f() {\n  own::open(\"x\")\n}\nf()").unwrap_err().to_json();
    assert_eq!(error["kind"], "own.locked");
    assert_eq!(error["name"], "ArangoError");
    assert_eq!(error["error_num"], 11);
    assert_eq!(error["context"], json!({"func": "own::open", "name": "x"}));
    assert_eq!((&error["line"], &error["trace"][0]["line"]), (&json!(2), &json!(4)));
    // scripts can catch it
    let kind = "let kind = (); try { own::open(\"x\") } catch (e) { kind = e.kind; } kind";
    assert_eq!(eval_json(&host, kind), "own.locked");
}

/// The quickest of several, since the machine may be busy.
#[test]
fn an_interrupt_ends_a_native_that_waits() {
    let (begins, begun) = mpsc::channel();
    let mut module = Module::new();
    module.set_native_fn("wait", move |call: NativeCallContext| {
        natives::call(&call, "own::wait", |run| {
            let _ = begins.send(());
            Ok(run.deadline.sleep(PATIENCE * 10)?)
        })
    });
    let host = Host::builder().module("own", module).build().unwrap();
    let handle = host.interrupt_handle();
    let took = (0..5).map(|_| {
        std::thread::scope(|scope| {
            let run = scope.spawn(|| host.eval("loop { try { own::wait() } catch { } }"));
            begun.recv_timeout(PATIENCE).unwrap();
            let interrupted = Instant::now();
            handle.interrupt();
            let error = run.join().unwrap().unwrap_err();
            assert!(error.is_interrupted(), "{error}");
            assert!(begun.try_recv().is_err(), "it is not called again");
            interrupted.elapsed()
        })
    });
    let took = took.min().unwrap();
    assert!(took < Duration::from_millis(100), "{took:?}");
    assert_eq!(eval_json(&host, "1"), 1, "the next run knows nothing of it");
}

#[test]
fn names_of_agencysh_cannot_be_taken() {
    for (name, builder) in [
        ("agency", Host::builder().module("agency", Module::new())),
        ("assert", Host::builder().module_source("assert", "")),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), "host.name_taken");
        assert!(matches!(error, HostError::NameTaken { name: taken } if taken == name));
    }
}

#[test]
fn a_module_source_can_be_imported_by_scripts_and_by_other_sources() {
    let host = Host::builder()
        .module_source("base", "fn two() { 2 }")
        .module_source("twice", "import \"base\" as base; fn of(x) { x * base::two() }")
        .build()
        .unwrap();
    assert_eq!(eval_json(&host, "import \"twice\" as twice; twice::of(21)"), 42);

    let faulty = Host::builder().module_source("faulty", "fn f() {\n  nothing\n}").build().unwrap();
    let error = faulty.eval("import \"faulty\" as faulty; faulty::f()").unwrap_err();
    assert_eq!((error.file(), error.line()), (Some("<faulty>"), Some(2)));
}

#[test]
fn a_module_source_goes_before_a_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.rhai"), "fn where_from() { \"file\" }").unwrap();
    let builder = || Host::builder().module_folder(folder.path());
    let code = "import \"m\" as m; m::where_from()";
    assert_eq!(eval_json(&builder().build().unwrap(), code), "file");
    let host = builder().module_source("m", "fn where_from() { \"source\" }").build().unwrap();
    assert_eq!(eval_json(&host, code), "source");
}

#[test]
fn the_ending_of_a_module_source_does_not_matter() {
    let host = Host::builder().module_source("one.rhai", "fn of() { 1 }");
    let host = host.module_source("two", "fn of() { 2 }").build().unwrap();
    for (path, number) in [("one", 1), ("one.rhai", 1), ("two", 2), ("two.rhai", 2)] {
        assert_eq!(eval_json(&host, &format!("import \"{path}\" as m; m::of()")), number);
    }
    assert!(Host::builder().module_source("assert.rhai", "").build().is_err(), "it is taken");
}

#[test]
fn hosts_keep_their_own_natives() {
    let host = |number: i64| {
        let mut module = Module::new();
        module.set_native_fn("number", move || Ok(number));
        Host::builder().module("own", module).build().unwrap()
    };
    let (one, two, none) = (host(1), host(2), Host::builder().build().unwrap());
    assert_eq!(eval_json(&one, "own::number()"), 1);
    assert_eq!(eval_json(&two, "own::number()"), 2);
    assert!(none.eval("own::number()").is_err());
}
