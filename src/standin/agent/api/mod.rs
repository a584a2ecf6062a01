//! The agent's HTTP API.
//!
//! `dispatch` finds the endpoint and checks the method; one file per group of
//! endpoints does the rest. Errors become answers in `web::error` alone.

mod config;
mod dispatch;
mod general;
mod inquire;
mod jobs;
mod leader;
mod log;
mod peers;
mod poll;
mod read;
mod state;
mod strangers;
mod transact;
mod write;

use std::sync::Arc;

use axum::Router;

use super::Agent;

pub(super) use jobs::{Jobs, forget_old_answers};
pub(super) use peers::is_peer;

/// The service that answers every request to `agent`.
pub(super) fn router(agent: Arc<Agent>) -> Router {
    Router::new().fallback(jobs::serve).with_state(agent)
}
