//! What goes.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{Mode, SFlag, fstatat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::{error, failed};
use crate::deadline::Deadline;
use crate::natives::NativeResult;

/// Removes a file or link.
pub(in crate::natives::fs) fn remove_file(path: &Path) -> NativeResult<()> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_dir()) {
        return Err(error("failed", 2, "removing", path, "is a directory"));
    }
    fs::remove_file(path).map_err(failed("removing", path))
}

/// Removes an empty directory.
pub(in crate::natives::fs) fn remove_dir(path: &Path) -> NativeResult<()> {
    must_be_directory("removing directory", path)?;
    fs::remove_dir(path).map_err(failed("removing directory", path))
}

/// Removes a directory with its content; with `within`, only strictly below that one.
pub(in crate::natives::fs) fn remove_dir_all(
    path: &Path,
    within: Option<&Path>,
    deadline: &Deadline,
) -> NativeResult<()> {
    let doing = "removing directory";
    must_be_directory(doing, path)?;
    let real = path.canonicalize().map_err(failed(doing, path))?;
    if within.is_some_and(|within| real == within || !real.starts_with(within)) {
        return Err(error(
            "outside_temp",
            10,
            doing,
            path,
            "not below the temporary directory and not forced",
        ));
    }
    let opened = Dir::open(&real, DIRECTORY, Mode::empty()).map_err(io::Error::from);
    opened
        .and_then(|mut directory| empty(&mut directory, deadline))
        .and_then(|()| fs::remove_dir(&real))
        .map_err(failed(doing, path))
}

/// Opens a directory, never what a link leads to.
const DIRECTORY: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// Removes what is in a directory. Everything is reached from its open parent: whoever puts a link
/// in the place of a directory meanwhile does not lead it elsewhere.
fn empty(directory: &mut Dir, deadline: &Deadline) -> io::Result<()> {
    let mut entries = Vec::new();
    for entry in directory.iter() {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            entries.push((entry.file_name().to_owned(), entry.file_type()));
        }
    }
    for (name, kind) in entries {
        deadline.check_run().map_err(io::Error::other)?;
        let name = name.as_c_str();
        let is_directory = match kind {
            Some(kind) => kind == Type::Directory,
            // some file systems do not say
            None => fstatat(&*directory, name, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok_and(|found| {
                SFlag::from_bits_truncate(found.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFDIR
            }),
        };
        let removed = if is_directory {
            Dir::openat(&*directory, name, DIRECTORY, Mode::empty())
                .map_err(io::Error::from)
                .and_then(|mut inner| empty(&mut inner, deadline))?;
            unlinkat(&*directory, name, UnlinkatFlags::RemoveDir)
        } else {
            unlinkat(&*directory, name, UnlinkatFlags::NoRemoveDir)
        };
        match removed {
            // somebody else was faster
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Number 10 unless `path` is a directory itself.
fn must_be_directory(doing: &str, path: &Path) -> NativeResult<()> {
    // with a slash at its end a link would stand for its target
    let bare = Path::new(OsStr::from_bytes(without_slashes(path.as_os_str().as_bytes())));
    if fs::symlink_metadata(bare).map_err(failed(doing, path))?.is_dir() {
        return Ok(());
    }
    Err(error("not_directory", 10, doing, path, "not a directory"))
}

fn without_slashes(mut path: &[u8]) -> &[u8] {
    while let [rest @ .., b'/'] = path
        && !rest.is_empty()
    {
        path = rest;
    }
    path
}
