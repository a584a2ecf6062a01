//! How `https` servers are judged, and what is said of those that fail.

use std::sync::Arc;

use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::error::HttpError;
use super::options::TlsOptions;

/// The first byte of what a TLS server says to a client that speaks plain HTTP: an alert.
pub(super) const ALERT: u8 = 21;

impl TlsOptions {
    /// Checks that the file with authorities can be used, for errors before the first request.
    ///
    /// # Errors
    /// [`HttpError::Authorities`].
    pub fn check(&self) -> Result<(), HttpError> {
        roots(self).map(|_| ())
    }
}

/// These options as ureq takes them.
pub(super) fn config(options: &TlsOptions) -> Result<TlsConfig, HttpError> {
    Ok(TlsConfig::builder()
        .root_certs(roots(options)?)
        .disable_verification(options.insecure)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}

fn roots(options: &TlsOptions) -> Result<RootCerts, HttpError> {
    let Some(path) = &options.ca_file else { return Ok(RootCerts::WebPki) };
    let failed = |reason: String| HttpError::Authorities { path: path.clone(), reason };
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let found: Result<Vec<_>, _> = rustls_pemfile::certs(&mut pem.as_slice()).collect();
    let found = found.map_err(|error| failed(error.to_string()))?;
    if found.is_empty() {
        return Err(failed("the file holds no certificate".to_owned()));
    }
    Ok(RootCerts::from(found.iter().map(|der| Certificate::from_der(der).to_owned())))
}

/// A handshake that failed, or a connection that broke off in TLS.
pub(super) fn failure(error: &rustls::Error, endpoint: String) -> HttpError {
    match error {
        rustls::Error::InvalidMessage(_) => HttpError::NoTls { endpoint },
        other => HttpError::Tls { endpoint, reason: other.to_string() },
    }
}
