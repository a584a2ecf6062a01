//! The stages of a round in their order, and what they remember from round to round.

use super::agency::LeadershipLost;
use super::databases::{self, DatabasesState};
use super::groups::{self, GroupsState};
use super::round::Round;
use crate::standin::model::Transaction;

/// The supervision of one leadership.
#[derive(Debug, Default)]
pub(super) struct Supervisor {
    databases: DatabasesState,
    groups: GroupsState,
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
        self.announce(round, "Normal")?;
        databases::supervise(&mut self.databases, round)?;
        groups::supervise(&mut self.groups, round)
    }

    /// Tells the mode: to the transient tree always, for good when it has changed.
    fn announce(&mut self, round: &mut Round<'_>, mode: &str) -> Result<(), LeadershipLost> {
        let state = serde_json::json!({ "Mode": mode, "Timestamp": round.stamp() });
        round.agency.write_transient(&Transaction::new().set(STATE, &state));
        if round.tree()?.text("/arango/Supervision/State/Mode") != Some(mode) {
            round.write_one(Transaction::new().set(STATE, &state))?;
        }
        Ok(())
    }
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
