//! How members talk to each other: JSON over HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, Uri, header};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::agency::de::{ReadError, from_value};
use crate::agency::json;
use crate::auth::TokenSource;
use crate::standin::cuts::Way;
use crate::standin::web::Authentication;
use crate::standin::web::endpoint;
use crate::standin::web::tls::{self, PeerConnector};

/// Time to open a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// Time that an idle connection is kept.
const IDLE: Duration = Duration::from_secs(30);

/// Why another member gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::standin) enum PeerError {
    /// It cannot be reached.
    #[error("cannot reach {endpoint}")]
    Unreachable {
        /// Where it should be.
        endpoint: String,
        /// What went wrong.
        #[source]
        source: hyper_util::client::legacy::Error,
    },
    /// Its answer broke off.
    #[error("the answer of {endpoint} broke off")]
    Broken {
        /// Where it is.
        endpoint: String,
        /// What went wrong.
        #[source]
        source: hyper::Error,
    },
    /// It did not answer in time.
    #[error("{endpoint} did not answer within {after:?}")]
    Silent {
        /// Where it should be.
        endpoint: String,
        /// The time it had.
        after: Duration,
    },
    /// The network to it was cut before it had answered.
    #[error("the network to {endpoint} was cut")]
    Cut {
        /// Where it is.
        endpoint: String,
    },
    /// Its answer is no JSON of the form that is wanted.
    #[error("{endpoint} answered something else than was asked for")]
    Codec {
        /// Where it is.
        endpoint: String,
        /// What is wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It has no endpoint, or none that can be one.
    #[error("'{endpoint}' is no endpoint of a server")]
    Endpoint {
        /// What was taken for one.
        endpoint: String,
    },
}

/// Opens connections to other members; clones share them.
#[derive(Clone)]
pub(in crate::standin) struct Peers {
    client: Client<PeerConnector, Body>,
    tokens: Option<Arc<TokenSource>>,
    way: Way,
}

impl std::fmt::Debug for Peers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peers").finish_non_exhaustive()
    }
}

impl Peers {
    /// Connections that are opened when needed, with tokens of the cluster's secret, over a
    /// network that may be cut.
    pub(in crate::standin) fn new(authentication: Option<&Authentication>, way: Way) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(tls::connector(CONNECT));
        Self { client, tokens: authentication.map(Authentication::own_tokens), way }
    }

    /// Sends a request with a JSON body, if there is one, to `endpoint` (`tcp://host:port`);
    /// gives status and body of the answer, which is `null` if there is none.
    pub(in crate::standin) async fn send<T: DeserializeOwned + Default>(
        &self,
        endpoint: &str,
        method: Method,
        target: &str,
        body: Option<&(impl Serialize + ?Sized)>,
        patience: Duration,
    ) -> Result<(StatusCode, T), PeerError> {
        let sending = self.way.across(endpoint, self.exchange(endpoint, method, target, body));
        match tokio::time::timeout(patience, sending).await {
            Ok(Some(answer)) => answer,
            Ok(None) => Err(PeerError::Cut { endpoint: endpoint.to_owned() }),
            Err(_) => Err(PeerError::Silent { endpoint: endpoint.to_owned(), after: patience }),
        }
    }

    async fn exchange<T: DeserializeOwned + Default>(
        &self,
        endpoint: &str,
        method: Method,
        target: &str,
        body: Option<&(impl Serialize + ?Sized)>,
    ) -> Result<(StatusCode, T), PeerError> {
        let named = || endpoint.to_owned();
        let no_endpoint = || PeerError::Endpoint { endpoint: named() };
        let codec = |source| PeerError::Codec { endpoint: named(), source };
        let unreadable = |error: ReadError| codec(error.into());
        let uri = format!("{}{target}", endpoint::to_url(endpoint));
        let uri: Uri = uri.parse().map_err(|_| no_endpoint())?;
        let bytes = match body {
            Some(body) => serde_json::to_vec(body).map_err(|error| codec(error.into()))?,
            None => Vec::new(),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = self.tokens.as_ref().and_then(|tokens| tokens.token().ok()) {
            request = request.header(header::AUTHORIZATION, format!("bearer {token}"));
        }
        let request = request.body(Body::from(bytes)).map_err(|_| no_endpoint())?;
        let response = self.client.request(request).await;
        let response =
            response.map_err(|source| PeerError::Unreachable { endpoint: named(), source })?;
        let status = response.status();
        let bytes = response.into_body().collect().await;
        let bytes = bytes.map_err(|source| PeerError::Broken { endpoint: named(), source })?;
        let bytes = bytes.to_bytes();
        if bytes.is_empty() {
            return Ok((status, T::default()));
        }
        // Entries of logs are nested deeper than serde_json reads.
        let value = json::parse(&bytes).map_err(|error| codec(error.into()))?;
        from_value(&value).map(|value| (status, value)).map_err(unreadable)
    }
}
