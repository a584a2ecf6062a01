//! TLS of an agent: the certificate that it shows, the handshakes of its clients, and its own
//! connections to agents that want TLS.
//!
//! * `certificate`: reads a key file
//! * `handshakes`: bounds what clients can do before they have shown that they speak TLS
//! * `peers`: connects to the other agents, whose certificates nobody judges

mod certificate;
mod handshakes;
mod peers;

pub use certificate::{KeyFileError, ServerCertificate};
pub(super) use handshakes::Handshakes;
pub(super) use peers::{PeerConnector, connector};
