//! Processes that others have started: they are known by their numbers alone.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::server::ServerState;

/// How often it is looked whether a process has gone.
const LOOK: Duration = Duration::from_millis(10);

/// What such a process does.
pub fn state_of(pid: i32) -> ServerState {
    if kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH) {
        return ServerState::Ended;
    }
    match letter(pid) {
        Some('T' | 't') => ServerState::Paused,
        // its parent has not noticed its end yet
        Some('Z' | 'X') => ServerState::Ended,
        _ => ServerState::Running,
    }
}

/// The letter that the system has for what a process does.
#[cfg(target_os = "linux")]
fn letter(pid: i32) -> Option<char> {
    procfs::process::Process::new(pid).ok()?.stat().ok().map(|stat| stat.state)
}

/// Other systems do not tell.
#[cfg(not(target_os = "linux"))]
fn letter(_pid: i32) -> Option<char> {
    None
}

/// Sends such a process a signal.
///
/// # Errors
/// There is no such process, or it belongs to somebody else.
pub fn signal(pid: i32, signal: Signal) -> std::io::Result<()> {
    Ok(kill(Pid::from_raw(pid), signal)?)
}

/// Waits until such a process has gone; whether it has.
pub fn wait_gone(pid: i32, patience: Duration, interrupted: &dyn Fn() -> bool) -> bool {
    let begin = Instant::now();
    while state_of(pid) != ServerState::Ended {
        if begin.elapsed() > patience || interrupted() {
            return false;
        }
        std::thread::sleep(LOOK);
    }
    true
}
