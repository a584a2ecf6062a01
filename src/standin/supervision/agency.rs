//! What a stage of the supervision sees of the agency.

use crate::standin::agent::Leadership;
use crate::standin::model::{Transaction, Tree};

/// The leadership has ended; so does the round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the agent leads no more")]
pub(super) struct LeadershipLost;

/// The agency of a round: a leader's, or in tests two trees in memory.
pub(super) trait Agency {
    /// The newest tree, with all that this round has written.
    fn tree(&self) -> Result<Tree, LeadershipLost>;

    /// The newest transient tree.
    fn transient(&self) -> Tree;

    /// Runs transactions one by one; tells of each whether it was applied.
    fn write(&mut self, transactions: &[Transaction]) -> Result<Vec<bool>, LeadershipLost>;

    /// Runs a transaction on the transient tree; tells whether it was applied.
    fn write_transient(&mut self, transaction: &Transaction) -> bool;
}

impl Agency for Leadership {
    fn tree(&self) -> Result<Tree, LeadershipLost> {
        Leadership::tree(self).map(Tree).ok_or(LeadershipLost)
    }

    fn transient(&self) -> Tree {
        Tree(Leadership::transient(self))
    }

    fn write(&mut self, transactions: &[Transaction]) -> Result<Vec<bool>, LeadershipLost> {
        let transactions: Vec<_> = transactions.iter().map(Transaction::envelope).collect();
        Leadership::write(self, &transactions).ok_or(LeadershipLost)
    }

    fn write_transient(&mut self, transaction: &Transaction) -> bool {
        Leadership::write_transient(self, &transaction.envelope())
    }
}
