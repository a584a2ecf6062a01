//! Requests and responses as callers see them.

use std::time::Duration;

/// How a request proves who sends it; sent again after a redirect.
#[derive(Clone, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: bearer <token>`.
    Bearer(String),
    /// `Authorization: Basic …`.
    Basic {
        /// The user's name.
        username: String,
        /// The user's password.
        password: String,
    },
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Bearer(_) => "Bearer(…)",
            Self::Basic { .. } => "Basic(…)",
        })
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The verb, in upper case.
    pub method: String,
    /// The whole URL: `http`, `https`, or what [`Endpoint::url`](super::Endpoint::url) begins with.
    pub url: String,
    /// Further headers; a `Content-Length` among them is ignored.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// Credentials.
    pub auth: Option<Auth>,
    /// Limit for the whole request; `None` takes the client's.
    pub timeout: Option<Duration>,
    /// Limit for a connection to be accepted; `None` leaves it the whole request's.
    pub connect_timeout: Option<Duration>,
    /// How many redirects (301, 302, 307) are followed; 0 returns the redirect itself.
    pub max_redirects: u32,
}

impl Request {
    /// A request without headers and body that follows no redirect.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            auth: None,
            timeout: None,
            connect_timeout: None,
            max_redirects: 0,
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the credentials.
    pub fn auth(mut self, auth: Option<Auth>) -> Self {
        self.auth = auth;
        self
    }

    /// Sets the limit for the whole request.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the limit for a connection to be accepted.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Follows up to `limit` redirects.
    pub fn max_redirects(mut self, limit: u32) -> Self {
        self.max_redirects = limit;
        self
    }
}

/// What the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The status in words.
    pub message: String,
    /// Names in lower case, in the order of arrival.
    pub headers: Vec<(String, String)>,
    /// The body, decoded if it came compressed.
    pub body: Vec<u8>,
    /// Where the answer came from, after redirects.
    pub url: String,
}

impl Response {
    /// The last header of this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().rev().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}
