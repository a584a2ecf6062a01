//! `addFollower` and `removeFollower`: as many copies of a shard without a log as are wanted.

use rand::rngs::StdRng;
use serde::Deserialize;

use super::move_copy::plan;
use super::servers::{Lock, any, free, in_maintenance, is_name};
use super::step::{Facts, Step};
use crate::standin::model::Tree;
use crate::standin::model::job::{Job, JobState};
use crate::standin::model::server::Status;
use crate::standin::supervision::shards::{Collection, Copies, plain};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AddFollower {
    #[serde(flatten)]
    of: Place,
    not_before: String,
    #[serde(rename = "timeCreated")]
    _time_created: String,
}

#[derive(Debug, Deserialize)]
struct Place {
    database: String,
    collection: String,
    shard: String,
    #[serde(rename = "creator")]
    _creator: String,
}

/// Whether a server that has a copy counts for the replication factor.
pub(super) fn counts(tree: &Tree, server: &str) -> bool {
    matches!(Status::of(tree, plain(server)), Some(Status::Good | Status::Bad))
        || in_maintenance(tree, plain(server))
}

/// Adds a follower.
pub(super) fn add(job: &Job, facts: &Facts<'_>, random: &mut StdRng) -> Step {
    let wanted: AddFollower = match job.attributes() {
        Ok(wanted) => wanted,
        Err(error) => return facts.fail(job, format!("unreadable: {error}")).into(),
    };
    if !facts.has_come(&wanted.not_before) {
        return Step::Wait;
    }
    change(job, facts, &wanted.of, |servers, copies| {
        let alive = servers.iter().filter(|server| counts(facts.tree, server)).count() as u64;
        if alive >= copies {
            return Change::Nothing;
        }
        let taken = |id: &str| servers.iter().any(|server| plain(server) == id);
        match any(free(facts.tree, taken), random) {
            Some(new) => {
                let mut servers = servers.to_vec();
                servers.push(new.to_owned());
                Change::To(servers)
            }
            None => Change::NotYet,
        }
    })
}

/// Removes followers.
pub(super) fn remove(job: &Job, facts: &Facts<'_>) -> Step {
    let wanted: Place = match job.attributes() {
        Ok(wanted) => wanted,
        Err(error) => return facts.fail(job, format!("unreadable: {error}")).into(),
    };
    change(job, facts, &wanted, |servers, copies| {
        let collection = Collection::find(facts.tree, &wanted.database, &wanted.collection);
        let current = collection.map(|c| c.current(facts.tree, &wanted.shard)).unwrap_or_default();
        remaining(servers, copies, |server| counts(facts.tree, server), |s| current.contains(&s))
    })
}

/// What becomes of the servers of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    /// They are as many as are wanted.
    Nothing,
    /// They cannot be changed now.
    NotYet,
    /// They become these.
    To(Vec<String>),
}

/// The servers that keep their copies: not the failed ones first, then those that are behind, then
/// the last ones. The leader stays.
fn remaining(
    servers: &[String],
    copies: u64,
    counts: impl Fn(&str) -> bool,
    in_sync: impl Fn(&str) -> bool,
) -> Change {
    let alive = servers.iter().filter(|server| counts(server)).count() as u64;
    if alive <= copies {
        return Change::Nothing;
    }
    let mut left = servers.to_vec();
    while left.len() as u64 > copies.max(1) {
        let followers = || left.iter().enumerate().skip(1).rev();
        let worst = followers()
            .find(|(_, server)| !counts(server))
            .or_else(|| followers().find(|(_, server)| !in_sync(server)))
            .or_else(|| followers().next());
        match worst.map(|(place, _)| place) {
            Some(place) => drop(left.remove(place)),
            None => break,
        }
    }
    if left.len() == servers.len() { Change::Nothing } else { Change::To(left) }
}

/// Changes the servers of a shard, which ends the job.
fn change(
    job: &Job,
    facts: &Facts<'_>,
    place: &Place,
    decide: impl FnOnce(&[String], u64) -> Change,
) -> Step {
    let (tree, shard) = (facts.tree, &*place.shard);
    if ![&place.database, &place.collection, &place.shard].into_iter().all(|name| is_name(name)) {
        return facts.fail(job, "a name is empty or has a slash").into();
    }
    let done = |reason| facts.end(job, JobState::Finished, Some(reason)).into();
    let Some(collection) = Collection::find(tree, &place.database, &place.collection) else {
        return done("the collection is no more");
    };
    let (Some(Copies::Number(copies)), Some(servers), None) =
        (collection.copies(), collection.planned(shard), collection.follows())
    else {
        return done("the shard is no more, or its copies are not counted");
    };
    if Lock::of_shard(tree, shard) != Lock::Free {
        return Step::Wait;
    }
    let servers: Vec<String> = servers.iter().map(|server| (*server).to_owned()).collect();
    match decide(&servers, copies) {
        Change::Nothing => done("there are as many copies as are wanted"),
        Change::NotYet => Step::Wait,
        Change::To(planned) => {
            let planned: Vec<&str> = planned.iter().map(|server| &**server).collect();
            plan(facts.finish(job), &collection.together(tree, shard), &planned).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c7_4_followers_that_are_too_many_go_in_the_order_of_their_use() {
        let servers: Vec<String> = ["A", "B", "C", "D", "E"].map(str::to_owned).to_vec();
        let run = |copies, failed: &str, behind: &str| {
            let counts = |server: &str| !failed.contains(server);
            match remaining(&servers, copies, counts, |server| !behind.contains(server)) {
                Change::To(servers) => servers.concat(),
                other => format!("{other:?}"),
            }
        };
        assert_eq!(run(4, "", ""), "ABCD");
        assert_eq!(run(3, "B", "C"), "ADE");
        assert_eq!(run(3, "", "BA"), "ACD");
        assert_eq!(run(4, "B", ""), "Nothing");
        assert_eq!(run(0, "", ""), "A");
        assert_eq!(run(5, "", ""), "Nothing");
    }
}
