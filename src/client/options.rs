//! What a client is built from.

use std::sync::Arc;
use std::time::Duration;

use super::{AgencyClient, ClientError};
use crate::auth::{Secret, TokenSource};
use crate::deadline::Deadline;
use crate::http::{Auth, Endpoint, Hosts, Reach, TlsOptions};

/// How the client proves that it may talk to the agents.
#[derive(Clone, Default)]
pub enum ClientAuth {
    /// Not at all.
    #[default]
    None,
    /// With tokens signed by the agents' secret, renewed when needed.
    Signed(Arc<TokenSource>),
    /// With a finished token.
    Token(String),
    /// With a name and a password; agents refuse it, coordinators do not.
    Basic {
        /// The user's name.
        username: String,
        /// The user's password.
        password: String,
    },
}

impl std::fmt::Debug for ClientAuth {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::None => "None",
            Self::Signed(_) => "Signed(…)",
            Self::Token(_) => "Token(…)",
            Self::Basic { .. } => "Basic(…)",
        })
    }
}

impl ClientAuth {
    /// Tokens signed with `secret`.
    pub fn secret(secret: Secret) -> Self {
        Self::Signed(Arc::new(TokenSource::new(secret, "none")))
    }

    /// The same, with signed tokens in the name of `server_id`.
    #[must_use]
    pub fn in_the_name_of(self, server_id: &str) -> Self {
        match self {
            Self::Signed(source) => Self::Signed(Arc::new(source.in_the_name_of(server_id))),
            other => other,
        }
    }

    /// The credentials for one request.
    pub(crate) fn header(&self) -> Result<Option<Auth>, ClientError> {
        Ok(match self {
            Self::None => None,
            Self::Signed(source) => Some(Auth::Bearer(source.token()?)),
            Self::Token(token) => Some(Auth::Bearer(token.clone())),
            Self::Basic { username, password } => {
                Some(Auth::Basic { username: username.clone(), password: password.clone() })
            }
        })
    }
}

/// Settings of an [`AgencyClient`].
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Where agents listen; the first one is asked first.
    pub endpoints: Vec<Endpoint>,
    /// Credentials.
    pub auth: ClientAuth,
    /// Limit of one operation with all its repetitions.
    pub timeout: Duration,
    /// How long it is tolerated that no endpoint accepts a connection.
    pub connect_timeout: Duration,
    /// How `https` servers are judged.
    pub tls: TlsOptions,
    /// How often `update` tries again after another client was faster.
    pub max_conflicts: u32,
    /// Whether a leader is followed that is none of the endpoints and was learnt from a redirect.
    pub learn_leaders: bool,
    /// The servers that may be asked, also by redirects and when learnt from agents; `None` means all.
    pub hosts: Option<Arc<Hosts>>,
    /// Which agents can be reached, where the network may be cut; `None` means all.
    pub reach: Option<Reach>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            auth: ClientAuth::None,
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            tls: TlsOptions::default(),
            max_conflicts: 100,
            learn_leaders: true,
            hosts: None,
            reach: None,
        }
    }
}

/// Collects [`ClientOptions`].
#[derive(Debug, Clone, Default)]
pub struct ClientOptionsBuilder {
    options: ClientOptions,
}

impl ClientOptionsBuilder {
    /// Adds an endpoint.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.options.endpoints.push(endpoint);
        self
    }

    /// Sets the credentials.
    pub fn auth(mut self, auth: ClientAuth) -> Self {
        self.options.auth = auth;
        self
    }

    /// Limits one operation with all its repetitions; 30 s unless said.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = timeout;
        self
    }

    /// How long it is tolerated that no endpoint accepts a connection; 5 s unless said.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = timeout;
        self
    }

    /// Follows a leader only if it is one of the endpoints; any other one is an error.
    pub fn known_leaders_only(mut self) -> Self {
        self.options.learn_leaders = false;
        self
    }

    /// How `https` servers are judged.
    pub fn tls(mut self, tls: TlsOptions) -> Self {
        self.options.tls = tls;
        self
    }

    /// The finished client.
    ///
    /// # Errors
    /// What [`AgencyClient::new`] returns.
    pub fn build(self, deadline: Deadline) -> Result<AgencyClient, ClientError> {
        AgencyClient::new(self.options, deadline)
    }
}
