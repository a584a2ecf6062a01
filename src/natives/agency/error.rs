//! Errors of the client on their way into the script.

use rhai::{Array, Dynamic};

use crate::client::ClientError;
use crate::http::HttpError;
pub(super) use crate::natives::callback::{Raised, call_back};
use crate::natives::error::causes;
use crate::natives::{NativeError, from_json, permissions, with_causes};

impl From<ClientError> for Raised {
    fn from(error: ClientError) -> Self {
        Self::Native(error.into())
    }
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
            | ClientError::NotAnInteger { path }
            | ClientError::WaitTimeout { path, .. } => native.with("path", path.clone()),
            ClientError::Unauthorized { endpoint }
            | ClientError::NotAnAgent { endpoint, .. }
            | ClientError::Refused { endpoint, .. }
            | ClientError::BadAnswer { endpoint, .. } => native.with("endpoint", endpoint.clone()),
            ClientError::NoLeader { endpoints, .. }
            | ClientError::Unreachable { endpoints, .. }
            | ClientError::Timeout { endpoints, .. } => native.with("endpoints", endpoints.clone()),
            ClientError::RedirectLoop { endpoints, .. } | ClientError::Reset { endpoints, .. } => {
                native.with("endpoints", endpoints.clone())
            }
            ClientError::RedirectUnknown { endpoint, location, known } => native
                .with("endpoint", endpoint.clone())
                .with("location", location.clone())
                .with("known", known.clone()),
            ClientError::Exhausted { path, tries, last } => native
                .with("path", path.clone())
                .with("tries", i64::from(*tries))
                .with("last", last.clone().map_or(Dynamic::UNIT, from_json)),
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
        ClientError::NoLeader { .. } | ClientError::RedirectLoop { .. } => 503,
        ClientError::Timeout { .. } | ClientError::WaitTimeout { .. } => 408,
        ClientError::Conflict { .. } | ClientError::Exhausted { .. } => 412,
        ClientError::Reset { .. } => 2003,
        ClientError::Unreachable { .. } => 2001,
        ClientError::UnknownOutcome { .. } => 2003,
        ClientError::Http(HttpError::Authorities { .. }) => 10,
        ClientError::Http(_) => 2000,
        ClientError::NotAnAgent { .. } => 9,
        ClientError::BadAnswer { .. } | ClientError::RedirectUnknown { .. } => 600,
        ClientError::NotAnInteger { .. } => 17,
        ClientError::Refused { error_num, status, .. } => {
            error_num.unwrap_or_else(|| i64::from(*status))
        }
        _ => 10,
    }
}
