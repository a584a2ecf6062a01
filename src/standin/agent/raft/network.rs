//! Agent-to-agent traffic: openraft's messages as JSON over HTTP.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, Method, Request, StatusCode, Uri, header};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use openraft::error::{Fatal, RPCError, RaftError, ReplicationClosed, StreamingError, Unreachable};
use openraft::network::{Backoff, RPCOption, RaftNetwork, RaftNetworkFactory};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, VoteRequest, VoteResponse,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::config::{AgentConfig, Authentication};
use super::super::endpoint;
use super::super::pool::Pool;
use super::peers::Peers;
use super::replica::Replica;
use super::state_machine::decode_deep;
use super::types::{AgentNode, LogId, NodeId, Snapshot, SnapshotMeta, TypeConfig, Vote};
use crate::auth::TokenSource;

/// Path prefix of all agent-to-agent routes.
pub const PRIVATE_PREFIX: &str = "/_api/agency_priv/";
/// Route of openraft's append message.
pub const APPEND: &str = "raft-append";
/// Route of openraft's vote message.
pub const VOTE: &str = "raft-vote";
/// Route of whole snapshots.
pub const SNAPSHOT: &str = "raft-snapshot";

/// Header that names the agency and the agent a message is meant for.
pub static ADDRESS: HeaderName = HeaderName::from_static("x-agency-raft-address");

/// The value of [`ADDRESS`] for one agent of the agency with this pool.
pub fn address(pool: &[(String, String)], target: NodeId) -> String {
    use sha2::{Digest, Sha256};
    let mut ids: Vec<&str> = pool.iter().map(|(id, _)| id.as_str()).collect();
    ids.sort_unstable();
    let agency = Sha256::digest(ids.join("\n"));
    format!("{}/{target:016x}", hex::encode(&agency[..8]))
}

/// Longest time that a message with entries or a snapshot may take: it is sent
/// again, over another connection, when it is unanswered for longer than its
/// size explains.
fn patience(message: &[u8]) -> Duration {
    const RESEND: Duration = Duration::from_secs(30);
    const LEAST_BYTES_PER_SECOND: usize = 4 << 20;
    RESEND + Duration::from_secs((message.len() / LEAST_BYTES_PER_SECOND) as u64)
}

/// Time that a heartbeat gets, in heartbeat intervals. Another connection is
/// tried then.
const BEATS: u32 = 4;

/// What precedes the bytes of a snapshot on the wire, as one line of JSON.
#[derive(Debug, Serialize, Deserialize)]
pub struct SnapshotHeader {
    /// The sending leader's vote.
    pub vote: Vote,
    /// What the snapshot contains.
    pub meta: SnapshotMeta,
}

/// Why a message to another agent got no usable answer.
#[derive(Debug, thiserror::Error)]
enum TransportError {
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
}

/// Opens connections to the other agents; one pool of them per agent.
#[derive(Clone)]
pub struct Network {
    client: Client<HttpConnector, Body>,
    peers: Arc<Peers>,
    pool: Pool,
    heartbeat: Duration,
    /// Proves to the other agents who asks.
    tokens: Option<Arc<TokenSource>>,
}

impl Network {
    /// The time between two heartbeats also lies between two attempts to reach
    /// a silent agent.
    pub fn new(peers: Arc<Peers>, pool: Pool, config: &AgentConfig) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(2)));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        Self {
            client,
            peers,
            pool,
            heartbeat: config.heartbeat(),
            tokens: config.authentication.as_ref().map(Authentication::own_tokens),
        }
    }
}

impl RaftNetworkFactory<TypeConfig> for Network {
    type Network = Peer;

    async fn new_client(&mut self, target: NodeId, node: &AgentNode) -> Peer {
        Peer {
            network: self.clone(),
            target: Target {
                id: target,
                url: endpoint::to_url(&node.endpoint),
                address: address(&self.pool.members(), target),
            },
            sending: None,
            beat: None,
        }
    }
}

type AppendResult = Result<AppendEntriesResponse<NodeId>, TransportError>;

/// An append that goes on although openraft has given up waiting for it.
struct Sending {
    first: Option<LogId>,
    last: Option<LogId>,
    vote: Vote,
    answer: tokio::task::JoinHandle<AppendResult>,
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.answer.abort();
    }
}

/// A heartbeat that goes on although openraft has given up waiting for it.
struct Beat {
    vote: Vote,
    prev_log_id: Option<LogId>,
    answer: tokio::task::JoinHandle<AppendResult>,
}

impl Beat {
    fn is_like(&self, rpc: &AppendEntriesRequest<TypeConfig>) -> bool {
        self.vote == rpc.vote && self.prev_log_id == rpc.prev_log_id
    }
}

/// Where the messages to one other agent go.
#[derive(Clone)]
struct Target {
    id: NodeId,
    url: String,
    address: String,
}

/// The connection to one other agent.
pub struct Peer {
    network: Network,
    target: Target,
    sending: Option<Sending>,
    beat: Option<Beat>,
}

impl Peer {
    async fn post<T: DeserializeOwned>(
        network: &Network,
        target: &Target,
        route: &str,
        body: Vec<u8>,
    ) -> Result<T, TransportError> {
        // An agent may have another endpoint by now than openraft remembers.
        let known = network.pool.member(target.id);
        let endpoint =
            known.map_or_else(|| target.url.clone(), |(_, known)| endpoint::to_url(&known));
        let Ok(uri) = format!("{endpoint}{PRIVATE_PREFIX}{route}").parse::<Uri>() else {
            return Err(TransportError::Endpoint { endpoint });
        };
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header(header::CONTENT_TYPE, "application/json")
            .header(&ADDRESS, &target.address);
        if let Some(tokens) = &network.tokens {
            let Ok(token) = tokens.token() else {
                return Err(TransportError::NoToken { endpoint });
            };
            request = request.header(header::AUTHORIZATION, format!("bearer {token}"));
        }
        let Ok(request) = request.body(Body::from(body)) else {
            return Err(TransportError::Endpoint { endpoint });
        };
        let response = match network.client.request(request).await {
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

    /// Sends entries in a task of its own. openraft waits no longer than a
    /// heartbeat interval and then asks again for the same entries, and those
    /// that came after them: the second time joins the message that is still on
    /// its way, however big it is.
    async fn append_in_background(
        &mut self,
        rpc: AppendEntriesRequest<TypeConfig>,
    ) -> AppendResult {
        let first = rpc.entries.first().map(|e| e.log_id);
        let last = rpc.entries.last().map(|e| e.log_id);
        let vote = rpc.vote;
        let sending = match self.sending.take() {
            Some(sending) if sending.first == first && sending.vote == vote => {
                self.keep_alive(vote);
                sending
            }
            _ => {
                self.network.peers.sending(self.target.id);
                let answer = tokio::spawn(self.send_append(rpc));
                Sending { first, last, vote, answer }
            }
        };
        let sending = self.sending.insert(sending);
        let sent = sending.last;
        let answer = (&mut sending.answer).await;
        self.sending = None;
        let answer = self.joined(answer)?;
        let peers = &self.network.peers;
        match answer {
            AppendEntriesResponse::Success => {
                peers.answered(self.target.id, sent.map(|s| s.index));
                if sent < last {
                    return Ok(AppendEntriesResponse::PartialSuccess(sent));
                }
            }
            AppendEntriesResponse::HigherVote(_) => {}
            _ => peers.answered(self.target.id, None),
        }
        Ok(answer)
    }

    /// Sends entries, however long it takes.
    fn send_append(
        &self,
        rpc: AppendEntriesRequest<TypeConfig>,
    ) -> impl Future<Output = AppendResult> + use<> {
        let network = self.network.clone();
        let target = self.target.clone();
        async move {
            let body = encode(&target.url, &rpc)?;
            drop(rpc);
            Self::post_patiently(&network, &target, APPEND, body).await
        }
    }

    /// Posts a message that may be big.
    async fn post_patiently<T: DeserializeOwned>(
        network: &Network,
        target: &Target,
        route: &str,
        body: Vec<u8>,
    ) -> Result<T, TransportError> {
        let patience = patience(&body);
        let post = Self::post(network, target, route, body);
        match tokio::time::timeout(patience, post).await {
            Ok(answer) => answer,
            Err(_) => Err(TransportError::Silent { endpoint: target.url.clone() }),
        }
    }

    /// Sends a heartbeat in a task of its own, too: on a busy machine it takes
    /// longer than openraft waits for it, and has to arrive all the same.
    async fn beat_in_background(&mut self, rpc: AppendEntriesRequest<TypeConfig>) -> AppendResult {
        match self.beat.take().filter(|beat| beat.is_like(&rpc)) {
            Some(beat) if beat.answer.is_finished() => {
                self.start_beat(rpc);
                self.joined(beat.answer.await)
            }
            Some(beat) => self.finish_beat(beat).await,
            None => {
                let beat = self.beat(rpc);
                self.finish_beat(beat).await
            }
        }
    }

    async fn finish_beat(&mut self, beat: Beat) -> AppendResult {
        let beat = self.beat.insert(beat);
        let answer = (&mut beat.answer).await;
        self.beat = None;
        self.joined(answer)
    }

    fn start_beat(&mut self, rpc: AppendEntriesRequest<TypeConfig>) {
        self.beat = Some(self.beat(rpc));
    }

    fn beat(&self, rpc: AppendEntriesRequest<TypeConfig>) -> Beat {
        let network = self.network.clone();
        let target = self.target.clone();
        let (vote, prev_log_id) = (rpc.vote, rpc.prev_log_id);
        let answer = tokio::spawn(async move {
            let body = encode(&target.url, &rpc)?;
            let post = Self::post(&network, &target, APPEND, body);
            let Ok(answer) = tokio::time::timeout(BEATS * network.heartbeat, post).await else {
                return Err(TransportError::Silent { endpoint: target.url });
            };
            let answer = answer?;
            if !matches!(answer, AppendEntriesResponse::HigherVote(_)) {
                network.peers.answered(target.id, None);
            }
            Ok(answer)
        });
        Beat { vote, prev_log_id, answer }
    }

    /// Makes neither side look dead while a big message is on its way: sends
    /// an append that carries nothing and presupposes nothing.
    fn keep_alive(&mut self, vote: Vote) {
        let nothing = AppendEntriesRequest::<TypeConfig> {
            vote,
            prev_log_id: None,
            entries: Vec::new(),
            leader_commit: None,
        };
        let outstanding = self.beat.as_ref().is_some_and(|b| !b.answer.is_finished());
        if !outstanding {
            self.start_beat(nothing);
        }
    }

    fn joined(&self, answer: Result<AppendResult, tokio::task::JoinError>) -> AppendResult {
        // Only at shutdown does a task end without an answer.
        answer.unwrap_or_else(|_| Err(TransportError::Silent { endpoint: self.target.url.clone() }))
    }
}

fn encode(endpoint: &str, message: &impl Serialize) -> Result<Vec<u8>, TransportError> {
    serde_json::to_vec(message)
        .map_err(|source| TransportError::Codec { endpoint: endpoint.to_owned(), source })
}

/// The body of a snapshot message, made where it holds up nobody.
async fn encode_snapshot(
    endpoint: &str,
    header: SnapshotHeader,
    replica: Arc<Replica>,
) -> Result<Vec<u8>, TransportError> {
    let encoding = tokio::task::spawn_blocking(move || {
        let mut body = serde_json::to_vec(&header)?;
        body.push(b'\n');
        serde_json::to_writer(&mut body, &*replica)?;
        Ok(body)
    });
    match encoding.await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(source)) => Err(TransportError::Codec { endpoint: endpoint.to_owned(), source }),
        // The runtime is going down.
        Err(_) => Err(TransportError::Silent { endpoint: endpoint.to_owned() }),
    }
}

fn unreachable(error: &TransportError) -> AppendError {
    RPCError::Unreachable(Unreachable::new(error))
}

type AppendError = RPCError<NodeId, AgentNode, RaftError<NodeId>>;

impl RaftNetwork<TypeConfig> for Peer {
    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<TypeConfig>,
        _option: RPCOption,
    ) -> Result<AppendEntriesResponse<NodeId>, AppendError> {
        let answer = if rpc.entries.is_empty() {
            self.beat_in_background(rpc).await
        } else {
            self.append_in_background(rpc).await
        };
        answer.map_err(|e| unreachable(&e))
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot,
        cancel: impl Future<Output = ReplicationClosed> + Send + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<NodeId>, StreamingError<TypeConfig, Fatal<NodeId>>> {
        let header = SnapshotHeader { vote, meta: snapshot.meta };
        let (network, target) = (&self.network, &self.target);
        let post = async {
            let body = encode_snapshot(&target.url, header, *snapshot.snapshot).await?;
            Self::post_patiently(network, target, SNAPSHOT, body).await
        };
        let answer = tokio::select! {
            closed = cancel => return Err(StreamingError::Closed(closed)),
            answer = post => answer,
        };
        match answer {
            Ok(answer) => {
                self.network.peers.answered(self.target.id, None);
                Ok(answer)
            }
            Err(e) => Err(StreamingError::Unreachable(Unreachable::new(&e))),
        }
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<NodeId>,
        _option: RPCOption,
    ) -> Result<VoteResponse<NodeId>, AppendError> {
        let body = encode(&self.target.url, &rpc).map_err(|e| unreachable(&e))?;
        Self::post(&self.network, &self.target, VOTE, body).await.map_err(|e| unreachable(&e))
    }

    fn backoff(&self) -> Backoff {
        Backoff::new(std::iter::repeat(self.network.heartbeat))
    }
}
