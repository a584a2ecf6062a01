//! What a coordinator has around it: the agency and the other servers.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::Value as Json;

use super::reply::unavailable;
use crate::agency::value::Value;
use crate::client::Outcome;
use crate::standin::member::{AgencyView, Member, PeerError};
use crate::standin::model::Transaction;
use crate::standin::web::error::ApiError;

/// How long an agent may take to tell how far the agency is.
const GLANCE: Duration = Duration::from_secs(1);

/// What is about to be known.
pub(super) type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A request to another server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    /// Where it is.
    pub(super) endpoint: &'a str,
    /// The method.
    pub(super) method: &'a Method,
    /// Path and query.
    pub(super) target: &'a str,
    /// The body, if there is one.
    pub(super) body: Option<&'a Value>,
    /// How long the answer is waited for.
    pub(super) patience: Duration,
}

/// The agency and the other servers; in tests a tree in memory.
pub(super) trait Surroundings: Send + Sync + 'static {
    /// The copy of the agency's tree.
    fn view(&self) -> &AgencyView;

    /// The number of this incarnation of the coordinator.
    fn reboot_id(&self) -> u64;

    /// Runs a transaction in the agency.
    fn write(&self, transaction: Transaction) -> Waiting<'_, Result<Outcome, ApiError>>;

    /// The index of the agency's last entry that is committed now.
    fn latest(&self) -> Waiting<'_, Result<u64, ApiError>>;

    /// The state of the leading agent: tree and log.
    fn state(&self) -> Waiting<'_, Result<Json, ApiError>>;

    /// Asks another server; gives status and body.
    fn ask<'a>(
        &'a self,
        question: Question<'a>,
    ) -> Waiting<'a, Result<(StatusCode, Value), PeerError>>;
}

impl Surroundings for Member {
    fn view(&self) -> &AgencyView {
        &self.view
    }

    fn reboot_id(&self) -> u64 {
        Member::reboot_id(self)
    }

    fn write(&self, transaction: Transaction) -> Waiting<'_, Result<Outcome, ApiError>> {
        Box::pin(async move {
            self.agency.write(transaction).await.map_err(|error| unavailable(&error))
        })
    }

    fn latest(&self) -> Waiting<'_, Result<u64, ApiError>> {
        Box::pin(async move {
            let config = self.agency.call(|client| client.glancing(GLANCE).config(None)).await;
            let config = config.map_err(|error| unavailable(&error))?;
            Ok(config["commitIndex"].as_u64().unwrap_or_default())
        })
    }

    fn state(&self) -> Waiting<'_, Result<Json, ApiError>> {
        Box::pin(async move {
            let state = self.agency.call(|client| client.state(None)).await;
            state.map_err(|error| unavailable(&error))
        })
    }

    fn ask<'a>(
        &'a self,
        question: Question<'a>,
    ) -> Waiting<'a, Result<(StatusCode, Value), PeerError>> {
        let Question { endpoint, method, target, body, patience } = question;
        Box::pin(self.peers.send(endpoint, method.clone(), target, body, patience))
    }
}
