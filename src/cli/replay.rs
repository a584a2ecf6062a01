//! `replay`: the log of a dump, applied again.

use std::path::PathBuf;

use clap::Args;

use super::exit::ExitCode;
use super::options::Options;
use super::output;
use crate::agency::value::Value;
use crate::agency::{instant, path};
use crate::natives::with_causes;
use crate::replay::{Difference, Dump, ReplayError, Replayed};

/// The most characters that are shown of a value that differs.
const SHOWN: usize = 200;

#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The dump: what `agencysh dump` writes, what GET /_api/agency/state answers, or a file with `log` and `agency`
    dump: PathBuf,
    /// The agent whose log is meant, by id, name, process or URL [default: the leader]
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
    /// Compare with the recorded tree, which is done anyway unless --at or --get is given
    #[arg(long)]
    verify: bool,
    /// Stop after the entry with this index, or the last one up to this time, such as "2026-11-28 11:43:12.5"; UTC unless it says otherwise
    #[arg(long, value_name = "INDEX|TIME", value_parser = moment)]
    at: Option<Moment>,
    /// Print the value at a path as JSON; paths are below /arango unless they begin with `/`
    #[arg(long, value_name = "PATH")]
    get: Option<String>,
}

/// A place in a log.
#[derive(Debug, Clone, Copy)]
enum Moment {
    Index(u64),
    Millis(i64),
}

fn moment(text: &str) -> Result<Moment, String> {
    let index = text.parse().ok().map(Moment::Index);
    let moment = index.or_else(|| instant::millis_of(text).map(Moment::Millis));
    moment.ok_or_else(|| "an index, or a time such as `2026-11-28 11:43:12`, is needed".to_owned())
}

/// Replays a dump; exit code 5 when the outcome differs from what is recorded.
pub(super) fn run(options: &Options, replay: &Replay) -> ExitCode {
    match attempt(replay) {
        Ok(code) => code,
        Err(error) => {
            options.reporter().plain(&with_causes(&error), None);
            ExitCode::USAGE
        }
    }
}

fn attempt(replay: &Replay) -> Result<ExitCode, ReplayError> {
    let dump = Dump::read_of(&replay.dump, replay.agent.as_deref())?;
    let at = match replay.at {
        None => None,
        Some(Moment::Index(index)) => Some(index),
        Some(Moment::Millis(millis)) => Some(dump.index_at(millis)?),
    };
    let replayed = dump.replay(at)?;
    for failed in replayed.failed() {
        output::note(&format!("entry {} has no effect: {}", failed.index, failed.error));
    }
    let mut code = ExitCode::OK;
    if let Some(path) = &replay.get {
        code = get(&replayed, path);
    }
    let partial = replay.at.is_some() || replay.get.is_some();
    if replay.verify || !partial {
        return Ok(verify(&dump, &replayed)?.unwrap_or(code));
    }
    if replay.get.is_none() {
        output::write(&format!("{}\n", summary(&replayed)));
    }
    Ok(code)
}

fn summary(replayed: &Replayed) -> String {
    format!("{} entries applied, up to index {}", replayed.entries(), replayed.index())
}

fn get(replayed: &Replayed, path: &str) -> ExitCode {
    match replayed.get(&path::absolute(path)) {
        Some(value) => {
            output::write(&format!("{:#}\n", serde_json::Value::from(value)));
            ExitCode::OK
        }
        None => {
            output::note(&format!("nothing at '{path}'"));
            ExitCode::FAILED
        }
    }
}

/// Names each difference; the exit code when there is one.
fn verify(dump: &Dump, replayed: &Replayed) -> Result<Option<ExitCode>, ReplayError> {
    let differences = replayed.differences(dump)?;
    for difference in &differences {
        output::write(&format!("{}\n", line(difference)));
    }
    let summary = summary(replayed);
    if differences.is_empty() {
        output::write(&format!("equal: {summary}\n"));
        return Ok(None);
    }
    output::write(&format!("{} differences: {summary}\n", differences.len()));
    Ok(Some(ExitCode::FINDINGS))
}

fn line(difference: &Difference) -> String {
    let side = |name: &str, value: &Option<Value>| {
        value.as_ref().map(|value| format!("{name} {}", cut(value)))
    };
    let sides = [side("recorded", &difference.recorded), side("replayed", &difference.replayed)];
    let sides: Vec<String> = sides.into_iter().flatten().collect();
    format!("{:10} {}: {}", difference.kind, difference.path, sides.join(", "))
}

fn cut(value: &Value) -> String {
    let text = serde_json::Value::from(value).to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
