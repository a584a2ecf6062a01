//! The children of one run: what they are, how they ended, and the pipes to them.
//!
//! Only children that the table started are waited for: in a program that embeds the host there
//! may be others. A number is signalled under the lock of the table and only while its child has
//! not been waited for, so that it cannot belong to somebody else by then.

use std::collections::BTreeMap;
use std::io::{PipeReader, PipeWriter};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use rhai::INT;
use rustix::io::Errno;
use rustix::process::{WaitOptions, waitpid};

use super::super::NativeResult;
use super::pipes::{Output, take_rest};
use super::signals::send;
use super::watcher::Watcher;
use crate::deadline::Deadline;

/// What let the script's deadline pass when a monitored child has ended; its number follows.
const MONITOR_REASON: &str = "a monitored process has ended";

/// What a child does, or how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Running,
    Stopped,
    /// With this exit code.
    Terminated(i32),
    /// By this signal.
    Aborted(i32),
    /// Somebody else in this process has waited for it.
    Unknown,
}

impl State {
    pub(super) fn is_end(self) -> bool {
        !matches!(self, Self::Running | Self::Stopped)
    }
}

/// A child and its pipes.
#[derive(Debug)]
pub(super) struct Child {
    /// The program as the script named it, and its arguments.
    pub(super) words: Vec<String>,
    pub(super) state: State,
    /// Whether the script has heard of its end.
    pub(super) reported: bool,
    /// Whose script deadline passes when it ends.
    pub(super) monitor: Option<Deadline>,
    /// Our end of its standard input.
    pub(super) input: Option<Arc<PipeWriter>>,
    /// Our end of its output.
    pub(super) output: Option<Arc<Output>>,
    /// Ends of pipes that are kept so that the child, or one of its own, can go on writing.
    pub(super) kept: Vec<PipeReader>,
}

impl Child {
    pub(super) fn new(words: Vec<String>) -> Self {
        Self {
            words,
            state: State::Running,
            reported: false,
            monitor: None,
            input: None,
            output: None,
            kept: Vec::new(),
        }
    }

    /// Closes the pipes of a child that has ended, except those that one of its own still writes to.
    pub(super) fn close_pipes(&mut self) {
        self.input = None;
        if let Some(output) = &self.output {
            output.take_rest();
        }
        self.kept.retain(|pipe| !take_rest(pipe, &mut Vec::new()));
    }

    /// Asks the system what became of it.
    fn look(&mut self, pid: i32) {
        let had_ended = self.state.is_end();
        let options = WaitOptions::NOHANG | WaitOptions::UNTRACED | WaitOptions::CONTINUED;
        while !self.state.is_end() {
            match waitpid(rustix::process::Pid::from_raw(pid), options) {
                Ok(None) => return,
                Ok(Some((_, status))) => {
                    self.state = match (status.exit_status(), status.terminating_signal()) {
                        (Some(code), _) => State::Terminated(code),
                        (_, Some(signal)) => State::Aborted(signal),
                        _ if status.stopped() => State::Stopped,
                        _ => State::Running,
                    };
                }
                Err(Errno::INTR) => {}
                Err(_) => self.state = State::Unknown,
            }
        }
        if !had_ended {
            self.close_pipes();
        }
        if let Some(deadline) = self.monitor.take() {
            deadline.expire_script(format!("{MONITOR_REASON} - {pid}"));
        }
    }
}

/// The children by their numbers, and whether anybody is still interested in them.
#[derive(Debug, Default)]
pub(super) struct Table {
    children: BTreeMap<i32, Child>,
    pub(super) is_over: bool,
}

impl Table {
    /// Looks at all children; tells whether one is left that has not ended.
    pub(super) fn look(&mut self) -> bool {
        let mut alive = false;
        for (pid, child) in &mut self.children {
            child.look(*pid);
            alive |= !child.state.is_end();
        }
        alive
    }

    /// The children as they are now.
    pub(super) fn all(&mut self) -> impl Iterator<Item = (i32, &mut Child)> {
        self.look();
        self.children.iter_mut().map(|(pid, child)| (*pid, child))
    }

    /// The child as it is now.
    pub(super) fn child(&mut self, pid: i32) -> Option<&mut Child> {
        let child = self.children.get_mut(&pid)?;
        child.look(pid);
        Some(child)
    }

    /// Does not look at the child, which could have ended meanwhile.
    fn set_monitor(&mut self, pid: INT, monitor: Option<Deadline>) -> bool {
        let child = i32::try_from(pid).ok().and_then(|pid| self.children.get_mut(&pid));
        child.map(|child| child.monitor = monitor).is_some()
    }

    /// Sends a signal to a child that has not ended.
    pub(super) fn send(&mut self, pid: i32, signal: Option<Signal>) -> NativeResult<bool> {
        match self.child(pid) {
            Some(child) if !child.state.is_end() => send(Pid::from_raw(pid), signal),
            _ => Ok(false),
        }
    }
}

/// A table that several threads look at.
#[derive(Debug, Default)]
pub(super) struct Shared {
    table: Mutex<Table>,
    pub(super) changed: Condvar,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The children of one run; they outlive it. One that lives on when this is dropped stays a child
/// of the process, and nobody waits for it any more.
#[derive(Debug, Default)]
pub(super) struct Children {
    shared: Arc<Shared>,
    watcher: Watcher,
}

impl Children {
    /// The table; nobody else looks at it meanwhile.
    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.shared.lock()
    }

    /// Starts what waits for children, unless it runs already.
    pub(super) fn watch(&self) -> NativeResult<()> {
        self.watcher.start(&self.shared)
    }

    /// Lets the script's deadline pass when the child ends, or now if it has ended; false when
    /// there is no such child.
    pub(super) fn monitor(&self, pid: INT, deadline: &Deadline) -> bool {
        let watched = self.table().set_monitor(pid, Some(deadline.clone()));
        self.shared.changed.notify_all();
        watched
    }

    /// Undoes [`Children::monitor`]: the thread that watches has the table no longer when this has it.
    pub(super) fn forget_monitor(&self, pid: INT) {
        self.table().set_monitor(pid, None);
    }

    /// Takes a child in that has just been started.
    pub(super) fn insert(&self, pid: i32, child: Child) {
        // a child whose number it had before has ended, or the system would not have given it again
        self.table().children.insert(pid, child);
        self.shared.changed.notify_all();
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.table().is_over = true;
        self.shared.changed.notify_all();
        self.watcher.join();
        self.table().look();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_that_watches_ends_with_the_children() {
        let children = Children::default();
        children.watch().unwrap();
        children.watch().unwrap();
        let shared = Arc::downgrade(&children.shared);
        assert_eq!(shared.strong_count(), 2, "the table's owner and one thread");
        drop(children);
        assert_eq!(shared.strong_count(), 0);
    }

    #[test]
    fn a_child_that_somebody_else_has_waited_for_has_an_unknown_end() {
        let mut other = std::process::Command::new("true").spawn().unwrap();
        let pid = i32::try_from(other.id()).unwrap();
        other.wait().unwrap();
        let children = Children::default();
        children.insert(pid, Child::new(vec!["true".to_owned()]));
        let state = children.table().child(pid).map(|child| child.state);
        assert_eq!(state, Some(State::Unknown));
        assert!(!children.table().send(pid, None).unwrap(), "its number is not used any more");
    }
}
