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
    complained: bool,
}

impl Ids {
    /// Numbers that are reserved already.
    #[cfg(test)]
    pub(super) fn between(next: u64, end: u64) -> Self {
        Self { next, end, complained: false }
    }

    /// Sees to it that there are so many; whether that is so.
    pub(super) fn reserve(
        &mut self,
        round: &mut Round<'_>,
        count: u64,
    ) -> Result<bool, LeadershipLost> {
        if count <= self.end.saturating_sub(self.next) {
            return Ok(true);
        }
        let tree = round.tree()?;
        let latest = match tree.get(LATEST_ID) {
            Some(_) => tree.number(LATEST_ID),
            None => Some(0),
        };
        // Those who draw numbers use the old value and not the new one, or the other way round.
        // Neither end of a block can be one of theirs if neither is used here.
        let step = count.saturating_add(1).max(BLOCK);
        let end = latest.and_then(|latest| latest.checked_add(step)).filter(|end| *end < 1 << 62);
        let Some(end) = end else {
            if !std::mem::replace(&mut self.complained, true) {
                tracing::error!("no ids can be reserved: {LATEST_ID} is no number");
            }
            return Ok(false);
        };
        // Only if nobody has drawn some meanwhile: nothing else tells whose numbers they are.
        let unchanged = match tree.get(LATEST_ID) {
            Some(latest) => json!({ "old": latest }),
            None => json!({ "oldEmpty": true }),
        };
        let reserved = round.write_one(
            Transaction::new()
                .operation(LATEST_ID, json!({ "op": "increment", "step": step }))
                .when(LATEST_ID, unchanged),
        )?;
        if reserved {
            (self.next, self.end) = (end - step + 1, end);
        }
        Ok(reserved)
    }

    /// The next one, if there is one left.
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

    fn drawn(ids: &mut Ids) -> Vec<u64> {
        std::iter::from_fn(|| ids.take()).collect()
    }

    #[test]
    fn s2_ids_are_reserved_by_blocks_that_nobody_else_gets() {
        let mut world = World::bootstrapped();
        let (mut a, mut b) = (Ids::default(), Ids::default());
        assert_eq!(a.take(), None);
        assert!(world.stage(|round| a.reserve(round, 1)).unwrap());
        assert!(world.stage(|round| b.reserve(round, 1)).unwrap());
        assert!(world.stage(|round| a.reserve(round, 9_999)).unwrap());
        assert_eq!(world.get(LATEST_ID), Some(json!(20_001)));
        let (first, second) = (drawn(&mut a), drawn(&mut b));
        assert_eq!((first.first(), first.last()), (Some(&2), Some(&10_000)));
        assert_eq!((second.first(), second.last()), (Some(&10_002), Some(&20_000)));
        assert!(world.stage(|round| a.reserve(round, 25_000)).unwrap());
        let many = drawn(&mut a);
        assert_eq!((many.len(), many.first()), (25_000, Some(&20_002)));
        assert_eq!(world.get(LATEST_ID), Some(json!(45_002)));
    }

    #[test]
    fn c7_2_rubbish_in_place_of_the_latest_id_gives_no_ids_and_nothing_is_where_counting_begins() {
        for rubbish in [json!(-5), json!("x"), json!(u64::MAX), json!(i64::MAX), json!({})] {
            let mut world = World::bootstrapped();
            world.set(LATEST_ID, rubbish.clone());
            let mut ids = Ids::default();
            assert!(!world.stage(|round| ids.reserve(round, 1)).unwrap(), "{rubbish}");
            assert_eq!(ids.take(), None);
        }
        let mut world = World::bootstrapped();
        world.delete(LATEST_ID);
        let mut ids = Ids::default();
        assert!(world.stage(|round| ids.reserve(round, 1)).unwrap());
        assert_eq!(ids.take(), Some(1));
    }
}
