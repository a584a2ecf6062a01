//! Servers inside this process, on loopback ports, gone with their owner.
//!
//! * `agency`: agents alone

mod agency;

pub use agency::{Contents, EmbeddedAgency};
