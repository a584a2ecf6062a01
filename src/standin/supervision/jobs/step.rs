//! What a job is given, and what it answers.

use std::time::SystemTime;

use super::release::release;
use crate::standin::model::job::{Job, JobState};
use crate::standin::model::stamp;
use crate::standin::model::{Transaction, Tree};

/// What a job decides by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    /// The tree.
    pub(super) tree: &'a Tree,
    /// The time.
    pub(super) now: SystemTime,
}

/// What a job wants to be done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// Nothing for now.
    Wait,
    /// Each of these.
    Write(Vec<Transaction>),
}

impl From<Transaction> for Step {
    fn from(transaction: Transaction) -> Self {
        Self::Write(vec![transaction])
    }
}

impl Facts<'_> {
    /// Ends a job, which lets go of what it has locked.
    pub(super) fn end(&self, job: &Job, end: JobState, reason: Option<&str>) -> Transaction {
        release(job.ended(end, self.now, reason), self.tree, &job.id)
    }

    /// Ends a job that has done what it was for.
    pub(super) fn finish(&self, job: &Job) -> Transaction {
        self.end(job, JobState::Finished, None)
    }

    /// Ends a job that has not, and tells why.
    pub(super) fn fail(&self, job: &Job, reason: impl AsRef<str>) -> Transaction {
        self.end(job, JobState::Failed, Some(reason.as_ref()))
    }

    /// Whether a stamp of a job lies so many seconds back.
    pub(super) fn is_past(&self, job: &Job, key: &str, seconds: u64) -> bool {
        let stamp = job.attribute(key).and_then(|value| value.as_str());
        let age = stamp.and_then(|stamp| stamp::age(stamp, self.now));
        age.is_some_and(|age| age.as_secs() >= seconds)
    }

    /// Whether a time has come before which a job must not begin; no stamp stands for now.
    pub(super) fn has_come(&self, not_before: &str) -> bool {
        stamp::parse(not_before).is_none_or(|time| time <= self.now)
    }
}
