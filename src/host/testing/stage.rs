//! A host with a test file in it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rhai::Dynamic;

use super::cancel::{Cancel, Watched};
use super::settings::Limit;
use crate::client::Transaction;
use crate::deadline::Stop;
use crate::host::{Host, HostBuilder, HostError, Outcome, ScriptError};

/// The kind of what took too long.
const TIMEOUT: &str = "test.timeout";

/// The kind of what was not over when all had to be.
const DEADLINE: &str = "test.deadline";

/// What a host printed and logged.
#[derive(Debug, Clone, Default)]
struct Printed(Arc<Mutex<String>>);

impl Printed {
    fn push(&self, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
    }

    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A host with a test file in it; its servers end with it.
pub(super) struct Stage {
    host: Host,
    printed: Printed,
    cancel: Cancel,
    _watched: Watched,
}

impl Stage {
    /// A host that takes down what its scripts print.
    pub(super) fn build(builder: HostBuilder, cancel: &Cancel) -> Result<Self, Box<ScriptError>> {
        let printed = Printed::default();
        let (output, log) = (printed.clone(), printed.clone());
        let host = builder
            .output(move |text| output.push(text))
            .log_sink(move |record| log.push(&format!("{}\n", record.line())))
            .build()
            .map_err(as_script_error)?;
        let watched = cancel.watch(host.interrupt_handle());
        Ok(Self { host, printed, cancel: cancel.clone(), _watched: watched })
    }

    /// Starts the servers that the host is made for, or connects to them.
    pub(super) fn connect(&self, limit: Duration) -> Result<(), Box<ScriptError>> {
        let connected = self.host.connect_within(limit, &|| self.cancel.is_set());
        connected.map_err(as_script_error)
    }

    /// Writes to the agency, if there is one.
    pub(super) fn write(&self, transaction: &Transaction, limit: Duration) -> Result<(), String> {
        self.host.write_within(transaction, limit, &|| self.cancel.is_set())
    }

    /// The host.
    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// Whether all tests are to end.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel.is_set()
    }

    /// Runs the statements of the file that stand outside of functions.
    pub(super) fn load(
        &self,
        path: &Path,
        text: &str,
        limit: Limit,
    ) -> Result<(), Box<ScriptError>> {
        let cancelled = || self.cancel.is_set();
        caught(|| {
            let outcome = self.host.run_script_within(path, text, Some(limit.time), &cancelled);
            ended(outcome, "the file", limit)
        })
    }

    /// Calls a function of the file.
    pub(super) fn call(
        &self,
        function: &str,
        arguments: Vec<Dynamic>,
        limit: Limit,
    ) -> Result<(), Box<ScriptError>> {
        let cancelled = || self.cancel.is_set();
        caught(|| {
            let outcome = self.host.call_within(function, arguments, Some(limit.time), &cancelled);
            ended(outcome, function, limit)
        })
    }

    /// A test begins.
    pub(super) fn begin_test(&self, name: &str) {
        self.host.begin_test(name);
    }

    /// The test has ended; gives what it noted as failures.
    pub(super) fn end_test(&self) -> Vec<ScriptError> {
        self.host.end_test()
    }

    /// Takes what has been printed and logged since it was last asked.
    pub(super) fn printed(&self) -> String {
        self.printed.take()
    }
}

/// A native or a hook that panics costs a test, not those after it: the host stays usable.
fn caught(call: impl FnOnce() -> Result<(), Box<ScriptError>>) -> Result<(), Box<ScriptError>> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(Box::new(panicked(&*panic))))
}

/// The error of a panic.
pub(super) fn panicked(panic: &(dyn Any + Send)) -> ScriptError {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    ScriptError {
        kind: "test.panicked".to_owned(),
        message: format!("the program panicked: {}", text.unwrap_or("it is not known why")),
        hint: Some("this is a fault of the program or of its natives, not of the test".to_owned()),
        ..ScriptError::default()
    }
}

/// A call that has to come back: `exit` is no way to end a test.
fn ended(
    outcome: Result<Outcome, HostError>,
    what: &str,
    limit: Limit,
) -> Result<(), Box<ScriptError>> {
    match outcome.map(|outcome| outcome.exit_code) {
        Ok(None) => Ok(()),
        Ok(Some(code)) => Err(Box::new(ScriptError {
            kind: "test.exit".to_owned(),
            message: format!("{what} called exit({code})"),
            hint: Some("a test ends by returning, or by an error".to_owned()),
            ..ScriptError::default()
        })),
        Err(error) => Err(ended_by(error, what, limit)),
    }
}

/// The error that ended something; it says which limit it was, if it was one.
pub(super) fn ended_by(error: HostError, what: &str, limit: Limit) -> Box<ScriptError> {
    let mut error = as_script_error(error);
    if error.stop != Some(Stop::Deadline) {
        return error;
    }
    let (kind, message, hint) = match limit.is_of_all {
        true => (
            DEADLINE,
            format!("the deadline of all tests passed before the end of {what}"),
            "--deadline gives all tests together more time",
        ),
        false => (
            TIMEOUT,
            format!("{what} took longer than {} s", limit.time.as_secs_f64()),
            "--test-timeout gives each test more time",
        ),
    };
    (error.kind, error.message) = (kind.to_owned(), message);
    error.hint = Some(hint.to_owned());
    error
}

/// Every reason why a script has no result as an error of a script.
pub(super) fn as_script_error(error: HostError) -> Box<ScriptError> {
    match error {
        HostError::Script(error) => error,
        other => Box::new(other.as_script_error().into_owned()),
    }
}
