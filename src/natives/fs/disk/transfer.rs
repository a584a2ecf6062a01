//! Copies and moves.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::look::names;
use super::staged::parent;
use super::{PIECE, error, failed, open_at_once, remove_dir_all, remove_file};
use crate::deadline::{Deadline, Stop};
use crate::natives::NativeResult;

/// Moves a file or directory.
pub(in crate::natives::fs) fn rename(
    from: &Path,
    to: &Path,
    deadline: &Deadline,
) -> NativeResult<()> {
    let moved = fs::symlink_metadata(from).map_err(failed("moving", from))?;
    if to.is_dir() {
        return Err(error("exists", 10, "moving to", to, "is a directory"));
    }
    match fs::rename(from, to) {
        Err(cause) if cause.kind() == ErrorKind::CrossesDevices => {}
        done => return done.map_err(failed("moving", from)),
    }
    // what is at `to` stays until the copy is complete
    let staging =
        tempfile::Builder::new().tempdir_in(parent(to)).map_err(failed("moving to", to))?;
    let copy = staging.path().join("moved");
    copy_dir(from, &copy, deadline)?;
    fs::rename(&copy, to).map_err(failed("moving to", to))?;
    if moved.is_dir() { remove_dir_all(from, None, deadline) } else { remove_file(from) }
}

/// Copies a regular file with mode and time.
pub(in crate::natives::fs) fn copy_file(
    from: &Path,
    to: &Path,
    deadline: &Deadline,
) -> NativeResult<()> {
    let bad = |cause: io::Error| match cause.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(stop) => Stop::clone(stop).into(),
        None => error("failed", 10, "copying", from, &cause.to_string()),
    };
    let source = open_at_once(from).map_err(bad)?;
    if !source.metadata().map_err(bad)?.is_file() {
        return Err(error("not_file", 10, "copying", from, "not a regular file"));
    }
    let target =
        if to.is_dir() { to.join(from.file_name().unwrap_or_default()) } else { to.to_owned() };
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&target);
    let copy = opened.map_err(|cause| match cause.kind() {
        ErrorKind::AlreadyExists => error("exists", 10, "copying to", &target, "exists already"),
        _ => bad(cause),
    })?;
    copy_content(&source, &copy, deadline).map_err(|cause| {
        // a part of a file would be taken for the whole
        let _ = fs::remove_file(&target);
        bad(cause)
    })
}

fn copy_content(source: &File, mut copy: &File, deadline: &Deadline) -> io::Result<()> {
    loop {
        deadline.check_run().map_err(io::Error::other)?;
        if io::copy(&mut source.take(PIECE as u64), &mut copy)? == 0 {
            break;
        }
    }
    let found = source.metadata()?;
    copy.set_permissions(found.permissions())?;
    copy.set_modified(found.modified()?)
}

/// Copies a directory with its content, or a file; the target must not exist.
pub(in crate::natives::fs) fn copy_dir(
    from: &Path,
    to: &Path,
    deadline: &Deadline,
) -> NativeResult<()> {
    deadline.check_run()?;
    let found = fs::symlink_metadata(from).map_err(failed("copying", from))?;
    if to.symlink_metadata().is_ok() {
        return Err(error("exists", 10, "copying to", to, "exists already"));
    }
    if found.is_symlink() {
        let target = fs::read_link(from).map_err(failed("copying", from))?;
        return std::os::unix::fs::symlink(target, to).map_err(failed("linking", to));
    }
    if !found.is_dir() {
        return copy_file(from, to, deadline);
    }
    let real = parent(to).canonicalize().ok().zip(from.canonicalize().ok());
    if real.is_some_and(|(parent, from)| parent.starts_with(from)) {
        return Err(error("exists", 10, "copying to", to, "lies inside the directory to copy"));
    }
    fs::create_dir(to).map_err(failed("making directory", to))?;
    for name in names(from, deadline)? {
        copy_dir(&from.join(&name), &to.join(&name), deadline)?;
    }
    fs::set_permissions(to, found.permissions()).map_err(failed("copying to", to))
}
