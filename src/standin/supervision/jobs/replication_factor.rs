//! Shards without logs that have too few or too many copies.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::json;

use super::followers::counts;
use super::servers::{Lock, free};
use crate::agency::value::Value;
use crate::standin::agent::SupervisionConfig;
use crate::standin::model::job::{JobState, when_new};
use crate::standin::model::stamp::stamp;
use crate::standin::model::{Transaction, Tree, paths};
use crate::standin::supervision::agency::LeadershipLost;
use crate::standin::supervision::ids::Ids;
use crate::standin::supervision::round::Round;
use crate::standin::supervision::shards::{self, Collection, Copies, plain};

/// So many of these jobs may wait.
const LIMIT: usize = 50;

/// What the need for jobs depends on.
const SOURCES: [&str; 10] = [
    "/arango/Plan/Collections",
    "/arango/Plan/Databases",
    "/arango/Plan/DBServers",
    "/arango/Supervision",
    "/arango/Target/ToDo",
    "/arango/Target/Pending",
    "/arango/Target/CleanedServers",
    "/arango/Target/ToBeCleanedServers",
    "/arango/Target/FailedServers",
    "/arango/Current/MaintenanceDBServers",
];

/// Sees to it that shards without logs have as many copies as are wanted.
#[derive(Debug, Default)]
pub(in crate::standin::supervision) struct ReplicationFactor {
    seen: Vec<Option<Value>>,
}

impl ReplicationFactor {
    /// Creates jobs where copies are too few or too many.
    pub(in crate::standin::supervision) fn enforce(
        &mut self,
        round: &mut Round<'_>,
        ids: &mut Ids,
    ) -> Result<(), LeadershipLost> {
        let tree = round.tree()?;
        let sources: Vec<_> = SOURCES.map(|path| tree.get(path).cloned()).into();
        let is_same = |(a, b): (&Option<Value>, &Option<Value>)| match (a, b) {
            (Some(a), Some(b)) => a.is_same(b),
            (a, b) => a.is_none() && b.is_none(),
        };
        if self.seen.len() == sources.len() && self.seen.iter().zip(&sources).all(is_same) {
            return Ok(());
        }
        let needs = needs(&tree);
        let jobs: Vec<_> = needs
            .iter()
            .map_while(|need| Some(need.job(&ids.take()?.to_string(), round)))
            .collect();
        let created = round.write(&jobs)?;
        let all = jobs.len() == needs.len() && created.into_iter().all(|created| created);
        self.seen = if all { sources } else { Vec::new() };
        Ok(())
    }
}

/// A job that is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Need<'a> {
    kind: &'static str,
    database: &'a str,
    collection: &'a str,
    shard: &'a str,
}

impl Need<'_> {
    fn job(&self, id: &str, round: &Round<'_>) -> Transaction {
        let mut entry = json!({
            "type": self.kind,
            "jobId": id,
            "creator": "supervision",
            "timeCreated": round.stamp(),
            "database": self.database,
            "collection": self.collection,
            "shard": self.shard,
        });
        if self.kind == "addFollower" {
            entry["notBefore"] = json!(not_before(round.settings, round));
        }
        when_new(Transaction::new(), id).set(paths::job("ToDo", id), entry)
    }
}

fn not_before(settings: &SupervisionConfig, round: &Round<'_>) -> String {
    let delay = Duration::from_secs(settings.delay_add_follower);
    match round.now.checked_add(delay) {
        Some(time) if !delay.is_zero() => stamp(time),
        _ => String::new(),
    }
}

/// The jobs that are needed, as far as they may be created.
fn needs(tree: &Tree) -> Vec<Need<'_>> {
    let entries = |state: JobState| tree.children(&state.path());
    let text = |entry: &'_ Value, key: &str| -> Option<String> {
        Some(entry.as_object()?.get(key)?.as_str()?.to_owned())
    };
    let waiting = entries(JobState::ToDo)
        .filter(|(_, job)| {
            matches!(text(job, "type").as_deref(), Some("addFollower" | "removeFollower"))
        })
        .count();
    let open = || entries(JobState::ToDo).chain(entries(JobState::Pending));
    let busy_shards: HashSet<String> = open().filter_map(|(_, job)| text(job, "shard")).collect();
    let failing: HashSet<String> = open()
        .filter(|(_, job)| text(job, "type").as_deref() == Some("failedServer"))
        .filter_map(|(_, job)| text(job, "server"))
        .collect();
    let kind = |collection: &Collection<'_>, shard: &str, servers: &[&str]| {
        let Some(Copies::Number(copies)) = collection.copies() else { return None };
        let alive = servers.iter().filter(|server| counts(tree, server)).count() as u64;
        let taken = |id: &str| servers.iter().any(|server| plain(server) == id);
        let is_busy = busy_shards.contains(shard)
            || Lock::of_shard(tree, shard) != Lock::Free
            || servers.iter().any(|server| failing.contains(plain(server)));
        if is_busy || alive == copies {
            None
        } else if alive > copies {
            (servers.len() > 1).then_some("removeFollower")
        } else {
            free(tree, taken).next().map(|_| "addFollower")
        }
    };
    let prototypes = shards::collections(tree).filter(|collection| collection.follows().is_none());
    let all = prototypes.flat_map(|collection| {
        collection.shards().into_iter().map(move |(shard, servers)| (collection, shard, servers))
    });
    all.filter_map(|(collection, shard, servers)| {
        let kind = kind(&collection, shard, &servers)?;
        let (database, collection) = (collection.database, collection.id);
        Some(Need { kind, database, collection, shard })
    })
    .take(LIMIT.saturating_sub(waiting))
    .collect()
}
