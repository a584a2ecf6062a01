//! Which paths a run may use.
//!
//! Every path that a script names goes through one of these, the names in archives too.

use std::path::Path;

use crate::natives::{Gate, NativeContext, NativeResult};

/// The path of something to look at or read.
pub(in crate::natives) fn at<'a>(run: &NativeContext, path: &'a str) -> NativeResult<&'a Path> {
    run.require(Gate::Files)?;
    Ok(Path::new(path))
}

/// The path of something to make, change or remove.
pub(in crate::natives) fn to_write<'a>(
    run: &NativeContext,
    path: &'a str,
) -> NativeResult<&'a Path> {
    run.require(Gate::Files)?;
    Ok(Path::new(path))
}
