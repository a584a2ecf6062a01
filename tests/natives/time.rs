//! D1-D14.

use std::time::{Duration, Instant};

use agencysh::deadline::Deadline;
use rhai::EvalAltResult;

use crate::support::Run;

#[test]
fn d1_now_is_the_system_clock() {
    let before =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    let now = Run::new().eval("time::now()").as_float().unwrap();
    assert!((now - before).abs() < 1.0);
}

#[test]
fn d2_sleep_takes_integers_floats_and_negatives() {
    let run = Run::new();
    let start = Instant::now();
    run.exec("sleep(0.1); time::sleep(-5); time::sleep(-0.5); sleep(0);");
    assert!(
        start.elapsed() >= Duration::from_millis(100) && start.elapsed() < Duration::from_secs(2)
    );
}

#[test]
fn d3_a_pause_that_meets_the_deadline_ends_normally_and_the_next_raises() {
    let run = Run::new();
    let start = Instant::now();
    assert_eq!(run.number("time::set_deadline(0.1); sleep(10); sleep(10)"), 36);
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn d4_checked_natives_raise_until_cleared_and_others_work() {
    let run = Run::new();
    run.is_true(
        "time::set_deadline(0.01); sleep(1); let raised = 0;
         for i in 0..3 { try { sleep(0); } catch (e) { if e.error_num == 36 { raised += 1; } } }
         fs::write(dir + \"/x\", \"1\"); log::info(\"x\"); print(1);
         time::clear_deadline(); sleep(0); raised == 3",
    );
}

#[test]
fn d5_clear_tells_whether_the_deadline_had_passed() {
    let run = Run::new();
    run.is_true("time::set_deadline(0.01); sleep(1); time::clear_deadline()");
    run.is_true("time::set_deadline(100); !time::clear_deadline() && !time::clear_deadline()");
}

#[test]
fn d6_zero_and_negative_clear() {
    Run::new().is_true(
        "time::set_deadline(100); time::set_deadline(0); let a = time::deadline_remaining();
         time::set_deadline(100); time::set_deadline(-1.5); a == () && time::deadline_remaining() == ()",
    );
}

#[test]
fn d7_the_passed_deadline_is_an_error_that_can_be_caught() {
    let run = Run::new();
    let script = "let number = 0; time::set_deadline(0.02); sleep(1); \
                  try { sleep(1); } catch (error) { number = error.error_num; } number";
    assert_eq!(run.eval(script).as_int().unwrap(), 36);
}

#[test]
fn d11_an_interrupt_can_set_the_script_deadline() {
    let deadline = Deadline::default();
    let run = Run::with(|builder| builder.deadline(deadline.clone()));
    run.exec("time::interrupt_sets_deadline(true)");
    deadline.interrupt();
    let error = run.error("sleep(1)");
    assert_eq!(error["error_num"].as_int(), Ok(36));
    assert_eq!(error["message"].to_string(), agencysh::deadline::INTERRUPT_REASON);
    run.is_true(
        "time::clear_deadline() && time::deadline_reason() == \"execution deadline reached\"",
    );
}

#[test]
fn d13_remaining_is_unit_without_deadline_and_never_negative() {
    let run = Run::new();
    run.is_true("time::deadline_remaining() == ()");
    run.is_true("time::set_deadline(0.01); sleep(1); time::deadline_remaining() == 0.0 && time::deadline_reached()");
}

#[test]
fn d14_the_run_deadline_cannot_be_caught_or_cleared() {
    let deadline = Deadline::after(Some(Duration::from_millis(50)));
    let run = Run::with(|builder| builder.deadline(deadline));
    let error = run
        .try_eval("loop { try { time::clear_deadline(); sleep(5); } catch (e) { } }")
        .unwrap_err();
    assert!(matches!(*error, EvalAltResult::ErrorTerminated(..)), "{error}");
}

#[test]
fn an_interrupt_wakes_a_pause() {
    let deadline = Deadline::default();
    let run = Run::with(|builder| builder.deadline(deadline.clone()));
    let start = Instant::now();
    let other = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        deadline.interrupt();
    });
    assert!(matches!(
        *run.try_eval("try { sleep(60) } catch { 1 }").unwrap_err(),
        EvalAltResult::ErrorTerminated(..)
    ));
    other.join().unwrap();
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn instants_round_trip_through_iso8601() {
    let run = Run::new();
    assert_eq!(run.text("time::iso8601(1704164645.678)"), "2024-01-02T03:04:05.678Z");
    run.is_true("time::parse_iso8601(\"2024-01-02T04:04:05.678+01:00\") == 1704164645.678");
    assert_eq!(run.error("time::parse_iso8601(\"soon\")")["name"].to_string(), "SyntaxError");
    assert_eq!(run.number("time::iso8601(1e300)"), 10);
}

#[test]
fn d1_now_is_within_ten_milliseconds_and_finer_than_one() {
    let run = Run::new();
    let system = || {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64()
    };
    let fine = (0..20).any(|_| {
        let before = system();
        let now = run.eval("time::now()").as_float().unwrap();
        assert!(before <= now + 1e-6 && now <= system() + 1e-6);
        (now * 1e3).fract() > 1e-3
    });
    assert!(fine);
}

#[test]
fn d2_odd_durations_return_at_once() {
    let run = Run::new();
    let start = Instant::now();
    run.exec("sleep(0.0 / 0.0); sleep(-1.0 / 0.0); time::sleep(-9223372036854775807 - 1)");
    assert!(start.elapsed() < Duration::from_secs(2));
    for endless in ["1.0 / 0.0", "9223372036854775807", "1e300"] {
        let start = Instant::now();
        assert_eq!(
            run.number(&format!("time::set_deadline(0.05); sleep({endless}); sleep(0)")),
            36
        );
        assert!(start.elapsed() < Duration::from_secs(2), "{endless}");
    }
}

#[test]
fn d4_every_checked_native_raises_36_after_the_deadline() {
    let run = Run::new();
    run.exec("time::set_deadline(0.01); sleep(1)");
    for checked in [
        "sleep(0)",
        "time::sleep(0.0)",
        "http::get(\"http://127.0.0.1:1/\")",
        "http::download(\"http://127.0.0.1:1/\", dir + \"/x\")",
        "net::can_connect(1)",
        "net::port_free(\"localhost:1\")",
        "term::read_line()",
        "cluster::agents()",
        "agency::connect(#{ endpoints: \"h\" }).get(\"x\")",
        "agency::connect(#{ endpoints: \"h\" }).set(\"x\", 1)",
        "agency::connect(#{ endpoints: \"h\" }).poll(0, 1)",
        "agency::connect(#{ endpoints: \"h\" }).watch(\"x\", |v| true, 1)",
        "agency::connect(#{ endpoints: \"h\" }).leader()",
    ] {
        let error = run.error(checked);
        assert_eq!(error["error_num"].as_int(), Ok(36), "{checked}: {error:?}");
        assert_eq!(error["kind"].to_string(), "deadline.script", "{checked}");
    }
    run.exec("fs::write(dir + \"/x\", \"\"); fs::read(dir + \"/x\"); fs::list_tree(dir); crypto::md5(\"x\"); net::port_free(\"127.0.0.1:0\"); log::error(\"x\"); random::digits(1); json::parse(\"1\")");
}

#[test]
fn d6_no_number_and_no_end_are_taken_for_what_they_are() {
    let run = Run::new();
    run.is_true("time::set_deadline(0.0 / 0.0); time::deadline_remaining() == ()");
    run.is_true("time::set_deadline(1.0 / 0.0); time::deadline_remaining() > 1e9");
    run.is_true("time::set_deadline(9223372036854775807); time::deadline_remaining() > 1e9");
}

#[test]
fn d12_setting_and_clearing_reset_the_reason() {
    let deadline = Deadline::default();
    let run = Run::with(|builder| builder.deadline(deadline.clone()));
    for reset in ["time::set_deadline(60)", "time::clear_deadline()"] {
        run.exec("time::interrupt_sets_deadline(true)");
        deadline.interrupt();
        run.is_true("time::deadline_reason() == \"interrupted by a signal\"");
        run.is_true(&format!("{reset}; time::deadline_reason() == \"execution deadline reached\""));
    }
}

#[test]
fn instants_at_the_ends_of_time_are_written_or_refused() {
    let run = Run::new();
    for odd in [
        "0.0 / 0.0",
        "1.0 / 0.0",
        "-1e300",
        "9223372036854775807",
        "-9223372036854775807",
        "253402300800",
    ] {
        assert_eq!(run.number(&format!("time::iso8601({odd})")), 10, "{odd}");
        assert_eq!(run.number(&format!("time::local({odd})")), 10, "{odd}");
    }
    assert_eq!(run.text("time::iso8601(253402300799)"), "9999-12-31T23:59:59.000Z");
    assert_eq!(run.text("time::iso8601(-0.5)"), "1969-12-31T23:59:59.500Z");
    run.exec("time::local(-62135596800); time::local(253402300799)");
    for bad in ["", "2024-01-02", "2024-13-01T00:00:00Z", "2024-01-02T03:04:05"] {
        assert_eq!(
            run.error(&format!("time::parse_iso8601(\"{bad}\")"))["name"].to_string(),
            "SyntaxError"
        );
    }
}
