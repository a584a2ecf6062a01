//! The certificate that an agent shows, from a key file as arangod takes it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ResolvesServerCert;
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};

/// A certificate with its chain and its private key, which is shown nowhere.
#[derive(Clone)]
pub struct ServerCertificate {
    config: Arc<ServerConfig>,
}

impl std::fmt::Debug for ServerCertificate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ServerCertificate")
    }
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file cannot be read.
    #[error("cannot read '{}'", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A section of the file is not PEM.
    #[error("'{}' is not valid PEM", .path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
    /// No certificate is in it.
    #[error("'{}' holds no certificate", .path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// No private key is in it, or only an encrypted one.
    #[error("'{}' holds no private key that can be read without a password", .path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The private key is damaged, or of a kind that nobody speaks.
    #[error("the private key in '{}' cannot be used", .path.display())]
    BadKey {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
    /// The private key is another one's.
    #[error("no certificate in '{}' belongs to the private key there", .path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
    },
}

impl ServerCertificate {
    /// Reads a PEM file with a certificate, those that vouch for it, and the private key, in
    /// any order.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn from_file(path: &Path) -> Result<Self, KeyFileError> {
        let path = || path.to_owned();
        let pem = std::fs::read(path())
            .map_err(|source| KeyFileError::Unreadable { path: path(), source })?;
        let not_pem = |source| KeyFileError::NotPem { path: path(), source };
        let chain: Result<Vec<_>, _> = rustls_pemfile::certs(&mut pem.as_slice()).collect();
        let chain = chain.map_err(not_pem)?;
        if chain.is_empty() {
            return Err(KeyFileError::NoCertificate { path: path() });
        }
        let key = rustls_pemfile::private_key(&mut pem.as_slice()).map_err(not_pem)?;
        let key = key.ok_or_else(|| KeyFileError::NoKey { path: path() })?;
        let key = signing(key).map_err(|source| KeyFileError::BadKey { path: path(), source })?;
        let chain =
            led_by_own(chain, &key).ok_or_else(|| KeyFileError::Mismatch { path: path() })?;
        Ok(Self { config: Arc::new(config(CertifiedKey::new(chain, key))) })
    }

    /// What a handshake needs.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

fn signing(key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
    default_provider().key_provider.load_private_key(key)
}

/// Puts the key's own certificate first, where clients look for it.
fn led_by_own(
    mut chain: Vec<CertificateDer<'static>>,
    key: &Arc<dyn SigningKey>,
) -> Option<Vec<CertificateDer<'static>>> {
    let belongs = |certificate: &CertificateDer<'static>| {
        CertifiedKey::new(vec![certificate.clone()], Arc::clone(key)).keys_match().is_ok()
    };
    let own = chain.iter().position(belongs)?;
    chain[..=own].rotate_right(1);
    Some(chain)
}

/// TLS 1.2 and 1.3, asking clients for no certificate, with HTTP/2 and HTTP/1.1 to choose from.
fn config(certificate: CertifiedKey) -> ServerConfig {
    let resolver: Arc<dyn ResolvesServerCert> = Arc::new(SingleCertAndKey::from(certificate));
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has cipher suites for both versions")
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key and the certificate that it has signed for itself, as PEM.
    fn pair(key: &rcgen::KeyPair) -> (String, String) {
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        (params.self_signed(key).unwrap().pem(), key.serialize_pem())
    }

    fn read(text: &str) -> Result<ServerCertificate, KeyFileError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let read = ServerCertificate::from_file(file.path());
        if let Err(error) = &read {
            let name = file.path().display().to_string();
            assert!(error.to_string().contains(&name), "{error}");
        }
        read
    }

    #[test]
    fn certificate_and_key_stand_in_any_order() {
        let key = rcgen::KeyPair::generate().unwrap();
        let (own, key) = pair(&key);
        let (other, _) = pair(&rcgen::KeyPair::generate().unwrap());
        for text in [
            format!("{own}{key}"),
            format!("{key}{own}"),
            format!("a comment\n{own}{key}{other}"),
            format!("{other}{key}{own}"),
        ] {
            assert!(read(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_keys_own_certificate_is_shown_first() {
        let own_key = rcgen::KeyPair::generate().unwrap();
        let chain = [&rcgen::KeyPair::generate().unwrap(), &own_key].map(|key| {
            let params = rcgen::CertificateParams::default();
            params.self_signed(key).unwrap().der().clone()
        });
        let der = PrivateKeyDer::try_from(own_key.serialize_der()).unwrap();
        let sorted = led_by_own(chain.to_vec(), &signing(der).unwrap()).unwrap();
        assert_eq!(sorted, [chain[1].clone(), chain[0].clone()]);
    }

    #[test]
    fn what_is_no_key_file_is_refused_by_name() {
        let (certificate, key) = pair(&rcgen::KeyPair::generate().unwrap());
        let (stranger, _) = pair(&rcgen::KeyPair::generate().unwrap());
        assert!(matches!(read(""), Err(KeyFileError::NoCertificate { .. })));
        assert!(matches!(read(&key), Err(KeyFileError::NoCertificate { .. })));
        assert!(matches!(read(&certificate), Err(KeyFileError::NoKey { .. })));
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let read_encrypted = read(&format!("{certificate}{encrypted}"));
        assert!(matches!(read_encrypted, Err(KeyFileError::NoKey { .. })));
        let strange = read(&format!("{stranger}{key}"));
        assert!(matches!(strange, Err(KeyFileError::Mismatch { .. })));
        let unended = read(&format!("{certificate}-----BEGIN PRIVATE KEY-----\nMIG"));
        assert!(matches!(unended, Err(KeyFileError::NotPem { .. })), "{unended:?}");
        let damaged = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let damaged = read(&format!("{certificate}{damaged}"));
        assert!(matches!(damaged, Err(KeyFileError::BadKey { .. })), "{damaged:?}");
        let missing = ServerCertificate::from_file(Path::new("/no/such.pem")).unwrap_err();
        assert!(missing.to_string().contains("/no/such.pem"), "{missing}");
    }
}
