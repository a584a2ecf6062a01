//! What a stage of a round is given.

use std::time::{Duration, SystemTime};

use rand::rngs::StdRng;

use super::agency::{Agency, LeadershipLost};
use crate::standin::agent::SupervisionConfig;
use crate::standin::model::stamp::stamp;
use crate::standin::model::{Transaction, Tree};

/// One pass of the supervision.
pub(super) struct Round<'a> {
    /// What it reads and writes.
    pub(super) agency: &'a mut dyn Agency,
    /// The time at which it began.
    pub(super) now: SystemTime,
    /// How long the agent has led by then.
    pub(super) led_for: Duration,
    /// Thresholds and pauses.
    pub(super) settings: &'a SupervisionConfig,
    /// Where random choices come from.
    pub(super) random: &'a mut StdRng,
}

impl Round<'_> {
    /// The newest tree.
    pub(super) fn tree(&self) -> Result<Tree, LeadershipLost> {
        self.agency.tree()
    }

    /// Runs transactions one by one; tells of each whether it was applied.
    pub(super) fn write(
        &mut self,
        transactions: &[Transaction],
    ) -> Result<Vec<bool>, LeadershipLost> {
        self.agency.write(transactions)
    }

    /// Runs one transaction; whether it was applied.
    pub(super) fn write_one(&mut self, transaction: Transaction) -> Result<bool, LeadershipLost> {
        let applied = self.agency.write(&[transaction])?;
        Ok(applied.first().copied().unwrap_or(false))
    }

    /// The stamp of the round.
    pub(super) fn stamp(&self) -> String {
        stamp(self.now)
    }
}
