//! What is wrong with settings.

use super::super::{PermissionError, TopologyError};
use crate::auth::SecretError;
#[cfg(feature = "standin")]
use crate::cluster::LaunchError;
use crate::http::EndpointError;
use crate::natives::NativeError;

/// What is wrong with settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// There are no such settings, or one has a value of another type.
    #[error("the setting '{setting}' is not as it should be")]
    Malformed {
        /// The setting, with dots where it is a member of another one.
        setting: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// Settings are an object.
    #[error("settings are a JSON object")]
    NoObject,
    /// Two settings exclude each other.
    #[error("{first} and {second} exclude each other: give one of them")]
    Conflict {
        /// One of them.
        first: &'static str,
        /// The other one.
        second: &'static str,
    },
    /// A setting needs another one.
    #[error("{setting} needs {needed}")]
    Missing {
        /// The setting.
        setting: &'static str,
        /// What it needs.
        needed: &'static str,
    },
    /// A number of seconds that is none.
    #[error("{setting}: {value} is no number of seconds above 0")]
    Seconds {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: f64,
    },
    /// An address is none.
    #[error("{setting} holds a bad address")]
    Endpoint {
        /// The setting.
        setting: &'static str,
        /// What is wrong.
        source: EndpointError,
    },
    /// The topology file cannot be used.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// The secret cannot be used.
    #[error("the secret cannot be used")]
    Secret(#[from] SecretError),
    /// There can be no such cluster.
    #[cfg(feature = "standin")]
    #[error("launch describes no cluster")]
    Launch(#[from] LaunchError),
    /// The authorities cannot be read.
    #[error("ca_file cannot be used")]
    Authorities(#[source] crate::http::HttpError),
    /// A permission cannot be given.
    #[error("permissions cannot be given")]
    Permission(#[from] PermissionError),
    /// A level is none.
    #[error("log_levels: {}", .0.message())]
    Level(NativeError),
    /// This program has no servers of its own.
    #[cfg(not(feature = "standin"))]
    #[error("{setting}: agencysh was built without servers of its own (feature standin)")]
    NoServers {
        /// The setting.
        setting: &'static str,
    },
}

impl SettingsError {
    /// The stable dotted name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Topology(_) => "cluster.topology",
            #[cfg(feature = "standin")]
            Self::Launch(error) => error.kind(),
            _ => "host.settings",
        }
    }
}
