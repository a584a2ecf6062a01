//! `resignLeadership`: takes the leadership of everything from a server that is to be restarted.

use rand::rngs::StdRng;
use serde::Deserialize;
use serde_json::json;

use super::clean_out::{
    Readiness, abort, begin, heir, in_sync, logs, operation, readiness, unlisted,
};
use super::servers::{any, is_name};
use super::step::{Facts, Step};
use super::subjobs::{self, Subjobs};
use crate::standin::model::job::{Job, JobState};
use crate::standin::model::paths;
use crate::standin::supervision::shards;

/// What is wanted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resign {
    server: String,
    #[serde(default = "yes")]
    undo_moves: bool,
    #[serde(rename = "creator")]
    _creator: String,
}

fn yes() -> bool {
    true
}

/// The job may take so many seconds.
const TIMEOUT: u64 = 86_400;

/// What the job does next.
pub(super) fn step(job: &Job, facts: &Facts<'_>, random: &mut StdRng) -> Step {
    let wanted: Resign = match job.attributes() {
        Ok(wanted) => wanted,
        Err(error) => return facts.fail(job, format!("unreadable: {error}")).into(),
    };
    if !is_name(&wanted.server) {
        return facts.fail(job, "the server has no name").into();
    }
    match job.state {
        JobState::ToDo => start(job, facts, &wanted, random),
        _ if subjobs::any_open(facts.tree, &job.id) => {
            match facts.is_past(job, "timeStarted", TIMEOUT) {
                true => Step::Write(abort(job, facts, "it took more than a day")),
                false => Step::Wait,
            }
        }
        _ if subjobs::any_failed(facts.tree, &job.id) => {
            let failed = facts.fail(job, "a part of the job has failed");
            unlisted(failed, facts.tree, &wanted.server).into()
        }
        _ => unlisted(facts.finish(job), facts.tree, &wanted.server).into(),
    }
}

fn start(job: &Job, facts: &Facts<'_>, wanted: &Resign, random: &mut StdRng) -> Step {
    let (tree, server) = (facts.tree, &*wanted.server);
    match readiness(tree, server) {
        Readiness::Ready => {}
        Readiness::NotYet => return Step::Wait,
        Readiness::Never(reason) => return facts.fail(job, reason).into(),
    }
    let mut parts = Subjobs::of(job, facts.now);
    for (database, log) in logs(tree) {
        let plan = paths::plan_log(database, &log.id.to_string());
        let leads = tree.text(&format!("{plan}/currentTerm/leader/serverId")) == Some(server);
        if log.leader.as_deref() != Some(server) && !leads {
            continue;
        }
        if let Some(heir) = heir(tree, &log, server, random) {
            let operations = [operation("set-leader", heir)];
            let mut entry =
                json!({ "database": database, "logId": log.id, "operations": operations });
            if wanted.undo_moves {
                entry["undoSetLeader"] = json!(server);
            }
            parts.add("reconfigureReplicatedLog", entry);
        }
    }
    for collection in shards::collections(tree).filter(|c| c.follows().is_none()) {
        for (shard, servers) in collection.shards() {
            if servers.first() != Some(&server) {
                continue;
            }
            if let Some(heir) = any(in_sync(tree, &collection, shard), random) {
                parts.add(
                    "moveShard",
                    json!({
                        "database": collection.database, "collection": collection.id,
                        "shard": shard, "fromServer": server, "toServer": heir, "isLeader": true,
                        "remainsFollower": true, "tryUndo": wanted.undo_moves,
                        "parentJob": job.id,
                    }),
                );
            }
        }
    }
    parts.create(begin(job, facts, server)).into()
}
