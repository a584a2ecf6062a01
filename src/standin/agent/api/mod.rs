//! The agent's HTTP API.
//!
//! `dispatch` finds the endpoint and checks the method; one file per group of
//! endpoints does the rest. Errors become answers in `web::error` alone.

mod config;
mod dispatch;
mod general;
mod inquire;
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

use std::any::Any;
use std::pin::Pin;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use tokio::task::AbortHandle;

use super::Agent;
use super::polls::Waiter;
use crate::standin::web::Authentication;
use crate::standin::web::jobs::{self, Deferring, Jobs};

pub(super) use peers::is_peer;

/// The service that answers every request to `agent`.
pub(super) fn router(agent: Arc<Agent>) -> Router {
    Router::new().fallback(jobs::serve::<Agent>).with_state(agent)
}

impl Deferring for Agent {
    fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    fn authentication(&self) -> Option<&Authentication> {
        self.config.authentication.as_ref()
    }

    fn respond(
        self: Arc<Self>,
        request: Request<Body>,
    ) -> Pin<Box<dyn Future<Output = Response> + Send>> {
        Box::pin(dispatch::dispatch(self, request))
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) -> AbortHandle {
        self.tasks().spawn(task)
    }

    fn detach(&self, response: &mut Response) -> Option<Box<dyn Any + Send>> {
        let waiter = response.extensions_mut().remove::<Waiter>();
        waiter.map(|waiter| Box::new(waiter) as Box<dyn Any + Send>)
    }
}
