//! The stream of changes: poll, watch, wait for a condition.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::paths::overlap;
use super::request::{Call, Failure};
use super::retry::Budget;
use super::{AgencyClient, ClientError};
use crate::agency::path::absolute;

/// The longest that agents let a poll wait.
pub(super) const LONGEST_POLL: Duration = Duration::from_secs(60);
/// How much longer than the agent the client waits: agents look at their clock once per second.
const SLACK: Duration = Duration::from_secs(3);
/// How much longer a watch waits, which may end without an answer.
const WATCH_SLACK: Duration = Duration::from_millis(20);

/// An answer within this time was not waited for.
pub(super) const AT_ONCE: Duration = Duration::from_millis(10);

/// One entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogItem {
    /// Its Raft log index.
    pub index: u64,
    /// The operations as submitted.
    pub operations: Value,
}

/// What a poll brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    /// The agency's commit index.
    pub commit_index: u64,
    /// The index asked for; 0 for a snapshot; `None` when nothing is new.
    pub first_index: Option<u64>,
    /// The whole tree, when the index was 0 or older than the log.
    pub snapshot: Option<Value>,
    /// The entries from the index on.
    pub log: Vec<LogItem>,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Wait for the next change.
    Continue,
    /// That is enough.
    Stop,
}

impl AgencyClient {
    /// Waits up to `timeout` for log entries from `index` on; index 0 asks for a snapshot.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn poll(&self, index: u64, timeout: Duration) -> Result<Poll, ClientError> {
        let wait = self.shared.deadline.clamp(timeout.min(LONGEST_POLL));
        let limit = self.timeout().max(wait + SLACK);
        self.poll_within(index, wait, SLACK, &mut Budget::new(&self.shared.deadline, limit))
    }

    fn poll_within(
        &self,
        index: u64,
        wait: Duration,
        slack: Duration,
        budget: &mut Budget<'_>,
    ) -> Result<Poll, ClientError> {
        let target = format!("/_api/agency/poll?index={index}");
        let call = Call {
            try_limit: Some(slack),
            wait_until: Some(Instant::now() + wait),
            ..Call::get(&target)
        };
        let answer = self.request(&call, budget).map_err(Failure::into_error)?;
        let mut body = answer.json()?;
        let result = body.get_mut("result").map(Value::take).unwrap_or_default();
        parse_poll(result).ok_or_else(|| answer.refused_or_bad(&body, "no poll result"))
    }

    /// Calls `changed` with the value at `path` now, and again after each change, until it stops or the time is up.
    ///
    /// Changes that follow each other quickly may be seen as one. Returns whether `changed` stopped it.
    /// With no time at all the value is looked at once.
    ///
    /// # Errors
    /// What `changed` returns, and [`ClientError`].
    pub fn watch<E: From<ClientError>>(
        &self,
        path: &str,
        timeout: Duration,
        mut changed: impl FnMut(Option<&Value>) -> Result<Flow, E>,
    ) -> Result<bool, E> {
        let path = absolute(path);
        let whole = Budget::new(&self.shared.deadline, timeout);
        let longest = self.timeout();
        // each operation has its usual limit, and ends with the watch
        let budget = |least: Duration| {
            Budget::new(&self.shared.deadline, whole.left().max(least).min(longest))
        };
        let first_look = if timeout.is_zero() { longest } else { Duration::ZERO };
        let mut next = self.commit_index(&mut budget(first_look))?.saturating_add(1);
        let mut value = self.get_within(&path, &mut budget(first_look))?;
        if changed(value.as_ref())? == Flow::Stop {
            return Ok(true);
        }
        let mut idle = Budget::new(&self.shared.deadline, whole.left());
        loop {
            let left = whole.left();
            if left.is_zero() {
                return Ok(false);
            }
            let wait = self.shared.deadline.clamp(left.min(LONGEST_POLL));
            let (slack, limit) = match left > wait + SLACK {
                true => (SLACK, longest.max(wait + SLACK).min(left)),
                false => (WATCH_SLACK, left + WATCH_SLACK),
            };
            let asked = Instant::now();
            let mut poll_budget = Budget::new(&self.shared.deadline, limit);
            let poll = match self.poll_within(next, wait, slack, &mut poll_budget) {
                Err(ClientError::Timeout { .. }) if whole.left().is_zero() => return Ok(false),
                polled => polled?,
            };
            if poll.commit_index < next {
                // agents that do not wait are not asked all the time
                if asked.elapsed() < AT_ONCE && !idle.pause().map_err(ClientError::from)? {
                    return Ok(false);
                }
            } else {
                idle = Budget::new(&self.shared.deadline, whole.left());
            }
            let touched = tells_of(&poll, next, &path);
            if touched || poll.first_index.is_some() {
                next = poll.commit_index.saturating_add(1);
            }
            if !touched {
                continue;
            }
            let newer = match self.get_within(&path, &mut budget(WATCH_SLACK)) {
                Err(ClientError::Timeout { .. }) if whole.left().is_zero() => return Ok(false),
                read => read?,
            };
            if newer != value {
                value = newer;
                if changed(value.as_ref())? == Flow::Stop {
                    return Ok(true);
                }
            }
        }
    }

    /// Waits until `predicate` holds for the value at `path`; returns that value.
    ///
    /// # Errors
    /// What `predicate` returns; [`ClientError::WaitTimeout`] when the time is up.
    pub fn wait_until<E: From<ClientError>>(
        &self,
        path: &str,
        timeout: Duration,
        mut predicate: impl FnMut(Option<&Value>) -> Result<bool, E>,
    ) -> Result<Option<Value>, E> {
        let mut last = None;
        let came_true = self.watch(path, timeout, |value| {
            if predicate(value)? {
                last = value.cloned();
                return Ok::<_, E>(Flow::Stop);
            }
            Ok(Flow::Continue)
        })?;
        if came_true {
            return Ok(last);
        }
        Err(ClientError::WaitTimeout { path: absolute(path), after: timeout }.into())
    }

    /// An index that is committed; everything newer arrives by poll.
    pub(super) fn commit_index(&self, budget: &mut Budget<'_>) -> Result<u64, ClientError> {
        let call = Call::get("/_api/agency/config");
        let config = self.request(&call, budget).map_err(Failure::into_error)?.json()?;
        Ok(config.get("commitIndex").and_then(Value::as_u64).unwrap_or(0))
    }
}

/// Whether the value at a path may have changed, as far as the answer to a poll from `next` on tells.
pub(super) fn tells_of(poll: &Poll, next: u64, path: &str) -> bool {
    match poll.first_index {
        // an agency that has been set up anew, or a leader that still catches up
        None => poll.commit_index.saturating_add(1) < next,
        Some(first) if first == next && follow_each_other(&poll.log, next, poll.commit_index) => {
            poll.log.iter().any(|item| touches(item, path))
        }
        // a snapshot, or entries are missing
        Some(_) => true,
    }
}

fn follow_each_other(log: &[LogItem], first: u64, last: u64) -> bool {
    let numbered = log.iter().zip(first..).all(|(item, index)| item.index == index);
    numbered
        && last.checked_sub(first).map(|more| more.saturating_add(1))
            == u64::try_from(log.len()).ok()
}

fn touches(item: &LogItem, path: &str) -> bool {
    item.operations
        .as_object()
        .is_none_or(|operations| operations.keys().any(|changed| overlap(path, changed)))
}

fn parse_poll(mut result: Value) -> Option<Poll> {
    let commit_index = result.get("commitIndex")?.as_u64()?;
    let first_index = result.get("firstIndex").and_then(Value::as_u64);
    let snapshot = result.get_mut("readDB").map(Value::take);
    let log = match result.get_mut("log").map(Value::take) {
        Some(Value::Array(items)) => items.into_iter().map(log_item).collect::<Option<Vec<_>>>()?,
        _ => Vec::new(),
    };
    Some(Poll { commit_index, first_index, snapshot, log })
}

fn log_item(mut item: Value) -> Option<LogItem> {
    Some(LogItem { index: item.get("index")?.as_u64()?, operations: item.get_mut("query")?.take() })
}
