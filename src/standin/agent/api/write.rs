//! `POST /_api/agency/write`.

use axum::http::StatusCode;

use crate::agency::value::Value;

use super::super::Agent;
use super::super::spearhead::{ChunkError, Outcome};
use super::answer::{self, Answer};
use super::dispatch::Call;
use super::error::ApiError;
use super::{body, leader};

/// How long a request waits for what it wrote.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitMode {
    /// Until the highest index is committed.
    Committed,
    /// Not at all; the answer says nothing.
    No,
    /// Not at all; the answer is complete.
    Sequenced,
}

impl WaitMode {
    /// Reads the mode header.
    pub(super) fn of(call: &Call) -> Self {
        match call.headers.get("x-arangodb-agency-mode").map(|v| v.as_bytes()) {
            None | Some(b"waitForCommitted") => Self::Committed,
            Some(b"noWait") => Self::No,
            Some(_) => Self::Sequenced,
        }
    }
}

/// The envelope that write, transact and transient share: a non-empty array.
pub(super) async fn envelope(call: &mut Call) -> Result<std::sync::Arc<Vec<Value>>, ApiError> {
    match body::parse(call).await?.map_err(ApiError::bad_request)? {
        Some(Value::Array(elements)) if elements.is_empty() => {
            Err(ApiError::bad_request("Empty request"))
        }
        Some(Value::Array(elements)) => Ok(elements),
        _ => Err(ApiError::bad_request("Expecting array of arrays as body for writes")),
    }
}

/// Runs transactions, chunk by chunk.
async fn run(agent: &Agent, term: u64, transactions: &[Value]) -> Result<Vec<Outcome>, ApiError> {
    let _ongoing = agent.ongoing.register(transactions);
    let mut outcomes = Vec::with_capacity(transactions.len());
    for chunk in transactions.chunks(agent.config.chunk_size()) {
        if !outcomes.is_empty() {
            tokio::task::yield_now().await;
        }
        let written = agent.write_chunk(term, chunk).map_err(|e| match e {
            ChunkError::LeadershipLost => ApiError::LeadershipLost,
            ChunkError::Malformed(message) => ApiError::bad_request(message),
        })?;
        outcomes.extend(written);
    }
    Ok(outcomes)
}

/// Runs transactions and waits for their commit.
pub(super) async fn write(mut call: Call) -> Answer {
    let transactions = envelope(&mut call).await?;
    let term = leader::serving(&call).await?;
    let agent = &call.agent;
    let outcomes = run(agent, term, &transactions).await?;
    let mode = WaitMode::of(&call);
    if mode == WaitMode::No {
        return Ok(answer::json(StatusCode::OK, &serde_json::json!({})));
    }
    let highest = outcomes.iter().map(Outcome::index).max().unwrap_or(0);
    if mode == WaitMode::Committed && highest > 0 {
        agent.committed(highest, Some(term)).await?;
    }
    let status = if outcomes.contains(&Outcome::Forbidden) {
        StatusCode::FORBIDDEN
    } else if outcomes.contains(&Outcome::PreconditionFailed) {
        StatusCode::PRECONDITION_FAILED
    } else {
        StatusCode::OK
    };
    let results = outcomes.iter().map(|o| answer::index(o.index())).collect();
    let body = answer::object([("results", answer::array(results))]);
    Ok(answer::value(status, &body))
}
