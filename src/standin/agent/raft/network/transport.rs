//! Messages to one other agent: JSON over HTTP or HTTPS.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode, Uri, header};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use openraft::raft::AppendEntriesResponse;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::peers::Peers;
use super::super::state_machine::decode_deep;
use super::super::types::{AppendRequest, NodeId};
use super::{ADDRESS, APPEND, PRIVATE_PREFIX};
use crate::auth::TokenSource;
use crate::standin::agent::config::AgentConfig;
use crate::standin::agent::pool::Pool;
use crate::standin::cuts::Way;
use crate::standin::web::tls::{self, PeerConnector};
use crate::standin::web::{Authentication, endpoint};

/// Time that a heartbeat gets, in heartbeat intervals. Another connection is
/// tried then.
const BEATS: u32 = 4;

/// Longest time that a message with entries or a snapshot may take: it is sent
/// again, over another connection, when it is unanswered for longer than its
/// size explains.
fn patience(message: &[u8]) -> Duration {
    const RESEND: Duration = Duration::from_secs(30);
    const LEAST_BYTES_PER_SECOND: usize = 4 << 20;
    RESEND + Duration::from_secs((message.len() / LEAST_BYTES_PER_SECOND) as u64)
}

/// Why a message to another agent got no usable answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum TransportError {
    #[error("cannot reach {endpoint}")]
    Unreachable {
        endpoint: String,
        #[source]
        source: hyper_util::client::legacy::Error,
    },
    #[error("answer of {endpoint} broke off")]
    Broken {
        endpoint: String,
        #[source]
        source: hyper::Error,
    },
    #[error("{endpoint} answered with status {status}")]
    Status { endpoint: String, status: StatusCode },
    #[error("message for or from {endpoint} is not valid")]
    Codec {
        endpoint: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("endpoint {endpoint} is not valid")]
    Endpoint { endpoint: String },
    #[error("no token can be signed for {endpoint}")]
    NoToken { endpoint: String },
    #[error("{endpoint} did not answer in time")]
    Silent { endpoint: String },
    #[error("the network to {endpoint} was cut")]
    Cut { endpoint: String },
}

/// What another agent says to an append.
pub(super) type AppendAnswer = Result<AppendEntriesResponse<NodeId>, TransportError>;

/// Opens connections to the other agents; one pool of them per agent.
#[derive(Clone)]
pub(super) struct Transport {
    client: Client<PeerConnector, Body>,
    heartbeat: Duration,
    /// Proves to the other agents who asks.
    tokens: Option<Arc<TokenSource>>,
    way: Way,
}

impl Transport {
    pub(super) fn new(config: &AgentConfig) -> Self {
        let connector = tls::connector(Duration::from_secs(2));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        let tokens = config.authentication.as_ref().map(Authentication::own_tokens);
        Self { client, heartbeat: config.heartbeat(), tokens, way: config.way.clone() }
    }
}

/// The way to one other agent.
pub(super) struct Line {
    pub(super) transport: Transport,
    pub(super) peers: Arc<Peers>,
    pub(super) pool: Pool,
    pub(super) target: NodeId,
    /// The endpoint that openraft knows.
    pub(super) endpoint: String,
    /// What messages to it have to be addressed to.
    pub(super) address: String,
}

impl Line {
    /// The time between two heartbeats.
    pub(super) fn heartbeat(&self) -> Duration {
        self.transport.heartbeat
    }

    /// Where the agent is: it may have another endpoint by now than openraft remembers.
    fn url(&self) -> String {
        let known = self.pool.member(self.target);
        endpoint::to_url(known.as_ref().map_or(&self.endpoint, |(_, endpoint)| endpoint))
    }

    /// Sends entries, however long it takes, or a heartbeat.
    pub(super) async fn append(&self, body: Bytes, entries: bool) -> AppendAnswer {
        if entries {
            self.post_patiently(APPEND, body).await
        } else {
            self.within(BEATS * self.heartbeat(), self.post(APPEND, body)).await
        }
    }

    /// Posts a message that may be big.
    pub(super) async fn post_patiently<T: DeserializeOwned>(
        &self,
        route: &str,
        body: Bytes,
    ) -> Result<T, TransportError> {
        let patience = patience(&body);
        self.within(patience, self.post(route, body)).await
    }

    async fn within<T>(
        &self,
        time: Duration,
        post: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        match tokio::time::timeout(time, post).await {
            Ok(answer) => answer,
            Err(_) => Err(self.silent()),
        }
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        route: &str,
        body: Bytes,
    ) -> Result<T, TransportError> {
        let endpoint = self.url();
        let exchange = self.exchange(endpoint.clone(), route, body);
        let answer = self.transport.way.across(&endpoint, exchange).await;
        answer.unwrap_or(Err(TransportError::Cut { endpoint }))
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        endpoint: String,
        route: &str,
        body: Bytes,
    ) -> Result<T, TransportError> {
        let Ok(uri) = format!("{endpoint}{PRIVATE_PREFIX}{route}").parse::<Uri>() else {
            return Err(TransportError::Endpoint { endpoint });
        };
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header(header::CONTENT_TYPE, "application/json")
            .header(&ADDRESS, &self.address);
        if let Some(tokens) = &self.transport.tokens {
            let Ok(token) = tokens.token() else {
                return Err(TransportError::NoToken { endpoint });
            };
            request = request.header(header::AUTHORIZATION, format!("bearer {token}"));
        }
        let Ok(request) = request.body(Body::from(body)) else {
            return Err(TransportError::Endpoint { endpoint });
        };
        let response = match self.transport.client.request(request).await {
            Ok(response) => response,
            Err(source) => return Err(TransportError::Unreachable { endpoint, source }),
        };
        let status = response.status();
        let bytes = match response.into_body().collect().await {
            Ok(body) => body.to_bytes(),
            Err(source) => return Err(TransportError::Broken { endpoint, source }),
        };
        if status != StatusCode::OK {
            return Err(TransportError::Status { endpoint, status });
        }
        decode_deep(&bytes).map_err(|source| TransportError::Codec { endpoint, source })
    }

    pub(super) fn encode(&self, message: &impl Serialize) -> Result<Bytes, TransportError> {
        let encoded = serde_json::to_vec(message);
        encoded.map(Bytes::from).map_err(|source| self.codec(source))
    }

    pub(super) fn codec(&self, source: serde_json::Error) -> TransportError {
        TransportError::Codec { endpoint: self.url(), source }
    }

    pub(super) fn silent(&self) -> TransportError {
        TransportError::Silent { endpoint: self.url() }
    }

    /// Sends an append that carries no entries.
    pub(super) async fn beat(&self, message: &AppendRequest) -> AppendAnswer {
        let body = self.encode(message)?;
        let sent = Instant::now();
        let answer = self.append(body, false).await?;
        if !matches!(answer, AppendEntriesResponse::HigherVote(_)) {
            self.peers.answered(self.target, sent, None);
        }
        Ok(answer)
    }
}
