//! The agency that a run talks to.

use std::path::{Path, PathBuf};
#[cfg(feature = "standin")]
use std::sync::Arc;
use std::time::Duration;

use super::HostError;
use crate::client::{AgencyClient, ClientAuth, ClientOptions};
use crate::http::{Endpoint, EndpointError};
use crate::natives::NativeContextBuilder;
use crate::natives::agency::AgencyTarget;

/// The agency that `agency::current()` gives to scripts.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Target {
    /// None.
    #[default]
    None,
    /// Agents in this process, started when a script first asks for them and ended with the host.
    #[cfg(feature = "standin")]
    Embedded {
        /// How many; the number must be odd.
        agents: usize,
    },
    /// Agents that exist already.
    Agency(Box<ClientOptions>),
}

/// Why a topology file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TopologyError {
    /// The file cannot be read.
    #[error("cannot read the topology file '{}'", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file does not say what a topology says.
    #[error("'{}' is no topology file", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The file lists no agents.
    #[error("the topology file '{}' lists no agents", .path.display())]
    NoAgents {
        /// The file.
        path: PathBuf,
    },
    /// An agent's address is none.
    #[error("the topology file '{}' holds a bad address", .path.display())]
    Endpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: EndpointError,
    },
}

/// What a topology file says of the agents.
#[derive(Debug, Clone)]
pub struct Topology {
    /// Where they listen.
    pub endpoints: Vec<Endpoint>,
    /// What they are called, in the same order; empty where the file does not say.
    pub names: Vec<String>,
    /// The file that holds their secret.
    pub jwt_secret_file: Option<PathBuf>,
    /// The file with the authority that vouches for them.
    pub ca_file: Option<PathBuf>,
}

impl Topology {
    /// Reads the file that `cluster up` writes.
    ///
    /// # Errors
    /// [`TopologyError`].
    pub fn read(path: &Path) -> Result<Self, TopologyError> {
        #[derive(serde::Deserialize)]
        struct File {
            agents: Vec<Server>,
            #[serde(default)]
            jwt_secret_file: Option<PathBuf>,
            #[serde(default)]
            ca_file: Option<PathBuf>,
        }
        #[derive(serde::Deserialize)]
        struct Server {
            endpoint: String,
            #[serde(default)]
            name: String,
        }
        let path = || path.to_owned();
        let text = std::fs::read(path())
            .map_err(|source| TopologyError::Unreadable { path: path(), source })?;
        let file: File = serde_json::from_slice(&text)
            .map_err(|source| TopologyError::Malformed { path: path(), source })?;
        if file.agents.is_empty() {
            return Err(TopologyError::NoAgents { path: path() });
        }
        let endpoints: Result<_, _> =
            file.agents.iter().map(|agent| Endpoint::parse(&agent.endpoint)).collect();
        let endpoints =
            endpoints.map_err(|source| TopologyError::Endpoint { path: path(), source })?;
        let names = file.agents.into_iter().map(|agent| agent.name).collect();
        Ok(Self { endpoints, names, jwt_secret_file: file.jwt_secret_file, ca_file: file.ca_file })
    }
}

impl Target {
    /// Whether the target can be one at all.
    pub(super) fn check(&self) -> Result<(), HostError> {
        match self {
            #[cfg(feature = "standin")]
            Self::Embedded { agents } if agents.is_multiple_of(2) => {
                Err(HostError::PoolSize { agents: *agents })
            }
            Self::Agency(options) if options.endpoints.is_empty() => Err(HostError::NoEndpoints),
            _ => Ok(()),
        }
    }

    /// Puts what scripts reach of the target into their context.
    pub(super) fn put_into(
        self,
        context: NativeContextBuilder,
        #[cfg_attr(
            not(feature = "standin"),
            allow(unused_variables, reason = "for embedded agents")
        )]
        operation_limit: Option<Duration>,
    ) -> NativeContextBuilder {
        match self {
            Self::None => context,
            Self::Agency(options) => {
                let connect = move |deadline: &crate::deadline::Deadline| {
                    Ok(AgencyClient::new((*options).clone(), deadline.clone())?)
                };
                context.extension(std::sync::Arc::new(AgencyTarget::lazy(std::sync::Arc::new(
                    connect,
                ))))
            }
            #[cfg(feature = "standin")]
            Self::Embedded { agents } => {
                let servers =
                    Arc::new(super::embedded::EmbeddedServers::new(agents, operation_limit));
                let control = crate::natives::cluster::ClusterTarget(Some(servers.clone()));
                let connector = Arc::new(move |deadline: &_| servers.connect(deadline));
                context
                    .extension(Arc::new(AgencyTarget::lazy(connector)))
                    .extension(Arc::new(control))
            }
        }
    }

    /// Agents at these endpoints, asked with these credentials.
    pub fn agency(endpoints: Vec<Endpoint>, auth: ClientAuth) -> Self {
        Self::Agency(Box::new(ClientOptions { endpoints, auth, ..ClientOptions::default() }))
    }
}
