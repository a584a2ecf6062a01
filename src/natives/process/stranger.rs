//! Processes that are no children of this run.

use nix::unistd::Pid;

/// A process that somebody else started, told from a later one with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stranger {
    pid: Pid,
    /// When it began, in ticks of the system's clock.
    begun: u64,
}

impl Stranger {
    /// The process of this number, unless it has ended.
    pub(super) fn find(pid: Pid) -> Option<Self> {
        facts(pid).map(|facts| Self { pid, begun: facts.begun })
    }

    /// The word for what it does; `None` when it has ended.
    pub(super) fn word(&self) -> Option<&'static str> {
        let facts = facts(self.pid).filter(|facts| facts.begun == self.begun)?;
        Some(if facts.is_stopped { "STOPPED" } else { "RUNNING" })
    }
}

struct Facts {
    begun: u64,
    is_stopped: bool,
}

#[cfg(target_os = "linux")]
fn facts(pid: Pid) -> Option<Facts> {
    let stat = procfs::process::Process::new(pid.as_raw()).and_then(|process| process.stat());
    // one that nobody has waited for yet has ended all the same
    let stat = stat.ok().filter(|stat| !matches!(stat.state, 'Z' | 'X'))?;
    Some(Facts { begun: stat.starttime, is_stopped: matches!(stat.state, 'T' | 't') })
}

#[cfg(not(target_os = "linux"))]
fn facts(pid: Pid) -> Option<Facts> {
    use nix::errno::Errno;
    let there = !matches!(nix::sys::signal::kill(pid, None), Err(Errno::ESRCH));
    there.then_some(Facts { begun: 0, is_stopped: false })
}
