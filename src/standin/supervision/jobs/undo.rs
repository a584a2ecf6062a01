//! `Target/ReturnLeadership`: leaderships that are to return to a server once it has restarted.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::servers::{is_name, is_planned};
use super::step::Facts;
use crate::agency::de::from_value;
use crate::standin::model::job::{Job, when_new};
use crate::standin::model::server::Status;
use crate::standin::model::stamp::{parse, stamp};
use crate::standin::model::{Transaction, Tree, paths};
use crate::standin::supervision::agency::LeadershipLost;
use crate::standin::supervision::ids::Ids;
use crate::standin::supervision::round::Round;
use crate::standin::supervision::shards::{Collection, plain};

/// Where they are noted, by log or shard.
const PATH: &str = "/arango/Target/ReturnLeadership";

/// The server has so long to come back.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

/// A leadership that is to return.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    remove_if_not_started_by: String,
    reboot_id: u64,
    #[serde(default)]
    reconfigure_replicated_log: Option<OfLog>,
    #[serde(default)]
    move_shard: Option<OfShard>,
    #[serde(default)]
    started: bool,
    #[serde(default)]
    job_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct OfLog {
    database: String,
    server: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfShard {
    database: String,
    collection: String,
    shard: String,
    from_server: String,
    to_server: String,
}

/// Notes that the leadership of a log is to return to a server.
pub(super) fn note_log(
    transaction: Transaction,
    facts: &Facts<'_>,
    log: &str,
    database: &str,
    server: &str,
) -> Transaction {
    let what = json!({ "database": database, "server": server });
    note(transaction, facts, log, server, "reconfigureReplicatedLog", what)
}

/// Notes that the leadership of a shard is to return; `back` is what the reverse job has to do.
pub(super) fn note_shard(
    transaction: Transaction,
    facts: &Facts<'_>,
    shard: &str,
    server: &str,
    back: Json,
) -> Transaction {
    note(transaction, facts, shard, server, "moveShard", back)
}

fn note(
    transaction: Transaction,
    facts: &Facts<'_>,
    key: &str,
    server: &str,
    kind: &str,
    what: Json,
) -> Transaction {
    let reboot_id = facts.tree.number(&paths::reboot_id(server));
    let (true, Some(reboot_id)) = (is_name(server), reboot_id) else {
        return transaction;
    };
    transaction.set(
        format!("{PATH}/{key}"),
        json!({
            "timeStamp": stamp(facts.now),
            "removeIfNotStartedBy": stamp(facts.now + PATIENCE),
            "rebootId": reboot_id,
            kind: what,
        }),
    )
}

/// Lets leaderships return to servers that have restarted.
pub(in crate::standin::supervision) fn return_leadership(
    round: &mut Round<'_>,
    ids: &mut Ids,
) -> Result<(), LeadershipLost> {
    let tree = round.tree()?;
    let facts = Facts { tree: &tree, now: round.now };
    let mut transactions = Vec::new();
    for (key, entry) in tree.children(PATH) {
        let path = format!("{PATH}/{key}");
        let fate = from_value(entry).map(|entry| fate(key, &entry, &facts));
        match fate.unwrap_or_else(|error| {
            tracing::error!(path, %error, "unreadable, removed");
            Fate::Remove
        }) {
            Fate::Keep => {}
            Fate::Remove => transactions.push(Transaction::new().delete(path)),
            Fate::Start { job } => {
                let Some(id) = ids.take() else { break };
                transactions.push(start(&path, job, id, &facts));
            }
        }
    }
    if !transactions.is_empty() {
        round.write(&transactions)?;
    }
    Ok(())
}

/// What becomes of an entry.
#[derive(Clone, Debug, PartialEq)]
enum Fate {
    /// It stays as it is.
    Keep,
    /// It has had its time, or there is nothing to return.
    Remove,
    /// A job begins.
    Start { job: Json },
}

fn fate(key: &str, entry: &Entry, facts: &Facts<'_>) -> Fate {
    let tree = facts.tree;
    if entry.started {
        let job = entry.job_id.as_deref().filter(|id| is_name(id));
        let open = job.is_some_and(|id| Job::open(tree, id).is_some());
        return if open { Fate::Keep } else { Fate::Remove };
    }
    let in_time = parse(&entry.remove_if_not_started_by).is_some_and(|end| end >= facts.now);
    let (server, job) = match (&entry.reconfigure_replicated_log, &entry.move_shard) {
        (Some(log), None) => (&log.server, log.back(key, tree)),
        (None, Some(shard)) => (&shard.to_server, shard.back(tree)),
        _ => return Fate::Remove,
    };
    let Some(job) = job.filter(|_| in_time && is_name(server) && is_planned(tree, server)) else {
        return Fate::Remove;
    };
    let restarted = tree.number(&paths::reboot_id(server)).is_some_and(|now| now > entry.reboot_id);
    match restarted && Status::of(tree, server) == Some(Status::Good) {
        true => Fate::Start { job },
        false => Fate::Keep,
    }
}

impl OfLog {
    /// The job that returns the leadership, if there is something to return.
    fn back(&self, id: &str, tree: &Tree) -> Option<Json> {
        let number: u64 = id.parse().ok()?;
        let target = paths::target_log(Some(&*self.database).filter(|name| is_name(name))?, id);
        let plan = paths::plan_log(&self.database, id);
        let leads = tree.text(&format!("{plan}/currentTerm/leader/serverId")) == Some(&self.server);
        let wanted = tree.text(&format!("{target}/leader"));
        let is_back = leads && wanted.is_none_or(|wanted| wanted == self.server);
        let takes_part = tree.has(&format!("{target}/participants/{}", self.server));
        (takes_part && !is_back).then(|| {
            json!({
                "type": "reconfigureReplicatedLog", "database": self.database, "logId": number,
                "operations": [super::clean_out::operation("set-leader", &self.server)],
            })
        })
    }
}

impl OfShard {
    /// The job that returns the leadership, if there is something to return.
    fn back(&self, tree: &Tree) -> Option<Json> {
        let names = [&self.database, &self.collection, &self.shard, &self.from_server];
        if !names.into_iter().all(|name| is_name(name)) {
            return None;
        }
        if let Some(collection) = Collection::find(tree, &self.database, &self.collection) {
            let servers = collection.planned(&self.shard)?;
            if plain(servers.first()?) == self.to_server || !servers.contains(&&*self.to_server) {
                return None;
            }
        } else if !tree.has(&super::move_shard::collection_path(&self.database, &self.collection)) {
            return None;
        }
        Some(json!({
            "type": "moveShard", "database": self.database, "collection": self.collection,
            "shard": self.shard, "fromServer": self.from_server, "toServer": self.to_server,
            "isLeader": true, "remainsFollower": true, "tryUndo": false,
        }))
    }
}

/// Begins a job that returns a leadership.
fn start(path: &str, mut job: Json, id: u64, facts: &Facts<'_>) -> Transaction {
    let id = id.to_string();
    job["jobId"] = json!(id);
    job["creator"] = json!("supervision");
    job["timeCreated"] = json!(stamp(facts.now));
    when_new(Transaction::new(), &id)
        .when_there(path)
        .set(paths::job("ToDo", &id), job)
        .set(format!("{path}/started"), true)
        .set(format!("{path}/jobId"), id)
}
