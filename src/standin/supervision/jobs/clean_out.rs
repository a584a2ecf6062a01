//! `cleanOutServer`: takes everything from a server that is to be removed.

use rand::rngs::StdRng;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::reconfigure::read_target;
use super::release::lock_server;
use super::servers::{
    CLEANED, Lock, TO_BE_CLEANED, any, free, has_failed, is_available, is_fit, is_listed, is_name,
    is_planned, planned,
};
use super::step::{Facts, Step};
use super::subjobs::{self, Subjobs};
use crate::standin::model::job::{Job, JobState};
use crate::standin::model::log::LogTarget;
use crate::standin::model::server::Status;
use crate::standin::model::{Transaction, Tree};
use crate::standin::supervision::shards::{self, Collection, Copies, plain};

/// What is wanted.
#[derive(Debug, Deserialize)]
struct CleanOut {
    server: String,
    #[serde(rename = "creator")]
    _creator: String,
}

/// What the job does next.
pub(super) fn step(job: &Job, facts: &Facts<'_>, random: &mut StdRng) -> Step {
    let wanted: CleanOut = match job.attributes() {
        Ok(wanted) => wanted,
        Err(error) => return facts.fail(job, format!("unreadable: {error}")).into(),
    };
    let server = &*wanted.server;
    if job.is_aborted() {
        return Step::Write(abort(job, facts, "given up on request"));
    }
    if !is_name(server) {
        return facts.fail(job, "the server has no name").into();
    }
    match job.state {
        JobState::ToDo => start(job, facts, server, random),
        _ if subjobs::any_open(facts.tree, &job.id) => Step::Wait,
        _ if subjobs::any_failed(facts.tree, &job.id) => {
            unlisted(facts.fail(job, "a part of the job has failed"), facts.tree, server).into()
        }
        _ => {
            let mut finished = unlisted(facts.finish(job), facts.tree, server);
            if !is_listed(facts.tree, CLEANED, server) {
                finished = finished.push(CLEANED, server);
            }
            finished.into()
        }
    }
}

fn start(job: &Job, facts: &Facts<'_>, server: &str, random: &mut StdRng) -> Step {
    match readiness(facts.tree, server) {
        Readiness::Ready => {}
        Readiness::NotYet => return Step::Wait,
        Readiness::Never(reason) => return facts.fail(job, reason).into(),
    }
    let remaining = others(facts.tree, server).count() as u64;
    if largest_replication_factor(facts.tree) > remaining {
        return facts.fail(job, "too few servers would remain for a replication factor").into();
    }
    let mut parts = Subjobs::of(job, facts.now);
    for (database, log) in logs(facts.tree) {
        if log.participants.contains_key(server) {
            let heir = heir(facts.tree, &log, server, random);
            let Some(heir) = heir else { continue };
            let mut operations = vec![operation("remove-participant", server)];
            if log.leader.as_deref() == Some(server) {
                operations.push(operation("set-leader", heir));
            }
            let entry = json!({ "database": database, "logId": log.id, "operations": operations });
            parts.add("reconfigureReplicatedLog", entry);
        }
    }
    if let Err(reason) = move_copies(&mut parts, job, facts, server, random) {
        return facts.fail(job, reason).into();
    }
    parts.create(begin(job, facts, server)).into()
}

/// A job for each copy of a shard that the server has.
fn move_copies(
    parts: &mut Subjobs<'_>,
    job: &Job,
    facts: &Facts<'_>,
    server: &str,
    random: &mut StdRng,
) -> Result<(), String> {
    for Held { collection, shard, leads, satellite, heirs } in held(facts.tree, server) {
        let heir = any(heirs.into_iter(), random);
        let heir = heir.ok_or_else(|| format!("no server can take shard {shard}"))?;
        parts.add(
            "moveShard",
            json!({
                "database": collection.database, "collection": collection.id, "shard": shard,
                "fromServer": server, "toServer": heir, "isLeader": leads,
                "remainsFollower": satellite, "tryUndo": false, "parentJob": job.id,
            }),
        );
    }
    Ok(())
}

/// A copy of a shard that has to be taken from a server.
struct Held<'a> {
    collection: Collection<'a>,
    shard: &'a str,
    leads: bool,
    satellite: bool,
    /// Who can take it.
    heirs: Vec<&'a str>,
}

/// The copies that have to be taken from a server.
fn held<'a>(tree: &'a Tree, server: &'a str) -> impl Iterator<Item = Held<'a>> {
    let prototypes = shards::collections(tree).filter(|c| c.follows().is_none());
    let shards = prototypes.flat_map(|collection| {
        collection.shards().into_iter().map(move |(shard, servers)| (collection, shard, servers))
    });
    shards.filter_map(move |(collection, shard, servers)| {
        let place = servers.iter().position(|holder| plain(holder) == server)?;
        let satellite = collection.copies() == Some(Copies::Satellite);
        let heirs = match satellite {
            // Every server has a copy; another one has to lead.
            true if place > 0 => return None,
            true => in_sync(tree, &collection, shard).collect(),
            false => free(tree, |id| servers.contains(&id) || id == server).collect(),
        };
        Some(Held { collection, shard, leads: place == 0, satellite, heirs })
    })
}

/// Whether each copy that a server has could go to another one.
pub(super) fn can_be_emptied(tree: &Tree, server: &str) -> bool {
    held(tree, server).all(|copy| !copy.heirs.is_empty())
}

/// The good followers that have all of a shard.
pub(super) fn in_sync<'a>(
    tree: &'a Tree,
    collection: &Collection<'a>,
    shard: &'a str,
) -> impl Iterator<Item = &'a str> {
    let current = collection.current(tree, shard);
    let followers = collection.planned(shard).unwrap_or_default().into_iter().skip(1);
    followers.filter(move |server| current.contains(server) && is_fit(tree, server))
}

/// Whether a server can be relieved of what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// Now.
    Ready,
    /// Not yet.
    NotYet,
    /// Not at all.
    Never(&'static str),
}

/// Whether a server can be relieved of what it has.
pub(super) fn readiness(tree: &Tree, server: &str) -> Readiness {
    if !is_planned(tree, server) {
        Readiness::Never("the server is not in the Plan")
    } else if Lock::of_server(tree, server) != Lock::Free
        || Status::of(tree, server) != Some(Status::Good)
    {
        Readiness::NotYet
    } else if is_listed(tree, CLEANED, server) {
        Readiness::Never("the server has been cleaned out")
    } else if has_failed(tree, server) {
        Readiness::Never("the server has failed")
    } else if others(tree, server).next().is_none() {
        Readiness::Never("the server is the last one")
    } else {
        Readiness::Ready
    }
}

fn others<'a>(tree: &'a Tree, server: &str) -> impl Iterator<Item = &'a str> {
    planned(tree).filter(move |other| *other != server && is_available(tree, other))
}

/// The largest number of copies that a collection without logs wants.
pub(super) fn largest_replication_factor(tree: &Tree) -> u64 {
    let copies = shards::collections(tree).filter_map(|collection| collection.copies());
    let numbers = copies.filter_map(|copies| match copies {
        Copies::Number(number) => Some(number),
        Copies::Satellite => None,
    });
    numbers.max().unwrap_or(0)
}

/// All logs of databases that have collections; not those that cannot be read.
pub(super) fn logs(tree: &Tree) -> impl Iterator<Item = (&str, LogTarget)> {
    let databases = tree.children("/arango/Plan/Collections").map(|(database, _)| database);
    databases.flat_map(move |database| {
        let logs = tree.children(&format!("/arango/Target/ReplicatedLogs/{database}"));
        logs.filter_map(move |(id, _)| Some((database, read_target(tree, database, id).ok()?)))
    })
}

/// A participant of a log that can take the place of a server, if possible one that may lead.
pub(super) fn heir<'a>(
    tree: &Tree,
    log: &'a LogTarget,
    server: &str,
    random: &mut StdRng,
) -> Option<&'a str> {
    let others = || {
        let others = log.participants.iter().map(|(id, flags)| (&**id, flags));
        others.filter(|(id, _)| *id != server && is_fit(tree, id))
    };
    let may_lead = others().filter(|(_, flags)| flags.allowed_as_leader);
    any(may_lead.map(|(id, _)| id), random).or_else(|| any(others().map(|(id, _)| id), random))
}

/// An operation on a log.
pub(super) fn operation(kind: &str, participant: &str) -> Json {
    json!({ "operation": kind, "participant": participant })
}

/// Starts a job that takes something from a server.
pub(super) fn begin(job: &Job, facts: &Facts<'_>, server: &str) -> Transaction {
    let begun = lock_server(job.started(facts.now, json!({})), server, &job.id);
    match is_listed(facts.tree, TO_BE_CLEANED, server) {
        true => begun,
        false => begun.push(TO_BE_CLEANED, server),
    }
}

/// Takes a server from the list of those that shall hold nothing.
pub(super) fn unlisted(transaction: Transaction, tree: &Tree, server: &str) -> Transaction {
    match is_listed(tree, TO_BE_CLEANED, server) {
        true => transaction.erase(TO_BE_CLEANED, server),
        false => transaction,
    }
}

/// Gives the job up, and its parts with it.
pub(super) fn abort(job: &Job, facts: &Facts<'_>, reason: &str) -> Vec<Transaction> {
    let mut given_up = subjobs::give_up(facts, &job.id, reason);
    let mut failed = facts.fail(job, reason);
    // One that has not begun has listed nobody.
    if job.state == JobState::Pending
        && let Some(server) = job.attribute("server").and_then(|server| server.as_str())
    {
        failed = unlisted(failed, facts.tree, server);
    }
    given_up.push(failed);
    given_up
}
