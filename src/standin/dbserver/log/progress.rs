//! What a leader knows of a follower.

use std::time::{Duration, Instant};

use crate::standin::model::log::TermIndex;

/// The first pause after a follower did not take a message.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// Doublings of that pause at most.
const DOUBLINGS: u32 = 6;

/// What a leader knows of a follower.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    /// The next entry to send.
    pub(super) next: u64,
    /// The last entry that it acknowledged.
    pub(super) acknowledged: TermIndex,
    /// Whether it has acknowledged anything in this term.
    pub(super) heard: bool,
    /// Whether it has what was dropped.
    pub(super) snapshot_available: bool,
    /// What it knows to be committed.
    pub(super) commit_index: u64,
    /// Commit index and released index that it was told.
    pub(super) told: (u64, u64),
    /// The message that it has not answered.
    pub(super) in_flight: Option<InFlight>,
    /// When it gets the next one after it did not take one.
    pub(super) retry: Option<Instant>,
    /// How often it did not take one, in a row.
    refusals: u32,
}

/// A message that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct InFlight {
    pub(super) sequence: u64,
    pub(super) tells: (u64, u64),
}

impl Progress {
    /// A follower of which nothing is known but that it may have everything before `next`.
    pub(super) fn new(next: u64) -> Self {
        Self {
            next,
            acknowledged: TermIndex::default(),
            heard: false,
            snapshot_available: true,
            commit_index: 0,
            told: (0, 0),
            in_flight: None,
            retry: None,
            refusals: 0,
        }
    }

    /// The message under way did not arrive, or was not taken: another one is due after a pause.
    pub(super) fn refused(&mut self, now: Instant) {
        self.in_flight = None;
        self.retry = Some(now + FIRST_PAUSE * (1 << self.refusals.min(DOUBLINGS)));
        self.refusals = self.refusals.saturating_add(1);
    }

    /// A message was taken.
    pub(super) fn taken(&mut self) {
        self.in_flight = None;
        self.retry = None;
        self.refusals = 0;
    }

    /// What the follower is up to, in the words of clients.
    pub(super) fn state(&self) -> &'static str {
        match (self.retry, self.in_flight) {
            (Some(_), _) => "error-backoff",
            (None, Some(_)) => "request-in-flight",
            (None, None) => "up-to-date",
        }
    }
}
