//! Reading dumps for scripts.

use rhai::{Array, Dynamic, ImmutableString, Map};

use crate::document::{Document, DocumentError};
use crate::dump::{Dump, DumpError, differences};
use crate::natives::document::{go_on, part, stopped, value};
use crate::natives::fs::at;
use crate::natives::{NativeContext, NativeError, NativeResult, Options, argument, from_json};

/// Parts of documents of up to so many bytes become ordinary values.
const LARGEST_VALUE: usize = 1 << 20;

pub(super) fn open(run: &NativeContext, path: &str) -> NativeResult<Dump> {
    of(run, Dump::open(&at(run, path)?, &go_on(&run.deadline)))
}

pub(super) fn agents(dump: &Dump) -> NativeResult<Array> {
    let agents = dump.agents().iter().map(|agent| {
        let value = serde_json::to_value(agent);
        value
            .map(from_json)
            .map_err(|error| NativeError::internal("dump.agents", error.to_string()))
    });
    agents.collect()
}

pub(super) fn manifest(dump: &Dump) -> NativeResult<Dynamic> {
    let Some(manifest) = dump.manifest() else { return Ok(Dynamic::UNIT) };
    let value = serde_json::to_value(manifest);
    value.map(from_json).map_err(|error| NativeError::internal("dump.manifest", error.to_string()))
}

pub(super) fn tree(
    run: &NativeContext,
    dump: &Dump,
    agent: Option<&str>,
) -> NativeResult<Document> {
    of(run, dump.tree(agent, &go_on(&run.deadline)))
}

pub(super) fn config(
    run: &NativeContext,
    dump: &Dump,
    agent: Option<&str>,
) -> NativeResult<Document> {
    of(run, dump.config(agent, &go_on(&run.deadline)))
}

pub(super) fn log(run: &NativeContext, dump: &Dump, agent: Option<&str>) -> NativeResult<Document> {
    of(run, dump.log(agent, &go_on(&run.deadline)))
}

pub(super) fn diff(
    run: &NativeContext,
    before: &Dynamic,
    after: &Dynamic,
    options: &Map,
) -> NativeResult<Array> {
    let options = Options::new(options, &["agent"])?;
    let agent = options.string("agent")?;
    let tree_of = |side: &Dynamic, what: &str| {
        let dump = match side.clone().try_cast::<Dump>() {
            Some(dump) => dump,
            None => open(run, &text(side, what)?)?,
        };
        tree(run, &dump, agent.as_deref())
    };
    let (before, after) = (tree_of(before, "the first dump")?, tree_of(after, "the second dump")?);
    let changes = differences(&before, &after, &go_on(&run.deadline)).map_err(|_| stopped(run))?;
    let found = changes.into_iter().map(|change| {
        let mut map = Map::new();
        map.insert("path".into(), change.path.into());
        for (key, side) in [("before", change.before), ("after", change.after)] {
            if let Some(side) = side {
                map.insert(key.into(), by_size(run, &side)?);
            }
        }
        Ok(Dynamic::from(map))
    });
    found.collect()
}

fn text(side: &Dynamic, what: &str) -> NativeResult<ImmutableString> {
    argument::text(side, &format!("{what}, if it is no Dump,"))
}

fn by_size(run: &NativeContext, found: &Document) -> NativeResult<Dynamic> {
    match found.text_len() > LARGEST_VALUE {
        true => Ok(part(found)),
        false => value(run, found),
    }
}

/// What ended the run is told as such.
fn of<T>(run: &NativeContext, outcome: Result<T, DumpError>) -> NativeResult<T> {
    outcome.map_err(|error| match error {
        DumpError::Malformed { source: DocumentError::Stopped, .. } => stopped(run),
        other => other.into(),
    })
}
