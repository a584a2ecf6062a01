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

use super::Agent;

pub(super) use jobs::Jobs;

/// The service that answers every request to `agent`.
pub(super) fn router(agent: Arc<Agent>) -> Router {
    Router::new().fallback(jobs::serve).with_state(agent)
}
