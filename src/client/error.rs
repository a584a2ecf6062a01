//! Why an operation has no result.

use std::time::Duration;

use crate::auth::TokenError;
use crate::deadline::Stop;
use crate::http::HttpError;

/// Why an operation has no result.
///
/// A failed precondition is no error but an [`Outcome`](super::Outcome).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The client was given no endpoint.
    #[error("no endpoint to talk to")]
    NoEndpoints,
    /// This client sends no writes.
    #[error("this client only reads")]
    ReadOnly,
    /// An argument that the agency would not understand.
    #[error("{reason}")]
    BadArgument {
        /// What is wrong.
        reason: String,
    },
    /// Agents answer, but none of them leads.
    #[error("no leader within {} s; asked {endpoints}", .after.as_secs_f64())]
    NoLeader {
        /// How long it was tried.
        after: Duration,
        /// Who was asked.
        endpoints: String,
    },
    /// No endpoint accepts a connection.
    #[error("no agent can be reached; tried {endpoints}")]
    Unreachable {
        /// Which were tried.
        endpoints: String,
        /// The last failure.
        source: HttpError,
    },
    /// No agent answered in time.
    #[error("no answer within {} s; asked {endpoints}", .after.as_secs_f64())]
    Timeout {
        /// How long it was tried.
        after: Duration,
        /// Who was asked.
        endpoints: String,
        /// The last failure, if there was one.
        source: Option<HttpError>,
    },
    /// A write may or may not have happened; nobody could tell in time.
    #[error("it is unknown whether the write happened; its ids are {}", .client_ids.join(", "))]
    UnknownOutcome {
        /// The ids of the transactions, for `inquire`.
        client_ids: Vec<String>,
        /// Why the answer is missing.
        source: Box<ClientError>,
    },
    /// An operation could not be applied, such as an increment with a bad step.
    #[error("the agency refused the operation on '{path}'")]
    OperationFailed {
        /// Where.
        path: String,
    },
    /// The path belongs to the agency itself.
    #[error("'{path}' is reserved for the agency itself")]
    Forbidden {
        /// Where.
        path: String,
    },
    /// Others changed the value each time.
    #[error("'{path}' was changed by others {attempts} times in a row")]
    Conflict {
        /// Where.
        path: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// What is there cannot be counted up.
    #[error("there is no integer at '{path}' that could be counted up")]
    NotAnInteger {
        /// Where.
        path: String,
    },
    /// Others were faster until the time was up.
    #[error("'{path}' was changed by others each of {tries} times until the time was up")]
    Exhausted {
        /// Where.
        path: String,
        /// How often it was tried.
        tries: u32,
        /// What was there at the last try; `None` for nothing.
        last: Option<serde_json::Value>,
    },
    /// Agents send the client to each other, and nobody leads.
    #[error("the agents redirect to each other without end; asked {endpoints}")]
    RedirectLoop {
        /// How long it was tried.
        after: Duration,
        /// Who was asked.
        endpoints: String,
    },
    /// An agent names a leader that is none of the known agents.
    #[error("'{endpoint}' redirects to '{location}', which is none of {known}")]
    RedirectUnknown {
        /// Who redirects.
        endpoint: String,
        /// Where to.
        location: String,
        /// The known agents.
        known: String,
    },
    /// The connection broke while the answer was awaited.
    #[error("the connection broke; asked {endpoints}")]
    Reset {
        /// Who was asked.
        endpoints: String,
        /// The last failure.
        source: HttpError,
    },
    /// The condition did not come true in time.
    #[error("the condition on '{path}' did not come true within {} s", .after.as_secs_f64())]
    WaitTimeout {
        /// Where.
        path: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// No agent of this id in the pool.
    #[error("no agent '{id}' in the agency's pool")]
    UnknownAgent {
        /// The id.
        id: String,
    },
    /// Token or secret do not open this agency.
    #[error("'{endpoint}' refuses the credentials")]
    Unauthorized {
        /// Who refused.
        endpoint: String,
    },
    /// The server is no agent.
    #[error("'{endpoint}' is not an agent (status {status})")]
    NotAnAgent {
        /// Who answered.
        endpoint: String,
        /// Its status.
        status: u16,
    },
    /// The agent refused the request for good.
    #[error("'{endpoint}' refused the request with status {status}: {message}")]
    Refused {
        /// Who refused.
        endpoint: String,
        /// Its status.
        status: u16,
        /// ArangoDB's number, when the answer has one.
        error_num: Option<i64>,
        /// What it says.
        message: String,
    },
    /// The answer cannot be understood.
    #[error("'{endpoint}' answers in a way no agent does: {reason}")]
    BadAnswer {
        /// Who answered.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The HTTP layer refuses the request.
    #[error(transparent)]
    Http(HttpError),
    /// No token can be made.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The run has to end.
    #[error(transparent)]
    Stopped(#[from] Stop),
}

impl ClientError {
    /// The stable dotted name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoEndpoints => "agency.no_endpoints",
            Self::ReadOnly => "agency.read_only",
            Self::BadArgument { .. } => "argument.invalid",
            Self::NoLeader { .. } => "agency.no_leader",
            Self::Unreachable { .. } => "agency.unreachable",
            Self::Timeout { .. } => "agency.timeout",
            Self::UnknownOutcome { .. } => "agency.unknown_outcome",
            Self::OperationFailed { .. } => "agency.operation_failed",
            Self::Forbidden { .. } => "agency.forbidden",
            Self::Conflict { .. } => "agency.conflict",
            Self::NotAnInteger { .. } => "agency.type_error",
            Self::Exhausted { .. } => "agency.cas_exhausted",
            Self::RedirectLoop { .. } => "agency.redirect_loop",
            Self::RedirectUnknown { .. } => "agency.redirect_unknown",
            Self::Reset { .. } => "agency.reset",
            Self::WaitTimeout { .. } => "agency.wait_timeout",
            Self::UnknownAgent { .. } => "agency.unknown_agent",
            Self::Unauthorized { .. } => "agency.unauthorized",
            Self::NotAnAgent { .. } => "agency.not_an_agent",
            Self::Refused { status: 403, .. } => "agency.forbidden",
            Self::Refused { status: ..500, .. } => "agency.bad_request",
            Self::Refused { .. } => "agency.refused",
            Self::BadAnswer { .. } => "agency.bad_response",
            Self::Http(error) => error.kind(),
            Self::Token(_) => "auth.token",
            Self::Stopped(_) => "run.stopped",
        }
    }

    /// The HTTP status behind the error.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::NotAnAgent { status, .. } | Self::Refused { status, .. } => Some(*status),
            Self::Unauthorized { .. } => Some(401),
            Self::Forbidden { .. } => Some(403),
            Self::NoLeader { .. } | Self::RedirectLoop { .. } => Some(503),
            Self::UnknownOutcome { source, .. } => source.status(),
            _ => None,
        }
    }
}

impl From<HttpError> for ClientError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Stopped(stop) => Self::Stopped(stop),
            other => Self::Http(other),
        }
    }
}
