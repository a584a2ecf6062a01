//! Options of all commands, and the host that they describe.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::embedded::EmbeddedServers;
use super::output::{self, LogOutput};
use super::report::Reporter;
use super::restrictions::Restrictions;
use super::shown_target::ShownTarget;
use crate::auth::Secret;
use crate::client::{ClientAuth, ClientOptions};
use crate::host::{Host, HostBuilder, Target, Topology};
use crate::http::{Endpoint, TlsOptions};
use crate::natives::with_causes;

/// Why an option cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum OptionError {
    /// One option's value is wrong.
    #[error("{option}: {problem}")]
    Value {
        /// The option.
        option: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Two options exclude each other.
    #[error("{first} and {second} exclude each other")]
    Conflict {
        /// One of them.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// An option says what another one needs.
    #[error("{option} needs {needed}")]
    Missing {
        /// The option given.
        option: &'static str,
        /// The option missing.
        needed: &'static str,
    },
}

impl OptionError {
    pub(super) fn value(option: &'static str, problem: impl Into<String>) -> Self {
        Self::Value { option, problem: problem.into() }
    }
}

/// When something is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// When the output is a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How values are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people: `eval` as `print` writes values, commands as they see fit
    #[default]
    Text,
    /// As a table, where there are rows
    Table,
    /// As JSON
    Json,
    /// As YAML
    Yaml,
}

#[derive(Debug, Args)]
pub(super) struct Options {
    /// An agent to talk to, such as http://127.0.0.1:8531; repeat it for each [env: AGENCYSH_ENDPOINT, separated by commas]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        alias = "server.endpoint",
        help_heading = "Target"
    )]
    endpoint: Vec<String>,
    /// The agents that a topology file lists [env: AGENCYSH_TOPOLOGY]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Target")]
    topology: Option<PathBuf>,
    /// Servers inside this process: AGENTS, an odd number, or agents=A,dbservers=D,coordinators=C, or A,D,C; three agents are the default target
    #[arg(
        long, global = true, value_name = "SERVERS", num_args = 0..=1, require_equals = true,
        default_missing_value = "3", help_heading = "Target"
    )]
    embedded: Option<EmbeddedServers>,
    /// Servers in processes of their own, which end with the run: as for --embedded
    #[arg(
        long, global = true, value_name = "SERVERS", num_args = 0..=1, require_equals = true,
        default_missing_value = "3", help_heading = "Target"
    )]
    processes: Option<EmbeddedServers>,
    /// The program to start with --processes in place of the stand-in, such as a real arangod
    #[arg(long, global = true, value_name = "PROGRAM", help_heading = "Target")]
    arangod: Option<PathBuf>,
    /// The file with the agents' secret
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "AGENCYSH_JWT_SECRET_FILE",
        alias = "server.jwt-secret-keyfile",
        help_heading = "Target"
    )]
    jwt_secret_file: Option<PathBuf>,
    /// A finished token
    #[arg(
        long,
        global = true,
        value_name = "TOKEN",
        env = "AGENCYSH_JWT_TOKEN",
        hide_env_values = true,
        alias = "server.jwt-token",
        help_heading = "Target"
    )]
    jwt_token: Option<String>,
    /// A user's name; agents know none, coordinators do
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "AGENCYSH_USERNAME",
        alias = "server.username",
        help_heading = "Target"
    )]
    username: Option<String>,
    /// The file with the user's password
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "AGENCYSH_PASSWORD_FILE",
        help_heading = "Target"
    )]
    password_file: Option<PathBuf>,
    /// The authorities to trust in place of the public ones, as PEM
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "AGENCYSH_CA_FILE",
        help_heading = "Target"
    )]
    ca_file: Option<PathBuf>,
    /// Accept any certificate
    #[arg(long, global = true, env = "AGENCYSH_INSECURE", help_heading = "Target")]
    insecure: bool,
    /// The database that `arango` talks to
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "AGENCYSH_DATABASE",
        alias = "server.database",
        value_parser = clap::builder::NonEmptyStringValueParser::new(),
        help_heading = "Target"
    )]
    database: Option<String>,
    /// Let `arango` send and ask for JSON in place of VelocyPack
    #[arg(long, global = true, env = "AGENCYSH_FORCE_JSON", help_heading = "Target")]
    force_json: bool,
    /// How long a server may take to accept a connection [default: 5]
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        env = "AGENCYSH_CONNECT_TIMEOUT",
        alias = "server.connection-timeout",
        allow_negative_numbers = true,
        value_parser = number_of_seconds,
        help_heading = "Target"
    )]
    connect_timeout: Option<f64>,
    /// How long one operation on the agency may take, with all its repetitions, and one request of `arango` [default: 30 and 1200]
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        env = "AGENCYSH_TIMEOUT",
        alias = "server.request-timeout",
        allow_negative_numbers = true,
        value_parser = number_of_seconds,
        help_heading = "Target"
    )]
    timeout: Option<f64>,
    /// How long the whole run may take; it is ended then with exit code 124
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        env = "AGENCYSH_DEADLINE",
        alias = "javascript.execution-deadline",
        allow_negative_numbers = true,
        value_parser = number_of_seconds
    )]
    deadline: Option<f64>,
    /// A folder that `import` looks into, after the script's own
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "AGENCYSH_MODULE_PATH",
        value_delimiter = ':'
    )]
    module_path: Vec<PathBuf>,
    /// The folder for temporary files; it stays at the end [default: one of its own, removed if empty]
    #[arg(long, global = true, value_name = "DIR", env = "AGENCYSH_TEMP_DIR")]
    temp_dir: Option<PathBuf>,
    /// Which log lines are shown: LEVEL, TOPIC=LEVEL or all=LEVEL
    #[arg(
        long,
        global = true,
        value_name = "SPEC",
        env = "AGENCYSH_LOG_LEVEL",
        value_delimiter = ',',
        alias = "log.level"
    )]
    log_level: Vec<String>,
    /// Where log lines go: + for stderr, - for stdout, or file://PATH; repeat it for each [default: +]
    #[arg(
        long,
        global = true,
        value_name = "DEST",
        env = "AGENCYSH_LOG_OUTPUT",
        value_delimiter = ',',
        allow_hyphen_values = true,
        alias = "log.output"
    )]
    log_output: Vec<String>,
    /// Write log lines as JSON
    #[arg(long, global = true, env = "AGENCYSH_LOG_JSON", alias = "log.use-json-format")]
    log_json: bool,
    /// How commands and `eval` print what they found
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        env = "AGENCYSH_FORMAT"
    )]
    format: Format,
    /// Use colours
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        env = "AGENCYSH_COLOR"
    )]
    color: When,
    #[command(flatten)]
    restrictions: Restrictions,
}

/// The agency that is meant, before anything is known of it.
enum Chosen {
    Embedded(EmbeddedServers),
    Processes(EmbeddedServers),
    /// The option that says so comes first.
    Endpoints(&'static str, Vec<String>),
    Topology(&'static str, PathBuf),
}

impl Options {
    /// Whether to colour what is written to the standard output.
    pub(super) fn colors_output(&self) -> bool {
        output::colored(self.color, &std::io::stdout())
    }

    /// How long one operation may take, if that is given.
    pub(super) fn operation_limit(&self) -> Result<Option<Duration>, OptionError> {
        self.timeout.map(|limit| seconds("--timeout", limit)).transpose()
    }

    /// Whether to colour what is written to the standard error.
    pub(super) fn colors_errors(&self) -> bool {
        output::colored(self.color, &std::io::stderr())
    }

    /// How values are printed.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// When a run that begins now is to end.
    pub(super) fn ends_at(&self) -> Result<Option<std::time::Instant>, OptionError> {
        let limit = self.deadline.map(|limit| seconds("--deadline", limit)).transpose()?;
        // whatever is too far away to be told never comes
        Ok(limit.and_then(|limit| std::time::Instant::now().checked_add(limit)))
    }

    /// The topology file, from the command line or the environment.
    #[cfg(feature = "standin")]
    pub(super) fn topology_file(&self) -> Option<PathBuf> {
        self.topology.clone().or_else(|| variable("AGENCYSH_TOPOLOGY").map(PathBuf::from))
    }

    /// The file with the agents' secret.
    #[cfg(feature = "standin")]
    pub(super) fn jwt_secret_file(&self) -> Option<&Path> {
        self.jwt_secret_file.as_deref()
    }

    /// Shows errors as these options want them.
    pub(super) fn reporter(&self) -> Reporter {
        Reporter::new(self.colors_errors())
    }

    /// A host with these options and the process's output; what the restrictions do not forbid is allowed.
    ///
    /// # Errors
    /// An option's value is wrong.
    pub(super) fn host(&self) -> Result<Host, OptionError> {
        let json = self.log_json;
        let mut logs = Vec::new();
        for destination in &self.log_output {
            let opened = LogOutput::open(destination, self.color);
            logs.push(opened.map_err(|problem| OptionError::value("--log-output", problem))?);
        }
        if logs.is_empty() {
            logs.push(LogOutput::stderr(self.color));
        }
        let mut builder = self
            .builder()?
            .target(self.target()?)
            .output(output::write)
            .notes(output::note)
            .log_sink(move |record| output::log(record, json, &logs))
            .color(self.colors_output())
            .pretty(std::io::IsTerminal::is_terminal(&std::io::stdout()));
        if let Some(limit) = self.deadline {
            builder = builder.deadline(seconds("--deadline", limit)?);
        }
        builder.build().map_err(|error| OptionError::value("target", error.to_string()))
    }

    /// What these options say about hosts, but for target, deadline and output.
    ///
    /// # Errors
    /// An option's value is wrong.
    pub(super) fn builder(&self) -> Result<HostBuilder, OptionError> {
        let mut builder = Host::builder()
            .permissions(self.restrictions.permissions()?)
            .limits(self.restrictions.limits())
            .options(self.shown())
            .force_json(self.force_json);
        if let Some(limit) = self.timeout {
            builder = builder.operation_timeout(seconds("--timeout", limit)?);
        }
        if let Some(folder) = &self.temp_dir {
            builder = builder.temp_dir(folder);
        }
        if let Some(name) = &self.database {
            builder = builder.database(name);
        }
        for folder in &self.module_path {
            if !folder.is_dir() {
                let problem = format!("there is no folder '{}'", folder.display());
                return Err(OptionError::value("--module-path", problem));
            }
            builder = builder.module_folder(folder);
        }
        for spec in &self.log_level {
            builder = builder
                .log_level(spec)
                .map_err(|error| OptionError::value("--log-level", error.message()))?;
        }
        Ok(builder)
    }

    /// What exists already, if the options or the environment name it; `None` for servers of our own.
    ///
    /// # Errors
    /// An option's value is wrong.
    pub(super) fn existing_target(&self) -> Result<Option<Target>, OptionError> {
        let named = if self.topology.is_some() { "--topology" } else { "--endpoint" };
        match (&self.arangod, self.endpoint.is_empty() && self.topology.is_none()) {
            (Some(_), true) => return Ok(None),
            (Some(_), false) => {
                return Err(OptionError::Conflict { first: "--arangod", second: named });
            }
            (None, _) => {}
        }
        match self.chosen()? {
            Chosen::Embedded(_) | Chosen::Processes(_) => Ok(None),
            _ => self.target().map(Some),
        }
    }

    /// The program to start in place of the stand-in.
    #[cfg(feature = "standin")]
    pub(super) fn arangod(&self) -> Option<&Path> {
        self.arangod.as_deref()
    }

    /// Whether servers are to run in processes of their own, or inside this one; `None` if that is not said.
    #[cfg(feature = "standin")]
    pub(super) fn in_processes(&self) -> Option<bool> {
        match (&self.processes, &self.embedded) {
            (Some(_), _) => Some(true),
            (None, Some(_)) => Some(false),
            (None, None) => None,
        }
    }

    /// The options as `env::options()` shows them.
    fn shown(&self) -> serde_json::Map<String, serde_json::Value> {
        let shown = serde_json::json!({
            "endpoint": self.endpoint,
            "topology": self.topology,
            "embedded": self.embedded.map(EmbeddedServers::shown),
            "processes": self.processes.map(EmbeddedServers::shown),
            "arangod": self.arangod,
            "timeout": self.timeout,
            "deadline": self.deadline,
            "database": self.database,
            "log-level": self.log_level,
            "insecure": self.insecure,
            "format": self.format.to_possible_value().map(|value| value.get_name().to_owned()),
        });
        shown.as_object().cloned().unwrap_or_default()
    }

    /// Which target the command line chooses, or what it leaves open to the environment.
    fn chosen(&self) -> Result<Chosen, OptionError> {
        at_most_one([
            ("--endpoint", !self.endpoint.is_empty()),
            ("--topology", self.topology.is_some()),
            ("--embedded", self.embedded.is_some()),
            ("--processes", self.processes.is_some()),
        ])?;
        if let Some(servers) = self.processes {
            return Ok(Chosen::Processes(servers));
        }
        if self.arangod.is_some() {
            return Err(OptionError::Missing { option: "--arangod", needed: "--processes" });
        }
        if let Some(servers) = self.embedded {
            return Ok(Chosen::Embedded(servers));
        }
        if !self.endpoint.is_empty() {
            return Ok(Chosen::Endpoints("--endpoint", self.endpoint.clone()));
        }
        if let Some(file) = &self.topology {
            return Ok(Chosen::Topology("--topology", file.clone()));
        }
        if let Some(endpoints) = variable("AGENCYSH_ENDPOINT") {
            let endpoints: Vec<String> = endpoints.split(',').map(str::to_owned).collect();
            return Ok(Chosen::Endpoints("AGENCYSH_ENDPOINT", endpoints));
        }
        Ok(match variable("AGENCYSH_TOPOLOGY") {
            Some(file) => Chosen::Topology("AGENCYSH_TOPOLOGY", file.into()),
            None => Chosen::Embedded(EmbeddedServers::default()),
        })
    }

    pub(super) fn target(&self) -> Result<Target, OptionError> {
        match self.chosen()? {
            Chosen::Embedded(servers) => servers.target(),
            Chosen::Processes(servers) => {
                servers.in_processes(self.arangod.as_deref(), self.jwt_secret_file.as_deref())
            }
            Chosen::Endpoints(option, endpoints) => self.agents(option, &endpoints),
            Chosen::Topology(option, file) => self.topology(option, &file),
        }
    }

    /// The target as people know it.
    ///
    /// # Errors
    /// An option's value is wrong.
    pub(super) fn shown_target(&self) -> Result<ShownTarget, OptionError> {
        let mut shown = ShownTarget { user: self.username.clone(), ..ShownTarget::default() };
        match self.chosen()? {
            Chosen::Embedded(servers) | Chosen::Processes(servers) if cfg!(feature = "standin") => {
                let name = if self.processes.is_some() { "processes" } else { "embedded" };
                shown.name = Some(name.to_owned());
                shown.agents =
                    (1..=servers.agents).map(|number| format!("agent{number}")).collect();
            }
            Chosen::Embedded(_) | Chosen::Processes(_) => {}
            Chosen::Endpoints(_, endpoints) if endpoints == ["none"] => {}
            Chosen::Endpoints(_, endpoints) => {
                shown.endpoint = endpoints.first().map(|endpoint| endpoint.trim().to_owned());
                shown.exists = true;
            }
            Chosen::Topology(option, file) => {
                let topology = Topology::read(&file)
                    .map_err(|error| OptionError::value(option, with_causes(&error)))?;
                let name = file.file_stem().unwrap_or_default().to_string_lossy();
                shown.name = Some(name.into_owned());
                shown.agents = topology.names;
                shown.endpoint = topology.endpoints.first().map(Endpoint::url);
                shown.exists = true;
            }
        }
        Ok(shown)
    }

    /// What the options say that nobody may read.
    pub(super) fn secrets(&self) -> Vec<String> {
        let files = [&self.jwt_secret_file, &self.password_file].into_iter().flatten();
        let texts = files.filter_map(|file| std::fs::read_to_string(file).ok());
        texts.map(|text| text.trim().to_owned()).chain(self.jwt_token.clone()).collect()
    }

    fn agents(&self, option: &'static str, endpoints: &[String]) -> Result<Target, OptionError> {
        if endpoints == ["none"] {
            return Ok(Target::None);
        }
        if endpoints.iter().any(|endpoint| endpoint == "none") {
            let problem = "'none' stands alone: it says that there is no agent";
            return Err(OptionError::value(option, problem));
        }
        let endpoints: Result<Vec<Endpoint>, _> =
            endpoints.iter().map(|text| Endpoint::parse(text.trim())).collect();
        let endpoints = endpoints.map_err(|error| OptionError::value(option, error.to_string()))?;
        self.client(endpoints, None, None).map(Target::Agency)
    }

    fn topology(&self, option: &'static str, file: &Path) -> Result<Target, OptionError> {
        let topology = Topology::read(file)
            .map_err(|error| OptionError::value(option, with_causes(&error)))?;
        let Topology { endpoints, coordinators, jwt_secret_file, ca_file, .. } = topology;
        let agency = self.client(endpoints, jwt_secret_file.as_deref(), ca_file)?;
        Ok(Target::described(file, agency, coordinators))
    }

    fn client(
        &self,
        endpoints: Vec<Endpoint>,
        secret_file: Option<&Path>,
        ca_file: Option<PathBuf>,
    ) -> Result<Box<ClientOptions>, OptionError> {
        let defaults = ClientOptions::default();
        let timeout = self.timeout.map(|limit| seconds("--timeout", limit)).transpose()?;
        let connect = self.connect_timeout.map(|limit| seconds("--connect-timeout", limit));
        let ca_file = self.ca_file.clone().or(ca_file);
        let tls = TlsOptions { insecure: self.insecure, ca_file };
        tls.check().map_err(|error| OptionError::value("--ca-file", error.to_string()))?;
        Ok(Box::new(ClientOptions {
            endpoints,
            auth: self.auth(secret_file)?,
            timeout: timeout.unwrap_or(defaults.timeout),
            connect_timeout: connect.transpose()?.unwrap_or(defaults.connect_timeout),
            tls,
            ..defaults
        }))
    }

    fn auth(&self, secret_file: Option<&Path>) -> Result<ClientAuth, OptionError> {
        at_most_one([
            ("--jwt-secret-file", self.jwt_secret_file.is_some()),
            ("--jwt-token", self.jwt_token.is_some()),
            ("--username", self.username.is_some()),
        ])?;
        if let Some(token) = &self.jwt_token {
            return Ok(ClientAuth::Token(token.clone()));
        }
        if let Some(username) = &self.username {
            let password = self.password()?;
            return Ok(ClientAuth::Basic { username: username.clone(), password });
        }
        if self.password_file.is_some() {
            return Err(OptionError::Missing { option: "--password-file", needed: "--username" });
        }
        let Some(file) = self.jwt_secret_file.as_deref().or(secret_file) else {
            return Ok(ClientAuth::None);
        };
        let secret = Secret::from_file(file)
            .map_err(|error| OptionError::value("--jwt-secret-file", with_causes(&error)))?;
        Ok(ClientAuth::secret(secret))
    }

    fn password(&self) -> Result<String, OptionError> {
        let Some(file) = &self.password_file else { return Ok(String::new()) };
        let text = std::fs::read_to_string(file).map_err(|error| {
            OptionError::value("--password-file", format!("'{}': {error}", file.display()))
        })?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// `Err` when more than one of these options is given.
fn at_most_one<const N: usize>(options: [(&'static str, bool); N]) -> Result<(), OptionError> {
    let mut given = options.into_iter().filter(|(_, given)| *given).map(|(name, _)| name);
    match (given.next(), given.next()) {
        (Some(first), Some(second)) => Err(OptionError::Conflict { first, second }),
        _ => Ok(()),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

pub(super) fn seconds(option: &'static str, value: f64) -> Result<Duration, OptionError> {
    Duration::try_from_secs_f64(value)
        .map_err(|_| OptionError::value(option, format!("{value} seconds are too many")))
}

/// A limit as it is typed.
pub(super) fn number_of_seconds(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err("a number of seconds above 0 is needed".to_owned()),
    }
}
