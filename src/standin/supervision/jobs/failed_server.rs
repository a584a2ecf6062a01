//! `failedServer`: ends the incarnation of a server that has failed, and moves its shards.

use serde::Deserialize;
use serde_json::json;

use super::release::lock_server;
use super::run::abort;
use super::servers::{Lock, is_name};
use super::step::{Facts, Step};
use super::subjobs::{self, Subjobs};
use crate::standin::model::job::{Job, JobState};
use crate::standin::model::server::Status;
use crate::standin::model::{Transaction, paths};
use crate::standin::supervision::shards::{self, Copies, plain};

/// What is wanted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FailedServer {
    server: String,
    failed_leader_adds_follower: bool,
    #[serde(default)]
    not_before: String,
    #[serde(rename = "creator")]
    _creator: String,
}

/// What the job does next.
pub(super) fn step(job: &Job, facts: &Facts<'_>) -> Step {
    let wanted: FailedServer = match job.attributes() {
        Ok(wanted) => wanted,
        Err(error) => return facts.fail(job, format!("unreadable: {error}")).into(),
    };
    if !is_name(&wanted.server) {
        return facts.fail(job, "the server has no name").into();
    }
    match job.state {
        JobState::ToDo => start(job, facts, &wanted),
        _ if subjobs::any_open(facts.tree, &job.id) => Step::Wait,
        _ => facts.finish(job).into(),
    }
}

fn start(job: &Job, facts: &Facts<'_>, wanted: &FailedServer) -> Step {
    let (tree, server) = (facts.tree, &*wanted.server);
    if Status::of(tree, server) != Some(Status::Failed) {
        return facts.fail(job, "the server has not failed, or not any more").into();
    }
    let lock = Lock::of_server(tree, server);
    if lock != Lock::Free {
        return match give_up_holders(facts, &lock) {
            given_up if given_up.is_empty() => Step::Wait,
            given_up => Step::Write(given_up),
        };
    }
    tracing::info!(server, job = job.id, "failing the server over");
    let reboot_id = paths::reboot_id(server);
    let mut started = lock_server(job.started(facts.now, json!({})), server, &job.id)
        .when_equal(format!("{}/Status", paths::health(server)), Status::Failed);
    if tree.has(&reboot_id) {
        started = started.increment(reboot_id).increment(paths::CURRENT_VERSION);
    }
    parts(job, facts, wanted).create(started).into()
}

/// Gives up the jobs that have a server and can be given up.
fn give_up_holders(facts: &Facts<'_>, lock: &Lock<'_>) -> Vec<Transaction> {
    let holders = lock.holders().iter().filter_map(|id| Job::open(facts.tree, id));
    let can_be_given_up =
        |job: &Job| matches!(&*job.kind, "moveShard" | "cleanOutServer" | "resignLeadership");
    let given_up = holders.filter(can_be_given_up);
    given_up.flat_map(|job| abort(&job, facts, "the server has failed")).collect()
}

/// A job for each shard that the server leads or follows.
fn parts<'a>(job: &'a Job, facts: &Facts<'_>, wanted: &FailedServer) -> Subjobs<'a> {
    let mut parts = Subjobs::of(job, facts.now);
    for collection in shards::collections(facts.tree).filter(|c| c.follows().is_none()) {
        let copies = collection.copies();
        if !matches!(copies, Some(Copies::Satellite | Copies::Number(2..))) {
            continue;
        }
        for (shard, servers) in collection.shards() {
            let entry = json!({
                "database": collection.database,
                "collection": collection.id,
                "shard": shard,
                "fromServer": wanted.server,
            });
            match servers.iter().position(|holder| plain(holder) == wanted.server) {
                Some(0) => {
                    tracing::info!(shard, job = job.id, "its leader has failed, created a job");
                    let adds = json!(wanted.failed_leader_adds_follower);
                    parts.add("failedLeader", with(entry, "addsFollower", adds));
                }
                Some(_) if copies != Some(Copies::Satellite) => {
                    tracing::info!(shard, job = job.id, "a follower has failed, created a job");
                    let not_before = json!(wanted.not_before);
                    parts.add("failedFollower", with(entry, "notBefore", not_before));
                }
                _ => {}
            }
        }
    }
    parts
}

fn with(mut entry: serde_json::Value, key: &str, value: serde_json::Value) -> serde_json::Value {
    entry[key] = value;
    entry
}
