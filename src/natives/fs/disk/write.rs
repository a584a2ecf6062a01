//! What files are to hold.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::pipe::{is_pipe, write_to_pipe};
use super::{PIECE, Staged, failed};
use crate::apart::apart;
use crate::deadline::{Deadline, SLICE};
use crate::natives::NativeResult;

/// How the content of a file is replaced.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::natives::fs) struct Manner {
    /// Returns only when the disk has it.
    pub(in crate::natives::fs) sync: bool,
    /// Nobody ever sees a part of it.
    pub(in crate::natives::fs) atomic: bool,
}

/// Replaces the content of a file.
pub(in crate::natives::fs) fn write(
    path: &Path,
    content: &[u8],
    manner: Manner,
    deadline: &Deadline,
) -> NativeResult<()> {
    if is_pipe(path) {
        return write_to_pipe(path, content, deadline);
    }
    let written = if manner.atomic {
        write_staged(path, content, manner.sync, deadline)
    } else {
        File::create(path).and_then(|file| fill(&file, content, manner.sync, deadline))
    };
    written.map_err(failed("writing", path))
}

fn write_staged(path: &Path, content: &[u8], sync: bool, deadline: &Deadline) -> io::Result<()> {
    let mut staged = Staged::beside(path)?;
    fill(staged.file(), content, sync, deadline)?;
    let directory = staged.directory();
    staged.replace()?;
    if sync { synced(File::open(directory)?, deadline) } else { Ok(()) }
}

fn fill(mut file: &File, content: &[u8], sync: bool, deadline: &Deadline) -> io::Result<()> {
    for piece in content.chunks(PIECE) {
        deadline.check_run().map_err(io::Error::other)?;
        file.write_all(piece)?;
    }
    if sync { synced(file.try_clone()?, deadline) } else { Ok(()) }
}

/// Waits until the disk has the file.
fn synced(file: File, deadline: &Deadline) -> io::Result<()> {
    let left = || deadline.check_run().map(|()| SLICE).map_err(io::Error::other);
    apart("fs-sync", move || file.sync_all(), left, |error| error)?
}

/// Adds to the end of a file.
pub(in crate::natives::fs) fn append(
    path: &Path,
    content: &[u8],
    deadline: &Deadline,
) -> NativeResult<()> {
    if is_pipe(path) {
        return write_to_pipe(path, content, deadline);
    }
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|file| fill(&file, content, false, deadline))
        .map_err(failed("appending to", path))
}
