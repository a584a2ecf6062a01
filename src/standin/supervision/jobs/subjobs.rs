//! Jobs that are parts of others: `<parent>-<n>`.

use std::time::SystemTime;

use serde_json::{Value as Json, json};

use super::step::Facts;
use crate::standin::model::job::{Job, JobState};
use crate::standin::model::stamp::stamp;
use crate::standin::model::{Transaction, Tree, paths};

/// The parts of a job that is about to start.
#[derive(Debug)]
pub(super) struct Subjobs<'a> {
    parent: &'a str,
    now: SystemTime,
    entries: Vec<Json>,
}

impl<'a> Subjobs<'a> {
    /// None yet.
    pub(super) fn of(parent: &'a Job, now: SystemTime) -> Self {
        Self { parent: &parent.id, now, entries: Vec::new() }
    }

    /// Adds one, given its type and what is special about it.
    pub(super) fn add(&mut self, kind: &str, mut entry: Json) {
        entry["type"] = json!(kind);
        entry["jobId"] = json!(format!("{}-{}", self.parent, self.entries.len()));
        entry["creator"] = json!(self.parent);
        entry["timeCreated"] = json!(stamp(self.now));
        self.entries.push(entry);
    }

    /// Creates them all.
    pub(super) fn create(self, transaction: Transaction) -> Transaction {
        self.entries.into_iter().enumerate().fold(transaction, |transaction, (n, entry)| {
            transaction.set(paths::job("ToDo", &format!("{}-{n}", self.parent)), entry)
        })
    }
}

/// Whether a job is a part of another one.
pub(super) fn is_part_of(job: &str, parent: &str) -> bool {
    let number = job.strip_prefix(parent).and_then(|rest| rest.strip_prefix('-'));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// The parts of a job that stand somewhere.
fn parts<'a>(tree: &'a Tree, parent: &'a str, state: JobState) -> impl Iterator<Item = &'a str> {
    tree.children(&state.path()).map(|(id, _)| id).filter(move |id| is_part_of(id, parent))
}

/// Whether parts of a job have not ended.
pub(super) fn any_open(tree: &Tree, parent: &str) -> bool {
    [JobState::ToDo, JobState::Pending]
        .into_iter()
        .any(|state| parts(tree, parent, state).next().is_some())
}

/// Whether a part of a job has failed.
pub(super) fn any_failed(tree: &Tree, parent: &str) -> bool {
    parts(tree, parent, JobState::Failed).next().is_some()
}

/// Gives up all parts of a job that have not ended.
pub(super) fn give_up(facts: &Facts<'_>, parent: &str, reason: &str) -> Vec<Transaction> {
    let open = [JobState::ToDo, JobState::Pending].into_iter();
    let jobs = open.flat_map(|state| parts(facts.tree, parent, state));
    let jobs = jobs.filter_map(|id| Job::open(facts.tree, id));
    jobs.flat_map(|job| super::run::abort(&job, facts, reason)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c7_2_parts_are_told_by_their_ids() {
        for (job, is) in [
            ("7-0", true),
            ("7-12", true),
            ("7", false),
            ("7-", false),
            ("7-0-1", false),
            ("77-0", false),
            ("7-a", false),
        ] {
            assert_eq!(is_part_of(job, "7"), is, "{job}");
        }
    }
}
