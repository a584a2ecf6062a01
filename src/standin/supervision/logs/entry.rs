//! Finds logs in a tree and reads them.

use std::sync::Arc;

use serde::Deserialize;

use crate::agency::de::{ReadError, from_value};
use crate::agency::value::Value;
use crate::standin::model::log::{LogCurrent, LogPlan, LogTarget};
use crate::standin::model::{Tree, paths};

/// Which log: its database and its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LogKey {
    /// The name of the database.
    pub(super) database: Arc<str>,
    /// The number, as it is a key.
    pub(super) id: Arc<str>,
}

impl LogKey {
    /// The log with this key; nothing if no log can have it.
    pub(super) fn new(database: &Arc<str>, id: &Arc<str>) -> Option<Self> {
        let number: u64 = id.parse().ok()?;
        // An empty name or a second spelling of a number would lead somewhere else in the tree.
        let usable = !database.is_empty() && number.to_string() == **id;
        usable.then(|| Self { database: Arc::clone(database), id: Arc::clone(id) })
    }

    /// Where it stands in the Target.
    pub(super) fn target(&self) -> String {
        paths::target_log(&self.database, &self.id)
    }

    /// Where it stands in the Plan.
    pub(super) fn plan(&self) -> String {
        paths::plan_log(&self.database, &self.id)
    }

    /// Where it stands in Current.
    pub(super) fn current(&self) -> String {
        paths::current_log(&self.database, &self.id)
    }
}

/// Why a log is left alone.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum UnreadableLog {
    /// What is wanted is misshapen.
    #[error("the Target of the log is unreadable: {0}")]
    Target(ReadError),
    /// What is wanted is another log.
    #[error("the Target of the log has the number {0}")]
    Number(u64),
    /// What shall be is misshapen.
    #[error("the Plan of the log is unreadable: {0}")]
    Plan(ReadError),
    /// What is is misshapen.
    #[error("the log in Current is unreadable: {0}")]
    Current(ReadError),
}

/// What the tree says of a log.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LogEntry {
    /// What is wanted.
    pub(super) target: LogTarget,
    /// What shall be.
    pub(super) plan: Option<LogPlan>,
    /// What is.
    pub(super) current: Option<LogCurrent>,
    /// What shall be, as it stands in the tree.
    pub(super) planned: Option<Value>,
}

/// What becomes of a log.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// It is to be looked after.
    Wanted(Box<LogEntry>),
    /// It was made by the supervision and is not wanted any more.
    Orphaned,
    /// It is none of the supervision's business, or is not there.
    Foreign,
}

/// Finds a log in a tree.
pub(super) fn find(tree: &Tree, key: &LogKey) -> Result<Found, UnreadableLog> {
    let planned = tree.get(&key.plan());
    let Some(target) = tree.get(&key.target()) else {
        let owner = planned.and_then(Value::as_object).and_then(|plan| plan.get("owner"));
        let orphaned = owner.and_then(Value::as_str) == Some(super::action::OWNER);
        return Ok(if orphaned { Found::Orphaned } else { Found::Foreign });
    };
    let target: LogTarget = from_value(target).map_err(UnreadableLog::Target)?;
    if target.id.to_string() != *key.id {
        return Err(UnreadableLog::Number(target.id));
    }
    Ok(Found::Wanted(Box::new(LogEntry {
        target,
        plan: read(planned).map_err(UnreadableLog::Plan)?,
        current: read(tree.get(&key.current())).map_err(UnreadableLog::Current)?,
        planned: planned.cloned(),
    })))
}

fn read<'a, T: Deserialize<'a>>(value: Option<&'a Value>) -> Result<Option<T>, ReadError> {
    value.map(from_value).transpose()
}
