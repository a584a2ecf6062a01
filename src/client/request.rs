//! One request to whoever leads, tried until it is answered for good.

use serde_json::Value;

use super::retry::Budget;
use super::{AgencyClient, ClientError};
use crate::http::{Endpoint, HttpError, Request, Response};

use std::time::Duration;

/// The shortest limit of a single try, if there is that much time.
const SHORTEST_TRY: Duration = Duration::from_secs(2);

/// A request before anyone is chosen to answer it.
#[derive(Debug, Clone)]
pub(super) struct Call<'a> {
    pub(super) method: &'static str,
    /// Path with query; the query is sent again after a redirect.
    pub(super) target: &'a str,
    pub(super) body: &'a [u8],
    /// Whether it does no harm to send it again when it may have been executed.
    pub(super) repeatable: bool,
    /// Limit of one try; a part of the operation's limit when absent.
    pub(super) try_limit: Option<Duration>,
}

impl<'a> Call<'a> {
    pub(super) fn get(target: &'a str) -> Self {
        Self { method: "GET", target, body: &[], repeatable: true, try_limit: None }
    }

    pub(super) fn post(target: &'a str, body: &'a [u8]) -> Self {
        Self { method: "POST", target, body, repeatable: true, try_limit: None }
    }
}

/// A final answer: 2xx, or a status that its endpoint defines as one.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) endpoint: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Value, ClientError> {
        serde_json::from_slice(&self.body).map_err(|error| ClientError::BadAnswer {
            endpoint: self.endpoint.clone(),
            reason: format!("{error} in {}", excerpt(&self.body)),
        })
    }

    pub(super) fn bad(&self, reason: &str) -> ClientError {
        ClientError::BadAnswer {
            endpoint: self.endpoint.clone(),
            reason: format!("{reason} in {}", excerpt(&self.body)),
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// Certainly nothing was executed, or the request may not be tried any more.
    Final(ClientError),
    /// It may have been executed, or may still be.
    Ambiguous(ClientError),
}

impl Failure {
    /// The error, for callers whose request does no harm.
    pub(super) fn into_error(self) -> ClientError {
        match self {
            Self::Final(error) | Self::Ambiguous(error) => error,
        }
    }
}

/// What one try came to.
enum Try {
    Done(Answer),
    Redirected(Endpoint),
    /// Not executed here; another agent or another time may do.
    Again(Trouble),
    /// Perhaps executed.
    Unsure(Trouble),
    Refused(ClientError),
}

enum Trouble {
    NoLeader,
    Http(HttpError),
    Status(ClientError),
}

impl AgencyClient {
    /// Sends `call` to the leader: follows redirects, rotates, pauses, until an agent answers.
    pub(super) fn request(
        &self,
        call: &Call<'_>,
        budget: &mut Budget<'_>,
    ) -> Result<Answer, Failure> {
        let mut redirects = 0;
        let mut only_unreachable = true;
        loop {
            self.shared.deadline.check().map_err(|stop| Failure::Final(stop.into()))?;
            let Some(endpoint) = self.shared.endpoints.current() else {
                return Err(Failure::Final(ClientError::NoEndpoints));
            };
            let trouble = match self.try_once(call, &endpoint, budget).map_err(Failure::Final)? {
                Try::Done(answer) => return Ok(answer),
                Try::Refused(error) => return Err(Failure::Final(error)),
                Try::Redirected(leader) => {
                    only_unreachable = false;
                    self.shared.endpoints.promote(leader);
                    redirects += 1;
                    if redirects <= self.shared.endpoints.len() + 2 {
                        continue;
                    }
                    redirects = 0;
                    Trouble::NoLeader
                }
                Try::Unsure(trouble) if !call.repeatable => {
                    self.shared.endpoints.rotate(&endpoint);
                    return Err(Failure::Ambiguous(self.give_up(trouble, budget)));
                }
                Try::Unsure(trouble) | Try::Again(trouble) => {
                    self.shared.endpoints.rotate(&endpoint);
                    trouble
                }
            };
            only_unreachable &=
                matches!(&trouble, Trouble::Http(error) if !error.may_have_arrived());
            let hopeless =
                only_unreachable && budget.spent() >= self.shared.options.connect_timeout;
            if hopeless || !budget.pause().map_err(|stop| Failure::Final(stop.into()))? {
                return Err(Failure::Final(self.give_up(trouble, budget)));
            }
        }
    }

    /// Sends a request to one given agent, once.
    pub(super) fn request_from(
        &self,
        endpoint: &Endpoint,
        call: &Call<'_>,
    ) -> Result<Answer, ClientError> {
        let budget = Budget::new(&self.shared.deadline, self.shared.options.timeout);
        match self.try_once(call, endpoint, &budget)? {
            Try::Done(answer) => Ok(answer),
            Try::Refused(error) => Err(error),
            Try::Redirected(_) => Err(self.give_up(Trouble::NoLeader, &budget)),
            Try::Again(trouble) | Try::Unsure(trouble) => Err(self.give_up(trouble, &budget)),
        }
    }

    fn try_once(
        &self,
        call: &Call<'_>,
        endpoint: &Endpoint,
        budget: &Budget<'_>,
    ) -> Result<Try, ClientError> {
        let left = budget.left();
        let limit = call
            .try_limit
            .unwrap_or_else(|| (self.shared.options.timeout / 3).max(SHORTEST_TRY))
            .min(left);
        let mut request = Request::new(call.method, format!("{}{}", endpoint.url(), call.target))
            .auth(self.shared.options.auth.header()?)
            .timeout(limit);
        if !call.body.is_empty() {
            request = request.header("content-type", "application/json").body(call.body);
        }
        match self.shared.http.send(request, &self.shared.deadline) {
            Ok(response) => Ok(judge(call, endpoint, response)),
            Err(HttpError::Stopped(stop)) => Err(stop.into()),
            Err(
                error @ (HttpError::BadUrl { .. }
                | HttpError::BadRequest { .. }
                | HttpError::Tls { .. }),
            ) => Ok(Try::Refused(error.into())),
            Err(error @ (HttpError::Protocol { .. } | HttpError::TooLarge { .. })) => {
                Ok(Try::Refused(error.into()))
            }
            Err(error) if error.may_have_arrived() => Ok(Try::Unsure(Trouble::Http(error))),
            Err(error) => Ok(Try::Again(Trouble::Http(error))),
        }
    }

    fn give_up(&self, trouble: Trouble, budget: &Budget<'_>) -> ClientError {
        let after = budget.spent();
        let endpoints = self.endpoints().join(", ");
        match trouble {
            Trouble::NoLeader => ClientError::NoLeader { after, endpoints },
            Trouble::Http(source) if source.may_have_arrived() => {
                ClientError::Timeout { after, endpoints, source: Some(source) }
            }
            Trouble::Http(HttpError::NoTime { .. }) => {
                ClientError::Timeout { after, endpoints, source: None }
            }
            Trouble::Http(source) => ClientError::Unreachable { endpoints, source },
            Trouble::Status(error) => error,
        }
    }
}

/// What a response means for the request that it answers (protocol §13.2).
fn judge(call: &Call<'_>, endpoint: &Endpoint, response: Response) -> Try {
    let at = || endpoint.url();
    let inquires = call.target.ends_with("/inquire");
    match response.status {
        200..=299 | 412 => Try::Done(answer(endpoint, response)),
        403 if call.target.ends_with("/write") => Try::Done(answer(endpoint, response)),
        404 if inquires && is_results(&response) => Try::Done(answer(endpoint, response)),
        301 | 302 | 307 | 308 => match response.header("location").map(Endpoint::split_url) {
            Some(Ok((leader, _))) => Try::Redirected(leader),
            _ => Try::Again(Trouble::Status(ClientError::BadAnswer {
                endpoint: at(),
                reason: "a redirect without a usable location".to_owned(),
            })),
        },
        401 => Try::Refused(ClientError::Unauthorized { endpoint: at() }),
        404 | 501 => {
            Try::Refused(ClientError::NotAnAgent { endpoint: at(), status: response.status })
        }
        503 => {
            let body: Option<Value> = serde_json::from_slice(&response.body).ok();
            match body.as_ref().and_then(|body| body.get("message")) {
                Some(_) => Try::Again(Trouble::NoLeader),
                None => Try::Unsure(Trouble::NoLeader),
            }
        }
        408 | 500 | 502 | 504..=599 => Try::Unsure(Trouble::Status(refused(endpoint, &response))),
        _ => Try::Refused(refused(endpoint, &response)),
    }
}

fn is_results(response: &Response) -> bool {
    serde_json::from_slice::<Value>(&response.body).is_ok_and(|body| body.get("results").is_some())
}

fn answer(endpoint: &Endpoint, response: Response) -> Answer {
    Answer { status: response.status, endpoint: endpoint.url(), body: response.body }
}

fn refused(endpoint: &Endpoint, response: &Response) -> ClientError {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let text = body.get("errorMessage").or_else(|| body.get("message")).and_then(Value::as_str);
    ClientError::Refused {
        endpoint: endpoint.url(),
        status: response.status,
        error_num: body.get("errorNum").and_then(Value::as_i64),
        message: text.map_or_else(|| excerpt(&response.body), str::to_owned),
    }
}

/// The beginning of a body, for messages.
fn excerpt(body: &[u8]) -> String {
    if body.is_empty() {
        return "an empty body".to_owned();
    }
    let text: String = String::from_utf8_lossy(body).chars().take(80).collect();
    format!("'{}'", text.escape_debug())
}
