//! L1-L14.

use std::sync::{Arc, Mutex};

use agencysh::natives::log::{LogRecord, LogSink};

use crate::support::Run;

fn logged(script: &str) -> Vec<LogRecord> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let sink = LogSink(Some(Arc::new(move |record: &LogRecord| {
        sink.lock().unwrap().push(record.clone())
    })));
    Run::with(|builder| builder.extension(Arc::new(sink))).exec(script);
    let lines = lines.lock().unwrap();
    lines.clone()
}

#[test]
fn l1_a_line_has_time_pid_level_topic_text_in_this_order() {
    let line = logged(r#"log::warn("agency", "hello")"#)[0].line();
    let words: Vec<&str> = line.split(' ').collect();
    assert!(words[0].ends_with('Z') && words[0].contains('T'), "{line}");
    assert_eq!(words[1], format!("[{}]", std::process::id()));
    assert_eq!(&words[2..], ["WARNING", "{agency}", "hello"]);
}

#[test]
fn l2_topics_are_general_or_as_given() {
    let lines = logged(
        r#"log::set_level("agency=debug"); log::info("a"); log::at("debug", "agency", "b")"#,
    );
    let seen: Vec<(&str, &str)> =
        lines.iter().map(|l| (l.topic.as_str(), l.message.as_str())).collect();
    assert_eq!(seen, [("general", "a"), ("agency", "b")]);
}

#[test]
fn l3_below_the_level_nothing_is_written() {
    assert!(
        logged(r#"log::at("debug", "x"); log::info("requests", "y"); log::trace("z")"#).is_empty()
    );
}

#[test]
fn l4_a_level_alone_changes_general_and_all_changes_all() {
    let run = Run::new();
    run.is_true(
        r#"log::set_level("warning"); log::level() == "WARNING" && log::level("agency") == "INFO""#,
    );
    run.is_true(r#"log::set_level("all=warning"); log::level("agency") == "WARNING" && log::level("views") == "WARNING""#);
}

#[test]
fn l5_initial_levels() {
    let run = Run::new();
    assert_eq!(
        run.text(r#"log::level("requests") + log::level("agencystore") + log::level("agency")"#),
        "FATALWARNINGINFO"
    );
}

#[test]
fn l6_level_names_ignore_case_and_have_short_forms() {
    let run = Run::new();
    run.is_true(r#"log::set_level("WARN"); let a = log::level(); log::set_level("Err"); a == "WARNING" && log::level() == "ERROR""#);
}

#[test]
fn l7_unknown_level_or_topic_raises_10_and_changes_nothing() {
    let run = Run::new();
    for spec in ["loud", "agency=loud", "nowhere=info", "all=loud", "a=b=c", ""] {
        assert_eq!(run.number(&format!("log::set_level(\"{spec}\")")), 10, "{spec}");
    }
    run.is_true(r#"log::level() == "INFO" && log::level("agency") == "INFO""#);
}

#[test]
fn l8_newlines_are_escaped_and_arrays_log_a_line_each() {
    let lines = logged(r#"log::info("a\nb"); log::info(["x", 2, #{ a: 1 }])"#);
    assert!(lines[0].line().ends_with(r"a\nb"));
    let rest: Vec<&str> = lines[1..].iter().map(|line| line.message.as_str()).collect();
    assert_eq!(rest, ["x", "2", r#"{ "a" : 1 }"#]);
}

#[test]
fn l11_fatal_does_not_end_the_run() {
    assert_eq!(logged(r#"log::fatal("a"); log::info("b")"#).len(), 2);
}

#[test]
fn l12_directives_are_logged_unchanged() {
    assert_eq!(logged(r#"log::info("%d %s")"#)[0].message, "%d %s");
}

#[test]
fn l14_json_lines_have_time_level_topic_message() {
    let line = logged(r#"log::info("a \"b\"")"#)[0].json();
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(value["message"], "a \"b\"");
    assert!(["time", "level", "topic"].iter().all(|key| value[key].is_string()));
}
