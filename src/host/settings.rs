//! What a host is made of, as JSON: for programs in other languages.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Gate, Host, HostBuilder, Limits, PermissionError, Permissions, Target};
use super::{Topology, TopologyError};
use crate::auth::{Secret, SecretError};
use crate::client::{ClientAuth, ClientOptions};
#[cfg(feature = "standin")]
use crate::cluster::{LaunchError, LaunchOptions};
use crate::http::{Endpoint, EndpointError, TlsOptions};
use crate::natives::NativeError;

/// What a [`Host`] is made of, as a JSON object with these members; all of them may be left out. Times are in seconds.
///
/// ```
/// use agencysh::host::HostSettings;
/// let settings = HostSettings::from_json(&serde_json::json!({
///     "embedded": 1, "deadline": 60.0, "arguments": ["a"], "permissions": "none",
/// }))?;
/// let host = settings.builder()?.build()?;
/// assert_eq!(host.eval("env::args()[0]")?.to_json()?, "a");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HostSettings {
    /// So many agents in this process.
    pub embedded: Option<usize>,
    /// A cluster, described as for `cluster::launch`.
    pub launch: Option<Map<String, Value>>,
    /// Where agents listen that exist already.
    pub endpoints: Option<Vec<String>>,
    /// Where a coordinator of theirs listens.
    pub coordinator: Option<String>,
    /// The topology file of a cluster that exists already.
    pub topology: Option<PathBuf>,
    /// The secret that opens the agents, itself or the file that holds it; or a finished token; or a name and a password.
    pub jwt_secret: Option<String>,
    /// See `jwt_secret`.
    pub jwt_secret_file: Option<PathBuf>,
    /// See `jwt_secret`.
    pub jwt_token: Option<String>,
    /// See `jwt_secret`.
    pub username: Option<String>,
    /// See `jwt_secret`.
    pub password: Option<String>,
    /// The authorities that certificates of `https` servers are judged by.
    pub ca_file: Option<PathBuf>,
    /// Whether any certificate will do.
    pub insecure: bool,
    /// How long each run may take.
    pub deadline: Option<f64>,
    /// How long one operation on the agency may take.
    pub timeout: Option<f64>,
    /// How long it is tolerated that no agent accepts a connection.
    pub connect_timeout: Option<f64>,
    /// The database of `arango`.
    pub database: Option<String>,
    /// The words that scripts see as theirs.
    pub arguments: Vec<String>,
    /// What all numbers of `random` follow from.
    pub seed: Option<u64>,
    /// Levels, such as `agency=debug`.
    pub log_levels: Vec<String>,
    /// Folders that `import` looks into.
    pub module_folders: Vec<PathBuf>,
    /// Scripts that can be imported by these names.
    pub modules: BTreeMap<String, String>,
    /// The folder for temporary files.
    pub temp_dir: Option<PathBuf>,
    /// Whether `print` writes values over several lines.
    pub pretty: bool,
    /// Whether scripts may use colours.
    pub color: bool,
    /// What scripts may do; everything unless said.
    pub permissions: PermissionSettings,
    /// How much scripts may take.
    pub limits: LimitSettings,
}

/// What scripts may do: `"all"`, `"none"`, or an object of what they may, where everything that it leaves out is forbidden.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PermissionSettings {
    /// Everything.
    #[default]
    All,
    /// Nothing but the target, which may be written to.
    None,
    /// What the object says.
    #[serde(untagged)]
    Some(Granted),
}

/// What scripts may do.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Granted {
    /// Files: all, none, or those below these folders.
    pub files: Allowance,
    /// Connections: all, none, or to these servers.
    pub network: Allowance,
    /// Environment variables: all, none, or these.
    pub environment: Allowance,
    /// Whether they may test ports.
    pub ports: bool,
    /// Whether they may start programs and control processes.
    pub processes: bool,
    /// Whether they may only read from the agency.
    pub read_only: bool,
}

/// All, none, or some.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Allowance {
    /// All or none.
    Any(bool),
    /// These.
    Only(Vec<String>),
}

impl Default for Allowance {
    fn default() -> Self {
        Self::Any(false)
    }
}

/// How much scripts may take; see [`Limits`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
#[expect(missing_docs, reason = "as in Limits")]
pub struct LimitSettings {
    pub operations: Option<u64>,
    pub string_size: Option<usize>,
    pub array_size: Option<usize>,
    pub map_size: Option<usize>,
    pub call_depth: Option<usize>,
    pub output: Option<u64>,
}

/// What is wrong with settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// There are no such settings, or one has a value of another type.
    #[error("the settings are not as they should be")]
    Malformed(#[source] serde_json::Error),
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

impl HostSettings {
    /// Reads settings.
    ///
    /// # Errors
    /// There are no such settings, or one has a value of another type.
    pub fn from_json(object: &Value) -> Result<Self, SettingsError> {
        Self::deserialize(object).map_err(SettingsError::Malformed)
    }

    /// A builder with these settings, for sinks and all else that no text can say.
    ///
    /// # Errors
    /// What is wrong with the value of a setting.
    pub fn builder(self) -> Result<HostBuilder, SettingsError> {
        let target = self.target()?;
        let mut builder = Host::builder()
            .target(target)
            .arguments(self.arguments)
            .permissions(self.permissions.permissions()?)
            .limits(self.limits.limits())
            .pretty(self.pretty)
            .color(self.color);
        if let Some(limit) = self.deadline {
            builder = builder.deadline(seconds("deadline", limit)?);
        }
        if let Some(limit) = self.timeout {
            builder = builder.operation_timeout(seconds("timeout", limit)?);
        }
        if let Some(name) = self.database {
            builder = builder.database(name);
        }
        if let Some(seed) = self.seed {
            builder = builder.seed(seed);
        }
        if let Some(folder) = self.temp_dir {
            builder = builder.temp_dir(folder);
        }
        for level in &self.log_levels {
            builder = builder.log_level(level).map_err(SettingsError::Level)?;
        }
        builder = self.module_folders.into_iter().fold(builder, HostBuilder::module_folder);
        let modules = self.modules.into_iter();
        Ok(modules.fold(builder, |builder, (name, text)| builder.module_source(name, text)))
    }

    fn target(&self) -> Result<Target, SettingsError> {
        let given = [
            ("embedded", self.embedded.is_some()),
            ("launch", self.launch.is_some()),
            ("endpoints", self.endpoints.is_some()),
            ("topology", self.topology.is_some()),
        ];
        at_most_one(given)?;
        if self.coordinator.is_some() && self.endpoints.is_none() {
            return Err(SettingsError::Missing { setting: "coordinator", needed: "endpoints" });
        }
        if let Some(agents) = self.embedded {
            return embedded(agents);
        }
        if let Some(launch) = &self.launch {
            return launched(launch);
        }
        if let Some(endpoints) = &self.endpoints {
            let endpoints: Result<Vec<_>, _> =
                endpoints.iter().map(|text| endpoint("endpoints", text)).collect();
            let agency = Box::new(self.client(endpoints?, None, None)?);
            let coordinator = self.coordinator.as_deref();
            let coordinator = coordinator.map(|text| endpoint("coordinator", text)).transpose()?;
            return Ok(match coordinator {
                Some(coordinator) => Target::Cluster { agency, coordinator },
                None => Target::Agency(agency),
            });
        }
        match &self.topology {
            Some(file) => self.adopted(file),
            None => Ok(Target::None),
        }
    }

    fn adopted(&self, file: &std::path::Path) -> Result<Target, SettingsError> {
        let topology = Topology::read(file)?;
        let secret = topology.jwt_secret_file;
        let agency = Box::new(self.client(topology.endpoints, secret, topology.ca_file)?);
        let coordinator = topology.coordinators.into_iter().next();
        #[cfg(feature = "standin")]
        let target = Target::Adopted { topology: file.to_owned(), agency, coordinator };
        #[cfg(not(feature = "standin"))]
        let target = match coordinator {
            Some(coordinator) => Target::Cluster { agency, coordinator },
            None => Target::Agency(agency),
        };
        Ok(target)
    }

    fn client(
        &self,
        endpoints: Vec<Endpoint>,
        secret_file: Option<PathBuf>,
        ca_file: Option<PathBuf>,
    ) -> Result<ClientOptions, SettingsError> {
        let ca_file = self.ca_file.clone().or(ca_file);
        let tls = TlsOptions { insecure: self.insecure, ca_file };
        tls.check().map_err(SettingsError::Authorities)?;
        let defaults = ClientOptions::default();
        let timeout = self.timeout.map(|limit| seconds("timeout", limit)).transpose()?;
        let connect = self.connect_timeout.map(|limit| seconds("connect_timeout", limit));
        Ok(ClientOptions {
            endpoints,
            auth: self.auth(secret_file)?,
            timeout: timeout.unwrap_or(defaults.timeout),
            connect_timeout: connect.transpose()?.unwrap_or(defaults.connect_timeout),
            tls,
            ..defaults
        })
    }

    fn auth(&self, secret_file: Option<PathBuf>) -> Result<ClientAuth, SettingsError> {
        at_most_one([
            ("jwt_secret", self.jwt_secret.is_some()),
            ("jwt_secret_file", self.jwt_secret_file.is_some()),
            ("jwt_token", self.jwt_token.is_some()),
            ("username", self.username.is_some()),
        ])?;
        if let Some(token) = &self.jwt_token {
            return Ok(ClientAuth::Token(token.clone()));
        }
        if let Some(username) = &self.username {
            let password = self.password.clone().unwrap_or_default();
            return Ok(ClientAuth::Basic { username: username.clone(), password });
        }
        if self.password.is_some() {
            return Err(SettingsError::Missing { setting: "password", needed: "username" });
        }
        if let Some(secret) = &self.jwt_secret {
            return Ok(ClientAuth::secret(Secret::new(secret.as_bytes())?));
        }
        match self.jwt_secret_file.clone().or(secret_file) {
            Some(file) => Ok(ClientAuth::secret(Secret::from_file(&file)?)),
            None => Ok(ClientAuth::None),
        }
    }
}

impl PermissionSettings {
    fn permissions(&self) -> Result<Permissions, PermissionError> {
        let granted = match self {
            Self::All => return Ok(Permissions::all()),
            Self::None => return Ok(Permissions::none()),
            Self::Some(granted) => granted,
        };
        let mut permissions = Permissions::none();
        permissions = match &granted.files {
            Allowance::Any(all) => grant(permissions, *all, Gate::Files),
            Allowance::Only(folders) => {
                folders.iter().try_fold(permissions, |permissions, folder| {
                    permissions.files_below(folder.as_ref())
                })?
            }
        };
        permissions = match &granted.network {
            Allowance::Any(all) => grant(permissions, *all, Gate::Network),
            Allowance::Only(hosts) => {
                hosts.iter().try_fold(permissions, |permissions, host| permissions.host(host))?
            }
        };
        permissions = match &granted.environment {
            Allowance::Any(all) => grant(permissions, *all, Gate::Environment),
            Allowance::Only(names) => names.iter().fold(permissions, Permissions::variable),
        };
        permissions = grant(permissions, granted.ports, Gate::Ports);
        permissions = grant(permissions, granted.processes, Gate::Processes);
        Ok(if granted.read_only { permissions.read_only() } else { permissions })
    }
}

fn grant(permissions: Permissions, granted: bool, gate: Gate) -> Permissions {
    if granted { permissions.allow(gate) } else { permissions }
}

impl LimitSettings {
    fn limits(&self) -> Limits {
        let defaults = Limits::default();
        Limits {
            operations: self.operations,
            string_size: self.string_size,
            array_size: self.array_size,
            map_size: self.map_size,
            call_depth: self.call_depth.unwrap_or(defaults.call_depth),
            output: self.output,
        }
    }
}

#[cfg(feature = "standin")]
fn embedded(agents: usize) -> Result<Target, SettingsError> {
    Ok(Target::embedded(agents))
}

#[cfg(not(feature = "standin"))]
fn embedded(_: usize) -> Result<Target, SettingsError> {
    Err(SettingsError::NoServers { setting: "embedded" })
}

#[cfg(feature = "standin")]
fn launched(options: &Map<String, Value>) -> Result<Target, SettingsError> {
    Ok(Target::Launched(Box::new(LaunchOptions::from_map(options)?)))
}

#[cfg(not(feature = "standin"))]
fn launched(_: &Map<String, Value>) -> Result<Target, SettingsError> {
    Err(SettingsError::NoServers { setting: "launch" })
}

/// `Err` when more than one of these settings is given.
fn at_most_one<const N: usize>(settings: [(&'static str, bool); N]) -> Result<(), SettingsError> {
    let mut given = settings.into_iter().filter(|(_, given)| *given).map(|(name, _)| name);
    match (given.next(), given.next()) {
        (Some(first), Some(second)) => Err(SettingsError::Conflict { first, second }),
        _ => Ok(()),
    }
}

fn endpoint(setting: &'static str, text: &str) -> Result<Endpoint, SettingsError> {
    Endpoint::parse(text).map_err(|source| SettingsError::Endpoint { setting, source })
}

fn seconds(setting: &'static str, value: f64) -> Result<Duration, SettingsError> {
    match Duration::try_from_secs_f64(value) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(SettingsError::Seconds { setting, value }),
    }
}
