//! What an error says, without the place, and what is known when it is explained.

use std::sync::Arc;

use rhai::Position;

use super::super::error::ScriptError;

/// What an error says.
pub(super) struct Finding {
    pub(super) kind: String,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Finding {
    pub(super) fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn maybe(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into).or(self.hint);
        self
    }
}

impl From<Finding> for ScriptError {
    fn from(finding: Finding) -> Self {
        Self { kind: finding.kind, message: finding.message, hint: finding.hint, ..Self::default() }
    }
}

/// A function that scripts can call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::host) struct Known {
    /// Its name, with `namespace::` before it if it needs one.
    pub(in crate::host) name: String,
    /// Its parameters: names, and their types if they are known.
    pub(in crate::host) parameters: Vec<String>,
    /// Whether a script defines it.
    pub(in crate::host) scripted: bool,
}

/// What helps to explain an error.
pub(super) struct Clues {
    /// The script where it arose, and the place.
    pub(super) text: Option<Arc<str>>,
    pub(super) position: Position,
    /// Whether it arose in a text that was given to `eval`.
    pub(super) in_eval: bool,
    /// How deep functions may call each other.
    pub(super) deepest: usize,
    /// What can be called.
    pub(super) known: Vec<Known>,
}

impl Clues {
    /// The text before the place, and that from it on.
    pub(super) fn around(&self) -> Option<(&str, &str)> {
        let text = self.text.as_deref()?;
        let line = self.position.line()?;
        let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let column = self.position.position().unwrap_or(1).saturating_sub(1);
        let rest = text.get(start..)?;
        let offset = rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset);
        Some(text.split_at(start + offset))
    }

    /// The end of the line whose statement has none, when the place is the beginning of the next one.
    pub(super) fn unended_line(&self) -> Option<Position> {
        let (before, _) = self.around()?;
        let own_line = before.rsplit('\n').next().unwrap_or_default();
        if !own_line.trim().is_empty() {
            return None;
        }
        let earlier = before.trim_end();
        let line = earlier.matches('\n').count() + 1;
        let column = earlier.rsplit('\n').next()?.chars().count() + 1;
        Some(Position::new(u16::try_from(line).ok()?, u16::try_from(column).ok()?))
    }

    /// The variables that the script declares anywhere, with the line of each.
    pub(super) fn declared(&self) -> Vec<(&str, usize)> {
        let Some(text) = self.text.as_deref() else { return Vec::new() };
        let mut declared = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let mut words =
                code.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty());
            let mut declares = false;
            for word in words.by_ref() {
                if declares {
                    declared.push((word, number + 1));
                }
                declares = matches!(word, "let" | "const" | "for");
            }
            for list in parameter_lists(code) {
                let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
                declared.extend(names.map(|name| (name, number + 1)));
            }
        }
        declared
    }
}

/// What stands between the parentheses of `fn name(…)`, and between the bars of closures.
fn parameter_lists(code: &str) -> Vec<&str> {
    let functions = code.split("fn ").skip(1).filter_map(|rest| {
        let (_, list) = rest.split_once('(')?;
        list.split_once(')').map(|(list, _)| list)
    });
    let closures =
        code.split('|').skip(1).step_by(2).filter(|list| {
            list.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ',' | ' '))
        });
    functions.chain(closures).collect()
}
