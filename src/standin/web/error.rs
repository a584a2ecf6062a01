//! Everything a request can fail with, and the one place that turns it into
//! a status and a body.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use super::answer;

/// Why a request is not answered as it wished.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(in crate::standin) enum ApiError {
    /// No such endpoint below a known prefix, or no such job.
    #[error("not found")]
    NotFound,
    /// The endpoint exists, but not with this method.
    #[error("method not supported")]
    MethodNotSupported,
    /// A method that HTTP servers of this kind do not know at all.
    #[error("method not known")]
    MethodUnknown,
    /// A path nobody serves here.
    #[error("'{path}' not implemented")]
    NotImplemented {
        /// The path, normalised.
        path: String,
    },
    /// A `/_db/` prefix with a database that does not exist.
    #[error("database not found")]
    DatabaseNotFound,
    /// The request uses a transfer this server refuses.
    #[error("{what} not implemented")]
    TransferRefused {
        /// What is refused.
        what: &'static str,
    },
    /// The body exceeds the limit.
    #[error("request body too large")]
    BodyTooLarge,
    /// The body comes too slowly.
    #[error("request body comes too slowly")]
    BodyTooSlow,
    /// The body broke off or cannot be decompressed.
    #[error("request body cannot be read")]
    BodyUnreadable,
    /// The agency's own short form: `{"message":…}`.
    #[error("{message}")]
    Message {
        /// Status of the answer.
        status: StatusCode,
        /// The text.
        message: String,
    },
    /// What is asked for makes no sense.
    #[error("{message}")]
    Refused {
        /// The text.
        message: String,
    },
    /// An error with a number of its own.
    #[error("{message}")]
    Numbered {
        /// Status of the answer.
        status: StatusCode,
        /// ArangoDB's number.
        number: u32,
        /// The text.
        message: String,
    },
    /// A parameter is malformed.
    #[error("bad parameter")]
    BadParameter,
    /// A message of another agent lacks a part.
    #[error("message has no usable {what}")]
    Incomplete {
        /// The name of the part.
        what: &'static str,
    },
    /// Somebody sends Raft messages who is not an agent of this agency, or
    /// sends them to the wrong agent.
    #[error("not addressed to this agent of this agency")]
    NotAPeer,
    /// Too many requests run in the background.
    #[error("queue is full")]
    QueueFull,
    /// A deferred request ran for too long.
    #[error("request ran for too long in the background")]
    JobTimeout,
    /// Too many polls wait.
    #[error("queue is full: too many polls wait at this agent")]
    TooManyPolls,
    /// Too many clients are connected.
    #[error("queue is full: too many clients are connected to this agent")]
    TooManyClients,
    /// Something that the original reports as an internal error.
    #[error("{message}")]
    Internal {
        /// The text.
        message: String,
    },
    /// The same, but without a body.
    #[error("internal server error")]
    InternalSilent,
    /// The request may not touch what it touches.
    #[error("{message}")]
    Forbidden {
        /// The text.
        message: String,
    },
    /// The request has no token that opens its path.
    #[error("not authorized to execute this request")]
    Unauthorized {
        /// Whether the answer leaves out how to authenticate.
        silent: bool,
    },
    /// Another agent leads.
    #[error("redirected to {location}")]
    Redirect {
        /// Where the request has to go.
        location: String,
    },
    /// Nobody leads.
    #[error("No leader")]
    NoLeader,
    /// Nobody leads any more; answer of a poll that was already waiting.
    #[error("No leader")]
    LeaderResigned,
    /// Leadership was lost before the outcome was known.
    #[error("service unavailable")]
    LeadershipLost,
    /// The commit index did not move for too long.
    #[error("request timeout")]
    CommitTimeout,
    /// The agent is not yet one: it looks for the others of its agency.
    #[error("the agent is starting up and waits for the others of its agency")]
    Booting,
    /// The agent is going down.
    #[error("shutdown in progress")]
    ShuttingDown,
    /// Misshapen read query: answered with an empty array.
    #[error("not a query")]
    NotAQuery,
}

impl ApiError {
    /// A 400 message object.
    pub(in crate::standin) fn bad_request(message: impl Into<String>) -> Self {
        Self::Message { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    /// A 500 message object.
    pub(in crate::standin) fn server_message(message: impl Into<String>) -> Self {
        Self::Message { status: StatusCode::INTERNAL_SERVER_ERROR, message: message.into() }
    }

    /// An error with a number of its own.
    pub(in crate::standin) fn numbered(
        status: StatusCode,
        number: u32,
        message: impl Into<String>,
    ) -> Self {
        Self::Numbered { status, number, message: message.into() }
    }

    /// Status and body of the answer.
    pub(in crate::standin) fn into_response(self) -> Response {
        let text = self.to_string();
        match self {
            Self::NotFound => error_object(StatusCode::NOT_FOUND, 404, &text),
            Self::MethodNotSupported => error_object(StatusCode::METHOD_NOT_ALLOWED, 405, &text),
            Self::MethodUnknown => empty(StatusCode::METHOD_NOT_ALLOWED),
            Self::NotImplemented { .. } | Self::TransferRefused { .. } => {
                error_object(StatusCode::NOT_IMPLEMENTED, 9, &text)
            }
            Self::DatabaseNotFound => error_object(StatusCode::NOT_FOUND, 1228, &text),
            Self::BodyTooLarge => error_object(StatusCode::PAYLOAD_TOO_LARGE, 413, &text),
            Self::BodyUnreadable
            | Self::BadParameter
            | Self::Refused { .. }
            | Self::Incomplete { .. } => error_object(StatusCode::BAD_REQUEST, 400, &text),
            Self::Numbered { status, number, .. } => error_object(status, number, &text),
            Self::Message { status, message } => message_object(status, &message),
            Self::Internal { .. } => error_object(StatusCode::INTERNAL_SERVER_ERROR, 4, &text),
            Self::InternalSilent => empty(StatusCode::INTERNAL_SERVER_ERROR),
            Self::Forbidden { .. } | Self::NotAPeer => {
                error_object(StatusCode::FORBIDDEN, 403, &text)
            }
            Self::Unauthorized { silent } => unauthorized(&text, silent),
            Self::Redirect { location } => redirect(&location),
            Self::NoLeader => message_object(StatusCode::SERVICE_UNAVAILABLE, &text),
            Self::LeaderResigned | Self::LeadershipLost | Self::Booting => {
                error_object(StatusCode::SERVICE_UNAVAILABLE, 503, &text)
            }
            Self::CommitTimeout | Self::BodyTooSlow | Self::JobTimeout => {
                error_object(StatusCode::REQUEST_TIMEOUT, 408, &text)
            }
            Self::QueueFull | Self::TooManyPolls | Self::TooManyClients => {
                error_object(StatusCode::SERVICE_UNAVAILABLE, 21003, &text)
            }
            Self::ShuttingDown => error_object(StatusCode::SERVICE_UNAVAILABLE, 30, &text),
            Self::NotAQuery => answer::value(StatusCode::IM_A_TEAPOT, &answer::array(Vec::new())),
        }
    }
}

fn error_object(status: StatusCode, number: u32, text: &str) -> Response {
    answer::json(
        status,
        &json!({
            "error": true,
            "code": status.as_u16(),
            "errorNum": number,
            "errorMessage": text,
        }),
    )
}

fn message_object(status: StatusCode, message: &str) -> Response {
    answer::json(status, &json!({ "message": message }))
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn unauthorized(text: &str, silent: bool) -> Response {
    let mut response = error_object(StatusCode::UNAUTHORIZED, 11, text);
    if !silent {
        for way in [r#"Basic, realm="ArangoDB""#, r#"Bearer, token_type="JWT", realm="ArangoDB""#] {
            response.headers_mut().append(header::WWW_AUTHENTICATE, HeaderValue::from_static(way));
        }
    }
    response
}

fn redirect(location: &str) -> Response {
    let mut response = answer::nothing(StatusCode::TEMPORARY_REDIRECT);
    match HeaderValue::from_str(location) {
        Ok(location) => {
            response.headers_mut().insert(header::LOCATION, location);
            response
        }
        Err(_) => ApiError::NoLeader.into_response(),
    }
}
