//! The tree of results.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::super::report::Reporter;
use super::SUITE;
use crate::host::testing::{Failure, FileResult, Phase, TestResult, TestRun, Verdict};

/// The whole tree: the suite, its files, their tests.
pub(super) fn tree(run: &TestRun) -> Value {
    let mut suite = Map::new();
    let start: Duration = run.files.iter().map(|file| file.start).sum();
    suite.insert("status".into(), run.succeeded().into());
    suite.insert("failed".into(), run.failures().into());
    suite.insert("shutdown".into(), true.into());
    suite.insert("startupTime".into(), start.as_secs_f64().into());
    suite.insert("testDuration".into(), run.duration.as_secs_f64().into());
    suite.insert("shutdownTime".into(), 0.0.into());
    for file in &run.files {
        suite.insert(file.shown_name(), self::file(file));
    }
    let crashed = crashed(run);
    let mut tree = json!({"status": run.succeeded(), "crashed": crashed, (SUITE): suite});
    let report = crash_report(run);
    if let (true, Some(tree)) = (crashed, tree.as_object_mut()) {
        tree.insert("crashreport".into(), report.as_str().into());
        tree.insert(
            "crash".into(),
            json!({"status": false, "failed": 1, "crash_report": {"all": {"status": false, "message": report}}}),
        );
    }
    tree
}

/// Whether a server crashed.
pub(super) fn crashed(run: &TestRun) -> bool {
    crashes(run).next().is_some()
}

fn crashes(run: &TestRun) -> impl Iterator<Item = &Failure> {
    let all = run
        .files
        .iter()
        .flat_map(|file| file.tests.iter().flat_map(|test| &test.failures).chain(&file.failures));
    all.filter(|failure| failure.error.kind == "cluster.crashed")
}

fn crash_report(run: &TestRun) -> String {
    crashes(run).map(message).collect::<Vec<_>>().join("\n")
}

fn file(file: &FileResult) -> Value {
    let isolation = file.own_failures().find(|failure| failure.phase == Phase::Isolation);
    let whole = plain_file(file);
    let Some(failure) = isolation else { return whole };
    // such a failure takes the place of all results
    let check = failure.error.context.get("check").and_then(Value::as_str).unwrap_or("all");
    json!({
        "status": false,
        "failed": file.count(Verdict::Failed) + file.own_failures().count(),
        (format!("SUT-checker \"{check}\"")): {
            "status": false,
            "message": format!("{}\noriginal result:\n{whole:#}", message(failure)),
        },
    })
}

fn plain_file(file: &FileResult) -> Value {
    let suite = file.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let total =
        |part: fn(&TestResult) -> Duration| -> Duration { file.tests.iter().map(part).sum() };
    let mut tree = Map::new();
    tree.insert("status".into(), file.succeeded().into());
    tree.insert(
        "failed".into(),
        (file.count(Verdict::Failed) + file.own_failures().count()).into(),
    );
    tree.insert("total".into(), file.tests.len().into());
    tree.insert("duration".into(), milliseconds(file.duration));
    tree.insert("suiteName".into(), suite.as_str().into());
    tree.insert("totalSetUp".into(), milliseconds(total(|test| test.set_up)));
    tree.insert("totalTearDown".into(), milliseconds(total(|test| test.tear_down)));
    tree.insert(
        "setUpAllDuration".into(),
        json!({(suite.as_str()): milliseconds(file.set_up_all)}),
    );
    tree.insert(
        "teardownAllDuration".into(),
        json!({(suite.as_str()): milliseconds(file.tear_down_all)}),
    );
    let own: Vec<String> = file.own_failures().map(message).collect();
    if !own.is_empty() {
        tree.insert("message".into(), own.join("\n").into());
    }
    if let Some(reason) = &file.skip_reason {
        tree.insert("skipped".into(), true.into());
        tree.insert("message".into(), reason.as_str().into());
    }
    for test in &file.tests {
        tree.insert(test.name.clone(), self::test(test));
    }
    tree.into()
}

fn test(test: &TestResult) -> Value {
    let mut tree = Map::new();
    tree.insert("status".into(), (test.verdict != Verdict::Failed).into());
    if let Some(reason) = &test.skip_reason {
        tree.insert("skipped".into(), true.into());
        tree.insert("message".into(), reason.as_str().into());
    }
    tree.insert("duration".into(), milliseconds(test.duration));
    tree.insert("setUpDuration".into(), milliseconds(test.set_up));
    tree.insert("tearDownDuration".into(), milliseconds(test.tear_down));
    if test.verdict == Verdict::Failed {
        let texts: Vec<String> = test.failures.iter().map(message).collect();
        tree.insert("message".into(), texts.join("\n").into());
    }
    let timed_out = ["test.timeout", "test.deadline"];
    if test.failures.iter().any(|failure| timed_out.contains(&&*failure.error.kind)) {
        tree.insert("timeout".into(), true.into());
    }
    tree.into()
}

/// The failed files and tests with their messages.
pub(super) fn failures(run: &TestRun) -> String {
    let mut text = String::new();
    for file in run.files.iter().filter(|file| !file.succeeded()) {
        text += &format!("* {SUITE}: {}\n", file.shown_name());
        for test in file.tests.iter().filter(|test| test.verdict == Verdict::Failed) {
            let texts: Vec<String> = test.failures.iter().map(message).collect();
            text += &format!("  - \"{}\" failed: {}\n", test.name, texts.join("\n"));
        }
        for failure in file.own_failures() {
            text += &format!("  - {} failed: {}\n", failure.phase, message(failure));
        }
    }
    text
}

/// What failed, without colours.
pub(super) fn message(failure: &Failure) -> String {
    format!("in {}: {}", failure.phase, Reporter::new(false).rendered(&failure.error))
}

fn milliseconds(duration: Duration) -> Value {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    milliseconds.into()
}
