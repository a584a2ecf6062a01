//! Short forms of the command line: a script without `run`, `-e` for `eval`.

use std::ffi::OsString;

/// The words with the command that they mean put in.
pub(super) fn with_command(words: Vec<OsString>, known: &clap::Command) -> Vec<OsString> {
    let mut complete = Vec::with_capacity(words.len() + 1);
    let mut rest = words.into_iter();
    complete.extend(rest.next());
    while let Some(word) = rest.next() {
        match word.to_str() {
            Some("-e") => complete.push("eval".into()),
            Some("--") => complete.extend(["run".into(), "--".into()]),
            Some(option) if option.len() > 1 && option.starts_with('-') => {
                let takes_next = takes_value(option, known);
                complete.push(word);
                if takes_next {
                    complete.extend(rest.next());
                }
                continue;
            }
            Some(command) if command == "help" || known.find_subcommand(command).is_some() => {
                complete.push(word);
            }
            _ => complete.extend(["run".into(), word]),
        }
        break;
    }
    complete.extend(rest);
    complete
}

/// Whether the value of an option is the next word.
pub(super) fn takes_value(option: &str, known: &clap::Command) -> bool {
    let Some(name) = option.strip_prefix("--") else { return false };
    known.get_arguments().any(|argument| {
        let names = argument.get_long_and_visible_aliases().unwrap_or_default();
        let hidden = argument.get_all_aliases().unwrap_or_default();
        (names.contains(&name) || hidden.contains(&name))
            && argument.get_action().takes_values()
            && !argument.is_require_equals_set()
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn complete(line: &str) -> String {
        let words = line.split_whitespace().map(OsString::from).collect();
        let complete = with_command(words, &Cli::command());
        complete.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_script_needs_no_command() {
        for (short, long) in [
            ("a x.rhai -x --y 3", "a run x.rhai -x --y 3"),
            ("a --endpoint tcp://h:1 x.rhai", "a --endpoint tcp://h:1 run x.rhai"),
            ("a --server.endpoint tcp://h:1 x.rhai", "a --server.endpoint tcp://h:1 run x.rhai"),
            ("a --embedded x.rhai", "a --embedded run x.rhai"),
            ("a --embedded=1 x.rhai", "a --embedded=1 run x.rhai"),
            ("a --insecure -", "a --insecure run -"),
            ("a -- run", "a run -- run"),
        ] {
            assert_eq!(complete(short), long);
        }
    }

    #[test]
    fn commands_and_options_alone_stay() {
        for line in ["a", "a run x", "a --deadline 3 eval 1", "a --help", "a help run", "a doc fs"]
        {
            assert_eq!(complete(line), line);
        }
        assert_eq!(complete("a --deadline 3 -e 1"), "a --deadline 3 eval 1");
    }
}
