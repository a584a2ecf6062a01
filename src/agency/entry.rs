//! Entries of the agency's replicated log.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::value::Value;

/// One applied transaction, as the agency's log keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The operations object as it was submitted.
    pub request: Value,
    /// The client id of the transaction, if it had one.
    pub client_id: Option<Arc<str>>,
    /// When the leader accepted it, in milliseconds since 1970.
    pub epoch_millis: i64,
}
