//! Why a run ended without a result.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value, json};

use super::SettingsError;
use super::cause::{Cause, take_causes};
use super::script_text::ScriptFileError;
use super::testing::DiscoveryError;
use crate::deadline::Stop;
use crate::natives::{ErrorName, NativeError};

/// The kind of an error that a script's own deadline raises, which it may catch.
const SCRIPT_DEADLINE: &str = "deadline.script";

/// A place in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file, or a name such as `<eval>` or `<stdlib>/assert.rhai`.
    pub source: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1; `None` at the very beginning of a line.
    pub column: Option<usize>,
    /// The text of the line.
    pub text: Option<String>,
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.source, self.line, self.column.unwrap_or(1))
    }
}

/// One call, or import, on the way to where an error arose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What was called, such as `check_leader` or `import "assert"`.
    pub function: String,
    /// Where it was called.
    pub location: Option<Location>,
}

/// An error that a script did not catch.
///
/// Its [`source`](std::error::Error::source) is what caused it, such as the system's error behind `fs.failed`.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ScriptError {
    /// The stable dotted name, such as `agency.no_leader` or `script.unknown_variable`.
    pub kind: String,
    /// The text for people, without its causes.
    pub message: String,
    /// The `name` that scripts see.
    pub name: ErrorName,
    /// What caused it, if that is known.
    pub cause: Option<Box<Cause>>,
    /// ArangoDB's error number.
    pub error_num: Option<i64>,
    /// The HTTP status of the answer behind the error.
    pub code: Option<i64>,
    /// What the native that raised it added, such as `path` or `endpoint`; or what the script threw.
    pub context: Map<String, Value>,
    /// Where it arose, in the user's own scripts: calls inside the standard library are passed over.
    pub location: Option<Location>,
    /// The calls that led there, the outermost first.
    pub trace: Vec<Frame>,
    /// What may help.
    pub hint: Option<String>,
    /// Set when a deadline or an interrupt ended the run.
    pub stop: Option<Stop>,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Some(location) => write!(formatter, "{location}: {}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}

impl std::error::Error for ScriptError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

/// Why a host cannot be built, or a run has no result.
///
/// What a harness asks for, it can ask without a match: kind, message, place, trace; and all of it as JSON.
///
/// ```
/// let host = agencysh::Host::builder().build()?;
/// let error = host.run_str("main.rhai", "fn f() {\n  throw \"no\";\n}\nf()", &[] as &[&str]).unwrap_err();
/// assert_eq!((error.kind(), error.message().as_str()), ("script.thrown", "no"));
/// assert_eq!((error.file(), error.line()), (Some("main.rhai"), Some(2)));
/// assert_eq!(error.trace()[0].function, "f");
/// assert!(!error.is_deadline());
/// assert_eq!(error.to_json()["trace"][0]["line"], 4);
/// # Ok::<(), agencysh::HostError>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// There can be no such cluster.
    #[cfg(feature = "standin")]
    #[error("there can be no such cluster")]
    Launch(#[source] crate::cluster::LaunchError),
    /// The script ended with an error.
    #[error(transparent)]
    Script(Box<ScriptError>),
    /// The script file cannot be used.
    #[error(transparent)]
    File(#[from] ScriptFileError),
    /// An agency needs an odd number of agents.
    #[error("an agency of {agents} agents is not possible, the number must be odd")]
    PoolSize {
        /// The number asked for.
        agents: usize,
    },
    /// A library call failed outside of any script.
    #[error(transparent)]
    Native(Box<ScriptError>),
    /// What the host is made of is described wrongly.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The tests cannot be found.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// The host has no agency to talk to.
    #[error("this host has no agency: give it a target")]
    NoTarget,
    /// A module of the host's own would hide one of agencysh.
    #[error("the name '{name}' is taken by a module of agencysh")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The target names no agent.
    #[error("the target has no endpoint")]
    NoEndpoints,
    /// No thread to run the script on.
    #[error("cannot start a thread for the script")]
    Thread(#[source] std::io::Error),
    /// A function was called before any script ran.
    #[error("no script has been run that could define '{function}'")]
    NothingToCall {
        /// The function asked for.
        function: String,
    },
}

impl HostError {
    /// The stable dotted name, such as `agency.no_leader`, `script.unknown_variable` or `host.settings`.
    pub fn kind(&self) -> &str {
        match self {
            Self::Script(error) | Self::Native(error) => &error.kind,
            Self::File(error) => error.kind(),
            #[cfg(feature = "standin")]
            Self::Launch(error) => error.kind(),
            Self::PoolSize { .. } => "cluster.pool_size",
            Self::Settings(error) => error.kind(),
            Self::Discovery(_) => "test.not_found",
            Self::NoTarget => "agency.no_target",
            Self::NameTaken { .. } => "host.name_taken",
            Self::NoEndpoints => "agency.no_endpoints",
            Self::Thread(_) => "host.thread",
            Self::NothingToCall { .. } => "host.nothing_to_call",
        }
    }

    /// The text for people, without place and causes: those are told by [`Self::location`] and
    /// [`source`](std::error::Error::source), and both by [`Self::report`].
    pub fn message(&self) -> String {
        self.as_script_error().message.clone()
    }

    /// The script's error, if it is one.
    pub fn script(&self) -> Option<&ScriptError> {
        match self {
            Self::Script(error) => Some(error),
            _ => None,
        }
    }

    /// Where it arose in a script.
    pub fn location(&self) -> Option<&Location> {
        self.script().and_then(|error| error.location.as_ref())
    }

    /// The script file where it arose, or a name such as `<eval>`.
    pub fn file(&self) -> Option<&str> {
        self.location().map(|location| location.source.as_str())
    }

    /// The line where it arose, counted from 1.
    pub fn line(&self) -> Option<usize> {
        self.location().map(|location| location.line)
    }

    /// The calls of the script that led there, the outermost first.
    pub fn trace(&self) -> &[Frame] {
        self.script().map_or(&[], |error| &error.trace)
    }

    /// The deadline, interrupt or limit that ended the run, if one did.
    pub fn stop(&self) -> Option<&Stop> {
        match self {
            Self::Script(error) | Self::Native(error) => error.stop.as_ref(),
            _ => None,
        }
    }

    /// Whether a deadline ended it: the run's, or one that the script has set for itself.
    pub fn is_deadline(&self) -> bool {
        self.as_script_error().stop_name() == Some("deadline")
    }

    /// Whether an interrupt ended it.
    pub fn is_interrupted(&self) -> bool {
        self.stop() == Some(&Stop::Interrupted)
    }

    /// The error as an object, with the members of [`ScriptError::to_json`].
    pub fn to_json(&self) -> Value {
        self.as_script_error().to_json()
    }

    /// What a script would say of it.
    pub(super) fn as_script_error(&self) -> Cow<'_, ScriptError> {
        match self {
            Self::Script(error) | Self::Native(error) => Cow::Borrowed(error),
            other => {
                let causes: Vec<String> = crate::natives::causes(other).collect();
                Cow::Owned(ScriptError {
                    kind: self.kind().to_owned(),
                    message: self.to_string(),
                    cause: Cause::chain(causes),
                    ..ScriptError::default()
                })
            }
        }
    }
}

impl ScriptError {
    /// The texts of its causes, the nearest first.
    pub fn causes(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(self.cause.as_deref(), |cause| cause.cause()).map(Cause::message)
    }

    /// The error as an object: `kind`, `name`, `message`, `error_num`, `code` and `context` as scripts see them;
    /// `causes`, an array of texts; `file`, `line`, `column` and `source_line` of where it arose; `trace`, the calls that
    /// led there, the outermost first, each with `function`, `file`, `line`, `column`; `hint`; `stop`: `deadline`,
    /// `interrupted`, `limit` when such a thing ended the run. What does not apply is null. Lines and columns are counted
    /// from 1.
    pub fn to_json(&self) -> Value {
        let place = self.location.as_ref();
        json!({
            "kind": self.kind,
            "name": self.name.as_str(),
            "message": self.message,
            "error_num": self.error_num,
            "code": self.code,
            "context": self.context,
            "causes": self.causes().collect::<Vec<_>>(),
            "file": place.map(|place| &place.source),
            "line": place.map(|place| place.line),
            "column": place.and_then(|place| place.column),
            "source_line": place.and_then(|place| place.text.as_ref()),
            "trace": self.trace.iter().map(Frame::to_json).collect::<Vec<_>>(),
            "hint": self.hint,
            "stop": self.stop_name(),
        })
    }

    /// What ended the run, in one word; none of the run's own limits has to be the reason.
    fn stop_name(&self) -> Option<&'static str> {
        match &self.stop {
            Some(Stop::Deadline | Stop::ScriptDeadline { .. }) => Some("deadline"),
            Some(Stop::Interrupted) => Some("interrupted"),
            Some(Stop::TooManyOperations { .. } | Stop::TooMuchOutput { .. }) => Some("limit"),
            None => (self.kind == SCRIPT_DEADLINE).then_some("deadline"),
        }
    }
}

impl Frame {
    fn to_json(&self) -> Value {
        let place = self.location.as_ref();
        json!({
            "function": self.function,
            "file": place.map(|place| &place.source),
            "line": place.map(|place| place.line),
            "column": place.and_then(|place| place.column),
        })
    }
}

impl From<NativeError> for HostError {
    fn from(error: NativeError) -> Self {
        let mut context = error.context();
        let (message, cause) = take_causes(error.message().to_owned(), &mut context);
        Self::Native(Box::new(ScriptError {
            kind: error.kind().to_owned(),
            message,
            name: error.name(),
            cause,
            error_num: error.error_num(),
            code: error.code(),
            context,
            stop: error.stop().cloned(),
            ..ScriptError::default()
        }))
    }
}

impl From<ScriptError> for HostError {
    fn from(error: ScriptError) -> Self {
        Self::Script(Box::new(error))
    }
}
