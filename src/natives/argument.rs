//! Checked forms of arguments that Rhai's own types do not express.

use std::time::Duration;

use rhai::{Dynamic, FLOAT, INT, ImmutableString};

use super::dispatch::type_word;
use super::error::{NativeError, NativeResult};
use super::options::number as as_number;

/// A number given as integer or float.
///
/// # Errors
/// Number 10 naming `what` for any other type.
pub(super) fn number(value: &Dynamic, what: &str) -> NativeResult<FLOAT> {
    as_number(value).ok_or_else(|| wrong_type(what, "a number", value))
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
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(1 << 36))
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

/// Number 10: `what` has the wrong type.
pub(super) fn wrong_type(what: &str, wanted: &str, value: &Dynamic) -> NativeError {
    NativeError::bad_parameter(format!("{what} must be {wanted}, not {}", type_word(value)))
}
