//! What the methods of an agency do: convert, call the client, convert back.

use std::path::Path;
use std::time::Duration;

use rhai::{Array, Dynamic, FnPtr, INT, ImmutableString, Map, NativeCallContext};
use serde_json::Value;

use super::error::Raised;
use super::target::AgencyTarget;
use crate::auth::{Secret, SecretError};
use crate::client::{AgencyClient, Agent, ClientAuth, ClientError, ClientOptions, Flow, Poll};
use crate::document::Document;
use crate::http::{Endpoint, TlsOptions};
use crate::natives::{
    Last, NativeContext, NativeError, NativeResult, Options, argument, document, from_json, to_json,
};

/// The options of `agency::connect`.
const OPTIONS: [&str; 11] = [
    "endpoints",
    "jwt_secret",
    "jwt_secret_file",
    "jwt_token",
    "username",
    "password",
    "timeout",
    "connect_timeout",
    "ca_file",
    "insecure",
    "learn_leaders",
];

pub(super) fn connect(run: &NativeContext, map: &Map) -> NativeResult<AgencyClient> {
    let hosts = run.hosts()?;
    let options = Options::new(map, &OPTIONS)?;
    let endpoints = match options.value("endpoints") {
        Some(one) if one.is_string() => vec![one.to_string()],
        _ => options.strings("endpoints")?.unwrap_or_default(),
    };
    let endpoints: Result<Vec<_>, _> = endpoints.iter().map(|text| Endpoint::parse(text)).collect();
    let endpoints =
        endpoints.map_err(|error| NativeError::arango(error.kind(), 10, error.to_string()))?;
    let readable = |path: String| run.usable_path(Path::new(&path), Last::Followed);
    let ca_file = options.string("ca_file")?.map(readable).transpose()?;
    let given = ClientOptions::default();
    let client = ClientOptions {
        endpoints,
        auth: auth(run, &options)?,
        timeout: options.number("timeout")?.map_or(given.timeout, argument::duration),
        connect_timeout: options
            .number("connect_timeout")?
            .map_or(given.connect_timeout, argument::duration),
        tls: TlsOptions { insecure: options.bool("insecure", false)?, ca_file },
        learn_leaders: options.bool("learn_leaders", true)?,
        hosts,
        ..given
    };
    Ok(AgencyClient::new(client, run.deadline.clone())?)
}

fn auth(run: &NativeContext, options: &Options<'_>) -> NativeResult<ClientAuth> {
    let refused = |error: SecretError| NativeError::arango(error.kind(), 10, error.to_string());
    if let Some(secret) = options.string("jwt_secret")? {
        return Ok(ClientAuth::secret(Secret::new(secret.as_bytes()).map_err(refused)?));
    }
    if let Some(path) = options.string("jwt_secret_file")? {
        let path = run.usable_path(Path::new(&path), Last::Followed)?;
        let secret = match path.is_dir() {
            true => Secret::from_folder(&path).map(|mut secrets| secrets.swap_remove(0)),
            false => Secret::from_file(&path),
        };
        return Ok(ClientAuth::secret(secret.map_err(refused)?));
    }
    if let Some(token) = options.string("jwt_token")? {
        return Ok(ClientAuth::Token(token));
    }
    let password = options.string("password")?.unwrap_or_default();
    let username = options.string("username")?;
    Ok(username.map_or(ClientAuth::None, |username| ClientAuth::Basic { username, password }))
}

pub(super) fn current(run: &NativeContext) -> NativeResult<AgencyClient> {
    run.extension::<AgencyTarget>().client(&run.deadline)?.ok_or_else(|| {
        NativeError::arango(
            "agency.no_target",
            2001,
            "this run has no agency: start it with --endpoint or --embedded, or use agency::connect(#{ endpoints: [...] })",
        )
    })
}

/// Paths given as one string or as an array of strings.
pub(super) fn strings(value: &Dynamic, what: &str) -> NativeResult<Vec<ImmutableString>> {
    match value.read_lock::<Array>() {
        Some(items) => items.iter().map(|item| argument::text(item, what)).collect(),
        None => Ok(vec![argument::text(value, what)?]),
    }
}

pub(super) fn read(agency: &AgencyClient, paths: &Dynamic) -> NativeResult<Document> {
    let paths = strings(paths, "each path")?;
    let paths: Vec<&str> = paths.iter().map(ImmutableString::as_str).collect();
    Ok(agency.read_document(&paths)?)
}

/// Answers of up to so many bytes become ordinary values, larger ones documents.
const LARGEST_VALUE: usize = 1 << 20;

/// An answer as a script gets it.
pub(super) fn by_size(run: &NativeContext, answer: &Document) -> NativeResult<Dynamic> {
    match answer.text_len() > LARGEST_VALUE {
        true => Ok(document::part(answer)),
        false => document::value(run, answer),
    }
}

pub(super) fn write(agency: &AgencyClient, transactions: &Array) -> NativeResult<Map> {
    let transactions: NativeResult<Vec<_>> =
        transactions.iter().map(|one| Ok(AgencyClient::transaction(&to_json(one)?)?)).collect();
    let transactions = transactions?;
    if transactions.is_empty() {
        return Err(NativeError::bad_parameter("there must be at least one transaction"));
    }
    let outcome = agency.write(&transactions)?;
    let mut map = Map::new();
    map.insert("code".into(), i64::from(outcome.status).into());
    map.insert("applied".into(), outcome.all_applied().into());
    map.insert("results".into(), indices(&outcome.results).into());
    let ids: Array = outcome.client_ids.into_iter().map(Dynamic::from).collect();
    map.insert("client_ids".into(), ids.into());
    Ok(map)
}

pub(super) fn transact(agency: &AgencyClient, items: &Array) -> NativeResult<Map> {
    let (status, results) = agency.transact(&items_of(items)?)?;
    let mut map = Map::new();
    map.insert("code".into(), i64::from(status).into());
    map.insert("results".into(), results.into_iter().map(from_json).collect::<Array>().into());
    Ok(map)
}

pub(super) fn transient(agency: &AgencyClient, items: &Array) -> NativeResult<Array> {
    Ok(agency.transient(&items_of(items)?)?.into_iter().map(from_json).collect())
}

fn items_of(items: &Array) -> NativeResult<Vec<Value>> {
    if items.is_empty() {
        return Err(NativeError::bad_parameter("there must be at least one item"));
    }
    items.iter().map(|item| Ok(AgencyClient::item(&to_json(item)?)?)).collect()
}

fn indices(numbers: &[u64]) -> Array {
    numbers.iter().map(|number| index(*number).into()).collect()
}

/// A log index or id as a script's integer.
pub(super) fn index(number: u64) -> INT {
    INT::try_from(number).unwrap_or(INT::MAX)
}

pub(super) fn cas(
    agency: &AgencyClient,
    path: &str,
    old: &Dynamic,
    new: &Dynamic,
) -> NativeResult<bool> {
    let old = if old.is_unit() { None } else { Some(to_json(old)?) };
    Ok(agency.cas(path, old, to_json(new)?)?)
}

pub(super) fn inquire(agency: &AgencyClient, ids: &Dynamic) -> NativeResult<Array> {
    let ids: Vec<String> = strings(ids, "each id")?.iter().map(ToString::to_string).collect();
    Ok(indices(&agency.inquire(&ids)?))
}

pub(super) fn unique_id(agency: &AgencyClient, count: INT) -> NativeResult<INT> {
    let count = u32::try_from(count).ok().filter(|count| *count > 0).ok_or_else(|| {
        NativeError::bad_parameter("the number of ids must be between 1 and 4294967295")
    })?;
    Ok(index(agency.unique_id(count)?))
}

pub(super) fn poll(agency: &AgencyClient, from: INT, timeout: &Dynamic) -> NativeResult<Map> {
    let from = u64::try_from(from)
        .map_err(|_| NativeError::bad_parameter("the index must not be negative"))?;
    let Poll { commit_index, first_index, snapshot, log } =
        agency.poll(from, argument::seconds(timeout, "the timeout")?)?;
    let log = log.into_iter().map(|item| {
        let mut entry = Map::new();
        entry.insert("index".into(), index(item.index).into());
        entry.insert("operations".into(), from_json(item.operations));
        Dynamic::from(entry)
    });
    let mut map = Map::new();
    map.insert("commit_index".into(), index(commit_index).into());
    map.insert(
        "first_index".into(),
        first_index.map_or(Dynamic::UNIT, |first| index(first).into()),
    );
    map.insert("snapshot".into(), snapshot.map_or(Dynamic::UNIT, from_json));
    map.insert("log".into(), log.collect::<Array>().into());
    Ok(map)
}

/// Calls a script's function with the value at a path; `()` when nothing is there.
fn ask(
    ctx: &NativeCallContext,
    function: &FnPtr,
    value: Option<&Value>,
) -> Result<Dynamic, Raised> {
    let value = value.cloned().map_or(Dynamic::UNIT, from_json);
    Ok(function.call_within_context(ctx, (value,))?)
}

pub(super) fn update(
    ctx: &NativeCallContext,
    agency: &AgencyClient,
    path: &str,
    function: &FnPtr,
) -> Result<Dynamic, Raised> {
    let value = agency.update(path, |old| {
        let new = ask(ctx, function, old)?;
        if new.is_unit() {
            return Ok(None);
        }
        to_json(&new).map(Some).map_err(Raised::Native)
    })?;
    Ok(value.map_or(Dynamic::UNIT, from_json))
}

pub(super) fn watch(
    ctx: &NativeCallContext,
    agency: &AgencyClient,
    path: &str,
    function: &FnPtr,
    timeout: Duration,
) -> Result<bool, Raised> {
    agency.watch(path, timeout, |value| {
        let enough = ask(ctx, function, value)?.as_bool().unwrap_or(false);
        Ok::<_, Raised>(if enough { Flow::Stop } else { Flow::Continue })
    })
}

pub(super) fn wait_until(
    ctx: &NativeCallContext,
    agency: &AgencyClient,
    path: &str,
    predicate: &FnPtr,
    timeout: Duration,
) -> Result<Dynamic, Raised> {
    let value = agency.wait_until(path, timeout, |value| {
        let holds = ask(ctx, predicate, value)?;
        holds.as_bool().map_err(|other| {
            Raised::Native(NativeError::bad_parameter(format!(
                "the predicate must return a boolean, not {other}"
            )))
        })
    })?;
    Ok(value.map_or(Dynamic::UNIT, from_json))
}

fn agent_map(agent: &Agent) -> Map {
    let mut map = Map::new();
    map.insert("id".into(), agent.id.clone().into());
    map.insert("endpoint".into(), agent.endpoint.clone().into());
    map.insert("leading".into(), agent.leading.into());
    map
}

pub(super) fn agents(agency: &AgencyClient) -> NativeResult<Array> {
    Ok(agency.agents()?.iter().map(|agent| agent_map(agent).into()).collect())
}

pub(super) fn leader(agency: &AgencyClient) -> Result<String, ClientError> {
    Ok(agency.leader()?.id)
}

pub(super) fn health(agency: &AgencyClient) -> NativeResult<Map> {
    let health = agency.health()?;
    let text = |value: Option<String>| value.map_or(Dynamic::UNIT, Dynamic::from);
    let number = |value: Option<u64>| value.map_or(Dynamic::UNIT, |value| index(value).into());
    let agents = health.agents.into_iter().map(|member| {
        let mut map = agent_map(&member.agent);
        map.insert("reachable".into(), member.reachable.into());
        map.insert("leader_id".into(), text(member.leader_id));
        map.insert("term".into(), number(member.term));
        map.insert("commit_index".into(), number(member.commit_index));
        map.insert("error".into(), text(member.error));
        Dynamic::from(map)
    });
    let mut map = Map::new();
    map.insert("agents".into(), agents.collect::<Array>().into());
    map.insert("healthy".into(), health.healthy.into());
    map.insert("leader_id".into(), text(health.leader_id));
    Ok(map)
}
