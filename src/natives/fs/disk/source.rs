//! Reading that ends at the deadline.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::poll::PollFlags;

use super::pipe::{is_short, wait_for};
use super::{PIECE, failed};
use crate::deadline::Deadline;
use crate::natives::NativeResult;

/// Reads in pieces, and not on when the run has to end.
pub(in crate::natives::fs) struct Checked<'d, R> {
    inner: R,
    deadline: &'d Deadline,
}

impl<'d, R: Read> Checked<'d, R> {
    pub(in crate::natives::fs) fn new(inner: R, deadline: &'d Deadline) -> Self {
        Self { inner, deadline }
    }
}

impl<R: Read> Read for Checked<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.deadline.check_run().map_err(io::Error::other)?;
        let most = buffer.len().min(PIECE);
        self.inner.read(&mut buffer[..most])
    }
}

/// Opens a file to read. Without the flag, opening a pipe would wait for somebody to write to it.
pub(in crate::natives::fs) fn open_at_once(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path)
}

impl<R: Seek> Seek for Checked<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// An open file of any kind. A pipe or device that gives nothing is waited for until a deadline.
pub(in crate::natives::fs) struct Source<'d> {
    file: Checked<'d, File>,
    waits: bool,
    length: u64,
}

impl<'d> Source<'d> {
    pub(in crate::natives::fs) fn open(path: &Path, deadline: &'d Deadline) -> NativeResult<Self> {
        let failed = failed("reading", path);
        let file = open_at_once(path).map_err(&failed)?;
        let found = file.metadata().map_err(&failed)?;
        let waits = !found.is_file() && !found.is_dir();
        Ok(Self { file: Checked::new(file, deadline), waits, length: found.len() })
    }

    /// The length that the system tells, which is 0 for some files that are not empty.
    pub(in crate::natives::fs) fn length(&self) -> u64 {
        self.length
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.waits {
                wait_for(&self.file.inner, PollFlags::POLLIN, self.file.deadline)?;
            }
            match self.file.read(buffer) {
                Err(cause) if self.waits && is_short(&cause) => {}
                done => return done,
            }
        }
    }
}
