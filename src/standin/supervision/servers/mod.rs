//! Servers: how they are, and which are no more.
//!
//! * `acknowledged`: when each was heard of
//! * `record`: what the tree says of the health of a server
//! * `health`: from silence to a status, and what follows from its changes
//! * `check`: looks at all servers
//! * `maintenance`: times in which less is done
//! * `expiry`: servers that nobody has heard of for long

mod acknowledged;
mod check;
mod expiry;
mod health;
mod maintenance;
mod record;

#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;

pub(super) use check::Servers;
pub(super) use maintenance::{Maintenance, mirror_maintenance};
