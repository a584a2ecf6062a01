//! The stages of a round in their order, and what they remember from round to round.

use super::agency::LeadershipLost;
use super::databases::{self, DatabasesState};
use super::groups::{self, GroupsState};
use super::ids::Ids;
use super::jobs::{self, Jobs, LostShards, ReplicationFactor};
use super::logs::{self, LogsState};
use super::round::Round;
use super::servers::{self, Maintenance, Servers};
use crate::standin::model::Transaction;

/// The supervision of one leadership.
#[derive(Debug, Default)]
pub(super) struct Supervisor {
    ids: Ids,
    maintenance: Maintenance,
    servers: Servers,
    replication_factor: ReplicationFactor,
    lost_shards: LostShards,
    databases: DatabasesState,
    groups: GroupsState,
    logs: LogsState,
    jobs: Jobs,
}

/// What the supervision tells of itself.
const STATE: &str = "/arango/Supervision/State";

impl Supervisor {
    /// Runs one round.
    pub(super) fn round(&mut self, round: &mut Round<'_>) -> Result<(), LeadershipLost> {
        let tree = round.tree()?;
        // Nothing is done before the first server has written the initial contents.
        if tree.children("/arango/Supervision").next().is_none() {
            return Ok(());
        }
        self.ids.reserve(round, 1)?;
        if self.maintenance.is_on(round)? {
            return announce(round, "Maintenance");
        }
        round.agency.write_transient(&state(round, "Normal"));
        announce(round, "Normal")?;
        servers::mirror_maintenance(round)?;
        self.servers.check(round, &mut self.ids)?;
        self.servers.expire(round)?;
        jobs::shrink(round, &mut self.ids)?;
        self.replication_factor.enforce(round, &mut self.ids)?;
        self.lost_shards.clean_up(round, &mut self.ids)?;
        databases::supervise(&mut self.databases, round)?;
        jobs::return_leadership(round, &mut self.ids)?;
        groups::supervise(&mut self.groups, &mut self.ids, round)?;
        logs::supervise(&mut self.logs, round)?;
        self.jobs.run(round)
    }
}

/// Tells the mode, in either tree.
fn state(round: &Round<'_>, mode: &str) -> Transaction {
    let state = serde_json::json!({ "Mode": mode, "Timestamp": round.stamp() });
    Transaction::new().set(STATE, state)
}

/// Tells the mode for good when it has changed.
fn announce(round: &mut Round<'_>, mode: &str) -> Result<(), LeadershipLost> {
    if round.tree()?.text("/arango/Supervision/State/Mode") != Some(mode) {
        round.write_one(state(round, mode))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::World;

    #[test]
    fn s1_the_mode_is_normal_once_the_initial_contents_are_there() {
        let mut world = World::empty();
        world.round();
        assert_eq!(world.text("/arango/Supervision/State/Mode"), None);
        let mut world = World::bootstrapped();
        world.round();
        assert_eq!(world.text("/arango/Supervision/State/Mode").as_deref(), Some("Normal"));
    }
}
