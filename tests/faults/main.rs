//! Agents as processes that are killed, suspended, cut off and slowed down while clients write.
//!
//! Each scenario records what the clients did and saw, and judges it at the end:
//!
//! * the history of each key is linearizable (`check`);
//! * no acknowledged write is lost, none is applied twice, none that the client called off is
//!   applied at all (`audit`, from the agents' own logs);
//! * terms never go back, nor do commit indices as long as an agent lives (`watcher`).
//!
//! ```text
//! scenarios -> world -> clients, watcher, check, audit -> history
//!                    -> cluster -> agent, lines;  disk
//! ```
#![cfg(all(feature = "standin", target_os = "linux"))]
// A test that cannot go on ends there and then; nobody imports this crate.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod agent;
mod audit;
mod chance;
mod check;
mod clients;
mod cluster;
mod disk;
mod history;
mod journal;
mod lines;
mod model;
mod tickets;
#[path = "../support/wait.rs"]
mod wait;
mod watcher;
mod world;

mod killed;
mod partition;
mod paused;
mod slow_disk;
