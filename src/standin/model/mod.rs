//! What the agency's tree says of a cluster: typed, with strict readers.
//!
//! * `collection`: `Target|Plan|Current/Collections`
//! * `database`: `Plan/Databases`, and what is made in steps
//! * `group`: `Target|Plan|Current/CollectionGroups`
//! * `job`: `Target/ToDo|Pending|Finished|Failed`
//! * `log`: `Target|Plan|Current/ReplicatedLogs`
//! * `paths`: where things stand
//! * `server`: roles and states of servers
//! * `stamp`: time stamps
//! * `transaction`: operations and preconditions, for all who write
//! * `tree`: finds its way in a tree
//!
//! Paths are absolute, with `/arango` in front.

pub mod collection;
pub mod database;
pub mod group;
pub mod job;
pub mod log;
pub mod paths;
pub mod server;
pub mod stamp;
pub mod transaction;
pub mod tree;

use std::sync::Arc;

pub use transaction::Transaction;
pub use tree::Tree;

/// The id of a server, such as `PRMR-` and a UUID.
pub type ServerId = Arc<str>;
