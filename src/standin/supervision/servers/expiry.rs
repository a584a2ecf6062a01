//! Servers that nobody has heard of for long.

use std::time::{Duration, SystemTime};

use super::check::{Servers, planned, planned_as};
use crate::standin::model::server::Role;
use crate::standin::model::stamp::parse;
use crate::standin::model::{Transaction, Tree, paths};
use crate::standin::supervision::agency::LeadershipLost;
use crate::standin::supervision::round::Round;
use crate::standin::supervision::shards;

/// When servers were looked for that have expired.
#[derive(Debug, Default)]
pub(super) struct Expiry {
    last: Option<Duration>,
}

/// The first look is taken after so many seconds of leadership, or after this part of the time
/// after which a server is forgotten, if that is less.
const FIRST: (f64, f64) = (300.0, 1.0 / 12.0);

/// The others are so many seconds apart, or as long as it takes to forget a server, if that is
/// less.
const PERIOD: f64 = 3600.0;

impl Servers {
    /// Forgets servers that have not been heard of for long.
    pub(in crate::standin::supervision) fn expire(
        &mut self,
        round: &mut Round<'_>,
    ) -> Result<(), LeadershipLost> {
        let lifetime = round.settings.expired_servers_grace_period;
        let led_for = round.led_for.as_secs_f64();
        let due = match self.expiry.last {
            None => led_for >= FIRST.0.min(lifetime * FIRST.1),
            Some(last) => led_for - last.as_secs_f64() >= PERIOD.min(lifetime),
        };
        if !due || !self.watching {
            return Ok(());
        }
        self.expiry.last = Some(round.led_for);
        let tree = round.tree()?;
        let is_silent = |id: &str| {
            let acknowledged = self.heartbeats.acknowledged(id);
            let silence = acknowledged.map(|time| round.led_for.saturating_sub(time.led_for));
            silence.is_none_or(|silence| silence.as_secs_f64() >= lifetime)
        };
        let expired: Vec<_> = planned(&tree)
            .filter(|id| is_silent(id) && is_old(&tree, id, round.now, lifetime))
            .filter_map(|id| forgotten(&tree, id))
            .collect();
        round.write(&expired)?;
        Ok(())
    }
}

/// Whether the persisted record of a server is older than it may get. One that has none has just
/// come.
fn is_old(tree: &Tree, id: &str, now: SystemTime, lifetime: f64) -> bool {
    let written = tree.text(&format!("{}/Timestamp", paths::health(id))).and_then(parse);
    let age = written.and_then(|written| now.duration_since(written).ok());
    age.is_some_and(|age| age.as_secs_f64() >= lifetime)
}

/// Removes a server from everywhere, unless it holds shards.
fn forgotten(tree: &Tree, id: &str) -> Option<Transaction> {
    let role = planned_as(tree, id)?;
    if role == Role::DbServer && shards::holds_any(tree, id) {
        return None;
    }
    tracing::info!(server = id, "the server has not been heard of for long and is forgotten");
    let health = paths::health(id);
    let mut transaction = Transaction::new()
        .delete(health.as_str())
        .delete(format!("/arango/Plan/{}/{id}", role.key()))
        .delete(format!("/arango/Current/{}/{id}", role.key()))
        .delete(format!("/arango/Target/MapUniqueToShortID/{id}"))
        .delete(format!("/arango/Current/ServersKnown/{id}"))
        .delete(format!("/arango/Current/ServersRegistered/{id}"))
        .when(
            format!("{health}/Timestamp"),
            serde_json::json!({
                "old": tree.get(&format!("{health}/Timestamp"))
            }),
        );
    if role == Role::DbServer {
        for (database, _) in tree.children("/arango/Current/Databases") {
            let path = format!("/arango/Current/Databases/{database}/{id}");
            if tree.has(&path) {
                transaction = transaction.delete(path);
            }
        }
    }
    Some(transaction)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::Story;

    #[test]
    fn c3_6_a_server_is_forgotten_after_an_hour_unless_it_holds_shards() {
        let mut story = Story::with_servers(3, 2);
        story.world.set("/arango/Current/Databases/_system/PRMR-a", json!({"id": "1"}));
        story.world.set(
            "/arango/Plan/Collections/_system/7",
            json!({"id": "7", "replicationFactor": 1, "shards": {"s8": ["PRMR-b"]}}),
        );
        story.run(310.0);
        for id in ["PRMR-a", "PRMR-b", "CRDN-a"] {
            story.suspend(id);
        }
        story.step(100.0, 3000.0);
        assert!(story.world.tree().has("/arango/Plan/DBServers/PRMR-a"));
        story.step(100.0, 5000.0);
        let tree = story.world.tree();
        for (id, role) in [("PRMR-a", "DBServers"), ("CRDN-a", "Coordinators")] {
            for path in [
                format!("Supervision/Health/{id}"),
                format!("Plan/{role}/{id}"),
                format!("Current/{role}/{id}"),
                format!("Target/MapUniqueToShortID/{id}"),
                format!("Current/ServersKnown/{id}"),
                format!("Current/ServersRegistered/{id}"),
                format!("Current/Databases/_system/{id}"),
            ] {
                assert!(!tree.has(&format!("/arango/{path}")), "{path}");
            }
        }
        for id in ["PRMR-b", "PRMR-c"] {
            assert!(tree.has(&format!("/arango/Plan/DBServers/{id}")), "{id}");
        }
        assert!(tree.has("/arango/Plan/Coordinators/CRDN-b"));
    }
}
