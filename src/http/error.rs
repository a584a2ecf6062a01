//! Why a request got no answer.

use std::time::Duration;

use crate::deadline::Stop;

/// What a request was doing when its time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Looking the host up, or connecting.
    Connect,
    /// Sending.
    Write,
    /// Waiting for the answer.
    Read,
}

/// Why a request got no answer.
///
/// [`HttpError::may_have_arrived`] tells whether the server may have acted on it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The text is no URL that can be requested.
    #[error("'{url}' is not a URL that can be requested: {reason}")]
    BadUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Method, header or body cannot be sent.
    #[error("the request to '{url}' cannot be sent: {reason}")]
    BadRequest {
        /// Where it was to go.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The client may not ask this server; nothing was sent.
    #[error("'{endpoint}' is none of the servers that may be asked")]
    HostRefused {
        /// The server.
        endpoint: String,
    },
    /// The host's name has no address.
    #[error("could not connect to '{endpoint}': getaddrinfo failed")]
    Resolve {
        /// The server.
        endpoint: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// No connection.
    #[error("could not connect to '{endpoint}'")]
    Unreachable {
        /// The server.
        endpoint: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file with the authorities to trust cannot be used.
    #[error("cannot use the authorities in '{}': {reason}", .path.display())]
    Authorities {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The TLS handshake failed.
    #[error("could not connect to '{endpoint}': SSL: {reason}")]
    Tls {
        /// The server.
        endpoint: String,
        /// What is wrong.
        reason: String,
    },
    /// TLS was asked for, and the answer is something else.
    #[error("could not connect to '{endpoint}': SSL: the server does not speak TLS")]
    NoTls {
        /// The server.
        endpoint: String,
    },
    /// TLS was not asked for, and the answer is a complaint in TLS.
    #[error("'{endpoint}' speaks TLS, and was asked without")]
    TlsOnly {
        /// The server.
        endpoint: String,
    },
    /// No answer in time.
    #[error("no answer from '{endpoint}' within {} s", .after.as_secs_f64())]
    Timeout {
        /// The server.
        endpoint: String,
        /// The limit.
        after: Duration,
        /// What it was waiting for.
        phase: Phase,
    },
    /// The limit was zero or negative: nothing was tried.
    #[error("no time left for a request to '{url}'")]
    NoTime {
        /// Where it was to go.
        url: String,
    },
    /// The server closed the connection without a byte of an answer.
    #[error("'{endpoint}' closed the connection without an answer")]
    Closed {
        /// The server.
        endpoint: String,
    },
    /// The server closed the connection in the middle of its answer.
    #[error("'{endpoint}' closed the connection in the middle of its answer")]
    Truncated {
        /// The server.
        endpoint: String,
    },
    /// The connection broke.
    #[error("the connection to '{endpoint}' broke")]
    Broken {
        /// The server.
        endpoint: String,
        /// What it was doing.
        phase: Phase,
        /// What the system said.
        source: std::io::Error,
    },
    /// The answer is not HTTP, or not one that can be decoded.
    #[error("'{endpoint}' does not answer in HTTP: {reason}")]
    Protocol {
        /// The server.
        endpoint: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// The answer's body is larger than the client accepts.
    #[error("the answer of '{endpoint}' is larger than {limit} bytes")]
    TooLarge {
        /// The server.
        endpoint: String,
        /// The limit.
        limit: u64,
    },
    /// More redirects than allowed; often a loop.
    #[error("more than {limit} redirects, the last one to '{location}'")]
    TooManyRedirects {
        /// The limit.
        limit: u32,
        /// Where the last one led.
        location: String,
    },
    /// A redirect that names no usable target.
    #[error("'{url}' redirects without a usable location")]
    BadRedirect {
        /// Which URL redirects.
        url: String,
    },
    /// The body could not be handed over to where the caller wants it.
    #[error("the answer of '{endpoint}' cannot be stored")]
    Sink {
        /// The server.
        endpoint: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The run has to end.
    #[error(transparent)]
    Stopped(Stop),
}

impl HttpError {
    /// The stable dotted name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::BadUrl { .. } => "http.bad_url",
            Self::BadRequest { .. } => "http.bad_request",
            Self::HostRefused { .. } => "http.host_refused",
            Self::Resolve { .. } => "http.resolve",
            Self::Unreachable { .. } => "http.unreachable",
            Self::Authorities { .. } => "http.ca_file",
            Self::Tls { .. } => "http.tls",
            Self::NoTls { .. } => "http.no_tls",
            Self::TlsOnly { .. } => "http.tls_only",
            Self::Timeout { .. } | Self::NoTime { .. } => "http.timeout",
            Self::Closed { .. } => "http.closed",
            Self::Truncated { .. } => "http.truncated",
            Self::Broken { .. } => "http.broken",
            Self::Protocol { .. } => "http.protocol",
            Self::TooLarge { .. } => "http.too_large",
            Self::TooManyRedirects { .. } => "http.too_many_redirects",
            Self::BadRedirect { .. } => "http.bad_redirect",
            Self::Sink { .. } => "http.sink",
            Self::Stopped(_) => "http.stopped",
        }
    }

    /// Whether the server may have received the request, and so may have acted on it.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::BadUrl { .. }
            | Self::BadRequest { .. }
            | Self::HostRefused { .. }
            | Self::Resolve { .. }
            | Self::Unreachable { .. }
            | Self::Authorities { .. }
            | Self::Tls { .. }
            | Self::NoTls { .. }
            | Self::TlsOnly { .. }
            | Self::NoTime { .. } => false,
            Self::Timeout { phase, .. } => *phase != Phase::Connect,
            _ => true,
        }
    }
}
