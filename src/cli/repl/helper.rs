//! What the line editor asks while something is typed.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::command::Command;
use super::completion::{self, Offer, Sources};
use super::cursor::{self, Place};
use super::paths::Paths;
use super::{command, highlight, hints};
use crate::cli::doc;
use crate::host::{Entered, Onlooker, Session};

/// Knows the session; never runs code.
pub(super) struct LineHelper {
    session: Rc<RefCell<Session>>,
    onlooker: Onlooker,
    paths: Paths,
    files: FilenameCompleter,
    brackets: Cell<Option<(usize, usize)>>,
}

impl LineHelper {
    pub(super) fn new(session: Rc<RefCell<Session>>, onlooker: Onlooker) -> Self {
        Self {
            session,
            onlooker,
            paths: Paths::default(),
            files: FilenameCompleter::new(),
            brackets: Cell::new(None),
        }
    }

    fn is_whole(&self, text: &str) -> bool {
        self.session.borrow().entered(text) == Entered::Whole
    }
}

impl Helper for LineHelper {}

impl Validator for LineHelper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        // an empty line ends what does not come to an end otherwise
        let whole = text.ends_with("\n\n")
            || match Command::parse(text) {
                Some(command) => command.code().is_none_or(|code| self.is_whole(code)),
                None => self.is_whole(text),
            };
        Ok(match whole {
            true => ValidationResult::Valid(None),
            false => ValidationResult::Incomplete,
        })
    }
}

impl Completer for LineHelper {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = &line[..position];
        if let Some(typed) = command::file_argument(before) {
            return self
                .files
                .complete_path_unsorted(typed, typed.len())
                .map(|(start, found)| (before.len() - typed.len() + start, found));
        }
        if let Some(typed) = command::help_argument(before) {
            return Ok((before.len() - typed.len(), pairs(completion::help_topics(typed))));
        }
        if before.starts_with(':') && !before.contains(char::is_whitespace) {
            return Ok((0, command::offers(before).map(|word| pair(word, word)).collect()));
        }
        let Some((place, start)) = cursor::place(before) else { return Ok((position, Vec::new())) };
        if let Place::Argument { module: Some("fs"), .. } = place {
            return self.files.complete(line, position, context);
        }
        let session = self.session.borrow();
        let sources = Sources { session: &session, onlooker: &self.onlooker, paths: &self.paths };
        let offers = sources.offers(&place, &before[start..], before[..start].trim().is_empty());
        Ok((start, pairs(offers)))
    }
}

fn pairs(offers: Vec<Offer>) -> Vec<Pair> {
    offers.into_iter().map(|offer| pair(offer.shown, offer.typed)).collect()
}

fn pair(shown: impl Into<String>, typed: impl Into<String>) -> Pair {
    Pair { display: shown.into(), replacement: typed.into() }
}

/// A hint that is only read: it cannot be taken over by a key.
pub(super) struct Signature(String);

impl Hint for Signature {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for LineHelper {
    type Hint = Signature;

    fn hint(&self, line: &str, position: usize, _: &Context<'_>) -> Option<Signature> {
        if position < line.len() {
            return None;
        }
        hints::hint(line, &self.session.borrow()).map(Signature)
    }
}

impl Highlighter for LineHelper {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        highlight::line(line, self.brackets.get(), doc::namespaces()).into()
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        highlight::hint(hint).into()
    }

    fn highlight_char(&self, line: &str, position: usize, kind: CmdKind) -> bool {
        let before = self.brackets.get();
        let now = match kind {
            CmdKind::ForcedRefresh => None,
            _ => highlight::brackets(line, position),
        };
        self.brackets.set(now);
        // what is typed changes the colour of what stands around it
        kind != CmdKind::MoveCursor || before != now
    }
}
