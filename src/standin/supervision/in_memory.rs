//! Rounds over a tree in memory, for benchmarks.

use std::fmt;
use std::time::{Duration, SystemTime};

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::agency::{Agency, LeadershipLost};
use super::logs::{LogsState, supervise};
use super::round::Round;
use crate::standin::agent::SupervisionConfig;
use crate::standin::agent::store::Store;
use crate::standin::agent::store::transaction::{Transaction as Outcome, run};
use crate::standin::model::{Transaction, Tree};

/// An agency that consists of its trees alone.
#[derive(Debug, Default)]
struct Trees {
    persisted: Store,
    transient: Store,
    applied: usize,
}

impl Agency for Trees {
    fn tree(&self) -> Result<Tree, LeadershipLost> {
        Ok(Tree(self.persisted.root().clone()))
    }

    fn transient(&self) -> Tree {
        Tree(self.transient.root().clone())
    }

    fn write(&mut self, transactions: &[Transaction]) -> Result<Vec<bool>, LeadershipLost> {
        let applied: Vec<bool> = transactions
            .iter()
            .map(|it| matches!(run(&mut self.persisted, &it.envelope()), Outcome::Applied { .. }))
            .collect();
        self.applied += applied.iter().filter(|applied| **applied).count();
        Ok(applied)
    }

    fn write_transient(&mut self, transaction: &Transaction) -> bool {
        matches!(run(&mut self.transient, &transaction.envelope()), Outcome::Applied { .. })
    }
}

/// The supervision of replicated logs, without a cluster around it.
pub struct LogRounds {
    trees: Trees,
    state: LogsState,
    settings: SupervisionConfig,
    random: StdRng,
}

impl fmt::Debug for LogRounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogRounds").finish_non_exhaustive()
    }
}

impl LogRounds {
    /// Looks after the logs of a tree from its first round on.
    pub fn new(tree: Store) -> Self {
        Self {
            trees: Trees { persisted: tree, ..Trees::default() },
            state: LogsState::default(),
            settings: SupervisionConfig::default(),
            random: StdRng::seed_from_u64(1),
        }
    }

    /// The tree, to be changed as servers and scripts do.
    pub fn tree(&mut self) -> &mut Store {
        &mut self.trees.persisted
    }

    /// Runs a round; gives the number of transactions.
    pub fn round(&mut self) -> usize {
        let before = self.trees.applied;
        let round = &mut Round {
            agency: &mut self.trees,
            now: SystemTime::UNIX_EPOCH,
            led_for: Duration::ZERO,
            settings: &self.settings,
            random: &mut self.random,
        };
        // Trees in memory are never lost.
        let _ = supervise(&mut self.state, round);
        self.trees.applied - before
    }
}
