//! The properties of clusters and instances: `cluster.number`, `instance.id`.

use rhai::{Array, Dynamic, Engine, Map, NativeCallContext};

use super::handles::{Cluster, Instance};
use super::provider::{Capabilities, Crash, InstanceExit, InstanceFacts, InstanceState};
use crate::deadline::Deadline;
use crate::natives::{NativeError, NativeResult, call};

const OF_CLUSTERS: [&str; 3] = ["number", "root", "world"];

const OF_INSTANCES: [&str; 14] = [
    "arguments",
    "cluster",
    "data_dir",
    "endpoint",
    "exit_status",
    "id",
    "log_file",
    "name",
    "pid",
    "port",
    "role",
    "short_name",
    "state",
    "url",
];

/// Teaches `engine` the types and their properties.
pub(in crate::natives) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<Cluster>("Cluster")
        .register_indexer_get(|ctx: NativeCallContext, cluster: &mut Cluster, key: &str| {
            call(&ctx, "cluster", |_| of_cluster(cluster, key))
        })
        .register_fn("to_string", |cluster: &mut Cluster| format!("{cluster:?}"))
        .register_fn("to_debug", |cluster: &mut Cluster| format!("{cluster:?}"))
        .register_fn("==", |one: Cluster, other: Cluster| one.is(&other))
        .register_fn("!=", |one: Cluster, other: Cluster| !one.is(&other));
    engine
        .register_type_with_name::<Instance>("Instance")
        .register_indexer_get(|ctx: NativeCallContext, instance: &mut Instance, key: &str| {
            call(&ctx, "instance", |run| of_instance(instance, key, &run.deadline))
        })
        .register_fn("to_string", |instance: &mut Instance| instance.name().to_owned())
        .register_fn("to_debug", |instance: &mut Instance| format!("Instance({})", instance.name()))
        .register_fn("==", |one: Instance, other: Instance| same(&one, &other))
        .register_fn("!=", |one: Instance, other: Instance| !same(&one, &other));
}

fn same(one: &Instance, other: &Instance) -> bool {
    one.cluster().is(other.cluster()) && one.name() == other.name()
}

fn or_unit<T: Into<Dynamic>>(value: Option<T>) -> Dynamic {
    value.map_or(Dynamic::UNIT, Into::into)
}

fn path(path: Option<std::path::PathBuf>) -> Dynamic {
    or_unit(path.map(|path| path.to_string_lossy().into_owned()))
}

/// Paths as scripts have them.
pub(super) fn paths(paths: Vec<std::path::PathBuf>) -> Array {
    let texts = paths.into_iter().map(|path| path.to_string_lossy().into_owned());
    texts.map(Dynamic::from).collect()
}

fn unknown(what: &str, key: &str, known: &[&'static str]) -> NativeError {
    let near = known.iter().map(|one| (strsim::damerau_levenshtein(one, key), one)).min();
    let hint = match near.filter(|(distance, _)| *distance <= 3) {
        Some((_, near)) => format!("did you mean '{near}'?"),
        None => format!("there are {}", known.join(", ")),
    };
    NativeError::bad_parameter(format!("{what} has no property '{key}': {hint}"))
}

fn of_cluster(cluster: &Cluster, key: &str) -> NativeResult<Dynamic> {
    Ok(match key {
        "number" => cluster.number().into(),
        "world" => cluster.provider().world().into(),
        "root" => path(cluster.provider().root()),
        _ => return Err(unknown("a cluster", key, &OF_CLUSTERS)),
    })
}

fn of_instance(instance: &Instance, key: &str, deadline: &Deadline) -> NativeResult<Dynamic> {
    match key {
        "name" => return Ok(instance.name().to_owned().into()),
        "cluster" => return Ok(Dynamic::from(instance.cluster().clone())),
        _ if !OF_INSTANCES.contains(&key) => {
            return Err(unknown("an instance", key, &OF_INSTANCES));
        }
        _ => {}
    }
    let facts = instance.facts(deadline)?;
    Ok(match key {
        "short_name" => {
            let id = facts.id.as_deref();
            or_unit(id.and_then(|id| instance.cluster().short_name(id, deadline)))
        }
        _ => of_facts(facts).remove(key).unwrap_or(Dynamic::UNIT),
    })
}

/// All that is known of an instance, but for its short name.
pub(super) fn of_facts(facts: InstanceFacts) -> Map {
    let port = facts.url.rsplit(':').next().and_then(|port| port.parse::<i64>().ok());
    // the number of a process that we ended may belong to another one
    let pid = facts.pid.filter(|_| facts.state != InstanceState::Stopped);
    let arguments: Array = facts.arguments.into_iter().map(Dynamic::from).collect();
    let members: [(&str, Dynamic); 12] = [
        ("arguments", arguments.into()),
        ("data_dir", path(facts.data_dir)),
        ("endpoint", facts.endpoint.into()),
        ("exit_status", facts.exit.map_or(Dynamic::UNIT, |exit| of_exit(exit).into())),
        ("id", or_unit(facts.id)),
        ("log_file", path(facts.log_file)),
        ("name", facts.name.into()),
        ("pid", or_unit(pid)),
        ("port", or_unit(port)),
        ("role", facts.role.into()),
        ("state", facts.state.name().into()),
        ("url", facts.url.into()),
    ];
    members.into_iter().map(|(key, value)| (key.into(), value)).collect()
}

pub(super) fn of_exit(exit: InstanceExit) -> Map {
    let members = [("exit", exit.code), ("signal", exit.signal)];
    let known = members.into_iter().filter_map(|(key, number)| Some((key, number?)));
    known.map(|(key, number)| (key.into(), Dynamic::from(i64::from(number)))).collect()
}

pub(super) fn of_crash(crash: Crash) -> Map {
    let mut map = of_exit(crash.exit);
    let members: [(&str, Dynamic); 5] = [
        ("end", crash.end.into()),
        ("files", paths(crash.files).into()),
        ("instance", crash.instance.into()),
        ("log", crash.log.into()),
        ("pid", crash.pid.into()),
    ];
    map.extend(members.into_iter().map(|(key, value)| (key.into(), value)));
    map
}

pub(super) fn of_capabilities(capabilities: Capabilities) -> Map {
    let Capabilities {
        real_servers,
        coordinator_api,
        supervision,
        signals,
        collections,
        control,
        partition,
    } = capabilities;
    let members = [
        ("collections", collections),
        ("control", control),
        ("coordinator_api", coordinator_api),
        ("partition", partition),
        ("real_servers", real_servers),
        ("signals", signals),
        ("supervision", supervision),
    ];
    members.into_iter().map(|(key, on)| (key.into(), on.into())).collect()
}
