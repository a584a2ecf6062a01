//! `POST /_api/agency/inquire`.

use std::time::Duration;

use axum::http::StatusCode;

use crate::agency::value::Value;

use super::dispatch::Call;
use super::leader;
use super::write::WaitMode;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;

/// Time between two looks whether a request in progress has been logged.
const RECHECK: Duration = Duration::from_millis(100);

/// Tells the fate of transactions by client id.
pub(super) async fn inquire(mut call: Call) -> Answer {
    let body = call.parse_body().await?.map_err(|_| ApiError::BadParameter)?;
    let term = leader::leading(&call)?;
    let Some(Value::Array(ids)) = body else {
        return Err(ApiError::server_message("Expecting Array slice"));
    };
    let ids: Option<Vec<&str>> = ids
        .iter()
        .map(|id| match id {
            Value::String(id) => Some(&**id),
            _ => None,
        })
        .collect();
    let ids = ids.ok_or_else(|| ApiError::server_message("Expecting type String"))?;
    processed(&call, term, &ids).await?;
    let waits = WaitMode::of(&call) == WaitMode::Committed;
    let mut indices = call.agent.logged_with(&ids);
    if waits && indices.contains(&0) {
        // Whoever is told that nothing was logged sends it again: what an earlier leader accepted
        // must be known to be gone, and that there is no later one.
        if leader::serving(&call).await? != term {
            return Err(ApiError::LeadershipLost);
        }
        // Meanwhile the request that is asked about may have come.
        processed(&call, term, &ids).await?;
        indices = call.agent.logged_with(&ids);
    }
    let highest = indices.iter().copied().max().unwrap_or(0);
    let mut ongoing = false;
    if waits {
        let uncommitted = highest > call.agent.machine.with(|r| r.commit_index());
        call.agent.committed(highest, None).await?;
        // Another leader may have dropped the entries and used the indices.
        if uncommitted && call.agent.role().leading_term() != Some(term) {
            return Err(ApiError::LeadershipLost);
        }
    } else {
        ongoing = highest > call.agent.machine.with(|r| r.commit_index());
    }
    let status = if indices.contains(&0) { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let results = answer::array(indices.into_iter().map(answer::index).collect());
    let inquired = Value::Bool(true);
    let body = if ongoing {
        answer::object([
            ("results", results),
            ("inquired", inquired),
            ("ongoing", Value::Bool(true)),
        ])
    } else {
        answer::object([("results", results), ("inquired", inquired)])
    };
    Ok(answer::value(status, &body))
}

/// Waits until no request with one of these ids is being processed.
async fn processed(call: &Call, term: u64, ids: &[&str]) -> Result<(), ApiError> {
    while ids.iter().any(|id| call.agent.ongoing.contains(id)) {
        tokio::time::sleep(RECHECK).await;
        if leader::leading(call)? != term {
            return Err(ApiError::LeadershipLost);
        }
    }
    Ok(())
}
