//! Databases that go.

use super::SYSTEM;
use crate::agency::value::Object;
use crate::standin::coordinator::Coordinator;
use crate::standin::coordinator::names::{
    child, database, is_building, member, running_db_servers,
};
use crate::standin::coordinator::reply::{forbidden, result, timed_out};
use crate::standin::model::{Transaction, Tree, paths};
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;

/// Where a database is planned and wanted.
const PLANNED: [&str; 10] = [
    "Plan/Databases",
    "Plan/Collections",
    "Plan/CollectionGroups",
    "Plan/ReplicatedLogs",
    "Plan/Views",
    "Plan/Analyzers",
    "Target/Collections",
    "Target/CollectionNames",
    "Target/CollectionGroups",
    "Target/ReplicatedLogs",
];
/// Where DB-servers have reported of it.
const REPORTED: [&str; 4] = [
    "Current/Databases",
    "Current/Collections",
    "Current/CollectionGroups",
    "Current/ReplicatedLogs",
];

impl Coordinator {
    /// `DELETE /_api/database/<name>`.
    pub(super) async fn drop_database(&self, name: &str) -> Answer {
        if name == SYSTEM {
            return Err(forbidden("the system database cannot be dropped"));
        }
        let tree = self.view().tree();
        let there = database(&tree, name).is_some_and(|found| !is_building(found));
        if !there || !self.write(removal(name)).await? {
            return Err(ApiError::DatabaseNotFound);
        }
        let gone = |tree: &Tree| is_gone(tree, name).then_some(());
        if self.wait_for(self.settings.made, gone).await.is_none() {
            return Err(timed_out(format!("not all DB-servers have dropped '{name}' in time")));
        }
        // unless somebody makes a new one of that name
        self.write(clearance(name)).await?;
        result(true)
    }
}

fn removal(name: &str) -> Transaction {
    let deletions = PLANNED.iter().fold(Transaction::new(), |transaction, key| {
        transaction.delete(format!("/arango/{key}/{name}"))
    });
    deletions.increment(paths::PLAN_VERSION).when_there(format!("/arango/Plan/Databases/{name}"))
}

/// Removes what servers reported that run no more.
fn clearance(name: &str) -> Transaction {
    let deletions = REPORTED.iter().fold(Transaction::new(), |transaction, key| {
        transaction.delete(format!("/arango/{key}/{name}"))
    });
    deletions
        .increment(paths::CURRENT_VERSION)
        .when_missing(format!("/arango/Plan/Databases/{name}"))
}

/// Whether no server that runs has a database any more.
fn is_gone(tree: &Tree, name: &str) -> bool {
    let Some(reports) = child(tree, "/arango/Current/Databases", name) else { return true };
    reports.as_object().is_none_or(Object::is_empty)
        || running_db_servers(tree).iter().all(|server| member(reports, server).is_none())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::standin::coordinator::testing::World;

    #[tokio::test]
    async fn c6_1_a_dropped_database_leaves_nothing() {
        let world = World::with_servers(&["PRMR-a", "PRMR-b"], &["CRDN-1"]);
        let coordinator = world.coordinator("CRDN-1");
        world.add_database("d", "2");
        world.add_database("e", "2");
        for key in PLANNED.iter().chain(&REPORTED).filter(|key| **key != "Plan/Databases") {
            world.set(&format!("/arango/{key}/d"), json!({"1": {}}));
            world.set(&format!("/arango/{key}/e"), json!({"1": {}}));
        }
        world.set(
            "/arango/Current/Databases/d",
            json!({"PRMR-a": {}, "PRMR-b": {}, "PRMR-gone": {}}),
        );
        world.set("/arango/Target/FailedServers/PRMR-b", json!([]));
        let [_, plan, current] = world.versions();
        let servers = |tree: &Tree| {
            let path = "/arango/Current/Databases/d/PRMR-a";
            let dropped = !tree.has("/arango/Plan/Databases/d") && tree.has(path);
            dropped.then(|| Transaction::new().delete(path))
        };
        assert_eq!(coordinator.status("DELETE /_api/database/_system", None).await, 403);
        assert_eq!(coordinator.status("DELETE /_api/database/nope", None).await, 404);
        let dropping = coordinator.ask("DELETE /_api/database/d", None);
        let answer = world.while_playing(servers, dropping).await;
        assert_eq!(answer, (200, json!({"error": false, "code": 200, "result": true})));
        for key in PLANNED.iter().chain(&REPORTED) {
            assert!(!world.has(&format!("/arango/{key}/d")), "{key}");
            assert!(world.has(&format!("/arango/{key}/e")), "{key}");
        }
        assert_eq!((world.versions()[1], world.versions()[2]), (plan + 1, current + 1));
        assert_eq!(coordinator.status("DELETE /_api/database/d", None).await, 404);
    }

    #[tokio::test]
    async fn c6_1_a_database_that_a_server_keeps_times_out() {
        let world = World::with_servers(&["PRMR-a"], &["CRDN-1"]);
        world.add_database("d", "2");
        world.set("/arango/Current/Databases/d/PRMR-a", json!({}));
        let status = world.coordinator("CRDN-1").status("DELETE /_api/database/d", None).await;
        assert_eq!(status, 408);
    }
}
