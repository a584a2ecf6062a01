//! A whole simulated cluster: the statements S1 to S61, seen in the agency and at the servers.

#![cfg(feature = "standin")]
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod bootstrap;
mod chaos;
mod collections;
mod data;
mod databases;
mod jobs;
mod leadership;
mod logs;
mod participants;
mod partition;
mod reboots;
mod recorder;
mod removal;
mod support;
mod suspended;
#[path = "../support/wait.rs"]
mod wait;
