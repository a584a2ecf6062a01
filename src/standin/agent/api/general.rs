//! The endpoints every server has.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value as Json, json};

use super::dispatch::Call;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;

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
            "endpoint": agent.endpoint(),
            "leaderId": role.leader_id(&agent.config.id),
            "leading": role.leading_term().is_some(),
        },
    }))
}

/// Has the agent end, once this is answered.
pub(super) fn shut_down(call: &Call) -> Response {
    tracing::info!("agent {} is asked to end", call.agent.config.id);
    call.agent.asked_to_end.send_replace(true);
    answer::json(StatusCode::OK, &json!("OK"))
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
