//! The agent-to-agent endpoints of the original protocol.
//!
//! The agents of this one talk to each other in another way (`peers`). Whoever
//! comes here does not belong to them: it is answered in due form and gets no
//! vote, no entry in the log and no place in the pool.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::agency::value::Value;

use super::dispatch::Call;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;

/// An object with the identity that most answers carry.
fn signed(call: &Call) -> Json {
    let config = &call.agent.config;
    json!({ "id": config.id, "endpoint": call.agent.endpoint() })
}

fn ok(body: &Json) -> Response {
    answer::json(StatusCode::OK, body)
}

fn has_all(call: &Call, parameters: &[&str]) -> bool {
    parameters.iter().all(|name| call.parameter(name).is_some())
}

fn pool(call: &Call) -> Json {
    let pool = call.agent.pool.members();
    Json::Object(pool.into_iter().map(|(id, endpoint)| (id, json!(endpoint))).collect())
}

async fn parsed(call: &mut Call) -> Result<Json, ApiError> {
    let body = call.parse_body().await?.map_err(|_| ApiError::BadParameter)?;
    Ok(body.map_or(Json::Null, |body: Value| body.into()))
}

fn refused_vote(call: &Call) -> Response {
    let mut body = signed(call);
    body["term"] = call.agent.term().into();
    body["voteGranted"] = false.into();
    ok(&body)
}

/// Nobody outside the pool gets a vote.
pub(super) fn request_vote(call: &Call) -> Response {
    if has_all(call, &["term", "candidateId", "prevLogIndex", "prevLogTerm"]) {
        refused_vote(call)
    } else {
        ok(&signed(call))
    }
}

/// A candidate asks the whole pool.
pub(super) fn notify_all(call: &Call) -> Answer {
    if has_all(call, &["term", "agencyId"]) {
        Ok(refused_vote(call))
    } else {
        Err(ApiError::BadParameter)
    }
}

/// Entries of a leader that is none of ours are not taken.
pub(super) async fn append_entries(mut call: Call) -> Answer {
    let parameters = ["term", "leaderId", "prevLogIndex", "prevLogTerm", "leaderCommit"];
    if !has_all(&call, &parameters) {
        return Err(ApiError::BadParameter);
    }
    let Json::Array(entries) = parsed(&mut call).await? else {
        return Err(ApiError::BadParameter);
    };
    let sent = call.parameter("senderTimeStamp").and_then(|t| t.parse::<u64>().ok());
    let mut body = if entries.is_empty() { json!({}) } else { signed(&call) };
    body["success"] = false.into();
    body["term"] = call.agent.term().into();
    body["senderTimeStamp"] = sent.unwrap_or(0).into();
    Ok(ok(&body))
}

/// The pool is complete from the start: its members learn of it, others are
/// turned away.
pub(super) async fn gossip(mut call: Call) -> Answer {
    let message = parsed(&mut call).await?;
    let id = message["id"].as_str().ok_or(ApiError::BadParameter)?;
    if !message["endpoint"].is_string() || !message["pool"].is_object() {
        return Err(ApiError::BadParameter);
    }
    if !call.agent.config.pool.iter().any(|(member, _)| member == id) {
        let message = "agency pool is complete".to_owned();
        return Err(ApiError::Forbidden { message });
    }
    let mut body = signed(&call);
    body["pool"] = pool(&call);
    Ok(ok(&body))
}

type Fits = fn(&Json) -> bool;

/// What a leader would tell about the pool is known already.
pub(super) async fn inform(mut call: Call) -> Answer {
    let message = parsed(&mut call).await?;
    let parts: [(&str, Fits); 7] = [
        ("id", Json::is_string),
        ("term", Json::is_number),
        ("active", Json::is_array),
        ("pool", Json::is_object),
        ("min ping", Json::is_number),
        ("max ping", Json::is_number),
        ("timeoutMult", Json::is_number),
    ];
    match parts.iter().find(|(name, fits)| !fits(&message[*name])) {
        Some((name, _)) => Err(ApiError::Incomplete { what: name }),
        None => Ok(ok(&signed(&call))),
    }
}

/// The pool, as long as somebody leads it.
pub(super) fn active_agents(call: &Call) -> Response {
    let mut body = signed(call);
    if !call.agent.role().leader_id(&call.agent.config.id).is_empty() {
        body["active"] = pool(call);
    }
    ok(&body)
}
