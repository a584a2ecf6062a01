//! Ended jobs are not kept for ever.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use crate::agency::value::Value;
use crate::standin::model::job::JobState;
use crate::standin::model::stamp::age;
use crate::standin::model::{Transaction, Tree, paths};

/// Those that ended so long ago may go.
const LEAST_AGE: Duration = Duration::from_secs(3600);

/// How many jobs a state may have, and to how many they are cut.
fn limits(state: JobState) -> (usize, usize) {
    match state {
        JobState::Failed => (2000, 1000),
        _ => (1000, 500),
    }
}

/// Removes the oldest of the jobs that have ended, if they are too many.
pub(super) fn outdated(tree: &Tree, state: JobState, now: SystemTime) -> Option<Transaction> {
    let (most, kept) = limits(state);
    let all = tree.get(&state.path())?.as_object()?;
    if all.len() <= most {
        return None;
    }
    let pending: HashSet<&str> =
        tree.children(&JobState::Pending.path()).map(|(id, _)| id).collect();
    let is_part_of_pending =
        |id: &str| id.rsplit_once('-').is_some_and(|(parent, _)| pending.contains(parent));
    let text = |job: &'_ Value, key: &str| -> Option<String> {
        Some(job.as_object()?.get(key)?.as_str()?.to_owned())
    };
    let is_old = |job: &Value| match text(job, "timeFinished") {
        Some(ended) => age(&ended, now).is_some_and(|age| age > LEAST_AGE),
        None => true,
    };
    let mut old: Vec<_> = all
        .iter()
        .filter(|(id, job)| !id.is_empty() && !is_part_of_pending(id) && is_old(job))
        .map(|(id, job)| (text(job, "timeCreated"), id))
        .collect();
    old.sort();
    old.truncate(all.len() - kept);
    let removed = old.into_iter().fold(Transaction::new(), |transaction, (_, id)| {
        transaction.delete(paths::job(state.key(), id))
    });
    (!removed.is_empty()).then_some(removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standin::model::stamp::{parse, stamp};
    use serde_json::{Map, Value as Json, json};

    fn at(now: SystemTime, seconds_ago: u64) -> String {
        stamp(now - Duration::from_secs(seconds_ago))
    }

    #[test]
    fn c7_1_the_oldest_ended_jobs_go_when_there_are_too_many() {
        let now = parse("2025-01-02T03:04:05Z").unwrap();
        let run = |state: JobState, count: u64, ended: u64, pending: Json| -> Vec<String> {
            let jobs: Map<String, Json> = (0..count)
                .map(|n| {
                    let job =
                        json!({"timeCreated": at(now, 90_000 - n), "timeFinished": at(now, ended)});
                    (if n == 0 { "7-0".to_owned() } else { format!("{}", 10_000 + n) }, job)
                })
                .collect();
            let mut tree = json!({"arango": {"Target": {"Pending": pending}}});
            tree["arango"]["Target"][state.key()] = Json::Object(jobs);
            let removed = outdated(&Tree::from(tree), state, now);
            removed.iter().flat_map(|t| t.operations().keys().cloned()).collect()
        };
        assert_eq!(run(JobState::Finished, 1000, 4000, json!({})).len(), 0);
        let removed = run(JobState::Finished, 1001, 4000, json!({}));
        assert_eq!(removed.len(), 501);
        assert_eq!(removed[0], "/arango/Target/Finished/7-0");
        assert_eq!(removed[500], "/arango/Target/Finished/10500");
        // a part of a pending job stays, and so does what ended lately
        let removed = run(JobState::Finished, 1001, 4000, json!({"7": {}}));
        assert_eq!((removed.len(), &*removed[0]), (501, "/arango/Target/Finished/10001"));
        assert_eq!(run(JobState::Finished, 1001, 3600, json!({})).len(), 0);
        assert_eq!(run(JobState::Failed, 2000, 4000, json!({})).len(), 0);
        assert_eq!(run(JobState::Failed, 2001, 4000, json!({})).len(), 1001);
    }
}
