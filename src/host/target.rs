//! The agency that a run talks to.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::HostError;
#[cfg(feature = "standin")]
use super::adopted::AdoptedServers;
#[cfg(feature = "standin")]
use super::clusters::HostLauncher;
use crate::client::{AgencyClient, ClientAuth, ClientOptions};
#[cfg(feature = "standin")]
use crate::cluster::LaunchOptions;
use crate::connection::{ConnectionOptions, Settings};
#[cfg(feature = "standin")]
use crate::deadline::Deadline;
#[cfg(feature = "standin")]
use crate::http::TlsOptions;
use crate::http::{Endpoint, EndpointError};
use crate::natives::NativeContextBuilder;
use crate::natives::agency::AgencyTarget;
use crate::natives::arango::ArangoTarget;
#[cfg(feature = "standin")]
use crate::natives::cluster::{Adopted, Cluster, Clusters};
#[cfg(feature = "standin")]
use crate::natives::{NativeError, NativeResult};

/// The agency that `agency::current()` gives to scripts.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Target {
    /// None.
    #[default]
    None,
    /// Servers in this process, started when a script first asks for them and ended with the host.
    #[cfg(feature = "standin")]
    Embedded {
        /// How many agents; the number must be odd.
        agents: usize,
        /// How many DB-servers.
        dbservers: usize,
        /// How many coordinators.
        coordinators: usize,
    },
    /// Servers that these options describe, in this process or in others: started when a script
    /// first asks for them and ended with the host.
    #[cfg(feature = "standin")]
    Launched(Box<LaunchOptions>),
    /// The cluster of a topology file.
    #[cfg(feature = "standin")]
    Adopted {
        /// The file.
        topology: PathBuf,
        /// Its agents.
        agency: Box<ClientOptions>,
        /// The coordinator that `arango` talks to, if there is one.
        coordinator: Option<Endpoint>,
    },
    /// A cluster that others use as well, and that ends with the last of them.
    #[cfg(feature = "standin")]
    Shared(super::Cluster),
    /// Agents that exist already.
    Agency(Box<ClientOptions>),
    /// The same, with a coordinator of their cluster, which `arango` talks to.
    Cluster {
        /// The agents.
        agency: Box<ClientOptions>,
        /// The coordinator.
        coordinator: Endpoint,
    },
}

/// What the host says about every target.
#[derive(Debug, Clone, Default)]
pub(super) struct TargetSettings {
    /// How long one operation may take.
    pub(super) operation_limit: Option<Duration>,
    /// What servers are started from unless their options say so.
    #[cfg(feature = "standin")]
    pub(super) server_program: Option<PathBuf>,
    /// The database of the current server.
    pub(super) database: Option<String>,
    /// Whether bodies of the current server are JSON.
    pub(super) force_json: bool,
}

impl TargetSettings {
    fn of_connections(&self) -> Settings {
        let defaults = Settings::default();
        Settings {
            timeout: self.operation_limit.unwrap_or(defaults.timeout),
            force_json: self.force_json,
            ..defaults
        }
    }

    /// What makes clusters.
    #[cfg(feature = "standin")]
    fn launcher(&self) -> HostLauncher {
        let (operation_limit, program) = (self.operation_limit, self.server_program.clone());
        HostLauncher { operation_limit, program }
    }

    /// A server in the database that is wanted.
    fn server(&self, server: ConnectionOptions) -> ConnectionOptions {
        match &self.database {
            Some(name) => server.database(name.as_str()),
            None => server,
        }
    }
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
    /// Where the coordinators of their cluster listen.
    pub coordinators: Vec<Endpoint>,
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
            coordinators: Vec<Server>,
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
        let endpoints = |servers: &[Server]| {
            let endpoints: Result<Vec<_>, _> =
                servers.iter().map(|server| Endpoint::parse(&server.endpoint)).collect();
            endpoints.map_err(|source| TopologyError::Endpoint { path: path(), source })
        };
        let (endpoints, coordinators) = (endpoints(&file.agents)?, endpoints(&file.coordinators)?);
        let names = file.agents.into_iter().map(|agent| agent.name).collect();
        let (jwt_secret_file, ca_file) = (file.jwt_secret_file, file.ca_file);
        Ok(Self { endpoints, coordinators, names, jwt_secret_file, ca_file })
    }
}

impl Target {
    /// The cluster of a topology file, which says where these coordinators are.
    #[cfg_attr(
        not(feature = "standin"),
        expect(unused_variables, reason = "only its agents count")
    )]
    pub(crate) fn described(
        file: &Path,
        agency: Box<ClientOptions>,
        coordinators: Vec<Endpoint>,
    ) -> Self {
        let coordinator = coordinators.into_iter().next();
        #[cfg(feature = "standin")]
        {
            Self::Adopted { topology: file.to_owned(), agency, coordinator }
        }
        #[cfg(not(feature = "standin"))]
        match coordinator {
            Some(coordinator) => Self::Cluster { agency, coordinator },
            None => Self::Agency(agency),
        }
    }

    /// Whether the target can be one at all.
    pub(super) fn check(&self) -> Result<(), HostError> {
        match self {
            #[cfg(feature = "standin")]
            Self::Embedded { agents, .. } if agents.is_multiple_of(2) => {
                Err(HostError::PoolSize { agents: *agents })
            }
            #[cfg(feature = "standin")]
            Self::Launched(options) => options.check().map_err(HostError::Launch),
            #[cfg(feature = "standin")]
            Self::Adopted { agency: options, .. } if options.endpoints.is_empty() => {
                Err(HostError::NoEndpoints)
            }
            Self::Agency(options) | Self::Cluster { agency: options, .. }
                if options.endpoints.is_empty() =>
            {
                Err(HostError::NoEndpoints)
            }
            _ => Ok(()),
        }
    }

    /// Puts what scripts reach of the target into their context.
    pub(super) fn put_into(
        self,
        context: NativeContextBuilder,
        settings: TargetSettings,
    ) -> NativeContextBuilder {
        let shared = settings.of_connections();
        #[cfg(feature = "standin")]
        let context = match self {
            Self::None | Self::Agency(_) | Self::Cluster { .. } => {
                context.extension(Arc::new(clusters(None, &settings)))
            }
            _ => context,
        };
        match self {
            Self::None => context.extension(Arc::new(ArangoTarget::none(shared))),
            Self::Agency(options) => {
                let server = options.endpoints.first().cloned();
                existing(context, &settings, *options, server)
            }
            Self::Cluster { agency, coordinator } => {
                existing(context, &settings, *agency, Some(coordinator))
            }
            #[cfg(feature = "standin")]
            Self::Embedded { agents, dbservers, coordinators } => {
                let size = crate::standin::ClusterSize { agents, dbservers, coordinators };
                let limit = settings.operation_limit;
                let servers = Arc::new(super::embedded::EmbeddedServers::fleeting(size, limit));
                own(context, settings, Cluster::new(servers))
            }
            #[cfg(feature = "standin")]
            Self::Launched(options) => {
                let servers = settings.launcher().described(*options);
                own(context, settings, Cluster::new(servers))
            }
            #[cfg(feature = "standin")]
            Self::Shared(cluster) => own(context, settings, cluster.handle()),
            #[cfg(feature = "standin")]
            Self::Adopted { topology, agency, coordinator } => {
                let server = coordinator.or_else(|| agency.endpoints.first().cloned());
                let adopted =
                    AdoptedServers::new(&Adopted::File(topology), settings.operation_limit);
                let context = existing(context, &settings, *agency, server);
                // a file that is gone by now describes no cluster; its agents may be there all the same
                let current = adopted.ok().map(|servers| Cluster::new(Arc::new(servers)));
                context.extension(Arc::new(clusters(current, &settings)))
            }
        }
    }

    /// So many agents in this process, and no other servers.
    #[cfg(feature = "standin")]
    pub fn embedded(agents: usize) -> Self {
        Self::Embedded { agents, dbservers: 0, coordinators: 0 }
    }

    /// Agents at these endpoints, asked with these credentials.
    pub fn agency(endpoints: Vec<Endpoint>, auth: ClientAuth) -> Self {
        Self::Agency(Box::new(ClientOptions { endpoints, auth, ..ClientOptions::default() }))
    }
}

/// The clusters of a run.
#[cfg(feature = "standin")]
fn clusters(current: Option<Cluster>, settings: &TargetSettings) -> Clusters {
    Clusters::new(current, Arc::new(settings.launcher()))
}

/// Puts a cluster that ends with the host into the context.
#[cfg(feature = "standin")]
fn own(
    context: NativeContextBuilder,
    settings: TargetSettings,
    cluster: Cluster,
) -> NativeContextBuilder {
    let shared = settings.of_connections();
    let current = clusters(Some(cluster.clone()), &settings);
    let first = {
        let cluster = cluster.clone();
        move |deadline: &_| Ok(settings.server(first_server(&cluster, deadline)?))
    };
    let any_certificate = TlsOptions { insecure: true, ca_file: None };
    let connector = Arc::new(move |deadline: &_| cluster.agency(deadline));
    context
        .extension(Arc::new(AgencyTarget::lazy(connector)))
        .extension(Arc::new(ArangoTarget::lazy(Arc::new(first), shared, any_certificate)))
        .extension(Arc::new(current))
}

/// Where the first coordinator listens, or the first agent where there is none.
#[cfg(feature = "standin")]
fn first_server(cluster: &Cluster, deadline: &Deadline) -> NativeResult<ConnectionOptions> {
    let servers = cluster.provider().instances(deadline)?;
    let called = |role| servers.iter().find(move |one| one.role == role);
    let server = called("coordinator").or_else(|| called("agent"));
    let url = server.map(|server| server.url.clone()).unwrap_or_default();
    let endpoint = Endpoint::parse(&url)
        .map_err(|error| NativeError::internal("cluster.start", error.to_string()))?;
    Ok(ConnectionOptions::new(endpoint).auth(cluster.provider().access()?.auth))
}

/// Puts agents that exist already into the context, and the server that `arango` talks to.
fn existing(
    context: NativeContextBuilder,
    settings: &TargetSettings,
    options: ClientOptions,
    server: Option<Endpoint>,
) -> NativeContextBuilder {
    let tls = options.tls.clone();
    let shared = Settings { connect_timeout: options.connect_timeout, ..settings.of_connections() };
    let arango = match server {
        Some(endpoint) => {
            let server = ConnectionOptions::new(endpoint).auth(options.auth.clone());
            let server = settings.server(server);
            ArangoTarget::lazy(Arc::new(move |_| Ok(server.clone())), shared, tls)
        }
        None => ArangoTarget::none(shared),
    };
    let connect = move |deadline: &crate::deadline::Deadline| {
        Ok(AgencyClient::new(options.clone(), deadline.clone())?)
    };
    context.extension(Arc::new(AgencyTarget::lazy(Arc::new(connect)))).extension(Arc::new(arango))
}
