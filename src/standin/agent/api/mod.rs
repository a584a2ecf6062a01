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
mod log;
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
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use axum::response::Response;

use super::Agent;
use super::config::Authentication;
use answer::Format;
use error::ApiError;

pub(super) use jobs::{Jobs, forget_old_answers};
pub(super) use peers::is_peer;

/// The answer to a request that may not be made; nothing if it may.
pub(super) fn refusal(authentication: Option<&Authentication>, head: &Parts) -> Option<Response> {
    auth::check(authentication, head).err().map(json_error)
}

/// What is answered by an agent that looks for the others.
pub(super) fn booting() -> Response {
    json_error(ApiError::Booting)
}

/// What is answered to a client that finds no place, once its body is off the connection.
pub(super) async fn no_place(request: Request<Body>, body_limit: usize) -> Response {
    dispatch::refuse(request, ApiError::TooManyClients, body_limit).await
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
