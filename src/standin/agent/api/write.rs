//! `POST /_api/agency/write`.

use axum::http::StatusCode;

use crate::agency::value::Value;

use super::super::Agent;
use super::super::spearhead::{ChunkError, Judged, Outcome};
use super::dispatch::Call;
use super::leader;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;

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
    match call.parse_body().await?.map_err(ApiError::bad_request)? {
        Some(Value::Array(elements)) if elements.is_empty() => {
            Err(ApiError::bad_request("Empty request"))
        }
        Some(Value::Array(elements)) => Ok(elements),
        _ => Err(ApiError::bad_request("Expecting array of arrays as body for writes")),
    }
}

/// Runs transactions, chunk by chunk.
async fn run(agent: &Agent, term: u64, transactions: &[Value]) -> Result<Judged, ApiError> {
    let mut all = Judged { outcomes: Vec::with_capacity(transactions.len()), rests_on: 0 };
    for chunk in transactions.chunks(agent.config.chunk_size()) {
        if !all.outcomes.is_empty() {
            tokio::task::yield_now().await;
        }
        let judged = agent.write_chunk(term, chunk).map_err(|e| match e {
            ChunkError::LeadershipLost => ApiError::LeadershipLost,
            ChunkError::Malformed(message) => ApiError::bad_request(message),
        })?;
        all.outcomes.extend(judged.outcomes);
        all.rests_on = judged.rests_on;
    }
    Ok(all)
}

/// Runs transactions and waits for the commit of all that the answer rests on: a precondition
/// may fail because of a write that is never committed.
pub(super) async fn write(mut call: Call) -> Answer {
    let transactions = envelope(&mut call).await?;
    let agent = &call.agent;
    let ongoing = agent.ongoing.register(&transactions);
    let term = leader::serving(&call).await?;
    let Judged { outcomes, rests_on } = run(agent, term, &transactions).await?;
    drop(ongoing);
    let mode = WaitMode::of(&call);
    if mode == WaitMode::No {
        return Ok(answer::json(StatusCode::OK, &serde_json::json!({})));
    }
    // Nothing else decides about what belongs to the agents.
    let forbidden = outcomes.iter().all(|outcome| *outcome == Outcome::Forbidden);
    if mode == WaitMode::Committed && !forbidden {
        agent.committed(rests_on, Some(term)).await?;
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
