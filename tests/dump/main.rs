//! Dumps: taking them from agents of all kinds, and reading them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/server.rs"]
mod server;

mod reading;
mod scripts;
mod support;
mod taking;
