//! Jobs: what takes more than one round, from `ToDo` by `Pending` to `Finished` or `Failed`.
//!
//! * `run`: all jobs of a round in their order
//! * `step`: what a job is given, and what it answers
//! * `servers`: which servers may be given something to do
//! * `subjobs`: jobs that are parts of others
//! * `release`: jobs that end let go of what they have locked
//! * `retention`: ended jobs are not kept for ever
//! * `undo`: leaderships that are to return to a server
//! * `shrink`: fewer servers are wanted than there are
//! * `replication_factor`: shards with too few or too many copies
//! * `lost_shards`: shards of dropped collections whose server is gone
//!
//! A file for each type: `reconfigure`, `failed_server`, `clean_out`, `resign`, `move_shard` (of a
//! log) and `move_copy` (of a shard without one), `failed_leader`, `failed_follower`, `followers`
//! (add and remove).

mod clean_out;
mod failed_follower;
mod failed_leader;
mod failed_server;
mod followers;
mod lost_shards;
mod move_copy;
mod move_shard;
mod reconfigure;
mod release;
mod replication_factor;
mod resign;
mod retention;
mod run;
mod servers;
mod shrink;
mod step;
mod subjobs;
mod undo;

#[cfg(test)]
mod tests;

pub(super) use lost_shards::LostShards;
pub(super) use replication_factor::ReplicationFactor;
pub(super) use run::Jobs;
pub(super) use shrink::shrink;
pub(super) use undo::return_leadership;
