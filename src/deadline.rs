//! When a run has to end: its deadline, the script's own deadline, and interrupts.
//!
//! One [`Deadline`] is shared by everything that can wait during a run. Whoever
//! waits clamps its timeout with [`Deadline::clamp`] and gives up when
//! [`Deadline::check`] says so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::Clock;

/// The longest a blocking call goes without looking at the deadline.
pub const SLICE: Duration = Duration::from_millis(20);

/// The longest that somebody waits without the hook of [`Deadline::while_waiting`].
pub const GLANCE: Duration = Duration::from_millis(50);

/// Why a run, or the script's current call, has to end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stop {
    /// The run's deadline has passed; a script cannot catch this.
    #[error("the run's deadline has passed")]
    Deadline,
    /// Someone interrupted the run; a script cannot catch this.
    #[error("interrupted")]
    Interrupted,
    /// The run has made as many steps as it may; a script cannot catch this.
    #[error("the run has made {most} steps, as many as it may")]
    TooManyOperations {
        /// How many it may.
        most: u64,
    },
    /// The run has printed and logged as much as it may; a script cannot catch this.
    #[error("the run has printed and logged {most} bytes, as much as it may")]
    TooMuchOutput {
        /// How much it may, in bytes.
        most: u64,
    },
    /// The deadline that the script set for itself has passed; a script may catch this.
    #[error("{reason}")]
    ScriptDeadline {
        /// Why, as `time::deadline_reason` tells it.
        reason: String,
    },
}

impl Stop {
    /// Whether this ends the run even inside `try`.
    pub fn ends_run(&self) -> bool {
        !matches!(self, Self::ScriptDeadline { .. })
    }
}

/// The text that stands for an ordinary expiry of the script's deadline.
pub const DEFAULT_REASON: &str = "execution deadline reached";

/// The text that stands for an interrupt which let the script's deadline pass.
pub const INTERRUPT_REASON: &str = "interrupted by a signal";

#[derive(Debug, Default)]
struct State {
    run_end: Option<Instant>,
    script_end: Option<Instant>,
    interrupted: bool,
    ended: Option<Stop>,
    interrupt_sets_script: bool,
    /// Why the script's deadline passed, unless it was its time.
    reason: Option<String>,
    /// How many sleep now.
    sleepers: usize,
}

impl State {
    fn reason(&self) -> String {
        self.reason.clone().unwrap_or_else(|| DEFAULT_REASON.to_owned())
    }
}

/// Shared by all waiting calls of one run; cloning gives another handle to the same deadline.
#[derive(Debug, Clone, Default)]
pub struct Deadline {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    clock: Clock,
    /// Somebody has seen that the run has to end.
    over: AtomicBool,
    glance: OnceLock<Glance>,
}

/// What is done from time to time by whoever waits.
#[derive(Clone)]
struct Glance(Arc<dyn Fn() + Send + Sync>);

impl std::fmt::Debug for Glance {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Glance")
    }
}

impl Deadline {
    /// A deadline that ends the run `limit` from now; `None` means never.
    pub fn after(limit: Option<Duration>) -> Self {
        let deadline = Self::default();
        deadline.set_run(limit);
        deadline
    }

    /// No deadline at first, by the time of `clock`.
    pub fn by(clock: Clock) -> Self {
        Self { shared: Arc::new(Shared { clock, ..Shared::default() }) }
    }

    /// Lets whoever waits call `hook`, at least each [`GLANCE`] and on its own thread, so that it can interrupt
    /// the wait; a second hook is ignored. It is called with no lock held, often, and has to be quick.
    pub fn while_waiting(&self, hook: Arc<dyn Fn() + Send + Sync>) {
        self.shared.glance.get_or_init(|| Glance(hook));
    }

    /// Another deadline, with nothing set, by the same clock and with the same hook.
    #[must_use]
    pub fn sibling(&self) -> Self {
        let Shared { clock, glance, .. } = &*self.shared;
        let (clock, glance) = (clock.clone(), glance.clone());
        Self { shared: Arc::new(Shared { clock, glance, ..Shared::default() }) }
    }

    /// Calls the hook of [`Deadline::while_waiting`], if there is one; tells whether there is.
    pub fn glance(&self) -> bool {
        match self.shared.glance.get() {
            Some(Glance(hook)) => {
                hook();
                true
            }
            None => false,
        }
    }

    /// The clock that it goes by.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Begins a run that ends `limit` from now: nothing is left of what was set, or came, before.
    pub fn begin(&self, limit: Option<Duration>) {
        let run_end = limit.and_then(|limit| self.now().checked_add(limit));
        let mut state = self.state();
        *state = State { run_end, sleepers: state.sleepers, ..State::default() };
        self.shared.over.store(false, Ordering::Relaxed);
        let wakes = state.sleepers > 0;
        drop(state);
        if wakes {
            self.shared.changed.notify_all();
        }
    }

    /// Sets or clears the run's deadline, counted from now.
    pub fn set_run(&self, limit: Option<Duration>) {
        let mut state = self.state();
        state.run_end = limit.and_then(|limit| self.now().checked_add(limit));
        state.ended = None;
        self.shared.over.store(state.interrupted, Ordering::Relaxed);
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Sets or clears the script's own deadline; tells whether the previous one had passed.
    pub fn set_script(&self, limit: Option<Duration>) -> bool {
        let mut state = self.state();
        let passed = state.script_end.is_some_and(|end| end <= self.now());
        state.script_end = limit.and_then(|limit| self.now().checked_add(limit));
        state.reason = None;
        drop(state);
        self.shared.changed.notify_all();
        passed
    }

    /// Does `work` under a deadline of the script's own that is at most `limit` away, and puts the
    /// one before it back: it is never passed later than it would have been.
    pub fn within<T>(&self, limit: Duration, work: impl FnOnce() -> T) -> T {
        let outer = {
            let mut state = self.state();
            let outer = (state.script_end, state.reason.clone());
            state.script_end = nearer(state.script_end, self.now().checked_add(limit));
            outer
        };
        self.shared.changed.notify_all();
        let restore = Restore { deadline: self, outer: Some(outer) };
        let result = work();
        drop(restore);
        result
    }

    /// Interrupts the run: the call that waits now ends, and every later one.
    ///
    /// After [`Deadline::interrupt_sets_script`] the script's own deadline passes instead.
    pub fn interrupt(&self) {
        let mut state = self.state();
        if state.interrupt_sets_script {
            state.script_end = Some(self.now());
            state.reason = Some(INTERRUPT_REASON.to_owned());
        } else {
            state.interrupted = true;
            self.shared.over.store(true, Ordering::Relaxed);
        }
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Ends the run, with this reason, until its next [`Deadline::set_run`].
    pub fn end(&self, why: Stop) {
        self.state().ended.get_or_insert(why);
        self.shared.over.store(true, Ordering::Relaxed);
        self.shared.changed.notify_all();
    }

    /// Lets the script's own deadline pass now: the call that waits ends, the next one raises `reason`.
    pub fn expire_script(&self, reason: String) {
        let mut state = self.state();
        state.script_end = Some(self.now());
        state.reason = Some(reason);
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Whether an interrupt lets the script's deadline pass instead of ending the run.
    pub fn interrupt_sets_script(&self, enabled: bool) {
        self.state().interrupt_sets_script = enabled;
    }

    /// Why the script's deadline passed, or would pass.
    pub fn reason(&self) -> String {
        self.state().reason()
    }

    /// Takes an interrupt back, so that a shell can run the next line.
    pub fn clear_interrupt(&self) {
        let mut state = self.state();
        state.interrupted = false;
        self.shared.over.store(false, Ordering::Relaxed);
    }

    /// Whether the run has been interrupted.
    pub fn is_interrupted(&self) -> bool {
        self.state().interrupted
    }

    /// `Err` when the run or the script's current call has to end.
    pub fn check(&self) -> Result<(), Stop> {
        self.glance();
        let verdict = Self::verdict(&self.state(), self.now());
        if verdict.as_ref().is_err_and(Stop::ends_run) {
            self.shared.over.store(true, Ordering::Relaxed);
        }
        verdict
    }

    /// Whether somebody has seen that the run has to end; cheap enough to ask at each step of a script.
    pub fn is_over(&self) -> bool {
        self.shared.over.load(Ordering::Relaxed)
    }

    /// `Err` when the run has to end; the script's own deadline does not count.
    pub fn check_run(&self) -> Result<(), Stop> {
        match self.check() {
            Err(stop) if stop.ends_run() => Err(stop),
            _ => Ok(()),
        }
    }

    /// Time left until the nearer of both deadlines; `None` when there is none.
    pub fn remaining(&self) -> Option<Duration> {
        let state = self.state();
        let now = self.now();
        nearer(state.run_end, state.script_end).map(|end| end.saturating_duration_since(now))
    }

    /// Time left until the run's deadline; the script's own does not count.
    pub fn run_remaining(&self) -> Option<Duration> {
        let now = self.now();
        self.state().run_end.map(|end| end.saturating_duration_since(now))
    }

    /// `timeout`, cut to the time left.
    pub fn clamp(&self, timeout: Duration) -> Duration {
        self.remaining().map_or(timeout, |left| left.min(timeout))
    }

    /// Sleeps for `duration`, or until a deadline passes, or until an interrupt.
    ///
    /// A pause that meets the script's own deadline ends normally: the next check reports it.
    ///
    /// # Errors
    /// [`Stop::Deadline`] and [`Stop::Interrupted`]; [`Stop::ScriptDeadline`] when it had passed before.
    pub fn sleep(&self, duration: Duration) -> Result<(), Stop> {
        self.check()?;
        let wake = self.now().checked_add(duration);
        let mut state = self.state();
        let longest = match self.shared.glance.get() {
            Some(_) => GLANCE,
            None => Duration::from_secs(3600),
        };
        loop {
            let now = self.now();
            match Self::verdict(&state, now) {
                Err(stop) if stop.ends_run() => {
                    self.shared.over.store(true, Ordering::Relaxed);
                    return Err(stop);
                }
                Err(_) => return Ok(()),
                Ok(()) => {}
            }
            let left = wake.map_or(Duration::MAX, |wake| wake.saturating_duration_since(now));
            if left.is_zero() {
                return Ok(());
            }
            let end = nearer(state.run_end, state.script_end);
            let wait = end.map_or(left, |end| end.saturating_duration_since(now).min(left));
            if self.shared.clock.advance(wait) {
                continue;
            }
            state.sleepers += 1;
            state = self
                .shared
                .changed
                .wait_timeout(state, wait.min(longest))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            state.sleepers -= 1;
            if longest == GLANCE {
                drop(state);
                self.glance();
                state = self.state();
            }
        }
    }

    /// Does work that looks at no deadline on a thread of its own, which is left behind when a deadline
    /// passes or an interrupt comes.
    ///
    /// # Errors
    /// Why it was left behind.
    pub fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Stop> {
        self.check()?;
        let work = Arc::new(Mutex::new(Some(work)));
        let take = |work: &Mutex<Option<_>>| work.lock().ok().and_then(|mut work| work.take());
        let (sender, receiver) = sync_channel(1);
        let theirs = Arc::clone(&work);
        let spawned =
            std::thread::Builder::new().name("agencysh-aside".to_owned()).spawn(move || {
                if let Some(work) = take(&theirs) {
                    // nobody listens any more when it was left behind
                    let _ = sender.send(work());
                }
            });
        // where there can be no thread, it is done at once
        if spawned.is_err()
            && let Some(work) = take(&work)
        {
            return Ok(work());
        }
        loop {
            match receiver.recv_timeout(SLICE) {
                Ok(result) => return Ok(result),
                Err(RecvTimeoutError::Timeout) => self.check()?,
                // the work has panicked, which its own thread has told
                Err(RecvTimeoutError::Disconnected) => return Err(Stop::Interrupted),
            }
        }
    }

    fn now(&self) -> Instant {
        self.shared.clock.now()
    }

    fn verdict(state: &State, now: Instant) -> Result<(), Stop> {
        if state.interrupted {
            return Err(Stop::Interrupted);
        }
        if let Some(why) = &state.ended {
            return Err(why.clone());
        }
        if state.run_end.is_some_and(|end| end <= now) {
            return Err(Stop::Deadline);
        }
        if state.script_end.is_some_and(|end| end <= now) {
            return Err(Stop::ScriptDeadline { reason: state.reason() });
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a script's deadline back, also when the work under another one panicked.
struct Restore<'a> {
    deadline: &'a Deadline,
    outer: Option<(Option<Instant>, Option<String>)>,
}

impl Drop for Restore<'_> {
    fn drop(&mut self) {
        let Some((end, reason)) = self.outer.take() else { return };
        let mut state = self.deadline.state();
        // an interrupt that let the deadline pass, or somebody who ended it, counts outside as well
        let passed = state.reason.is_some() && state.reason != reason;
        if !passed {
            state.script_end = end;
            state.reason = reason;
        }
        drop(state);
        self.deadline.shared.changed.notify_all();
    }
}

fn nearer(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_deadline_never_stops() {
        let deadline = Deadline::default();
        assert_eq!(deadline.check(), Ok(()));
        assert_eq!(deadline.remaining(), None);
        assert_eq!(deadline.clamp(Duration::from_secs(7)), Duration::from_secs(7));
    }

    #[test]
    fn m9_a_deadline_within_another_never_extends_it_and_gives_it_back() {
        let clock = Clock::manual();
        let deadline = Deadline::by(clock.clone());
        deadline.set_script(Some(Duration::from_secs(10)));
        deadline.within(Duration::from_secs(60), || {
            assert_eq!(deadline.remaining(), Some(Duration::from_secs(10)));
        });
        deadline.within(Duration::from_secs(2), || {
            deadline.within(Duration::from_secs(5), || {
                assert_eq!(deadline.sleep(Duration::from_secs(3)), Ok(()));
                assert!(matches!(deadline.check(), Err(Stop::ScriptDeadline { .. })));
            });
            assert!(matches!(deadline.check(), Err(Stop::ScriptDeadline { .. })));
        });
        assert_eq!(deadline.remaining(), Some(Duration::from_secs(8)));
    }

    #[test]
    fn an_interrupt_that_comes_under_an_inner_deadline_counts_outside() {
        let deadline = Deadline::default();
        deadline.interrupt_sets_script(true);
        deadline.within(Duration::from_secs(60), || deadline.interrupt());
        assert_eq!(
            deadline.check(),
            Err(Stop::ScriptDeadline { reason: INTERRUPT_REASON.to_owned() })
        );
    }

    #[test]
    fn m9_a_deadline_that_somebody_ended_under_inner_ones_stays_passed_with_its_reason() {
        let clock = Clock::manual();
        let passed = |reason: &str| Err(Stop::ScriptDeadline { reason: reason.to_owned() });
        for outer in [None, Some(Duration::from_secs(600))] {
            let deadline = Deadline::by(clock.clone());
            deadline.set_script(outer);
            deadline.within(Duration::from_secs(60), || {
                deadline.within(Duration::from_secs(5), || {
                    deadline.expire_script("agent1 ended".to_owned());
                    // its own time is up as well
                    assert_eq!(deadline.sleep(Duration::from_secs(9)), passed("agent1 ended"));
                });
                assert_eq!(deadline.check(), passed("agent1 ended"));
                // while it has passed, whoever cleans up may ask for time in vain
                deadline.within(Duration::from_secs(7), || {
                    assert_eq!(deadline.check(), passed("agent1 ended"));
                    deadline.expire_script("agent2 ended".to_owned());
                });
            });
            assert_eq!(deadline.check(), passed("agent2 ended"));
            assert!(deadline.set_script(None));
            assert_eq!(deadline.check(), Ok(()));
        }
    }

    #[test]
    fn run_deadline_ends_a_pause_with_an_error() {
        let deadline = Deadline::after(Some(Duration::from_millis(30)));
        assert_eq!(deadline.sleep(Duration::from_secs(60)), Err(Stop::Deadline));
        assert_eq!(deadline.check(), Err(Stop::Deadline));
    }

    #[test]
    fn d3_script_deadline_lets_the_pause_end_normally_and_the_next_call_fail() {
        let deadline = Deadline::default();
        deadline.set_script(Some(Duration::from_millis(30)));
        assert_eq!(deadline.sleep(Duration::from_secs(60)), Ok(()));
        assert!(matches!(deadline.sleep(Duration::ZERO), Err(Stop::ScriptDeadline { .. })));
        assert!(deadline.set_script(None), "the previous deadline had passed");
        assert_eq!(deadline.check(), Ok(()));
    }

    #[test]
    fn work_aside_gives_its_result_or_is_left_behind() {
        let deadline = Deadline::default();
        assert_eq!(deadline.aside(|| 7), Ok(7));
        let (leave, left) = sync_channel::<()>(0);
        deadline.set_script(Some(Duration::from_millis(30)));
        let outcome = deadline.aside(move || left.recv());
        assert!(matches!(outcome, Err(Stop::ScriptDeadline { .. })), "{outcome:?}");
        drop(leave);
        deadline.interrupt();
        assert_eq!(deadline.aside(|| 7), Err(Stop::Interrupted));
    }

    #[test]
    fn d12_an_expired_script_deadline_tells_its_reason_until_it_is_set_anew() {
        let deadline = Deadline::default();
        let other = deadline.clone();
        let sleeper = std::thread::spawn(move || other.sleep(Duration::from_secs(60)));
        deadline.expire_script("somebody ended - 7".to_owned());
        // it may have begun only afterwards, and ends in either case
        drop(sleeper.join().expect("sleeper does not panic"));
        assert_eq!(
            deadline.check(),
            Err(Stop::ScriptDeadline { reason: "somebody ended - 7".to_owned() })
        );
        deadline.set_script(None);
        assert_eq!(deadline.reason(), DEFAULT_REASON);
    }

    #[test]
    fn interrupt_ends_a_pause_of_another_thread() {
        let deadline = Deadline::default();
        let other = deadline.clone();
        let sleeper = std::thread::spawn(move || other.sleep(Duration::from_secs(60)));
        deadline.interrupt();
        assert_eq!(sleeper.join().expect("sleeper does not panic"), Err(Stop::Interrupted));
        deadline.clear_interrupt();
        assert_eq!(deadline.check(), Ok(()));
    }
}
