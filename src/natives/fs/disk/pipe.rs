//! Pipes and devices, which keep whoever reads or writes them waiting.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::failed;
use crate::deadline::{Deadline, SLICE};
use crate::natives::NativeResult;

/// Waits in slices until a pipe or device is ready.
pub(super) fn wait_for(file: &File, what: PollFlags, deadline: &Deadline) -> io::Result<()> {
    let slice = PollTimeout::try_from(SLICE).unwrap_or(PollTimeout::ZERO);
    loop {
        deadline.check().map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(file.as_fd(), what)], slice) {
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(()),
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Whether a read or write has to be tried once more.
pub(super) fn is_short(cause: &io::Error) -> bool {
    matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// Whether `path` is a pipe with a name.
pub(super) fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

/// Writes to a pipe with a name: waits for a reader, and for the reader to take the bytes.
pub(super) fn write_to_pipe(path: &Path, content: &[u8], deadline: &Deadline) -> NativeResult<()> {
    let failed = failed("writing", path);
    let mut pipe = loop {
        deadline.check()?;
        match OpenOptions::new().write(true).custom_flags(nix::libc::O_NONBLOCK).open(path) {
            Err(cause) if cause.raw_os_error() == Some(Errno::ENXIO as i32) => {
                std::thread::sleep(SLICE);
            }
            opened => break opened.map_err(&failed)?,
        }
    };
    let mut rest = content;
    while !rest.is_empty() {
        wait_for(&pipe, PollFlags::POLLOUT, deadline).map_err(&failed)?;
        match pipe.write(rest) {
            Ok(amount) => rest = &rest[amount..],
            Err(cause) if is_short(&cause) => {}
            Err(cause) => return Err(failed(cause)),
        }
    }
    Ok(())
}
