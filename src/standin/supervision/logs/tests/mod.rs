//! Tests of the supervision of logs.
//!
//! * `case`: a log at rest, to be changed and decided about; `cluster`: a world in which
//!   servers react
//! * `creation`, `elections`, `leaders`, `participants`, `write_concerns`, `convergence`,
//!   `transactions`: the rules one by one
//! * `stage`: what a round looks at
//! * `lives`, `terms`, `failures`, `configurations`: stories
//! * `walk`: what holds whatever happens

mod case;
mod cluster;
mod configurations;
mod convergence;
mod creation;
mod elections;
mod failures;
mod leaders;
mod lives;
mod participants;
mod stage;
mod terms;
mod transactions;
mod walk;
mod write_concerns;
