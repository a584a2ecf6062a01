//! Which paths a run may use.
//!
//! Every path that a script names goes through one of these, the names in archives too. What they give is
//! used, and not what was named: in a run with folders of its own, no link stands in it any more.

use std::path::{Path, PathBuf};

use crate::natives::{Last, NativeContext, NativeResult};

/// The path of something to look at or read; links are followed.
pub(in crate::natives) fn at(run: &NativeContext, path: &str) -> NativeResult<PathBuf> {
    run.usable_path(Path::new(path), Last::Followed)
}

/// The path of something to make or change; links are followed.
pub(in crate::natives) fn to_write(run: &NativeContext, path: &str) -> NativeResult<PathBuf> {
    run.usable_path(Path::new(path), Last::Followed)
}

/// The path of what stands in a directory, which may be a link: to look at it, move or remove it.
pub(in crate::natives) fn entry(run: &NativeContext, path: &str) -> NativeResult<PathBuf> {
    run.usable_path(Path::new(path), Last::Entry)
}
