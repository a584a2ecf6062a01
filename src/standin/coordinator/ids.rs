//! Numbers that are unique in a cluster: drawn from the agency in blocks (§7.2).

use std::ops::RangeInclusive;

use super::Coordinator;
use super::reply::{bad, timed_out, unavailable};
use crate::standin::model::{Transaction, paths};
use crate::standin::web::error::ApiError;

/// So many numbers are drawn from the agency at a time.
pub(super) const BLOCK: u64 = 1_000_000;
/// No number is larger: the agency counts with signed ones.
const MOST: u64 = i64::MAX as u64;
/// How often a block is tried to be drawn while others draw theirs.
const ATTEMPTS: usize = 100;

/// The numbers that are drawn and not handed out.
#[derive(Debug, Default)]
pub(super) struct Ids {
    left: tokio::sync::Mutex<Left>,
}

/// Which numbers are in use cannot be told.
#[derive(Debug, thiserror::Error)]
#[error("Sync/LatestID in the agency is no number")]
struct NoCount;

#[derive(Debug, Default)]
struct Left {
    next: u64,
    count: u64,
}

impl Left {
    fn take(&mut self, count: u64) -> Option<u64> {
        if self.count < count {
            return None;
        }
        let first = self.next;
        self.next += count;
        self.count -= count;
        Some(first)
    }
}

impl Coordinator {
    /// A number that nobody else in the cluster gets.
    pub(super) async fn unique_id(&self) -> Result<u64, ApiError> {
        self.unique_ids(1).await
    }

    /// The first of so many numbers in a row that nobody else in the cluster gets.
    pub(super) async fn unique_ids(&self, count: u64) -> Result<u64, ApiError> {
        let mut left = self.ids.left.lock().await;
        if let Some(first) = left.take(count) {
            return Ok(first);
        }
        let drawn = self.draw(BLOCK.max(count), 0).await?;
        *left = Left { next: drawn.start() + count, count: BLOCK.max(count) - count };
        Ok(*drawn.start())
    }

    /// So many numbers in a row of which none is below `minimum`; nor is any later one.
    pub(super) async fn unique_ids_from(
        &self,
        count: u64,
        minimum: u64,
    ) -> Result<RangeInclusive<u64>, ApiError> {
        let mut left = self.ids.left.lock().await;
        if left.next < minimum {
            *left = Left::default();
        }
        self.draw(count, minimum).await
    }

    /// Takes numbers out of the agency's count, by comparing and swapping.
    async fn draw(&self, count: u64, minimum: u64) -> Result<RangeInclusive<u64>, ApiError> {
        for _ in 0..ATTEMPTS {
            let seen = self.view().index();
            let tree = self.view().tree();
            let Some(latest) = tree.number(paths::LATEST_ID) else {
                return Err(unavailable(&NoCount));
            };
            let before = latest.max(minimum.saturating_sub(1));
            let after = before.checked_add(count).filter(|after| *after <= MOST);
            let after = after.ok_or_else(|| bad("no numbers are left"))?;
            let transaction = Transaction::new()
                .set(paths::LATEST_ID, after)
                .when_equal(paths::LATEST_ID, latest);
            if self.write(transaction).await? {
                return Ok(before + 1..=after);
            }
            self.newer_than(seen).await;
        }
        Err(timed_out("others draw numbers faster than this coordinator"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::super::testing::World;
    use super::*;

    #[tokio::test]
    async fn s2_coordinators_and_scripts_never_get_the_same_number() {
        let world = World::bootstrapped();
        let (one, other) = (world.coordinator("CRDN-1"), world.coordinator("CRDN-2"));
        let mut seen = BTreeSet::new();
        for _ in 0..3 {
            assert!(seen.insert(one.unique_id().await.unwrap()));
            assert!(seen.insert(other.unique_id().await.unwrap()));
            world.apply(Transaction::new().increment(paths::LATEST_ID));
            assert!(seen.insert(world.tree().number(paths::LATEST_ID).unwrap()));
            let first = one.unique_ids(BLOCK - 1).await.unwrap();
            assert!(seen.range(first..first + BLOCK - 1).next().is_none());
            seen.extend([first, first + BLOCK - 2]);
        }
        let drawn = other.unique_ids_from(2, 1 << 40).await.unwrap();
        assert_eq!(drawn, 1 << 40..=(1 << 40) + 1);
        assert!(other.unique_id().await.unwrap() > 1 << 40);
    }

    #[tokio::test]
    async fn s2_a_stale_view_draws_nothing_twice() {
        let world = World::bootstrapped();
        let coordinator = world.coordinator("CRDN-1");
        world.freeze();
        world.apply(Transaction::new().set(paths::LATEST_ID, 500));
        let thawing = async {
            tokio::task::yield_now().await;
            world.thaw();
        };
        let (id, ()) = tokio::join!(coordinator.unique_id(), thawing);
        assert_eq!(id.unwrap(), 501);
    }

    #[tokio::test]
    async fn c7_2_no_number_is_made_up_where_the_count_is_unreadable() {
        for rubbish in [
            json!("x"),
            json!(-5),
            json!([1]),
            json!(u64::MAX),
            json!(i64::MAX),
            json!(i64::MAX - 5),
        ] {
            let world = World::bootstrapped();
            world.set(paths::LATEST_ID, rubbish.clone());
            assert!(world.coordinator("CRDN-1").unique_id().await.is_err(), "{rubbish}");
            assert_eq!(world.json(paths::LATEST_ID), rubbish);
        }
    }
}
