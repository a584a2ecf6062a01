//! Deferred execution: `x-arango-async` and `/_api/job`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::json;

use super::super::Agent;
use super::super::polls::Waiter;
use super::answer::{self, Answer};
use super::dispatch::dispatch;
use super::error::ApiError;
use super::route::parameter;

static ASYNC: HeaderName = HeaderName::from_static("x-arango-async");
static ASYNC_ID: HeaderName = HeaderName::from_static("x-arango-async-id");

/// The deferred requests of one agent and their kept answers.
#[derive(Debug, Default)]
pub(in super::super) struct Jobs {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    last_id: u64,
    jobs: BTreeMap<u64, Job>,
}

#[derive(Debug)]
enum Job {
    Running(Option<tokio::task::AbortHandle>),
    Done { kept: Box<Kept>, since: u64 },
}

/// A complete answer.
#[derive(Debug)]
struct Kept {
    head: axum::http::response::Parts,
    body: Bytes,
}

impl Jobs {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) -> u64 {
        let mut inner = self.lock();
        inner.last_id += 1;
        let id = inner.last_id;
        inner.jobs.insert(id, Job::Running(None));
        id
    }

    fn runs_as(&self, id: u64, task: tokio::task::AbortHandle) {
        if let Some(Job::Running(handle)) = self.lock().jobs.get_mut(&id) {
            *handle = Some(task);
        }
    }

    fn finish(&self, id: u64, kept: Kept) {
        if let Some(job) = self.lock().jobs.get_mut(&id) {
            *job = Job::Done { kept: Box::new(kept), since: unix_seconds() };
        }
    }
}

fn unix_seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

/// Answers one request, now or later as it wishes.
pub(super) async fn serve(State(agent): State<Arc<Agent>>, request: Request<Body>) -> Response {
    let store = match request.headers().get(&ASYNC).map(HeaderValue::as_bytes) {
        Some(b"store") => true,
        Some(b"true") => false,
        _ => {
            let mut response = dispatch(agent, request).await;
            response.extensions_mut().remove::<Waiter>();
            return response;
        }
    };
    match defer(agent, request, store).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

/// Runs a request in the background. Its body is read first, because the
/// connection goes on to the next request.
async fn defer(agent: Arc<Agent>, request: Request<Body>, store: bool) -> Answer {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, super::body::MAX_BODY)
        .await
        .map_err(|_| ApiError::BodyUnreadable)?;
    let request = Request::from_parts(head, Body::from(body));
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    if !store {
        let runner = agent.clone();
        agent.tasks().spawn(async move {
            dispatch(runner, request).await;
        });
        return Ok(response);
    }
    let id = agent.jobs.begin();
    let runner = agent.clone();
    let task = agent.tasks().spawn(async move {
        let (mut head, body) = dispatch(runner.clone(), request).await.into_parts();
        let body = body.collect().await.map(|b| b.to_bytes());
        let waiter = head.extensions.remove::<Waiter>();
        let body = body.unwrap_or_default();
        runner.jobs.finish(id, Kept { head, body });
        drop(waiter);
    });
    agent.jobs.runs_as(id, task);
    response.headers_mut().insert(&ASYNC_ID, HeaderValue::from(id));
    Ok(response)
}

/// The endpoints below `/_api/job`.
pub(super) fn endpoint(
    agent: &Agent,
    method: &Method,
    segments: &[&str],
    query: Option<&str>,
) -> Answer {
    match (method, segments) {
        (&Method::GET, [list @ ("done" | "pending")]) => Ok(list_ids(agent, list, query)),
        (&Method::GET, [id]) => status_of(agent, parse_id(id)?),
        (&Method::PUT, [id]) => fetch(agent, parse_id(id)?),
        (&Method::PUT, [id, "cancel"]) => cancel(agent, parse_id(id)?),
        (&Method::DELETE, ["all"]) => {
            delete_done(agent, |_| true);
            Ok(acknowledged())
        }
        (&Method::DELETE, ["expired"]) => {
            let stamp = parameter(query, "stamp").and_then(|s| s.parse::<f64>().ok());
            let stamp = stamp.ok_or(ApiError::BadParameter)?;
            delete_done(agent, |since| (since as f64) < stamp);
            Ok(acknowledged())
        }
        (&Method::DELETE, [id]) => cancel(agent, parse_id(id)?),
        (&Method::GET | &Method::PUT | &Method::DELETE, _) => Err(ApiError::BadParameter),
        _ => Err(ApiError::MethodNotSupported),
    }
}

fn parse_id(text: &str) -> Result<u64, ApiError> {
    // Ids are decimal numbers; anything else names no job.
    text.parse().map_err(|_| ApiError::NotFound)
}

fn acknowledged() -> Response {
    answer::json(StatusCode::OK, &json!({ "result": true }))
}

fn no_content(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn status_of(agent: &Agent, id: u64) -> Answer {
    match agent.jobs.lock().jobs.get(&id) {
        Some(Job::Running(_)) => Ok(no_content(StatusCode::NO_CONTENT)),
        Some(Job::Done { .. }) => Ok(no_content(StatusCode::OK)),
        None => Err(ApiError::NotFound),
    }
}

fn fetch(agent: &Agent, id: u64) -> Answer {
    let mut inner = agent.jobs.lock();
    match inner.jobs.remove(&id) {
        Some(Job::Done { kept, .. }) => {
            let Kept { mut head, body } = *kept;
            head.headers.insert(&ASYNC_ID, HeaderValue::from(id));
            Ok(Response::from_parts(head, Body::from(body)))
        }
        Some(running) => {
            inner.jobs.insert(id, running);
            Ok(no_content(StatusCode::NO_CONTENT))
        }
        None => Err(ApiError::NotFound),
    }
}

fn cancel(agent: &Agent, id: u64) -> Answer {
    match agent.jobs.lock().jobs.remove(&id) {
        Some(job) => {
            if let Job::Running(Some(task)) = job {
                task.abort();
            }
            Ok(acknowledged())
        }
        None => Err(ApiError::NotFound),
    }
}

fn delete_done(agent: &Agent, expired: impl Fn(u64) -> bool) {
    agent.jobs.lock().jobs.retain(|_, job| match job {
        Job::Running(_) => true,
        Job::Done { since, .. } => !expired(*since),
    });
}

fn list_ids(agent: &Agent, list: &str, query: Option<&str>) -> Response {
    let count = parameter(query, "count").and_then(|c| c.parse().ok());
    let count: usize = count.unwrap_or(100);
    let inner = agent.jobs.lock();
    let ids = inner.jobs.iter().filter(|(_, job)| match job {
        Job::Running(_) => list == "pending",
        Job::Done { .. } => list == "done",
    });
    let ids: Vec<String> = ids.map(|(id, _)| id.to_string()).take(count).collect();
    answer::json(StatusCode::OK, &json!(ids))
}
