//! Jobs: `Target/ToDo`, `Target/Pending`, `Target/Finished` and `Target/Failed`.

use std::sync::Arc;
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::stamp::stamp;
use super::{Transaction, Tree, paths};
use crate::agency::de::{ReadError, from_value};
use crate::agency::value::Value;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobState {
    /// It has not begun.
    ToDo,
    /// It is under way.
    Pending,
    /// It did what it was for.
    Finished,
    /// It did not.
    Failed,
}

impl JobState {
    /// Its key below `Target`.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::ToDo => "ToDo",
            Self::Pending => "Pending",
            Self::Finished => "Finished",
            Self::Failed => "Failed",
        }
    }

    /// Where jobs in this state stand.
    pub(crate) fn path(self) -> String {
        format!("/arango/Target/{}", self.key())
    }
}

/// Why an entry is no job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JobError {
    /// It has no `type`.
    #[error("the job has no type")]
    NoType,
    /// Its `jobId` is not its key.
    #[error("the jobId is not the key of the job")]
    OtherId,
}

/// A job; what it is about depends on its type.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Its id, which is its key.
    pub(crate) id: String,
    /// Its type.
    pub(crate) kind: Arc<str>,
    /// Where it stands.
    pub(crate) state: JobState,
    attributes: Value,
}

impl Job {
    /// Reads an entry as a job.
    ///
    /// # Errors
    /// The entry lacks what every job has.
    pub(crate) fn read(state: JobState, id: &str, entry: &Value) -> Result<Self, JobError> {
        let text = |key: &str| match entry.as_object().and_then(|object| object.get(key)) {
            Some(Value::String(text)) => Some(Arc::clone(text)),
            _ => None,
        };
        let kind = text("type").ok_or(JobError::NoType)?;
        if text("jobId").as_deref() != Some(id) {
            return Err(JobError::OtherId);
        }
        Ok(Self { id: id.to_owned(), kind, state, attributes: entry.clone() })
    }

    /// The job with this id that has not ended.
    pub(crate) fn open(tree: &Tree, id: &str) -> Option<Self> {
        [JobState::ToDo, JobState::Pending].into_iter().find_map(|state| {
            let entry = tree.get(&paths::job(state.key(), id))?;
            Self::read(state, id, entry).ok()
        })
    }

    /// What the job is about.
    ///
    /// # Errors
    /// It lacks something that its type requires.
    pub(crate) fn attributes<'de, T: Deserialize<'de>>(&'de self) -> Result<T, ReadError> {
        from_value(&self.attributes)
    }

    /// Whether somebody wants it to be given up.
    pub(crate) fn is_aborted(&self) -> bool {
        self.attribute("abort") == Some(&Value::Bool(true))
    }

    /// One attribute.
    pub(crate) fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes.as_object()?.get(key)
    }

    /// Moves it on, with attributes added. Only if it is still where it was, and nobody has asked
    /// for it to be given up meanwhile.
    pub(crate) fn moved(&self, to: JobState, added: Json) -> Transaction {
        let here = paths::job(self.state.key(), &self.id);
        let abort = format!("{here}/abort");
        let moved = Transaction::new()
            .delete(here.as_str())
            .set(paths::job(to.key(), &self.id), with(&self.attributes, added))
            .when_there(here);
        match self.is_aborted() || to == JobState::Failed {
            true => moved,
            false => moved.when(abort, json!({ "oldNot": true })),
        }
    }

    /// Starts it.
    pub(crate) fn started(&self, now: SystemTime, mut added: Json) -> Transaction {
        if let Some(added) = added.as_object_mut() {
            added.insert("timeStarted".to_owned(), json!(stamp(now)));
        }
        self.moved(JobState::Pending, added)
    }

    /// Ends it, with a reason if there is something to be said.
    pub(crate) fn ended(
        &self,
        end: JobState,
        now: SystemTime,
        reason: Option<&str>,
    ) -> Transaction {
        let mut added = json!({ "timeFinished": stamp(now) });
        if let Some(reason) = reason {
            added["reason"] = json!(reason);
        }
        self.moved(end, added)
    }
}

/// Only if no job has this id: scripts draw theirs as they like.
pub(crate) fn when_new(transaction: Transaction, id: &str) -> Transaction {
    [JobState::ToDo, JobState::Pending, JobState::Finished, JobState::Failed]
        .into_iter()
        .fold(transaction, |transaction, state| {
            transaction.when_missing(paths::job(state.key(), id))
        })
}

/// Moves what is no job out of the way.
pub(crate) fn discard(
    state: JobState,
    id: &str,
    entry: &Value,
    now: SystemTime,
    reason: &str,
) -> Transaction {
    let here = paths::job(state.key(), id);
    let added = json!({ "timeFinished": stamp(now), "reason": reason });
    Transaction::new()
        .delete(here.as_str())
        .set(paths::job(JobState::Failed.key(), id), with(entry, added))
        .when_there(here)
}

/// An object with members added; what is no object becomes its member `entry`.
fn with(value: &Value, added: Json) -> Json {
    let mut object = match Json::from(value) {
        Json::Object(object) => object,
        other => Map::from_iter([("entry".to_owned(), other)]),
    };
    if let Json::Object(added) = added {
        object.extend(added);
    }
    Json::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c7_1_a_job_has_a_type_and_its_key_as_id() {
        let read = |entry: Json| Job::read(JobState::ToDo, "7", &entry.into()).map(|job| job.id);
        assert_eq!(read(json!({"type": "x", "jobId": "7"})), Ok("7".to_owned()));
        assert_eq!(read(json!({"jobId": "7"})), Err(JobError::NoType));
        assert_eq!(read(json!({"type": 7, "jobId": "7"})), Err(JobError::NoType));
        assert_eq!(read(json!({"type": "x", "jobId": "8"})), Err(JobError::OtherId));
        assert_eq!(read(json!({"type": "x", "jobId": 7})), Err(JobError::OtherId));
        assert_eq!(read(json!([1])), Err(JobError::NoType));
    }

    #[test]
    fn c7_1_a_job_moves_unchanged_except_for_added_keys() {
        let entry = json!({"type": "x", "jobId": "7", "more": {"a": []}});
        let job = Job::read(JobState::ToDo, "7", &entry.into()).unwrap();
        let moved = job.started(SystemTime::UNIX_EPOCH, json!({"expectedVersion": 2}));
        let pending = &moved.operations()["/arango/Target/Pending/7"]["new"];
        assert_eq!(
            *pending,
            json!({"type": "x", "jobId": "7", "more": {"a": []}, "expectedVersion": 2,
                "timeStarted": "1970-01-01T00:00:00Z"})
        );
        assert_eq!(moved.operations()["/arango/Target/ToDo/7"], json!({"op": "delete"}));
    }
}
