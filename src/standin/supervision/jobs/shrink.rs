//! Fewer DB-servers are wanted than there are.

use serde_json::json;

use super::clean_out::largest_replication_factor;
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
    let least = wanted.max(largest_replication_factor(tree)).max(groups_want(tree)).max(1);
    let goes =
        available.len() as u64 > least && is_idle(JobState::ToDo) && is_idle(JobState::Pending);
    available.last().copied().filter(|_| goes)
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
}
