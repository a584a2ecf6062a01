//! The current server of a run: one connection that scripts talk over, and those put aside.
//!
//! A [`Connection`] asks one server, in one database, with one set of credentials; it takes bodies
//! in JSON or VelocyPack and reads both. [`Connections`] keeps the one that is current and parks the
//! others under their handles. Knows nothing of scripts.
//!
//! * `options`: what a connection is made of, and what all of a run share
//! * `question`: a request before it is put into HTTP
//! * `answer`: what a server answered, taken apart
//! * `login`: who asks, and how that is proved
//! * `single`: one connection
//! * `parked`: the current one and the others

mod answer;
mod error;
mod login;
mod options;
mod parked;
mod question;
mod single;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Content, ServerDetails};
pub use error::ConnectionError;
pub use options::{ConnectionOptions, Settings};
pub use parked::Connections;
pub use question::{Body, Question};
pub use single::Connection;
