//! Errors of dumps on their way into the script.

use crate::dump::DumpError;
use crate::natives::{NativeError, with_causes};

impl From<DumpError> for NativeError {
    fn from(error: DumpError) -> Self {
        let number = match error {
            DumpError::Stopped(stop) => return stop.into(),
            DumpError::NoAgents(error) | DumpError::Client(error) => return error.into(),
            DumpError::UnknownAgent { .. } => 10,
            DumpError::Unreadable { .. } | DumpError::Missing { .. } => 14,
            DumpError::NoDump { .. } | DumpError::Malformed { .. } => 37,
            _ => 15,
        };
        let native = Self::arango(error.kind(), number, with_causes(&error));
        match &error {
            DumpError::Unwritable { path, .. }
            | DumpError::Exists { path }
            | DumpError::Unreadable { path, .. }
            | DumpError::NoDump { path, .. }
            | DumpError::Missing { path, .. }
            | DumpError::Malformed { path, .. } => {
                native.with("path", path.to_string_lossy().into_owned())
            }
            DumpError::UnknownAgent { agent, .. } => native.with("agent", agent.clone()),
            _ => native,
        }
    }
}
