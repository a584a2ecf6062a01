//! TLS of a server: the certificate that it shows, the handshakes of its clients, and its own
//! connections to servers that want TLS.
//!
//! * `certificate`: reads a key file
//! * `handshakes`: bounds what clients can do before they have shown that they speak TLS
//! * `peers`: connects to other servers, whose certificates nobody judges

mod certificate;
mod handshakes;
mod peers;

pub use certificate::{KeyFileError, ServerCertificate};
pub(in crate::standin) use handshakes::Handshakes;
pub(in crate::standin) use peers::{PeerConnector, connector};
