//! Why a connection gives no answer.

use crate::client::ClientError;
use crate::http::HttpError;

/// Why a connection gives no answer, or cannot be made current.
///
/// An answer of any status is no error, except to the question whether a new connection works.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// The server gave no answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The credentials cannot be made.
    #[error("the credentials cannot be made")]
    Credentials(#[source] ClientError),
    /// A server that was to become the current one answers, but not well.
    #[error("{text}")]
    Refused {
        /// Its HTTP status.
        status: u16,
        /// What it said.
        text: String,
    },
}

impl ConnectionError {
    /// The stable dotted name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Http(_) => "arango.unreachable",
            Self::Credentials(_) => "arango.credentials",
            Self::Refused { .. } => "arango.refused",
        }
    }
}
