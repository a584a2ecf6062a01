//! Taking dumps for scripts.

use std::time::Duration;

use rhai::{Array, Dynamic, Map};

use crate::client::AgencyClient;
use crate::deadline::Stop;
use crate::dump::{
    AgentToAsk, DumpError, DumpOptions, Latch, Packing, Place, Taken, agents_of, hurried,
    stem_of_cluster, take_of,
};
use crate::natives::dispatch::type_word;
use crate::natives::fs::to_write;
use crate::natives::{NativeContext, NativeError, NativeResult, Options, argument};

/// Options of every dump.
const OPTIONS: [&str; 8] =
    ["output", "number", "format", "request_timeout", "timeout", "reason", "test", "secrets"];

/// Options of those that are made once.
const ONCE_OPTIONS: [&str; 9] = [
    "output",
    "number",
    "format",
    "request_timeout",
    "test",
    "secrets",
    "one_test_timeout",
    "dump_agency_on_error",
    "dump_agency_on_shutdown",
];

/// How long one test may take, unless said.
const ONE_TEST: f64 = 900.0;

/// Dumps that this run has made.
#[derive(Default)]
struct Made(Latch);

/// Whom to ask, and how.
struct Target {
    client: AgencyClient,
    agents: Vec<AgentToAsk>,
}

pub(super) fn agency(run: &NativeContext, agency: &Dynamic, options: &Map) -> NativeResult<Map> {
    let options = Options::new(options, &OPTIONS)?;
    let target = target(agency)?;
    let dump = dump_options(run, &options, options.string("reason")?.as_deref())?;
    taken(run, &target, &options, &dump)
}

pub(super) fn agent(
    run: &NativeContext,
    agency: &Dynamic,
    agent: &str,
    options: &Map,
) -> NativeResult<Map> {
    let options = Options::new(options, &OPTIONS)?;
    let mut target = target(agency)?;
    let known = target.agents.iter().map(|known| &*known.name).collect::<Vec<_>>().join(", ");
    target.agents.retain(|known| {
        known.name == agent || known.id.as_deref() == Some(agent) || known.url == agent
    });
    if target.agents.is_empty() {
        return Err(DumpError::UnknownAgent { agent: agent.to_owned(), known }.into());
    }
    let dump = dump_options(run, &options, options.string("reason")?.as_deref())?;
    taken(run, &target, &options, &dump)
}

fn taken(
    run: &NativeContext,
    target: &Target,
    options: &Options<'_>,
    dump: &DumpOptions,
) -> NativeResult<Map> {
    let taken = take(target, options, dump, &|| run.deadline.check())?;
    Ok(as_map(&taken))
}

pub(super) fn if_not_yet(
    run: &NativeContext,
    agency: &Dynamic,
    reason: &str,
    options: &Map,
) -> NativeResult<Dynamic> {
    let options = Options::new(options, &ONCE_OPTIONS)?;
    let test = match reason {
        "shutdown" | "forced" => String::new(),
        "test_failed" => options.string("test")?.unwrap_or_default(),
        _ => {
            return Err(NativeError::bad_parameter(format!(
                "the reason must be shutdown, test_failed or forced, not '{reason}'"
            )));
        }
    };
    let wanted = options.bool("dump_agency_on_error", true)?
        && (reason != "shutdown" || options.bool("dump_agency_on_shutdown", true)?);
    if !wanted {
        return Ok(Dynamic::UNIT);
    }
    let limit = options.number("one_test_timeout")?.unwrap_or(ONE_TEST);
    let mut dump = dump_options(run, &options, Some(reason))?;
    dump.whole_limit = hurried(argument::duration(limit));
    // a script's deadline that has passed is often why there is to be a dump: only the run's counts
    run.deadline.check_run()?;
    let client = client(agency)?;
    let made = run.extension::<Made>();
    let once = made.0.once(&name_of(&client), reason, &test, || {
        let target = Target { agents: agents_of(&client), client };
        take(&target, &options, &dump, &|| run.deadline.check_run())
    })?;
    Ok(once.map_or(Dynamic::UNIT, |taken| as_map(&taken).into()))
}

fn take(
    target: &Target,
    options: &Options<'_>,
    dump: &DumpOptions,
    is_over: &dyn Fn() -> Result<(), Stop>,
) -> NativeResult<Taken> {
    let secrets = options.strings("secrets")?.unwrap_or_default();
    let secrets = secrets.into_iter().map(String::into_bytes).collect();
    Ok(take_of(&target.client, &target.agents, secrets, dump, is_over, &mut |_| {})?)
}

fn target(agency: &Dynamic) -> NativeResult<Target> {
    let client = client(agency)?;
    Ok(Target { agents: agents_of(&client), client })
}

/// The agency that is meant: as such, or in the map that stands for a manager.
fn client(agency: &Dynamic) -> NativeResult<AgencyClient> {
    let inner = agency.read_lock::<Map>().and_then(|map| map.get("agency").cloned());
    let meant = inner.as_ref().unwrap_or(agency);
    meant.clone().try_cast::<AgencyClient>().ok_or_else(|| {
        NativeError::wrong_type(format!("the agency must be an Agency, not {}", type_word(agency)))
    })
}

/// What stays the same of an agency while it runs.
fn name_of(client: &AgencyClient) -> String {
    let mut endpoints = client.endpoints();
    endpoints.sort_unstable();
    endpoints.join(" ")
}

fn dump_options(
    run: &NativeContext,
    options: &Options<'_>,
    reason: Option<&str>,
) -> NativeResult<DumpOptions> {
    let output = options.string("output")?.unwrap_or_else(|| "out".to_owned());
    let number = match options.int("number")? {
        None => 1,
        Some(number) => u64::try_from(number)
            .map_err(|_| NativeError::bad_parameter("the number must not be negative"))?,
    };
    let packing = match options.string("format")?.as_deref() {
        None | Some("zip") => Packing::Zip,
        Some("gzip") => Packing::Gzip,
        Some("json") => Packing::Folder,
        Some(other) => {
            let text = format!("the format must be zip, gzip or json, not '{other}'");
            return Err(NativeError::bad_parameter(text));
        }
    };
    let place = Place::Folder { folder: to_write(run, &output)?, stem: stem_of_cluster(number) };
    let mut dump = DumpOptions { packing, number: Some(number), ..DumpOptions::new(place) };
    let limit = |key| Ok::<_, NativeError>(options.number(key)?.map(argument::duration));
    set(&mut dump.request_limit, limit("request_timeout")?);
    set(&mut dump.whole_limit, limit("timeout")?);
    if let Some(reason) = reason {
        reason.clone_into(&mut dump.reason);
    }
    dump.test = options.string("test")?;
    Ok(dump)
}

fn set(limit: &mut Duration, given: Option<Duration>) {
    if let Some(given) = given {
        *limit = given;
    }
}

fn as_map(taken: &Taken) -> Map {
    let (mut files, mut errors, mut skipped) = (Array::new(), Array::new(), Array::new());
    for agent in &taken.manifest.agents {
        files.extend(agent.files.iter().map(|file| Dynamic::from(file.name.clone())));
        for error in &agent.errors {
            let status = error.status.map_or(Dynamic::UNIT, |status| i64::from(status).into());
            let mut map = Map::new();
            map.insert("agent".into(), agent.name.clone().into());
            map.insert("file".into(), error.file.clone().into());
            map.insert("kind".into(), error.kind.clone().into());
            map.insert("status".into(), status);
            map.insert("message".into(), error.message.clone().into());
            errors.push(map.into());
        }
        if let Some(reason) = &agent.skipped {
            let mut map = Map::new();
            map.insert("agent".into(), agent.name.clone().into());
            map.insert("reason".into(), reason.clone().into());
            skipped.push(map.into());
        }
    }
    files.push("manifest.json".into());
    let mut map = Map::new();
    map.insert("archive".into(), taken.archive.to_string_lossy().into_owned().into());
    map.insert("files".into(), files.into());
    map.insert("errors".into(), errors.into());
    map.insert("skipped".into(), skipped.into());
    map
}
