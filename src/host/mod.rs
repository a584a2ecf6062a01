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
//! * `runs`: runs of scripts; `embedder`: interrupts, the agency, the cluster, and tests
//! * `resolver`, `stdlib`, `sources`, `script_text`: where scripts come from
//! * `error`, `cause`, `report`, `diagnosis`: what an uncaught error says
//! * `check`: finds mistakes without running a script
//! * `session`: one line after the other, as in a shell; `onlooker`: a glance at its agency
//! * `testing`: runs the tests of test scripts; `for_tests`: what it needs of a host

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
mod embedder;
mod engine;
mod error;
mod for_tests;
mod interpreter;
#[cfg(feature = "standin")]
mod launched;
mod limits;
mod onlooker;
mod report;
mod resolver;
#[cfg(feature = "standin")]
mod restored;
mod runs;
mod script_text;
mod script_thread;
mod session;
mod settings;
mod sources;
pub mod stdlib;
mod target;
pub mod testing;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rhai::AST;

use crate::client::AgencyClient;
use crate::natives::{ExitRequest, NativeContext};

pub use crate::deadline::Stop;
pub use crate::natives::cluster::Crash;
pub use crate::natives::{ErrorName, Gate, PermissionError, Permissions};
pub use builder::HostBuilder;
pub use cause::Cause;
#[cfg(feature = "standin")]
pub use cluster::Cluster;
#[cfg(feature = "cli")]
pub(crate) use diagnosis::nearest;
pub use embedder::InterruptHandle;
pub use error::{Frame, HostError, Location, ScriptError};
use interpreter::Interpreter;
pub use limits::Limits;
pub use onlooker::Onlooker;
use runs::Compiled;
pub use runs::Outcome;
pub use script_text::{ScriptFileError, read as read_script, read_from as read_script_from};
pub use session::{Callable, Entered, Session};
pub use settings::{
    Allowance, Granted, HostSettings, LimitSettings, PermissionSettings, SettingsError,
};
pub use target::{Target, Topology, TopologyError};
use testing::Cancel;

/// How deep functions may call each other.
pub const MAX_CALL_LEVELS: usize = 256;

/// Runs scripts, one after the other.
///
/// A host can be shared by threads. It does one thing at a time: a second run, or [`Host::call`], waits until the first
/// has ended, and so does [`Host::agency`] when servers have to be started for it. So natives, sinks and hooks must
/// not use the very host that calls them, except to interrupt it. Hosts that run at the same time are several hosts;
/// they may use one [`Cluster`](Target::Shared).
///
/// When a sink, a hook or a native panics, the run ends and the panic goes on where the host was called; the host stays
/// usable.
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

impl Host {
    /// Collects what a host is made of; see [`HostBuilder`] for what it is otherwise.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
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

    fn lock_run(&self) -> MutexGuard<'_, Option<Arc<AST>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Host")
    }
}
