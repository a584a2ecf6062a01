//! Numbers that are unique in the cluster, drawn in blocks from `Sync/LatestID`.

use serde_json::json;

use super::agency::LeadershipLost;
use super::round::Round;
use crate::standin::model::Transaction;
use crate::standin::model::paths::LATEST_ID;

/// The latest number grows by so many at a time.
const BLOCK: u64 = 10_000;

/// Numbers that are reserved and not used.
#[derive(Debug, Default)]
pub(super) struct Ids {
    next: u64,
    end: u64,
}

impl Ids {
    /// Numbers that are reserved already.
    #[cfg(test)]
    pub(super) fn between(next: u64, end: u64) -> Self {
        Self { next, end }
    }

    /// How many there are.
    fn left(&self) -> u64 {
        self.end.saturating_sub(self.next)
    }

    /// Sees to it that there are so many; whether that is so.
    pub(super) fn reserve(
        &mut self,
        round: &mut Round<'_>,
        count: u64,
    ) -> Result<bool, LeadershipLost> {
        if count <= self.left() {
            return Ok(true);
        }
        // Those who draw numbers use the old value and not the new one, or the other way round.
        // Neither end of a block can be one of theirs if neither is used here.
        let step = count.saturating_add(1).max(BLOCK);
        let draw =
            Transaction::new().operation(LATEST_ID, json!({ "op": "increment", "step": step }));
        if !round.write_one(draw)? {
            return Ok(false);
        }
        let Some(latest) = round.tree()?.number(LATEST_ID) else {
            return Ok(false);
        };
        *self = Self { next: latest.saturating_sub(step).saturating_add(1), end: latest };
        Ok(count <= self.left())
    }

    /// The next number, if there is one left.
    pub(super) fn take(&mut self) -> Option<u64> {
        let id = self.next;
        (id < self.end).then(|| {
            self.next += 1;
            id
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::World;
    use super::*;

    #[test]
    fn s2_numbers_are_drawn_in_blocks_and_never_twice() {
        let mut world = World::bootstrapped();
        let mut ids = Ids::default();
        assert_eq!(ids.take(), None);
        assert!(world.stage(|round| ids.reserve(round, 3)).unwrap());
        let first = ids.take().unwrap();
        assert!(first > 1, "1 is what the latest was");
        let latest = world.tree().number(LATEST_ID).unwrap();
        assert!(world.stage(|round| ids.reserve(round, BLOCK - 2)).unwrap());
        assert_eq!(world.tree().number(LATEST_ID), Some(latest), "there were enough left");
        let rest: Vec<u64> = std::iter::from_fn(|| ids.take()).collect();
        assert_eq!(rest, (first + 1..latest).collect::<Vec<_>>());
        assert!(world.stage(|round| ids.reserve(round, 2 * BLOCK)).unwrap());
        assert!(ids.take().unwrap() > latest && ids.left() >= 2 * BLOCK - 1);
    }

    #[test]
    fn where_the_latest_number_is_missing_or_is_none_counting_begins_anew() {
        for rubbish in [json!("x"), json!(null), json!({"a": 1})] {
            let mut world = World::bootstrapped();
            world.set(LATEST_ID, rubbish);
            let mut ids = Ids::default();
            assert!(world.stage(|round| ids.reserve(round, 1)).unwrap());
            assert_eq!(ids.take(), Some(1));
        }
        let mut world = World::bootstrapped();
        world.set(LATEST_ID, json!(-100_000));
        let mut ids = Ids::default();
        assert!(!world.stage(|round| ids.reserve(round, 1)).unwrap());
    }
}
