//! The numbered statements of the agency protocol that concern a live agency,
//! each tested over HTTP under its own name.
#![cfg(feature = "standin")]

mod support;

mod config;
mod content;
mod endpoints;
mod inquire;
mod poll;
mod raft;
mod read;
mod state;
mod transact;
mod transient;
mod write;
