//! The supervision: what the leading agent does for the cluster, round by round.
//!
//! A round is a row of stages, each of which reads a tree and writes transactions. What they
//! decide depends on nothing but that tree, the time and random numbers, so that each rule can
//! be tried by itself and whole stories without a network.
//!
//! * `agency`: what a stage sees of the agency
//! * `databases`: what coordinators left behind half made
//! * `groups`: collection groups
//! * `health_map`: the health of DB-servers as logs and groups see it
//! * `ids`: numbers that are unique in the cluster
//! * `round`: what a stage is given
//! * `supervisor`: the stages in their order, and what they remember
//! * `runner`: runs rounds for as long as an agent leads

mod agency;
mod databases;
mod groups;
mod health_map;
mod ids;
mod round;
mod runner;
mod supervisor;

#[cfg(test)]
mod testing;

pub(in crate::standin) use runner::run;
