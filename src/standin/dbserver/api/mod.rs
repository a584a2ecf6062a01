//! Requests about replicated logs.
//!
//! * `internal`: those of other DB-servers
//! * `read`: status and entries
//! * `write`: new entries, and what is needed no more

mod internal;
mod read;
mod write;

use axum::http::{Method, StatusCode};
use serde_json::{Value as Json, json};

use super::engine::LogError;
use super::server::DbServer;
use super::store::LogName;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

/// Answers a request below `/_api/log`.
pub(super) async fn answer(server: &DbServer, call: &Call, path: &[&str]) -> Answer {
    if let ["internal", what] = path {
        return internal::answer(server, call, what).await;
    }
    let reads = call.method == Method::GET || call.method == Method::HEAD;
    let writes = call.method == Method::POST;
    let (id, what) = match path {
        [] if reads => return read::all(server, call).await,
        [] => return Err(ApiError::MethodNotSupported),
        [id, what @ ..] => (id, what),
    };
    let log = name(call, id)?;
    match what {
        ["global-status"] => Err(ApiError::NotImplemented { path: call.path.text.clone() }),
        [] | ["local-status" | "head" | "tail" | "slice" | "poll"] | ["entry", _] if !reads => {
            Err(ApiError::MethodNotSupported)
        }
        [] | ["local-status"] => read::status(server, log).await,
        ["head"] => read::head(server, call, log).await,
        ["tail"] => read::tail(server, call, log).await,
        ["slice"] => read::slice(server, call, log).await,
        ["poll"] => read::poll(server, call, log).await,
        ["entry", index] => read::entry(server, log, index).await,
        ["insert" | "multi-insert" | "ping" | "release" | "compact"] if !writes => {
            Err(ApiError::MethodNotSupported)
        }
        ["insert"] => write::insert(server, call, log).await,
        ["multi-insert"] => write::multi_insert(server, call, log).await,
        ["ping"] => write::ping(server, call, log).await,
        ["release"] => write::release(server, call, log).await,
        ["compact"] => write::compact(server, log).await,
        _ => Err(ApiError::NotImplemented { path: call.path.text.clone() }),
    }
}

/// The log that a request is about.
fn name(call: &Call, id: &str) -> Result<LogName, ApiError> {
    let log = id.parse().map_err(|_| ApiError::Refused {
        message: format!("'{id}' is no id of a replicated log"),
    })?;
    Ok(LogName { database: call.database.as_str().into(), log })
}

/// A number in the query.
fn number(call: &Call, parameter: &str) -> Result<Option<u64>, ApiError> {
    let Some(text) = call.parameter(parameter) else { return Ok(None) };
    let refusal =
        || ApiError::Refused { message: format!("'{text}' is no number for '{parameter}'") };
    text.parse().map(Some).map_err(|_| refusal())
}

/// What comes of waiting for a commit.
async fn in_time<T>(
    server: &DbServer,
    waiting: impl Future<Output = Result<T, LogError>>,
) -> Result<T, ApiError> {
    match tokio::time::timeout(server.settings.longest_wait, waiting).await {
        Ok(committed) => Ok(committed?),
        Err(_) => {
            let message = "the entry is not committed in time";
            Err(ApiError::numbered(StatusCode::REQUEST_TIMEOUT, 408, message))
        }
    }
}

/// An answer with a result.
fn result(status: StatusCode, result: Json) -> Answer {
    let body = json!({ "error": false, "code": status.as_u16(), "result": result });
    Ok(answer::json(status, &body))
}

impl From<LogError> for ApiError {
    fn from(error: LogError) -> Self {
        let message = error.to_string();
        match error {
            LogError::Unknown => Self::numbered(StatusCode::NOT_FOUND, 1418, message),
            LogError::NoLeader => Self::numbered(StatusCode::SERVICE_UNAVAILABLE, 1422, message),
            LogError::NotLeader | LogError::OtherImplementation => Self::Forbidden { message },
            LogError::Ended => Self::ShuttingDown,
        }
    }
}
