//! The supervision of collection groups: collections that share their logs.
//!
//! A group is looked at when something of it has changed, or the health of servers; then at most
//! one row of the table of decisions applies to it, and becomes one transaction.
//!
//! * `stage`: which groups are looked at in a round
//! * `view`: the parts of the tree that groups are made of, and what has changed in them
//! * `owners`: which groups have a collection or a log
//! * `group`: a group with its collections and logs, as they are read
//! * `decision`: the table of decisions
//! * `creation`: new groups: where logs and shards go
//! * `sheaves`: changes of the logs that there are
//! * `collections`: collections of a group, their properties, indexes and shards
//! * `action`: what can be decided, as transactions

mod action;
mod collections;
mod creation;
mod decision;
mod group;
mod owners;
mod sheaves;
mod stage;
mod view;

#[cfg(test)]
mod tests;

pub(super) use stage::{GroupsState, supervise};
