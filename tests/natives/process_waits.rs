//! D8-D10, P19: deadlines, interrupts and monitored children; nothing holds up a script.

use std::net::TcpListener;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use agencysh::deadline::Deadline;
use rhai::EvalAltResult;

use crate::support::Run;
use crate::wait::wait_for;

/// A child that neither reads nor writes nor ends before its input ends, which nobody writes.
const SILENT: &str = "let child = process::start(\"sh\", [\"-c\", \"exec sleep 60\"], #{ stdin: \"pipe\", stdout: \"pipe\" });";

/// Much longer than any of these waits may last, and much shorter than they would without end.
const SOON: Duration = Duration::from_secs(10);

/// More than a pipe holds.
const TEXT: &str = "let text = \"\"; text.pad(200000, 'x');";

/// Each way in which a child can let a native hang; the child's number is `pid`.
const HANGING: &[&str] = &[
    "process::status(pid, #{ wait: true })",
    "process::read_pipe(pid)",
    "process::read_pipe(pid, 1)",
    "process::write_pipe(pid, text)",
    "process::run(\"sleep\", [30])",
    "process::run(\"sleep\", [30], #{ capture: true })",
    "process::run(\"yes\", [], #{ stdout: \"pipe\" })",
    "process::run(\"sleep\", [30], #{ input: text })",
];

/// Ends what a test has left running.
fn kill_all(run: &Run) {
    run.exec("for child in process::children() { process::kill(child.pid, 9); }");
}

#[test]
fn d8_a_wait_without_timeout_ends_at_the_scripts_deadline_with_36() {
    let run = Run::new();
    let pid = run.eval(&format!("{SILENT} child.pid"));
    for hanging in HANGING {
        let begin = Instant::now();
        let error =
            run.error(&format!("let pid = {pid}; {TEXT} time::set_deadline(0.1); {hanging}"));
        let lasted = begin.elapsed();
        assert_eq!(error["error_num"].as_int(), Ok(36), "{hanging}");
        assert_eq!(error["kind"].to_string(), "deadline.script", "{hanging}");
        assert!(error["context"].clone().cast::<rhai::Map>().contains_key("pid"), "{hanging}");
        assert!(lasted >= Duration::from_millis(100) && lasted < SOON, "{hanging}: {lasted:?}");
        run.exec("time::clear_deadline()");
    }
    kill_all(&run);
}

#[test]
fn a_wait_with_a_timeout_ends_normally_at_the_scripts_deadline() {
    let run = Run::new();
    run.is_true(&format!(
        "{SILENT} time::set_deadline(0.1); let status = process::status(child.pid, #{{ timeout: 60 }}).status; \
         let raised = try_sleep(); fn try_sleep() {{ try {{ sleep(0); return false; }} catch (e) {{ return e.error_num == 36; }} }} \
         time::clear_deadline(); process::kill(child.pid, 9); status == \"TIMEOUT\" && raised"
    ));
}

#[test]
fn the_runs_deadline_ends_every_wait() {
    for hanging in HANGING.iter().chain(&[
        "process::status(pid, #{ timeout: 60 })",
        "process::run(\"sleep\", [30], #{ timeout: 60 })",
        "process::kill(pid, process::SIGCONT, #{ wait: true, grace: 60, timeout: 60 })",
        "process::kill(process::id(), 0, #{ wait: true, grace: 60, timeout: 60 })",
    ]) {
        let deadline = Deadline::default();
        let run = Run::with(|builder| builder.deadline(deadline.clone()));
        let pid = run.eval(&format!("{SILENT} child.pid"));
        deadline.set_run(Some(Duration::from_millis(100)));
        let begin = Instant::now();
        let error = run
            .try_eval(&format!("let pid = {pid}; {TEXT} try {{ {hanging} }} catch {{ }}"))
            .unwrap_err();
        assert!(matches!(*error, EvalAltResult::ErrorTerminated(..)), "{hanging}: {error}");
        assert!(begin.elapsed() < SOON, "{hanging}: {:?}", begin.elapsed());
        deadline.set_run(None);
        kill_all(&run);
    }
}

#[test]
fn an_interrupt_ends_every_wait() {
    for hanging in HANGING {
        let deadline = Deadline::default();
        let run = Run::with(|builder| builder.deadline(deadline.clone()));
        let pid = run.eval(&format!("{SILENT} child.pid"));
        let both = Arc::new(Barrier::new(2));
        let begin = Instant::now();
        let interrupter = std::thread::spawn({
            let (both, deadline) = (Arc::clone(&both), deadline.clone());
            move || {
                both.wait();
                deadline.interrupt();
            }
        });
        both.wait();
        let error = run.try_eval(&format!("let pid = {pid}; {TEXT} {hanging}")).unwrap_err();
        assert!(matches!(*error, EvalAltResult::ErrorTerminated(..)), "{hanging}: {error}");
        assert!(begin.elapsed() < SOON, "{hanging}");
        interrupter.join().unwrap();
        deadline.clear_interrupt();
        kill_all(&run);
    }
}

#[test]
fn d4_processes_are_checked_and_cleaning_up_is_not() {
    let run = Run::new();
    let pid = run.eval(&format!("{SILENT} child.pid"));
    run.exec("time::set_deadline(0.01); sleep(1)");
    for checked in [
        "process::start(\"true\", [])",
        "process::run(\"true\", [])",
        "process::status(1)",
        "process::set_priority(1, 1)",
        "process::monitor(1)",
        "process::unmonitor(1)",
        "process::read_pipe(1)",
        "process::write_pipe(1, \"\")",
    ] {
        assert_eq!(run.number(checked), 36, "{checked}");
    }
    run.is_true(&format!(
        "process::suspend({pid}); process::resume({pid}); process::statistics({pid}); process::children(); \
         process::close_pipe({pid}, \"read\"); process::kill({pid}).signal == 15"
    ));
}

#[test]
fn files_that_nobody_else_opens_hold_up_nobody() {
    let run = Run::new();
    let fifo = run.directory.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let begin = Instant::now();
    let error = run.error("process::run(\"true\", [], #{ stdout: #{ file: dir + \"/fifo\" } })");
    assert_eq!(error["kind"].to_string(), "fs.failed");
    run.is_true("process::run(\"true\", [], #{ stdin: #{ file: dir + \"/fifo\" } }).exit == 0");
    assert!(begin.elapsed() < SOON);
}

#[test]
fn a_deadline_loses_nothing_that_was_read() {
    let run = Run::new();
    run.is_true(
        "let child = process::start(\"sh\", [\"-c\", \"echo a; read x; echo b\"], #{ stdin: \"pipe\", stdout: \"pipe\" }); \
         time::set_deadline(0.3); let raised = 0; \
         try { process::read_pipe(child.pid); } catch (e) { raised = e.error_num; } \
         time::clear_deadline(); process::write_pipe(child.pid, \"\\n\"); \
         raised == 36 && process::read_pipe(child.pid) == \"a\\nb\\n\"",
    );
}

#[test]
fn d9_the_end_of_a_monitored_child_ends_a_pause_and_names_its_pid() {
    let run = Run::new();
    let begin = Instant::now();
    run.is_true(
        "let child = process::start(\"cat\", [], #{ stdin: \"pipe\" }); process::monitor(child.pid); \
         process::close_pipe(child.pid, \"write\"); sleep(60); let caught = (); \
         try { sleep(0); } catch (e) { caught = e; } \
         let reason = time::deadline_reason(); \
         caught.error_num == 36 && caught.message == reason && reason.ends_with(` - ${child.pid}`) \
         && time::clear_deadline() && time::deadline_reason() == \"execution deadline reached\"",
    );
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
}

#[test]
fn d9_the_end_of_a_monitored_child_ends_a_request() {
    let run = Run::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let begin = Instant::now();
    run.exec(&format!(
        "let child = process::start(\"sleep\", [0.2]); process::monitor(child.pid); \
         try {{ http::get(\"{url}\", #{{ timeout: 60 }}); sleep(0); }} catch (e) {{ if e.error_num != 36 {{ throw e; }} }}"
    ));
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
}

#[test]
fn d9_a_child_that_has_ended_already_counts_and_an_unknown_one_raises() {
    let run = Run::new();
    run.exec(
        "let child = process::start(\"true\", []); process::status(child.pid, #{ wait: true }); \
         process::monitor(child.pid)",
    );
    wait_for("the trigger", || {
        let error = run.try_eval("sleep(0)").is_err();
        error.then_some(())
    });
    run.exec("time::clear_deadline()");
    assert_eq!(run.number("process::monitor(1)"), 1203);
    run.exec("process::unmonitor(1)");
}

#[test]
fn d10_after_unmonitor_the_end_of_the_child_triggers_nothing() {
    let run = Run::new();
    run.is_true(
        "let child = process::start(\"cat\", [], #{ stdin: \"pipe\" }); process::monitor(child.pid); \
         process::unmonitor(child.pid); process::kill(child.pid); \
         process::run(\"sleep\", [0.2]); sleep(0); !time::deadline_reached()",
    );
}

#[test]
fn p19_two_monitored_children_that_end_together_trigger_once_each() {
    let run = Run::new();
    run.is_true(
        "let one = process::start(\"cat\", [], #{ stdin: \"pipe\" }).pid; let two = process::start(\"cat\", [], #{ stdin: \"pipe\" }).pid; \
         process::monitor(one); process::monitor(two); \
         process::kill(one, 9); let first = time::deadline_reason(); time::clear_deadline(); \
         process::kill(two, 9); let second = time::deadline_reason(); let passed = time::clear_deadline(); \
         sleep(0.2); sleep(0); \
         first.ends_with(` - ${one}`) && second.ends_with(` - ${two}`) && passed && !time::deadline_reached()",
    );
    // both end in whatever order with the calls that ask for them
    for _ in 0..20 {
        run.exec(
            "let pids = []; for i in 0..2 { pids.push(process::start(\"cat\", [], #{ stdin: \"pipe\" }).pid); } \
             for pid in pids { process::monitor(pid); } for pid in pids { process::close_pipe(pid, \"write\"); } \
             try { sleep(60); } catch { } time::clear_deadline(); \
             for pid in pids { loop { try { if process::status(pid).exit == 0 { break; } } catch { time::clear_deadline(); } } } \
             time::clear_deadline(); sleep(0)",
        );
    }
}
