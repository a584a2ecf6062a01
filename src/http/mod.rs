//! Outgoing blocking HTTP: the only place that builds a client for scripts and tools.
//!
//! [`HttpClient::send`] runs one [`Request`] over a pool of kept-alive
//! connections and returns the [`Response`], whatever its status. Everything
//! that can wait looks at the run's [`Deadline`](crate::deadline::Deadline) every
//! few milliseconds. The protocol is ureq's; sockets and buffers are ours
//! (`transport`), because a request should cost one write and one read.

mod buffers;
mod call;
mod client;
mod connect;
mod endpoint;
mod error;
mod hosts;
mod message;
mod options;
mod reach;
mod tls;
mod transport;

pub use client::HttpClient;
pub use endpoint::{Endpoint, EndpointError};
pub use error::{HttpError, Phase};
pub use hosts::{HostPattern, HostPatternError, Hosts};
pub use message::{Auth, Request, Response};
pub use options::{HttpOptions, TlsOptions};
pub use reach::Reach;
