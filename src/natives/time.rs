//! `time`: the clocks, pauses, and the script's own deadline.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use ::time::format_description::well_known::Rfc3339;
use ::time::macros::format_description;
use ::time::{OffsetDateTime, UtcOffset};
use rhai::plugin::*;
use rhai::{Dynamic, FLOAT, FnPtr};

use super::argument::{duration, number, seconds as in_seconds};
use super::callback::call_back;
use super::{ErrorName, NativeContext, NativeError, NativeResult, Raw, call};

/// The moment that `monotonic` counts from.
#[derive(Default)]
struct Start(OnceLock<Instant>);

/// The time of a clock that never goes back, since the first time that it was asked for.
fn elapsed(run: &NativeContext) -> FLOAT {
    let now = run.deadline.clock().now();
    let start = *run.extension::<Start>().0.get_or_init(|| now);
    now.saturating_duration_since(start).as_secs_f64()
}

fn unix_now(run: &NativeContext) -> FLOAT {
    let now = run.deadline.clock().system_now();
    now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// Waits as `time::sleep` and the global `sleep` do.
pub(super) fn sleep(run: &NativeContext, seconds: &Dynamic) -> NativeResult<()> {
    Ok(run.deadline.sleep(in_seconds(seconds, "seconds")?)?)
}

fn set_deadline(run: &NativeContext, seconds: &Dynamic) -> NativeResult<bool> {
    let seconds = number(seconds, "seconds")?;
    Ok(run.deadline.set_script((seconds > 0.0).then(|| duration(seconds))))
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "what does not fit is refused by the conversion"
)]
fn moment(instant: &Dynamic) -> NativeResult<OffsetDateTime> {
    let seconds = number(instant, "instant")?;
    let outside = || {
        NativeError::bad_parameter(format!("instant {seconds} is outside the years -9999 to 9999"))
    };
    if !seconds.is_finite() {
        return Err(outside());
    }
    // whole microseconds: a float holds no more of today's instants
    let micros = (seconds * 1e6).round() as i128;
    OffsetDateTime::from_unix_timestamp_nanos(micros.saturating_mul(1000)).map_err(|_| outside())
}

fn formatted(text: Result<String, ::time::error::Format>) -> NativeResult<String> {
    text.map_err(|error| NativeError::internal("time.unprintable", error.to_string()))
}

fn iso8601(moment: OffsetDateTime) -> NativeResult<String> {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    formatted(moment.format(&format))
}

fn local(moment: OffsetDateTime) -> NativeResult<String> {
    let format = format_description!(
        "[weekday repr:short] [month repr:short] [day] [year] [hour]:[minute]:[second] GMT[offset_hour sign:mandatory][offset_minute]"
    );
    let offset = UtcOffset::local_offset_at(moment).unwrap_or(UtcOffset::UTC);
    let there = moment.checked_to_offset(offset).unwrap_or(moment);
    formatted(there.format(&format))
}

#[allow(clippy::cast_precision_loss, reason = "microseconds of today's instants fit a float")]
fn parse_iso8601(text: &str) -> NativeResult<FLOAT> {
    let moment = OffsetDateTime::parse(text.trim(), &Rfc3339).map_err(|error| {
        NativeError::plain(
            "time.malformed",
            ErrorName::SyntaxError,
            format!("'{text}' is no ISO 8601 instant: {error}"),
        )
    })?;
    Ok((moment.unix_timestamp_nanos() / 1000) as FLOAT / 1e6)
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Tells the time of the system clock.
    ///
    /// `time::now() -> float`
    ///
    /// Arguments: none.
    /// Units: Unix seconds with microseconds.
    /// Errors: none.
    /// Legacy: `SYS_TIME`, `internal.time()`.
    ///
    /// ```rhai
    /// assert(time::now() > 1700000000.0);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn now(ctx: NativeCallContext) -> Raw<FLOAT> {
        call(&ctx, "time::now", |run| Ok(unix_now(run)))
    }

    /// Tells the time of a clock that never goes back.
    ///
    /// `time::monotonic() -> float`
    ///
    /// Arguments: none.
    /// Units: seconds since an unspecified moment of this run; only differences mean something.
    /// Errors: none.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let start = time::monotonic();
    /// assert(time::monotonic() >= start);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn monotonic(ctx: NativeCallContext) -> Raw<FLOAT> {
        call(&ctx, "time::monotonic", |run| Ok(elapsed(run)))
    }

    /// Waits, but never longer than a deadline leaves.
    ///
    /// `time::sleep(seconds: integer | float) -> ()`
    ///
    /// Arguments: `seconds`; negative ones return at once.
    /// Units: seconds, fractions count. A pause that meets the script's deadline ends normally: the next checked call raises.
    /// Errors: `deadline.script` (number 36) when the script's deadline had passed before; the run's own deadline ends the script.
    /// Legacy: `SYS_SLEEP`, `SYS_WAIT`, `internal.sleep(seconds)`, `internal.wait(seconds)`.
    ///
    /// ```rhai
    /// let start = time::monotonic();
    /// time::sleep(0.02);
    /// assert(time::monotonic() - start >= 0.02);
    /// ```
    #[rhai_fn(name = "sleep", return_raw)]
    pub fn sleep_native(ctx: NativeCallContext, seconds: Dynamic) -> Raw<()> {
        call(&ctx, "time::sleep", |run| sleep(run, &seconds))
    }

    /// Writes an instant as ISO 8601 in UTC.
    ///
    /// `time::iso8601(instant?: integer | float) -> string`
    ///
    /// Arguments: `instant`; now unless given.
    /// Units: Unix seconds; the text has milliseconds.
    /// Errors: `argument.invalid` for an instant outside the years -9999 to 9999; `argument.type` for anything but a number.
    /// Legacy: none; arangosh scripts wrote `new Date().toISOString()`.
    ///
    /// ```rhai
    /// assert_eq(time::iso8601(0), "1970-01-01T00:00:00.000Z");
    /// ```
    #[rhai_fn(name = "iso8601", return_raw)]
    pub fn iso8601_native(ctx: NativeCallContext, instant: Dynamic) -> Raw<String> {
        call(&ctx, "time::iso8601", |_| iso8601(moment(&instant)?))
    }

    #[rhai_fn(name = "iso8601", return_raw)]
    pub fn iso8601_now(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "time::iso8601", |run| iso8601(run.deadline.clock().system_now().into()))
    }

    /// Reads an instant from ISO 8601.
    ///
    /// `time::parse_iso8601(text: string) -> float`
    ///
    /// Arguments: `text` with a zone, such as `2024-01-02T03:04:05.678Z` or `...+01:00`.
    /// Units: Unix seconds.
    /// Errors: `time.malformed` (SyntaxError) for anything else.
    /// Legacy: none; arangosh scripts wrote `Date.parse(text)`.
    ///
    /// ```rhai
    /// assert_eq(time::parse_iso8601("1970-01-01T00:00:01.500Z"), 1.5);
    /// ```
    #[rhai_fn(name = "parse_iso8601", return_raw)]
    pub fn parse_iso8601_native(ctx: NativeCallContext, text: &str) -> Raw<FLOAT> {
        call(&ctx, "time::parse_iso8601", |_| parse_iso8601(text))
    }

    /// Writes an instant in the local time zone, as people read it.
    ///
    /// `time::local(instant?: integer | float) -> string`
    ///
    /// Arguments: `instant`; now unless given.
    /// Units: Unix seconds; the text has whole seconds and the offset from UTC.
    /// Errors: `argument.invalid` for an instant outside the years -9999 to 9999; `argument.type` for anything but a number.
    /// Legacy: `Date()`, the usual prefix of printed lines.
    ///
    /// ```rhai
    /// assert("GMT" in time::local());
    /// ```
    #[rhai_fn(name = "local", return_raw)]
    pub fn local_native(ctx: NativeCallContext, instant: Dynamic) -> Raw<String> {
        call(&ctx, "time::local", |_| local(moment(&instant)?))
    }

    #[rhai_fn(name = "local", return_raw)]
    pub fn local_now(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "time::local", |run| local(run.deadline.clock().system_now().into()))
    }

    /// Sets the script's own deadline, counted from now.
    ///
    /// `time::set_deadline(seconds: integer | float) -> boolean`
    ///
    /// Arguments: `seconds`; 0 and less clear it.
    /// Units: seconds, fractions count. The result tells whether the previous deadline had passed.
    /// Errors: `argument.type` for anything but a number. After expiry every checked call raises `deadline.script` (number 36), which `try` can catch.
    /// Legacy: `SYS_COMMUNICATE_SLEEP_DEADLINE`, `internal.SetGlobalExecutionDeadlineTo(seconds)`.
    ///
    /// ```rhai
    /// assert_eq(time::set_deadline(60), false);
    /// assert(time::deadline_remaining() > 50.0);
    /// time::clear_deadline();
    /// ```
    #[rhai_fn(name = "set_deadline", return_raw)]
    pub fn set_deadline_native(ctx: NativeCallContext, seconds: Dynamic) -> Raw<bool> {
        call(&ctx, "time::set_deadline", |run| set_deadline(run, &seconds))
    }

    /// Clears the script's own deadline.
    ///
    /// `time::clear_deadline() -> boolean`
    ///
    /// Arguments: none.
    /// Units: the result tells whether the deadline had passed.
    /// Errors: none.
    /// Legacy: `internal.SetGlobalExecutionDeadlineTo(0)`.
    ///
    /// ```rhai
    /// time::set_deadline(60);
    /// assert_eq(time::clear_deadline(), false);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn clear_deadline(ctx: NativeCallContext) -> Raw<bool> {
        call(&ctx, "time::clear_deadline", |run| Ok(run.deadline.set_script(None)))
    }

    /// Calls a function under a deadline of its own, and puts the script's deadline back afterwards.
    ///
    /// `time::with_deadline(seconds: integer | float, action: function) -> any`
    ///
    /// Arguments: `seconds`, counted from now; a deadline that is nearer counts as before. `action`, called without arguments.
    /// Units: seconds, fractions count.
    /// Errors: `argument.invalid` (number 10) unless `seconds` is more than 0; what `action` raises, such as `deadline.script` (36) once the time is up.
    /// Legacy: none; scripts called `internal.SetGlobalExecutionDeadlineTo(seconds)` twice.
    ///
    /// ```rhai
    /// time::set_deadline(60);
    /// assert(time::with_deadline(5, || time::deadline_remaining()) <= 5.0);
    /// assert(time::deadline_remaining() > 50.0);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn with_deadline(ctx: NativeCallContext, seconds: Dynamic, action: FnPtr) -> Raw<Dynamic> {
        call_back(&ctx, "time::with_deadline", |run| {
            let seconds = number(&seconds, "seconds")?;
            if seconds.is_nan() || seconds <= 0.0 {
                return Err(NativeError::bad_parameter("seconds must be more than 0").into());
            }
            let action = || action.call_within_context(&ctx, ());
            Ok(run.deadline.within(duration(seconds), action)?)
        })
    }

    /// Tells how long the nearer of the script's and the run's deadline leaves.
    ///
    /// `time::deadline_remaining() -> float | ()`
    ///
    /// Arguments: none.
    /// Units: seconds, never negative; `()` without a deadline.
    /// Errors: none.
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert_eq(time::deadline_remaining(), ());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn deadline_remaining(ctx: NativeCallContext) -> Raw<Dynamic> {
        call(&ctx, "time::deadline_remaining", |run| {
            Ok(run.deadline.remaining().map_or(Dynamic::UNIT, |left| left.as_secs_f64().into()))
        })
    }

    /// Tells whether a deadline has passed.
    ///
    /// `time::deadline_reached() -> boolean`
    ///
    /// Arguments: none.
    /// Units: none.
    /// Errors: none.
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert_eq(time::deadline_reached(), false);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn deadline_reached(ctx: NativeCallContext) -> Raw<bool> {
        call(&ctx, "time::deadline_reached", |run| {
            Ok(run.deadline.remaining().is_some_and(|left| left.is_zero()))
        })
    }

    /// Tells what made, or would make, the deadline pass.
    ///
    /// `time::deadline_reason() -> string`
    ///
    /// Arguments: none.
    /// Units: none; setting and clearing a deadline resets the text.
    /// Errors: none.
    /// Legacy: `SYS_GET_DEADLINE_STRING`, `internal.getDeadlineReasonString()`.
    ///
    /// ```rhai
    /// assert_eq(time::deadline_reason(), "execution deadline reached");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn deadline_reason(ctx: NativeCallContext) -> Raw<String> {
        call(&ctx, "time::deadline_reason", |run| Ok(run.deadline.reason()))
    }

    /// Lets an interrupt make the script's deadline pass, so that the script can clean up.
    ///
    /// `time::interrupt_sets_deadline(enabled: boolean) -> ()`
    ///
    /// Arguments: `enabled`; without it an interrupt ends the run. It counts until the end of the run, in the shell of the line.
    /// A second Ctrl-C ends the program in any case.
    /// Units: none.
    /// Errors: none; after an interrupt the next checked call raises `deadline.script` (number 36).
    /// Legacy: `SYS_INTERRUPT_TO_DEADLINE`, `internal.SetSignalToImmediateDeadline()`.
    ///
    /// ```rhai
    /// time::interrupt_sets_deadline(true);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn interrupt_sets_deadline(ctx: NativeCallContext, enabled: bool) -> Raw<()> {
        call(&ctx, "time::interrupt_sets_deadline", |run| {
            run.deadline.interrupt_sets_script(enabled);
            Ok(())
        })
    }
}
