//! One participant of a replicated log: pure, without I/O and without a clock.
//!
//! The Plan says who leads in which term; within a term, entries are replicated as in Raft. What a
//! participant keeps changes with [`kept::Change`]s. Whoever runs it stores them before anything
//! leaves that tells of them: messages, reports, answers.
//!
//! * `commit`: which entries are committed, and why others are not
//! * `entry`: entries
//! * `follower`: takes what the leader sends
//! * `kept`: what survives the process
//! * `leader`: replicates, commits, hands over configurations
//! * `message`: what leader and followers tell each other
//! * `participant`: the role of a server in a term
//! * `progress`: what a leader knows of a follower
//! * `report`: what goes to the agency, and when
//! * `status`: what a server tells about a log when asked

pub(in crate::standin) mod commit;
pub(in crate::standin) mod entry;
mod follower;
pub(in crate::standin) mod kept;
mod leader;
pub(in crate::standin) mod message;
pub(in crate::standin) mod participant;
mod progress;
pub(in crate::standin) mod report;
mod status;

#[cfg(test)]
mod tests;
