//! A file of XML for each test file.

use std::fmt::Write;

use super::SUITE;
use super::tree::message;
use crate::host::testing::{FileResult, TestResult, Verdict};

/// What stands in the file's name after `UNITTEST_RESULT_`.
pub(super) fn name(file: &FileResult) -> String {
    let path = file.shown_name();
    let path = path.trim_start_matches(['.', '/', '\\']).replace(['/', '\\', ' '], "_");
    format!("{}{path}", prefix(file))
}

/// The kind of cluster, the edition and the suite.
fn prefix(file: &FileResult) -> String {
    let cluster = if file.has_members { "CL_" } else { "" };
    format!("{cluster}CE_{SUITE}__")
}

/// The document.
pub(super) fn document(file: &FileResult) -> String {
    let own: Vec<String> = file.own_failures().map(message).collect();
    let failures = file.count(Verdict::Failed);
    let tests = file.tests.len() + usize::from(!own.is_empty());
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite errors=\"{}\" failures=\"{failures}\" tests=\"{}\" name=\"{}\" time=\"{}\">\n",
        usize::from(!own.is_empty()),
        tests.max(1),
        attribute(&name(file)),
        file.duration.as_secs_f64(),
    );
    let prefix = prefix(file);
    if !own.is_empty() {
        let title = format!("{prefix}whole testsuite {} failed", file.shown_name());
        text += &failed_case(&title, file.duration.as_secs_f64(), &own.join("\n"));
    } else if file.tests.is_empty() {
        let title = format!("{prefix}all_tests_in_{}", file.shown_name());
        let _ = writeln!(text, "<testcase name=\"{}\"/>", attribute(&title));
    }
    file.tests.iter().for_each(|test| text += &case(&prefix, test));
    text + "</testsuite>\n"
}

fn case(prefix: &str, test: &TestResult) -> String {
    let title = format!("{prefix}{}", test.name);
    let time = test.duration.as_secs_f64();
    match test.verdict {
        Verdict::Failed => {
            let texts: Vec<String> = test.failures.iter().map(message).collect();
            failed_case(&title, time, &texts.join("\n"))
        }
        Verdict::Skipped => {
            format!("<testcase name=\"{}\"><skipped/></testcase>\n", attribute(&title))
        }
        Verdict::Passed | Verdict::Flaky => {
            format!("<testcase name=\"{}\" time=\"{time}\"/>\n", attribute(&title))
        }
    }
}

fn failed_case(title: &str, time: f64, failure: &str) -> String {
    format!(
        "<testcase name=\"{}\" time=\"{time}\"><failure><![CDATA[{}]]></failure></testcase>\n",
        attribute(title),
        cdata(failure)
    )
}

/// A text between quotes.
fn attribute(text: &str) -> String {
    let text = allowed(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\n', "&#10;").replace('\t', "&#9;")
}

/// A text in a CDATA section: what would end it is divided among two of them.
fn cdata(text: &str) -> String {
    allowed(text).replace("]]>", "]]]]><![CDATA[>")
}

/// A text without the characters that XML cannot hold.
fn allowed(text: &str) -> String {
    let held = |letter: char| match letter {
        '\t' | '\n' => letter,
        '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        _ => letter,
    };
    text.chars().map(held).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f7_what_xml_cannot_hold_is_escaped() {
        assert_eq!(cdata("a]]>b\u{1}"), "a]]]]><![CDATA[>b\u{fffd}");
        assert_eq!(attribute("<a \"b\" & c>\n"), "&lt;a &quot;b&quot; &amp; c&gt;&#10;");
    }
}
