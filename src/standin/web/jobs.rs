//! Deferred execution: `x-arango-async` and `/_api/job`.

use std::any::Any;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::AbortHandle;

use super::answer::{self, Answer, Format};
use super::error::ApiError;
use super::route::parameter;
use super::{Authentication, Limits, auth, body, form, turned_true};

static ASYNC: HeaderName = HeaderName::from_static("x-arango-async");
static ASYNC_ID: HeaderName = HeaderName::from_static("x-arango-async-id");

/// Longest pause between two looks for answers that are too old.
const LOOK: Duration = Duration::from_secs(60);

/// Whoever answers requests, now or later as clients wish.
pub(in crate::standin) trait Deferring: Send + Sync + 'static {
    /// Its deferred requests.
    fn jobs(&self) -> &Jobs;

    /// Who may ask; everybody without it.
    fn authentication(&self) -> Option<&Authentication>;

    /// Answers a request that may be asked.
    fn respond(
        self: Arc<Self>,
        request: Request<Body>,
    ) -> Pin<Box<dyn Future<Output = Response> + Send>>;

    /// Runs what a client does not wait for; it ends with the server.
    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) -> AbortHandle;

    /// Takes out of an answer what is to last until the answer is on its way, or kept.
    fn detach(&self, response: &mut Response) -> Option<Box<dyn Any + Send>>;
}

/// The deferred requests of one server and their kept answers.
#[derive(Debug)]
pub(in crate::standin) struct Jobs {
    inner: Mutex<Inner>,
    limits: Limits,
    slots: Arc<Semaphore>,
}

#[derive(Debug)]
struct Inner {
    limits: Limits,
    last_id: u64,
    jobs: BTreeMap<u64, Job>,
    kept: usize,
    kept_bytes: usize,
}

impl Inner {
    fn keep(&mut self, id: u64, kept: Kept) {
        let Some(job @ Job::Running(_)) = self.jobs.get_mut(&id) else {
            // Cancelled.
            return;
        };
        self.kept += 1;
        self.kept_bytes += kept.body.len();
        *job = Job::Done { kept: Box::new(kept), since: SystemTime::now() };
        // The newest stays, however big it is.
        while self.kept > self.limits.answers || self.kept_bytes > self.limits.answer_bytes {
            let mut jobs = self.jobs.iter();
            let oldest = jobs.find(|(other, job)| **other != id && matches!(job, Job::Done { .. }));
            let Some(oldest) = oldest.map(|(oldest, _)| *oldest) else { return };
            self.remove(oldest);
        }
    }

    fn remove(&mut self, id: u64) -> Option<Job> {
        let job = self.jobs.remove(&id);
        if let Some(Job::Done { kept, .. }) = &job {
            self.kept -= 1;
            self.kept_bytes -= kept.body.len();
        }
        job
    }

    fn remove_done(&mut self, expired: impl Fn(SystemTime) -> bool) {
        let done = self.jobs.iter().filter_map(|(id, job)| match job {
            Job::Done { since, .. } if expired(*since) => Some(*id),
            _ => None,
        });
        for id in done.collect::<Vec<u64>>() {
            self.remove(id);
        }
    }
}

#[derive(Debug)]
enum Job {
    Running(Option<AbortHandle>),
    Done { kept: Box<Kept>, since: SystemTime },
}

/// A complete answer.
#[derive(Debug)]
struct Kept {
    head: axum::http::response::Parts,
    body: Bytes,
}

impl Jobs {
    /// None yet.
    pub(in crate::standin) fn new(limits: &Limits) -> Self {
        let slots = Arc::new(Semaphore::new(limits.jobs.min(Semaphore::MAX_PERMITS)));
        let (last_id, jobs, kept, kept_bytes) = (0, BTreeMap::new(), 0, 0);
        let inner = Inner { limits: limits.clone(), last_id, jobs, kept, kept_bytes };
        Self { inner: Mutex::new(inner), limits: limits.clone(), slots }
    }

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

    fn runs_as(&self, id: u64, task: AbortHandle) {
        if let Some(Job::Running(handle)) = self.lock().jobs.get_mut(&id) {
            *handle = Some(task);
        }
    }

    fn finish(&self, id: u64, kept: Kept) {
        self.lock().keep(id, kept);
    }

    fn slot(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        self.slots.clone().try_acquire_owned().map_err(|_| ApiError::QueueFull)
    }
}

/// Forgets answers that nobody fetched in time, until `shutdown` turns true.
pub(in crate::standin) async fn forget_old_answers<S: Deferring>(
    server: Arc<S>,
    mut shutdown: watch::Receiver<bool>,
) {
    let most = server.jobs().limits.answer_time;
    loop {
        tokio::select! {
            () = tokio::time::sleep(most.min(LOOK)) => {}
            () = turned_true(&mut shutdown) => return,
        }
        let old = |since: SystemTime| since.elapsed().is_ok_and(|age| age > most);
        server.jobs().lock().remove_done(old);
    }
}

/// Answers one request, now or later as it wishes.
pub(in crate::standin) async fn serve<S: Deferring>(
    State(server): State<Arc<S>>,
    request: Request<Body>,
) -> Response {
    let format = Format::accepted(request.headers());
    let (head, body) = request.into_parts();
    let allowed = auth::check(server.authentication(), &head);
    let request = Request::from_parts(head, body);
    if let Err(error) = allowed {
        return form::refuse(request, error, server.jobs().limits.body).await;
    }
    let store = match request.headers().get(&ASYNC).map(HeaderValue::as_bytes) {
        Some(b"store") => true,
        Some(b"true") => false,
        _ => {
            let mut response = server.clone().respond(request).await;
            drop(server.detach(&mut response));
            return response;
        }
    };
    match defer(server, request, store).await {
        Ok(response) => response,
        Err(error) => answer::encode(error.into_response(), format),
    }
}

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs a request in the background. Its body is read first, because the
/// connection goes on to the next request.
async fn defer<S: Deferring>(server: Arc<S>, request: Request<Body>, store: bool) -> Answer {
    let slot = server.jobs().slot()?;
    let (head, body) = request.into_parts();
    let body = match body::receive(&head.headers, body, server.jobs().limits.body).await {
        // Refused again, and for good, when it is dispatched.
        Err(ApiError::TransferRefused { .. }) => Bytes::new(),
        received => received?,
    };
    let request = Request::from_parts(head, Body::from(body));
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    let runner = server.clone();
    if !store {
        let running: Running = Box::pin(async move {
            run(runner, request).await;
            drop(slot);
        });
        if let Some(running) = begin(running).await {
            server.spawn(running);
        }
        return Ok(response);
    }
    let id = server.jobs().begin();
    let running: Running = Box::pin(async move {
        let mut answer = run(runner.clone(), request).await;
        let held = runner.detach(&mut answer);
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map(|b| b.to_bytes());
        let body = body.unwrap_or_default();
        runner.jobs().finish(id, Kept { head, body });
        drop((held, slot));
    });
    if let Some(running) = begin(running).await {
        let task = server.spawn(running);
        server.jobs().runs_as(id, task);
    }
    response.headers_mut().insert(&ASYNC_ID, HeaderValue::from(id));
    Ok(response)
}

/// Runs a request in the background for as long as it may.
async fn run<S: Deferring>(server: Arc<S>, request: Request<Body>) -> Response {
    let format = Format::accepted(request.headers());
    let limit = server.jobs().limits.job_time;
    let running = tokio::time::timeout(limit, server.respond(request)).await;
    running.unwrap_or_else(|_| answer::encode(ApiError::JobTimeout.into_response(), format))
}

/// Runs a request up to where it has to wait; nothing is left of it if it does
/// not. So a poll is among those that wait before its client learns of the
/// job, and no write of this client can come before it.
async fn begin(mut running: Running) -> Option<Running> {
    let first = poll_fn(|context| Poll::Ready(running.as_mut().poll(context))).await;
    first.is_pending().then_some(running)
}

/// The endpoints below `/_api/job`.
pub(in crate::standin) fn endpoint(
    jobs: &Jobs,
    method: &Method,
    segments: &[&str],
    query: Option<&str>,
) -> Answer {
    match (method, segments) {
        (&Method::GET, [list @ ("done" | "pending")]) => Ok(list_ids(jobs, list, query)),
        (&Method::GET, [id]) => status_of(jobs, parse_id(id)?),
        (&Method::PUT, [id]) => fetch(jobs, parse_id(id)?),
        (&Method::PUT, [id, "cancel"]) => cancel(jobs, parse_id(id)?),
        (&Method::DELETE, ["all"]) => {
            jobs.lock().remove_done(|_| true);
            Ok(acknowledged())
        }
        (&Method::DELETE, ["expired"]) => {
            let stamp = parameter(query, "stamp").and_then(|s| s.parse::<f64>().ok());
            let stamp = stamp.ok_or(ApiError::BadParameter)?;
            jobs.lock().remove_done(|since| unix_seconds(since) < stamp);
            Ok(acknowledged())
        }
        (&Method::DELETE, [id]) => cancel(jobs, parse_id(id)?),
        (&Method::GET | &Method::PUT | &Method::DELETE, _) => Err(ApiError::BadParameter),
        _ => Err(ApiError::MethodNotSupported),
    }
}

/// Whole seconds since 1970.
fn unix_seconds(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() as f64
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

fn status_of(jobs: &Jobs, id: u64) -> Answer {
    match jobs.lock().jobs.get(&id) {
        Some(Job::Running(_)) => Ok(no_content(StatusCode::NO_CONTENT)),
        Some(Job::Done { .. }) => Ok(no_content(StatusCode::OK)),
        None => Err(ApiError::NotFound),
    }
}

fn fetch(jobs: &Jobs, id: u64) -> Answer {
    let mut inner = jobs.lock();
    match inner.remove(id) {
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

fn cancel(jobs: &Jobs, id: u64) -> Answer {
    let job = jobs.lock().remove(id);
    match job {
        Some(job) => {
            if let Job::Running(Some(task)) = job {
                task.abort();
            }
            Ok(acknowledged())
        }
        None => Err(ApiError::NotFound),
    }
}

fn list_ids(jobs: &Jobs, list: &str, query: Option<&str>) -> Response {
    let count = parameter(query, "count").and_then(|c| c.parse().ok());
    let count: usize = count.unwrap_or(100);
    let inner = jobs.lock();
    let ids = inner.jobs.iter().filter(|(_, job)| match job {
        Job::Running(_) => list == "pending",
        Job::Done { .. } => list == "done",
    });
    let ids: Vec<String> = ids.map(|(id, _)| id.to_string()).take(count).collect();
    answer::json(StatusCode::OK, &json!(ids))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_KEPT: usize = 100;
    const MAX_KEPT_BYTES: usize = 1 << 20;

    fn jobs() -> Jobs {
        let limits =
            Limits { answers: MAX_KEPT, answer_bytes: MAX_KEPT_BYTES, ..Limits::default() };
        Jobs::new(&limits)
    }

    fn kept(bytes: usize) -> Kept {
        let (head, ()) = Response::new(()).into_parts();
        Kept { head, body: Bytes::from(vec![0; bytes]) }
    }

    fn ids(jobs: &Jobs) -> Vec<u64> {
        jobs.lock().jobs.keys().copied().collect()
    }

    #[test]
    fn answers_nobody_fetches_are_forgotten_in_the_end() {
        let jobs = jobs();
        let running = jobs.begin();
        for _ in 0..MAX_KEPT + 10 {
            let id = jobs.begin();
            jobs.finish(id, kept(1));
        }
        assert_eq!(ids(&jobs).len(), MAX_KEPT + 1);
        assert_eq!(ids(&jobs)[..2], [running, 12]);
        let big = jobs.begin();
        jobs.finish(big, kept(MAX_KEPT_BYTES + 1));
        assert_eq!(ids(&jobs), [running, big]);
        jobs.lock().remove_done(|_| true);
        let inner = jobs.lock();
        assert_eq!((inner.kept, inner.kept_bytes), (0, 0));
    }

    #[test]
    fn an_answer_to_a_cancelled_job_is_not_kept() {
        let jobs = jobs();
        let id = jobs.begin();
        jobs.lock().remove(id);
        jobs.finish(id, kept(1));
        assert_eq!((ids(&jobs).len(), jobs.lock().kept), (0, 0));
    }
}
