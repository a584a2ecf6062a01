//! What the functions of `arango` do: check, ask, convert.

use std::time::Duration;

use rhai::{Blob, Dynamic, FLOAT, ImmutableString, Map};

use super::error::{failed, raised};
use super::results::{plain, plain_failure, raw, raw_failure};
use super::target::ArangoTarget;
use crate::auth::Secret;
use crate::client::ClientAuth;
use crate::connection::{
    Answer, Body, ConnectionError, ConnectionOptions, Question, ServerDetails,
};
use crate::natives::log_levels::{GENERAL, Level};
use crate::natives::{
    Gate, NativeContext, NativeError, NativeResult, Options, argument, fs, log, to_json,
};

/// How long a server may take to show that it is there.
const PROBE: Duration = Duration::from_secs(5);
/// What a timeout of zero stands for.
const DAY: Duration = Duration::from_secs(86_400);
/// The options of `arango::reconnect`.
const OPTIONS: [&str; 6] = ["database", "username", "password", "jwt_secret", "jwt", "warn"];

/// Connecting to a server that the run was not started for.
fn may_connect(run: &NativeContext) -> NativeResult<()> {
    run.require(Gate::Network)
}

/// One call of a verb.
pub(super) struct Verb<'a> {
    pub(super) method: &'static str,
    pub(super) path: &'a str,
    pub(super) body: Option<&'a Dynamic>,
    pub(super) headers: &'a Map,
}

impl Verb<'_> {
    fn question(&self) -> NativeResult<Question> {
        let body = self.body.map_or(Ok(Body::None), body)?;
        let question = Question::new(self.method, self.path).body(body);
        Ok(self
            .headers
            .iter()
            .fold(question, |question, (name, value)| question.header(name, value.to_string())))
    }
}

fn body(value: &Dynamic) -> NativeResult<Body> {
    if value.is_unit() {
        return Ok(Body::None);
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(Body::Text(text.to_string()));
    }
    if let Some(blob) = value.read_lock::<Blob>() {
        return Ok(Body::Bytes(blob.clone()));
    }
    to_json(value).map(Body::Value)
}

fn ask(run: &NativeContext, question: Question) -> NativeResult<Result<Answer, ConnectionError>> {
    run.deadline.check()?;
    let target = run.extension::<ArangoTarget>();
    let connection = target.current(&run.deadline)?;
    Ok(connection.ask(question, target.connections.settings(), &run.deadline))
}

/// A verb that gives the body.
pub(super) fn body_of(run: &NativeContext, verb: &Verb<'_>) -> NativeResult<Dynamic> {
    match ask(run, verb.question()?)? {
        Ok(answer) if answer.is_large() => Ok(run.deadline.aside(|| plain(answer))?),
        Ok(answer) => Ok(plain(answer)),
        Err(error) => Ok(plain_failure(failed(error, verb.path)?).into()),
    }
}

/// A verb that gives all of the answer.
pub(super) fn answer_of(run: &NativeContext, verb: &Verb<'_>) -> NativeResult<Map> {
    match ask(run, verb.question()?)? {
        Ok(answer) if answer.is_large() => Ok(run.deadline.aside(|| raw(answer))?),
        Ok(answer) => Ok(raw(answer)),
        Err(error) => Ok(raw_failure(failed(error, verb.path)?)),
    }
}

/// `POST` with the bytes of a file.
pub(super) fn send_file(
    run: &NativeContext,
    path: &str,
    file: &str,
    headers: &Map,
) -> NativeResult<Dynamic> {
    run.deadline.check()?;
    let bytes = Dynamic::from_blob(fs::read(run, file)?);
    body_of(run, &Verb { method: "POST", path, body: Some(&bytes), headers })
}

/// Makes another server the current one.
pub(super) fn reconnect(run: &NativeContext, endpoint: &str, map: &Map) -> NativeResult<bool> {
    may_connect(run)?;
    let options = Options::new(map, &OPTIONS)?;
    let warn = options.bool("warn", true)?;
    run.deadline.check()?;
    let target = run.extension::<ArangoTarget>();
    let invalid = |kind: &str, message: String| {
        NativeError::arango(kind, 10, message).with("endpoint", endpoint.to_owned())
    };
    let mut server = ConnectionOptions::parse(endpoint)
        .map_err(|error| invalid(error.kind(), error.to_string()))?
        .auth(auth(&options)?)
        .tls(target.tls.clone());
    if let Some(name) = options.string("database")? {
        server = server.database(database_name(&name)?);
    }
    if let Err(error) = target.connections.reconnect(server, &run.deadline) {
        let error = not_connected(error, endpoint)?;
        if warn {
            let text = format!("cannot connect to '{endpoint}': {}", error.message());
            log::log(run, Level::Warning, GENERAL, &text.into())?;
        }
        return Err(error);
    }
    target.leave_first();
    Ok(true)
}

/// Number 10 with what the server or the system said; the outer error is the end of the run.
fn not_connected(error: ConnectionError, endpoint: &str) -> NativeResult<NativeError> {
    let status = match &error {
        ConnectionError::Refused { status, .. } => Some(i64::from(*status)),
        _ => None,
    };
    let (kind, text) = match error {
        ConnectionError::Http(_) => {
            let failed = failed(error, endpoint)?;
            (super::error::kind_of(failed.number).unwrap_or("arango.transport"), failed.message)
        }
        other => (other.kind(), crate::natives::with_causes(&other)),
    };
    let error = NativeError::arango(kind, 10, text).with("endpoint", endpoint.to_owned());
    Ok(match status {
        Some(status) => error.with_code(status),
        None => error,
    })
}

fn auth(options: &Options<'_>) -> NativeResult<ClientAuth> {
    if let Some(token) = options.string("jwt")? {
        return Ok(ClientAuth::Token(token));
    }
    if let Some(secret) = options.string("jwt_secret")? {
        let secret = Secret::new(secret.as_bytes())
            .map_err(|error| NativeError::arango(error.kind(), 10, error.to_string()))?;
        return Ok(ClientAuth::secret(secret));
    }
    Ok(ClientAuth::Basic {
        username: options.string("username")?.unwrap_or_else(|| "root".to_owned()),
        password: options.string("password")?.unwrap_or_default(),
    })
}

fn database_name(name: &str) -> NativeResult<&str> {
    if name.is_empty() {
        return Err(NativeError::bad_parameter("the name of a database must not be empty"));
    }
    Ok(name)
}

/// The handle of the current connection.
pub(super) fn handle(run: &NativeContext) -> NativeResult<String> {
    let target = run.extension::<ArangoTarget>();
    let connection = target.current(&run.deadline)?;
    Ok(target.connections.handle_of(&connection))
}

/// Makes a parked connection the current one.
pub(super) fn use_handle(run: &NativeContext, handle: &str) -> NativeResult<bool> {
    let target = run.extension::<ArangoTarget>();
    if !target.connections.use_handle(handle) {
        return Err(NativeError::arango(
            "arango.unknown_handle",
            2001,
            format!("no connection has the handle '{handle}'"),
        ));
    }
    target.leave_first();
    Ok(true)
}

/// Drops a connection.
pub(super) fn drop_handle(run: &NativeContext, handle: &str) -> bool {
    run.extension::<ArangoTarget>().connections.drop_handle(handle)
}

/// The address of the current server as it was given.
pub(super) fn endpoint(run: &NativeContext) -> NativeResult<String> {
    run.deadline.check()?;
    let connection = run.extension::<ArangoTarget>().current(&run.deadline)?;
    Ok(connection.spelling().to_owned())
}

/// The current database.
pub(super) fn database(run: &NativeContext) -> NativeResult<String> {
    run.deadline.check()?;
    Ok(run.extension::<ArangoTarget>().current(&run.deadline)?.database())
}

/// Changes the current database.
pub(super) fn set_database(run: &NativeContext, name: &str) -> NativeResult<bool> {
    run.deadline.check()?;
    let name = database_name(name)?;
    run.extension::<ArangoTarget>().current(&run.deadline)?.set_database(name);
    Ok(true)
}

/// The user of the current connection.
pub(super) fn user(run: &NativeContext) -> NativeResult<String> {
    let connection = run.extension::<ArangoTarget>().current(&run.deadline)?;
    Ok(connection.user().to_owned())
}

/// Whether the current server answers.
pub(super) fn is_connected(run: &NativeContext) -> NativeResult<bool> {
    run.deadline.check()?;
    let target = run.extension::<ArangoTarget>();
    if !target.has_server() {
        return Ok(false);
    }
    let connection = target.current(&run.deadline)?;
    let settings = target.connections.settings();
    match connection.details(PROBE, settings, &run.deadline) {
        Ok(_) => Ok(true),
        Err(ConnectionError::Refused { .. }) => Ok(false),
        Err(error) => failed(error, "/").map(|_| false),
    }
}

/// What the current server tells about itself.
pub(super) fn details(run: &NativeContext) -> NativeResult<ServerDetails> {
    run.deadline.check()?;
    let target = run.extension::<ArangoTarget>();
    let connection = target.current(&run.deadline)?;
    let settings = target.connections.settings();
    let details = connection.details(settings.timeout, settings, &run.deadline);
    details.map_err(|error| raised(error, connection.spelling()))
}

/// The limit of a request in seconds.
pub(super) fn timeout(run: &NativeContext) -> NativeResult<FLOAT> {
    run.deadline.check()?;
    Ok(run.extension::<ArangoTarget>().connections.settings().timeout.as_secs_f64())
}

/// Changes the limit of a request.
pub(super) fn set_timeout(run: &NativeContext, seconds: &Dynamic) -> NativeResult<()> {
    run.deadline.check()?;
    let seconds = argument::number(seconds, "seconds")?;
    if seconds.is_nan() || seconds < 0.0 {
        return Err(NativeError::bad_parameter("seconds must not be negative"));
    }
    let limit = if seconds == 0.0 { DAY } else { argument::duration(seconds) };
    let target = run.extension::<ArangoTarget>();
    target.connections.change_settings(|settings| settings.timeout = limit);
    Ok(())
}

/// Whether values go out as JSON.
pub(super) fn set_force_json(run: &NativeContext, on: bool) -> NativeResult<()> {
    run.deadline.check()?;
    let target = run.extension::<ArangoTarget>();
    target.connections.change_settings(|settings| settings.force_json = on);
    Ok(())
}

/// Whether compressed answers are asked for.
pub(super) fn set_compress(run: &NativeContext, on: bool) {
    let target = run.extension::<ArangoTarget>();
    target.connections.change_settings(|settings| settings.compress = on);
}

/// What is spoken.
pub(super) fn protocol(run: &NativeContext) -> &'static str {
    run.extension::<ArangoTarget>().connections.protocol()
}
