//! Which connection is current: reconnecting, and handles.

use rhai::Map;

use super::error::{failed, kind_of};
use super::server::database_name;
use super::target::ArangoTarget;
use crate::auth::Secret;
use crate::client::ClientAuth;
use crate::connection::{ConnectionError, ConnectionOptions};
use crate::natives::log_levels::{GENERAL, Level};
use crate::natives::{NativeContext, NativeError, NativeResult, Options, log, with_causes};

/// The options of `arango::reconnect`.
const OPTIONS: [&str; 6] = ["database", "username", "password", "jwt_secret", "jwt", "warn"];

/// Makes another server the current one.
pub(super) fn reconnect(run: &NativeContext, endpoint: &str, map: &Map) -> NativeResult<bool> {
    let hosts = run.hosts()?;
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
        .tls(target.tls.clone())
        .hosts(hosts);
    if let Some(name) = options.string("database")? {
        server = server.database(database_name(&name)?);
    }
    let endpoint = server.spelling().to_owned();
    if let Err(error) = target.connections.reconnect(server, &run.deadline) {
        let error = not_connected(error, &endpoint)?;
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
            (kind_of(failed.number).unwrap_or("arango.transport"), failed.message)
        }
        other => (other.kind(), with_causes(&other)),
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
