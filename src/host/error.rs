//! Why a run ended without a result.

use std::fmt;

use serde_json::{Map, Value};

use super::script_text::ScriptFileError;
use crate::deadline::Stop;

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
            Self::NoEndpoints => "agency.no_endpoints",
            Self::Thread(_) => "host.thread",
            Self::NothingToCall { .. } => "host.nothing_to_call",
        }
    }
}

impl From<ScriptError> for HostError {
    fn from(error: ScriptError) -> Self {
        Self::Script(Box::new(error))
    }
}
