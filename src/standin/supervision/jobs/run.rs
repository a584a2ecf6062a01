//! All jobs of a round in their order.

use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use std::collections::HashSet;
use std::time::Duration;

use super::step::{Facts, Step};
use super::{
    clean_out, failed_follower, failed_leader, failed_server, followers, move_shard, reconfigure,
    resign, retention,
};
use crate::agency::value::Value;
use crate::standin::model::job::{Job, JobState, discard};
use crate::standin::model::{Transaction, paths};
use crate::standin::supervision::agency::LeadershipLost;
use crate::standin::supervision::round::Round;

/// So many jobs of a state are looked at in a round.
const MOST: usize = 1000;

/// So much time lies between two looks at the jobs that have ended.
const RETENTION_PERIOD: Duration = Duration::from_secs(10);

/// What a leadership remembers of jobs.
#[derive(Debug, Default)]
pub(in crate::standin::supervision) struct Jobs {
    retained: Option<Duration>,
    told_of: HashSet<String>,
}

impl Jobs {
    /// Runs the jobs: those that fail something over, the others unless there were any, then
    /// those under way.
    pub(in crate::standin::supervision) fn run(
        &mut self,
        round: &mut Round<'_>,
    ) -> Result<(), LeadershipLost> {
        self.discard_rubbish(round)?;
        let fails_over = |kind: Option<&str>| kind.is_some_and(|kind| kind.starts_with("failed"));
        let urgent = Self::sample(round, JobState::ToDo, fails_over)?;
        if !Self::advance(round, JobState::ToDo, &urgent)? {
            let others = Self::sample(round, JobState::ToDo, |kind| !fails_over(kind))?;
            Self::advance(round, JobState::ToDo, &others)?;
        }
        let pending = Self::sample(round, JobState::Pending, |_| true)?;
        Self::advance(round, JobState::Pending, &pending)?;
        self.retain(round)
    }

    /// Moves what is no job out of the way.
    fn discard_rubbish(&mut self, round: &mut Round<'_>) -> Result<(), LeadershipLost> {
        let tree = round.tree()?;
        let mut rubbish = Vec::new();
        for state in [JobState::ToDo, JobState::Pending] {
            for (id, entry) in tree.children(&state.path()) {
                if let Err(error) = Job::read(state, id, entry) {
                    if self.told_of.insert(id.to_owned()) {
                        tracing::error!(job = id, %error, "what is no job counts as failed");
                    }
                    rubbish.push(discard(state, id, entry, round.now, &error.to_string()));
                }
            }
        }
        if !rubbish.is_empty() {
            round.write(&rubbish)?;
        }
        Ok(())
    }

    /// The jobs of a state, or some of them if they are many.
    fn sample(
        round: &mut Round<'_>,
        state: JobState,
        wanted: impl Fn(Option<&str>) -> bool,
    ) -> Result<Vec<String>, LeadershipLost> {
        let tree = round.tree()?;
        let kind = |entry: &'_ Value| -> bool {
            wanted(entry.as_object().and_then(|job| job.get("type")).and_then(Value::as_str))
        };
        let all = || tree.children(&state.path()).filter(|(_, entry)| kind(entry));
        let ids = all().map(|(id, _)| id.to_owned());
        Ok(match all().nth(MOST) {
            None => ids.collect(),
            Some(_) => ids.sample(round.random, MOST),
        })
    }

    /// Lets each of these jobs do what comes next; whether any did something.
    fn advance(
        round: &mut Round<'_>,
        state: JobState,
        ids: &[String],
    ) -> Result<bool, LeadershipLost> {
        let mut acted = false;
        for id in ids {
            // Each job sees what those before it have done.
            let tree = round.tree()?;
            let entry = tree.get(&paths::job(state.key(), id));
            let Some(job) = entry.and_then(|entry| Job::read(state, id, entry).ok()) else {
                continue;
            };
            let facts = Facts { tree: &tree, now: round.now };
            if let Step::Write(transactions) = step(&job, &facts, round.random) {
                acted |= round.write(&transactions)?.contains(&true);
            }
        }
        Ok(acted)
    }

    /// Removes jobs that ended long ago.
    fn retain(&mut self, round: &mut Round<'_>) -> Result<(), LeadershipLost> {
        let since = self.retained.map(|last| round.led_for.saturating_sub(last));
        if since.is_some_and(|since| since < RETENTION_PERIOD) {
            return Ok(());
        }
        self.retained = Some(round.led_for);
        let tree = round.tree()?;
        let states = [JobState::Finished, JobState::Failed].into_iter();
        let outdated: Vec<_> =
            states.filter_map(|state| retention::outdated(&tree, state, round.now)).collect();
        if !outdated.is_empty() {
            round.write(&outdated)?;
        }
        Ok(())
    }
}

/// What a job does next. Those of a type that nobody knows do nothing.
fn step(job: &Job, facts: &Facts<'_>, random: &mut StdRng) -> Step {
    match &*job.kind {
        "reconfigureReplicatedLog" => reconfigure::step(job, facts),
        "failedServer" => failed_server::step(job, facts),
        "cleanOutServer" => clean_out::step(job, facts, random),
        "resignLeadership" => resign::step(job, facts, random),
        "moveShard" => move_shard::step(job, facts, random),
        "addFollower" => followers::add(job, facts, random),
        "removeFollower" => followers::remove(job, facts),
        "failedLeader" => failed_leader::step(job, facts, random),
        "failedFollower" => failed_follower::step(job, facts, random),
        _ => Step::Wait,
    }
}

/// Gives a job up.
pub(super) fn abort(job: &Job, facts: &Facts<'_>, reason: &str) -> Vec<Transaction> {
    match &*job.kind {
        "cleanOutServer" | "resignLeadership" => clean_out::abort(job, facts, reason),
        "moveShard" => move_shard::abort(job, facts, reason),
        _ => vec![facts.fail(job, reason)],
    }
}
