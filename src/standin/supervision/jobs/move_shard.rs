//! `moveShard`: moves a shard from one server to another; here that of a log.

use rand::rngs::StdRng;
use serde::Deserialize;
use serde_json::json;

use super::move_copy;
use super::reconfigure::{Unusable, has_reached, next_version, read_target, retarget};
use super::release::{lock_shard, share_server};
use super::servers::{CLEANED, Lock, has_failed, is_listed, is_name, is_planned};
use super::step::{Facts, Step};
use super::undo;
use crate::agency::value::Value;
use crate::standin::model::job::{Job, JobState};
use crate::standin::model::log::{Flags, LogTarget};
use crate::standin::model::server::Status;
use crate::standin::model::{Transaction, Tree};
use crate::standin::supervision::shards;

/// What is wanted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MoveShard {
    /// The database.
    pub(super) database: String,
    /// The id of the collection.
    pub(super) collection: String,
    /// The shard.
    pub(super) shard: String,
    /// The server that has it.
    pub(super) from_server: String,
    /// The server that shall have it.
    pub(super) to_server: String,
    /// Whether it is the leader that moves.
    pub(super) is_leader: bool,
    /// Whether the old leader keeps a copy.
    pub(super) remains_follower: bool,
    /// Whether the leadership is to return.
    #[serde(default)]
    pub(super) try_undo: bool,
    #[serde(default)]
    expected_target_version: Option<u64>,
    #[serde(rename = "creator")]
    _creator: String,
}

impl MoveShard {
    fn names(&self) -> [&str; 5] {
        [&self.database, &self.collection, &self.shard, &self.from_server, &self.to_server]
    }

    /// What is to be done for the leadership to return.
    pub(super) fn back(&self) -> serde_json::Value {
        json!({
            "database": self.database, "collection": self.collection, "shard": self.shard,
            "fromServer": self.to_server, "toServer": self.from_server,
        })
    }
}

/// Where a collection is planned.
pub(super) fn collection_path(database: &str, collection: &str) -> String {
    format!("/arango/Plan/Collections/{database}/{collection}")
}

/// What the job does next.
pub(super) fn step(job: &Job, facts: &Facts<'_>, _random: &mut StdRng) -> Step {
    let wanted: MoveShard = match job.attributes() {
        Ok(wanted) => wanted,
        Err(error) => return facts.fail(job, format!("unreadable: {error}")).into(),
    };
    if !wanted.names().into_iter().all(is_name) {
        return facts.fail(job, "a name is empty or has a slash").into();
    }
    if job.is_aborted() {
        return Step::Write(abort(job, facts, "given up on request"));
    }
    match (job.state, shards::has_logs(facts.tree, &wanted.database)) {
        (JobState::ToDo, logs) => match obstacle(facts.tree, &wanted) {
            Some(Obstacle::Passing) => Step::Wait,
            Some(Obstacle::Lasting(reason)) => facts.fail(job, reason).into(),
            None if logs => start(job, facts, &wanted),
            None => move_copy::start(job, facts, &wanted),
        },
        (_, true) => finish(job, facts, &wanted),
        (_, false) => move_copy::advance(job, facts, &wanted),
    }
}

/// Gives the job up.
pub(super) fn abort(job: &Job, facts: &Facts<'_>, reason: &str) -> Vec<Transaction> {
    let failed = facts.fail(job, reason);
    let back = match job.attributes::<MoveShard>() {
        Ok(wanted) if job.state == JobState::Pending && wanted.names().into_iter().all(is_name) => {
            move_copy::undone(failed, facts, &wanted)
        }
        _ => failed,
    };
    vec![back]
}

/// What keeps a job from starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Obstacle {
    /// Something that passes.
    Passing,
    /// Something that does not.
    Lasting(&'static str),
}

fn obstacle(tree: &Tree, wanted: &MoveShard) -> Option<Obstacle> {
    let to = &*wanted.to_server;
    let status = Status::of(tree, to);
    if wanted.from_server == to {
        Some(Obstacle::Lasting("the shard is to stay where it is"))
    } else if !is_planned(tree, to) {
        Some(Obstacle::Lasting("the server is not in the Plan"))
    } else if Lock::of_shard(tree, &wanted.shard) != Lock::Free
        || Lock::of_server(tree, to).is_exclusive()
    {
        Some(Obstacle::Passing)
    } else if status == Some(Status::Failed) || has_failed(tree, to) {
        Some(Obstacle::Lasting("the server has failed"))
    } else if is_listed(tree, CLEANED, to) {
        Some(Obstacle::Lasting("the server has been cleaned out"))
    } else if status != Some(Status::Good) {
        Some(Obstacle::Passing)
    } else {
        None
    }
}

/// The number of the log that a shard has.
fn log_of(tree: &Tree, wanted: &MoveShard) -> Option<u64> {
    let path = collection_path(&wanted.database, &wanted.collection);
    if !tree.has(&path) {
        return None;
    }
    let Some(group) = tree.number(&format!("{path}/groupId")) else {
        return wanted.shard.strip_prefix('s')?.parse().ok();
    };
    let place = tree.texts(&format!("{path}/shardsR2")).position(|shard| shard == wanted.shard)?;
    let group = format!("/arango/Plan/CollectionGroups/{}/{group}", wanted.database);
    let sheaf = tree.get(&format!("{group}/shardSheaves")).and_then(Value::as_array)?.get(place)?;
    let log = Tree(sheaf.clone());
    log.number("replicatedLog")
}

fn start(job: &Job, facts: &Facts<'_>, wanted: &MoveShard) -> Step {
    let Some(id) = log_of(facts.tree, wanted).map(|id| id.to_string()) else {
        return facts.fail(job, "there is no such shard").into();
    };
    let target = match read_target(facts.tree, &wanted.database, &id) {
        Ok(target) => target,
        Err(Unusable::Missing) => return facts.fail(job, "the shard has no log").into(),
        Err(Unusable::Unreadable) => return Step::Wait,
    };
    let changed = match moved(&target, wanted) {
        Ok(changed) => changed,
        Err(reason) => return facts.fail(job, reason).into(),
    };
    let Some(version) = next_version(&target) else {
        return facts.fail(job, "the version of the log cannot grow").into();
    };
    let started = job.started(facts.now, json!({ "expectedTargetVersion": version }));
    let started = lock_shard(started, &wanted.shard, &job.id);
    let started = share_server(started, &wanted.to_server, &job.id);
    retarget(started, &wanted.database, &target, &changed, version).into()
}

/// The Target of a log with one server in place of another.
fn moved(target: &LogTarget, wanted: &MoveShard) -> Result<LogTarget, &'static str> {
    let (from, to) = (&*wanted.from_server, &*wanted.to_server);
    let has = |server: &str| target.participants.contains_key(server);
    let mut changed = target.clone();
    match (has(from), has(to)) {
        (true, true) if wanted.is_leader => {}
        (_, true) => return Err("the new server has the shard already"),
        (false, false) => return Err("the old server does not have the shard"),
        (true, false) => {
            changed.participants.remove(from);
            changed.participants.insert(to.into(), Flags::default());
        }
    }
    if wanted.is_leader || target.leader.as_deref() == Some(from) {
        changed.leader = Some(to.into());
    }
    Ok(changed)
}

fn finish(job: &Job, facts: &Facts<'_>, wanted: &MoveShard) -> Step {
    let Some(id) = log_of(facts.tree, wanted).map(|id| id.to_string()) else {
        return facts.fail(job, "the shard is no more").into();
    };
    let Some(expected) = wanted.expected_target_version else {
        return facts.fail(job, "unreadable: missing field `expectedTargetVersion`").into();
    };
    let target = match read_target(facts.tree, &wanted.database, &id) {
        Ok(target) => target,
        Err(Unusable::Missing) => return facts.fail(job, "the log is no more").into(),
        Err(Unusable::Unreadable) => return Step::Wait,
    };
    if !has_reached(facts.tree, &wanted.database, &id, expected) {
        return Step::Wait;
    }
    let finished = facts.finish(job);
    let from = &*wanted.from_server;
    match wanted.try_undo && wanted.is_leader && target.participants.contains_key(from) {
        true => undo::note_shard(finished, facts, &wanted.shard, from, wanted.back()).into(),
        false => finished.into(),
    }
}
