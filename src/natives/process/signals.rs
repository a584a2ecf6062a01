//! Signals: their names, which of them end a process, and whom they may be sent to.

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rhai::INT;

use super::super::{NativeError, NativeResult};

/// The first and the last number of a signal.
const NUMBERS: std::ops::RangeInclusive<INT> = 1..=64;
/// The first of the signals without a name; those are numbered from here on.
const FIRST_REAL_TIME: INT = 34;

/// A process that may be sent signals: a number above 0.
///
/// # Errors
/// Number 11 for 0 and less, which stand for whole groups of processes.
pub(super) fn target(pid: INT) -> NativeResult<Option<Pid>> {
    if pid <= 0 {
        return Err(NativeError::arango(
            "process.group",
            11,
            format!("{pid} stands for a group of processes, which gets no signals from here"),
        )
        .with("pid", pid));
    }
    // greater numbers belong to nobody
    Ok(i32::try_from(pid).ok().map(Pid::from_raw))
}

/// The signal of this number; `None` for 0, which only asks whether there is somebody.
///
/// # Errors
/// Number 10 for numbers without a signal that has a name.
pub(super) fn signal(number: INT) -> NativeResult<Option<Signal>> {
    if number == 0 {
        return Ok(None);
    }
    let known = i32::try_from(number).ok().and_then(|number| Signal::try_from(number).ok());
    known.map(Some).ok_or_else(|| {
        NativeError::bad_parameter(format!("{number} is no signal that can be sent"))
    })
}

/// Whether a signal usually ends a process, so that whoever sends it waits for that.
pub(super) fn is_deadly(signal: Option<Signal>) -> bool {
    use Signal::{SIGCHLD, SIGCONT, SIGHUP, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH};
    !matches!(
        signal,
        None | Some(
            SIGHUP | SIGCHLD | SIGCONT | SIGSTOP | SIGTSTP | SIGTTIN | SIGTTOU | SIGURG | SIGWINCH
        )
    )
}

/// The name of a signal.
///
/// # Errors
/// Number 10 for a number without a signal.
pub(super) fn name(number: INT) -> NativeResult<String> {
    if !NUMBERS.contains(&number) {
        return Err(NativeError::bad_parameter(format!("{number} is no signal")));
    }
    let named = i32::try_from(number).ok().and_then(|number| Signal::try_from(number).ok());
    Ok(match named {
        Some(signal) => signal.as_str().to_owned(),
        None if number < FIRST_REAL_TIME => format!("SIG{number}"),
        None => format!("SIGRTMIN+{}", number - FIRST_REAL_TIME),
    })
}

/// Sends a signal; false when there is no such process.
///
/// # Errors
/// Number 11 when the system forbids it.
pub(super) fn send(pid: Pid, signal: Option<Signal>) -> NativeResult<bool> {
    match kill(pid, signal) {
        Ok(()) => Ok(true),
        Err(Errno::EPERM) => Err(NativeError::arango(
            "process.forbidden",
            11,
            format!("the process {pid} may not be sent signals: {}", Errno::EPERM.desc()),
        )
        .with("pid", INT::from(pid.as_raw()))
        .with("errno", INT::from(Errno::EPERM as i32))),
        Err(_) => Ok(false),
    }
}
