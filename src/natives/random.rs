//! `random`: numbers, texts and choices; cryptographic unless seeded.

use std::sync::{Mutex, PoisonError};

use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng, TryRng};
use rhai::plugin::*;
use rhai::{Array, Blob, Dynamic, FLOAT, INT};

use super::argument::count;
use super::{NativeContext, NativeError, NativeResult, Raw, call};

/// The longest text or blob that one call makes, in characters or bytes.
const LONGEST: INT = 65_536;
const DIGITS: &[u8] = b"0123456789";
const ALPHANUMERIC: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const SALT: &[u8] =
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#$%^&*(){}[]:;<>,.?/|";
/// How many nonces a run remembers; older ones are forgotten first.
const NONCES: usize = 65_536;

/// The random source of one run, and the nonces it has seen.
#[derive(Default)]
pub(super) struct Source {
    /// Made when first used, from the operating system's source, or from a script's seed.
    generator: Mutex<Option<StdRng>>,
    nonces: Mutex<std::collections::VecDeque<String>>,
}

impl Source {
    /// Makes all later numbers follow from `seed`.
    pub(super) fn seed(&self, seed: u64) {
        let generator = StdRng::seed_from_u64(seed);
        *self.generator.lock().unwrap_or_else(PoisonError::into_inner) = Some(generator);
    }
}

/// A uniform number below `bound` (at least 1) of the run's source.
fn below(run: &NativeContext, bound: u64) -> NativeResult<u64> {
    // rejects the last, incomplete stretch of 2^64, so that every number is equally likely
    let limit = u64::MAX - u64::MAX % bound;
    loop {
        let drawn = next(run)?;
        if drawn < limit {
            return Ok(drawn % bound);
        }
    }
}

fn next(run: &NativeContext) -> NativeResult<u64> {
    let source = &run.random;
    let mut generator = source.generator.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(generator) = generator.as_mut() {
        return Ok(generator.next_u64());
    }
    let made = StdRng::try_from_rng(&mut SysRng).map_err(|error| unavailable(&error))?;
    Ok(generator.insert(made).next_u64())
}

/// `length` bytes of the operating system's source.
pub(super) fn system_bytes(length: usize) -> NativeResult<Vec<u8>> {
    let mut bytes = vec![0; length];
    SysRng.try_fill_bytes(&mut bytes).map_err(|error| unavailable(&error))?;
    Ok(bytes)
}

fn unavailable(error: &dyn std::fmt::Display) -> NativeError {
    NativeError::internal(
        "random.unavailable",
        format!("the system's random source failed: {error}"),
    )
}

fn index(run: &NativeContext, length: usize) -> NativeResult<usize> {
    Ok(usize::try_from(below(run, length as u64)?).unwrap_or_default())
}

/// A text over `alphabet` of the run's source.
fn text(run: &NativeContext, length: INT, alphabet: &[u8]) -> NativeResult<String> {
    let length = count(length, 1, LONGEST, "length")?;
    (0..length).map(|_| Ok(char::from(alphabet[index(run, alphabet.len())?]))).collect()
}

/// A text over `alphabet` that no seed can foretell.
fn secret_text(length: INT, alphabet: &[u8]) -> NativeResult<String> {
    let length = count(length, 1, LONGEST, "length")?;
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let bytes = system_bytes(length - text.len())?;
        text.extend(
            bytes
                .iter()
                .map(|byte| usize::from(*byte))
                .filter(|byte| *byte < fair)
                .map(|byte| char::from(alphabet[byte % alphabet.len()])),
        );
    }
    Ok(text)
}

/// A uniform integer between two bounds, both included.
pub(super) fn range(run: &NativeContext, min: INT, max: INT) -> NativeResult<INT> {
    if min > max {
        return Err(NativeError::bad_parameter(format!("min {min} is above max {max}")));
    }
    let width = max.wrapping_sub(min).cast_unsigned();
    let offset = if width == u64::MAX { next(run)? } else { below(run, width + 1)? };
    Ok(min.wrapping_add(offset.cast_signed()))
}

fn nonce() -> NativeResult<String> {
    use base64::Engine as _;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let mut bytes = now.to_be_bytes()[4..].to_vec();
    bytes.extend(system_bytes(8)?);
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

fn check_nonce(run: &NativeContext, nonce: &str) -> NativeResult<bool> {
    let valid = nonce.len() == 16
        && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !valid {
        return Err(NativeError::bad_parameter("a nonce has 16 base64url characters"));
    }
    let source = &run.random;
    let mut seen = source.nonces.lock().unwrap_or_else(PoisonError::into_inner);
    if seen.iter().any(|known| known == nonce) {
        return Ok(false);
    }
    if seen.len() == NONCES {
        seen.pop_front();
    }
    seen.push_back(nonce.to_owned());
    Ok(true)
}

/// The first `taken` places of a fair shuffle.
fn shuffled(run: &NativeContext, mut list: Array, taken: usize) -> NativeResult<Array> {
    for place in 0..taken.min(list.len()) {
        let other = place + index(run, list.len() - place)?;
        list.swap(place, other);
    }
    list.truncate(taken);
    Ok(list)
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Draws a random integer of 32 bits that is never zero.
    ///
    /// `random::int32() -> integer`
    ///
    /// Arguments: none.
    /// Units: a plain integer from -2147483648 to 2147483647, without 0.
    /// Errors: `random.unavailable` when the system has no random source.
    /// Legacy: `SYS_RAND`, `crypto.rand()`.
    ///
    /// ```rhai
    /// assert(random::int32() != 0);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn int32(ctx: NativeCallContext) -> Raw<INT> {
        call(&ctx, "random::int32", |run| {
            loop {
                let drawn = range(run, INT::from(i32::MIN), INT::from(i32::MAX))?;
                if drawn != 0 {
                    return Ok(drawn);
                }
            }
        })
    }

    /// Draws an integer between two bounds, both included.
    ///
    /// `random::range(min: integer, max: integer) -> integer`
    ///
    /// Arguments: `min` and `max`, the least and the greatest result.
    /// Units: plain integers.
    /// Errors: `argument.invalid` when `min` is above `max`; `random.unavailable`.
    /// Legacy: none; arangosh scripts wrote `Math.floor(Math.random() * n)`.
    ///
    /// ```rhai
    /// let n = random::range(1, 3);
    /// assert(n >= 1 && n <= 3);
    /// assert_eq(random::range(7, 7), 7);
    /// ```
    #[rhai_fn(name = "range", return_raw)]
    pub fn range_native(ctx: NativeCallContext, min: INT, max: INT) -> Raw<INT> {
        call(&ctx, "random::range", |run| range(run, min, max))
    }

    /// Draws a float from 0 up to, but never, 1.
    ///
    /// `random::float() -> float`
    ///
    /// Arguments: none.
    /// Units: a plain number with 53 random bits.
    /// Errors: `random.unavailable` when the system has no random source.
    /// Legacy: none; arangosh scripts wrote `Math.random()`.
    ///
    /// ```rhai
    /// let x = random::float();
    /// assert(x >= 0.0 && x < 1.0);
    /// ```
    #[rhai_fn(return_raw)]
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit a float exactly")]
    pub fn float(ctx: NativeCallContext) -> Raw<FLOAT> {
        call(&ctx, "random::float", |run| Ok((next(run)? >> 11) as FLOAT / (1_u64 << 53) as FLOAT))
    }

    /// Makes a text of random decimal digits.
    ///
    /// `random::digits(length: integer) -> string`
    ///
    /// Arguments: `length`, from 1 to 65536.
    /// Units: characters.
    /// Errors: `argument.invalid` for another length.
    /// Legacy: `SYS_GEN_RANDOM_NUMBERS`, `crypto.genRandomNumbers(length)`.
    ///
    /// ```rhai
    /// assert_eq(random::digits(6).len, 6);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn digits(ctx: NativeCallContext, length: INT) -> Raw<String> {
        call(&ctx, "random::digits", |run| text(run, length, DIGITS))
    }

    /// Makes a text of random letters and digits.
    ///
    /// `random::alphanumeric(length: integer) -> string`
    ///
    /// Arguments: `length`, from 1 to 65536.
    /// Units: characters of `a-z`, `A-Z`, `0-9`.
    /// Errors: `argument.invalid` for another length.
    /// Legacy: `SYS_GEN_RANDOM_ALPHA_NUMBERS`, `crypto.genRandomAlphaNumbers(length)`.
    ///
    /// ```rhai
    /// assert_eq(random::alphanumeric(20).len, 20);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn alphanumeric(ctx: NativeCallContext, length: INT) -> Raw<String> {
        call(&ctx, "random::alphanumeric", |run| text(run, length, ALPHANUMERIC))
    }

    /// Makes an unguessable text of letters, digits and punctuation.
    ///
    /// `random::salt(length: integer) -> string`
    ///
    /// Arguments: `length`, from 1 to 65536.
    /// Units: characters; the seed has no effect.
    /// Errors: `argument.invalid` for another length.
    /// Legacy: `SYS_GEN_RANDOM_SALT`, `crypto.genRandomSalt(length)`.
    ///
    /// ```rhai
    /// assert_eq(random::salt(16).len, 16);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn salt(ctx: NativeCallContext, length: INT) -> Raw<String> {
        call(&ctx, "random::salt", |_| secret_text(length, SALT))
    }

    /// Makes a blob of unguessable bytes.
    ///
    /// `random::bytes(length: integer) -> blob`
    ///
    /// Arguments: `length`, from 0 to 65536.
    /// Units: bytes; the seed has no effect.
    /// Errors: `argument.invalid` for another length.
    /// Legacy: `crypto.genRandomBytes(length)`.
    ///
    /// ```rhai
    /// assert_eq(random::bytes(32).len, 32);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn bytes(ctx: NativeCallContext, length: INT) -> Raw<Blob> {
        call(&ctx, "random::bytes", |_| system_bytes(count(length, 0, LONGEST, "length")?))
    }

    /// Makes a random UUID of version 4 in lower case.
    ///
    /// `random::uuid_v4() -> string`
    ///
    /// Arguments: none.
    /// Units: 36 characters; the seed has no effect.
    /// Errors: `random.unavailable` when the system has no random source.
    /// Legacy: `crypto.uuidv4()`.
    ///
    /// ```rhai
    /// assert_eq(random::uuid_v4().len, 36);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn uuid_v4(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "random::uuid_v4", |_| {
            let bytes = system_bytes(16)?.try_into().unwrap_or_default();
            Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
        })
    }

    /// Makes a text that is used once: the time and eight random bytes.
    ///
    /// `random::nonce() -> string`
    ///
    /// Arguments: none.
    /// Units: 16 base64url characters: four bytes of Unix seconds, then eight random bytes.
    /// Errors: `random.unavailable` when the system has no random source.
    /// Legacy: `SYS_CREATE_NONCE`, `crypto.createNonce()`.
    ///
    /// ```rhai
    /// assert_eq(random::nonce().len, 16);
    /// ```
    #[rhai_fn(name = "nonce", return_raw)]
    pub fn nonce_native(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "random::nonce", |_| nonce())
    }

    /// Tells whether this run sees a nonce for the first time, and remembers it.
    ///
    /// `random::check_nonce(nonce: string) -> boolean`
    ///
    /// Arguments: `nonce`, 16 base64url characters.
    /// Units: the run remembers the last 65536 nonces.
    /// Errors: `argument.invalid` for another form.
    /// Legacy: `SYS_CHECK_AND_MARK_NONCE`, `crypto.checkAndMarkNonce(nonce)`.
    ///
    /// ```rhai
    /// let nonce = random::nonce();
    /// assert_eq(random::check_nonce(nonce), true);
    /// assert_eq(random::check_nonce(nonce), false);
    /// ```
    #[rhai_fn(name = "check_nonce", return_raw)]
    pub fn check_nonce_native(ctx: NativeCallContext, nonce: &str) -> Raw<bool> {
        call(&ctx, "random::check_nonce", |run| check_nonce(run, nonce))
    }

    /// Picks one element of a list.
    ///
    /// `random::choose(list: array) -> any`
    ///
    /// Arguments: `list`, with at least one element.
    /// Units: none.
    /// Errors: `argument.invalid` for an empty list.
    /// Legacy: none; arangosh scripts used `_.sample(list)`.
    ///
    /// ```rhai
    /// assert(random::choose(["a", "b"]) in ["a", "b"]);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn choose(ctx: NativeCallContext, mut list: Array) -> Raw<Dynamic> {
        call(&ctx, "random::choose", |run| {
            if list.is_empty() {
                return Err(NativeError::bad_parameter("an empty list has nothing to choose"));
            }
            let place = index(run, list.len())?;
            Ok(list.swap_remove(place))
        })
    }

    /// Picks several elements of a list, each place at most once.
    ///
    /// `random::sample(list: array, size: integer) -> array`
    ///
    /// Arguments: `list` stays as it is. `size`, at least 0; more than the list holds means all.
    /// Units: elements.
    /// Errors: `argument.invalid` for a negative size.
    /// Legacy: none; arangosh scripts used `_.sampleSize(list, size)`.
    ///
    /// ```rhai
    /// assert_eq(random::sample([1, 2, 3], 2).len, 2);
    /// assert_eq(random::sample([1, 2, 3], 99).len, 3);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn sample(ctx: NativeCallContext, list: Array, size: INT) -> Raw<Array> {
        call(&ctx, "random::sample", |run| shuffled(run, list, count(size, 0, INT::MAX, "size")?))
    }

    /// Gives the elements of a list in random order.
    ///
    /// `random::shuffle(list: array) -> array`
    ///
    /// Arguments: `list` stays as it is.
    /// Units: none.
    /// Errors: `random.unavailable` when the system has no random source.
    /// Legacy: none; arangosh scripts used `_.shuffle(list)`.
    ///
    /// ```rhai
    /// assert_eq(random::shuffle([1, 2, 3]).len, 3);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn shuffle(ctx: NativeCallContext, list: Array) -> Raw<Array> {
        call(&ctx, "random::shuffle", |run| {
            let size = list.len();
            shuffled(run, list, size)
        })
    }

    /// Makes the random numbers, texts and choices of this run repeatable.
    ///
    /// `random::seed(number: integer) -> ()`
    ///
    /// Arguments: `number`; the same number gives the same sequence.
    /// Units: a plain integer; `bytes`, `uuid_v4`, `salt` and `nonce` stay unguessable.
    /// Errors: none.
    /// Legacy: none.
    ///
    /// ```rhai
    /// random::seed(7);
    /// let first = random::digits(10);
    /// random::seed(7);
    /// assert_eq(random::digits(10), first);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn seed(ctx: NativeCallContext, number: INT) -> Raw<()> {
        call(&ctx, "random::seed", |run| {
            run.random.seed(number.cast_unsigned());
            Ok(())
        })
    }
}
