//! Errors of the client, and of a script's own function, on their way into the script.

use rhai::{Array, Dynamic, EvalAltResult, NativeCallContext};

use crate::client::ClientError;
use crate::http::HttpError;
use crate::natives::error::causes;
use crate::natives::{NativeContext, NativeError, permissions, with_causes};

/// Why a method that calls back into the script ended.
pub(super) enum Raised {
    /// The client or the native failed.
    Native(NativeError),
    /// The script's function raised this; it goes on unchanged.
    Script(Box<EvalAltResult>),
}

impl From<ClientError> for Raised {
    fn from(error: ClientError) -> Self {
        Self::Native(error.into())
    }
}

impl From<NativeError> for Raised {
    fn from(error: NativeError) -> Self {
        Self::Native(error)
    }
}

impl From<Box<EvalAltResult>> for Raised {
    fn from(error: Box<EvalAltResult>) -> Self {
        Self::Script(error)
    }
}

/// As `natives::call`, for bodies that call back into the script.
pub(super) fn call_back<T>(
    ctx: &NativeCallContext,
    func: &'static str,
    body: impl FnOnce(&NativeContext) -> Result<T, Raised>,
) -> Result<T, Box<EvalAltResult>> {
    let result = NativeContext::of(ctx).map_err(Raised::Native).and_then(|run| body(&run));
    result.map_err(|raised| match raised {
        Raised::Native(error) => error.with("func", func).into_engine_error(ctx.call_position()),
        Raised::Script(error) => error,
    })
}

impl From<ClientError> for NativeError {
    fn from(error: ClientError) -> Self {
        if let ClientError::Stopped(stop) = error {
            return stop.into();
        }
        match &error {
            ClientError::ReadOnly => return permissions::write_refused(),
            ClientError::Http(HttpError::HostRefused { endpoint }) => {
                return permissions::host_refused(endpoint);
            }
            _ => {}
        }
        let mut native = Self::arango(error.kind(), number(&error), with_causes(&error));
        let causes: Array = causes(&error).map(Dynamic::from).collect();
        if !causes.is_empty() {
            native = native.with("causes", causes);
        }
        if let Some(status) = error.status() {
            native = native.with_code(status.into());
        }
        match &error {
            ClientError::OperationFailed { path }
            | ClientError::Forbidden { path }
            | ClientError::Conflict { path, .. }
            | ClientError::NoCounter { path }
            | ClientError::WaitTimeout { path, .. } => native.with("path", path.clone()),
            ClientError::Unauthorized { endpoint }
            | ClientError::NotAnAgent { endpoint, .. }
            | ClientError::Refused { endpoint, .. }
            | ClientError::BadAnswer { endpoint, .. } => native.with("endpoint", endpoint.clone()),
            ClientError::NoLeader { endpoints, .. }
            | ClientError::Unreachable { endpoints, .. }
            | ClientError::Timeout { endpoints, .. } => native.with("endpoints", endpoints.clone()),
            ClientError::UnknownOutcome { client_ids, .. } => {
                let ids: Array = client_ids.iter().map(|id| id.clone().into()).collect();
                native.with("client_ids", ids)
            }
            _ => native,
        }
    }
}

fn number(error: &ClientError) -> i64 {
    match error {
        ClientError::Unauthorized { .. } | ClientError::Forbidden { .. } => 11,
        ClientError::NoLeader { .. } => 503,
        ClientError::Timeout { .. } | ClientError::WaitTimeout { .. } => 408,
        ClientError::Conflict { .. } => 412,
        ClientError::Unreachable { .. } => 2001,
        ClientError::UnknownOutcome { .. } => 2003,
        ClientError::Http(HttpError::Authorities { .. }) => 10,
        ClientError::Http(_) => 2000,
        ClientError::NotAnAgent { .. } => 9,
        ClientError::BadAnswer { .. } => 600,
        ClientError::Refused { error_num, status, .. } => {
            error_num.unwrap_or_else(|| i64::from(*status))
        }
        _ => 10,
    }
}
