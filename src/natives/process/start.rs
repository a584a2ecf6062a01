//! Starting children, and waiting for them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rhai::{Array, Dynamic, INT, Map};

use super::super::argument::{duration, wrong_type};
use super::super::env::Environment;
use super::super::options::bytes;
use super::super::{
    ErrorName, Last, NativeContext, NativeError, NativeResult, Options, with_causes,
};
use super::exchange::Exchange;
use super::launch::{Launch, LaunchError};
use super::pipes::Output;
use super::status::{Patience, Status, status};
use super::streams::{Stream, Streams};
use super::table::{Child, Children};
use super::{allowed, with_pid};

/// The options of `process::start`, and those that `process::run` has besides.
const START: &[&str] = &["env", "cwd", "stdin", "stdout", "stderr", "new_group"];
const RUN: &[&str] =
    &["env", "cwd", "stdin", "stdout", "stderr", "new_group", "timeout", "capture", "input"];

/// The number of a child that was started, with our ends of its pipes.
struct Started {
    pid: i32,
    streams: Streams,
}

/// Starts a program.
pub(super) fn start(
    run: &NativeContext,
    program: &str,
    arguments: &Dynamic,
    options: &Map,
) -> NativeResult<Map> {
    allowed(run)?;
    run.deadline.check()?;
    let options = Options::new(options, START)?;
    let streams = [
        Stream::read(&options, "stdin")?.unwrap_or(Stream::Null),
        Stream::read(&options, "stdout")?.unwrap_or(Stream::Inherit),
        Stream::read(&options, "stderr")?.unwrap_or(Stream::Inherit),
    ];
    let Started { pid, streams } = launch(run, program, arguments, &options, &streams, false)?;
    let children = run.extension::<Children>();
    keep(&children, pid, streams);
    Ok(Status::new(pid.into(), "RUNNING").to_map())
}

/// Starts a program and waits for its end.
pub(super) fn run_to_end(
    run: &NativeContext,
    program: &str,
    arguments: &Dynamic,
    options: &Map,
) -> NativeResult<Map> {
    allowed(run)?;
    run.deadline.check()?;
    let options = Options::new(options, RUN)?;
    let capture = options.bool("capture", false)?;
    let patience = match options.number("timeout")? {
        Some(seconds) => Patience::For(duration(seconds)),
        None => Patience::Endless,
    };
    let input = options.value("input").map(|input| bytes(input, "option 'input'")).transpose()?;
    let stdin = Stream::read(&options, "stdin")?;
    if input.is_some() && stdin.is_some() {
        return Err(NativeError::bad_parameter("'input' and 'stdin' exclude each other"));
    }
    let output = if capture { Stream::Pipe } else { Stream::Inherit };
    let streams = [
        stdin.unwrap_or(if input.is_some() { Stream::Pipe } else { Stream::Null }),
        Stream::read(&options, "stdout")?.unwrap_or_else(|| output.clone()),
        Stream::read(&options, "stderr")?.unwrap_or(output),
    ];
    let Started { pid, streams } = launch(run, program, arguments, &options, &streams, capture)?;
    let children = run.extension::<Children>();
    if !capture && input.is_none() {
        keep(&children, pid, streams);
        return Ok(status(run, pid.into(), patience)?.to_map());
    }
    let mut exchange = Exchange::new(streams, input, capture);
    let ended = exchange.carry_out(run, &children, pid, patience);
    let (streams, [output, errors]) = exchange.into_parts();
    // the child may go on after a timeout or a deadline
    keep(&children, pid, streams);
    let mut map = ended.map_err(with_pid(pid))?.to_map();
    if capture {
        for (key, text) in [("stdout", output), ("stderr", errors)] {
            if let Some(text) = text {
                map.insert(key.into(), String::from_utf8_lossy(&text).into_owned().into());
            }
        }
    }
    Ok(map)
}

/// Keeps our ends of a child's pipes, for the script and so that the child can go on writing.
fn keep(children: &Children, pid: i32, streams: Streams) {
    let mut table = children.table();
    let Some(child) = table.child(pid) else { return };
    child.input = streams.input.map(Arc::new);
    child.output = streams.output.map(|pipe| Arc::new(Output::new(pipe)));
    child.kept.extend(streams.errors);
    if child.state.is_end() {
        child.close_pipes();
    }
}

fn launch(
    run: &NativeContext,
    program: &str,
    arguments: &Dynamic,
    options: &Options<'_>,
    streams: &[Stream; 3],
    apart: bool,
) -> NativeResult<Started> {
    if program.is_empty() {
        return Err(NativeError::bad_parameter("the program has no name"));
    }
    let mut launch = Launch {
        program: program.to_owned(),
        arguments: words(arguments)?,
        environment: environment(run, options)?,
        directory: options.string("cwd")?.map(|cwd| directory(run, &cwd)).transpose()?,
        streams: [None, None, None],
        new_group: options.bool("new_group", false)?,
    };
    let children = run.extension::<Children>();
    children.watch()?;
    let mut streams = Streams::open(run, streams, apart)?;
    launch.streams = std::mem::take(&mut streams.child);
    let pid = launch.start().map_err(|error| not_started(&error))?;
    let words = std::iter::once(launch.program).chain(launch.arguments).collect();
    children.insert(pid, Child::new(words));
    Ok(Started { pid, streams })
}

fn not_started(error: &LaunchError) -> NativeError {
    let message = with_causes(error);
    let (path, source) = match error {
        LaunchError::Nul(_) => return NativeError::bad_parameter(message),
        LaunchError::Program { program, source } => (program.clone(), source),
        LaunchError::Directory { directory, source, .. } => {
            (directory.to_string_lossy().into_owned(), source)
        }
    };
    let missing = matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    let failed = match missing {
        true => NativeError::arango("process.not_found", 14, message),
        false => NativeError::plain("process.not_started", ErrorName::Error, message),
    };
    let failed = failed.with("path", path);
    match source.raw_os_error() {
        Some(errno) => failed.with("errno", INT::from(errno)),
        None => failed,
    }
}

/// The directory that a program begins in, when the run may use files there.
fn directory(run: &NativeContext, path: &str) -> NativeResult<PathBuf> {
    run.usable_path(Path::new(path), Last::Followed)
}

/// The words of a program's arguments: an array, or a string that is the only one.
fn words(arguments: &Dynamic) -> NativeResult<Vec<String>> {
    match arguments.read_lock::<Array>() {
        Some(words) => words.iter().map(|word| scalar(word, "each argument")).collect(),
        None if arguments.is_string() => Ok(vec![arguments.to_string()]),
        None => Err(wrong_type("args", "an array", arguments)),
    }
}

/// The text of a string, a number or a boolean.
///
/// # Errors
/// Number 10 naming `what` for any other type.
pub(super) fn scalar(value: &Dynamic, what: &str) -> NativeResult<String> {
    if value.is_string() || value.is_int() || value.is_float() || value.is_bool() || value.is_char()
    {
        return Ok(value.to_string());
    }
    Err(wrong_type(what, "a string, a number or a boolean", value))
}

/// The environment of the run with what the options change.
fn environment(
    run: &NativeContext,
    options: &Options<'_>,
) -> NativeResult<BTreeMap<OsString, OsString>> {
    let mut all = run.extension::<Environment>().for_children();
    // what the script may not see, a program could tell it
    all.retain(|name, _| run.sees_variable(&name.to_string_lossy()));
    let mut set = |name: &str, value: Option<String>| {
        if name.is_empty() || name.contains('=') {
            return Err(NativeError::bad_parameter(format!(
                "{name:?} cannot name an environment variable"
            )));
        }
        match value {
            Some(value) => all.insert(name.into(), value.into()),
            None => all.remove(&OsString::from(name)),
        };
        Ok(())
    };
    let Some(changes) = options.value("env") else { return Ok(all) };
    if let Some(map) = changes.read_lock::<Map>() {
        for (name, value) in map.iter() {
            let removed = value.is_unit();
            let text =
                (!removed).then(|| scalar(value, "each value of option 'env'")).transpose()?;
            set(name, text)?;
        }
    } else if let Some(entries) = changes.read_lock::<Array>() {
        for entry in entries.iter() {
            let text = scalar(entry, "each element of option 'env'")?;
            let Some((name, value)) = text.split_once('=') else {
                return Err(NativeError::bad_parameter(format!(
                    "each element of option 'env' must be NAME=VALUE, not {text:?}"
                )));
            };
            set(name, Some(value.to_owned()))?;
        }
    } else {
        return Err(wrong_type("option 'env'", "a map or an array", changes));
    }
    Ok(all)
}
