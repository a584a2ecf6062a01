//! Agent-to-agent traffic: openraft's messages as JSON over HTTP or HTTPS.

mod outbox;
mod transport;

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Bytes;
use axum::http::HeaderName;
use openraft::error::{Fatal, RPCError, RaftError, ReplicationClosed, StreamingError, Unreachable};
use openraft::network::{Backoff, RPCOption, RaftNetwork, RaftNetworkFactory};
use openraft::raft::{AppendEntriesResponse, SnapshotResponse, VoteRequest, VoteResponse};
use serde::{Deserialize, Serialize};

use super::super::config::AgentConfig;
use super::super::pool::Pool;
use super::peers::Peers;
use super::replica::Replica;
use super::types::{
    AgentNode, AppendRequest, LogId, NodeId, Snapshot, SnapshotMeta, TypeConfig, Vote,
};

pub use outbox::Outboxes;

use outbox::Outbox;
use transport::{AppendAnswer, Line, Transport, TransportError};

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

/// What precedes the bytes of a snapshot on the wire, as one line of JSON.
#[derive(Debug, Serialize, Deserialize)]
pub struct SnapshotHeader {
    /// The sending leader's vote.
    pub vote: Vote,
    /// What the snapshot contains.
    pub meta: SnapshotMeta,
}

/// The other agents, as openraft reaches them.
#[derive(Clone)]
pub struct Network {
    transport: Transport,
    peers: Arc<Peers>,
    pool: Pool,
    outboxes: Outboxes,
}

impl Network {
    /// The time between two heartbeats also lies between two attempts to reach
    /// a silent agent.
    pub fn new(peers: Arc<Peers>, outboxes: Outboxes, pool: Pool, config: &AgentConfig) -> Self {
        Self { transport: Transport::new(config), peers, pool, outboxes }
    }
}

impl RaftNetworkFactory<TypeConfig> for Network {
    type Network = Peer;

    async fn new_client(&mut self, target: NodeId, node: &AgentNode) -> Peer {
        let outbox = self.outboxes.of(Line {
            transport: self.transport.clone(),
            peers: self.peers.clone(),
            pool: self.pool.clone(),
            target,
            endpoint: node.endpoint.clone(),
            address: address(&self.pool.members(), target),
        });
        Peer { outbox, beat: None }
    }
}

/// A heartbeat that goes on although openraft has given up waiting for it.
struct Beat {
    vote: Vote,
    prev_log_id: Option<LogId>,
    answer: tokio::task::JoinHandle<AppendAnswer>,
}

impl Beat {
    fn is_like(&self, message: &AppendRequest) -> bool {
        self.vote == message.vote && self.prev_log_id == message.prev_log_id
    }
}

/// One other agent, for one of openraft's replication streams.
pub struct Peer {
    outbox: Arc<Outbox>,
    beat: Option<Beat>,
}

impl Peer {
    fn line(&self) -> &Arc<Line> {
        self.outbox.line()
    }

    /// Sends entries. While a big message is on its way, neither side shall look dead: an
    /// append goes along that carries nothing and presupposes nothing.
    async fn append(&mut self, message: AppendRequest) -> AppendAnswer {
        let nothing = AppendRequest {
            vote: message.vote,
            prev_log_id: None,
            entries: Vec::new(),
            leader_commit: None,
        };
        let outbox = Arc::clone(&self.outbox);
        let keep_alive = || {
            let outstanding = self.beat.as_ref().is_some_and(|b| !b.answer.is_finished());
            if !outstanding {
                self.beat = Some(self.begin_beat(nothing));
            }
        };
        outbox.append(message, keep_alive).await
    }

    /// Sends a heartbeat in a task of its own, too: on a busy machine it takes
    /// longer than openraft waits for it, and has to arrive all the same.
    async fn heartbeat(&mut self, message: AppendRequest) -> AppendAnswer {
        if self.outbox.needs_no_beat(&message) {
            return Ok(AppendEntriesResponse::Success);
        }
        match self.beat.take().filter(|beat| beat.is_like(&message)) {
            Some(beat) if beat.answer.is_finished() => {
                self.beat = Some(self.begin_beat(message));
                self.joined(beat.answer.await)
            }
            Some(beat) => self.finish_beat(beat).await,
            None => {
                let beat = self.begin_beat(message);
                self.finish_beat(beat).await
            }
        }
    }

    async fn finish_beat(&mut self, beat: Beat) -> AppendAnswer {
        let beat = self.beat.insert(beat);
        let answer = (&mut beat.answer).await;
        self.beat = None;
        self.joined(answer)
    }

    fn begin_beat(&self, message: AppendRequest) -> Beat {
        let line = Arc::clone(self.line());
        let (vote, prev_log_id) = (message.vote, message.prev_log_id);
        let answer = tokio::spawn(async move { line.beat(&message).await });
        Beat { vote, prev_log_id, answer }
    }

    fn joined(&self, answer: Result<AppendAnswer, tokio::task::JoinError>) -> AppendAnswer {
        // Only at shutdown does a task end without an answer.
        answer.unwrap_or_else(|_| Err(self.line().silent()))
    }
}

/// The body of a snapshot message, made where it holds up nobody.
async fn encode_snapshot(
    line: &Line,
    header: SnapshotHeader,
    replica: Arc<Replica>,
) -> Result<Bytes, TransportError> {
    let encoding = tokio::task::spawn_blocking(move || {
        let mut body = serde_json::to_vec(&header)?;
        body.push(b'\n');
        serde_json::to_writer(&mut body, &*replica)?;
        Ok(Bytes::from(body))
    });
    match encoding.await {
        Ok(encoded) => encoded.map_err(|source| line.codec(source)),
        // The runtime is going down.
        Err(_) => Err(line.silent()),
    }
}

fn unreachable(error: &TransportError) -> AppendError {
    RPCError::Unreachable(Unreachable::new(error))
}

type AppendError = RPCError<NodeId, AgentNode, RaftError<NodeId>>;

impl RaftNetwork<TypeConfig> for Peer {
    async fn append_entries(
        &mut self,
        message: AppendRequest,
        _option: RPCOption,
    ) -> Result<AppendEntriesResponse<NodeId>, AppendError> {
        let answer = if message.entries.is_empty() {
            self.heartbeat(message).await
        } else {
            self.append(message).await
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
        let line = self.line();
        let sent = Instant::now();
        let post = async {
            let body = encode_snapshot(line, header, *snapshot.snapshot).await?;
            line.post_patiently(SNAPSHOT, body).await
        };
        let answer = tokio::select! {
            closed = cancel => return Err(StreamingError::Closed(closed)),
            answer = post => answer,
        };
        match answer {
            Ok(answer) => {
                let answer: SnapshotResponse<NodeId> = answer;
                // A higher vote refuses it: that agent follows somebody else.
                if answer.vote == vote {
                    line.peers.answered(line.target, sent, None);
                }
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
        let body = self.line().encode(&rpc).map_err(|e| unreachable(&e))?;
        self.line().post(VOTE, body).await.map_err(|e| unreachable(&e))
    }

    fn backoff(&self) -> Backoff {
        Backoff::new(std::iter::repeat(self.line().heartbeat()))
    }
}
