//! The simulated DB-server: it keeps replicated logs and tells the agency of them.
//!
//! * `log`: one participant of a log, pure
//! * `store`: what is kept of all logs, in memory or in a journal

mod log;
mod store;
