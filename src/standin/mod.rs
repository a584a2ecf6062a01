//! The stand-in for `arangod`: agents that speak the agency API.

pub mod agent;
