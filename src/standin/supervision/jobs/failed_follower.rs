//! `failedFollower`: another server gets a copy in place of a follower that has failed.

use rand::rngs::StdRng;
use serde::Deserialize;

use super::failed_leader::TIMEOUT;
use super::move_copy::plan;
use super::servers::{Lock, any, free, is_name};
use super::step::{Facts, Step};
use crate::standin::model::job::{Job, JobState};
use crate::standin::model::server::Status;
use crate::standin::supervision::shards::{Collection, plain};

/// What is wanted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FailedFollower {
    database: String,
    collection: String,
    shard: String,
    from_server: String,
    not_before: String,
    #[serde(rename = "creator")]
    _creator: String,
    #[serde(rename = "timeCreated")]
    _time_created: String,
}

/// What the job does next.
pub(super) fn step(job: &Job, facts: &Facts<'_>, random: &mut StdRng) -> Step {
    let wanted: FailedFollower = match job.attributes() {
        Ok(wanted) => wanted,
        Err(error) => return facts.fail(job, format!("unreadable: {error}")).into(),
    };
    let names = [&wanted.database, &wanted.collection, &wanted.shard, &wanted.from_server];
    if !names.into_iter().all(|name| is_name(name)) {
        return facts.fail(job, "a name is empty or has a slash").into();
    }
    let (tree, from) = (facts.tree, &*wanted.from_server);
    let collection = Collection::find(tree, &wanted.database, &wanted.collection);
    let Some((collection, servers)) =
        collection.and_then(|collection| Some((collection, collection.planned(&wanted.shard)?)))
    else {
        return facts.end(job, JobState::Finished, Some("the shard is no more")).into();
    };
    let Some(place) = servers.iter().position(|server| plain(server) == from) else {
        return facts.end(job, JobState::Finished, Some("the server has no copy")).into();
    };
    if place == 0 {
        return facts.fail(job, "the server leads the shard").into();
    }
    if Status::of(tree, from) == Some(Status::Good) {
        return facts.fail(job, "the server is good again").into();
    }
    if facts.is_past(job, "timeCreated", TIMEOUT) {
        return facts.fail(job, "it took more than 77 minutes").into();
    }
    if !facts.has_come(&wanted.not_before) || Lock::of_shard(tree, &wanted.shard) != Lock::Free {
        return Step::Wait;
    }
    let Some(new) = any(free(tree, |id| servers.contains(&id)), random) else {
        return Step::Wait;
    };
    tracing::info!(shard = wanted.shard, job = job.id, follower = new, "replacing a follower");
    let planned: Vec<_> =
        servers.iter().map(|server| if *server == from { new } else { *server }).collect();
    let together = collection.together(tree, &wanted.shard);
    plan(facts.finish(job), &together, &planned).into()
}
