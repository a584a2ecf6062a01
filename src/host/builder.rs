//! What a host is made of.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::engine::{self, EnteredText, ExitRequest};
use super::resolver::Resolver;
use super::sources::Sources;
use super::{Host, HostError, Target};
use crate::deadline::Deadline;
use crate::natives::env::RunOptions;
use crate::natives::log::{LogFunction, LogRecord, LogSink};
use crate::natives::log_levels::LogLevels;
use crate::natives::{Gate, NativeContext, NativeResult, OutputSink};

/// What scripts may do besides computing and talking to their target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permissions {
    files: bool,
    network: bool,
    environment: bool,
}

impl Permissions {
    /// Everything, as on the command line.
    pub const ALL: Self = Self { files: true, network: true, environment: true };

    /// Nothing; what a host of the library starts with.
    pub const NONE: Self = Self { files: false, network: false, environment: false };

    /// The same with one thing more.
    #[must_use]
    pub fn allow(mut self, gate: Gate) -> Self {
        match gate {
            Gate::Files => self.files = true,
            Gate::Network => self.network = true,
            Gate::Environment => self.environment = true,
        }
        self
    }

    fn denied(self) -> impl Iterator<Item = Gate> {
        [
            (Gate::Files, self.files),
            (Gate::Network, self.network),
            (Gate::Environment, self.environment),
        ]
        .into_iter()
        .filter_map(|(gate, allowed)| (!allowed).then_some(gate))
    }
}

/// Collects what a [`Host`] is made of; by default it has no target, no deadline, no
/// permissions, and throws away what scripts print and log.
pub struct HostBuilder {
    target: Target,
    limit: Option<Duration>,
    operation_limit: Option<Duration>,
    permissions: Permissions,
    output: Option<OutputSink>,
    log: Option<LogFunction>,
    log_levels: LogLevels,
    module_folders: Vec<PathBuf>,
    options: serde_json::Map<String, serde_json::Value>,
    color: bool,
    pretty: bool,
}

impl Default for HostBuilder {
    fn default() -> Self {
        Self {
            target: Target::None,
            limit: None,
            operation_limit: None,
            permissions: Permissions::NONE,
            output: None,
            log: None,
            log_levels: LogLevels::default(),
            module_folders: Vec::new(),
            options: serde_json::Map::new(),
            color: false,
            pretty: false,
        }
    }
}

impl HostBuilder {
    /// The agency that `agency::current()` gives.
    #[must_use]
    pub fn target(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    /// How long each run may take; it is ended then, even inside `try`.
    #[must_use]
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// How long one operation on embedded agents may take, with all its repetitions; 30 s unless said.
    ///
    /// For agents that exist already their [`ClientOptions`](crate::client::ClientOptions) say it.
    #[must_use]
    pub fn operation_timeout(mut self, limit: Duration) -> Self {
        self.operation_limit = Some(limit);
        self
    }

    /// What scripts may do.
    #[must_use]
    pub fn permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = permissions;
        self
    }

    /// Takes what scripts print, newlines included.
    #[must_use]
    pub fn output(mut self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.output = Some(Arc::new(sink));
        self
    }

    /// Takes the lines that scripts log.
    #[must_use]
    pub fn log_sink(mut self, sink: impl Fn(&LogRecord) + Send + Sync + 'static) -> Self {
        self.log = Some(Arc::new(sink));
        self
    }

    /// Applies `level`, `topic=level` or `all=level`.
    ///
    /// # Errors
    /// Unknown topic or level.
    pub fn log_level(self, spec: &str) -> NativeResult<Self> {
        self.log_levels.set(spec)?;
        Ok(self)
    }

    /// Adds a folder that `import` looks into, after the folder of the importing script.
    #[must_use]
    pub fn module_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.module_folders.push(folder.into());
        self
    }

    /// The options that `env::options()` shows; those with `secret` or `password` in their
    /// names are left out there.
    #[must_use]
    pub fn options(mut self, options: serde_json::Map<String, serde_json::Value>) -> Self {
        self.options = options;
        self
    }

    /// Whether scripts may use colours.
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.color = color;
        self
    }

    /// Whether `print` writes values over several lines.
    #[must_use]
    pub fn pretty(mut self, pretty: bool) -> Self {
        self.pretty = pretty;
        self
    }

    /// The finished host. Connections are made, and embedded agents started, when a script
    /// first asks for them.
    ///
    /// # Errors
    /// The target cannot be one: an even number of agents, or no endpoint.
    pub fn build(self) -> Result<Host, HostError> {
        self.target.check()?;
        let mut context = NativeContext::builder()
            .deadline(Deadline::default())
            .color(self.color)
            .pretty(self.pretty)
            .extension(Arc::new(LogSink(self.log)))
            .extension(Arc::new(self.log_levels))
            .extension(Arc::new(RunOptions(self.options)));
        if let Some(output) = self.output {
            context = context.output(output);
        }
        context = self.permissions.denied().fold(context, |context, gate| context.deny(gate));
        let context = self.target.put_into(context, self.operation_limit).build();
        let sources = Arc::new(Sources::default());
        let resolver = Arc::new(Resolver::new(Arc::clone(&sources), self.module_folders));
        let exit = ExitRequest::default();
        let entered = EnteredText::default();
        Ok(Host {
            engine: engine::build(&context, Arc::clone(&resolver), &exit, entered.clone()),
            entered,
            context,
            limit: self.limit,
            exit,
            sources,
            resolver,
            last: std::sync::Mutex::default(),
        })
    }
}
