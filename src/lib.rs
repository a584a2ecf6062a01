//! agencysh: a scripting host for ArangoDB's agency.
//!
//! The agency is the Raft-replicated key-value tree that coordinates an
//! ArangoDB cluster. This crate runs Rhai scripts against it, with natives for
//! the agency, HTTP, files, time, randomness, cryptography and logging, and
//! brings a faithful agency of its own for tests.
//!
//! ```
//! # fn main() -> Result<(), agencysh::host::HostError> {
//! use agencysh::{Host, Target};
//!
//! let host = Host::builder().target(Target::embedded(3)).build()?;
//! let outcome = host.eval(
//!     r#"let a = agency::current(); a.set("x", 41); a.increment("x"); a.get("x")"#,
//! )?;
//! assert_eq!(outcome.value.as_int(), Ok(42));
//! # Ok(())
//! # }
//! ```
//!
//! [`Host`] runs scripts, [`AgencyClient`] talks to agencies without a script,
//! [`standin::EmbeddedAgency`] is an agency.
//!
//! Layers, each importing only what stands below it:
//!
//! ```text
//! cli -> host -> natives -> client -> http
//!        host -> standin: agent::api -> agent::raft -> agent::store
//! leaves: agency (values and wire types), auth (JWT, secrets), deadline, clock, document (large JSON read in place),
//!         vpack (VelocyPack)
//! ```

pub mod agency;
mod apart;
pub mod auth;
pub mod client;
pub mod clock;
#[cfg(feature = "standin")]
pub mod cluster;
pub mod connection;
pub mod deadline;
pub mod document;
pub mod dump;
pub mod host;
pub mod http;
pub mod natives;
pub mod query;
#[cfg(feature = "standin")]
pub mod replay;
#[cfg(feature = "standin")]
pub mod standin;
pub mod vpack;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;

pub use client::AgencyClient;
#[cfg(feature = "standin")]
pub use host::Cluster;
pub use host::{Host, HostError, Permissions, Target};
