//! The words that a test program of Cargo is started with.

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    filters: Vec<String>,
    skips: Vec<String>,
    exact: bool,
    /// Nothing else: no test is ignored beforehand.
    ignored_only: bool,
    pub(super) list: bool,
    pub(super) terse: bool,
    pub(super) shows_output: bool,
    pub(super) threads: Option<usize>,
}

/// Words that mean nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum WordsError {
    #[error("'{0}' is no option of a test program")]
    Unknown(String),
    #[error("{0} needs a value")]
    NoValue(String),
    #[error("--test-threads {0}: that is no number of threads")]
    Threads(String),
}

impl Words {
    pub(super) fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, WordsError> {
        let mut parsed = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let (option, value) = match word.split_once('=') {
                Some((option, value)) if word.starts_with("--") => {
                    (option.to_owned(), Some(value.to_owned()))
                }
                _ => (word, None),
            };
            let mut value = || {
                value.clone().or_else(|| words.next()).ok_or(WordsError::NoValue(option.clone()))
            };
            match option.as_str() {
                "--exact" => parsed.exact = true,
                "--list" => parsed.list = true,
                "--ignored" => parsed.ignored_only = true,
                "--nocapture" | "--no-capture" | "--show-output" => parsed.shows_output = true,
                "--quiet" | "-q" | "--include-ignored" | "--test" => {}
                "--skip" => parsed.skips.push(value()?),
                "--format" => parsed.terse = value()? == "terse",
                "--color" | "-Z" => {
                    value()?;
                }
                "--test-threads" => {
                    let text = value()?;
                    let threads = text.parse().ok().filter(|threads| *threads > 0);
                    parsed.threads = Some(threads.ok_or(WordsError::Threads(text))?);
                }
                _ if option.starts_with('-') => return Err(WordsError::Unknown(option)),
                _ => parsed.filters.push(option),
            }
        }
        Ok(parsed)
    }

    /// Whether the test of this name is meant.
    pub(super) fn wants(&self, name: &str) -> bool {
        let fits = |filter: &String| match self.exact {
            true => name == filter,
            false => name.contains(filter.as_str()),
        };
        !self.ignored_only
            && (self.filters.is_empty() || self.filters.iter().any(fits))
            && !self.skips.iter().any(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Words, WordsError> {
        Words::parse(words.iter().map(ToString::to_string))
    }

    #[test]
    fn words_select_tests_as_those_of_rust_do() {
        for (words, wanted) in [
            (&[][..], [true, true, true]),
            (&["one"], [true, true, false]),
            (&["one", "two"], [true, true, true]),
            (&["--exact", "a::one"], [true, false, false]),
            (&["--skip", "one"], [false, false, true]),
            (&["one", "--skip=more", "--nocapture", "--test-threads=2"], [true, false, false]),
            (&["--ignored"], [false, false, false]),
            (&["--include-ignored", "-q", "--color", "never"], [true, true, true]),
        ] {
            let words = parse(words).unwrap();
            assert_eq!(["a::one", "a::one_more", "a::two"].map(|name| words.wants(name)), wanted);
        }
    }

    #[test]
    fn words_that_mean_nothing_are_told() {
        for (words, error) in [
            (&["--fast"][..], WordsError::Unknown("--fast".to_owned())),
            (&["--skip"], WordsError::NoValue("--skip".to_owned())),
            (&["--test-threads", "0"], WordsError::Threads("0".to_owned())),
        ] {
            assert_eq!(parse(words).unwrap_err(), error);
        }
    }
}
