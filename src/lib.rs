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
//! | Part | What it is | Scripts |
//! |---|---|---|
//! | [`Host`] | runs scripts: [`host`] has an overview | Rhai |
//! | [`AgencyClient`] | talks to agencies: leader, redirects, repetitions, inquiries | none |
//! | `Cluster` | agents, DB-servers and coordinators, in this process or in others, to start, kill, suspend | none |
//! | `standin::EmbeddedAgency` | an agency in this process | none |
//! | `standin::agent::store` | the tree that agents keep: no server, no clock | none |
//! | [`host::testing`] | tests in scripts; [`host::testing::Harness`] for `cargo test` | Rhai |
//!
//! The folder `examples` shows each of them.
//!
//! # Features
//!
//! | Feature | Default | What it brings |
//! |---|---|---|
//! | `standin` | yes | The stand-in for arangod: `Cluster`, `standin`, `cluster`, `replay`, targets with servers of their own. Without it, hosts and clients talk to agencies that exist. |
//! | `cli` | yes | What the program `agencysh` is made of. A library that is embedded needs none of it: `default-features = false, features = ["standin"]`. |
//!
//! Each combination builds (`scripts/features.sh`).
//!
//! # Manners
//!
//! The library prints nothing, ends no process, sets no signal handler, logger, panic hook or variable of the
//! environment. It logs with [`tracing`](https://docs.rs/tracing) what happens in servers. Numbers of ports and of
//! clusters that it has given away are all that its hosts and clusters have in common.
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
#[expect(clippy::disallowed_methods, reason = "a program decides when it ends")]
pub mod cli;

/// The language, in the version that natives of your own have to be written for.
pub use rhai;

pub use client::AgencyClient;
#[cfg(feature = "standin")]
pub use host::Cluster;
pub use host::{Host, HostError, Permissions, Target};
