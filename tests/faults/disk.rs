//! A disk that stands still: the thread that writes an agent's raft log is held.
//!
//! To the rest of the agent that is a write that takes long. The agent is the real program, has no
//! switch for it, and nothing but its disk is slow: it goes on answering and sending heartbeats.

use std::path::Path;

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

/// The thread's name, as the system shows it.
const WRITER: &str = "raft-log";

/// Holds the thread that writes the log of the agent in this process, until `held` returns. False,
/// with a notice, where the system forbids that.
#[allow(clippy::print_stdout, reason = "whoever runs the test has to know")]
pub fn while_still(process: Pid, held: impl FnOnce()) -> bool {
    let writer = writer_of(process);
    match ptrace::seize(writer, ptrace::Options::empty()) {
        Ok(()) => {}
        Err(Errno::EPERM) => {
            println!("skipped: this system lets nobody hold a thread");
            return false;
        }
        Err(error) => panic!("the thread {writer} cannot be held: {error}"),
    }
    ptrace::interrupt(writer).unwrap();
    waitpid(writer, Some(WaitPidFlag::__WALL)).unwrap();
    held();
    ptrace::detach(writer, None).unwrap();
    true
}

fn writer_of(process: Pid) -> Pid {
    let tasks = Path::new("/proc").join(process.to_string()).join("task");
    let named = |task: &std::fs::DirEntry| {
        std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim() == WRITER)
    };
    let task = std::fs::read_dir(tasks).unwrap().flatten().find(named);
    let task = task.expect("an agent has a thread that writes its log");
    Pid::from_raw(task.file_name().to_str().unwrap().parse().unwrap())
}
