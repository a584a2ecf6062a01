//! The texts of the scripts and modules that a host has compiled.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::{AST, Position};

use super::error::Location;

/// Texts by the name under which errors refer to them.
#[derive(Debug, Default)]
pub(super) struct Sources {
    texts: Mutex<HashMap<String, Source>>,
    /// The texts that were entered one after the other, the oldest first.
    entered: Mutex<Vec<String>>,
}

#[derive(Debug, Default)]
struct Source {
    text: Arc<str>,
    /// The functions defined there, closures included.
    functions: HashSet<String>,
}

impl Sources {
    /// Keeps a text, before it is compiled.
    pub(super) fn keep_text(&self, name: &str, text: &str) {
        self.texts()
            .insert(name.to_owned(), Source { text: text.into(), functions: HashSet::new() });
    }

    /// Counts a text among those whose functions all later ones see.
    pub(super) fn keep_entered(&self, name: &str) {
        self.entered.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
    }

    /// The entered text that defines a function which `name`, entered too, calls: the engine takes
    /// all of them for one.
    pub(super) fn of_entered_function(&self, name: &str, function: &str) -> Option<String> {
        let entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        if !entered.iter().any(|one| one == name) {
            return None;
        }
        let texts = self.texts();
        let defines = |one: &&String| {
            texts.get(*one).is_some_and(|source| source.functions.contains(function))
        };
        entered.iter().rev().find(defines).cloned()
    }

    /// Keeps the names of the functions that the text called `name` defines.
    pub(super) fn keep_functions(&self, name: &str, ast: &AST) {
        if let Some(source) = self.texts().get_mut(name) {
            source.functions = ast.iter_functions().map(|one| one.name.to_owned()).collect();
        }
    }

    /// The text that defines a closure: the engine reports where it was called.
    pub(super) fn of_closure(&self, function: &str) -> Option<String> {
        let texts = self.texts();
        let found = texts.iter().find(|(_, source)| source.functions.contains(function));
        found.map(|(name, _)| name.clone())
    }

    /// A place in the text called `name`.
    pub(super) fn location(&self, name: &str, position: Position) -> Option<Location> {
        let line = position.line()?;
        let text = self.texts().get(name).map(|source| Arc::clone(&source.text));
        let text = text.and_then(|text| text.lines().nth(line - 1).map(str::to_owned));
        Some(Location { source: name.to_owned(), line, column: position.position(), text })
    }

    /// Where the text called `name` calls a method, if it does so exactly once.
    pub(super) fn only_call(&self, name: &str, method: &str) -> Option<Location> {
        let text = Arc::clone(&self.texts().get(name)?.text);
        let pattern = format!(".{method}(");
        let (start, end) = (text.find(&pattern)?, text.rfind(&pattern)?);
        if start != end {
            return None;
        }
        let before = &text[..=start];
        let line = before.lines().count();
        let column = before.lines().last().unwrap_or_default().chars().count() + 1;
        let text = text.lines().nth(line - 1).map(str::to_owned);
        Some(Location { source: name.to_owned(), line, column: Some(column), text })
    }

    fn texts(&self) -> MutexGuard<'_, HashMap<String, Source>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
