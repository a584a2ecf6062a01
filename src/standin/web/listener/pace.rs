//! How long the other side of a connection may keep us waiting.

use std::time::{Duration, Instant};

use super::super::limits::Limits;

/// Patience that is used up by waiting and regained by bytes that move. A pause between two
/// bytes says nothing: a client that sends one byte a second never pauses for long, and never
/// comes to an end.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    most: Duration,
    bytes_per_second: u32,
    left: Duration,
    waiting: Option<Instant>,
}

impl Pace {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            most: limits.patience,
            bytes_per_second: limits.bytes_per_second.max(1),
            left: limits.patience,
            waiting: None,
        }
    }

    /// Nothing moves: until when it has to.
    pub(super) fn waits(&mut self, now: Instant) -> Instant {
        *self.waiting.get_or_insert(now) + self.left
    }

    /// So many bytes moved.
    pub(super) fn moved(&mut self, bytes: usize, now: Instant) {
        let waited = self.waiting.take().map_or(Duration::ZERO, |since| now - since);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let gained = Duration::from_secs(1) * bytes / self.bytes_per_second;
        self.left = (self.left.saturating_sub(waited) + gained).min(self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pace() -> Pace {
        Pace::new(&Limits { patience: 30 * SECOND, bytes_per_second: 1000, ..Limits::default() })
    }

    /// When a client is given up that moves so many bytes at a time, with a second in between.
    fn end_of(bytes: usize) -> Option<u32> {
        let (mut pace, begin) = (pace(), Instant::now());
        (0..10_000).find(|second| {
            let due = pace.waits(begin + *second * SECOND);
            pace.moved(bytes, begin + (*second + 1) * SECOND);
            due < begin + (*second + 1) * SECOND
        })
    }

    #[test]
    fn one_byte_a_second_comes_to_an_end() {
        assert_eq!(end_of(1), Some(30));
        assert_eq!(end_of(500), Some(59));
    }

    #[test]
    fn a_slow_but_steady_client_is_waited_for() {
        assert_eq!(end_of(1000), None);
        assert_eq!(end_of(1 << 40), None);
    }

    #[test]
    fn what_was_moved_before_buys_no_more_than_the_usual_patience() {
        let (mut pace, now) = (pace(), Instant::now());
        pace.moved(1 << 30, now);
        assert_eq!(pace.waits(now), now + 30 * SECOND);
    }
}
