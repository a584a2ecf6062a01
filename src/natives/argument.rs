//! Checked forms of arguments that Rhai's own types do not express.

use std::time::Duration;

use rhai::{Dynamic, FLOAT, INT, ImmutableString};

use super::dispatch::type_word;
use super::error::{NativeError, NativeResult};
use super::options::number as as_number;

/// Stands for all that is longer, which no clock could count to.
const CENTURIES: Duration = Duration::from_secs(1 << 36);

/// A number given as integer or float.
///
/// # Errors
/// Number 10 naming `what` for any other type.
pub(super) fn number(value: &Dynamic, what: &str) -> NativeResult<FLOAT> {
    as_number(value).ok_or_else(|| wrong_type(what, "a number", value))
}

/// The integer that `value` is: as such, or as a float without a fraction.
pub(super) fn whole(value: &Dynamic) -> Option<INT> {
    /// 2^63, the first float that is too large.
    const END: FLOAT = 9_223_372_036_854_775_808.0;
    if let Ok(number) = value.as_int() {
        return Some(number);
    }
    let number = value.as_float().ok()?;
    let is_whole = number.fract() == 0.0 && (-END..END).contains(&number);
    #[allow(clippy::cast_possible_truncation, reason = "whole and within the bounds")]
    is_whole.then_some(number as INT)
}

/// A duration in seconds; negative and not-a-number count as nothing.
///
/// # Errors
/// Number 10 naming `what` for anything but a number.
pub(super) fn seconds(value: &Dynamic, what: &str) -> NativeResult<Duration> {
    Ok(duration(number(value, what)?))
}

/// `seconds` as a duration; negative and not-a-number count as nothing, the endless as centuries.
pub(super) fn duration(seconds: FLOAT) -> Duration {
    if seconds.is_nan() || seconds <= 0.0 {
        return Duration::ZERO;
    }
    Duration::try_from_secs_f64(seconds).map_or(CENTURIES, |duration| duration.min(CENTURIES))
}

/// The text of a string argument.
///
/// # Errors
/// Number 10 naming `what` for any other type.
pub(super) fn text(value: &Dynamic, what: &str) -> NativeResult<ImmutableString> {
    value.clone().into_immutable_string().map_err(|_| wrong_type(what, "a string", value))
}

/// A count between `least` and `most`.
///
/// # Errors
/// Number 10 naming `what` and the range.
pub(super) fn count(value: INT, least: INT, most: INT, what: &str) -> NativeResult<usize> {
    usize::try_from(value).ok().filter(|_| (least..=most).contains(&value)).ok_or_else(|| {
        NativeError::bad_parameter(format!(
            "{what} must be between {least} and {most}, not {value}"
        ))
    })
}

/// Number 10: `what` has the wrong type, or is no whole number where one is wanted.
pub(super) fn wrong_type(what: &str, wanted: &str, value: &Dynamic) -> NativeError {
    NativeError::wrong_type(format!("{what} must be {wanted}, not {}", type_word(value)))
}
