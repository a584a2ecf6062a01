//! The standard input: read in slices, so that a deadline or an interrupt ends the waiting.

use std::io::{self, IsTerminal, Stdin};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use rhai::Dynamic;

use super::{NativeContext, NativeError, NativeResult};
use crate::deadline::SLICE;

/// The most bytes that `poll_input` gives at once.
const POLLED: usize = 1023;

fn unreadable(errno: Errno) -> NativeError {
    NativeError::arango("term.unreadable", 2, format!("cannot read the standard input: {errno}"))
}

/// Whether input, or its end, can be read within `timeout`.
fn ready(input: &Stdin, timeout: PollTimeout) -> NativeResult<bool> {
    let mut watched = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
    match poll(&mut watched, timeout) {
        Ok(count) => Ok(count > 0),
        Err(Errno::EINTR) => Ok(false),
        Err(errno) => Err(unreadable(errno)),
    }
}

fn line(run: &NativeContext) -> NativeResult<Option<String>> {
    let input = io::stdin();
    let slice = PollTimeout::try_from(SLICE).unwrap_or(PollTimeout::ZERO);
    let mut bytes = Vec::new();
    loop {
        run.deadline.check()?;
        if !ready(&input, slice)? {
            continue;
        }
        let mut byte = [0];
        match nix::unistd::read(&input, &mut byte) {
            Ok(0) if bytes.is_empty() => return Ok(None),
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) => bytes.push(byte[0]),
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            Err(errno) => return Err(unreadable(errno)),
        }
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// One line of input, `()` at its end.
pub(super) fn read_line(run: &NativeContext, prompt: &str) -> NativeResult<Dynamic> {
    run.write(prompt);
    Ok(line(run)?.map_or(Dynamic::UNIT, Into::into))
}

/// One line of input that the terminal does not show.
pub(super) fn read_password(run: &NativeContext, prompt: &str) -> NativeResult<String> {
    run.write(prompt);
    let _silence = Silence::begin();
    let password = line(run)?.unwrap_or_default();
    run.write("\n");
    Ok(password)
}

/// What waits in the input now.
pub(super) fn poll_input() -> NativeResult<String> {
    let input = io::stdin();
    if !ready(&input, PollTimeout::ZERO)? {
        return Ok(String::new());
    }
    let mut bytes = [0; POLLED];
    let count = nix::unistd::read(&input, &mut bytes).map_err(unreadable)?;
    Ok(String::from_utf8_lossy(&bytes[..count]).into_owned())
}

/// Keeps the terminal from showing what is typed, until dropped.
struct Silence {
    before: Termios,
}

impl Silence {
    fn begin() -> Option<Self> {
        let input = io::stdin();
        if !input.is_terminal() {
            return None;
        }
        let before = tcgetattr(&input).ok()?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&input, SetArg::TCSANOW, &silent).ok()?;
        Some(Self { before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // nothing is left to do when the terminal is gone
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.before);
    }
}
