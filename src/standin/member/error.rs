//! Why a member does not start, or cannot go on.

use std::path::PathBuf;
use std::sync::Arc;

use super::MemberRole;
use crate::client::ClientError;

/// Why a member does not start, or cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemberError {
    /// The listener's own address cannot be told.
    #[error("address of the listener is unknown")]
    Listener(#[source] std::io::Error),
    /// Threads of the member cannot be started.
    #[error("threads for the member cannot be started")]
    Threads(#[source] std::io::Error),
    /// The data directory cannot be used.
    #[error("cannot {action} '{}'", .path.display())]
    Directory {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// Another server uses the data directory.
    #[error("'{}' is in use by another server; stop that one or choose another directory", .directory.display())]
    Locked {
        /// The directory.
        directory: PathBuf,
    },
    /// The data directory is that of another kind of server.
    #[error(
        "'{}' belongs to {id}, which is no {}: choose another directory, or start the server that it belongs to",
        .directory.display(),
        .role.title()
    )]
    OtherRole {
        /// The directory.
        directory: PathBuf,
        /// Whose it is.
        id: String,
        /// What the member was to be.
        role: MemberRole,
    },
    /// The file with the id holds something else.
    #[error("'{}' holds no id of a server; restore it, or empty the directory to begin as a new server", .path.display())]
    NoId {
        /// The file.
        path: PathBuf,
    },
    /// What the member keeps cannot be used.
    #[error("the member cannot use what it has kept")]
    Data(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no agent to ask.
    #[error("a member needs an agent: --cluster.agency-endpoint tells where one is")]
    NoAgency,
    /// An agent's address is none.
    #[error("'{endpoint}' is no endpoint of an agent")]
    AgencyEndpoint {
        /// What was given.
        endpoint: String,
        /// What is wrong.
        #[source]
        source: crate::http::EndpointError,
    },
    /// The agency refuses the member for good.
    #[error("the agency does not let this server in")]
    Refused(#[source] Arc<ClientError>),
    /// Another server has the id of a new one.
    #[error("the cluster has a server {id} already, and this one is new: empty its directory")]
    Taken {
        /// The id.
        id: String,
    },
    /// The member is about to end.
    #[error("the server ends")]
    Ended,
}

impl MemberError {
    /// The stable dotted name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Listener(_) => "member.listener",
            Self::Threads(_) => "member.threads",
            Self::Directory { .. } => "member.directory",
            Self::Locked { .. } => "member.locked",
            Self::OtherRole { .. } => "member.other_role",
            Self::NoId { .. } => "member.no_id",
            Self::Data(_) => "member.data",
            Self::NoAgency => "member.no_agency",
            Self::AgencyEndpoint { .. } => "member.agency_endpoint",
            Self::Refused(_) => "member.refused",
            Self::Taken { .. } => "member.taken",
            Self::Ended => "member.ended",
        }
    }
}
