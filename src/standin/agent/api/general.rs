//! The endpoints every server has, and the public part of the pool.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value as Json, json};

use super::answer::{self, Answer};
use super::dispatch::Call;
use super::error::ApiError;

/// A general endpoint: GET only, no body.
pub(super) type Endpoint = fn(&Call) -> Answer;

/// Finds a general endpoint by its path.
pub(super) fn find(segments: &[&str]) -> Option<Endpoint> {
    match segments {
        ["_api" | "_admin", "version"] => Some(version),
        ["_admin", "status"] => Some(status),
        ["_admin", "server", "availability" | "mode"] => Some(mode),
        ["_admin", "server", "role"] => Some(role),
        ["_admin", "server", "id"] => Some(id),
        _ => None,
    }
}

fn ok(body: &Json) -> Answer {
    Ok(answer::json(StatusCode::OK, body))
}

fn version(call: &Call) -> Answer {
    let version = &call.agent.config.version;
    let mut body = json!({ "server": "arango", "license": "community", "version": version });
    if call.parameter("details").as_deref() == Some("true") {
        body["details"] = json!({
            "role": "AGENT",
            "mode": "server",
            "host": call.agent.config.id,
            "server-version": version,
            "agencysh-version": env!("CARGO_PKG_VERSION"),
        });
    }
    ok(&body)
}

fn status(call: &Call) -> Answer {
    let agent = &call.agent;
    let role = agent.role();
    ok(&json!({
        "server": "arango",
        "license": "community",
        "version": agent.config.version,
        "pid": std::process::id(),
        "mode": "server",
        "operationMode": "server",
        "serverInfo": {
            "role": "AGENT",
            "maintenance": false,
            "readOnly": false,
            "writeOpsEnabled": true,
        },
        "agent": {
            "term": agent.term(),
            "id": agent.config.id,
            "endpoint": agent.config.endpoint,
            "leaderId": role.leader_id(&agent.config.id),
            "leading": role.leading_term().is_some(),
        },
    }))
}

fn mode(_: &Call) -> Answer {
    ok(&json!({ "error": false, "code": 200, "mode": "default" }))
}

fn role(_: &Call) -> Answer {
    ok(&json!({ "error": false, "code": 200, "role": "AGENT", "mode": "default" }))
}

fn id(_: &Call) -> Answer {
    // Only members of a cluster have one.
    Err(ApiError::Internal { message: "internal error".to_owned() })
}

/// `GET /_api/agency_priv/activeAgents`.
pub(super) fn active_agents(call: &Call) -> Response {
    let config = &call.agent.config;
    let mut body = json!({ "id": config.id, "endpoint": config.endpoint });
    if !call.agent.role().leader_id(&config.id).is_empty() {
        let active = config.pool.iter().map(|(id, e)| (id.clone(), json!(e)));
        body["active"] = Json::Object(active.collect());
    }
    answer::json(StatusCode::OK, &body)
}
