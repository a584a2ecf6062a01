//! Showing what is in dumps.

use std::ops::ControlFlow;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::exit::ExitCode;
use super::super::options::{Format, Options};
use super::super::output;
use super::Read;
use crate::agency::instant;
use crate::agency::path::{absolute, segments};
use crate::document::Document;
use crate::dump::{Change, Dump, DumpError, LogLine, Operation, differences, log_lines};
use crate::natives::from_json;

/// The most characters that are shown of a value beside others.
const SHOWN: usize = 200;

pub(super) fn run(options: &Options, read: &Read) -> Result<ExitCode, DumpError> {
    match read {
        Read::Diff { before, after, whose } => {
            let agent = whose.agent.as_deref();
            let (before, after) = (tree(before, agent)?, tree(after, agent)?);
            Ok(diff(options, &before, &after))
        }
        Read::Get { file, path, whose } => {
            Ok(get(options, &tree(file, whose.agent.as_deref())?, path))
        }
        Read::Log { file, path, whose } => {
            let log = open(file)?.log(whose.agent.as_deref(), &go_on)?;
            let path = path.as_ref().map_or_else(|| "/".to_owned(), |path| absolute(path));
            Ok(log_of(options, &log_lines(&log, &path)))
        }
        Read::Agents { file } => Ok(agents(options, &open(file)?)),
    }
}

/// Ctrl-C ends the process at once: nothing has to be put in order.
fn go_on() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn open(file: &Path) -> Result<Dump, DumpError> {
    Dump::open(file, &go_on)
}

fn tree(file: &Path, agent: Option<&str>) -> Result<Document, DumpError> {
    open(file)?.tree(agent, &go_on)
}

/// Prints a value as `--format` says, or the text for people.
fn show(options: &Options, value: Value, text: impl FnOnce() -> String) -> ExitCode {
    let printed = match options.format() {
        Format::Text => Ok(Some(text())),
        format => output::value(&from_json(value), format),
    };
    match printed {
        Ok(Some(text)) if !text.is_empty() => {
            output::write(&format!("{}\n", text.trim_end_matches('\n')));
            ExitCode::OK
        }
        Ok(_) => ExitCode::OK,
        Err(error) => {
            options.reporter().plain(error.message(), None);
            ExitCode::FAILED
        }
    }
}

fn diff(options: &Options, before: &Document, after: &Document) -> ExitCode {
    // nothing stops it
    let changes = differences(before, after, &go_on).unwrap_or_default();
    let rows = changes.iter().map(|change| {
        let mut row = Map::new();
        row.insert("path".to_owned(), change.path.clone().into());
        for (key, side) in [("before", &change.before), ("after", &change.after)] {
            row.extend(side.as_ref().map(|side| (key.to_owned(), side.to_value())));
        }
        Value::from(row)
    });
    let code = show(options, rows.collect(), || changes.iter().map(line_of_change).collect());
    match (code, changes.is_empty()) {
        (ExitCode::OK, false) => ExitCode::FINDINGS,
        (code, _) => code,
    }
}

fn line_of_change(change: &Change) -> String {
    let Change { path, before, after } = change;
    match (before, after) {
        (Some(before), Some(after)) => {
            format!("changed  {path}: {} -> {}\n", cut(before), cut(after))
        }
        (Some(before), None) => format!("removed  {path}: {}\n", cut(before)),
        (None, after) => {
            format!("added    {path}: {}\n", after.as_ref().map(cut).unwrap_or_default())
        }
    }
}

fn cut(value: &Document) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn get(options: &Options, tree: &Document, path: &str) -> ExitCode {
    let full = absolute(path);
    // elements of arrays are no nodes of the tree
    let found = segments(&full).try_fold(tree.clone(), |node, step| node.member(step));
    match found {
        Some(found) => {
            let value = found.to_value();
            show(options, value.clone(), || match value {
                Value::String(text) => text,
                other => format!("{other:#}"),
            })
        }
        None => {
            output::note(&format!("nothing at '{path}'"));
            ExitCode::FAILED
        }
    }
}

fn log_of(options: &Options, lines: &[LogLine]) -> ExitCode {
    let value = match options.format() {
        Format::Json => lines.iter().map(entry).collect(),
        _ => lines.iter().flat_map(rows).collect(),
    };
    show(options, value, || lines.iter().map(text_of_line).collect())
}

fn entry(line: &LogLine) -> Value {
    let operations: Vec<Value> = line
        .operations
        .iter()
        .map(|one| {
            let mut map = Map::new();
            map.insert("path".to_owned(), one.path.clone().into());
            map.insert("op".to_owned(), one.name.clone().into());
            map.extend(one.value.as_ref().map(|value| ("value".to_owned(), value.to_value())));
            Value::from(map)
        })
        .collect();
    json!({
        "index": line.index, "term": line.term, "time": time(line),
        "client_id": line.client_id, "operations": operations,
    })
}

fn rows(line: &LogLine) -> Vec<Value> {
    let row = |one: &Operation| {
        json!({
            "index": line.index, "time": time(line), "client_id": line.client_id, "op": one.name,
            "path": one.path, "value": one.value.as_ref().map(cut),
        })
    };
    line.operations.iter().map(row).collect()
}

fn time(line: &LogLine) -> Option<String> {
    instant::text_of(line.millis?)
}

fn text_of_line(line: &LogLine) -> String {
    let client = if line.client_id.is_empty() { "-" } else { &line.client_id };
    let time = time(line).unwrap_or_else(|| "-".to_owned());
    let mut text = format!("{}  {time}  {client}\n", line.index);
    for one in &line.operations {
        let value = one.value.as_ref().map(|value| format!(" {}", cut(value))).unwrap_or_default();
        text.push_str(&format!("    {} {}{value}\n", one.name, one.path));
    }
    text
}

fn agents(options: &Options, dump: &Dump) -> ExitCode {
    let value = match dump.manifest() {
        Some(manifest) => serde_json::to_value(manifest).unwrap_or_default(),
        None => serde_json::to_value(dump.agents()).unwrap_or_default(),
    };
    show(options, value, || {
        let mut text = String::new();
        if let Some(manifest) = dump.manifest() {
            text.push_str(&format!("taken {}: {}\n", manifest.started, manifest.reason));
        }
        for agent in dump.agents() {
            let id = agent.id.as_deref().unwrap_or("-");
            let role = match agent.leader {
                Some(true) => "leader",
                Some(false) => "follower",
                None => "-",
            };
            text.push_str(&format!(
                "{:<10} {:<9} {role:<8} {id} {}\n",
                agent.name, agent.state, agent.url
            ));
            text.extend(agent.skipped.iter().map(|reason| format!("    {reason}\n")));
            text.extend(
                agent.errors.iter().map(|error| format!("    {}: {}\n", error.file, error.message)),
            );
        }
        text
    })
}
