//! arangosh's command line, in our words.
//!
//! Options that mean the same under another name are aliases of ours (`options.rs`). Here are those that
//! need more: scripts to run, booleans with a value, and what has no meaning without V8.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;

use super::words;

/// What one option of arangosh says.
#[derive(Clone, Copy)]
enum Meaning {
    /// Run this file.
    File,
    /// Run this text.
    Code,
    /// Compile this file.
    Check,
    /// An option of ours with the same value.
    Ours(&'static str),
    /// An option of ours with the same seconds; 0 is its absence.
    Seconds(&'static str),
    /// An option of ours with a value made of this one.
    LogFile,
    /// A flag of ours, when true.
    WhenTrue(&'static str),
    /// A flag of ours, when false.
    WhenFalse(&'static str),
    /// Nothing here; true or false may follow.
    Flag,
    /// Nothing here; a value follows.
    Value,
}

use Meaning::{Check, Code, File, Flag, LogFile, Ours, Seconds, Value, WhenFalse, WhenTrue};

const OPTIONS: &[(&str, Meaning)] = &[
    ("javascript.execute", File),
    ("javascript.execute-string", Code),
    ("javascript.check-syntax", Check),
    ("javascript.execution-deadline", Seconds("--deadline")),
    ("javascript.allow-external-process-control", WhenFalse("--no-exec")),
    ("javascript.allow-port-testing", WhenFalse("--no-port-test")),
    ("javascript.startup-directory", Value),
    ("javascript.module-directory", Value),
    ("javascript.copy-installation", Flag),
    ("temp.path", Ours("--temp-dir")),
    ("log.file", LogFile),
    ("log.use-json-format", WhenTrue("--log-json")),
    ("log.foreground-tty", Flag),
    ("log.force-direct", Flag),
    ("console.colors", WhenFalse("--color=never")),
    ("console.pretty-print", Flag),
    ("console.auto-complete", Flag),
    ("console.history", Flag),
    ("quiet", Flag),
    ("server.authentication", Flag),
    ("server.force-json", WhenTrue("--force-json")),
    ("server.max-packet-size", Value),
    ("ssl.protocol", Value),
    ("compress-transfer", Flag),
    ("compress-request-threshold", Value),
];

/// One script of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Run a file.
    File(PathBuf),
    /// Run a text.
    Code(String),
    /// Compile a file.
    Check(PathBuf),
}

/// A command line in our words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Translated {
    /// All words that are not scripts or words for them.
    pub words: Vec<OsString>,
    /// The scripts, in order.
    pub steps: Vec<Step>,
    /// Words for the scripts.
    pub arguments: Vec<String>,
}

/// Puts our words in place of arangosh's.
pub(super) fn translate(given: Vec<OsString>, known: &clap::Command) -> Translated {
    let mut given = VecDeque::from(given);
    let mut result = Translated::default();
    result.words.extend(given.pop_front());
    while let Some(word) = given.pop_front() {
        let Some(text) = word.to_str() else {
            result.words.push(word);
            break;
        };
        let has_steps = !result.steps.is_empty();
        match text {
            "--" if has_steps => {
                result.arguments.extend(given.drain(..).map(lossy));
            }
            "--" => {
                result.words.push(word);
                break;
            }
            "-c" | "--configuration" if given.front().is_some_and(|file| file == "none") => {
                given.pop_front();
            }
            _ if text.len() > 1 && text.starts_with('-') => {
                if !take_option(text, &mut given, &mut result) {
                    let takes_next = words::takes_value(text, known);
                    result.words.push(word);
                    result.words.extend(if takes_next { given.pop_front() } else { None });
                }
            }
            _ if has_steps => result.arguments.push(lossy(word)),
            _ => {
                result.words.push(word);
                break;
            }
        }
    }
    result.words.extend(given);
    result
}

/// Whether an option of arangosh was understood.
fn take_option(text: &str, given: &mut VecDeque<OsString>, result: &mut Translated) -> bool {
    let Some(option) = text.strip_prefix("--") else { return false };
    let (name, value) = match option.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (option, None),
    };
    let Some((_, meaning)) = OPTIONS.iter().find(|(known, _)| *known == name) else { return false };
    let is_flag = matches!(meaning, Flag | WhenTrue(_) | WhenFalse(_));
    if is_flag {
        let next = || given.front().and_then(|word| word.to_str()).and_then(truth);
        let said = value.as_deref().and_then(truth);
        let said = match (value, said) {
            (Some(_), None) => return false,
            (Some(_), said) => said,
            (None, _) => next().inspect(|_| drop(given.pop_front())),
        };
        let flag = match (meaning, said.unwrap_or(true)) {
            (WhenTrue(flag), true) | (WhenFalse(flag), false) => Some(*flag),
            _ => None,
        };
        result.words.extend(flag.map(OsString::from));
        return true;
    }
    // an option without its value is left for the parser to refuse
    let Some(value) = value.or_else(|| given.pop_front().map(lossy)) else { return false };
    match meaning {
        File => result.steps.push(Step::File(value.into())),
        Code => result.steps.push(Step::Code(value)),
        Check => result.steps.push(Step::Check(value.into())),
        Ours(option) => result.words.extend([OsString::from(option), value.into()]),
        Seconds(_) if value == "0" => {}
        Seconds(option) => result.words.extend([OsString::from(option), value.into()]),
        LogFile => result.words.extend(["--log-output".into(), format!("file://{value}").into()]),
        Value | Flag | WhenTrue(_) | WhenFalse(_) => {}
    }
    true
}

fn truth(word: &str) -> Option<bool> {
    match word {
        "true" | "on" | "1" => Some(true),
        "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn lossy(word: OsString) -> String {
    word.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn translated(line: &str) -> Translated {
        let words = line.split_whitespace().map(OsString::from).collect();
        translate(words, &Cli::command())
    }

    fn words_of(line: &str) -> String {
        let words = translated(line).words;
        words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn scripts_keep_their_order_and_their_words() {
        let line = "a --javascript.execute x.js --server.endpoint none --javascript.execute-string=1 w --javascript.check-syntax y.js -- --z";
        let translated = translated(line);
        assert_eq!(
            translated.steps,
            [Step::File("x.js".into()), Step::Code("1".into()), Step::Check("y.js".into())]
        );
        assert_eq!(translated.arguments, ["w", "--z"]);
        assert_eq!(words_of(line), "a --server.endpoint none");
    }

    #[test]
    fn booleans_take_the_next_word_only_when_it_is_one() {
        for (line, ours) in [
            ("a --quiet true", "a"),
            ("a --quiet x.rhai --quiet", "a x.rhai --quiet"),
            ("a --javascript.allow-external-process-control false", "a --no-exec"),
            ("a --javascript.allow-external-process-control=true", "a"),
            ("a --log.use-json-format", "a --log-json"),
            ("a --log.use-json-format off", "a"),
            ("a --quiet=maybe", "a --quiet=maybe"),
        ] {
            assert_eq!(words_of(line), ours, "{line}");
        }
    }

    #[test]
    fn values_get_our_names() {
        for (line, ours) in [
            ("a --temp.path /tmp/x", "a --temp-dir /tmp/x"),
            ("a --log.file /tmp/x", "a --log-output file:///tmp/x"),
            ("a --javascript.execution-deadline 0", "a"),
            ("a --javascript.execution-deadline 7", "a --deadline 7"),
            ("a -c none --ssl.protocol 5", "a"),
            ("a -c some.conf", "a -c some.conf"),
        ] {
            assert_eq!(words_of(line), ours, "{line}");
        }
    }

    #[test]
    fn the_words_of_a_script_are_left_alone() {
        for line in [
            "a run x.rhai --quiet --temp.path y",
            "a x.rhai --javascript.execute y",
            "a -- --quiet",
        ] {
            assert_eq!(words_of(line), line);
        }
    }
}
