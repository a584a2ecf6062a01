//! The texts of the scripts and modules that a host has compiled.

use std::collections::HashMap;
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
    /// The parameters of the functions defined there, closures included.
    functions: HashMap<String, Vec<Vec<String>>>,
}

impl Sources {
    /// Keeps a text, before it is compiled.
    pub(super) fn keep_text(&self, name: &str, text: &str) {
        self.texts()
            .insert(name.to_owned(), Source { text: text.into(), functions: HashMap::new() });
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
            texts.get(*one).is_some_and(|source| source.functions.contains_key(function))
        };
        entered.iter().rev().find(defines).cloned()
    }

    /// Keeps the names of the functions that the text called `name` defines.
    pub(super) fn keep_functions(&self, name: &str, ast: &AST) {
        if let Some(source) = self.texts().get_mut(name) {
            source.functions.clear();
            for one in ast.iter_functions() {
                let parameters = one.params.iter().map(|&name| name.to_owned()).collect();
                source.functions.entry(one.name.to_owned()).or_default().push(parameters);
            }
        }
    }

    /// The text that defines a closure: the engine reports where it was called.
    pub(super) fn of_closure(&self, function: &str) -> Option<String> {
        let texts = self.texts();
        let found = texts.iter().find(|(_, source)| source.functions.contains_key(function));
        found.map(|(name, _)| name.clone())
    }

    /// A place in the text called `name`.
    pub(super) fn location(&self, name: &str, position: Position) -> Option<Location> {
        let line = position.line()?;
        let text = self.texts().get(name).map(|source| Arc::clone(&source.text));
        let text = text.and_then(|text| text.lines().nth(line - 1).map(str::to_owned));
        Some(Location { source: name.to_owned(), line, column: position.position(), text })
    }

    /// The text called `name`.
    pub(super) fn text(&self, name: &str) -> Option<Arc<str>> {
        self.texts().get(name).map(|source| Arc::clone(&source.text))
    }

    /// The functions of all texts with their parameters, closures left out.
    pub(super) fn functions(&self) -> Vec<(String, Vec<String>)> {
        let texts = self.texts();
        let all = texts.values().flat_map(|source| &source.functions);
        let named = all.filter(|(name, _)| !name.contains('$'));
        named
            .flat_map(|(name, several)| several.iter().map(|one| (name.clone(), one.clone())))
            .collect()
    }

    fn texts(&self) -> MutexGuard<'_, HashMap<String, Source>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
