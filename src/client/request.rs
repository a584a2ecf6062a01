//! One request to whoever leads, tried until it is answered for good.

use std::time::{Duration, Instant};

use super::answer::{Answer, judge};
use super::retry::Budget;
use super::{AgencyClient, ClientError, Redirect};
use crate::http::{Endpoint, HttpError, Request, Response};

/// The shortest limit of a single try, if there is that much time.
pub(super) const SHORTEST_TRY: Duration = Duration::from_secs(2);

/// The longest that one agent is given to accept a connection: others may be faster.
const LONGEST_CONNECT: Duration = Duration::from_secs(2);

/// A request before anyone is chosen to answer it.
#[derive(Debug, Clone)]
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    /// Path with query; the query is sent again after a redirect.
    pub(super) target: &'a str,
    pub(super) body: &'a [u8],
    /// Whether it does no harm to send it again when it may have been executed.
    pub(super) repeatable: bool,
    /// Limit of one try; a part of the operation's limit when absent.
    pub(super) try_limit: Option<Duration>,
    /// Until when the agent may keep the request; each try tells the time left.
    pub(super) wait_until: Option<Instant>,
    /// Whether every answer is one but a redirect and the lack of a leader.
    pub(super) any_answer: bool,
}

impl<'a> Call<'a> {
    pub(super) fn get(target: &'a str) -> Self {
        Self {
            method: "GET",
            target,
            body: &[],
            repeatable: true,
            try_limit: None,
            wait_until: None,
            any_answer: false,
        }
    }

    pub(super) fn post(target: &'a str, body: &'a [u8]) -> Self {
        Self { method: "POST", body, ..Self::get(target) }
    }

    /// Whether a failed precondition is one of its answers.
    pub(super) fn writes(&self) -> bool {
        self.target.ends_with("/write") || self.target.ends_with("/transact")
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
pub(super) enum Try {
    Done(Answer),
    Redirected(Endpoint),
    /// Not executed here; another agent or another time may do.
    Again(Trouble),
    /// Perhaps executed.
    Unsure(Trouble),
    Refused(ClientError),
}

/// Why one try came to nothing.
pub(super) enum Trouble {
    NoLeader,
    /// The agents send the client to each other.
    Loop,
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
        // a redirect may teach a new endpoint: that must not raise the bound
        let most_redirects = self.shared.endpoints.len() + 2;
        let mut redirects = 0;
        let mut only_unreachable = true;
        // earlier requests of the operation may have found somebody
        let before = budget.spent();
        // what the try before told of the leader
        let mut told = None;
        loop {
            self.shared.deadline.check().map_err(|stop| Failure::Final(stop.into()))?;
            let Some(endpoint) = self.shared.endpoints.current() else {
                return Err(Failure::Final(ClientError::NoEndpoints));
            };
            // a try that is cut short by the end of the operation tells nothing new
            let cut_short = budget.left() < self.limit_of_a_try(call);
            let trouble = match self.try_once(call, &endpoint, budget).map_err(Failure::Final)? {
                Try::Done(answer) => return Ok(answer),
                Try::Refused(error) => {
                    if matches!(error, ClientError::Http(HttpError::HostRefused { .. })) {
                        // another one may lead the next time
                        self.shared.endpoints.rotate(&endpoint);
                    }
                    return Err(Failure::Final(error));
                }
                Try::Redirected(leader) => {
                    only_unreachable = false;
                    self.onlooker.tell(|| Redirect {
                        from: endpoint.url(),
                        to: leader.url(),
                        target: call.target.to_owned(),
                    });
                    self.follow(&endpoint, leader)?;
                    redirects += 1;
                    if redirects <= most_redirects {
                        continue;
                    }
                    redirects = 0;
                    Trouble::Loop
                }
                Try::Unsure(trouble) if !call.repeatable => {
                    self.shared.endpoints.rotate(&endpoint);
                    return Err(Failure::Ambiguous(match trouble {
                        Trouble::Http(error) => ClientError::Http(error),
                        other => self.give_up(other, budget),
                    }));
                }
                Try::Unsure(trouble) | Try::Again(trouble) => {
                    self.shared.endpoints.rotate(&endpoint);
                    trouble
                }
            };
            let trouble = match trouble {
                Trouble::Http(HttpError::Timeout { .. } | HttpError::NoTime { .. })
                    if cut_short =>
                {
                    told.take().unwrap_or(trouble)
                }
                other => other,
            };
            told = match &trouble {
                Trouble::NoLeader => Some(Trouble::NoLeader),
                Trouble::Loop => Some(Trouble::Loop),
                _ => None,
            };
            only_unreachable &=
                matches!(&trouble, Trouble::Http(error) if !error.may_have_arrived());
            let hopeless =
                only_unreachable && budget.spent() - before >= self.shared.options.connect_timeout;
            if hopeless || !budget.pause().map_err(|stop| Failure::Final(stop.into()))? {
                return Err(Failure::Final(self.give_up(trouble, budget)));
            }
        }
    }

    /// Makes the leader that `from` names the one to ask.
    fn follow(&self, from: &Endpoint, location: Endpoint) -> Result<(), Failure> {
        let endpoints = &self.shared.endpoints;
        match endpoints.known(&location) {
            Some(known) => endpoints.promote(known),
            None if self.shared.options.learn_leaders => endpoints.promote(location),
            None => {
                // another one may know better the next time
                endpoints.rotate(from);
                return Err(Failure::Final(ClientError::RedirectUnknown {
                    endpoint: from.url(),
                    location: location.url(),
                    known: self.endpoints().join(", "),
                }));
            }
        }
        Ok(())
    }

    /// Sends a request to one given agent, once.
    pub(super) fn request_from(
        &self,
        endpoint: &Endpoint,
        call: &Call<'_>,
    ) -> Result<Answer, ClientError> {
        let budget = self.budget();
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
        match self.send_once(call, endpoint, budget)? {
            Ok(response) => Ok(judge(call, endpoint, response)),
            Err(
                error @ (HttpError::BadUrl { .. }
                | HttpError::BadRequest { .. }
                | HttpError::HostRefused { .. }
                | HttpError::Tls { .. }
                | HttpError::NoTls { .. }
                | HttpError::TlsOnly { .. }),
            ) => Ok(Try::Refused(error.into())),
            Err(error @ (HttpError::Protocol { .. } | HttpError::TooLarge { .. }))
                if call.repeatable =>
            {
                Ok(Try::Refused(error.into()))
            }
            Err(error) if error.may_have_arrived() => Ok(Try::Unsure(Trouble::Http(error))),
            Err(error) => Ok(Try::Again(Trouble::Http(error))),
        }
    }

    /// Sends a request to one agent and gives what came of it.
    pub(super) fn send_once(
        &self,
        call: &Call<'_>,
        endpoint: &Endpoint,
        budget: &Budget<'_>,
    ) -> Result<Result<Response, HttpError>, ClientError> {
        let left = budget.left();
        let mut limit = self.limit_of_a_try(call);
        let mut url = format!("{}{}", endpoint.url(), call.target);
        if let Some(end) = call.wait_until {
            let wait = end.saturating_duration_since(Instant::now());
            url.push_str(&format!("&timeout={}", (wait.as_secs_f64() * 1000.0).ceil() / 1000.0));
            limit += wait;
        }
        let mut request = Request::new(call.method, url)
            .auth(self.shared.options.auth.header()?)
            .timeout(limit.min(left))
            .connect_timeout(self.shared.options.connect_timeout.min(LONGEST_CONNECT));
        if !call.body.is_empty() {
            request = request.header("content-type", "application/json").body(call.body);
        }
        match self.shared.http.send(request, &self.shared.deadline) {
            Err(HttpError::Stopped(stop)) => Err(stop.into()),
            outcome => Ok(outcome),
        }
    }

    fn limit_of_a_try(&self, call: &Call<'_>) -> Duration {
        call.try_limit.unwrap_or_else(|| (self.timeout() / 3).max(SHORTEST_TRY))
    }

    /// The error of a request to one agent that got no answer.
    pub(super) fn give_up_on(
        &self,
        endpoint: &Endpoint,
        source: HttpError,
        budget: &Budget<'_>,
    ) -> ClientError {
        match source {
            HttpError::BadUrl { .. }
            | HttpError::BadRequest { .. }
            | HttpError::HostRefused { .. }
            | HttpError::Tls { .. }
            | HttpError::NoTls { .. }
            | HttpError::TlsOnly { .. }
            | HttpError::Protocol { .. }
            | HttpError::TooLarge { .. } => source.into(),
            other => self.no_answer(Trouble::Http(other), budget, endpoint.url()),
        }
    }

    pub(super) fn give_up(&self, trouble: Trouble, budget: &Budget<'_>) -> ClientError {
        self.no_answer(trouble, budget, self.endpoints().join(", "))
    }

    fn no_answer(&self, trouble: Trouble, budget: &Budget<'_>, endpoints: String) -> ClientError {
        let after = budget.spent();
        match trouble {
            Trouble::NoLeader => ClientError::NoLeader { after, endpoints },
            Trouble::Loop => ClientError::RedirectLoop { after, endpoints },
            Trouble::Http(source @ HttpError::Timeout { .. }) if source.may_have_arrived() => {
                ClientError::Timeout { after, endpoints, source: Some(source) }
            }
            Trouble::Http(source) if source.may_have_arrived() => {
                ClientError::Reset { endpoints, source }
            }
            Trouble::Http(HttpError::NoTime { .. }) => {
                ClientError::Timeout { after, endpoints, source: None }
            }
            Trouble::Http(source) => ClientError::Unreachable { endpoints, source },
            Trouble::Status(error) => error,
        }
    }
}
