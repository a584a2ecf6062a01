//! What an [`HttpClient`](super::HttpClient) is built from.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Hosts, Reach};

/// Settings of a client; all requests share them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpOptions {
    /// Limit of a request that names none, redirects included.
    pub timeout: Duration,
    /// The largest response body in bytes; `None` means any size.
    pub max_body: Option<u64>,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// How `https` servers are judged.
    pub tls: TlsOptions,
    /// The servers that may be asked, also by redirects; `None` means all.
    pub hosts: Option<Arc<Hosts>>,
    /// Which servers can be reached, where the network may be cut; `None` means all.
    pub reach: Option<Reach>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            max_body: None,
            user_agent: concat!("agencysh/", env!("CARGO_PKG_VERSION")).to_owned(),
            tls: TlsOptions::default(),
            hosts: None,
            reach: None,
        }
    }
}

/// How `https` servers are judged; public authorities are trusted unless said otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TlsOptions {
    /// Accept any certificate.
    pub insecure: bool,
    /// PEM file with the authorities to trust, in place of the public ones.
    pub ca_file: Option<PathBuf>,
}
