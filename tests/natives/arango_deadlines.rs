//! D4 for the current server: which natives look at the deadline, and that none outlasts it.

use std::time::{Duration, Instant};

use agencysh::deadline::Deadline;
use rhai::EvalAltResult;

use crate::arango::{asked, run_on, server};
use crate::server::{Reply, Server, json as json_reply};
use crate::support::Run;
use crate::wait::wait_for;

#[test]
fn d4_natives_of_arango_raise_36_after_the_deadline_except_those_for_cleaning_up() {
    let server = server(|_| json_reply(200, "1"));
    let run = run_on(&server);
    run.exec("let h = arango::handle(); time::set_deadline(0.01); sleep(1)");
    for checked in [
        "get(`/x`)",
        "head(`/x`)",
        "delete(`/x`)",
        "post(`/x`, 1)",
        "put(`/x`, 1)",
        "patch(`/x`, 1)",
        "options(`/x`, 1)",
        "get_raw(`/x`)",
        "head_raw(`/x`)",
        "delete_raw(`/x`)",
        "post_raw(`/x`, 1)",
        "put_raw(`/x`, 1)",
        "patch_raw(`/x`, 1)",
        "options_raw(`/x`, 1)",
        "send_file(`/x`, `/etc/hostname`)",
        "reconnect(`tcp://127.0.0.1:1`)",
        "timeout()",
        "set_timeout(1)",
        "is_connected()",
        "endpoint()",
        "version()",
        "role()",
        "mode()",
        "database()",
        "set_database(`x`)",
        "set_force_json(true)",
    ] {
        let error = run.error(&format!("arango::{checked}"));
        assert_eq!(error["error_num"].as_int(), Ok(36), "{checked}: {error:?}");
        assert_eq!(error["kind"].to_string(), "deadline.script");
    }
    assert!(asked(&server).is_empty());
    run.is_true(
        "let h = arango::handle(); arango::set_compress(false);
         arango::user() == `root` && arango::use_handle(h) && arango::drop_handle(h) && arango::check(1) == 1",
    );
}

/// How a run is ended while it waits.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    RunDeadline,
    ScriptDeadline,
    Interrupt,
}

/// Runs `script`, which hangs at `hanging`, until `end`, and tells how long it went on after that.
fn overrun(script: &str, current: &Server, hanging: &Server, end: End) -> Duration {
    let limit = Duration::from_millis(200);
    let deadline = Deadline::default();
    let run = Run::with(|builder| builder.deadline(deadline.clone()));
    run.exec(&format!("arango::reconnect(`{}`, #{{ jwt: `T` }})", current.url));
    let before = hanging.seen().len();
    let start = Instant::now();
    match end {
        End::RunDeadline => deadline.set_run(Some(limit)),
        End::ScriptDeadline => drop(deadline.set_script(Some(limit))),
        End::Interrupt => {}
    }
    std::thread::scope(|scope| {
        let interrupted = (end == End::Interrupt).then(|| {
            scope.spawn(|| {
                wait_for("the request", || (hanging.seen().len() > before).then_some(()));
                deadline.interrupt();
                Instant::now()
            })
        });
        let outcome = run.try_eval(script).map(drop);
        let stopped = Instant::now();
        if end != End::ScriptDeadline {
            let error = outcome.expect_err(script);
            assert!(matches!(*error, EvalAltResult::ErrorTerminated(..)), "{script} {end:?}");
        }
        let ended = interrupted.map_or(start + limit, |thread| thread.join().unwrap());
        stopped.saturating_duration_since(ended)
    })
}

#[test]
fn d4_no_way_of_hanging_outlasts_a_deadline_or_an_interrupt() {
    let login = Server::start(|_| Reply::Hang);
    let version = Server::start(|request| match request.target.as_str() {
        "/_open/auth" => json_reply(404, ""),
        _ => Reply::Hang,
    });
    // takes much longer to go through than to send
    let large = format!("[{}0]", "0,".repeat(2_000_000));
    let current = server(move |request| match request.target.as_str() {
        "/_db/_system/trickle" => {
            Reply::Trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n".to_vec())
        }
        "/_db/_system/head" => Reply::Trickle(b"HTTP/1.1 200 OK\r\nX-A: ".to_vec()),
        "/_db/_system/large" => json_reply(200, &large),
        _ => Reply::Hang,
    });
    let reconnect =
        |server: &Server| format!("try {{ arango::reconnect(`{}`) }} catch {{ }}", server.url);
    let scripts = [
        ("arango::get(`/x`)".to_owned(), &current),
        ("arango::post_raw(`/trickle`, 1)".to_owned(), &current),
        ("arango::get_raw(`/head`)".to_owned(), &current),
        ("arango::get(`/large`)".to_owned(), &current),
        ("http::get(`/x`)".to_owned(), &current),
        (reconnect(&login), &login),
        (reconnect(&version), &version),
    ];
    for (script, hanging) in &scripts {
        for end in [End::RunDeadline, End::ScriptDeadline, End::Interrupt] {
            let over = overrun(script, &current, hanging, end);
            // 50 ms, and what a busy machine adds
            assert!(over < Duration::from_millis(350), "{script} {end:?}: {over:?}");
        }
    }
}
