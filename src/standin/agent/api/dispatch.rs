//! Finds the endpoint of a request, checks the method, reads the body.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request};
use axum::response::Response;

use super::super::Agent;
use super::{config, general, inquire, log, peers, poll, read, state, strangers, transact, write};
use crate::agency::value::Value;
use crate::standin::web::answer::Answer;
use crate::standin::web::body;
use crate::standin::web::error::ApiError;
use crate::standin::web::form::Form;
use crate::standin::web::jobs;
use crate::standin::web::route::{self, Path};
use crate::standin::web::service::allowed_methods;

/// A request whose endpoint has been found.
pub(super) struct Call {
    pub(super) agent: Arc<Agent>,
    /// The normalised path, for redirects.
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    /// The whole body, read once the method is known to be right.
    pub(super) body: Bytes,
}

impl Call {
    /// The value of a query parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        route::parameter(self.query.as_deref(), name)
    }

    /// Parses the body, which is gone then; see [`body::parse`].
    pub(super) async fn parse_body(&mut self) -> Result<Result<Option<Value>, String>, ApiError> {
        body::parse(&self.headers, std::mem::take(&mut self.body)).await
    }
}

/// Answers one request.
pub(super) async fn dispatch(agent: Arc<Agent>, request: Request<Body>) -> Response {
    let form = Form::wished(&request);
    form.give(answer(agent, request).await)
}

async fn answer(agent: Arc<Agent>, request: Request<Body>) -> Answer {
    let (head, body) = request.into_parts();
    let method = head.method;
    if method == Method::OPTIONS {
        return Ok(allowed_methods());
    }
    if !KNOWN_METHODS.contains(&method) {
        return Err(ApiError::MethodUnknown);
    }
    // Read in any case: a connection with an unread body cannot go on.
    let body = body::read(&head.headers, body, agent.config.limits.body).await;
    let path = Path::new(head.uri.path());
    if path.database.as_deref().is_some_and(|db| db != "_system") {
        return Err(ApiError::DatabaseNotFound);
    }
    let segments = path.segments();
    let call = Call {
        agent,
        path: path.text.clone(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        body: Bytes::new(),
    };
    if call.agent.is_shutting_down() {
        return Err(ApiError::ShuttingDown);
    }
    match segments.as_slice() {
        ["_api", "agency", rest @ ..] => agency(call, body, &method, rest).await,
        ["_api", "agency_priv", rest @ ..] => private(call, body, &method, rest).await,
        ["_api", "job", rest @ ..] => {
            jobs::endpoint(&call.agent.jobs, &method, rest, call.query.as_deref())
        }
        ["_admin", "shutdown"] if method == Method::DELETE => Ok(general::shut_down(&call)),
        ["_admin", "shutdown"] => Err(ApiError::MethodNotSupported),
        ["_admin", "log", "level"] => log_level(call, body, &method).await,
        other => match general::find(other) {
            Some(endpoint) if method == Method::GET => endpoint(&call),
            Some(_) => Err(ApiError::MethodNotSupported),
            None => Err(ApiError::NotImplemented { path: call.path }),
        },
    }
}

async fn log_level(mut call: Call, body: Result<Bytes, ApiError>, method: &Method) -> Answer {
    match *method {
        Method::GET => {}
        Method::PUT => call.body = body?,
        _ => return Err(ApiError::MethodNotSupported),
    }
    log::level(call, method).await
}

const KNOWN_METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// The endpoints below `/_api/agency`: the method is checked before anything
/// else.
async fn agency(
    mut call: Call,
    body: Result<Bytes, ApiError>,
    method: &Method,
    rest: &[&str],
) -> Answer {
    let [name] = rest else {
        return Err(ApiError::NotFound);
    };
    let methods: &[Method] = match *name {
        "read" | "write" | "transact" | "transient" | "inquire" | "store" => &[Method::POST],
        "poll" | "state" | "stores" => &[Method::GET],
        "config" => &[Method::GET, Method::PUT, Method::POST],
        _ => return Err(ApiError::NotFound),
    };
    if !methods.contains(method) {
        return Err(ApiError::MethodNotSupported);
    }
    if *method != Method::GET {
        call.body = body?;
    }
    match *name {
        "read" => read::read(call).await,
        "write" => write::write(call).await,
        "transact" => transact::transact(call).await,
        "transient" => transact::transient(call).await,
        "inquire" => inquire::inquire(call).await,
        "poll" => poll::poll(call).await,
        "config" => config::config(call, method).await,
        "state" => state::state(&call),
        "stores" => Ok(state::stores(&call)),
        _ => state::store(call).await,
    }
}

/// The endpoints below `/_api/agency_priv`: those of the original protocol,
/// and those by which the agents of this one replicate.
async fn private(
    mut call: Call,
    body: Result<Bytes, ApiError>,
    method: &Method,
    rest: &[&str],
) -> Answer {
    use super::super::raft::network::{APPEND, SNAPSHOT, VOTE};
    let [name] = rest else {
        return Err(ApiError::NotFound);
    };
    let expected = match *name {
        APPEND | VOTE | SNAPSHOT => Method::POST,
        "appendEntries" | "notifyAll" | "gossip" | "inform" => Method::POST,
        "activeAgents" => Method::GET,
        "requestVote" => method.clone(),
        _ => return Err(ApiError::NotFound),
    };
    if *method != expected {
        return Err(ApiError::MethodNotSupported);
    }
    call.body = body?;
    match *name {
        APPEND => peers::append(call).await,
        VOTE => peers::vote(call).await,
        SNAPSHOT => peers::snapshot(call).await,
        "requestVote" => Ok(strangers::request_vote(&call)),
        "appendEntries" => strangers::append_entries(call).await,
        "notifyAll" => strangers::notify_all(&call),
        "gossip" => strangers::gossip(call).await,
        "inform" => strangers::inform(call).await,
        _ => Ok(strangers::active_agents(&call)),
    }
}
