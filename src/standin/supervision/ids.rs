//! Numbers that are unique in the cluster.

use serde_json::json;

use super::agency::LeadershipLost;
use super::round::Round;
use crate::standin::model::{Transaction, paths};

/// So many are reserved at a time.
const BLOCK: u64 = 10_000;

/// Reserved numbers.
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
        if count <= self.end - self.next {
            return Ok(true);
        }
        let step = count.saturating_add(1).max(BLOCK);
        let tree = round.tree()?;
        let latest =
            if tree.has(paths::LATEST_ID) { tree.number(paths::LATEST_ID) } else { Some(0) };
        let end = latest.and_then(|latest| latest.checked_add(step)).filter(|end| *end < 1 << 62);
        let Some(end) = end else {
            if !std::mem::replace(&mut self.complained, true) {
                tracing::error!("no ids can be reserved: {} is no number", paths::LATEST_ID);
            }
            return Ok(false);
        };
        // Only if nobody has reserved some meanwhile: nothing tells whose numbers they were.
        let unchanged = match tree.get(paths::LATEST_ID) {
            Some(latest) => json!({ "old": latest }),
            None => json!({ "oldEmpty": true }),
        };
        let reserve = Transaction::new()
            .operation(paths::LATEST_ID, json!({ "op": "increment", "step": step }))
            .when(paths::LATEST_ID, unchanged);
        let reserved = round.write_one(reserve)?;
        if reserved {
            // The ends of a block are not used: others may count them in with theirs.
            (self.next, self.end) = (end - step + 1, end);
        }
        Ok(reserved)
    }

    /// The next one; nothing until the next round if none is left.
    pub(super) fn take(&mut self) -> Option<u64> {
        (self.next < self.end).then(|| {
            self.next += 1;
            self.next - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::World;
    use super::*;

    #[test]
    fn s2_ids_are_reserved_by_blocks_that_nobody_else_gets() {
        let mut world = World::bootstrapped();
        let (mut a, mut b) = (Ids::default(), Ids::default());
        assert_eq!(a.take(), None);
        world.stage(|round| a.reserve(round, 1)).unwrap();
        world.stage(|round| b.reserve(round, 1)).unwrap();
        assert_eq!(world.get(paths::LATEST_ID), Some(json!(20_001)));
        let drawn = |ids: &mut Ids| std::iter::from_fn(|| ids.take()).collect::<Vec<_>>();
        let (a, b) = (drawn(&mut a), drawn(&mut b));
        assert_eq!((a.first(), a.last()), (Some(&2), Some(&10_000)));
        assert_eq!((b.first(), b.last()), (Some(&10_002), Some(&20_000)));
        let mut many = Ids::default();
        assert!(world.stage(|round| many.reserve(round, 2 * BLOCK)).unwrap());
        assert_eq!(drawn(&mut many).len() as u64, 2 * BLOCK);
    }

    #[test]
    fn c7_2_rubbish_in_place_of_the_latest_id_gives_no_ids() {
        for rubbish in [json!(-5), json!("x"), json!(u64::MAX), json!(i64::MAX), json!({})] {
            let mut world = World::bootstrapped();
            world.set(paths::LATEST_ID, rubbish.clone());
            let mut ids = Ids::default();
            world.stage(|round| ids.reserve(round, 1)).unwrap();
            assert_eq!(ids.take(), None, "{rubbish}");
        }
    }
}
