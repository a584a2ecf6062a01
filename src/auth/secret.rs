//! The key that signs tokens.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use secrecy::{ExposeSecret, SecretSlice};

use super::key::{self, KeyError, KeyPair};

/// The longest secret that servers accept, in bytes.
const MAX_SECRET_BYTES: usize = 64;

/// What signs and verifies tokens; neither `Debug` nor any message shows its bytes.
#[derive(Clone)]
pub struct Secret(Kind);

#[derive(Clone)]
enum Kind {
    /// Bytes that all servers share, for HS256.
    Shared(SecretSlice<u8>),
    /// A key for ES256 or RS256.
    Pair(Arc<KeyPair>),
}

/// Why a secret cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The file cannot be read.
    #[error("cannot read secrets from '{path}'")]
    Unreadable {
        /// The file, or the folder with files.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A folder for secrets holds none.
    #[error("the folder '{path}' holds no secret file")]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The secret is longer than servers accept.
    #[error("the secret has {bytes} bytes; servers accept at most {MAX_SECRET_BYTES}")]
    TooLong {
        /// Its length without surrounding white space.
        bytes: usize,
    },
    /// The secret in a file cannot be used.
    #[error("the secret in '{path}' cannot be used")]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<SecretError>,
    },
    /// A key in PEM cannot be used.
    #[error("the key cannot be used")]
    Key(#[from] KeyError),
    /// A public key signs nothing, but the first secret of a server has to.
    #[error(
        "the first secret is a public key, which cannot sign; a private key or a shared secret has to come first"
    )]
    CannotSign,
}

impl SecretError {
    /// The stable dotted name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "auth.secret_unreadable",
            Self::EmptyFolder { .. } => "auth.no_secret",
            Self::TooLong { .. } => "auth.secret_too_long",
            Self::InFile { source, .. } => source.kind(),
            Self::Key(_) => "auth.bad_key",
            Self::CannotSign => "auth.cannot_sign",
        }
    }
}

impl Secret {
    /// A secret without its surrounding spaces, tabs and line ends, as servers read their key files;
    /// or a key in PEM.
    ///
    /// # Errors
    /// [`SecretError::TooLong`] beyond 64 bytes, [`SecretError::Key`] for a key that is unusable.
    pub fn new(bytes: &[u8]) -> Result<Self, SecretError> {
        if key::is_pem(bytes) {
            return Ok(Self(Kind::Pair(Arc::new(KeyPair::from_pem(bytes)?))));
        }
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let start = bytes.iter().position(|byte| !blank(byte)).unwrap_or(bytes.len());
        let end = bytes.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
        let trimmed = &bytes[start..end];
        if trimmed.len() > MAX_SECRET_BYTES {
            return Err(SecretError::TooLong { bytes: trimmed.len() });
        }
        Ok(Self(Kind::Shared(SecretSlice::from(trimmed.to_vec()))))
    }

    /// The content of a key file, trimmed like [`Secret::new`].
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn from_file(path: &Path) -> Result<Self, SecretError> {
        let bytes = std::fs::read(path)
            .map_err(|source| SecretError::Unreadable { path: path.to_owned(), source })?;
        Self::new(&bytes)
            .map_err(|source| SecretError::InFile { path: path.to_owned(), source: source.into() })
    }

    /// The contents of the key files of a folder in the order of their names: the first secret
    /// signs, all are accepted. Hidden files, `*.tmp` and symbolic links are left out.
    ///
    /// # Errors
    /// [`SecretError`]; [`SecretError::EmptyFolder`] when no file is left.
    pub fn from_folder(path: &Path) -> Result<Vec<Self>, SecretError> {
        let unreadable = |source| SecretError::Unreadable { path: path.to_owned(), source };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let left_out = name.starts_with('.') || name.ends_with(".tmp");
            if !left_out && entry.file_type().map_err(unreadable)?.is_file() {
                files.push(entry.path());
            }
        }
        files.sort();
        if files.is_empty() {
            return Err(SecretError::EmptyFolder { path: path.to_owned() });
        }
        files.iter().map(|file| Self::from_file(file)).collect()
    }

    /// A secret that nobody knows.
    pub fn random() -> Self {
        Self(Kind::Shared(SecretSlice::from(rand::random::<[u8; 32]>().to_vec())))
    }

    /// The only algorithm that this secret is used with.
    pub(super) fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Kind::Shared(_) => Algorithm::HS256,
            Kind::Pair(pair) => pair.algorithm,
        }
    }

    /// What signs; nothing for a public key.
    pub(super) fn signing_key(&self) -> Option<EncodingKey> {
        match &self.0 {
            Kind::Shared(bytes) => Some(EncodingKey::from_secret(bytes.expose_secret())),
            Kind::Pair(pair) => pair.signing.clone(),
        }
    }

    /// What verifies.
    pub(super) fn verifying_key(&self) -> DecodingKey {
        match &self.0 {
            Kind::Shared(bytes) => DecodingKey::from_secret(bytes.expose_secret()),
            Kind::Pair(pair) => pair.verifying.clone(),
        }
    }

    /// Bytes that tell this secret from every other; as secret as itself.
    pub(super) fn identity(&self) -> &[u8] {
        match &self.0 {
            Kind::Shared(bytes) => bytes.expose_secret(),
            Kind::Pair(pair) => pair.verifying.try_get_as_bytes().unwrap_or_default(),
        }
    }

    /// Whether tokens can be signed with it.
    pub fn can_sign(&self) -> bool {
        match &self.0 {
            Kind::Shared(_) => true,
            Kind::Pair(pair) => pair.signing.is_some(),
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(secret: &Secret) -> &[u8] {
        match &secret.0 {
            Kind::Shared(bytes) => bytes.expose_secret(),
            Kind::Pair(_) => panic!("a key in PEM"),
        }
    }

    #[test]
    fn surrounding_white_space_does_not_count() {
        assert_eq!(bytes(&Secret::new(b" \tkey one\r\n").unwrap()), b"key one");
        assert_eq!(bytes(&Secret::new(b" \n").unwrap()), b"");
    }

    #[test]
    fn more_than_64_bytes_are_refused() {
        assert!(Secret::new(&[b'x'; 64]).is_ok());
        assert!(matches!(Secret::new(&[b'x'; 65]), Err(SecretError::TooLong { bytes: 65 })));
    }

    #[test]
    fn debug_hides_the_bytes() {
        assert!(!format!("{:?}", Secret::new(b"hidden").unwrap()).contains("hidden"));
    }

    #[test]
    fn a_folder_gives_its_files_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        assert_eq!(Secret::from_folder(folder.path()).unwrap_err().kind(), "auth.no_secret");
        for (name, text) in [("b", "second\n"), ("a", " first"), (".h", "x"), ("c.tmp", "x")] {
            file(name, text);
        }
        std::os::unix::fs::symlink(folder.path().join("a"), folder.path().join("link")).unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        let secrets = Secret::from_folder(folder.path()).unwrap();
        let texts: Vec<&[u8]> = secrets.iter().map(bytes).collect();
        assert_eq!(texts, [b"first".as_slice(), b"second"]);
        file("e", &"x".repeat(65));
        assert_eq!(Secret::from_folder(folder.path()).unwrap_err().kind(), "auth.secret_too_long");
    }
}
