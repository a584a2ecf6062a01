//! The certificates of a cluster that speaks TLS: an authority of its own, and one certificate
//! for all servers of this machine.

use std::io::Write;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

use super::ClusterError;

/// Where the servers listen.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "::1"];

const CA_FILE: &str = "ca.pem";

/// The files that servers and clients need.
#[derive(Debug)]
pub(super) struct Certificates {
    /// What clients have to trust.
    pub(super) ca_file: PathBuf,
    /// What servers show, with the private key.
    pub(super) key_file: PathBuf,
}

impl Certificates {
    /// Makes new ones in `folder`. The authority's key is kept nowhere, so that it vouches for
    /// nobody else, ever.
    pub(super) fn make(folder: &Path) -> Result<Self, ClusterError> {
        let (authority, server) = generate()?;
        let made = Self { ca_file: folder.join(CA_FILE), key_file: folder.join("server.pem") };
        write(&made.ca_file, &authority, 0o644)?;
        write(&made.key_file, &server, 0o600)?;
        Ok(made)
    }

    /// Whether some have been made in `folder` before.
    pub(super) fn are_in(folder: &Path) -> bool {
        folder.join(CA_FILE).exists()
    }
}

/// The authority's certificate, and the servers' with its key, as PEM.
fn generate() -> Result<(String, String), rcgen::Error> {
    let mut authority = valid_for_a_year(CertificateParams::default(), "agencysh test authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority_key = KeyPair::generate()?;
    let authority_pem = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);
    let names = NAMES.map(str::to_owned);
    let mut server = valid_for_a_year(CertificateParams::new(names)?, "agencysh test cluster");
    server.use_authority_key_identifier_extension = true;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server_key = KeyPair::generate()?;
    let server_pem = server.signed_by(&server_key, &issuer)?.pem();
    Ok((authority_pem, server_pem + server_key.serialize_pem().as_str()))
}

/// From yesterday on, for machines whose clocks differ a little.
fn valid_for_a_year(mut params: CertificateParams, name: &str) -> CertificateParams {
    let now = OffsetDateTime::now_utc();
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(365);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// Writes a file that nobody sees a part of, and that has these permissions from the beginning.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), ClusterError> {
    use std::os::unix::fs::PermissionsExt as _;
    let failed = |source| ClusterError::File { path: path.to_owned(), source };
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .permissions(std::fs::Permissions::from_mode(mode))
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_private_key_is_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let made = Certificates::make(folder.path()).unwrap();
        let mode = std::fs::metadata(&made.key_file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let authority = std::fs::read_to_string(&made.ca_file).unwrap();
        assert!(authority.contains("CERTIFICATE") && !authority.contains("KEY"), "{authority}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
