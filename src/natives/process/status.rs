//! What a script hears of a process, and waiting for that.

use std::time::{Duration, Instant};

use rhai::{INT, Map};

use super::super::{NativeContext, NativeResult};
use super::table::{Child, Children, State};
use super::with_pid;
use crate::deadline::{SLICE, Stop};

/// The shortest pause of whoever waits for a process.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

/// The pause until the next look at a process that has been waited for since `begin`: what ends
/// soon is noticed soon.
pub(super) fn pause_since(begin: Instant) -> Duration {
    (begin.elapsed() / 4).clamp(SHORTEST_PAUSE, SLICE)
}

/// The status of a process, as scripts see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) pid: INT,
    pub(super) word: &'static str,
    exit: Option<i32>,
    signal: Option<i32>,
    error_message: Option<String>,
}

impl Status {
    pub(super) fn new(pid: INT, word: &'static str) -> Self {
        Self { pid, word, exit: None, signal: None, error_message: None }
    }

    pub(super) fn not_found(pid: INT) -> Self {
        let message = format!("there is no process {pid} that this run has started");
        Self { error_message: Some(message), ..Self::new(pid, "NOT-FOUND") }
    }

    pub(super) fn gone(pid: INT) -> Self {
        let message = format!("there is no process {pid}");
        Self { error_message: Some(message), ..Self::new(pid, "NOT-FOUND") }
    }

    pub(super) fn of(pid: i32, state: State) -> Self {
        let pid = INT::from(pid);
        match state {
            State::Running => Self::new(pid, "RUNNING"),
            State::Stopped => Self::new(pid, "STOPPED"),
            State::Terminated(code) => Self { exit: Some(code), ..Self::new(pid, "TERMINATED") },
            State::Aborted(signal) => Self { signal: Some(signal), ..Self::new(pid, "ABORTED") },
            State::Unknown => Self {
                error_message: Some(
                    "it has ended, and somebody else in this program has taken its status"
                        .to_owned(),
                ),
                ..Self::new(pid, "UNKNOWN")
            },
        }
    }

    /// What the script hears of the child; it has heard of its end then.
    pub(super) fn report(pid: i32, child: &mut Child) -> Self {
        child.reported |= child.state.is_end();
        Self::of(pid, child.state)
    }

    pub(super) fn to_map(&self) -> Map {
        let mut map = Map::new();
        map.insert("pid".into(), self.pid.into());
        map.insert("status".into(), self.word.into());
        if let Some(code) = self.exit {
            map.insert("exit".into(), INT::from(code).into());
        }
        if let Some(signal) = self.signal {
            map.insert("signal".into(), INT::from(signal).into());
        }
        if let Some(message) = &self.error_message {
            map.insert("error_message".into(), message.clone().into());
        }
        map
    }
}

/// How long a call waits for the end of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Not at all.
    None,
    /// So long; then the status is TIMEOUT.
    For(Duration),
    /// Until a deadline.
    Endless,
}

/// Waits for the end of a child, for as long as patience and deadlines let it.
#[derive(Debug)]
pub(super) struct Wait {
    begin: Instant,
    end: Option<Instant>,
    has_timeout: bool,
}

impl Wait {
    pub(super) fn begin(patience: Patience) -> Self {
        let begin = Instant::now();
        let (has_timeout, end) = match patience {
            Patience::None => (true, Some(begin)),
            Patience::For(time) => (true, begin.checked_add(time)),
            Patience::Endless => (false, None),
        };
        Self { begin, end, has_timeout }
    }

    /// Whether the time is over. The script's deadline ends a wait with a timeout in the same
    /// way, and the next call raises it.
    ///
    /// # Errors
    /// A deadline has passed that the caller cannot go on after.
    pub(super) fn is_over(&self, run: &NativeContext) -> Result<bool, Stop> {
        match run.deadline.check() {
            Err(stop) if stop.ends_run() || !self.has_timeout => Err(stop),
            Err(_) => Ok(true),
            Ok(()) => Ok(self.end.is_some_and(|end| end <= Instant::now())),
        }
    }

    /// How long may pass until the next look.
    pub(super) fn slice(&self, run: &NativeContext) -> Duration {
        let left = self.end.map_or(SLICE, |end| end.saturating_duration_since(Instant::now()));
        run.deadline.clamp(left.min(SLICE))
    }

    /// Lets some time pass until the next look.
    pub(super) fn pause(&self, run: &NativeContext) {
        // whoever waits looks at the deadline next
        let _ = run.deadline.sleep(self.slice(run).min(pause_since(self.begin)));
    }
}

/// The status of a process, after the wait that is asked for.
pub(super) fn status(run: &NativeContext, pid: INT, patience: Patience) -> NativeResult<Status> {
    run.deadline.check().map_err(with_pid(pid))?;
    let children = run.extension::<Children>();
    let wait = Wait::begin(patience);
    loop {
        let found = look(&children, pid, |pid, child| {
            let is_final = child.state.is_end() || patience == Patience::None;
            is_final.then(|| Status::report(pid, child))
        });
        match found {
            None => return Ok(Status::not_found(pid)),
            Some(Some(status)) => return Ok(status),
            Some(None) => {}
        }
        if wait.is_over(run).map_err(with_pid(pid))? {
            return Ok(Status::new(pid, "TIMEOUT"));
        }
        wait.pause(run);
    }
}

/// What `seen` makes of a child; `None` when there is no such child.
pub(super) fn look<T>(
    children: &Children,
    pid: INT,
    seen: impl FnOnce(i32, &mut Child) -> T,
) -> Option<T> {
    let pid = i32::try_from(pid).ok()?;
    let mut table = children.table();
    table.child(pid).map(|child| seen(pid, child))
}
