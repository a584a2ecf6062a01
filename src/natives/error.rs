//! Library errors become the one error map that scripts see (host-natives §3.2).

use std::sync::Arc;

use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext, Position};

use super::context::NativeContext;
use crate::deadline::Stop;

/// The `name` of an error map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorName {
    /// An error with one of ArangoDB's numbers.
    ArangoError,
    /// A value of the wrong type.
    TypeError,
    /// Text that cannot be parsed.
    SyntaxError,
    /// Anything without a number.
    #[default]
    Error,
}

impl ErrorName {
    /// The name that scripts see as `word`.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::ArangoError, Self::TypeError, Self::SyntaxError, Self::Error]
            .into_iter()
            .find(|name| name.as_str() == word)
    }

    /// The word that scripts see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ArangoError => "ArangoError",
            Self::TypeError => "TypeError",
            Self::SyntaxError => "SyntaxError",
            Self::Error => "Error",
        }
    }
}

/// An error on its way from the library into a script.
///
/// One pointer wide, because every native returns it.
#[derive(Debug, Clone)]
pub struct NativeError(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    kind: String,
    name: ErrorName,
    error_num: Option<i64>,
    code: Option<i64>,
    message: String,
    context: Map,
    stop: Option<Stop>,
}

/// What the body of a native returns.
pub type NativeResult<T> = Result<T, NativeError>;

impl NativeError {
    /// An `ArangoError` with a number of host-natives §2.5 and a stable dotted kind.
    pub fn arango(kind: impl Into<String>, error_num: i64, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            kind: kind.into(),
            name: ErrorName::ArangoError,
            error_num: Some(error_num),
            code: None,
            message: message.into(),
            context: Map::new(),
            stop: None,
        }))
    }

    /// An error without a number: `TypeError`, `SyntaxError` or `Error`.
    pub fn plain(kind: impl Into<String>, name: ErrorName, message: impl Into<String>) -> Self {
        let mut error = Self::arango(kind, 0, message);
        error.0.name = name;
        error.0.error_num = None;
        error
    }

    /// Number 10: an argument has a value that the native cannot take.
    pub fn bad_parameter(message: impl Into<String>) -> Self {
        Self::arango("argument.invalid", 10, message)
    }

    /// Number 10: an argument has a type that the native cannot take.
    pub fn wrong_type(message: impl Into<String>) -> Self {
        Self::arango("argument.type", 10, message)
    }

    /// Number 4: an assumption of the host does not hold.
    pub fn internal(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self::arango(kind, 4, message)
    }

    /// Adds the HTTP status of the answer behind the error.
    pub fn with_code(mut self, code: i64) -> Self {
        self.0.code = Some(code);
        self
    }

    /// Adds one member of `context`.
    pub fn with(mut self, key: &str, value: impl Into<Dynamic>) -> Self {
        self.0.context.insert(key.into(), value.into());
        self
    }

    /// The stable dotted kind.
    pub fn kind(&self) -> &str {
        &self.0.kind
    }

    /// Its `name`.
    pub fn name(&self) -> ErrorName {
        self.0.name
    }

    /// ArangoDB's number.
    pub fn error_num(&self) -> Option<i64> {
        self.0.error_num
    }

    /// The text.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The HTTP status of the answer behind it.
    pub fn code(&self) -> Option<i64> {
        self.0.code
    }

    /// What ended the run, if that is what it is about.
    pub fn stop(&self) -> Option<&Stop> {
        self.0.stop.as_ref()
    }

    /// The members of `context`, but for those that have no JSON form.
    pub fn context(&self) -> serde_json::Map<String, serde_json::Value> {
        let members = self.0.context.iter();
        let known = members.filter_map(|(key, value)| Some((key, super::to_json(value).ok()?)));
        known.map(|(key, value)| (key.to_string(), value)).collect()
    }

    /// The map that scripts see.
    pub fn to_map(&self) -> Map {
        let mut map = Map::new();
        map.insert("kind".into(), self.0.kind.clone().into());
        map.insert("name".into(), self.0.name.as_str().into());
        map.insert("error_num".into(), self.0.error_num.map_or(Dynamic::UNIT, Dynamic::from));
        map.insert("code".into(), self.0.code.map_or(Dynamic::UNIT, Dynamic::from));
        map.insert("message".into(), self.0.message.clone().into());
        map.insert("context".into(), self.0.context.clone().into());
        map
    }

    /// The engine's error, stamped with the position of the call.
    ///
    /// A passed run deadline and an interrupt become `ErrorTerminated`, which `try` does not catch.
    pub fn into_engine_error(self, position: Position) -> Box<EvalAltResult> {
        match self.0.stop {
            Some(stop) if stop.ends_run() => {
                Box::new(EvalAltResult::ErrorTerminated(Dynamic::from(stop), position))
            }
            _ => Box::new(EvalAltResult::ErrorRuntime(self.to_map().into(), position)),
        }
    }
}

impl std::fmt::Display for NativeError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.message())
    }
}

impl std::error::Error for NativeError {}

impl From<Stop> for NativeError {
    fn from(stop: Stop) -> Self {
        let kind = match stop {
            Stop::Deadline => "deadline.reached",
            Stop::Interrupted => "run.interrupted",
            Stop::TooManyOperations { .. } => "limit.operations",
            Stop::TooMuchOutput { .. } => "limit.output",
            Stop::ScriptDeadline { .. } => "deadline.script",
        };
        let mut error = Self::arango(kind, 36, stop.to_string());
        error.0.stop = Some(stop);
        error
    }
}

/// Runs the body of the native `func` and turns its error into one with position and `context.func`.
///
/// # Errors
/// What `body` returns.
#[inline]
pub fn call<T>(
    call: &NativeCallContext,
    func: &'static str,
    body: impl FnOnce(&NativeContext) -> NativeResult<T>,
) -> Result<T, Box<EvalAltResult>> {
    let tag = call.tag().and_then(|tag| tag.read_lock::<Arc<NativeContext>>());
    let result = match &tag {
        Some(context) => body(context),
        None => Err(NativeContext::missing()),
    };
    match result {
        Ok(value) => Ok(value),
        Err(error) => Err(stamped(error, call, func)),
    }
}

/// Apart from the calls that succeed, which are to be short.
#[cold]
fn stamped(error: NativeError, call: &NativeCallContext, func: &'static str) -> Box<EvalAltResult> {
    error.with("func", func).into_engine_error(call.call_position())
}

/// The text of an error with all its causes, the outermost first.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let texts = std::iter::once(error.to_string()).chain(causes(error));
    texts.collect::<Vec<_>>().join(": ")
}

/// The texts of an error's causes, the outermost first.
pub(crate) fn causes(error: &dyn std::error::Error) -> impl Iterator<Item = String> {
    std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string)
}
