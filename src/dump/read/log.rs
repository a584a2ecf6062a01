//! Who wrote what, and when.

use crate::agency::instant;
use crate::agency::path::segments;
use crate::document::{Document, View};

/// An entry of a log.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// Its index.
    pub index: u64,
    /// The term of the leader that accepted it.
    pub term: Option<u64>,
    /// When, in milliseconds since 1970.
    pub millis: Option<i64>,
    /// Who wrote it; empty for the agency itself and for clients without an id.
    pub client_id: String,
    /// What was written.
    pub operations: Vec<Operation>,
}

/// One operation of an entry.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Where, from the root on.
    pub path: String,
    /// Which: `set` also when the entry leaves it out.
    pub name: String,
    /// What was set, pushed and so on.
    pub value: Option<Document>,
}

/// The entries of a log that concern a path, in the order of their indices: operations at it, below
/// it, and on what holds it.
pub fn log_lines(log: &Document, below: &str) -> Vec<LogLine> {
    let wanted: Vec<&str> = segments(below).collect();
    let mut lines: Vec<LogLine> = log
        .parts()
        .filter_map(|entry| line(&entry, &wanted))
        .filter(|line| !line.operations.is_empty())
        .collect();
    lines.sort_by_key(|line| line.index);
    lines
}

fn line(entry: &Document, wanted: &[&str]) -> Option<LogLine> {
    let either = |name, older| entry.member(name).or_else(|| entry.member(older));
    let index = number(&either("_key", "index")?)?;
    let request = either("request", "query")?;
    let mut operations = Vec::new();
    for (path, what) in request.keys().zip(request.parts()) {
        let steps: Vec<&str> = segments(path).collect();
        let shared = steps.len().min(wanted.len());
        if steps[..shared] == wanted[..shared] {
            operations.push(operation(&steps, &what));
        }
    }
    Some(LogLine {
        index,
        term: entry.member("term").as_ref().and_then(number),
        millis: millis(entry),
        client_id: entry.member("clientId").and_then(|id| text(&id)).unwrap_or_default(),
        operations,
    })
}

fn operation(steps: &[&str], what: &Document) -> Operation {
    let path = format!("/{}", steps.join("/"));
    let name = what.member("op").and_then(|name| text(&name));
    match name {
        Some(name) => {
            let value = ["new", "val", "url", "step"].iter().find_map(|key| what.member(key));
            Operation { path, name, value }
        }
        None => Operation { path, name: "set".to_owned(), value: Some(what.clone()) },
    }
}

fn millis(entry: &Document) -> Option<i64> {
    match entry.member("epoch_millis").as_ref().map(Document::view) {
        Some(View::Integer(millis)) if millis != 0 => Some(millis),
        _ => instant::millis_of(&entry.member("timestamp").and_then(|found| text(&found))?),
    }
}

fn text(part: &Document) -> Option<String> {
    match part.view() {
        View::Text(text) => Some(text.to_owned()),
        _ => None,
    }
}

fn number(part: &Document) -> Option<u64> {
    match part.view() {
        View::Integer(number) => u64::try_from(number).ok(),
        View::Text(digits) => digits.parse().ok(),
        _ => None,
    }
}
