//! The stream of changes: poll, watch, wait for a condition.

use std::time::Duration;

use serde_json::Value;

use super::paths::overlap;
use super::request::{Call, Failure};
use super::retry::Budget;
use super::{AgencyClient, ClientError};
use crate::agency::path::absolute;

/// The longest that agents let a poll wait.
const LONGEST_POLL: Duration = Duration::from_secs(60);
/// How much longer than the agent the client waits: agents look at their clock once per second.
const SLACK: Duration = Duration::from_secs(3);

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
        let target = format!("/_api/agency/poll?index={index}&timeout={}", wait.as_secs_f64());
        let call = Call { try_limit: Some(wait + SLACK), ..Call::get(&target) };
        let mut budget =
            Budget::new(&self.shared.deadline, self.shared.options.timeout.max(wait + SLACK));
        let answer = self.request(&call, &mut budget).map_err(Failure::into_error)?;
        let mut body = answer.json()?;
        let result = body.get_mut("result").map(Value::take).unwrap_or_default();
        parse_poll(result).ok_or_else(|| answer.bad("no poll result"))
    }

    /// Calls `changed` with the value at `path` now, and again after each change, until it stops or the time is up.
    ///
    /// Changes that follow each other quickly may be seen as one. Returns whether `changed` stopped it.
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
        let budget = Budget::new(&self.shared.deadline, timeout);
        let mut next = self.commit_index()? + 1;
        let mut value = self.get(&path)?;
        if changed(value.as_ref())? == Flow::Stop {
            return Ok(true);
        }
        loop {
            let left = budget.left();
            if left.is_zero() {
                return Ok(false);
            }
            let poll = self.poll(next, left)?;
            let touched = match poll.first_index {
                None => false,
                Some(0) => true,
                Some(_) => poll.log.iter().any(|item| touches(item, &path)),
            };
            next = next.max(poll.commit_index + 1);
            if !touched {
                continue;
            }
            let newer = self.get(&path)?;
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
    fn commit_index(&self) -> Result<u64, ClientError> {
        let config = self.config(None)?;
        Ok(config.get("commitIndex").and_then(Value::as_u64).unwrap_or(0))
    }
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
