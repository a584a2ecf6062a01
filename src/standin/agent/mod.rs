//! One agent: its Raft node, its store and its HTTP API.

pub mod store;
