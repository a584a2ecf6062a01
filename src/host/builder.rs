//! What a host is made of.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rhai::{Module, Shared};

use super::engine::{self, EnteredText, Steps};
use super::interpreter::Interpreter;
use super::resolver::Resolver;
use super::script_thread::BigStack;
use super::sources::Sources;
use super::target::TargetSettings;
use super::{Host, HostError, Limits, Target, stdlib};
use crate::clock::Clock;
use crate::deadline::Deadline;
use crate::natives::env::RunOptions;
use crate::natives::fs::TempDirectory;
use crate::natives::log::{LogFunction, LogRecord, LogSink};
use crate::natives::log_levels::LogLevels;
use crate::natives::{
    ExitRequest, NAMESPACES, NativeContext, NativeResult, OutputSink, Permissions,
};

/// Collects what a [`Host`] is made of; by default it has no target, no deadline, no
/// permissions, and throws away what scripts print and log. Clones make hosts of the same settings.
///
/// Sinks, hooks and natives are called on the threads that run scripts, also on several at once when tests run.
#[derive(Clone)]
pub struct HostBuilder {
    target: Target,
    limit: Option<Duration>,
    clock: Clock,
    target_settings: TargetSettings,
    permissions: Permissions,
    limits: Limits,
    output: Option<OutputSink>,
    notes: Option<OutputSink>,
    log: Option<LogFunction>,
    log_levels: LogLevels,
    module_folders: Vec<PathBuf>,
    temp_dir: Option<PathBuf>,
    options: serde_json::Map<String, serde_json::Value>,
    arguments: Vec<String>,
    seed: Option<u64>,
    modules: Vec<(String, Shared<Module>)>,
    module_sources: HashMap<String, Arc<str>>,
    while_waiting: Option<Arc<dyn Fn() + Send + Sync>>,
    color: bool,
    pretty: bool,
}

impl Default for HostBuilder {
    fn default() -> Self {
        Self {
            target: Target::None,
            limit: None,
            clock: Clock::default(),
            target_settings: TargetSettings::default(),
            permissions: Permissions::none(),
            limits: Limits::default(),
            output: None,
            notes: None,
            log: None,
            log_levels: LogLevels::default(),
            module_folders: Vec::new(),
            temp_dir: None,
            options: serde_json::Map::new(),
            arguments: Vec::new(),
            seed: None,
            modules: Vec::new(),
            module_sources: HashMap::new(),
            while_waiting: None,
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

    /// The clock that scripts and their deadlines go by; the system's unless said.
    ///
    /// With [`Clock::manual`] pauses take no time, so that waits can be tested.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How long one operation on embedded agents may take, with all its repetitions, and one request
    /// of `arango`; 30 s and 1200 s unless said.
    ///
    /// For agents that exist already their [`ClientOptions`](crate::client::ClientOptions) say the former.
    #[must_use]
    pub fn operation_timeout(mut self, limit: Duration) -> Self {
        self.target_settings.operation_limit = Some(limit);
        self
    }

    /// The program that servers are started from which scripts launch as processes, called as `PROGRAM arangod …`: for
    /// hosts in programs that are not agencysh. The option `program` of such a cluster and `AGENCYSH_PROGRAM` go before it.
    #[cfg(feature = "standin")]
    #[must_use]
    pub fn server_program(mut self, program: impl Into<PathBuf>) -> Self {
        self.target_settings.server_program = Some(program.into());
        self
    }

    /// The database that paths of `arango` belong to at first; `_system` unless said.
    #[must_use]
    pub fn database(mut self, name: impl Into<String>) -> Self {
        self.target_settings.database = Some(name.into());
        self
    }

    /// Whether `arango` sends and asks for JSON in place of VelocyPack at first.
    #[must_use]
    pub fn force_json(mut self, on: bool) -> Self {
        self.target_settings.force_json = on;
        self
    }

    /// What scripts may do.
    #[must_use]
    pub fn permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = permissions;
        self
    }

    /// How much scripts may take; without bounds unless said.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Takes what scripts print, newlines included.
    #[must_use]
    pub fn output(mut self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.output = Some(Arc::new(sink));
        self
    }

    /// Takes the lines that scripts have for people apart from their output, without newlines.
    #[must_use]
    pub fn notes(mut self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.notes = Some(Arc::new(sink));
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

    /// The folder for temporary files, made when first needed and left at the end; otherwise a run has a
    /// folder of its own below the system's, removed if nothing is left in it.
    #[must_use]
    pub fn temp_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.temp_dir = Some(folder.into());
        self
    }

    /// The words that scripts see as theirs when a run is given none of its own.
    #[must_use]
    pub fn arguments(mut self, words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.arguments = words.into_iter().map(Into::into).collect();
        self
    }

    /// What all numbers of `random` follow from, so that runs can be repeated; the system's source unless said.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Natives of your own: scripts call the functions of `module` as `name::…`.
    ///
    /// A function whose first parameter is a [`NativeCallContext`](rhai::NativeCallContext) reaches the run it
    /// belongs to, with its deadline and its output, through [`natives::call`](crate::natives::call), which also gives
    /// its errors the place of the call. Natives that wait ask the deadline, so that they can be interrupted.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use agencysh::natives::{self, NativeError};
    ///
    /// let mut module = rhai::Module::new();
    /// module.set_native_fn("half", |call: rhai::NativeCallContext, number: i64| {
    ///     natives::call(&call, "math::half", |run| {
    ///         run.deadline.sleep(Duration::from_millis(1))?;
    ///         match number % 2 {
    ///             0 => Ok(number / 2),
    ///             _ => Err(NativeError::bad_parameter(format!("{number} is odd"))),
    ///         }
    ///     })
    /// });
    /// let host = agencysh::Host::builder().module("math", module).build()?;
    /// assert_eq!(host.eval("math::half(42)")?.value.as_int(), Ok(21));
    /// assert_eq!(host.eval("math::half(7)").unwrap_err().kind(), "argument.invalid");
    /// # Ok::<(), agencysh::HostError>(())
    /// ```
    #[must_use]
    pub fn module(mut self, name: impl Into<String>, module: impl Into<Shared<Module>>) -> Self {
        self.modules.push((name.into(), module.into()));
        self
    }

    /// A script that others can import as `name`, although it is in no file. It goes before files, and after the
    /// standard library. Errors call it `<name>`.
    ///
    /// ```
    /// let host = agencysh::Host::builder().module_source("shop", "fn name() { \"shop\" }").build()?;
    /// assert_eq!(host.eval("import \"shop\" as shop; shop::name()")?.value.into_string(), Ok("shop".into()));
    /// # Ok::<(), agencysh::HostError>(())
    /// ```
    #[must_use]
    pub fn module_source(mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        let name = name.into();
        // an import may leave the ending out
        let name = name.strip_suffix(".rhai").map(str::to_owned).unwrap_or(name);
        self.module_sources.insert(name, text.into());
        self
    }

    /// Calls `hook` on the thread that waits for this host, each [`GLANCE`](crate::deadline::GLANCE) or more often,
    /// so that it can look for reasons to interrupt it: the thread that called the host, and the threads that run
    /// scripts or wait inside of natives. Clients of [`Host::agency`] and [`Host::cluster`] call it as well. It has to be
    /// quick.
    #[must_use]
    pub fn while_waiting(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.while_waiting = Some(Arc::new(hook));
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
    /// The target cannot be one: an even number of agents, or no endpoint (`cluster.pool_size`, `agency.no_endpoints`).
    /// A module of the host's own has a name that is taken (`host.name_taken`).
    pub fn build(self) -> Result<Host, HostError> {
        self.target.check()?;
        self.check_names()?;
        let builder = self.clone();
        let exit = ExitRequest::default();
        let deadline = Deadline::by(self.clock);
        if let Some(hook) = self.while_waiting {
            deadline.while_waiting(hook);
        }
        let mut context = NativeContext::builder()
            .deadline(deadline)
            .seed(self.seed)
            .color(self.color)
            .pretty(self.pretty)
            .extension(Arc::new(LogSink(self.log)))
            .extension(Arc::new(self.log_levels))
            .extension(Arc::new(RunOptions(self.options)))
            .extension(Arc::new(exit.clone()));
        if let Some(folder) = self.temp_dir {
            context = context.extension(Arc::new(TempDirectory::at(folder)));
        }
        if let Some(output) = self.output {
            context = context.output(output);
        }
        if let Some(notes) = self.notes {
            context = context.notes(notes);
        }
        context = context.permissions(self.permissions).most_output(self.limits.output);
        let context = self.target.put_into(context, self.target_settings).build();
        let sources = Arc::new(Sources::default());
        let resolver = Arc::new(Resolver::new(
            Arc::clone(&sources),
            self.module_sources,
            self.module_folders,
            Arc::clone(&context),
        ));
        let steps = Steps::default();
        let entered = EnteredText::default();
        let resolve = Arc::clone(&resolver);
        let mut engine =
            engine::build(&context, resolve, &exit, &steps, &self.limits, entered.clone());
        for (name, module) in self.modules {
            engine.register_static_module(name, module);
        }
        let context_of_engine = Arc::clone(&context);
        let interpreter =
            Interpreter { engine, context: context_of_engine, entered, sources, resolver };
        Ok(Host {
            builder,
            stack: BigStack::default(),
            interpreter: Arc::new(interpreter),
            context,
            limit: self.limit,
            exit,
            steps,
            last: std::sync::Mutex::default(),
            client: std::sync::OnceLock::new(),
            tests: Arc::default(),
        })
    }

    /// How these settings' own target is used by tests.
    pub(super) fn test_target(&self) -> &Target {
        &self.target
    }

    /// The words of runs that are given none.
    pub(super) fn default_arguments(&self) -> &[String] {
        &self.arguments
    }

    fn check_names(&self) -> Result<(), HostError> {
        let namespace = |name: &&String| NAMESPACES.iter().any(|(taken, _)| taken == name);
        let natives = self.modules.iter().map(|(name, _)| name).find(namespace);
        let scripts = self.module_sources.keys().find(|name| stdlib::module(name).is_some());
        match natives.or(scripts) {
            Some(name) => Err(HostError::NameTaken { name: name.clone() }),
            None => Ok(()),
        }
    }
}
