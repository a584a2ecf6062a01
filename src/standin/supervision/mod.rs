//! The supervision: what the leading agent does for the cluster, round by round.
//!
//! A round is a row of stages, each of which reads a tree and writes transactions. What they
//! decide depends on nothing but that tree, the time and random numbers, so that each rule can
//! be tried by itself and whole stories without a network.
//!
//! * `agency`: what a stage sees of the agency
//! * `databases`: what coordinators left behind half made
//! * `groups`: collection groups
//! * `health_map`: how the DB-servers are, for the supervision of logs and groups
//! * `ids`: numbers that are unique in the cluster
//! * `in_memory`: rounds over a tree in memory, for benchmarks
//! * `logs`: replicated logs
//! * `round`: what a stage is given
//! * `servers`: how servers are, and which are no more
//! * `jobs`: what takes more than one round
//! * `shards`: shards that have no replicated logs
//! * `supervisor`: the stages in their order, and what they remember
//! * `runner`: runs rounds for as long as an agent leads

mod agency;
mod databases;
mod groups;
mod health_map;
mod ids;
mod in_memory;
mod jobs;
mod logs;
mod round;
mod runner;
mod servers;
mod shards;
mod supervisor;

#[cfg(test)]
mod stories;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod walk;

pub use in_memory::LogRounds;
pub(in crate::standin) use runner::run;
