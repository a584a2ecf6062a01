//! The supervision of replicated logs.
//!
//! What is done about a log follows from what is wanted (Target), what shall be (Plan), what is
//! (Current) and the health of the servers. It is one step at a time, and each waits for the
//! servers where it has to.
//!
//! * `stage`: the stage of a round; `changes`: which logs it looks at; `entry`: reads them
//! * `rules`: the checks in their order; `situation`: what they look at
//! * `creation`, `election`, `leader`, `write_concern`, `participants`, `removal`,
//!   `convergence`: the checks
//! * `action`: what is done, and what becomes of the Plan; `report`: what is told
//! * `transaction`: what is written for that

mod action;
mod changes;
mod convergence;
mod creation;
mod election;
mod entry;
mod leader;
mod participants;
mod removal;
mod report;
mod rules;
mod situation;
mod stage;
mod transaction;
mod write_concern;

#[cfg(test)]
mod tests;

pub(super) use stage::{LogsState, supervise};
