//! The agency client: blocking, usable without Rhai.
//!
//! [`AgencyClient`] keeps a list of endpoints and a guess who leads, follows the
//! agents' redirects, repeats what may be repeated under one backoff policy, and
//! asks for the fate of a write whose answer got lost (protocol §13).
//!
//! * `request`: one request to whoever leads, tried until it is answered
//! * `answer`: what an answer means
//! * `redirects`: who is told of redirects
//! * `write`: transactions with ids, and what became of them
//! * `operations`: a method for each everyday operation
//! * `documents`: reads whose answer is large
//! * `counters`: numbers that many count up at the same time
//! * `watch`: poll, watch, wait
//! * `changes`: wakes whoever waits for a change somewhere in the tree
//! * `question`: any request, as a script puts it
//! * `status`: configuration, state and health of the agents

mod answer;
mod changes;
mod counters;
mod documents;
mod endpoints;
mod error;
mod operations;
mod options;
mod outcome;
mod paths;
mod question;
mod redirects;
mod request;
mod retry;
mod status;
mod watch;
mod write;

use std::sync::Arc;
use std::time::Duration;

use crate::deadline::Deadline;
use crate::http::{HttpClient, HttpOptions};

pub use changes::Changes;
pub use error::ClientError;
pub use options::{ClientAuth, ClientOptions, ClientOptionsBuilder};
pub use outcome::{Outcome, Transaction, WriteOutcome};
pub use question::{Question, Reply};
pub use redirects::Redirect;
pub(crate) use status::agents_of;
pub use status::{Agent, AgentHealth, Health, Standing};
pub use watch::{Flow, LogItem, Poll};

/// A client of one agency; clones share connections and the guess who leads.
#[derive(Debug, Clone)]
pub struct AgencyClient {
    shared: Arc<Shared>,
    /// Whether this handle sends no writes.
    read_only: bool,
    /// Limit of one operation of this handle; the client's unless given.
    limit: Option<Duration>,
    /// Who is told of the redirects that this handle follows.
    onlooker: redirects::Onlooker,
}

#[derive(Debug)]
struct Shared {
    http: HttpClient,
    options: ClientOptions,
    endpoints: endpoints::Endpoints,
    deadline: Deadline,
}

impl AgencyClient {
    /// Collects options; at least one endpoint is needed.
    pub fn builder() -> ClientOptionsBuilder {
        ClientOptionsBuilder::default()
    }

    /// A client that stops waiting when `deadline` says so; connects when first used.
    ///
    /// # Errors
    /// [`ClientError::NoEndpoints`]; [`ClientError::Http`] when TLS cannot be set up.
    pub fn new(options: ClientOptions, deadline: Deadline) -> Result<Self, ClientError> {
        if options.endpoints.is_empty() {
            return Err(ClientError::NoEndpoints);
        }
        let http = HttpClient::new(HttpOptions {
            timeout: options.timeout,
            tls: options.tls.clone(),
            hosts: options.hosts.clone(),
            reach: options.reach.clone(),
            ..HttpOptions::default()
        })?;
        let endpoints = endpoints::Endpoints::new(options.endpoints.clone());
        let shared = Shared { http, options, endpoints, deadline };
        let onlooker = redirects::Onlooker::default();
        Ok(Self { shared: Arc::new(shared), read_only: false, limit: None, onlooker })
    }

    /// The same client, which sends no writes any more.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    fn check_writable(&self) -> Result<(), ClientError> {
        if self.read_only { Err(ClientError::ReadOnly) } else { Ok(()) }
    }

    /// The endpoints known now: those given and those learnt, the likely leader first.
    pub fn endpoints(&self) -> Vec<String> {
        self.shared.endpoints.all().iter().map(crate::http::Endpoint::url).collect()
    }

    /// The place of an endpoint among those that the client was given, counted from 0.
    pub fn place_of(&self, endpoint: &str) -> Option<usize> {
        let endpoint = crate::http::Endpoint::parse(endpoint).ok()?;
        self.shared.options.endpoints.iter().position(|given| *given == endpoint)
    }

    /// A client of the same agency for a glance at it: no operation takes longer than `limit`,
    /// and the deadline of this client does not count.
    pub fn glancing(&self, limit: Duration) -> Self {
        let Shared { http, options, endpoints, .. } = &*self.shared;
        let options = ClientOptions { timeout: limit, connect_timeout: limit, ..options.clone() };
        Self {
            shared: Arc::new(Shared {
                http: http.clone(),
                options,
                endpoints: endpoints::Endpoints::new(endpoints.all()),
                deadline: Deadline::default(),
            }),
            read_only: true,
            limit: None,
            onlooker: redirects::Onlooker::default(),
        }
    }

    /// A client of the same agency, with connections in common, that stops waiting when another deadline says so.
    #[must_use]
    pub fn with_deadline(&self, deadline: Deadline) -> Self {
        let Shared { http, options, endpoints, .. } = &*self.shared;
        let endpoints = endpoints::Endpoints::new(endpoints.all());
        let shared = Shared { http: http.clone(), options: options.clone(), endpoints, deadline };
        Self { shared: Arc::new(shared), onlooker: redirects::Onlooker::default(), ..*self }
    }

    /// The same client with another limit for each operation with all its repetitions.
    #[must_use]
    pub fn with_timeout(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Limit of one operation with all its repetitions.
    pub fn timeout(&self) -> Duration {
        self.limit.unwrap_or(self.shared.options.timeout)
    }

    /// A budget for one operation.
    fn budget(&self) -> retry::Budget<'_> {
        retry::Budget::new(&self.shared.deadline, self.timeout())
    }

    /// The connections of this client, for requests of another kind to the same agents.
    pub(crate) fn http(&self) -> &HttpClient {
        &self.shared.http
    }

    /// The credentials of this client.
    pub(crate) fn auth(&self) -> &ClientAuth {
        &self.shared.options.auth
    }

    /// The deadline that ends every wait of this client.
    pub fn deadline(&self) -> &Deadline {
        &self.shared.deadline
    }
}
