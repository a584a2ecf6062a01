//! How agents that know each other's addresses alone find out who they are: before Raft starts,
//! each tells the others its id and endpoint, until the pool is complete (protocol §1.8).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::Response;
use http_body_util::{BodyExt, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::standin::web::error::ApiError;
use crate::standin::web::listener::{self, Site};
use crate::standin::web::tls::{self, PeerConnector};
use crate::standin::web::{self, Authentication, Limits, ServerCertificate, endpoint};

const ROUTE: &str = "/_api/agency_priv/gossip";
/// Pause between two rounds of questions.
const PAUSE: Duration = Duration::from_millis(100);
/// Time that one question gets.
const PATIENCE: Duration = Duration::from_secs(2);
/// The largest message, in bytes.
const MOST: usize = 1 << 20;

/// Ids and endpoints, ascending by id.
type Pool = BTreeMap<String, String>;

/// What an agent has to know to find the others.
#[derive(Clone, Debug)]
pub struct Gossip {
    /// This agent's id.
    pub id: String,
    /// The endpoint that it advertises.
    pub endpoint: String,
    /// Endpoints of agents; this one's own may be among them.
    pub peers: Vec<String>,
    /// How many agents the agency has.
    pub size: usize,
    /// Who may ask.
    pub authentication: Option<Authentication>,
    /// What it shows to whoever asks, as in [`AgentConfig`](super::AgentConfig).
    pub certificate: Option<ServerCertificate>,
}

/// Why the pool cannot be completed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GossipError {
    /// There are more agents than the agency has places.
    #[error("{found} agents want to be in an agency of {size}: {pool}")]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many places there are.
        size: usize,
        /// Who they are.
        pool: String,
    },
}

struct Known {
    gossip: Gossip,
    pool: Mutex<Pool>,
}

impl Known {
    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn message(&self) -> Json {
        json!({ "id": self.gossip.id, "endpoint": self.gossip.endpoint, "pool": *self.pool() })
    }

    /// Takes over whom somebody else knows.
    fn learn(&self, message: &Json) {
        let mut pool = self.pool();
        if let (Some(id), Some(endpoint)) = (message["id"].as_str(), message["endpoint"].as_str()) {
            pool.insert(id.to_owned(), endpoint.to_owned());
        }
        for (id, endpoint) in message["pool"].as_object().into_iter().flatten() {
            if let Some(endpoint) = endpoint.as_str() {
                pool.insert(id.clone(), endpoint.to_owned());
            }
        }
        // nobody else knows better who this is
        pool.insert(self.gossip.id.clone(), self.gossip.endpoint.clone());
    }
}

/// Asks and answers until as many agents are known as the agency has, and gives them.
///
/// # Errors
/// [`GossipError`].
pub async fn discover(
    listener: &TcpListener,
    gossip: Gossip,
) -> Result<Vec<(String, String)>, GossipError> {
    let own = (gossip.id.clone(), gossip.endpoint.clone());
    let known = Arc::new(Known { gossip, pool: Mutex::new(Pool::from([own])) });
    let pool = tokio::select! {
        pool = ask_around(&known) => pool,
        never = serve(listener, &known) => match never {},
    };
    let (found, size) = (pool.len(), known.gossip.size);
    if found > size {
        let pool: Vec<String> = pool.iter().map(|(id, at)| format!("{id} at {at}")).collect();
        return Err(GossipError::TooMany { found, size, pool: pool.join(", ") });
    }
    Ok(pool.into_iter().collect())
}

async fn ask_around(known: &Known) -> Pool {
    let client = Client::builder(TokioExecutor::new()).build(tls::connector(PATIENCE));
    loop {
        let pool = known.pool().clone();
        if pool.len() >= known.gossip.size {
            return pool;
        }
        let endpoints = known.gossip.peers.iter().chain(pool.values());
        let mut others: Vec<String> =
            endpoints.map(|endpoint| endpoint::to_url(endpoint)).collect();
        others.sort();
        others.dedup();
        let own = endpoint::to_url(&known.gossip.endpoint);
        for url in others.iter().filter(|url| **url != own) {
            let question = ask(&client, url, known);
            if let Ok(Some(answer)) = tokio::time::timeout(PATIENCE, question).await {
                known.learn(&answer);
            }
        }
        if known.pool().len() < known.gossip.size {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Tells one agent whom we know; gives whom it knows, unless it does not answer yet.
async fn ask(client: &Client<PeerConnector, Body>, url: &str, known: &Known) -> Option<Json> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(format!("{url}{ROUTE}"))
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(authentication) = &known.gossip.authentication {
        let token = authentication.own_tokens().token().ok()?;
        request = request.header(header::AUTHORIZATION, format!("bearer {token}"));
    }
    let request = request.body(Body::from(known.message().to_string())).ok()?;
    let response = client.request(request).await.ok()?;
    if response.status() != StatusCode::OK {
        tracing::debug!(url, status = %response.status(), "gossip is not answered");
        return None;
    }
    let body = Limited::new(response.into_body(), MOST).collect().await.ok()?.to_bytes();
    serde_json::from_slice(&body).ok()
}

/// Answers gossip; everything else is told that the agent is not there yet.
async fn serve(listener: &TcpListener, known: &Arc<Known>) -> std::convert::Infallible {
    let asked = Arc::clone(known);
    let site = Site {
        router: Router::new().fallback(answer).with_state(Arc::clone(known)),
        is_peer: Arc::new(move |head| is_gossip(&asked, head)),
        limits: Limits::default(),
        certificate: known.gossip.certificate.clone(),
    };
    let (_never, shutdown) = watch::channel(false);
    listener::accept(listener, site, shutdown).await;
    std::future::pending().await
}

fn is_gossip(known: &Known, head: &Parts) -> bool {
    head.uri.path() == ROUTE && web::refusal(known.gossip.authentication.as_ref(), head).is_none()
}

async fn answer(State(known): State<Arc<Known>>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    if let Some(refusal) = web::refusal(known.gossip.authentication.as_ref(), &head) {
        return refusal;
    }
    if head.method != Method::POST || head.uri.path() != ROUTE {
        return web::json_error(ApiError::Booting);
    }
    let body = Limited::new(body, MOST).collect().await;
    let body = body.map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
    match serde_json::from_slice::<Json>(&body) {
        Ok(message) if message["id"].is_string() && message["pool"].is_object() => {
            known.learn(&message);
            web::ok(&known.message())
        }
        _ => web::json_error(ApiError::BadParameter),
    }
}
