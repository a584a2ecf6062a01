//! What the agency's tree says of a cluster: typed, with strict readers.
//!
//! * `building`: what is made in steps, and who is making it
//! * `collection`: `Target|Plan|Current/Collections`
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

pub(in crate::standin) mod building;
pub(in crate::standin) mod collection;
pub(in crate::standin) mod group;
pub(in crate::standin) mod job;
pub(in crate::standin) mod log;
pub(in crate::standin) mod paths;
pub(in crate::standin) mod server;
pub(in crate::standin) mod stamp;
pub(in crate::standin) mod transaction;
pub(in crate::standin) mod tree;

use std::sync::Arc;

pub(in crate::standin) use transaction::Transaction;
pub(in crate::standin) use tree::Tree;

/// The id of a server, such as `PRMR-` and a UUID.
pub(in crate::standin) type ServerId = Arc<str>;
