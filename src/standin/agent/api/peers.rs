//! What the other agents send: openraft's messages.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::request::Parts;
use openraft::raft::{AppendEntriesRequest, VoteRequest};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::Agent;
use super::super::raft::network::{ADDRESS, PRIVATE_PREFIX, SnapshotHeader};
use super::super::raft::replica::Replica;
use super::super::raft::state_machine::decode_deep;
use super::super::raft::types::{NodeId, Snapshot, TypeConfig};
use super::dispatch::Call;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;
use crate::standin::web::{auth, body};

/// Entries or a heartbeat of the leader.
pub(super) async fn append(mut call: Call) -> Answer {
    check_address(&call)?;
    let request: AppendEntriesRequest<TypeConfig> = decode(&mut call).await?;
    reply(call.agent.raft.append_entries(request).await)
}

/// A candidate asks for this agent's vote.
pub(super) async fn vote(mut call: Call) -> Answer {
    check_address(&call)?;
    let request: VoteRequest<NodeId> = decode(&mut call).await?;
    reply(call.agent.raft.vote(request).await)
}

/// A whole snapshot: a line of JSON about it, then its replica.
pub(super) async fn snapshot(mut call: Call) -> Answer {
    check_address(&call)?;
    let bytes = std::mem::take(&mut call.body);
    let decoded = body::decoding(bytes, decode_snapshot).await?;
    let (header, replica) = decoded.ok_or(ApiError::BadParameter)?;
    let snapshot = Snapshot { meta: header.meta, snapshot: Box::new(Arc::new(replica)) };
    let raft = &call.agent.raft;
    reply(raft.install_full_snapshot(header.vote, snapshot).await)
}

fn decode_snapshot(bytes: &[u8]) -> Option<(SnapshotHeader, Replica)> {
    let mut parts = bytes.splitn(2, |b| *b == b'\n');
    let header = decode_deep(parts.next()?).ok()?;
    let replica = decode_deep(parts.next()?).ok()?;
    Some((header, replica))
}

/// Whether a request is one of another agent of this agency.
pub(in super::super) fn is_peer(agent: &Agent, head: &Parts) -> bool {
    head.uri.path().starts_with(PRIVATE_PREFIX)
        && is_addressed_to(agent, &head.headers)
        && auth::check(agent.config.authentication.as_ref(), head).is_ok()
}

fn is_addressed_to(agent: &Agent, headers: &HeaderMap) -> bool {
    headers.get(&ADDRESS).is_some_and(|a| a.as_bytes() == agent.raft_address.as_bytes())
}

/// Ports are used again: a message may be meant for an agent that is gone.
fn check_address(call: &Call) -> Result<(), ApiError> {
    if is_addressed_to(&call.agent, &call.headers) { Ok(()) } else { Err(ApiError::NotAPeer) }
}

async fn decode<T: DeserializeOwned + Send + 'static>(call: &mut Call) -> Result<T, ApiError> {
    let bytes = std::mem::take(&mut call.body);
    let decoded = body::decoding(bytes, |bytes| decode_deep(bytes)).await?;
    decoded.map_err(|_| ApiError::BadParameter)
}

fn reply<T: Serialize, E: std::fmt::Display>(outcome: Result<T, E>) -> Answer {
    let internal = |e: &dyn std::fmt::Display| ApiError::Internal { message: e.to_string() };
    let answer = outcome.map_err(|e| internal(&e))?;
    let body = serde_json::to_vec(&answer).map_err(|e| internal(&e))?;
    Ok(answer::raw_json(body))
}
