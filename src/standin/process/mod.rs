//! Servers as processes of their own.
//!
//! * `agent`: finds its agency, serves, and ends when told to

mod agent;

pub use agent::{AgentProcess, ProcessError};
