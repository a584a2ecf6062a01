//! The numbered statements of the agency protocol that concern a live agency,
//! each tested over HTTP under its own name.
#![cfg(feature = "standin")]
// A test that cannot go on ends there and then; nobody imports this crate.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod support;
#[path = "../support/wait.rs"]
mod wait;

mod administration;
mod auth;
mod bad_input;
mod config;
mod content;
mod embedded;
mod endpoints;
mod exactly_once;
mod inquire;
mod limits;
mod partition;
mod poll;
mod raft;
mod read;
mod restart;
mod state;
mod strangers;
mod tls;
mod transact;
mod transient;
mod wire;
mod write;
