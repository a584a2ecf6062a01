//! What every server of the stand-in has: a listener with limits, TLS, authentication, bodies and
//! answers as JSON or VelocyPack, errors as ArangoDB's servers tell them.

pub(in crate::standin) mod answer;
pub(in crate::standin) mod auth;
mod authentication;
pub(in crate::standin) mod body;
pub(in crate::standin) mod endpoint;
pub(in crate::standin) mod error;
pub(in crate::standin) mod form;
mod limits;
pub(in crate::standin) mod listener;
pub(in crate::standin) mod log_endpoint;
mod log_levels;
pub(in crate::standin) mod route;
pub(in crate::standin) mod service;
pub(in crate::standin) mod tls;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use tokio::sync::watch;

pub use authentication::Authentication;
pub use limits::Limits;
pub use log_levels::{LogControl, LogLevel, LogLevelError, LogLevels};
pub use tls::{KeyFileError, ServerCertificate};

use answer::Format;
use error::ApiError;

/// Returns once the flag is true, or its owner gone.
pub(in crate::standin) async fn turned_true(flag: &mut watch::Receiver<bool>) {
    let _ = flag.wait_for(|set| *set).await;
}

/// The answer to a request that may not be made; nothing if it may.
pub(in crate::standin) fn refusal(
    authentication: Option<&Authentication>,
    head: &Parts,
) -> Option<Response> {
    auth::check(authentication, head).err().map(json_error)
}

/// What is answered to a client that finds no place, once its body is off the connection.
pub(in crate::standin) async fn no_place(request: Request<Body>, body_limit: usize) -> Response {
    form::refuse(request, ApiError::TooManyClients, body_limit).await
}

/// An answer with a small body.
pub(in crate::standin) fn ok(body: &serde_json::Value) -> Response {
    answer::encode(answer::json(StatusCode::OK, body), Format::Json)
}

/// An error as JSON, whatever the client accepts.
pub(in crate::standin) fn json_error(error: ApiError) -> Response {
    answer::encode(error.into_response(), Format::Json)
}
