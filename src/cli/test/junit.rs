//! The XML that CI systems read.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestRerun, TestSuite};

use super::super::report::Reporter;
use crate::host::testing::{Failure, FileResult, Phase, TestResult, TestRun, Verdict};
use crate::natives::with_causes;

/// All files of a run.
///
/// # Errors
/// It cannot be written.
pub(super) fn report(run: &TestRun) -> Result<String, String> {
    let mut report = Report::new("agencysh");
    report.set_time(run.duration);
    report.add_test_suites(run.files.iter().map(suite));
    report.to_string().map_err(|error| with_causes(&error))
}

fn suite(file: &FileResult) -> TestSuite {
    let name = file.shown_name();
    let mut suite = TestSuite::new(name.as_str());
    suite.set_time(file.duration);
    suite.add_test_cases(file.tests.iter().map(|test| case(&name, test)));
    for failure in file.own_failures() {
        let mut case = TestCase::new(failure.phase.name(), failed(std::slice::from_ref(failure)));
        case.set_classname(name.as_str());
        suite.add_test_case(case);
    }
    if !file.output.is_empty() {
        suite.set_system_out(file.output.as_str());
    }
    suite
}

fn case(file: &str, test: &TestResult) -> TestCase {
    let status = match test.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Flaky => {
            let mut status = TestCaseStatus::success();
            let reruns = test.failures.iter().map(|failure| {
                let mut rerun = TestRerun::new(kind(failure));
                rerun.set_message(failure.error.message.as_str());
                rerun.set_type(failure.error.kind.as_str());
                rerun.set_description(text(failure));
                rerun
            });
            status.add_reruns(reruns);
            status
        }
        Verdict::Failed => failed(&test.failures),
        Verdict::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(test.skip_reason.as_deref().unwrap_or_default());
            status
        }
    };
    let mut case = TestCase::new(test.name.as_str(), status);
    case.set_classname(file);
    case.set_time(test.whole_duration());
    if !test.output.is_empty() {
        case.set_system_out(test.output.as_str());
    }
    case
}

fn failed(failures: &[Failure]) -> TestCaseStatus {
    let first = failures.first();
    let mut status = TestCaseStatus::non_success(first.map_or(NonSuccessKind::Error, kind));
    if let Some(first) = first {
        status.set_message(first.error.message.as_str());
        status.set_type(first.error.kind.as_str());
    }
    status.set_description(failures.iter().map(text).collect::<Vec<_>>().join("\n"));
    status
}

/// A failure of what is tested, or an error of the test.
fn kind(failure: &Failure) -> NonSuccessKind {
    match failure.phase {
        Phase::Test | Phase::Check => NonSuccessKind::Failure,
        _ => NonSuccessKind::Error,
    }
}

fn text(failure: &Failure) -> String {
    format!("in {}:\n{}", failure.phase, Reporter::new(false).rendered(&failure.error))
}
