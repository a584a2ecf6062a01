//! Fewer DB-servers are wanted than there are.

use serde_json::json;

use super::clean_out::{can_be_emptied, largest_replication_factor};
use super::servers::{is_available, planned};
use crate::standin::model::job::{JobState, when_new};
use crate::standin::model::{Transaction, Tree, paths};
use crate::standin::supervision::agency::LeadershipLost;
use crate::standin::supervision::ids::Ids;
use crate::standin::supervision::round::Round;

/// Has a server cleaned out if there are more than are wanted.
pub(in crate::standin::supervision) fn shrink(
    round: &mut Round<'_>,
    ids: &mut Ids,
) -> Result<(), LeadershipLost> {
    let tree = round.tree()?;
    let Some(server) = superfluous(&tree) else {
        return Ok(());
    };
    let Some(id) = ids.take().map(|id| id.to_string()) else {
        return Ok(());
    };
    tracing::info!(server, job = id, "there are more servers than wanted, cleaning one out");
    let job = json!({
        "type": "cleanOutServer",
        "server": server,
        "jobId": id,
        "creator": "supervision",
        "timeCreated": round.stamp(),
    });
    round.write_one(when_new(Transaction::new(), &id).set(paths::job("ToDo", &id), job))?;
    Ok(())
}

/// The server that goes, if one does.
fn superfluous(tree: &Tree) -> Option<&str> {
    let wanted = tree.number("/arango/Target/NumberOfDBServers")?;
    let is_idle = |state: JobState| tree.children(&state.path()).next().is_none();
    let available: Vec<_> = planned(tree).filter(|id| is_available(tree, id)).collect();
    let exceeds = |number: u64| available.len() as u64 > number;
    // What costs most comes last.
    let goes = exceeds(wanted.max(1))
        && is_idle(JobState::ToDo)
        && is_idle(JobState::Pending)
        && exceeds(largest_replication_factor(tree).max(groups_want(tree)));
    // A job that can but fail would be created anew in each round.
    available.last().copied().filter(|server| goes && can_be_emptied(tree, server))
}

/// The largest number of copies that a collection group wants.
fn groups_want(tree: &Tree) -> u64 {
    const GROUPS: &str = "/arango/Plan/CollectionGroups";
    let databases = tree.children(GROUPS).map(|(database, _)| database);
    let copies = databases.flat_map(|database| {
        tree.children(&format!("{GROUPS}/{database}")).filter_map(move |(group, _)| {
            let attributes = format!("{GROUPS}/{database}/{group}/attributes/mutable");
            tree.number(&format!("{attributes}/replicationFactor"))
        })
    });
    copies.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standin::supervision::servers::testing::Story;
    use serde_json::Value as Json;

    #[test]
    fn c7_4_the_last_server_goes_when_fewer_are_wanted_and_nothing_is_under_way() {
        let base = json!({"arango": {
            "Plan": {"DBServers": {"A": "none", "B": "none", "C": "none"},
                "Databases": {"d": {}}, "Collections": {"d": {"7": {"replicationFactor": 1}}}},
            "Target": {"NumberOfDBServers": 2, "CleanedServers": [], "ToBeCleanedServers": [],
                "FailedServers": {}, "ToDo": {}, "Pending": {}},
        }});
        let goes = |pointer: &str, value: Json| {
            let mut tree = base.clone();
            *tree.pointer_mut(&format!("/arango{pointer}")).unwrap() = value;
            superfluous(&Tree::from(tree)).map(str::to_owned)
        };
        assert_eq!(goes("/Target/NumberOfDBServers", json!(2)).as_deref(), Some("C"));
        assert_eq!(goes("/Target/CleanedServers", json!(["B"])), None);
        assert_eq!(goes("/Target/FailedServers", json!({"C": []})), None);
        assert_eq!(goes("/Target/NumberOfDBServers", json!(3)), None);
        assert_eq!(goes("/Target/NumberOfDBServers", json!(null)), None);
        assert_eq!(goes("/Target/NumberOfDBServers", json!("2")), None);
        assert_eq!(goes("/Target/ToDo", json!({"1": {}})), None);
        assert_eq!(goes("/Target/Pending", json!({"1": {}})), None);
        let three = json!({"replicationFactor": 3});
        assert_eq!(goes("/Plan/Collections/d/7", three), None);
    }

    #[test]
    fn c7_4_no_server_goes_whose_shards_no_other_can_take_at_present() {
        let mut story = Story::with_servers(3, 1);
        story.run(2.0);
        story.world.set(
            "/arango/Plan/Collections/_system/5",
            json!({"replicationFactor": 2, "shards": {"s6": ["PRMR-a", "PRMR-c"]}}),
        );
        let until = json!({"Mode": "maintenance", "Until": "2100-01-01T00:00:00Z"});
        story.world.set("/arango/Target/MaintenanceDBServers/PRMR-b", until);
        story.run(2.0);
        story.world.set("/arango/Target/NumberOfDBServers", json!(2));
        story.run(30.0);
        assert_eq!(story.jobs("cleanOutServer"), []);
        story.world.delete("/arango/Target/MaintenanceDBServers/PRMR-b");
        story.run(1.0);
        let jobs = story.jobs("cleanOutServer");
        assert_eq!((jobs.len(), jobs[0].0), (1, "Pending"), "{jobs:?}");
    }
}
