//! What a connection is made of, and what all connections of a run share.

use std::sync::Arc;
use std::time::Duration;

use crate::client::ClientAuth;
use crate::http::{Endpoint, EndpointError, Hosts, TlsOptions};

/// The name that signed tokens are made in.
const SERVER_ID: &str = "arangosh";

/// The database of connections that name none.
const SYSTEM: &str = "_system";

/// What one connection is made of.
#[derive(Debug, Clone)]
pub struct ConnectionOptions {
    /// The server's address as it was given, without a user.
    pub(super) spelling: String,
    /// The same, understood.
    pub(super) endpoint: Endpoint,
    /// The database that paths belong to.
    pub(super) database: String,
    /// How the connection proves who asks.
    pub(super) auth: ClientAuth,
    /// How `https` servers are judged.
    pub(super) tls: TlsOptions,
    /// The servers that may be asked, also by redirects; `None` means all.
    pub(super) hosts: Option<Arc<Hosts>>,
}

impl ConnectionOptions {
    /// The server at an address as people spell it.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn parse(spelling: &str) -> Result<Self, EndpointError> {
        let spelling = spelling.trim();
        let options = Self::new(Endpoint::parse(spelling)?);
        // what stands before an @ may be a password, and the spelling is shown
        if spelling.contains('@') {
            return Ok(options);
        }
        Ok(Self { spelling: spelling.to_owned(), ..options })
    }

    /// The server's address as it was given, without a user and password.
    pub fn spelling(&self) -> &str {
        &self.spelling
    }

    /// The server at `endpoint`: its system database, without credentials.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            spelling: endpoint.to_string(),
            endpoint,
            database: SYSTEM.to_owned(),
            auth: ClientAuth::None,
            tls: TlsOptions::default(),
            hosts: None,
        }
    }

    /// Sets the database.
    #[must_use]
    pub fn database(mut self, name: impl Into<String>) -> Self {
        self.database = name.into();
        self
    }

    /// Sets the credentials. Tokens of a secret are signed in the name of `arangosh`.
    #[must_use]
    pub fn auth(mut self, auth: ClientAuth) -> Self {
        self.auth = auth.in_the_name_of(SERVER_ID);
        self
    }

    /// Sets how `https` servers are judged.
    #[must_use]
    pub fn tls(mut self, tls: TlsOptions) -> Self {
        self.tls = tls;
        self
    }

    /// The only servers that may be asked, also by redirects.
    #[must_use]
    pub fn hosts(mut self, hosts: Option<Arc<Hosts>>) -> Self {
        self.hosts = hosts;
        self
    }
}

/// What all connections of a run share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Limit of one request, with the login that it may need.
    pub timeout: Duration,
    /// Limit for a connection to be accepted.
    pub connect_timeout: Duration,
    /// Whether bodies go out, and are asked for, as JSON in place of VelocyPack.
    pub force_json: bool,
    /// Whether compressed answers are asked for.
    pub compress: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(1200),
            connect_timeout: Duration::from_secs(5),
            force_json: false,
            compress: false,
        }
    }
}
