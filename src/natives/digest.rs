//! Hash functions by name: plain, keyed and stretched.

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::{NativeError, NativeResult};

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// Runs the same expression for whichever type `$hash` stands for.
macro_rules! with_hash {
    ($hash:expr, $D:ident => $body:expr) => {
        match $hash {
            Hash::Md5 => {
                type $D = Md5;
                $body
            }
            Hash::Sha1 => {
                type $D = Sha1;
                $body
            }
            Hash::Sha224 => {
                type $D = Sha224;
                $body
            }
            Hash::Sha256 => {
                type $D = Sha256;
                $body
            }
            Hash::Sha384 => {
                type $D = Sha384;
                $body
            }
            Hash::Sha512 => {
                type $D = Sha512;
                $body
            }
        }
    };
}

impl Hash {
    /// The hash called `name`, in any case.
    ///
    /// # Errors
    /// Number 10 listing the names.
    pub(super) fn named(name: &str) -> NativeResult<Self> {
        match name.to_ascii_lowercase().as_str() {
            "md5" => Ok(Self::Md5),
            "sha1" => Ok(Self::Sha1),
            "sha224" => Ok(Self::Sha224),
            "sha256" => Ok(Self::Sha256),
            "sha384" => Ok(Self::Sha384),
            "sha512" => Ok(Self::Sha512),
            _ => Err(NativeError::bad_parameter(format!(
                "unknown algorithm '{name}': known are md5, sha1, sha224, sha256, sha384, sha512"
            ))),
        }
    }

    /// The hash of `bytes`.
    pub(super) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        with_hash!(self, D => D::digest(bytes).to_vec())
    }

    /// The HMAC of `message` under `key`, which may have any length.
    pub(super) fn hmac(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        with_hash!(self, D => {
            let mut mac = Hmac::<D>::new_from_slice(key).expect("HMAC takes keys of any length");
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        })
    }

    /// `length` bytes derived from `password` by PBKDF2.
    pub(super) fn pbkdf2(
        self,
        password: &[u8],
        salt: &[u8],
        rounds: u32,
        length: usize,
    ) -> Vec<u8> {
        let mut derived = vec![0; length];
        with_hash!(self, D => pbkdf2::pbkdf2_hmac::<D>(password, salt, rounds, &mut derived));
        derived
    }
}
