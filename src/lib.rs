//! agencysh: a scripting host for ArangoDB's agency.
//!
//! The agency is the Raft-replicated key-value tree that coordinates an
//! ArangoDB cluster. This crate runs Rhai scripts against it, with natives for
//! the agency, HTTP, files, time, randomness, cryptography and logging, and
//! brings a faithful agency of its own for tests.
//!
//! Layers, each importing only what stands below it:
//!
//! ```text
//! cli -> host -> natives -> client -> http
//!        host -> standin: agent::api -> agent::raft -> agent::store
//! leaves: agency (values and wire types), auth (JWT, secrets), deadline
//! ```

pub mod agency;
pub mod auth;
pub mod client;
pub mod deadline;
pub mod host;
pub mod http;
pub mod natives;
#[cfg(feature = "standin")]
pub mod replay;
#[cfg(feature = "standin")]
pub mod standin;

#[doc(hidden)]
pub mod cli;

pub use client::AgencyClient;
pub use host::Host;
