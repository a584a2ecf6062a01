//! Signals to processes, and waiting for what they bring about.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use rhai::{INT, Map};

use super::super::argument::duration;
use super::super::{NativeContext, NativeResult, Options};
use super::signals::{is_deadly, send, signal, target};
use super::status::{Status, look, pause_since};
use super::stranger::Stranger;
use super::table::{Children, State};
use super::{allowed, with_pid};

/// Seconds until SIGKILL, and until the call gives up, unless options say otherwise.
const GRACE: f64 = 13.0;
const TIMEOUT: f64 = 27.0;
/// How long a stop or its end may take to be seen.
const SETTLE: Duration = Duration::from_millis(30);

/// How a call waits for the end of a process.
struct Plan {
    waits: bool,
    /// Until SIGKILL; who only asks never sends it.
    grace: Option<Duration>,
    timeout: Duration,
}

impl Plan {
    fn read(options: &Map, signal: Option<Signal>) -> NativeResult<Self> {
        let options = Options::new(options, &["wait", "grace", "timeout"])?;
        let grace = Some(duration(options.number("grace")?.unwrap_or(GRACE)));
        Ok(Self {
            waits: options.bool("wait", is_deadly(signal))?,
            grace: grace.filter(|_| signal.is_some()),
            timeout: duration(options.number("timeout")?.unwrap_or(TIMEOUT)),
        })
    }

    /// Waits for what `ended` tells; sends SIGKILL when grace is over.
    ///
    /// The script's own deadline does not count, so that scripts can clean up after it.
    fn wait(
        &self,
        run: &NativeContext,
        pid: Pid,
        mut ended: impl FnMut() -> Option<Status>,
        mut kill: impl FnMut() -> NativeResult<bool>,
    ) -> NativeResult<Option<Status>> {
        let begin = Instant::now();
        let mut killed = self.grace.is_none();
        loop {
            if let Some(status) = ended() {
                return Ok(Some(status));
            }
            run.deadline.check_run().map_err(with_pid(pid.as_raw()))?;
            let elapsed = begin.elapsed();
            if !killed && self.grace.is_some_and(|grace| elapsed >= grace) {
                kill()?;
                killed = true;
            }
            if elapsed >= self.timeout {
                return Ok(None);
            }
            let next = self
                .grace
                .filter(|_| !killed)
                .map_or(self.timeout, |grace| grace.min(self.timeout));
            std::thread::sleep(next.saturating_sub(elapsed).min(pause_since(begin)));
        }
    }
}

/// Sends a signal to a process and, as its class and the options say, waits for the end.
pub(super) fn kill(
    run: &NativeContext,
    pid: INT,
    number: INT,
    options: &Map,
) -> NativeResult<Status> {
    allowed(run)?;
    let target = target(pid)?;
    let signal = signal(number)?;
    let plan = Plan::read(options, signal)?;
    let Some(target) = target else { return Ok(Status::gone(pid)) };
    let children = run.extension::<Children>();
    let mut table = children.table();
    let raw = target.as_raw();
    match table.child(raw) {
        None => {
            drop(table);
            return kill_stranger(run, target, signal, &plan);
        }
        Some(child) if child.reported => return Ok(Status::gone(pid)),
        Some(child) if child.state.is_end() => return Ok(Status::report(raw, child)),
        Some(_) => table.send(raw, signal)?,
    };
    drop(table);
    let now = || look(&children, pid, Status::report).unwrap_or_else(|| Status::gone(pid));
    if !plan.waits {
        settle(&children, raw, signal);
        return Ok(now());
    }
    let ended = || {
        look(&children, pid, |raw, child| child.state.is_end().then(|| Status::report(raw, child)))?
    };
    let kill = || children.table().send(raw, Some(Signal::SIGKILL));
    Ok(plan.wait(run, target, ended, kill)?.unwrap_or_else(now))
}

fn kill_stranger(
    run: &NativeContext,
    pid: Pid,
    signal: Option<Signal>,
    plan: &Plan,
) -> NativeResult<Status> {
    let number = INT::from(pid.as_raw());
    let Some(stranger) = Stranger::find(pid) else { return Ok(Status::gone(number)) };
    if !send(pid, signal)? {
        return Ok(Status::gone(number));
    }
    let now = || Status::new(number, stranger.word().unwrap_or("TERMINATED"));
    if !plan.waits {
        return Ok(now());
    }
    let ended = || stranger.word().is_none().then(now);
    let kill = || match stranger.word() {
        Some(_) => send(pid, Some(Signal::SIGKILL)),
        None => Ok(false),
    };
    Ok(plan.wait(run, pid, ended, kill)?.unwrap_or_else(now))
}

/// Sends a signal that stops a process or lets it go on; false when there is no such process.
pub(super) fn send_only(run: &NativeContext, pid: INT, signal: Signal) -> NativeResult<bool> {
    allowed(run)?;
    let Some(target) = target(pid)? else { return Ok(false) };
    let children = run.extension::<Children>();
    let mut table = children.table();
    if table.child(target.as_raw()).is_none() {
        return send(target, Some(signal));
    }
    let sent = table.send(target.as_raw(), Some(signal))?;
    drop(table);
    settle(&children, target.as_raw(), Some(signal));
    Ok(sent)
}

/// The system takes its time to stop a process: a status right afterwards should show it.
fn settle(children: &Children, pid: i32, signal: Option<Signal>) {
    let wanted = match signal {
        Some(Signal::SIGSTOP) => State::Stopped,
        Some(Signal::SIGCONT) => State::Running,
        _ => return,
    };
    let begin = Instant::now();
    while begin.elapsed() < SETTLE {
        let state = children.table().child(pid).map(|child| child.state);
        if state.is_none_or(|state| state == wanted || state.is_end()) {
            return;
        }
        std::thread::sleep(pause_since(begin));
    }
}
