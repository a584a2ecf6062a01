//! What is there.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rhai::{FLOAT, INT};

use super::{error, failed};
use crate::deadline::Deadline;
use crate::natives::NativeResult;

fn metadata(doing: &str, path: &Path) -> NativeResult<Metadata> {
    fs::metadata(path).map_err(failed(doing, path))
}

/// The size of a file in bytes.
pub(in crate::natives::fs) fn size(path: &Path) -> NativeResult<INT> {
    let found = metadata("measuring", path)?;
    if found.is_dir() {
        return Err(error("not_found", 14, "measuring", path, "is a directory"));
    }
    Ok(INT::try_from(found.len()).unwrap_or(INT::MAX))
}

/// When `path` was last changed, in Unix seconds.
pub(in crate::natives::fs) fn mtime(path: &Path) -> NativeResult<FLOAT> {
    let changed = metadata("reading the time of", path)?.modified();
    let changed = changed.map_err(failed("reading the time of", path))?;
    Ok(match changed.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    })
}

/// The sorted names in a directory.
pub(super) fn names(path: &Path, deadline: &Deadline) -> NativeResult<Vec<OsString>> {
    let entries = fs::read_dir(path).map_err(|cause| match cause.kind() {
        ErrorKind::NotADirectory => error("not_directory", 10, "listing", path, "not a directory"),
        _ => failed("listing", path)(cause),
    })?;
    let mut names = Vec::new();
    for entry in entries {
        deadline.check_run()?;
        names.push(entry.map_err(failed("listing", path))?.file_name());
    }
    names.sort_unstable();
    Ok(names)
}

/// The sorted names in a directory, as text.
pub(in crate::natives::fs) fn list(
    path: &Path,
    missing_ok: bool,
    deadline: &Deadline,
) -> NativeResult<Vec<String>> {
    if missing_ok && fs::metadata(path).is_err_and(|cause| cause.kind() == ErrorKind::NotFound) {
        return Ok(Vec::new());
    }
    let names = names(path, deadline)?;
    Ok(names.iter().map(|name| name.to_string_lossy().into_owned()).collect())
}

/// The sorted relative paths of everything below a directory; links are not entered.
pub(in crate::natives::fs) fn list_tree(
    root: &Path,
    deadline: &Deadline,
) -> NativeResult<Vec<String>> {
    let (mut found, mut open) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(directory) = open.pop() {
        for name in names(&root.join(&directory), deadline)? {
            let path = directory.join(name);
            found.push(path.to_string_lossy().into_owned());
            if fs::symlink_metadata(root.join(&path)).is_ok_and(|found| found.is_dir()) {
                open.push(path);
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}
