//! Workflow commands of GitHub: failures at their lines.

use crate::host::testing::{Failure, TestRun, Verdict};

/// A line for each failure, and a warning for each flaky test.
pub(super) fn report(run: &TestRun) -> String {
    let mut text = String::new();
    for file in &run.files {
        for test in &file.tests {
            let title = format!("{}::{}", file.shown_name(), test.name);
            let command = if test.verdict == Verdict::Flaky { "warning" } else { "error" };
            let lines =
                test.failures.iter().map(|failure| line(command, &title, &file.name(), failure));
            text.extend(lines);
        }
        let own = file.own_failures();
        text.extend(own.map(|failure| line("error", &file.shown_name(), &file.name(), failure)));
    }
    text
}

fn line(command: &str, title: &str, file: &str, failure: &Failure) -> String {
    let place = failure.error.location.as_ref();
    let file = place.map_or(file, |place| place.source.as_str());
    let line = place.map_or(1, |place| place.line);
    let title = format!("{title} ({})", failure.phase);
    let message = format!("{}: {}", failure.error.kind, failure.error.message);
    format!(
        "::{command} file={},line={line},title={}::{}\n",
        property(file),
        property(&title),
        data(&message)
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
