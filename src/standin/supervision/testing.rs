//! An agency in memory, with a clock that is set by hand.

mod db_servers;

use std::time::{Duration, SystemTime};

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value as Json;

use super::agency::{Agency, LeadershipLost};
use super::round::Round;
use super::supervisor::Supervisor;
use crate::standin::agent::SupervisionConfig;
use crate::standin::agent::store::Store;
use crate::standin::agent::store::transaction;
use crate::standin::initial;
use crate::standin::model::{Transaction, Tree};

pub(super) use db_servers::DbServers;

/// The two trees of an agency.
#[derive(Debug, Default)]
pub(super) struct Memory {
    persisted: Store,
    transient: Store,
    /// All transactions that were applied to the persisted tree.
    pub(super) written: Vec<Transaction>,
}

fn run(store: &mut Store, transaction: &Transaction) -> bool {
    use transaction::Transaction as Outcome;
    match transaction::run(store, &transaction.envelope()) {
        Outcome::Applied { .. } => true,
        Outcome::PreconditionFailed { .. } => false,
        wrong => panic!("{wrong:?}: {transaction:?}"),
    }
}

impl Agency for Memory {
    fn tree(&self) -> Result<Tree, LeadershipLost> {
        Ok(Tree(self.persisted.root().clone()))
    }

    fn transient(&self) -> Tree {
        Tree(self.transient.root().clone())
    }

    fn write(&mut self, transactions: &[Transaction]) -> Result<Vec<bool>, LeadershipLost> {
        let mut applied = Vec::new();
        for transaction in transactions {
            let done = run(&mut self.persisted, transaction);
            if done {
                self.written.push(transaction.clone());
            }
            applied.push(done);
        }
        Ok(applied)
    }

    fn write_transient(&mut self, transaction: &Transaction) -> bool {
        run(&mut self.transient, transaction)
    }
}

/// An agency with its supervision, and a clock.
pub(super) struct World {
    /// The agency.
    pub(super) agency: Memory,
    /// What is supervised with.
    pub(super) settings: SupervisionConfig,
    /// The time.
    pub(super) now: SystemTime,
    /// When the leadership began.
    pub(super) led_since: SystemTime,
    supervisor: Supervisor,
    random: StdRng,
}

impl World {
    /// An agency that nobody has written to.
    pub(super) fn empty() -> Self {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        Self {
            agency: Memory::default(),
            settings: SupervisionConfig { enabled: true, ..SupervisionConfig::default() },
            now,
            led_since: now,
            supervisor: Supervisor::default(),
            random: StdRng::seed_from_u64(1),
        }
    }

    /// An agency with the initial contents.
    pub(super) fn bootstrapped() -> Self {
        let mut world = Self::empty();
        world.set("/arango", initial::tree());
        world
    }

    /// Runs a round.
    pub(super) fn round(&mut self) {
        let led_for = self.now.duration_since(self.led_since).unwrap_or_default();
        let mut round = Round {
            agency: &mut self.agency,
            now: self.now,
            led_for,
            settings: &self.settings,
            random: &mut self.random,
        };
        self.supervisor.round(&mut round).expect("memory is never lost");
    }

    /// Runs something on what a round is given.
    pub(super) fn stage<T>(&mut self, run: impl FnOnce(&mut Round<'_>) -> T) -> T {
        let led_for = self.now.duration_since(self.led_since).unwrap_or_default();
        run(&mut Round {
            agency: &mut self.agency,
            now: self.now,
            led_for,
            settings: &self.settings,
            random: &mut self.random,
        })
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, seconds: f64) {
        self.now += Duration::from_secs_f64(seconds);
    }

    /// Another agent leads from now on, and knows nothing of the transient tree.
    pub(super) fn new_leader(&mut self) {
        self.supervisor = Supervisor::default();
        self.agency.transient = Store::default();
        self.led_since = self.now;
    }

    /// Writes a value, as a script does.
    pub(super) fn set(&mut self, path: &str, value: Json) {
        self.apply(Transaction::new().set(path, value));
    }

    /// Removes what stands at a path.
    pub(super) fn delete(&mut self, path: &str) {
        self.apply(Transaction::new().delete(path));
    }

    /// Writes a value to the transient tree, as servers do with their heartbeats.
    pub(super) fn set_transient(&mut self, path: &str, value: Json) {
        assert!(self.agency.write_transient(&Transaction::new().set(path, value)));
    }

    /// Runs a transaction, as a script does.
    pub(super) fn apply(&mut self, transaction: Transaction) {
        assert!(run(&mut self.agency.persisted, &transaction), "{transaction:?}");
    }

    /// Runs a transaction whose preconditions need not hold.
    pub(super) fn attempt(&mut self, transaction: Transaction) {
        run(&mut self.agency.persisted, &transaction);
    }

    /// The tree.
    pub(super) fn tree(&self) -> Tree {
        Tree(self.agency.persisted.root().clone())
    }

    /// What stands at a path.
    pub(super) fn get(&self, path: &str) -> Option<Json> {
        self.tree().get(path).map(Json::from)
    }

    /// What stands at a path of the transient tree.
    pub(super) fn get_transient(&self, path: &str) -> Option<Json> {
        self.agency.transient().get(path).map(Json::from)
    }

    /// The text at a path.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        self.tree().text(path).map(str::to_owned)
    }
}
