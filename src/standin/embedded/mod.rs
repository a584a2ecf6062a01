//! Servers inside this process, on loopback ports, gone with their owner.
//!
//! * `agency`: agents alone; `running`: one of them; `threads`: what it runs on
//! * `cluster`: agents, DB-servers and coordinators; `member` is one of the latter two
//! * `partition`: cuts the network between them

mod agency;
mod cluster;
mod member;
mod partition;
mod running;
#[cfg(test)]
mod tests;
mod threads;

pub use agency::{Contents, EmbeddedAgency};
pub use cluster::{ClusterConfig, ClusterSize, EmbeddedCluster, EmbeddedServer};
pub use member::ServerState;
