//! Why a run ended without a result.

use std::fmt;

use serde_json::{Map, Value, json};

use super::SettingsError;
use super::script_text::ScriptFileError;
use super::testing::DiscoveryError;
use crate::deadline::Stop;
use crate::natives::NativeError;

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
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ScriptError {
    /// The stable dotted name, such as `agency.no_leader` or `script.unknown_variable`.
    pub kind: String,
    /// The text for people, without its causes.
    pub message: String,
    /// What caused it, the nearest first.
    pub causes: Vec<String>,
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

impl std::error::Error for ScriptError {}

/// Why a host cannot be built, or a run has no result.
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
    #[error("{}", .0.message())]
    Native(NativeError),
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
    /// The stable dotted name.
    pub fn kind(&self) -> &str {
        match self {
            Self::Script(error) => &error.kind,
            Self::File(error) => error.kind(),
            #[cfg(feature = "standin")]
            Self::Launch(error) => error.kind(),
            Self::PoolSize { .. } => "cluster.pool_size",
            Self::Native(error) => error.kind(),
            Self::Settings(error) => error.kind(),
            Self::Discovery(_) => "test.not_found",
            Self::NoTarget => "agency.no_target",
            Self::NameTaken { .. } => "host.name_taken",
            Self::NoEndpoints => "agency.no_endpoints",
            Self::Thread(_) => "host.thread",
            Self::NothingToCall { .. } => "host.nothing_to_call",
        }
    }
}

impl HostError {
    /// The script's error, if it is one.
    pub fn script(&self) -> Option<&ScriptError> {
        match self {
            Self::Script(error) => Some(error),
            _ => None,
        }
    }

    /// The error as an object, with the members of [`ScriptError::to_json`].
    pub fn to_json(&self) -> Value {
        let plain = |error_num, code, context, stop| {
            let causes = match self {
                Self::Native(_) => Vec::new(),
                other => crate::natives::causes(other).collect(),
            };
            let (kind, message) = (self.kind().to_owned(), self.to_string());
            ScriptError {
                kind,
                message,
                causes,
                error_num,
                code,
                context,
                stop,
                ..ScriptError::default()
            }
        };
        match self {
            Self::Script(error) => error.to_json(),
            Self::Native(error) => {
                let (num, code) = (error.error_num(), error.code());
                plain(num, code, error.context(), error.stop().cloned()).to_json()
            }
            _ => plain(None, None, Map::new(), None).to_json(),
        }
    }
}

impl ScriptError {
    /// The error as an object: `kind`, `message`, `error_num`, `code` and `context` as scripts see them; `causes`, an
    /// array of texts; `file`, `line`, `column` and `source_line` of where it arose; `trace`, the calls that led there,
    /// the outermost first, each with `function`, `file`, `line`, `column`; `hint`; `stop`: `deadline`,
    /// `interrupted`, `limit` when such a thing ended the run. What does not apply is null.
    pub fn to_json(&self) -> Value {
        let mut object = json!({
            "kind": self.kind,
            "message": self.message,
            "error_num": self.error_num,
            "code": self.code,
            "context": self.context,
            "causes": self.causes,
        });
        let place = self.location.as_ref();
        let more = json!({
            "file": place.map(|place| &place.source),
            "line": place.map(|place| place.line),
            "column": place.and_then(|place| place.column),
            "source_line": place.and_then(|place| place.text.as_ref()),
            "trace": self.trace.iter().map(Frame::to_json).collect::<Vec<_>>(),
            "hint": self.hint,
            "stop": self.stop.as_ref().map(stop_name),
        });
        if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
            object.extend(more);
        }
        object
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

/// What ended a run, in one word.
fn stop_name(stop: &Stop) -> &'static str {
    match stop {
        Stop::Deadline | Stop::ScriptDeadline { .. } => "deadline",
        Stop::Interrupted => "interrupted",
        Stop::TooManyOperations { .. } | Stop::TooMuchOutput { .. } => "limit",
    }
}

impl From<NativeError> for HostError {
    fn from(error: NativeError) -> Self {
        Self::Native(error)
    }
}

impl From<ScriptError> for HostError {
    fn from(error: ScriptError) -> Self {
        Self::Script(Box::new(error))
    }
}
