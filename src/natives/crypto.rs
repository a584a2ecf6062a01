//! `crypto`: hashes, keyed hashes, encodings, one-time passwords.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::plugin::*;
use rhai::{Blob, Dynamic, INT};
use subtle::ConstantTimeEq;

use super::argument::count;
use super::digest::Hash;
use super::options::bytes;
use super::{NativeContext, NativeError, NativeResult, Raw, call};

/// The most rounds of PBKDF2 that one call makes.
const MOST_ROUNDS: INT = 100_000_000;
/// How many bytes are encoded before the run may end.
const PIECE: usize = 64 * 1024;
/// The longest key that one call derives, in bytes.
const LONGEST_KEY: INT = 65_536;
/// How long a time-based password holds, in seconds.
const TOTP_STEP: INT = 30;

fn hash(ctx: &NativeCallContext, func: &'static str, hash: Hash, value: &Dynamic) -> Raw<String> {
    call(ctx, func, |run| {
        let bytes = bytes(value, "the value")?;
        Ok(hex::encode(hash.digest(&bytes, || run.deadline.check_run())?))
    })
}

fn hmac(
    run: &NativeContext,
    key: &Dynamic,
    message: &Dynamic,
    algorithm: &str,
) -> NativeResult<String> {
    let hash = Hash::named(algorithm)?;
    let (key, message) = (bytes(key, "the key")?, bytes(message, "the message")?);
    Ok(hex::encode(hash.hmac(&key, &message, || run.deadline.check_run())?))
}

/// `bytes` as text, made by `encode` of pieces of so many bytes, between which the run may end.
fn in_pieces(
    run: &NativeContext,
    bytes: &[u8],
    piece: usize,
    encode: impl Fn(&[u8]) -> String,
) -> NativeResult<String> {
    let mut text = String::new();
    for piece in bytes.chunks(piece) {
        run.deadline.check_run()?;
        text.push_str(&encode(piece));
    }
    Ok(text)
}

fn pbkdf2(
    run: &NativeContext,
    salt: &Dynamic,
    password: &Dynamic,
    rounds: INT,
    length: INT,
    algorithm: &str,
) -> NativeResult<String> {
    let hash = Hash::named(algorithm)?;
    let rounds = count(rounds, 1, MOST_ROUNDS, "iterations")?;
    let length = count(length, 1, LONGEST_KEY, "key_length")?;
    let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
    let (password, salt) = (bytes(password, "the password")?, bytes(salt, "the salt")?);
    let derived = hash.pbkdf2(&password, &salt, rounds, length, || run.deadline.check_run())?;
    Ok(hex::encode(derived))
}

/// The password of RFC 4226 for one counter.
fn one_time(run: &NativeContext, key: &Dynamic, counter: u64) -> NativeResult<String> {
    let mac = Hash::Sha1
        .hmac(&bytes(key, "the key")?, &counter.to_be_bytes(), || run.deadline.check_run())?;
    let at = usize::from(mac[mac.len() - 1] & 0xf);
    let word = u32::from_be_bytes([mac[at] & 0x7f, mac[at + 1], mac[at + 2], mac[at + 3]]);
    Ok(format!("{:06}", word % 1_000_000))
}

fn timed(run: &NativeContext, key: &Dynamic, step: INT) -> NativeResult<String> {
    let step = count(step, 1, INT::MAX, "step")? as u64;
    let now =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    one_time(run, key, now / step)
}

fn rsa_sign(pem: &str, message: &[u8]) -> NativeResult<String> {
    let failed = || {
        NativeError::arango(
            "crypto.bad_key",
            1,
            "the text is no usable RSA private key in PEM form",
        )
    };
    let key = jsonwebtoken::EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| failed())?;
    let signature = jsonwebtoken::crypto::sign(message, &key, jsonwebtoken::Algorithm::RS256)
        .map_err(|_| failed())?;
    let raw =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(signature).map_err(|_| failed())?;
    Ok(STANDARD.encode(raw))
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Hashes a text or blob with MD5.
    ///
    /// `crypto::md5(value: string | blob) -> string`
    ///
    /// Arguments: `value`; of a string its UTF-8 bytes are hashed.
    /// Units: 32 lower-case hexadecimal digits.
    /// Errors: `argument.type` for a value of another type.
    /// Legacy: `SYS_MD5`, `crypto.md5(text)`.
    ///
    /// ```rhai
    /// assert_eq(crypto::md5("abc"), "900150983cd24fb0d6963f7d28e17f72");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn md5(ctx: NativeCallContext, value: Dynamic) -> Raw<String> {
        hash(&ctx, "crypto::md5", Hash::Md5, &value)
    }

    /// Hashes a text or blob with SHA-1.
    ///
    /// `crypto::sha1(value: string | blob) -> string`
    ///
    /// Arguments: `value`; of a string its UTF-8 bytes are hashed.
    /// Units: 40 lower-case hexadecimal digits.
    /// Errors: `argument.type` for a value of another type.
    /// Legacy: `SYS_SHA1`, `crypto.sha1(text)`.
    ///
    /// ```rhai
    /// assert_eq(crypto::sha1("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn sha1(ctx: NativeCallContext, value: Dynamic) -> Raw<String> {
        hash(&ctx, "crypto::sha1", Hash::Sha1, &value)
    }

    /// Hashes a text or blob with SHA-224.
    ///
    /// `crypto::sha224(value: string | blob) -> string`
    ///
    /// Arguments: `value`; of a string its UTF-8 bytes are hashed.
    /// Units: 56 lower-case hexadecimal digits.
    /// Errors: `argument.type` for a value of another type.
    /// Legacy: `SYS_SHA224`, `crypto.sha224(text)`.
    ///
    /// ```rhai
    /// assert_eq(crypto::sha224("abc"), "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn sha224(ctx: NativeCallContext, value: Dynamic) -> Raw<String> {
        hash(&ctx, "crypto::sha224", Hash::Sha224, &value)
    }

    /// Hashes a text or blob with SHA-256.
    ///
    /// `crypto::sha256(value: string | blob) -> string`
    ///
    /// Arguments: `value`; of a string its UTF-8 bytes are hashed.
    /// Units: 64 lower-case hexadecimal digits.
    /// Errors: `argument.type` for a value of another type.
    /// Legacy: `SYS_SHA256`, `crypto.sha256(text)`.
    ///
    /// ```rhai
    /// assert_eq(crypto::sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn sha256(ctx: NativeCallContext, value: Dynamic) -> Raw<String> {
        hash(&ctx, "crypto::sha256", Hash::Sha256, &value)
    }

    /// Hashes a text or blob with SHA-384.
    ///
    /// `crypto::sha384(value: string | blob) -> string`
    ///
    /// Arguments: `value`; of a string its UTF-8 bytes are hashed.
    /// Units: 96 lower-case hexadecimal digits.
    /// Errors: `argument.type` for a value of another type.
    /// Legacy: `SYS_SHA384`, `crypto.sha384(text)`.
    ///
    /// ```rhai
    /// assert_eq(crypto::sha384("abc").sub_string(0, 16), "cb00753f45a35e8b");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn sha384(ctx: NativeCallContext, value: Dynamic) -> Raw<String> {
        hash(&ctx, "crypto::sha384", Hash::Sha384, &value)
    }

    /// Hashes a text or blob with SHA-512.
    ///
    /// `crypto::sha512(value: string | blob) -> string`
    ///
    /// Arguments: `value`; of a string its UTF-8 bytes are hashed.
    /// Units: 128 lower-case hexadecimal digits.
    /// Errors: `argument.type` for a value of another type.
    /// Legacy: `SYS_SHA512`, `crypto.sha512(text)`.
    ///
    /// ```rhai
    /// assert_eq(crypto::sha512("abc").sub_string(0, 16), "ddaf35a193617aba");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn sha512(ctx: NativeCallContext, value: Dynamic) -> Raw<String> {
        hash(&ctx, "crypto::sha512", Hash::Sha512, &value)
    }

    /// Makes a keyed hash; the key comes first.
    ///
    /// `crypto::hmac(key: string | blob, message: string | blob, algorithm?: string) -> string`
    ///
    /// Arguments: `algorithm` is one of `md5`, `sha1`, `sha224`, `sha256` (default), `sha384`, `sha512`, in any case.
    /// Units: lower-case hexadecimal digits.
    /// Errors: `argument.invalid` for an unknown algorithm; `argument.type` for a value of another type.
    /// Legacy: `SYS_HMAC`, `crypto.hmac(key, message, algorithm)`.
    ///
    /// ```rhai
    /// assert_eq(crypto::hmac("k", "m"), crypto::hmac("k", "m", "SHA256"));
    /// assert_eq(crypto::hmac("Jefe", "what do ya want for nothing?", "md5"), "750c783e6ab0b503eaa86e310a5db738");
    /// ```
    #[rhai_fn(name = "hmac", return_raw)]
    pub fn hmac_native(
        ctx: NativeCallContext,
        key: Dynamic,
        message: Dynamic,
        algorithm: &str,
    ) -> Raw<String> {
        call(&ctx, "crypto::hmac", |run| hmac(run, &key, &message, algorithm))
    }

    #[rhai_fn(name = "hmac", return_raw)]
    pub fn hmac_sha256(ctx: NativeCallContext, key: Dynamic, message: Dynamic) -> Raw<String> {
        call(&ctx, "crypto::hmac", |run| hmac(run, &key, &message, "sha256"))
    }

    /// Derives a key from a password by PBKDF2; the salt comes first.
    ///
    /// `crypto::pbkdf2(salt: string | blob, password: string | blob, iterations: integer, key_length: integer, algorithm?: string) -> string`
    ///
    /// Arguments: `algorithm` as for `crypto::hmac`; `sha1` unless given. `iterations`, 1 to 100000000.
    /// Units: `key_length` in bytes, 1 to 65536; the result has two hexadecimal digits for each.
    /// Errors: `argument.invalid` for an unknown algorithm or another range; `argument.type` for a value of another type.
    /// Legacy: `SYS_PBKDF2`, `SYS_PBKDF2HS1`, `crypto.pbkdf2(salt, password, iterations, keyLength, algorithm)`.
    ///
    /// ```rhai
    /// assert_eq(crypto::pbkdf2("salt", "password", 2, 20), "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957");
    /// ```
    #[rhai_fn(name = "pbkdf2", return_raw)]
    pub fn pbkdf2_native(
        ctx: NativeCallContext,
        salt: Dynamic,
        password: Dynamic,
        iterations: INT,
        key_length: INT,
        algorithm: &str,
    ) -> Raw<String> {
        call(&ctx, "crypto::pbkdf2", |run| {
            pbkdf2(run, &salt, &password, iterations, key_length, algorithm)
        })
    }

    #[rhai_fn(name = "pbkdf2", return_raw)]
    pub fn pbkdf2_sha1(
        ctx: NativeCallContext,
        salt: Dynamic,
        password: Dynamic,
        iterations: INT,
        key_length: INT,
    ) -> Raw<String> {
        call(&ctx, "crypto::pbkdf2", |run| {
            pbkdf2(run, &salt, &password, iterations, key_length, "sha1")
        })
    }

    /// Compares two secrets in a time that does not tell where they differ.
    ///
    /// `crypto::constant_time_eq(a: string | blob, b: string | blob) -> boolean`
    ///
    /// Arguments: `a` and `b`; different lengths are different at once.
    /// Units: none.
    /// Errors: `argument.type` for a value of another type.
    /// Legacy: `crypto.constantEquals(a, b)`.
    ///
    /// ```rhai
    /// assert(crypto::constant_time_eq("same", "same"));
    /// assert(!crypto::constant_time_eq("same", "other"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn constant_time_eq(ctx: NativeCallContext, a: Dynamic, b: Dynamic) -> Raw<bool> {
        call(&ctx, "crypto::constant_time_eq", |_| {
            Ok(bytes(&a, "a")?.ct_eq(&bytes(&b, "b")?).into())
        })
    }

    /// Writes bytes in the standard base64 alphabet, padded.
    ///
    /// `crypto::base64_encode(value: string | blob) -> string`
    ///
    /// Arguments: `value`; of a string its UTF-8 bytes are written.
    /// Units: four characters for three bytes.
    /// Errors: `argument.type` for a value of another type.
    /// Legacy: `SYS_BASE64ENCODE`, `internal.base64Encode(value)`.
    ///
    /// ```rhai
    /// assert_eq(crypto::base64_encode("agency"), "YWdlbmN5");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn base64_encode(ctx: NativeCallContext, value: Dynamic) -> Raw<String> {
        call(&ctx, "crypto::base64_encode", |run| {
            // three bytes become four characters: whole pieces end without padding
            in_pieces(run, &bytes(&value, "the value")?, 3 * PIECE, |piece| STANDARD.encode(piece))
        })
    }

    /// Reads bytes from standard base64.
    ///
    /// `crypto::base64_decode(text: string) -> blob`
    ///
    /// Arguments: `text`, padded.
    /// Units: bytes.
    /// Errors: `crypto.bad_encoding` (number 10) for anything else.
    /// Legacy: `SYS_BASE64DECODE`, `internal.base64Decode(text)`, which gave `""` for bad input.
    ///
    /// ```rhai
    /// assert_eq(crypto::base64_decode("YWdlbmN5").as_string(), "agency");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn base64_decode(ctx: NativeCallContext, text: &str) -> Raw<Blob> {
        call(&ctx, "crypto::base64_decode", |_| {
            STANDARD.decode(text).map_err(|error| {
                NativeError::arango("crypto.bad_encoding", 10, format!("no base64: {error}"))
            })
        })
    }

    /// Writes bytes as lower-case hexadecimal digits.
    ///
    /// `crypto::hex_encode(value: string | blob) -> string`
    ///
    /// Arguments: `value`; of a string its UTF-8 bytes are written.
    /// Units: two digits for a byte.
    /// Errors: `argument.type` for a value of another type.
    /// Legacy: none; a buffer's `toString("hex")`.
    ///
    /// ```rhai
    /// assert_eq(crypto::hex_encode("az"), "617a");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn hex_encode(ctx: NativeCallContext, value: Dynamic) -> Raw<String> {
        call(&ctx, "crypto::hex_encode", |run| {
            in_pieces(run, &bytes(&value, "the value")?, PIECE, |piece| hex::encode(piece))
        })
    }

    /// Reads bytes from hexadecimal digits in any case.
    ///
    /// `crypto::hex_decode(text: string) -> blob`
    ///
    /// Arguments: `text`, an even number of digits.
    /// Units: bytes.
    /// Errors: `crypto.bad_encoding` (number 10) for anything else.
    /// Legacy: none; a buffer made from `"hex"`.
    ///
    /// ```rhai
    /// assert_eq(crypto::hex_decode("617A").as_string(), "az");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn hex_decode(ctx: NativeCallContext, text: &str) -> Raw<Blob> {
        call(&ctx, "crypto::hex_decode", |_| {
            hex::decode(text).map_err(|error| {
                NativeError::arango("crypto.bad_encoding", 10, format!("no hexadecimal: {error}"))
            })
        })
    }

    /// Signs a message with an RSA private key (RSA-SHA256).
    ///
    /// `crypto::rsa_sign(pem: string, message: string | blob) -> string`
    ///
    /// Arguments: `pem`, the private key in PEM form.
    /// Units: the signature in padded base64.
    /// Errors: `crypto.bad_key` (number 1) when the key cannot be used; the key is never shown.
    /// Legacy: `SYS_RSAPRIVSIGN`, `internal.rsaprivsign(pem, message)`.
    ///
    /// ```rhai
    /// let refused = false;
    /// try { crypto::rsa_sign("no key", "text"); } catch (e) { refused = e.kind == "crypto.bad_key"; }
    /// assert(refused);
    /// ```
    #[rhai_fn(name = "rsa_sign", return_raw)]
    pub fn rsa_sign_native(ctx: NativeCallContext, pem: &str, message: Dynamic) -> Raw<String> {
        call(&ctx, "crypto::rsa_sign", |_| rsa_sign(pem, &bytes(&message, "the message")?))
    }

    /// Makes the one-time password of a counter (RFC 4226).
    ///
    /// `crypto::hotp(key: string | blob, counter: integer) -> string`
    ///
    /// Arguments: `counter`, at least 0.
    /// Units: six decimal digits.
    /// Errors: `argument.invalid` for a negative counter; `argument.type` for a key of another type.
    /// Legacy: `crypto.hotpGenerate(key, counter)`.
    ///
    /// ```rhai
    /// assert_eq(crypto::hotp("12345678901234567890", 0), "755224");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn hotp(ctx: NativeCallContext, key: Dynamic, counter: INT) -> Raw<String> {
        call(&ctx, "crypto::hotp", |run| {
            one_time(run, &key, count(counter, 0, INT::MAX, "counter")? as u64)
        })
    }

    /// Makes the one-time password of this moment (RFC 6238).
    ///
    /// `crypto::totp(key: string | blob, step?: integer) -> string`
    ///
    /// Arguments: `step`, how long a password holds, 30 unless given.
    /// Units: `step` in whole seconds; the result has six decimal digits.
    /// Errors: `argument.invalid` for a step below 1; `argument.type` for a key of another type.
    /// Legacy: `crypto.totpGenerate(key, {step})`.
    ///
    /// ```rhai
    /// assert_eq(crypto::totp("12345678901234567890").len, 6);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn totp(ctx: NativeCallContext, key: Dynamic) -> Raw<String> {
        call(&ctx, "crypto::totp", |run| timed(run, &key, TOTP_STEP))
    }

    #[rhai_fn(name = "totp", return_raw)]
    pub fn totp_step(ctx: NativeCallContext, key: Dynamic, step: INT) -> Raw<String> {
        call(&ctx, "crypto::totp", |run| timed(run, &key, step))
    }
}
