//! The agent's HTTP API.
//!
//! `dispatch` finds the endpoint and checks the method; one file per group of
//! endpoints does the rest. Errors become answers in `error` alone.

mod answer;
mod auth;
mod body;
mod config;
mod dispatch;
mod error;
mod general;
mod inquire;
mod jobs;
mod leader;
mod peers;
mod poll;
mod read;
mod route;
mod state;
mod strangers;
mod transact;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;

use super::Agent;
use super::config::Authentication;
use answer::Format;
use error::ApiError;

pub(super) use jobs::Jobs;

/// The answer to a request that may not be made; nothing if it may.
pub(super) fn refusal(
    authentication: Option<&Authentication>,
    request: &Request<Body>,
) -> Option<Response> {
    auth::check(authentication, request).err().map(json_error)
}

/// What is answered by an agent that looks for the others.
pub(super) fn booting() -> Response {
    json_error(ApiError::Booting)
}

/// The answer to a message that is none.
pub(super) fn bad_parameter() -> Response {
    json_error(ApiError::BadParameter)
}

/// An answer with a small body.
pub(super) fn ok(body: &serde_json::Value) -> Response {
    answer::encode(answer::json(StatusCode::OK, body), Format::Json)
}

fn json_error(error: ApiError) -> Response {
    answer::encode(error.into_response(), Format::Json)
}

/// The service that answers every request to `agent`.
pub(super) fn router(agent: Arc<Agent>) -> Router {
    Router::new().fallback(jobs::serve).with_state(agent)
}
