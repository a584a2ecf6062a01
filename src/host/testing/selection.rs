//! Which of the tests that were found are run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::markers::Markers;

/// A pattern for whole names: `*` stands for any text, `?` for one character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(Vec<char>);

impl Glob {
    /// The pattern that is written so.
    pub fn parse(text: &str) -> Self {
        Self(text.chars().collect())
    }

    /// Whether the whole of `text` fits.
    pub fn fits(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut of) = (0, 0);
        // where the last star stands, and the text that it has taken so far ends
        let mut star: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.0.get(of) {
                Some('*') => {
                    star = Some((of, at));
                    of += 1;
                }
                Some(letter) if *letter == '?' || *letter == text[at] => {
                    at += 1;
                    of += 1;
                }
                _ => match &mut star {
                    Some((of_star, taken)) => {
                        *taken += 1;
                        at = *taken;
                        of = *of_star + 1;
                    }
                    None => return false,
                },
            }
        }
        self.0[of..].iter().all(|letter| *letter == '*')
    }
}

/// Every `of`-th of the sorted files, beginning with the one that has this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Counted from 0.
    pub number: usize,
    /// How many shards there are.
    pub of: usize,
}

impl Shard {
    /// Reads `n/m`: the n-th, counted from 1, of m shards.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (number, of) = pair(text)?;
        match (1..=of).contains(&number) {
            true => Ok(Self { number: number - 1, of }),
            false => Err(format!("there is no shard {number} of {of}: they are counted from 1")),
        }
    }

    /// Reads `r/s` as arangosh's `testBuckets` has it: every r-th file, beginning with number s, counted from 0.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse_buckets(text: &str) -> Result<Self, String> {
        let (of, number) = pair(text)?;
        match number < of {
            true => Ok(Self { number, of }),
            false => Err(format!("there is no bucket {number} of {of}: they are counted from 0")),
        }
    }

    /// Whether the file that has this number among the sorted ones belongs to the shard.
    pub fn holds(self, file: usize) -> bool {
        file % self.of == self.number
    }
}

fn pair(text: &str) -> Result<(usize, usize), String> {
    let numbers = text
        .split_once('/')
        .and_then(|(one, other)| Some((one.trim().parse().ok()?, other.trim().parse().ok()?)));
    numbers.ok_or_else(|| format!("'{text}' is not of the form NUMBER/NUMBER"))
}

/// Which tests are run; all of them unless said.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Tests that one of these patterns fits, as `file::test` or as the test's name alone; all if there is none.
    pub filters: Vec<Glob>,
    /// Only these tests, as `file::test`.
    pub only: Option<BTreeSet<String>>,
    /// Only the files of this shard.
    pub shard: Option<Shard>,
    /// What the names of files say about when they are run.
    pub markers: Markers,
    /// The files that are named themselves, not found in a folder.
    pub named: BTreeSet<PathBuf>,
}

impl Selection {
    /// Whether the test is run. The filters see the path from each of its folders on, too: `b_test.rhai::*` fits in `a/b_test.rhai`.
    pub fn picks(&self, file: &str, test: &str) -> bool {
        let name = format!("{file}::{test}");
        let only = self.only.as_ref().is_none_or(|only| only.contains(&name));
        let tails = || name.match_indices('/').map(|(at, _)| &name[at + 1..]);
        let fits = |glob: &Glob| {
            glob.fits(test) || glob.fits(&name) || tails().any(|tail| glob.fits(tail))
        };
        only && (self.filters.is_empty() || self.filters.iter().any(fits))
    }

    /// Why no test of the file is run, if its name says so.
    pub(super) fn refusal(&self, file: &Path) -> Option<String> {
        self.markers.refusal(file, self.named.contains(file))
    }

    /// Whether tests of a file whose tests are not known may be meant.
    pub(super) fn may_pick_from(&self, file: &str) -> bool {
        let begins = format!("{file}::");
        match &self.only {
            Some(only) => only.iter().any(|name| name.starts_with(&begins)),
            None => true,
        }
    }
}

impl FromStr for Glob {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::parse(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_whole_names() {
        for (pattern, text) in
            [("", ""), ("*", ""), ("a*c", "abcbc"), ("a?c", "abc"), ("*é?", "xéy"), ("**a", "a")]
        {
            assert!(Glob::parse(pattern).fits(text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a", "ab"), ("?", ""), ("a*c", "abcd"), ("*b", "a")] {
            assert!(!Glob::parse(pattern).fits(text), "{pattern} {text}");
        }
    }

    #[test]
    fn filters_see_the_test_the_file_and_both() {
        let picks = |filter: &str| {
            let filters = vec![Glob::parse(filter)];
            Selection { filters, ..Selection::default() }.picks("tests/a_test.rhai", "test_m1_x")
        };
        for filter in ["test_m1_*", "tests/a_test.rhai::*", "a_test.rhai::test_m1_x", "*a_test*"] {
            assert!(picks(filter), "{filter}");
        }
        for filter in ["m1", "a_test.rhai", "est.rhai::test_m1_x"] {
            assert!(!picks(filter), "{filter}");
        }
    }

    #[test]
    fn m89_buckets_and_shards_partition_the_sorted_files() {
        let files = 0..10;
        for shards in [
            ["3/0", "3/1", "3/2"].map(Shard::parse_buckets),
            ["1/3", "2/3", "3/3"].map(Shard::parse),
        ] {
            let shards: Vec<Shard> = shards.into_iter().map(Result::unwrap).collect();
            for file in files.clone() {
                let holding = shards.iter().filter(|shard| shard.holds(file)).count();
                assert_eq!(holding, 1, "{file}");
            }
            assert!(shards[0].holds(0) && shards[1].holds(1) && shards[0].holds(3));
        }
        for wrong in ["3/3", "0/0", "3", "a/b", "-1/2"] {
            assert!(Shard::parse_buckets(wrong).is_err(), "{wrong}");
        }
        assert!(Shard::parse("0/3").is_err() && Shard::parse("4/3").is_err());
    }
}
