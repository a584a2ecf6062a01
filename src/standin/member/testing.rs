//! An agency in memory, for tests of what members write.

use serde_json::Value as Json;

use super::{MemberConfig, MemberRole};
use crate::standin::agent::store::Store;
use crate::standin::agent::store::transaction::{self, Transaction as Outcome};
use crate::standin::model::{Transaction, Tree};

/// A tree that transactions change.
#[derive(Debug, Default)]
pub(super) struct Agency(Store);

impl Agency {
    /// Runs a transaction; whether it was applied.
    pub(super) fn run(&mut self, transaction: &Transaction) -> bool {
        match transaction::run(&mut self.0, &transaction.envelope()) {
            Outcome::Applied { .. } => true,
            Outcome::PreconditionFailed { .. } => false,
            wrong => panic!("{wrong:?}: {transaction:?}"),
        }
    }

    /// Sets a value.
    pub(super) fn set(&mut self, path: &str, value: Json) {
        assert!(self.run(&Transaction::new().set(path, value)));
    }

    /// The tree.
    pub(super) fn tree(&self) -> Tree {
        Tree(self.0.root().clone())
    }

    /// What stands at a path, `null` if nothing does.
    pub(super) fn json(&self, path: &str) -> Json {
        self.tree().get(path).map(Json::from).unwrap_or_default()
    }
}

/// The configuration of a member that has no agency.
pub(super) fn config(role: MemberRole) -> MemberConfig {
    MemberConfig::new(role, "tcp://127.0.0.1:1", Vec::new())
}
