//! Which paths a run may use, and how long it may take.

use std::path::Path;

use crate::natives::{ErrorName, Gate, NativeContext, NativeError, NativeResult};

/// The path of an argument, when the run may use files.
pub(super) fn at<'a>(run: &NativeContext, path: &'a str) -> NativeResult<&'a Path> {
    run.require(Gate::Files)?;
    Ok(Path::new(path))
}

/// The path of a file to write.
pub(super) fn to_write<'a>(run: &NativeContext, path: &'a str) -> NativeResult<&'a Path> {
    if path.is_empty() {
        return Err(NativeError::plain("argument.type", ErrorName::TypeError, "the path is empty"));
    }
    at(run, path)
}

/// Ends the waiting for a pipe at every deadline.
pub(super) fn waiting(run: &NativeContext) -> impl Fn() -> NativeResult<()> {
    || Ok(run.deadline.check()?)
}

/// Ends what works through many files when the run has to end.
pub(super) fn working(run: &NativeContext) -> impl Fn() -> NativeResult<()> {
    || Ok(run.deadline.check_run()?)
}
