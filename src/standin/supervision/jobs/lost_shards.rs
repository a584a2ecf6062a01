//! Shards of dropped collections whose server is gone, so that nobody removes what is told of them.

use serde_json::json;

use super::servers::is_planned;
use crate::agency::value::Value;
use crate::standin::model::job::{JobState, when_new};
use crate::standin::model::server::Status;
use crate::standin::model::{Transaction, Tree, paths};
use crate::standin::supervision::agency::LeadershipLost;
use crate::standin::supervision::ids::Ids;
use crate::standin::supervision::round::Round;
use crate::standin::supervision::shards::{has_logs, plain};

/// Where servers tell which shards they have.
const CURRENT: &str = "/arango/Current/Collections";

/// What it depends on whether shards are lost.
const SOURCES: [&str; 4] =
    [CURRENT, "/arango/Plan/Collections", "/arango/Plan/DBServers", "/arango/Supervision/Health"];

/// Removes what is told of lost shards.
#[derive(Debug, Default)]
pub(in crate::standin::supervision) struct LostShards {
    seen: Vec<Value>,
}

impl LostShards {
    /// Removes what is told of lost shards.
    pub(in crate::standin::supervision) fn clean_up(
        &mut self,
        round: &mut Round<'_>,
        ids: &mut Ids,
    ) -> Result<(), LeadershipLost> {
        let tree = round.tree()?;
        let sources: Vec<_> =
            SOURCES.into_iter().map(|path| tree.get(path).cloned().unwrap_or_default()).collect();
        if self.seen.len() == sources.len()
            && self.seen.iter().zip(&sources).all(|(a, b)| a.is_same(b))
        {
            return Ok(());
        }
        let lost = lost(&tree);
        let removals: Vec<_> = lost
            .iter()
            .map_while(|shard| Some(removal(shard, &ids.take()?.to_string(), &round.stamp())))
            .collect();
        let removed = round.write(&removals)?;
        let all = removals.len() == lost.len() && removed.into_iter().all(|removed| removed);
        self.seen = if all { sources } else { Vec::new() };
        Ok(())
    }
}

/// A shard that is told of, but not planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lost<'a> {
    database: &'a str,
    collection: &'a str,
    shard: &'a str,
}

fn lost(tree: &Tree) -> Vec<Lost<'_>> {
    let databases = tree.children(CURRENT).map(|(database, _)| database);
    let databases = databases.filter(|database| !has_logs(tree, database));
    let collections = databases.flat_map(|database| {
        let collections = tree.children(&format!("{CURRENT}/{database}"));
        collections.map(move |(collection, _)| (database, collection))
    });
    let dropped = collections.filter(|(database, collection)| {
        !tree.has(&format!("/arango/Plan/Collections/{database}/{collection}"))
    });
    let shards = dropped.flat_map(|(database, collection)| {
        let shards = tree.children(&format!("{CURRENT}/{database}/{collection}"));
        shards.map(move |(shard, _)| Lost { database, collection, shard })
    });
    shards.filter(|shard| shard.server_is_gone(tree)).collect()
}

impl Lost<'_> {
    fn path(&self) -> String {
        format!("{CURRENT}/{}/{}/{}", self.database, self.collection, self.shard)
    }

    /// Whether the server that would have to remove it does not do so any more.
    fn server_is_gone(&self, tree: &Tree) -> bool {
        let leader = tree.texts(&format!("{}/servers", self.path())).next().map(plain);
        leader.is_some_and(|leader| {
            !is_planned(tree, leader) || Status::of(tree, leader) == Some(Status::Failed)
        })
    }
}

fn removal(lost: &Lost<'_>, id: &str, now: &str) -> Transaction {
    let (database, collection) = (lost.database, lost.collection);
    when_new(Transaction::new(), id)
        .when_there(lost.path())
        .when_missing(format!("/arango/Plan/Collections/{database}/{collection}"))
        .delete(lost.path())
        .increment(paths::CURRENT_VERSION)
        .set(
            paths::job(JobState::Finished.key(), id),
            json!({
                "type": "cleanUpLostCollection",
                "server": lost.shard,
                "jobId": id,
                "creator": "supervision",
                "timeCreated": now,
                "timeStarted": now,
                "timeFinished": now,
            }),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standin::supervision::servers::testing::Story;

    #[test]
    fn c9_what_is_told_of_a_dropped_collection_goes_when_its_server_is_gone() {
        let mut story = Story::with_servers(2, 1);
        for (collection, server) in [("5", "PRMR-a"), ("6", "PRMR-b"), ("7", "PRMR-b")] {
            story.world.set(
                &format!("{CURRENT}/_system/{collection}/s{collection}"),
                json!({"servers": [server]}),
            );
        }
        story.world.set("/arango/Plan/Collections/_system/7", json!({"id": "7", "shards": {}}));
        story.run(3.0);
        assert!(story.jobs("cleanUpLostCollection").is_empty());
        story.suspend("PRMR-b");
        story.until(|story| story.status("PRMR-b") == "FAILED");
        story.run(1.0);
        let jobs = story.jobs("cleanUpLostCollection");
        assert_eq!((jobs.len(), jobs[0].0, &jobs[0].1["server"]), (1, "Finished", &json!("s6")));
        let has = |path: &str| story.world.tree().has(&format!("{CURRENT}/_system/{path}"));
        assert!(has("5/s5") && !has("6/s6") && has("7/s7"));
    }
}
