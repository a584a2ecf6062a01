//! Transactions and what became of them.

use serde_json::{Map, Value, json};

/// Operations that happen together, if all preconditions hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction {
    /// Path to operator or plain value; paths are absolute.
    pub operations: Value,
    /// Path to condition.
    pub preconditions: Value,
    /// Makes the fate of the transaction discoverable; one is made up when absent.
    pub client_id: Option<String>,
}

impl Transaction {
    /// A transaction without preconditions.
    pub fn new(operations: Value) -> Self {
        Self { operations, preconditions: Value::Object(Map::new()), client_id: None }
    }

    /// One operation at one path.
    pub fn single(path: &str, operation: Value) -> Self {
        let mut operations = Map::new();
        operations.insert(path.to_owned(), operation);
        Self::new(Value::Object(operations))
    }

    /// Adds the condition that must hold at `path`.
    pub fn when(mut self, path: &str, condition: Value) -> Self {
        if let Value::Object(preconditions) = &mut self.preconditions {
            preconditions.insert(path.to_owned(), condition);
        }
        self
    }

    /// The element of a request's body.
    pub(super) fn envelope(&self, client_id: &str) -> Value {
        json!([self.operations, self.preconditions, client_id])
    }
}

/// What became of one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It happened, at this log index.
    Applied {
        /// The Raft log index.
        index: u64,
    },
    /// A precondition did not hold; nothing happened.
    PreconditionFailed,
    /// It touches what belongs to the agency itself; nothing happened.
    Forbidden,
    /// An operation failed; nothing happened.
    OperationFailed,
}

/// What became of the transactions of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOutcome {
    /// The status: 200, 412 when a precondition failed, 403 when something was forbidden.
    pub status: u16,
    /// One log index per transaction; 0 for those that did not happen.
    pub results: Vec<u64>,
    /// The ids under which they can be inquired.
    pub client_ids: Vec<String>,
}

impl WriteOutcome {
    /// What became of the transaction at `position`; with several, the status of all explains a zero.
    pub fn outcome(&self, position: usize) -> Outcome {
        match (self.results.get(position), self.status) {
            (Some(&index), _) if index > 0 => Outcome::Applied { index },
            (_, 412) => Outcome::PreconditionFailed,
            (_, 403) => Outcome::Forbidden,
            _ => Outcome::OperationFailed,
        }
    }

    /// Whether every transaction happened.
    pub fn all_applied(&self) -> bool {
        self.results.iter().all(|index| *index > 0)
    }
}
