//! `arango`: the current server of the run, as arangosh's `arango` object.
//!
//! At first it is the server that the run was started for; `arango::reconnect` chooses another one.
//! Plain verbs give the body, those with `_raw` all of the answer.

pub(super) mod choice;
pub(super) mod details;
mod error;
pub(super) mod plain;
mod results;
mod server;
mod switch;
mod target;
mod verbs;
pub(super) mod whole;

pub use target::{ArangoTarget, Connector};
