//! `test`: what a test tells its runner while it runs.

mod state;

use regex_bites::Regex;
use rhai::plugin::*;
use rhai::{Dynamic, ImmutableString, Map};

use super::errors::normalize;
use super::{ErrorName, NativeContext, NativeError, NativeResult, Raw, call};

pub use state::{Noted, TestState};

/// The kind of the error by which a test says that it cannot be run here.
pub const SKIPPED: &str = "test.skipped";

/// Counts an error as a failure of the test that runs and goes on; outside of tests it is raised.
pub(super) fn note(ctx: &NativeCallContext, error: Map) -> Result<(), Box<EvalAltResult>> {
    let position = ctx.call_position();
    let run = NativeContext::of(ctx).map_err(|error| error.into_engine_error(position))?;
    let source = ctx.call_source().map(str::to_owned);
    match run.extension::<TestState>().note(Noted { error: error.clone(), source, position }) {
        true => Ok(()),
        false => Err(Box::new(EvalAltResult::ErrorRuntime(error.into(), position))),
    }
}

/// Whether a pattern is found in a text.
pub(super) fn is_found(text: &str, pattern: &str) -> NativeResult<bool> {
    let regex = Regex::new(pattern).map_err(|error| {
        let message = format!("'{pattern}' is no regular expression: {error}");
        NativeError::plain("test.bad_pattern", ErrorName::SyntaxError, message)
    })?;
    Ok(regex.is_match(text))
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Tells the name of the test that runs.
    ///
    /// `test::name() -> string | ()`
    ///
    /// Arguments: none.
    /// Units: `()` outside of tests, also in `set_up_all` and `tear_down_all`.
    /// Errors: none.
    /// Legacy: the argument of `setUp(testName)` and `tearDown(testName)`.
    ///
    /// ```rhai
    /// assert_eq(test::name(), ());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn name(ctx: NativeCallContext) -> Raw<Dynamic> {
        call(&ctx, "test::name", |run| {
            let name = run.extension::<TestState>().name();
            Ok(name.map_or(Dynamic::UNIT, Dynamic::from))
        })
    }

    /// Ends the test as one that cannot be run here: it counts neither as passed nor as failed.
    ///
    /// `test::skip(reason: string) -> never`
    ///
    /// Arguments: `reason`, why. In `set_up` it skips the test, in `set_up_all` all tests of the file.
    /// Units: none.
    /// Errors: `test.skipped`, always: this is how the test ends.
    /// Legacy: none; tests returned early and counted as passed.
    ///
    /// ```rhai
    /// try { test::skip("no coordinator"); } catch (e) { assert_eq(e.kind, "test.skipped"); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn skip(ctx: NativeCallContext, reason: &str) -> Raw<()> {
        call(&ctx, "test::skip", |_| Err(NativeError::plain(SKIPPED, ErrorName::Error, reason)))
    }

    /// Counts an error as a failure of the test that runs, and goes on.
    ///
    /// `test::note_failure(error: any) -> ()`
    ///
    /// Arguments: `error`, any caught value, or a text. Outside of tests it is raised.
    /// Units: none.
    /// Errors: none in a test; elsewhere what it is given.
    /// Legacy: none.
    ///
    /// ```rhai
    /// try { test::note_failure("too few"); } catch (e) { assert_eq(e.message, "too few"); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn note_failure(ctx: NativeCallContext, error: Dynamic) -> Raw<()> {
        note(&ctx, normalize(error))
    }

    /// Tells whether a regular expression is found in a text.
    ///
    /// `test::is_found(text: string, pattern: string) -> boolean`
    ///
    /// Arguments: `pattern`, a regular expression without look-around and back-references; `^` and `$` tie it to the ends.
    /// Units: none.
    /// Errors: `test.bad_pattern` for what is no regular expression.
    /// Legacy: `pattern.test(text)`.
    ///
    /// ```rhai
    /// assert(test::is_found("PRMR-17", "^PRMR-[0-9]+$"));
    /// ```
    #[rhai_fn(name = "is_found", return_raw)]
    pub fn is_found_native(ctx: NativeCallContext, text: &str, pattern: &str) -> Raw<bool> {
        call(&ctx, "test::is_found", |_| is_found(text, pattern))
    }
}

/// An assertion that failed, in the shape of a native's error.
pub(super) fn failed(
    kind: &str,
    message: &ImmutableString,
    text: String,
    context: &[(&str, &Dynamic)],
) -> Map {
    let text = if message.is_empty() { text } else { format!("{message}: {text}") };
    let error = NativeError::plain(kind, ErrorName::Error, text);
    let with =
        |error: NativeError, (key, value): &(&str, &Dynamic)| error.with(key, (*value).clone());
    context.iter().fold(error, with).to_map()
}
