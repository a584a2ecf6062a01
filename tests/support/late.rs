//! Whether something ends in time.

use std::time::{Duration, Instant};

use agencysh::deadline::Deadline;

/// How long after its deadline a native may end.
const GRACE: Duration = Duration::from_millis(50);
/// How often something may be late by chance, as on a busy machine.
const TRIES: usize = 20;

/// Checks that `work` ends at most 50 ms after the instant that it returns; the best of several tries counts.
#[track_caller]
fn ends_in_time(what: &str, mut work: impl FnMut() -> Instant) {
    let mut least = Duration::MAX;
    for _ in 0..TRIES {
        let due = work();
        least = least.min(due.elapsed());
        if least <= GRACE {
            return;
        }
    }
    panic!("{what}: {least:?} after it was due");
}

/// Ways in which a call has to end, and how long before it has to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The run's deadline passes.
    Run,
    /// The script's own deadline passes.
    Script,
    /// Somebody interrupts the run.
    Interrupt,
    /// An interrupt makes the script's deadline pass.
    InterruptedScript,
}

impl End {
    pub(crate) const ALL: [Self; 4] =
        [Self::Run, Self::Script, Self::Interrupt, Self::InterruptedScript];

    /// Checks that `work`, which hangs, ends with it in time.
    #[track_caller]
    pub(crate) fn ends(self, what: &str, deadline: &Deadline, mut work: impl FnMut()) {
        let limit = Duration::from_millis(60);
        ends_in_time(&format!("{what} by {self:?}"), || {
            deadline.set_run(None);
            deadline.set_script(None);
            deadline.clear_interrupt();
            deadline.interrupt_sets_script(self == Self::InterruptedScript);
            let due = Instant::now() + limit;
            let interrupter = match self {
                Self::Run => {
                    deadline.set_run(Some(limit));
                    None
                }
                Self::Script => {
                    deadline.set_script(Some(limit));
                    None
                }
                Self::Interrupt | Self::InterruptedScript => {
                    let deadline = deadline.clone();
                    Some(std::thread::spawn(move || {
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        deadline.interrupt();
                    }))
                }
            };
            work();
            assert!(Instant::now() >= due, "{what}: ended before it had to");
            let late = due.elapsed();
            if let Some(interrupter) = interrupter {
                interrupter.join().unwrap();
            }
            Instant::now().checked_sub(late).unwrap()
        });
        deadline.set_run(None);
        deadline.set_script(None);
        deadline.clear_interrupt();
        deadline.interrupt_sets_script(false);
    }
}
