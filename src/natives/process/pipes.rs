//! The pipes between a script and its children.

use std::io::{ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rhai::{Dynamic, INT};

use super::super::argument::count;
use super::super::options::bytes;
use super::super::{NativeContext, NativeError, NativeResult};
use super::status::{Patience, Wait, look};
use super::table::Children;
use super::{allowed, with_pid};
use crate::deadline::SLICE;

/// How much `read_pipe` reads unless told otherwise, in bytes.
pub(super) const DEFAULT_READ: INT = 1023;
/// The most that it reads, in bytes.
const LONGEST_READ: INT = 64 << 20;

/// The most that the system lets a pipe hold, in bytes.
const LARGEST_PIPE: u64 = 1 << 20;

/// Our end of a child's output, and what was read of it but not given to the script.
#[derive(Debug)]
pub(super) struct Output(Mutex<Unread>);

#[derive(Debug)]
struct Unread {
    /// `None` after the end.
    pipe: Option<PipeReader>,
    bytes: Vec<u8>,
}

impl Output {
    /// `pipe` must not block.
    pub(super) fn new(pipe: PipeReader) -> Self {
        Self(Mutex::new(Unread { pipe: Some(pipe), bytes: Vec::new() }))
    }

    /// Takes what a child has left in the pipe, so that the pipe can be closed.
    pub(super) fn take_rest(&self) {
        // whoever holds it reads to the end himself
        if let Ok(mut unread) = self.0.try_lock() {
            let Unread { pipe, bytes } = &mut *unread;
            if pipe.as_ref().is_some_and(|pipe| take_rest(pipe, bytes)) {
                *pipe = None;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Unread> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unread {
    /// The next `max` bytes as text, when there are so many, or the end has come. A character
    /// is never cut.
    fn text(&mut self, max: usize) -> Option<String> {
        let wanted = match self.bytes.get(..max) {
            Some(first) => max + missing(first),
            None => max,
        };
        if self.bytes.len() < wanted && self.pipe.is_some() {
            return None;
        }
        let rest = self.bytes.split_off(wanted.min(self.bytes.len()));
        let bytes = std::mem::replace(&mut self.bytes, rest);
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads what is there, or waits a little for more.
    fn read(&mut self, wanted: usize) {
        let Some(pipe) = &mut self.pipe else { return };
        // a few bytes more may be needed for the last character
        let mut piece = vec![0; (wanted + 4).saturating_sub(self.bytes.len()).clamp(4, 64 << 10)];
        match pipe.read(&mut piece) {
            Ok(count) if count > 0 => self.bytes.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                wait_for(pipe, PollFlags::POLLIN);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => self.pipe = None,
        }
    }
}

/// Takes what is in a pipe that does not block; tells whether nobody can write to it any more.
pub(super) fn take_rest(pipe: &PipeReader, bytes: &mut Vec<u8>) -> bool {
    // one process that goes on writing fills it again and again
    match pipe.take(LARGEST_PIPE).read_to_end(bytes) {
        Ok(count) => (count as u64) < LARGEST_PIPE,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

/// How many bytes the last character of `text` lacks.
fn missing(text: &[u8]) -> usize {
    for (at, byte) in text.iter().rev().take(4).enumerate() {
        let length = match byte {
            0x80..=0xbf => continue,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf7 => 4,
            _ => 1,
        };
        return usize::saturating_sub(length, at + 1);
    }
    0
}

/// Waits a little until something can be done with a pipe.
fn wait_for(pipe: &impl AsFd, what: PollFlags) {
    let slice = PollTimeout::try_from(SLICE).unwrap_or(PollTimeout::ZERO);
    // whoever calls looks what has changed
    let _ = poll(&mut [PollFd::new(pipe.as_fd(), what)], slice);
}

fn no_pipe(pid: INT, what: &str) -> NativeError {
    let message = format!("there is no pipe {what} a process {pid} that this run has started");
    NativeError::arango("process.no_pipe", 1203, message).with("pid", pid)
}

/// The next text that a child has written.
pub(super) fn read(run: &NativeContext, pid: INT, max: INT) -> NativeResult<String> {
    allowed(run)?;
    run.deadline.check().map_err(with_pid(pid))?;
    let max = count(max, 1, LONGEST_READ, "max")?;
    let children = run.extension::<Children>();
    let output = look(&children, pid, |_, child| child.output.clone()).flatten();
    let output = output.ok_or_else(|| no_pipe(pid, "from"))?;
    let mut unread = output.lock();
    let wait = Wait::begin(Patience::Endless);
    loop {
        if let Some(text) = unread.text(max) {
            return Ok(text);
        }
        wait.is_over(run).map_err(with_pid(pid))?;
        unread.read(max);
    }
}

/// Writes a text to a child; false when the child reads no more.
pub(super) fn write(run: &NativeContext, pid: INT, text: &Dynamic) -> NativeResult<bool> {
    allowed(run)?;
    run.deadline.check().map_err(with_pid(pid))?;
    let bytes = bytes(text, "text")?;
    let children = run.extension::<Children>();
    let found = look(&children, pid, |_, child| (child.input.clone(), child.state.is_end()));
    let input = match found {
        Some((Some(input), _)) => input,
        Some((None, true)) => return Ok(false),
        _ => return Err(no_pipe(pid, "to")),
    };
    let wait = Wait::begin(Patience::Endless);
    let mut left = bytes.as_slice();
    while !left.is_empty() {
        wait.is_over(run).map_err(with_pid(pid))?;
        match write_some(&input, left) {
            Some(0) => wait_for(&*input, PollFlags::POLLOUT),
            Some(count) => left = &left[count..],
            None => return Ok(false),
        }
    }
    Ok(true)
}

/// Writes what fits into a pipe that does not block; `None` when nobody reads it any more.
pub(super) fn write_some(mut pipe: &PipeWriter, bytes: &[u8]) -> Option<usize> {
    match pipe.write(bytes) {
        Ok(count) => Some(count),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Some(0)
        }
        Err(_) => None,
    }
}

/// Closes our end of a pipe.
pub(super) fn close(run: &NativeContext, pid: INT, side: &str) -> NativeResult<()> {
    allowed(run)?;
    let children = run.extension::<Children>();
    let closed = match side {
        "read" => look(&children, pid, |_, child| child.output = None),
        "write" => look(&children, pid, |_, child| child.input = None),
        _ => {
            return Err(NativeError::bad_parameter(format!(
                "the side must be \"read\" or \"write\", not \"{side}\""
            )));
        }
    };
    closed.ok_or_else(|| no_pipe(pid, "of"))
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn a_cut_character_lacks_bytes() {
        for (text, lacks) in [
            (&b"abc"[..], 0),
            ("ü".as_bytes(), 0),
            (&"ü".as_bytes()[..1], 1),
            (&"a€".as_bytes()[..2], 2),
            (&"a€".as_bytes()[..3], 1),
            (&"😀".as_bytes()[..1], 3),
            (b"\x80\x80\x80\x80\x80", 0),
            (b"", 0),
        ] {
            assert_eq!(missing(text), lacks, "{text:?}");
        }
    }
}
