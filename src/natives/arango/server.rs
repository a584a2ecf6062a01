//! What is known of the current server, and how it is asked.

use std::time::Duration;

use rhai::{Dynamic, FLOAT};

use super::error::{failed, raised};
use super::target::ArangoTarget;
use crate::connection::{ConnectionError, ServerDetails};
use crate::natives::{NativeContext, NativeError, NativeResult, argument};

/// How long a server may take to show that it is there.
const PROBE: Duration = Duration::from_secs(5);
/// What a timeout of zero stands for.
const DAY: Duration = Duration::from_secs(86_400);

/// A name that a database can have.
pub(super) fn database_name(name: &str) -> NativeResult<&str> {
    if name.is_empty() {
        return Err(NativeError::bad_parameter("the name of a database must not be empty"));
    }
    Ok(name)
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
