//! Runs Rhai scripts; knows no terminal.
//!
//! A [`Host`] is an engine with all natives, an agency to talk to, a deadline and
//! places for output and log lines. It prints nothing by itself, ends nothing but
//! its runs and keeps no global state: hosts in one process never meet. It sets no
//! signal handler, no logger, no panic hook and no variable of the environment.
//!
//! | To | take |
//! |---|---|
//! | make a host | [`Host::builder`]; [`HostSettings`] from JSON |
//! | run scripts | [`Host::run_file`], [`Host::run_str`], [`Host::eval`], [`Host::call`] |
//! | run the tests of scripts | [`Host::tests`]; [`testing::Harness`] under `cargo test` |
//! | end a run early | [`HostBuilder::deadline`], [`Host::interrupt_handle`], [`HostBuilder::while_waiting`] |
//! | know what went wrong | [`HostError`], [`ScriptError`] |
//! | talk to the agency without a script | [`Host::agency`], [`AgencyClient`] |
//! | drive its servers | [`Host::cluster`], `Cluster` |
//! | add natives and modules | [`HostBuilder::module`], [`HostBuilder::module_source`] |
//!
//! Whatever waits can be ended: by the deadline of the run, by an interrupt from another thread, or by a hook that is
//! called on the waiting thread. Scripts cannot catch that. Which of them it was, [`HostError::stop`] tells.
//!
//! How this is made:
//!
//! * `builder`: what a host is made of
//! * `target`: the agency and the cluster of a run
//! * `settings`: the same, as text
//! * `cluster`: a cluster without scripts; `clusters`: how clusters are made, be they `embedded`, `launched`, `adopted` or `restored`
//! * `engine`, `limits`: the engine, and how much a script may take
//! * `interpreter`: the engine and what goes with it; `script_thread`: where it runs
//! * `resolver`, `stdlib`, `sources`, `script_text`: where scripts come from
//! * `error`, `cause`, `report`, `diagnosis`: what an uncaught error says
//! * `check`: finds mistakes without running a script
//! * `session`: one line after the other, as in a shell; `onlooker`: a glance at its agency
//! * `testing`: runs the tests of test scripts

#[cfg(feature = "standin")]
mod adopted;
mod builder;
mod cause;
mod check;
#[cfg(feature = "standin")]
mod cluster;
#[cfg(feature = "standin")]
mod clusters;
mod diagnosis;
#[cfg(feature = "standin")]
mod embedded;
mod engine;
mod error;
mod interpreter;
#[cfg(feature = "standin")]
mod launched;
mod limits;
mod onlooker;
mod report;
mod resolver;
#[cfg(feature = "standin")]
mod restored;
mod script_text;
mod script_thread;
mod session;
mod settings;
mod sources;
pub mod stdlib;
mod target;
pub mod testing;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rhai::{AST, CallFnOptions, Dynamic, EvalAltResult, Scope};
use serde_json::Value;

use crate::client::{AgencyClient, Transaction};
use crate::deadline::{Deadline, GLANCE};
use crate::natives::agency::AgencyTarget;
use crate::natives::cluster::{Cluster as ClusterHandle, Clusters};
use crate::natives::test::{Noted, TestState};
use crate::natives::{
    ExitRequest, Invocation, NativeContext, NativeError, end_children, from_json, to_json,
    with_causes,
};

pub use crate::deadline::Stop;
pub use crate::natives::cluster::Crash;
pub use crate::natives::{ErrorName, Gate, PermissionError, Permissions};
pub use builder::HostBuilder;
pub use cause::Cause;
#[cfg(feature = "standin")]
pub use cluster::Cluster;
#[cfg(feature = "cli")]
pub(crate) use diagnosis::nearest;
pub use error::{Frame, HostError, Location, ScriptError};
use interpreter::{Interpreter, callable};
pub use limits::Limits;
pub use onlooker::Onlooker;
pub use script_text::{ScriptFileError, read as read_script, read_from as read_script_from};
pub use session::{Callable, Entered, Session};
pub use settings::{
    Allowance, Granted, HostSettings, LimitSettings, PermissionSettings, SettingsError,
};
pub use target::{Target, Topology, TopologyError};
use testing::{Cancel, Observer, Selection, TestRun, TestRunner, TestSettings};

/// How deep functions may call each other.
pub const MAX_CALL_LEVELS: usize = 256;

/// Runs scripts, one after the other.
///
/// A host can be shared by threads. It does one thing at a time: a second run, or [`Host::call`], waits until the first
/// has ended, and so does [`Host::agency`] when servers have to be started for it. So a native must not use the very
/// host that runs it. Hosts that run at the same time are several hosts; they may use one
/// [`Cluster`](Target::Shared).
///
/// Its servers and connections, and the programs that scripts have started, end with it.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
///
/// use agencysh::{Host, Permissions};
///
/// let printed = Arc::new(Mutex::new(String::new()));
/// let sink = Arc::clone(&printed);
/// let host = Host::builder()
///     .permissions(Permissions::none())
///     .deadline(Duration::from_secs(10))
///     .arguments(["shop"])
///     .seed(7)
///     .output(move |text| sink.lock().unwrap().push_str(text))
///     .log_sink(|record| drop(record.line()))
///     .build()?;
/// host.eval("print(\"words:\", env::args())")?;
/// assert_eq!(*printed.lock().unwrap(), "words: [ \"shop\" ]\n");
/// # Ok::<(), agencysh::HostError>(())
/// ```
pub struct Host {
    builder: HostBuilder,
    stack: script_thread::BigStack,
    interpreter: Arc<Interpreter>,
    context: Arc<NativeContext>,
    limit: Option<Duration>,
    exit: ExitRequest,
    steps: engine::Steps,
    /// What [`Host::call`] calls of the script that ran last. Locked while one runs.
    last: Mutex<Option<Arc<AST>>>,
    /// The client of those who ask without a script.
    client: OnceLock<AgencyClient>,
    /// The test runs that go on.
    tests: Arc<Mutex<Vec<Cancel>>>,
}

/// What a script came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The value of its last expression; `()` when it called `exit`.
    pub value: Dynamic,
    /// What it gave to `exit`.
    pub exit_code: Option<i64>,
}

impl Outcome {
    /// The value as JSON: `()` becomes null, a blob an array of its bytes.
    ///
    /// # Errors
    /// Functions and custom types have no JSON form.
    pub fn to_json(&self) -> Result<Value, NativeError> {
        to_json(&self.value)
    }
}

/// A script that has been compiled, or why it cannot be.
type Compiled = Result<AST, Box<EvalAltResult>>;

/// Interrupts the run of a host, from any thread; it keeps nothing of the host alive.
#[derive(Debug, Clone)]
pub struct InterruptHandle {
    deadline: Deadline,
    tests: Arc<Mutex<Vec<Cancel>>>,
}

impl InterruptHandle {
    /// Ends the run, or the tests that run, within 20 ms where it waits and within some steps where it computes; a
    /// script can catch it only after `time::interrupt_sets_deadline(true)`. What is not running now is not concerned:
    /// an interrupt that comes before a run begins is forgotten. A native of your own ends when it looks at the
    /// deadline of its run.
    ///
    /// Operations of the clients of [`Host::agency`] have deadlines of their own, and go on.
    pub fn interrupt(&self) {
        self.tests.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(Cancel::cancel);
        self.deadline.interrupt();
    }
}

impl Host {
    /// Collects what a host is made of; see [`HostBuilder`] for what it is otherwise.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// Which servers of the run's own clusters have ended unasked so far.
    pub fn crashes(&self) -> Vec<Crash> {
        self.context.extension::<Clusters>().crashes()
    }

    /// What interrupts this host's runs, also those that begin later.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// let (sender, begun) = mpsc::channel();
    /// let host = agencysh::Host::builder().output(move |_| sender.send(()).unwrap()).build()?;
    /// let handle = host.interrupt_handle();
    /// let interrupter = std::thread::spawn(move || {
    ///     begun.recv().unwrap();
    ///     handle.interrupt();
    /// });
    /// let error = host.eval("print(); loop { try { sleep(60); } catch { } }").unwrap_err();
    /// assert!(error.is_interrupted());
    /// # interrupter.join().unwrap();
    /// # Ok::<(), agencysh::HostError>(())
    /// ```
    pub fn interrupt_handle(&self) -> InterruptHandle {
        let (deadline, tests) = (self.context.deadline.clone(), Arc::clone(&self.tests));
        InterruptHandle { deadline, tests }
    }

    /// A client of the host's agency, to be used without a script; each time the same. Its servers are started now,
    /// unless they run, within the time that [`HostBuilder::deadline`] gives.
    ///
    /// The client has a deadline of its own, [`AgencyClient::deadline`], which nothing but its user sets, and is free to
    /// write whatever the permissions of scripts are.
    ///
    /// # Errors
    /// The host has no agency, or its servers do not start. That no agent listens is no error yet.
    pub fn agency(&self) -> Result<AgencyClient, HostError> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let target = self.context.extension::<AgencyTarget>();
        let made = match target.made() {
            Some(made) => made,
            None => {
                let _running = self.lock_run();
                self.begin(None, self.limit);
                target.client(&self.context.deadline)?.ok_or(HostError::NoTarget)?
            }
        };
        let own = made.with_deadline(self.context.deadline.sibling());
        Ok(self.client.get_or_init(|| own).clone())
    }

    /// The cluster that the host was built for. Its servers are started when something is first done with them.
    ///
    /// # Errors
    /// The host has no target, or one that names nothing but endpoints.
    #[cfg(feature = "standin")]
    pub fn cluster(&self) -> Result<Cluster, HostError> {
        let clusters = self.context.extension::<Clusters>();
        Ok(Cluster::of(clusters.current()?.another(), self.context.deadline.sibling()))
    }

    /// Runs the tests of scripts in files, and in the files `*_test.rhai` of folders; tests that fail are results, no
    /// errors. The observer sees what happens meanwhile; `&()` sees nothing.
    ///
    /// Where the host's servers would be started for it, each file has such servers for itself; where they exist, all
    /// files use them one after the other. Output, logs and errors of the tests are in the results, and not in the
    /// sinks of the host. The deadline of the host does not concern tests: [`TestSettings::timeout`] and
    /// [`TestSettings::ends_at`] do.
    ///
    /// ```
    /// use agencysh::Host;
    /// use agencysh::host::testing::{Selection, TestSettings, Verdict};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let file = folder.path().join("sum_test.rhai");
    /// std::fs::write(&file, "fn test_sum() { if 1 + 1 != 2 { throw 2; } }\nfn test_no() { throw \"no\"; }")?;
    ///
    /// let host = Host::builder().build()?;
    /// let run = host.tests(&[file], TestSettings::default(), &Selection::default(), &())?;
    /// assert_eq!((run.count(Verdict::Passed), run.count(Verdict::Failed)), (1, 1));
    /// let failure = &run.files[0].tests[1].failures[0];
    /// assert_eq!(failure.error.location.as_ref().map(|place| place.line), Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A path leads nowhere, or there can be no thread.
    pub fn tests(
        &self,
        paths: &[PathBuf],
        settings: TestSettings,
        selection: &Selection,
        observer: &dyn Observer,
    ) -> Result<TestRun, HostError> {
        let files = testing::find_files(paths)?;
        let world = testing::World::of(self.builder.test_target());
        let runner = TestRunner::new(self.builder.clone(), world, settings);
        let cancel = runner.cancel();
        self.running_tests().push(cancel.clone());
        let (running, ended) = sync_channel::<()>(0);
        let run = std::thread::scope(|scope| {
            let tests = std::thread::Builder::new().name("agencysh-tests".to_owned());
            let thread = tests.spawn_scoped(scope, move || {
                let _running = running;
                runner.run(&files, selection, observer)
            });
            let thread = thread.map_err(HostError::Thread)?;
            while ended.recv_timeout(GLANCE) == Err(RecvTimeoutError::Timeout) {
                self.context.deadline.glance();
            }
            thread.join().map_or_else(|panic| std::panic::resume_unwind(panic), Ok)
        });
        self.running_tests().retain(|one| !one.is(&cancel));
        run
    }

    fn running_tests(&self) -> MutexGuard<'_, Vec<Cancel>> {
        self.tests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a script file with the words after its name; those of [`HostBuilder::arguments`] if there are none.
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// let script = folder.path().join("twice.rhai");
    /// std::fs::write(&script, "let n = parse_int(env::args()[0]); if n > 9 { exit(2) } n * 2")?;
    ///
    /// let host = agencysh::Host::builder().build()?;
    /// assert_eq!(host.run_file(&script, &["4"])?.value.as_int(), Ok(8));
    /// assert_eq!(host.run_file(&script, &["10"])?.exit_code, Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The file cannot be read, or the script ends with an error.
    pub fn run_file(
        &self,
        path: impl AsRef<Path>,
        arguments: &[impl AsRef<str>],
    ) -> Result<Outcome, HostError> {
        let text = script_text::read(path.as_ref())?;
        self.run_script(path, &text, arguments)
    }

    /// Runs the text of a script file that has been read already, by [`read_script`].
    ///
    /// # Errors
    /// The script ends with an error.
    pub fn run_script(
        &self,
        path: impl AsRef<Path>,
        text: &str,
        arguments: &[impl AsRef<str>],
    ) -> Result<Outcome, HostError> {
        let path = path.as_ref();
        self.run(&path.to_string_lossy(), text, Some(path), arguments)
    }

    /// As [`Self::run_script`] without arguments, with a deadline of its own; it ends at once when `cancelled` says so.
    fn run_script_within(
        &self,
        path: &Path,
        text: &str,
        limit: Option<Duration>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Outcome, HostError> {
        let name = path.to_string_lossy();
        self.run_within(&name, text, Some(path), Vec::new(), limit, cancelled)
    }

    /// Compiles the text of a script file, so that its functions can be called; none of its statements runs.
    fn load(&self, path: &Path, text: &str) -> Result<AST, HostError> {
        let mut last = self.lock_run();
        let name = path.to_string_lossy();
        self.context
            .set_invocation(Invocation { script: Some(path.to_owned()), arguments: Vec::new() });
        self.begin(Some(path), self.limit);
        let ast = self.compile(&name, text)?.map_err(|error| self.explained(&error, &name))?;
        *last = Some(Arc::new(callable(&ast)));
        Ok(ast)
    }

    /// Runs the text of a script; errors call it `name`. Words are those of [`Self::run_file`].
    ///
    /// # Errors
    /// The script ends with an error.
    pub fn run_str(
        &self,
        name: &str,
        text: &str,
        arguments: &[impl AsRef<str>],
    ) -> Result<Outcome, HostError> {
        let text = script_text::without_marks(text.to_owned());
        self.run(name, &text, None, arguments)
    }

    /// Runs a line of code and gives its value. Nothing of it is known to the next one.
    ///
    /// ```
    /// let host = agencysh::Host::builder().build()?;
    /// assert_eq!(host.eval("[1, 2, 3].filter(|n| n > 1)")?.to_json()?, serde_json::json!([2, 3]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// It ends with an error.
    pub fn eval(&self, code: &str) -> Result<Outcome, HostError> {
        self.run_str("<eval>", code, &[] as &[&str])
    }

    /// Calls a function of the script that ran last. An array holds its arguments; any other
    /// value is the only argument. Modules that the script imports are at hand, its variables
    /// and constants are not. A function that calls `exit` gives null.
    ///
    /// ```
    /// use serde_json::json;
    /// let host = agencysh::Host::builder().build()?;
    /// host.run_str("shards.rhai", "fn plan(db, n) { #{ db: db, shards: n } }", &[] as &[&str])?;
    /// assert_eq!(host.call("plan", json!(["shop", 2]))?, json!({"db": "shop", "shards": 2}));
    /// # Ok::<(), agencysh::HostError>(())
    /// ```
    ///
    /// # Errors
    /// There is no such function, it ends with an error, or what it returns has no JSON form.
    pub fn call(&self, function: &str, arguments: Value) -> Result<Value, HostError> {
        let arguments = match arguments {
            Value::Array(arguments) => arguments.into_iter().map(from_json).collect(),
            one => vec![from_json(one)],
        };
        let outcome = self.call_function(function, arguments)?;
        outcome.to_json().map_err(|error| {
            let name = self.lock_run().as_ref().and_then(|ast| ast.source().map(str::to_owned));
            let name = name.unwrap_or_default();
            self.explained(&error.into_engine_error(rhai::Position::NONE), &name).into()
        })
    }

    /// As [`Self::call`], with values of the language.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub fn call_function(
        &self,
        function: &str,
        arguments: Vec<Dynamic>,
    ) -> Result<Outcome, HostError> {
        self.call_within(function, arguments, self.limit, &|| false)
    }

    /// As [`Self::call_function`], with a deadline of its own; it ends at once when `cancelled` says so.
    fn call_within(
        &self,
        function: &str,
        arguments: Vec<Dynamic>,
        limit: Option<Duration>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Outcome, HostError> {
        let last = self.lock_run();
        let Some(script) = &*last else {
            return Err(HostError::NothingToCall { function: function.to_owned() });
        };
        self.begin(None, limit);
        self.interrupt_if(cancelled);
        let (ast, function) = (Arc::clone(script), function.to_owned());
        let result = self.on_big_stack(move |Interpreter { engine, .. }| {
            let options = CallFnOptions::new().eval_ast(true).in_all_namespaces(false);
            engine.call_fn_with_options(options, &mut Scope::new(), &ast, function, arguments)
        })?;
        self.finish(script.source().unwrap_or_default(), result)
    }

    /// Calls a function of a script whose text errors call `name`, and runs nothing else of it.
    ///
    /// # Errors
    /// There is no such function, or it ends with an error.
    pub fn call_in(
        &self,
        name: &str,
        text: &str,
        function: &str,
        arguments: Vec<Dynamic>,
    ) -> Result<Outcome, HostError> {
        self.load(Path::new(name), text)?;
        self.call_function(function, arguments)
    }

    /// Interrupts what begins now. Whoever cancels says so first, and interrupts then: one of both is noticed.
    fn interrupt_if(&self, cancelled: &dyn Fn() -> bool) {
        if cancelled() {
            self.context.deadline.interrupt();
        }
    }

    fn run(
        &self,
        name: &str,
        text: &str,
        script: Option<&Path>,
        arguments: &[impl AsRef<str>],
    ) -> Result<Outcome, HostError> {
        let arguments = match arguments {
            [] => self.builder.default_arguments().to_vec(),
            words => words.iter().map(|word| word.as_ref().to_owned()).collect(),
        };
        self.run_within(name, text, script, arguments, self.limit, &|| false)
    }

    fn run_within(
        &self,
        name: &str,
        text: &str,
        script: Option<&Path>,
        arguments: Vec<String>,
        limit: Option<Duration>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Outcome, HostError> {
        let mut last = self.lock_run();
        self.context.set_invocation(Invocation { script: script.map(Path::to_owned), arguments });
        self.begin(script, limit);
        self.interrupt_if(cancelled);
        let result = match self.compile(name, text)? {
            Ok(ast) => {
                *last = Some(Arc::new(callable(&ast)));
                self.on_big_stack(move |Interpreter { engine, .. }| engine.eval_ast(&ast))?
            }
            Err(error) => Err(error),
        };
        self.finish(name, result)
    }

    fn compile(&self, name: &str, text: &str) -> Result<Compiled, HostError> {
        let (name, text) = (name.to_owned(), text.to_owned());
        self.on_big_stack(move |interpreter| interpreter.compile(&Scope::new(), &name, &text))
    }

    fn begin(&self, script: Option<&Path>, limit: Option<Duration>) {
        self.interpreter.resolver.begin(script);
        self.exit.clear();
        self.steps.clear();
        self.context.begin_output();
        self.context.deadline.begin(limit);
    }

    /// Does `work` where the stack is big enough for the deepest scripts.
    fn on_big_stack<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Interpreter) -> T + Send + 'static,
    ) -> Result<T, HostError> {
        let interpreter = Arc::clone(&self.interpreter);
        self.stack.run(&self.context.deadline, move || work(&interpreter))
    }

    /// What a run came to, be it by its last expression, by `exit` or by an error.
    fn finish(
        &self,
        name: &str,
        result: Result<Dynamic, Box<EvalAltResult>>,
    ) -> Result<Outcome, HostError> {
        // the last thing that a script does, and what it does before it calls `exit`, may be too much as well
        if self.context.deadline.is_over()
            && (result.is_ok() || self.exit.requested().is_some())
            && let Err(stop @ Stop::TooMuchOutput { .. }) = self.context.deadline.check_run()
        {
            return Err(diagnosis::stopped(stop).into());
        }
        if let Some(code) = self.exit.requested() {
            return Ok(Outcome { value: Dynamic::UNIT, exit_code: Some(code) });
        }
        match result {
            Ok(value) => Ok(Outcome { value: value.flatten(), exit_code: None }),
            Err(error) => Err(self.explained(&error, name).into()),
        }
    }

    fn explained(&self, error: &EvalAltResult, name: &str) -> ScriptError {
        self.interpreter.explained(error, name)
    }

    /// Starts the servers that the run is made for, or connects to its agency; nothing happens where there is none.
    fn connect_within(
        &self,
        limit: Duration,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(), HostError> {
        let _running = self.lock_run();
        self.begin(None, Some(limit));
        self.interrupt_if(cancelled);
        let connected = self.context.extension::<AgencyTarget>().client(&self.context.deadline);
        let error = match connected {
            Ok(_) => return Ok(()),
            Err(error) => error.into_engine_error(rhai::Position::NONE),
        };
        Err(self.explained(&error, "").into())
    }

    /// Writes to the run's agency, if there is one; tells why it could not.
    fn write_within(
        &self,
        transaction: &Transaction,
        limit: Duration,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(), String> {
        let _running = self.lock_run();
        self.begin(None, Some(limit));
        self.interrupt_if(cancelled);
        let client = self.context.extension::<AgencyTarget>().client(&self.context.deadline);
        let Some(client) = client.map_err(|error| error.message().to_owned())? else {
            return Ok(());
        };
        let outcome = client.with_timeout(limit).write(std::slice::from_ref(transaction));
        match outcome.map(|outcome| outcome.all_applied()) {
            Ok(true) => Ok(()),
            Ok(false) => Err("the agency refused it".to_owned()),
            Err(error) => Err(with_causes(&error)),
        }
    }

    /// A client of the run's agency, with limits of its own.
    fn glance_at_agency(&self, limit: Duration) -> Option<AgencyClient> {
        Onlooker::new(self.context.extension(), true).client(limit)
    }

    /// The cluster that the run is made for.
    fn current_cluster(&self) -> Option<ClusterHandle> {
        self.context.extension::<Clusters>().current().ok().cloned()
    }

    /// Ends the children that scripts have started and that still run; gives their command lines.
    fn end_children(&self) -> Vec<String> {
        end_children(&self.context)
    }

    /// Says that a test begins.
    fn begin_test(&self, name: &str) {
        self.context.extension::<TestState>().begin(name);
    }

    /// Whether the test has noted a failure and gone on.
    fn has_noted(&self) -> bool {
        self.context.extension::<TestState>().has_noted()
    }

    /// Says that the test has ended; gives the failures that it noted and went on after.
    fn end_test(&self) -> Vec<ScriptError> {
        let noted = self.context.extension::<TestState>().end();
        let explained = |one: Noted| {
            let error = EvalAltResult::ErrorRuntime(one.error.into(), one.position);
            let name = one.source.unwrap_or_default();
            diagnosis::explain(
                &error,
                &name,
                &self.interpreter.sources,
                self.interpreter.engine.max_call_levels(),
                Vec::new,
            )
        };
        noted.into_iter().map(explained).collect()
    }

    fn lock_run(&self) -> MutexGuard<'_, Option<Arc<AST>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Host")
    }
}
