//! `Current/Collections`: what the leaders of shards say.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::Led;
use crate::agency::value::Value;
use crate::standin::dbserver::store::LogName;
use crate::standin::model::paths::{self, CURRENT_VERSION};
use crate::standin::model::{Transaction, Tree};

/// Where it stands.
pub(super) const PLACE: &str = "/arango/Current/Collections";

/// A shard, and whoever keeps it.
struct Shard<'a> {
    name: &'a str,
    keeper: Keeper<'a>,
}

enum Keeper<'a> {
    /// A replicated log.
    Log(u64),
    /// The servers of the Plan, the leader first.
    Servers(&'a Value),
}

/// The shards of a collection of the Plan, as far as they are known.
fn shards<'a>(tree: &'a Tree, database: &str, id: &str) -> Vec<Shard<'a>> {
    let planned = format!("/arango/Plan/Collections/{database}/{id}");
    let place = format!("{planned}/shards");
    let servers = tree.children(&place);
    let replicated =
        tree.text(&format!("/arango/Plan/Databases/{database}/replicationVersion")) == Some("2");
    if !replicated {
        return servers.map(|(name, s)| Shard { name, keeper: Keeper::Servers(s) }).collect();
    }
    let Some(group) = tree.number(&format!("{planned}/groupId")) else {
        // collections of before there were groups
        let log = |name: &str| name.strip_prefix('s')?.parse().ok();
        let shards = servers.filter_map(|(name, _)| Some((name, log(name)?)));
        return shards.map(|(name, log)| Shard { name, keeper: Keeper::Log(log) }).collect();
    };
    let array = |path: String| tree.get(&path).and_then(Value::as_array).unwrap_or_default();
    let names = array(format!("{planned}/shardsR2"));
    let sheaves = array(format!("/arango/Plan/CollectionGroups/{database}/{group}/shardSheaves"));
    let shards = names.iter().zip(sheaves).filter_map(|(name, sheaf)| {
        let log = Tree(sheaf.clone()).number("replicatedLog")?;
        Some(Shard { name: name.as_str()?, keeper: Keeper::Log(log) })
    });
    shards.collect()
}

/// The logs that keep a collection.
pub(super) fn logs(tree: &Tree, database: &str, id: &str) -> BTreeSet<u64> {
    let shards = shards(tree, database, id).into_iter();
    let logs = shards.filter_map(|shard| match shard.keeper {
        Keeper::Log(log) => Some(log),
        Keeper::Servers(_) => None,
    });
    logs.collect()
}

/// What a server has to write about a collection, by path.
pub(super) fn due(
    tree: &Tree,
    database: &str,
    id: &str,
    me: &str,
    led: &impl Fn(&LogName) -> Option<Led>,
) -> Vec<(String, Transaction)> {
    let planned = format!("/arango/Plan/Collections/{database}/{id}");
    if !tree.has(&planned) {
        return dropped(tree, database, id, me).into_iter().collect();
    }
    let indexes = indexes(tree.get(&format!("{planned}/indexes")));
    let mut due = Vec::new();
    for shard in shards(tree, database, id) {
        let path = format!("{PLACE}/{database}/{id}/{}", shard.name);
        let (servers, term) = match shard.keeper {
            Keeper::Servers(servers) => match own(servers, me) {
                Some(servers) => (servers, None),
                None => continue,
            },
            Keeper::Log(log) => {
                let name = LogName { database: database.into(), log };
                let Some((term, servers)) = led(&name) else { continue };
                let servers = servers.iter().map(|server| server.to_string()).collect();
                (servers, Some((log, term)))
            }
        };
        let candidates = servers.iter().map(|server| server.trim_start_matches('_'));
        let entry = json!({
            "error": false, "errorNum": 0, "errorMessage": "", "indexes": indexes,
            "failoverCandidates": candidates.collect::<Vec<_>>(), "servers": servers,
        });
        if tree.get(&path).map(Json::from).as_ref() == Some(&entry) {
            continue;
        }
        let place = format!("{planned}/shards/{}", shard.name);
        let transaction = Transaction::new()
            .set(path.clone(), entry)
            .increment(CURRENT_VERSION)
            .when_there(planned.clone());
        let transaction = match tree.get(&place) {
            Some(servers) => transaction.when_equal(place, servers),
            None => transaction.when_missing(place),
        };
        let transaction = match term {
            Some((log, term)) => {
                let log = paths::plan_log(database, &log.to_string());
                transaction.when_equal(format!("{log}/currentTerm/term"), term)
            }
            None => transaction,
        };
        due.push((path, transaction));
    }
    due
}

/// The servers of a shard, if this one is their leader.
fn own(servers: &Value, me: &str) -> Option<Vec<String>> {
    let servers = servers.as_array()?.iter().map(|s| s.as_str().map(str::to_owned));
    let servers: Vec<String> = servers.collect::<Option<_>>()?;
    (servers.first()?.trim_start_matches('_') == me).then_some(servers)
}

/// Indexes as they are once they are built, which they are at once.
fn indexes(planned: Option<&Value>) -> Json {
    let mut indexes = planned.map_or_else(|| json!([]), Json::from);
    for index in indexes.as_array_mut().into_iter().flatten() {
        if let Some(index) = index.as_object_mut() {
            index.shift_remove("isBuilding");
        }
    }
    indexes
}

/// Removes what is said of a collection that is gone, if this server kept a shard of it.
fn dropped(tree: &Tree, database: &str, id: &str, me: &str) -> Option<(String, Transaction)> {
    let path = format!("{PLACE}/{database}/{id}");
    let kept = tree.children(&path).any(|(_, shard)| {
        let servers = shard.as_object().and_then(|shard| shard.get("servers"));
        let mut servers = servers.and_then(Value::as_array).unwrap_or_default().iter();
        servers.any(|server| server.as_str().is_some_and(|s| s.trim_start_matches('_') == me))
    });
    let planned = format!("/arango/Plan/Collections/{database}/{id}");
    let transaction = Transaction::new().delete(path.clone()).increment(CURRENT_VERSION);
    kept.then(|| (path.clone(), transaction.when_missing(planned).when_there(path)))
}
