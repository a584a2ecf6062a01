//! The library's host: results, errors, deadlines, permissions, several hosts at once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use agencysh::deadline::Stop;
use agencysh::host::{Host, HostBuilder, HostError, Permissions, ScriptError, Target};
use agencysh::natives::Gate;
use serde_json::json;

const NO_ARGUMENTS: &[&str] = &[];

fn script_error(result: Result<agencysh::host::Outcome, HostError>) -> ScriptError {
    match result {
        Err(HostError::Script(error)) => *error,
        other => panic!("{other:?}"),
    }
}

fn printing(builder: HostBuilder) -> (Host, Arc<Mutex<String>>) {
    let printed = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&printed);
    (builder.output(move |text| sink.lock().unwrap().push_str(text)).build().unwrap(), printed)
}

#[test]
fn a_script_gives_a_value_and_what_it_printed() {
    let (host, printed) = printing(Host::builder());
    let outcome = host.run_str("a", "print(\"x\", env::args()); #{ n: 1.5 }", &["-v"]).unwrap();
    assert_eq!(outcome.to_json().unwrap(), json!({"n": 1.5}));
    assert_eq!(*printed.lock().unwrap(), "x [ \"-v\" ]\n");
    assert_eq!(outcome.exit_code, None);
    assert_eq!(host.eval("exit(3)").unwrap().exit_code, Some(3));
    assert_eq!(host.eval("1").unwrap().to_json().unwrap(), json!(1));
}

#[test]
fn functions_of_the_last_script_can_be_called() {
    let host = Host::builder().build().unwrap();
    assert!(matches!(host.call("f", json!([])), Err(HostError::NothingToCall { .. })));
    let script = "
        import \"assert\" as assert;
        fn leader(options) { assert::equal(options.db, \"shop\"); `leader of ${options.db}` }
        fn sum(a, b) { a + b }
        fn fail() { throw \"no\"; }
        fn leave() { exit(4); }
        throw_nothing();
        fn throw_nothing() {}
    ";
    host.run_str("a", script, NO_ARGUMENTS).unwrap();
    assert_eq!(host.call("leader", json!({"db": "shop"})).unwrap(), json!("leader of shop"));
    assert_eq!(host.call("sum", json!([1, 2])).unwrap(), json!(3));
    assert_eq!(host.call("leave", json!([])).unwrap(), json!(null));
    let Err(HostError::Script(error)) = host.call("fail", json!([])) else { panic!("no error") };
    assert_eq!((error.message.as_str(), error.kind.as_str()), ("no", "script.thrown"));
    assert_eq!(error.location.unwrap().line, 5);
    assert_eq!(host.call("nothing", json!([])).unwrap_err().kind(), "script.unknown_function");
}

#[test]
fn a_panic_of_a_native_comes_out_and_leaves_the_host_usable() {
    let mut module = rhai::Module::new();
    module.set_native_fn("fail", || -> Result<(), Box<rhai::EvalAltResult>> {
        panic!("this is meant to be seen")
    });
    let host = Host::builder().module("own", module).build().unwrap();
    let run = std::panic::AssertUnwindSafe(|| host.eval("fn f() { 7 } own::fail()"));
    let panic = std::panic::catch_unwind(run).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"this is meant to be seen"));
    assert_eq!(host.call("f", json!([])).unwrap(), json!(7));
}

#[test]
fn an_error_tells_kind_place_number_and_trace() {
    let host = Host::builder().permissions(Permissions::none().allow(Gate::Files)).build().unwrap();
    let script = "fn load(name) {\n    fs::read(name)\n}\nload(\"/no/such\");";
    let error = script_error(host.run_str("main.rhai", script, NO_ARGUMENTS));
    assert_eq!((error.kind.as_str(), error.error_num), ("fs.not_found", Some(14)));
    assert_eq!(error.context["path"], "/no/such");
    let location = error.location.unwrap();
    assert_eq!((location.source.as_str(), location.line), ("main.rhai", 2));
    assert_eq!(location.text.as_deref(), Some("    fs::read(name)"));
    assert_eq!(error.trace[0].function, "load");
    assert_eq!(error.trace[0].location.as_ref().unwrap().line, 4);
}

#[test]
fn e4_a_rethrown_error_keeps_all_its_members() {
    let host = Host::builder().permissions(Permissions::all()).build().unwrap();
    let script = "try { fs::read(\"/no/such\"); } catch (e) { throw e; }";
    let error = script_error(host.eval(script));
    assert_eq!((error.kind.as_str(), error.error_num), ("fs.not_found", Some(14)));
    assert_eq!(error.context["func"], "fs::read");
}

#[test]
fn the_library_starts_with_nothing_but_computing() {
    let host = Host::builder().build().unwrap();
    for code in [
        "fs::exists(\"/\")",
        "http::get(\"http://127.0.0.1:1/\")",
        "net::port_free(1)",
        "env::get(\"HOME\")",
        "agency::connect(#{ endpoints: \"tcp://127.0.0.1:1\" })",
    ] {
        let error = script_error(host.eval(code));
        assert_eq!(error.error_num, Some(11), "{code}: {error:?}");
        assert!(error.kind.starts_with("permission."), "{code}: {error:?}");
    }
    assert_eq!(script_error(host.eval("agency::current()")).kind, "agency.no_target");
}

#[test]
fn a_deadline_ends_functions_that_natives_call_again_and_again() {
    let prepare =
        "let list = []; list.pad(20000, 1); let doc = json::parse_doc(json::stringify(list));";
    for call in
        ["list.map(|x| x)", "list.filter(|x| true)", "doc.map(|x| x)", "doc.for_each(|x| ())"]
    {
        let host = Host::builder().deadline(Duration::from_millis(100)).build().unwrap();
        let begin = Instant::now();
        let ended = host.eval(&format!("{prepare} loop {{ try {{ {call}; }} catch {{}} }}"));
        assert_eq!(script_error(ended).stop, Some(Stop::Deadline), "{call}");
        assert!(begin.elapsed() < Duration::from_secs(2), "{call}: {:?}", begin.elapsed());
    }
}

#[test]
fn a_deadline_ends_each_run_by_itself() {
    let host = Host::builder().deadline(Duration::from_millis(200)).build().unwrap();
    for _ in 0..2 {
        let begin = Instant::now();
        let error = script_error(host.eval("loop { try { sleep(60); } catch {} }"));
        assert_eq!((error.kind.as_str(), error.stop), ("deadline.reached", Some(Stop::Deadline)));
        assert!(begin.elapsed() < Duration::from_secs(20));
    }
    assert_eq!(host.eval("1 + 1").unwrap().to_json().unwrap(), json!(2));
}

#[test]
fn an_interrupt_from_another_thread_ends_loops_and_pauses() {
    let (sender, begun) = std::sync::mpsc::channel();
    let host = Host::builder().output(move |_| sender.send(()).unwrap()).build().unwrap();
    let handle = host.interrupt_handle();
    let interrupter = std::thread::spawn(move || {
        for () in begun {
            handle.interrupt();
        }
    });
    for code in [
        "print(1); loop {}",
        "fn f() { loop {} } print(1); loop { try { f(); } catch {} }",
        "print(1); loop { try { sleep(600); } catch {} }",
    ] {
        let error = script_error(host.eval(code));
        assert_eq!((error.kind.as_str(), error.stop), ("run.interrupted", Some(Stop::Interrupted)));
    }
    assert_eq!(host.eval("2").unwrap().to_json().unwrap(), json!(2), "the next run is unharmed");
    drop(host);
    interrupter.join().unwrap();
}

#[test]
fn s8_hosts_in_one_process_do_not_meet() {
    let (first, first_printed) = printing(Host::builder());
    let (second, second_printed) = printing(Host::builder().deadline(Duration::from_secs(60)));
    std::thread::scope(|scope| {
        for host in [&first, &second] {
            scope.spawn(|| {
                let script = "let name = env::args()[0]; log::set_level(\"agency=debug\"); for i in 0..100 { print(name); }";
                let name = if std::ptr::eq(host, &raw const first) { "first" } else { "second" };
                host.run_str("a", script, &[name]).unwrap();
            });
        }
    });
    assert_eq!(*first_printed.lock().unwrap(), "first\n".repeat(100));
    assert_eq!(*second_printed.lock().unwrap(), "second\n".repeat(100));
    first.eval("time::set_deadline(1000)").unwrap();
    let left = second.eval("time::deadline_remaining()").unwrap().value.as_float().unwrap();
    assert!(left <= 60.0);
}

#[test]
fn log_lines_reach_the_sink_by_level() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let host = Host::builder()
        .log_level("agency=trace")
        .unwrap()
        .log_sink(move |record| {
            sink.lock().unwrap().push(format!("{}: {}", record.topic, record.message));
        })
        .build()
        .unwrap();
    host.eval("log::trace(\"agency\", \"one\"); log::trace(\"two\"); log::warn(\"three\")")
        .unwrap();
    assert_eq!(*lines.lock().unwrap(), ["agency: one", "general: three"]);
    assert!(Host::builder().log_level("loud").is_err());
}

#[test]
fn a_module_file_that_changes_is_loaded_anew() {
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("m.rhai");
    let host = Host::builder().module_folder(folder.path()).build().unwrap();
    let value = || host.eval("import \"m\" as m; m::n()").unwrap().value.as_int().unwrap();
    std::fs::write(&module, "fn n() { 1 }").unwrap();
    assert_eq!((value(), value()), (1, 1));
    std::fs::write(&module, "fn n() { 2 }").unwrap();
    let later = std::time::SystemTime::now() + Duration::from_secs(5);
    std::fs::File::options().write(true).open(&module).unwrap().set_modified(later).unwrap();
    assert_eq!(value(), 2);
}

/// Functions that a module makes for others may use what only the module sees.
#[test]
fn closures_of_modules_can_be_called_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let modules = [
        ("inner", "private fn next(n) { n + 1 } fn adder(n) { || next(n) }"),
        ("outer", "import \"inner\" as inner; fn adder(n) { inner::adder(n) }"),
        ("caller", "fn result(f) { f.call() } fn result_within(map) { map.f.call() }"),
    ];
    for (name, text) in modules {
        std::fs::write(folder.path().join(format!("{name}.rhai")), text).unwrap();
    }
    let host = Host::builder().module_folder(folder.path()).build().unwrap();
    for code in [
        "outer::adder(1).call()",
        "caller::result(outer::adder(1))",
        "caller::result_within(#{ f: outer::adder(1) })",
        "let f = outer::adder(1); [0].map(|_n| f.call())[0]",
    ] {
        let code = format!("import \"outer\" as outer; import \"caller\" as caller; {code}");
        assert_eq!(host.eval(&code).unwrap().value.as_int(), Ok(2), "{code}");
    }
}

#[cfg(feature = "standin")]
#[test]
fn the_embedded_agency_lives_as_long_as_its_host() {
    let host = Host::builder().target(Target::embedded(1)).build().unwrap();
    host.eval("agency::current().set(\"x\", 1)").unwrap();
    let outcome = host.eval("let a = agency::current(); [a.get(\"x\"), a.agents()[0].endpoint]");
    let seen = outcome.unwrap().to_json().unwrap();
    assert_eq!(seen[0], 1);
    let address = seen[1].as_str().unwrap().trim_start_matches("tcp://").to_owned();
    assert!(std::net::TcpStream::connect(&address).is_ok());
    drop(host);
    assert!(std::net::TcpStream::connect(&address).is_err(), "nobody listens any more");
}

#[cfg(feature = "standin")]
#[test]
fn a_target_that_cannot_be_one_is_refused() {
    let even = Host::builder().target(Target::embedded(2)).build().unwrap_err();
    assert_eq!(even.kind(), "cluster.pool_size");
    let none = Target::agency(Vec::new(), agencysh::client::ClientAuth::None);
    let none = Host::builder().target(none).build().unwrap_err();
    assert_eq!(none.kind(), "agency.no_endpoints");
}

#[test]
fn files_are_not_read_for_other_namespaces_either() {
    let host =
        Host::builder().permissions(Permissions::none().allow(Gate::Network)).build().unwrap();
    for code in [
        "http::get(\"https://127.0.0.1:1/\", #{ ca_file: \"/etc/hostname\", verify_certificates: true })",
        "agency::connect(#{ endpoints: \"ssl://127.0.0.1:1\", ca_file: \"/etc/hostname\" })",
        "agency::connect(#{ endpoints: \"tcp://127.0.0.1:1\", jwt_secret_file: \"/etc/hostname\" })",
        "http::download(\"http://127.0.0.1:1/\", \"/tmp/x\")",
        "fs::home_dir()",
        "fs::temp_dir()",
    ] {
        assert_eq!(script_error(host.eval(code)).kind, "permission.files", "{code}");
    }
}

#[test]
fn s1_process_exit_ends_a_run_as_exit_does() {
    let host = Host::builder().build().unwrap();
    for (script, code) in [
        ("process::exit()", 0),
        ("process::exit(7)", 7),
        (
            "fn f() { try { process::exit(3); } catch { throw \"caught\"; } } try { f(); } catch { } 1",
            3,
        ),
        ("[1].map(|x| process::exit(5)); process::exit(6)", 5),
    ] {
        let outcome = host.eval(script).unwrap();
        assert_eq!((outcome.exit_code, outcome.value.is_unit()), (Some(code), true), "{script}");
    }
    let error = script_error(host.eval("process::exit(\"x\")"));
    assert_eq!(error.error_num, Some(10));
    assert_eq!(host.eval("1").unwrap().exit_code, None, "the next run knows nothing of it");
}

#[test]
fn p18_a_host_of_the_library_starts_no_programs_unless_allowed() {
    let error = script_error(Host::builder().build().unwrap().eval("process::run(\"true\", [])"));
    assert_eq!((error.kind.as_str(), error.error_num), ("permission.processes", Some(11)));
    let allowed = Permissions::none().allow(Gate::Processes);
    let host = Host::builder().permissions(allowed).build().unwrap();
    assert_eq!(host.eval("process::run(\"true\", []).exit").unwrap().value.as_int(), Ok(0));
}

#[test]
fn what_an_interrupt_does_is_up_to_each_run() {
    let host = Host::builder().permissions(Permissions::none()).build().unwrap();
    host.eval("time::interrupt_sets_deadline(true)").unwrap();
    let handle = host.interrupt_handle();
    let script = "try { sleep(60); } catch { } loop { }";
    let error = std::thread::scope(|scope| {
        let run = scope.spawn(|| script_error(host.eval(script)));
        // one that comes before the run begins is forgotten
        while !run.is_finished() {
            handle.interrupt();
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        run.join().unwrap()
    });
    assert_eq!(error.stop, Some(Stop::Interrupted));
}

#[test]
fn children_stay_known_from_run_to_run() {
    let host = Host::builder().permissions(Permissions::all()).build().unwrap();
    let pid = host.eval("process::start(\"cat\", [], #{ stdin: \"pipe\" }).pid").unwrap().value;
    let end = host.eval(&format!("process::kill({pid}).signal")).unwrap().value;
    assert_eq!(end.as_int(), Ok(15));
}
