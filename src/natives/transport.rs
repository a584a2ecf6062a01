//! How scripts see that a server gave no answer: the texts that ported scripts look for.

use rhai::INT;

use super::{ErrorName, NativeError, NativeResult, permissions};
use crate::http::{HttpError, Phase};

/// What stands in for an answer.
pub(super) struct TransportFailure {
    /// The status that stands for it.
    pub(super) code: INT,
    /// Its kind in one word.
    pub(super) word: &'static str,
    /// What happened.
    pub(super) message: String,
}

impl TransportFailure {
    /// What stands in for the answer that `url` did not give.
    ///
    /// # Errors
    /// The request itself was wrong, or the run has to end.
    pub(super) fn of(error: HttpError, url: &str) -> NativeResult<Self> {
        let kind = error.kind();
        let connect =
            |endpoint: &str, detail: &str| format!("Could not connect to '{endpoint}' '{detail}'");
        let (code, word, message): (INT, _, _) = match error {
            HttpError::Stopped(stop) => return Err(stop.into()),
            HttpError::HostRefused { endpoint } => {
                return Err(permissions::host_refused(&endpoint));
            }
            HttpError::BadUrl { .. } => {
                let raised = NativeError::plain(kind, ErrorName::SyntaxError, error.to_string());
                return Err(raised.with("url", url.to_owned()));
            }
            HttpError::BadRequest { .. } => {
                return Err(
                    NativeError::arango(kind, 10, error.to_string()).with("url", url.to_owned())
                );
            }
            HttpError::TooManyRedirects { .. } | HttpError::BadRedirect { .. } => {
                return Err(
                    NativeError::internal(kind, error.to_string()).with("url", url.to_owned())
                );
            }
            HttpError::NoTime { .. } => (504, "timeout", "Request timeout reached".to_owned()),
            HttpError::Resolve { endpoint, source } => {
                (500, "resolve", connect(&endpoint, &format!("getaddrinfo: {source}")))
            }
            HttpError::Unreachable { endpoint, source } => {
                let number =
                    source.raw_os_error().map_or_else(String::new, |number| format!("#{number}"));
                (500, "connect", connect(&endpoint, &format!("failed with {number} - {source}")))
            }
            HttpError::Tls { endpoint, reason } => {
                (500, "tls", connect(&endpoint, &format!("SSL: {reason}")))
            }
            HttpError::NoTls { endpoint } => {
                (500, "tls", connect(&endpoint, "SSL: the server does not speak TLS"))
            }
            HttpError::Timeout { endpoint, phase: Phase::Connect, .. } => {
                (500, "timeout", connect(&endpoint, "timeout during connect"))
            }
            HttpError::Timeout { endpoint, .. } => {
                (500, "timeout", format!("Error reading from: '{endpoint}' 'timeout during read'"))
            }
            HttpError::Closed { .. } => (500, "closed", "Connection closed by remote".to_owned()),
            HttpError::Broken { endpoint, source, .. } => {
                (500, "read", format!("Error reading from: '{endpoint}' '{source}'"))
            }
            HttpError::Truncated { .. } => {
                (500, "closed", "Got unexpected response from remote".to_owned())
            }
            HttpError::TooLarge { .. } => (
                500,
                "too_large",
                "Got unexpected response from remote: max packet size exceeded".to_owned(),
            ),
            other => (500, "protocol", format!("Got unexpected response from remote: {other}")),
        };
        Ok(Self { code, word, message })
    }
}
