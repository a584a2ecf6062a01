//! What a host is made of, as JSON: for programs in other languages.

mod allowed;
mod error;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Host, HostBuilder, Target, Topology};
use crate::auth::Secret;
use crate::client::{ClientAuth, ClientOptions};
#[cfg(feature = "standin")]
use crate::cluster::LaunchOptions;
use crate::http::{Endpoint, TlsOptions};

pub use allowed::{Allowance, Granted, LimitSettings, PermissionSettings};
pub use error::SettingsError;

/// What settings about agents that exist already need.
const AGENTS: &str = "endpoints or topology";

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
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HostSettings {
    /// So many agents in this process, an odd number. Of `embedded`, `launch`, `endpoints` and `topology` one at most.
    pub embedded: Option<usize>,
    /// A cluster, described as for `cluster::launch`.
    pub launch: Option<Map<String, Value>>,
    /// Where agents listen that exist already, such as `tcp://127.0.0.1:8531`.
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
    /// Seconds that each run may take; any number unless given.
    pub deadline: Option<f64>,
    /// Seconds that one operation on the agency may take, with all its repetitions; 30 unless given.
    pub timeout: Option<f64>,
    /// Seconds for which it is tolerated that no agent accepts a connection; 5 unless given.
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
    #[serde(deserialize_with = "allowed::object")]
    pub limits: LimitSettings,
}

/// Secrets are not shown.
impl std::fmt::Debug for HostSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("HostSettings").finish_non_exhaustive()
    }
}

impl HostSettings {
    /// Reads settings.
    ///
    /// # Errors
    /// There are no such settings, or one has a value of another type.
    pub fn from_json(object: &Value) -> Result<Self, SettingsError> {
        // arrays would be taken for the members in their order
        match object {
            Value::Object(members) => {
                Self::deserialize(members).map_err(|source| malformed(members, source))
            }
            _ => Err(SettingsError::NoObject),
        }
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
        self.check_needs()?;
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

    /// `Err` when a setting would have no effect, for lack of what it is about.
    fn check_needs(&self) -> Result<(), SettingsError> {
        let endpoints = self.endpoints.is_some();
        let agents = endpoints || self.topology.is_some();
        for (setting, is_given, has_effect, needed) in [
            ("coordinator", self.coordinator.is_some(), endpoints, "endpoints"),
            ("jwt_secret", self.jwt_secret.is_some(), agents, AGENTS),
            ("jwt_secret_file", self.jwt_secret_file.is_some(), agents, AGENTS),
            ("jwt_token", self.jwt_token.is_some(), agents, AGENTS),
            ("username", self.username.is_some(), agents, AGENTS),
            ("password", self.password.is_some(), self.username.is_some(), "username"),
            ("ca_file", self.ca_file.is_some(), agents, AGENTS),
            ("insecure", self.insecure, agents, AGENTS),
            ("connect_timeout", self.connect_timeout.is_some(), agents, AGENTS),
        ] {
            if is_given && !has_effect {
                return Err(SettingsError::Missing { setting, needed });
            }
        }
        Ok(())
    }

    fn adopted(&self, file: &Path) -> Result<Target, SettingsError> {
        let Topology { endpoints, coordinators, jwt_secret_file, ca_file, .. } =
            Topology::read(file)?;
        let agency = self.client(endpoints, jwt_secret_file, ca_file)?;
        Ok(Target::described(file, Box::new(agency), coordinators))
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
        if let Some(secret) = &self.jwt_secret {
            return Ok(ClientAuth::secret(Secret::new(secret.as_bytes())?));
        }
        match self.jwt_secret_file.clone().or(secret_file) {
            Some(file) => Ok(ClientAuth::secret(Secret::from_file(&file)?)),
            None => Ok(ClientAuth::None),
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

/// The error about these settings, with the name of the first that cannot be read even alone.
fn malformed(members: &Map<String, Value>, source: serde_json::Error) -> SettingsError {
    let culprit = members.iter().find_map(|(name, value)| {
        let problem = |value: Value| HostSettings::deserialize(json!({name: value})).err();
        let whole = problem(value.clone())?;
        let inner = value.as_object().into_iter().flatten().find_map(|(inner, value)| {
            problem(json!({inner: value})).map(|source| (format!("{name}.{inner}"), source))
        });
        Some(inner.unwrap_or_else(|| (name.clone(), whole)))
    });
    // what is wrong with all of them together is wrong with one of them
    let (setting, source) = culprit.unwrap_or_else(|| ("settings".to_owned(), source));
    SettingsError::Malformed { setting, source }
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
