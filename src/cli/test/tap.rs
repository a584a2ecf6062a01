//! Test Anything Protocol, version 14.

use std::fmt::Write;

use serde_json::json;

use super::super::report::Reporter;
use crate::host::testing::{Failure, TestRun, Verdict};

/// All files of a run.
pub(super) fn report(run: &TestRun) -> String {
    let mut text = String::from("TAP version 14\n");
    let mut number = 0;
    let mut line = |good: bool, name: &str, directive: &str, failures: &[Failure]| {
        number += 1;
        let word = if good { "ok" } else { "not ok" };
        // ' # ' begins a directive
        let name = name.replace('\\', "\\\\").replace('#', "\\#");
        let _ = writeln!(text, "{word} {number} - {name}{directive}");
        if !failures.is_empty() {
            text += &details(failures);
        }
    };
    for file in &run.files {
        let name = file.shown_name();
        for test in &file.tests {
            let directive = match (test.verdict, &test.skip_reason) {
                (Verdict::Skipped, reason) => {
                    format!(" # SKIP {}", reason.as_deref().unwrap_or_default().replace('\n', " "))
                }
                _ => String::new(),
            };
            let good = test.verdict != Verdict::Failed;
            line(good, &format!("{name}::{}", test.name), &directive, &test.failures);
        }
        for failure in file.own_failures() {
            let name = format!("{name} ({})", failure.phase);
            line(false, &name, "", std::slice::from_ref(failure));
        }
    }
    let _ = writeln!(text, "1..{number}");
    // who reads it stops here
    if run.stopped.is_some() {
        text += "Bail out! ended early\n";
    }
    text
}

/// What failed, as a block of YAML: JSON is YAML.
fn details(failures: &[Failure]) -> String {
    let mut text = String::from("  ---\n");
    for (key, value) in [
        ("message", json!(failures.first().map(|first| &first.error.message))),
        ("severity", json!("fail")),
        (
            "failures",
            failures
                .iter()
                .map(|failure| {
                    let shown = Reporter::new(false).rendered(&failure.error);
                    json!({"phase": failure.phase.name(), "kind": failure.error.kind, "text": shown})
                })
                .collect(),
        ),
    ] {
        let _ = writeln!(text, "  {key}: {value}");
    }
    text + "  ...\n"
}
