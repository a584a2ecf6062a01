//! Taking dumps for scripts.

use rhai::{Array, Dynamic, Map};
use serde_json::{Map as JsonMap, Value};

use super::target::{Meant, Target, called};
use crate::deadline::{Deadline, Stop};
use crate::dump::{
    DumpError, DumpOptions, Latch, Packing, Place, Taken, hurried, stem_of_cluster, take_of,
};
use crate::natives::cluster::Cluster;
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

/// What a cluster says of dumps, where the call does not.
struct Given<'a> {
    options: Options<'a>,
    of_cluster: JsonMap<String, Value>,
}

impl Given<'_> {
    fn bool(&self, key: &str, otherwise: bool) -> NativeResult<bool> {
        let launched = self.of_cluster.get(key).and_then(Value::as_bool);
        self.options.bool(key, launched.unwrap_or(otherwise))
    }

    fn output(&self) -> NativeResult<String> {
        let launched = self.of_cluster.get("output_directory").and_then(Value::as_str);
        Ok(self.options.string("output")?.unwrap_or_else(|| launched.unwrap_or("out").to_owned()))
    }
}

pub(super) fn agency(run: &NativeContext, agency: &Dynamic, options: &Map) -> NativeResult<Map> {
    taken(run, agency, options, None)
}

pub(super) fn agent(
    run: &NativeContext,
    agency: &Dynamic,
    agent: &Dynamic,
    options: &Map,
) -> NativeResult<Map> {
    taken(run, agency, options, Some(called(agent)?))
}

fn taken(
    run: &NativeContext,
    agency: &Dynamic,
    options: &Map,
    only: Option<String>,
) -> NativeResult<Map> {
    let options = Options::new(options, &OPTIONS)?;
    let meant = Meant::of(run, agency)?;
    let given = Given { options, of_cluster: meant.options() };
    let dump = dump_options(run, &given, &meant, given.options.string("reason")?)?;
    let mut target = meant.target(&run.deadline)?;
    if let Some(agent) = only {
        let known = target.agents.iter().map(|known| &*known.name).collect::<Vec<_>>().join(", ");
        target.agents.retain(|known| {
            known.name == agent || known.id.as_deref() == Some(&*agent) || known.url == agent
        });
        if target.agents.is_empty() {
            return Err(DumpError::UnknownAgent { agent, known }.into());
        }
    }
    let taken = take(&target, &given, &dump, &|| run.deadline.check())?;
    Ok(as_map(&taken))
}

pub(in crate::natives) fn if_not_yet(
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
    let meant = Meant::of(run, agency)?;
    let given = Given { options, of_cluster: meant.options() };
    let wanted = given.bool("dump_agency_on_error", true)?
        && (reason != "shutdown" || given.bool("dump_agency_on_shutdown", true)?);
    if !wanted || !meant.is_started() {
        return Ok(Dynamic::UNIT);
    }
    let limit = given.options.number("one_test_timeout")?.unwrap_or(ONE_TEST);
    let mut dump = dump_options(run, &given, &meant, Some(reason.to_owned()))?;
    dump.whole_limit = hurried(argument::duration(limit));
    // a deadline of the script that has passed is often why there is to be a dump: only the run's counts
    run.deadline.check_run()?;
    let left =
        run.deadline.run_remaining().map_or(dump.whole_limit, |left| left.min(dump.whole_limit));
    let pushed = Deadline::after(Some(left));
    let made = run.extension::<Made>();
    let once = made.0.once(&meant.name(), reason, &test, || {
        let target = meant.target(&pushed)?;
        take(&target, &given, &dump, &|| run.deadline.check_run())
    })?;
    Ok(once.map_or(Dynamic::UNIT, |taken| as_map(&taken).into()))
}

fn take(
    target: &Target,
    given: &Given<'_>,
    dump: &DumpOptions,
    is_over: &dyn Fn() -> Result<(), Stop>,
) -> NativeResult<Taken> {
    let secrets = given.options.strings("secrets")?.unwrap_or_default();
    let secrets = secrets.into_iter().map(String::into_bytes).collect();
    Ok(take_of(&target.client, &target.agents, secrets, dump, is_over, &mut |_| {})?)
}

/// Takes a dump of the agents of a cluster, which has until `deadline` to tell who they are. There is none when `is_over`
/// says so.
pub(crate) fn cluster(
    cluster: &Cluster,
    options: &DumpOptions,
    deadline: &Deadline,
    is_over: &dyn Fn() -> Result<(), Stop>,
) -> NativeResult<Taken> {
    let target = Meant::Cluster(cluster.clone()).target(deadline)?;
    Ok(take_of(&target.client, &target.agents, Vec::new(), options, is_over, &mut |_| {})?)
}

fn dump_options(
    run: &NativeContext,
    given: &Given<'_>,
    meant: &Meant,
    reason: Option<String>,
) -> NativeResult<DumpOptions> {
    let options = &given.options;
    let number = match options.int("number")? {
        None => meant.number(),
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
    let folder = to_write(run, &given.output()?)?;
    let place = Place::Folder { folder, stem: stem_of_cluster(number) };
    let mut dump = DumpOptions { packing, number: Some(number), ..DumpOptions::new(place) };
    if let Some(limit) = options.number("request_timeout")? {
        dump.request_limit = argument::duration(limit);
    }
    if let Some(limit) =
        options.value("timeout").map(|limit| argument::seconds(limit, "the timeout"))
    {
        dump.whole_limit = limit?;
    }
    if let Some(reason) = reason {
        dump.reason = reason;
    }
    dump.test = options.string("test")?;
    Ok(dump)
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
