//! Hash functions by name: plain, keyed and stretched.

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::{NativeError, NativeResult};

/// How many rounds of PBKDF2 are made before somebody may end them.
const ROUNDS_BETWEEN_CHECKS: u32 = 1024;

/// How many bytes are hashed before somebody may end it.
const PIECE: usize = 256 * 1024;

/// The longest block of the hashes, in bytes.
const LONGEST_BLOCK: usize = 128;

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

    /// The hash of `bytes`; asks `go_on` every few milliseconds.
    ///
    /// # Errors
    /// What `go_on` returns.
    pub(super) fn digest<E>(
        self,
        bytes: &[u8],
        go_on: impl Fn() -> Result<(), E>,
    ) -> Result<Vec<u8>, E> {
        with_hash!(self, D => {
            let mut hash = D::new();
            for piece in bytes.chunks(PIECE) {
                go_on()?;
                hash.update(piece);
            }
            Ok(hash.finalize().to_vec())
        })
    }

    /// The HMAC of `message` under `key`, which may have any length; asks `go_on` every few milliseconds.
    ///
    /// # Errors
    /// What `go_on` returns.
    pub(super) fn hmac<E>(
        self,
        key: &[u8],
        message: &[u8],
        go_on: impl Fn() -> Result<(), E>,
    ) -> Result<Vec<u8>, E> {
        // a key longer than a block of any of the hashes is hashed first, as the construction says
        let hashed = if key.len() > LONGEST_BLOCK { Some(self.digest(key, &go_on)?) } else { None };
        let key = hashed.as_deref().unwrap_or(key);
        with_hash!(self, D => {
            let mut mac = Hmac::<D>::new_from_slice(key).expect("HMAC takes keys of any length");
            for piece in message.chunks(PIECE) {
                go_on()?;
                mac.update(piece);
            }
            Ok(mac.finalize().into_bytes().to_vec())
        })
    }

    /// `length` bytes derived from `password` by PBKDF2 (RFC 8018); asks `go_on` every few
    /// milliseconds.
    ///
    /// # Errors
    /// What `go_on` returns.
    pub(super) fn pbkdf2<E>(
        self,
        password: &[u8],
        salt: &[u8],
        rounds: u32,
        length: usize,
        go_on: impl Fn() -> Result<(), E>,
    ) -> Result<Vec<u8>, E> {
        with_hash!(self, D => {
            let keyed =
                Hmac::<D>::new_from_slice(password).expect("HMAC takes keys of any length");
            let mut derived = Vec::with_capacity(length);
            let mut number = 0_u32;
            while derived.len() < length {
                number += 1;
                let first = keyed.clone().chain_update(salt).chain_update(number.to_be_bytes());
                let mut round = first.finalize().into_bytes();
                let mut block = round;
                for at in 1..rounds {
                    if at.is_multiple_of(ROUNDS_BETWEEN_CHECKS) {
                        go_on()?;
                    }
                    round = keyed.clone().chain_update(round).finalize().into_bytes();
                    block.iter_mut().zip(&round).for_each(|(sum, byte)| *sum ^= byte);
                }
                go_on()?;
                derived.extend_from_slice(&block);
            }
            derived.truncate(length);
            Ok(derived)
        })
    }
}
