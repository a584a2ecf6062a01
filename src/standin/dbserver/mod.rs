//! The simulated DB-server: it keeps replicated logs and tells the agency of them.
//!
//! * `api`: requests about replicated logs
//! * `changes`: what differs between two trees
//! * `engine`: runs all logs of a server
//! * `inventory`: what goes to the agency about databases and shards
//! * `log`: one participant of a log, pure
//! * `server`: the server, its engine and its endpoints
//! * `store`: what is kept of all logs, in memory or in a journal

mod api;
mod changes;
mod engine;
mod inventory;
mod log;
mod server;
mod store;

#[cfg(test)]
mod tests;

pub(in crate::standin) use engine::Settings;
pub(in crate::standin) use server::DbServer;
pub(in crate::standin) use store::LogStore;
