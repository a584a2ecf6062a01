//! Words that the shell itself obeys.

use crate::host::nearest;

/// The words and what they do, as `:help` shows them.
const WORDS: &[(&str, &str, &str)] = &[
    (":help", "", "this list"),
    (":load", "FILE", "runs a script as if it had been typed"),
    (":page", "[CODE]", "shows the last value, or that of CODE, page by page with $PAGER"),
    (":save", "FILE", "writes what was entered without an error into a new script"),
    (":target", "", "where the agency is, and who leads it"),
    (":time", "CODE", "runs CODE and tells how long it took"),
    (":type", "CODE", "the type of the value of CODE"),
    (":vars", "", "the variables and their values"),
];

/// Something else than code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command<'a> {
    Exit,
    Clear,
    /// Everyday help, or the reference of a name.
    Help(&'a str),
    /// The list of these words.
    Words,
    Load(&'a str),
    Save(&'a str),
    Page(&'a str),
    Target,
    Time(&'a str),
    Type(&'a str),
    Variables,
    /// A word with something missing.
    Incomplete {
        word: &'static str,
        needs: &'static str,
    },
    /// No word of the shell.
    Unknown(&'a str),
}

impl<'a> Command<'a> {
    /// The command that a text is; `None` for code.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let (word, rest) = match text.split_once(char::is_whitespace) {
            Some((word, rest)) => (word, rest.trim()),
            None => (text, ""),
        };
        let known = WORDS.iter().find(|(known, ..)| *known == word);
        if let Some((word, needs, _)) = known
            && rest.is_empty()
            && !needs.is_empty()
            && !needs.starts_with('[')
        {
            return Some(Self::Incomplete { word, needs });
        }
        Some(match (word, rest) {
            ("exit" | "quit", "") => Self::Exit,
            ("clear", "") => Self::Clear,
            ("help", name) => Self::Help(name),
            (":help", "") => Self::Words,
            (":help", name) => Self::Help(name),
            (":load", file) => Self::Load(file),
            (":save", file) => Self::Save(file),
            (":page", code) => Self::Page(code),
            (":target", "") => Self::Target,
            (":time", code) => Self::Time(code),
            (":type", code) => Self::Type(code),
            (":vars", "") => Self::Variables,
            _ if word.starts_with(':') => Self::Unknown(word),
            _ => return None,
        })
    }

    /// The code that comes with the command.
    pub(super) fn code(&self) -> Option<&'a str> {
        match self {
            Self::Page(code) | Self::Time(code) | Self::Type(code) => Some(code),
            _ => None,
        }
    }
}

/// The list of all words.
pub(super) fn list() -> String {
    let line = |(word, needs, does): &(&str, &str, &str)| {
        format!("  {:<15} {does}\n", format!("{word} {needs}"))
    };
    WORDS.iter().map(line).collect()
}

/// The word most like an unknown one.
pub(super) fn nearest_word(word: &str) -> Option<&'static str> {
    nearest(word, WORDS.iter().map(|(known, ..)| *known))
}

/// The words that begin so.
pub(super) fn offers(typed: &str) -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|(word, ..)| *word).filter(move |word| word.starts_with(typed))
}

/// The words without a colon.
pub(super) fn plain_words() -> impl Iterator<Item = &'static str> {
    ["clear", "exit", "help"].into_iter()
}

/// The file that is being typed for a command.
pub(super) fn file_argument(before: &str) -> Option<&str> {
    argument(before, &[":load", ":save"])
}

/// The name that is being typed for `help`.
pub(super) fn help_argument(before: &str) -> Option<&str> {
    argument(before, &["help", ":help"])
}

fn argument<'a>(before: &'a str, words: &[&str]) -> Option<&'a str> {
    let (word, rest) = before.trim_start().split_once(' ')?;
    words.contains(&word).then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_code() {
        for (text, command) in [
            ("exit", Some(Command::Exit)),
            ("exit(5)", None),
            ("help http::get", Some(Command::Help("http::get"))),
            (":time  1 + 1", Some(Command::Time("1 + 1"))),
            (":time", Some(Command::Incomplete { word: ":time", needs: "CODE" })),
            (":page", Some(Command::Page(""))),
            (":tmie 1", Some(Command::Unknown(":tmie"))),
            ("let x = 1", None),
        ] {
            assert_eq!(Command::parse(text), command, "{text}");
        }
    }

    #[test]
    fn a_near_miss_is_named() {
        assert_eq!(nearest_word(":tmie"), Some(":time"));
        assert_eq!(nearest_word(":var"), Some(":vars"));
        assert_eq!(nearest_word(":something"), None);
    }
}
