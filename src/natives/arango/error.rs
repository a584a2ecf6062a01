//! Failures of a connection: as errors, and as the numbers that stand in answers.

use crate::connection::ConnectionError;
use crate::http::{HttpError, Phase};
use crate::natives::transport::TransportFailure;
use crate::natives::{NativeError, with_causes};

/// What a failed exchange means for a script.
pub(super) struct Failed {
    pub(super) number: i64,
    pub(super) message: String,
}

/// The numbers that stand for transport failures, and their kinds.
const KINDS: [(i64, &str); 5] = [
    (408, "arango.timeout"),
    (2000, "arango.transport"),
    (2001, "arango.unreachable"),
    (2002, "arango.not_written"),
    (2003, "arango.not_read"),
];

/// The kind of a transport failure with this number.
pub(super) fn kind_of(number: i64) -> Option<&'static str> {
    KINDS.iter().find(|(known, _)| *known == number).map(|(_, kind)| *kind)
}

fn number_of(error: &HttpError) -> i64 {
    match error {
        HttpError::Timeout { .. } | HttpError::NoTime { .. } => 408,
        HttpError::Resolve { .. }
        | HttpError::Unreachable { .. }
        | HttpError::Tls { .. }
        | HttpError::NoTls { .. }
        | HttpError::TlsOnly { .. }
        | HttpError::Closed { .. } => 2001,
        HttpError::Broken { phase: Phase::Write, .. } => 2002,
        HttpError::Broken { .. } | HttpError::Truncated { .. } => 2003,
        _ => 2000,
    }
}

/// A failure that stands in an answer.
///
/// # Errors
/// The question itself was wrong, or the run has to end.
pub(super) fn failed(error: ConnectionError, path: &str) -> Result<Failed, NativeError> {
    match error {
        ConnectionError::Http(error) => {
            let number = number_of(&error);
            let message = TransportFailure::of(error, path)?.message;
            Ok(Failed { number, message })
        }
        other => Err(raised(other, path)),
    }
}

/// A failure that is raised.
pub(super) fn raised(error: ConnectionError, path: &str) -> NativeError {
    match error {
        ConnectionError::Http(HttpError::Authorities { .. }) => {
            NativeError::arango("http.ca_file", 10, error.to_string())
        }
        ConnectionError::Http(error) => {
            let number = number_of(&error);
            match TransportFailure::of(error, path) {
                Ok(failure) => NativeError::arango(
                    kind_of(number).unwrap_or("arango.transport"),
                    number,
                    failure.message,
                ),
                Err(raised) => raised,
            }
        }
        ConnectionError::Refused { status, .. } => {
            let number = i64::from(status);
            NativeError::arango(error.kind(), number, error.to_string()).with_code(number)
        }
        other => NativeError::arango(other.kind(), 10, with_causes(&other)),
    }
}
