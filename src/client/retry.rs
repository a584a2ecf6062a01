//! How long to pause before the next try, and when to give up.

use std::time::{Duration, Instant};

use crate::deadline::{Deadline, Stop};

/// The first pause.
const FIRST: Duration = Duration::from_millis(10);
/// How long an agent that has just answered may take to read what it was sent before: one that
/// was suspended may answer a later question first.
const SETTLE: Duration = Duration::from_millis(250);
/// The longest pause: an election takes about a second, and nobody wants to sleep through its end.
const LONGEST: Duration = Duration::from_millis(250);

/// The time of one operation and the pauses within it: the only such policy of the client.
///
/// Pauses double from 10 ms to 250 ms; each is shortened by a random part of up to a
/// half, so that clients that failed together do not come back together.
#[derive(Debug)]
pub(super) struct Budget<'a> {
    deadline: &'a Deadline,
    begin: Instant,
    limit: Duration,
    pauses: u32,
}

impl<'a> Budget<'a> {
    pub(super) fn new(deadline: &'a Deadline, limit: Duration) -> Self {
        Self { deadline, begin: Instant::now(), limit, pauses: 0 }
    }

    /// Time spent so far.
    pub(super) fn spent(&self) -> Duration {
        self.begin.elapsed()
    }

    /// Time left.
    pub(super) fn left(&self) -> Duration {
        self.limit.saturating_sub(self.begin.elapsed())
    }

    /// Pauses before the next try; false when the time is up.
    ///
    /// # Errors
    /// When the run has to end.
    pub(super) fn pause(&mut self) -> Result<bool, Stop> {
        let pause = length(self.pauses, rand::random::<f64>());
        self.pauses = self.pauses.saturating_add(1);
        self.wait(pause)
    }

    /// Lets the agents read what they have not read yet; false when there is no time for that.
    ///
    /// # Errors
    /// When the run has to end.
    pub(super) fn settle(&self) -> Result<bool, Stop> {
        self.wait(SETTLE)
    }

    fn wait(&self, pause: Duration) -> Result<bool, Stop> {
        let left = self.left();
        self.deadline.sleep(pause.min(left))?;
        self.deadline.check()?;
        Ok(left > pause)
    }
}

fn length(pauses: u32, random: f64) -> Duration {
    let full = FIRST.saturating_mul(2_u32.saturating_pow(pauses)).min(LONGEST);
    full.mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_lose_at_most_a_half() {
        assert_eq!(length(0, 0.0), Duration::from_millis(10));
        assert_eq!(length(3, 0.0), Duration::from_millis(80));
        assert_eq!(length(3, 1.0), Duration::from_millis(40));
        assert_eq!(length(40, 0.0), LONGEST);
    }

    #[test]
    fn the_budget_ends() {
        let deadline = Deadline::default();
        let mut budget = Budget::new(&deadline, Duration::from_millis(30));
        let mut pauses = 0;
        while budget.pause().unwrap() {
            pauses += 1;
        }
        assert!(pauses <= 4 && budget.left().is_zero());
    }
}
