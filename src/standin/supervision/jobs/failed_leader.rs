//! `failedLeader`: a follower leads a shard without a log in place of a server that has failed.

use rand::rngs::StdRng;
use serde::Deserialize;
use serde_json::json;

use super::clean_out::in_sync;
use super::move_copy::{Together, plan};
use super::release::lock_shard;
use super::run::abort;
use super::servers::{Lock, any, free, is_name};
use super::step::{Facts, Step};
use crate::standin::model::job::{Job, JobState};
use crate::standin::model::server::Status;
use crate::standin::supervision::shards::{Collection, Copies, plain};

/// What is wanted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FailedLeader {
    database: String,
    collection: String,
    shard: String,
    from_server: String,
    adds_follower: bool,
    #[serde(default)]
    to_server: Option<String>,
    #[serde(rename = "creator")]
    _creator: String,
    #[serde(rename = "timeCreated")]
    _time_created: String,
}

/// A shard may be without a leader for so many seconds.
pub(super) const TIMEOUT: u64 = 77 * 60;

/// What the job does next.
pub(super) fn step(job: &Job, facts: &Facts<'_>, random: &mut StdRng) -> Step {
    let wanted: FailedLeader = match job.attributes() {
        Ok(wanted) => wanted,
        Err(error) => return facts.fail(job, format!("unreadable: {error}")).into(),
    };
    let names = [&wanted.database, &wanted.collection, &wanted.shard, &wanted.from_server];
    if !names.into_iter().all(|name| is_name(name)) {
        return facts.fail(job, "a name is empty or has a slash").into();
    }
    if facts.is_past(job, "timeCreated", TIMEOUT) {
        return facts.fail(job, "it took more than 77 minutes").into();
    }
    let collection = Collection::find(facts.tree, &wanted.database, &wanted.collection);
    let Some((collection, servers)) =
        collection.and_then(|collection| Some((collection, collection.planned(&wanted.shard)?)))
    else {
        return facts.end(job, JobState::Finished, Some("the shard is no more")).into();
    };
    let together = collection.together(facts.tree, &wanted.shard);
    match job.state {
        JobState::ToDo => start(job, facts, &wanted, &together, &servers, random),
        _ => {
            let Some(new) = wanted.to_server.as_deref() else {
                return facts.fail(job, "unreadable: missing field `toServer`").into();
            };
            let leads = |(c, shard): &(Collection<'_>, &str)| {
                c.current(facts.tree, shard).first() == Some(&new)
            };
            if together.iter().all(leads) { facts.finish(job).into() } else { Step::Wait }
        }
    }
}

fn start(
    job: &Job,
    facts: &Facts<'_>,
    wanted: &FailedLeader,
    together: &Together<'_>,
    servers: &[&str],
    random: &mut StdRng,
) -> Step {
    let (tree, from) = (facts.tree, &*wanted.from_server);
    if servers.first().is_none_or(|leader| plain(leader) != from) {
        return facts.end(job, JobState::Finished, Some("another server leads")).into();
    }
    if Status::of(tree, from) == Some(Status::Good) {
        return facts.fail(job, "the server is good again").into();
    }
    match Lock::of_shard(tree, &wanted.shard) {
        Lock::Free => {}
        Lock::Shared(_) => return Step::Wait,
        Lock::Exclusive(holder) => {
            let moving = Job::open(tree, holder).filter(|holder| &*holder.kind == "moveShard");
            return moving.map_or(Step::Wait, |moving| {
                Step::Write(abort(&moving, facts, "the server has failed"))
            });
        }
    }
    let Some((collection, shard)) = together.first() else {
        return Step::Wait;
    };
    let everywhere =
        |server: &str| together.iter().all(|(c, shard)| c.current(tree, shard).contains(&server));
    let candidates = in_sync(tree, collection, shard).filter(|server| everywhere(server));
    let Some(new) = any(candidates, random) else {
        return Step::Wait;
    };
    let mut planned = vec![new];
    planned.extend(servers.iter().skip(1).filter(|server| **server != new));
    planned.push(from);
    let wants_more = match collection.copies() {
        Some(Copies::Number(number)) => (planned.len() as u64) <= number,
        _ => false,
    };
    if wanted.adds_follower && wants_more {
        planned.extend(any(free(tree, |id| servers.contains(&id) || id == from), random));
    }
    tracing::info!(shard = wanted.shard, job = job.id, leader = new, "replacing the leader");
    let started = job.started(facts.now, json!({ "toServer": new }));
    plan(lock_shard(started, &wanted.shard, &job.id), together, &planned).into()
}
