//! Keys of key files in PEM: the two halves of ES256 and RS256, an extension of the servers'
//! shared secrets.

use std::io::Cursor;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey, EncodeRsaPublicKey};
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};
use rustls_pemfile::Item;

/// How text in PEM begins.
const PEM: &[u8] = b"-----BEGIN";
/// The largest key in PEM, in bytes.
const MOST: usize = 16 << 10;
/// The smallest RSA key that is safe, in bytes.
const LEAST_RSA: usize = 2048 / 8;

/// A public key, and the private key it belongs to if that is known.
#[derive(Clone)]
pub(super) struct KeyPair {
    pub(super) algorithm: Algorithm,
    pub(super) verifying: DecodingKey,
    pub(super) signing: Option<EncodingKey>,
}

/// Why a key in PEM cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It is none of the kinds that are known.
    #[error("expected one key in PEM: an EC key on P-256, or an RSA key, private or public")]
    Unknown,
    /// It is too short to be safe.
    #[error("an RSA key must have at least 2048 bits")]
    Weak,
}

/// Whether bytes claim to be PEM. Such bytes are never taken for a shared secret: whoever knows
/// a public key could sign with it.
pub(super) fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(PEM.len()).any(|window| window == PEM)
}

impl KeyPair {
    /// Reads a key in PEM. Which algorithm is used depends on the key alone, never on the token.
    pub(super) fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        if pem.len() > MOST {
            return Err(KeyError::Unknown);
        }
        let items: Result<Vec<Item>, _> = rustls_pemfile::read_all(&mut Cursor::new(pem)).collect();
        match items.map_err(|_| KeyError::Unknown)?.as_slice() {
            [Item::Sec1Key(key)] => {
                let key = p256::SecretKey::from_sec1_der(key.secret_sec1_der());
                Self::of_ec(&key.map_err(|_| KeyError::Unknown)?)
            }
            [Item::Pkcs1Key(key)] => {
                let key = RsaPrivateKey::from_pkcs1_der(key.secret_pkcs1_der());
                Self::of_rsa(&key.map_err(|_| KeyError::Unknown)?)
            }
            [Item::Pkcs8Key(key)] => {
                let der = key.secret_pkcs8_der();
                if let Ok(key) = p256::SecretKey::from_pkcs8_der(der) {
                    return Self::of_ec(&key);
                }
                Self::of_rsa(&RsaPrivateKey::from_pkcs8_der(der).map_err(|_| KeyError::Unknown)?)
            }
            [Item::SubjectPublicKeyInfo(key)] => {
                let der = key.as_ref();
                if let Ok(key) = p256::PublicKey::from_public_key_der(der) {
                    return Ok(Self::of_ec_public(&key));
                }
                let key = RsaPublicKey::from_public_key_der(der);
                Self::of_rsa_public(&key.map_err(|_| KeyError::Unknown)?)
            }
            _ => Err(KeyError::Unknown),
        }
    }

    fn of_ec(key: &p256::SecretKey) -> Result<Self, KeyError> {
        let der = key.to_pkcs8_der().map_err(|_| KeyError::Unknown)?;
        let signing = Some(EncodingKey::from_ec_der(der.as_bytes()));
        Ok(Self { signing, ..Self::of_ec_public(&key.public_key()) })
    }

    fn of_ec_public(key: &p256::PublicKey) -> Self {
        let verifying = DecodingKey::from_ec_der(key.to_encoded_point(false).as_bytes());
        Self { algorithm: Algorithm::ES256, verifying, signing: None }
    }

    fn of_rsa(key: &RsaPrivateKey) -> Result<Self, KeyError> {
        let der = key.to_pkcs1_der().map_err(|_| KeyError::Unknown)?;
        let signing = Some(EncodingKey::from_rsa_der(der.as_bytes()));
        Ok(Self { signing, ..Self::of_rsa_public(&key.to_public_key())? })
    }

    fn of_rsa_public(key: &RsaPublicKey) -> Result<Self, KeyError> {
        if key.size() < LEAST_RSA {
            return Err(KeyError::Weak);
        }
        let der = key.to_pkcs1_der().map_err(|_| KeyError::Unknown)?;
        let verifying = DecodingKey::from_rsa_der(der.as_bytes());
        Ok(Self { algorithm: Algorithm::RS256, verifying, signing: None })
    }
}
