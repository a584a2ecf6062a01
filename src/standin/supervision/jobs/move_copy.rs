//! `moveShard` for a shard without a log, step by step: the new server gets a copy, the old
//! leader is asked to resign, the new one leads, the old one goes.

use serde_json::json;

use super::move_shard::MoveShard;
use super::release::{lock_shard, share_server};
use super::step::{Facts, Step};
use super::undo;
use crate::standin::model::job::{Job, JobState};
use crate::standin::model::{Transaction, paths};
use crate::standin::supervision::shards::{Collection, plain};

/// A shard with those that are where it is.
pub(super) type Together<'a> = Vec<(Collection<'a>, &'a str)>;

/// Plans servers for a shard and those that are where it is, if they are planned as before.
pub(super) fn plan(
    transaction: Transaction,
    together: &Together<'_>,
    servers: &[&str],
) -> Transaction {
    let changed = together.iter().fold(transaction, |transaction, (collection, shard)| {
        let path = collection.plan_path(shard);
        let before = collection.planned(shard).unwrap_or_default();
        transaction.when_equal(path.as_str(), before).set(path, servers)
    });
    changed.increment(paths::PLAN_VERSION)
}

/// Starts the job.
pub(super) fn start(job: &Job, facts: &Facts<'_>, wanted: &MoveShard) -> Step {
    let (tree, from, to) = (facts.tree, &*wanted.from_server, &*wanted.to_server);
    let Some(collection) = Collection::find(tree, &wanted.database, &wanted.collection) else {
        return facts.fail(job, "there is no such collection").into();
    };
    if collection.follows().is_some() {
        return facts.fail(job, "the shards of the collection follow those of another").into();
    }
    let Some(mut servers) = collection.planned(&wanted.shard) else {
        return facts.fail(job, "there is no such shard").into();
    };
    let reason = match servers.iter().position(|server| *server == from) {
        None => Some("the old server does not have the shard"),
        Some(place) if (place == 0) != wanted.is_leader => Some("the roles are not as stated"),
        Some(_) if servers.contains(&to) && !wanted.is_leader => {
            Some("the new server has the shard already")
        }
        Some(_) => None,
    };
    if let Some(reason) = reason {
        return facts.fail(job, reason).into();
    }
    let started = lock_shard(job.started(facts.now, json!({})), &wanted.shard, &job.id);
    let started = share_server(started, to, &job.id);
    if servers.contains(&to) {
        return started.into();
    }
    servers.push(to);
    plan(started, &collection.together(tree, &wanted.shard), &servers).into()
}

/// Takes the next of the steps.
pub(super) fn advance(job: &Job, facts: &Facts<'_>, wanted: &MoveShard) -> Step {
    let tree = facts.tree;
    let collection = Collection::find(tree, &wanted.database, &wanted.collection);
    let Some((collection, servers)) =
        collection.and_then(|collection| Some((collection, collection.planned(&wanted.shard)?)))
    else {
        let reason = Some("the collection has been dropped");
        return facts.end(job, JobState::Finished, reason).into();
    };
    let together = collection.together(tree, &wanted.shard);
    let current: Vec<_> = together.iter().map(|(c, shard)| c.current(tree, shard)).collect();
    match next(&servers, &current, wanted) {
        Next::Wait => Step::Wait,
        Next::Plan(servers) => {
            let servers: Vec<&str> = servers.iter().map(|server| &**server).collect();
            plan(Transaction::new(), &together, &servers).into()
        }
        Next::Finish => {
            let finished = facts.finish(job);
            let from = &*wanted.from_server;
            match wanted.try_undo && wanted.is_leader && servers.contains(&from) {
                true => {
                    undo::note_shard(finished, facts, &wanted.shard, from, wanted.back()).into()
                }
                false => finished.into(),
            }
        }
        Next::GiveUp => facts.fail(job, "the servers of the shard have been changed").into(),
    }
}

/// The next step.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    /// Servers have to do something first.
    Wait,
    /// These servers are planned.
    Plan(Vec<String>),
    /// All is done.
    Finish,
    /// Somebody else has planned something.
    GiveUp,
}

fn next(servers: &[&str], current: &[Vec<&str>], wanted: &MoveShard) -> Next {
    let (from, to) = (&*wanted.from_server, &*wanted.to_server);
    let resigned = format!("_{from}");
    let has = |server: &str| servers.contains(&server);
    let in_sync = |server: &str| current.iter().all(|current| current.contains(&server));
    let leads = |server: &str| current.iter().all(|current| current.first() == Some(&server));
    let without = |gone: &[&str]| -> Vec<String> {
        servers.iter().filter(|s| !gone.contains(s)).map(|s| (*s).to_owned()).collect()
    };
    let agrees = || {
        servers.iter().all(|server| in_sync(server))
            && current.iter().all(|current| current.len() == servers.len())
    };
    let Some(&leader) = servers.first() else {
        return Next::GiveUp;
    };
    if !wanted.is_leader {
        return match (has(to), has(from)) {
            (false, _) => Next::GiveUp,
            (true, false) if agrees() => Next::Finish,
            (true, true) if in_sync(to) && wanted.remains_follower => Next::Finish,
            (true, true) if in_sync(to) => Next::Plan(without(&[from])),
            _ => Next::Wait,
        };
    }
    if leader == from || leader == resigned {
        return match (has(to), leader == resigned) {
            (false, _) => Next::GiveUp,
            (true, false) if in_sync(to) => {
                let mut servers = without(&[from]);
                servers.insert(0, resigned);
                Next::Plan(servers)
            }
            (true, true) if in_sync(to) && leads(&resigned) => {
                let mut servers = without(&[&resigned, to]);
                servers.insert(0, to.to_owned());
                servers.push(from.to_owned());
                Next::Plan(servers)
            }
            _ => Next::Wait,
        };
    }
    match leader == to {
        false => Next::GiveUp,
        true if !leads(to) || !servers.iter().all(|server| in_sync(server)) => Next::Wait,
        true if has(from) && !wanted.remains_follower => Next::Plan(without(&[from])),
        true if agrees() => Next::Finish,
        true => Next::Wait,
    }
}

/// Plans the old servers again, unless the new one leads already.
pub(super) fn undone(
    transaction: Transaction,
    facts: &Facts<'_>,
    wanted: &MoveShard,
) -> Transaction {
    let tree = facts.tree;
    let (from, to) = (&*wanted.from_server, &*wanted.to_server);
    let collection = Collection::find(tree, &wanted.database, &wanted.collection);
    let Some((collection, servers)) =
        collection.and_then(|collection| Some((collection, collection.planned(&wanted.shard)?)))
    else {
        return transaction;
    };
    let leader_stays = servers.first().is_some_and(|leader| plain(leader) != to);
    // A follower that was there before stays, too; one that came last came with the job.
    let came = servers.len() > 1 && servers.last() == Some(&to);
    let before: Vec<&str> = servers
        .iter()
        .map(|server| if plain(server) == from { from } else { *server })
        .filter(|server| !(came && *server == to))
        .collect();
    match leader_stays && before != servers && before.contains(&from) {
        true => plan(transaction, &collection.together(tree, &wanted.shard), &before),
        false => transaction,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(is_leader: bool, remains_follower: bool) -> MoveShard {
        let json = json!({
            "database": "d", "collection": "c", "shard": "s", "fromServer": "A", "toServer": "D",
            "isLeader": is_leader, "remainsFollower": remains_follower, "creator": "x",
        });
        crate::agency::de::from_value(&json.into()).unwrap()
    }

    fn planned(servers: &[&str]) -> Next {
        Next::Plan(servers.iter().map(|server| (*server).to_owned()).collect())
    }

    #[test]
    fn c7_4_the_leader_of_a_shard_without_a_log_moves_step_by_step() {
        for (plan, current, step) in [
            (vec!["A", "B", "D"], vec!["A", "B"], Next::Wait),
            (vec!["A", "B", "D"], vec!["A", "B", "D"], planned(&["_A", "B", "D"])),
            (vec!["_A", "B", "D"], vec!["A", "B", "D"], Next::Wait),
            (vec!["_A", "B", "D"], vec!["_A", "B", "D"], planned(&["D", "B", "A"])),
            (vec!["D", "B", "A"], vec!["_A", "B", "D"], Next::Wait),
            (vec!["D", "B", "A"], vec!["D", "B"], Next::Wait),
            (vec!["D", "B", "A"], vec!["D", "B", "A"], planned(&["D", "B"])),
            (vec!["D", "B"], vec!["D", "B", "A"], Next::Wait),
            (vec!["D", "B"], vec!["D", "B"], Next::Finish),
            (vec!["B", "D"], vec!["B", "D"], Next::GiveUp),
            (vec!["A", "B"], vec!["A", "B"], Next::GiveUp),
            (vec![], vec![], Next::GiveUp),
        ] {
            assert_eq!(
                next(&plan, std::slice::from_ref(&current), &wanted(true, false)),
                step,
                "{plan:?}"
            );
        }
        let done = next(&["D", "B", "A"], &[vec!["D", "A", "B"]], &wanted(true, true));
        assert_eq!(done, Next::Finish);
    }

    #[test]
    fn c7_4_a_follower_without_a_log_moves_once_the_new_one_is_in_sync_everywhere() {
        let plan = ["B", "A", "D"];
        let (behind, in_sync) = (vec!["B", "A"], vec!["B", "A", "D"]);
        let wanted = wanted(false, false);
        assert_eq!(next(&plan, &[in_sync.clone(), behind], &wanted), Next::Wait);
        assert_eq!(next(&plan, &[in_sync.clone(), in_sync], &wanted), planned(&["B", "D"]));
        assert_eq!(next(&["B", "D"], &[vec!["B", "D"]], &wanted), Next::Finish);
    }
}
