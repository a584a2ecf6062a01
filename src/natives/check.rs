//! `check`: soft checks. One that fails is noted as a failure of the test, which goes on.
//!
//! Natives, because only they know the line that called them; the hard ones of `stdlib/assert.rhai` throw, which
//! tells the line as well.

use rhai::plugin::*;
use rhai::{Dynamic, FnPtr, ImmutableString};

use super::errors::normalize;
use super::printing::compact;
use super::test::{failed, is_found, note};
use super::{Raw, call};

/// Notes a failure unless `holds`; gives that back.
fn check(
    ctx: &NativeCallContext,
    holds: bool,
    kind: &str,
    message: &ImmutableString,
    text: impl FnOnce() -> String,
    context: &[(&str, &Dynamic)],
) -> Raw<bool> {
    if !holds {
        note(ctx, failed(kind, message, text(), context))?;
    }
    Ok(holds)
}

/// Whether the language takes two values for equal.
fn are_equal(ctx: &NativeCallContext, one: &Dynamic, other: &Dynamic) -> Raw<bool> {
    let (mut one, mut other) = (one.clone(), other.clone());
    let equal = ctx.call_fn_raw("==", false, false, &mut [&mut one, &mut other])?;
    Ok(equal.as_bool().unwrap_or(false))
}

/// Whether a pattern is found in a value; it is not in what is no text.
fn matches_pattern(ctx: &NativeCallContext, value: &Dynamic, pattern: &str) -> Raw<bool> {
    call(ctx, "check::matches", |_| match value.read_lock::<ImmutableString>() {
        Some(text) => is_found(&text, pattern),
        None => Ok(false),
    })
}

/// What scripts call the type of a value.
fn type_name(ctx: &NativeCallContext, value: &Dynamic) -> String {
    ctx.engine().map_type_name(value.type_name()).to_owned()
}

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
pub(super) mod natives {
    /// Checks that a condition is true.
    ///
    /// `check::is_true(condition: boolean, message?: string) -> boolean`
    ///
    /// Arguments: `condition`; `message` is put before the text of the failure. Returns whether the check held.
    /// Units: none.
    /// Errors: none in a test; elsewhere `check.is_true`.
    /// Legacy: none; `assertions.assertTrue` that goes on.
    ///
    /// ```rhai
    /// assert(check::is_true(1 < 2));
    /// ```
    #[rhai_fn(name = "is_true", return_raw)]
    pub fn is_true(ctx: NativeCallContext, condition: Dynamic) -> Raw<bool> {
        is_true_told(ctx, condition, ImmutableString::new())
    }

    #[rhai_fn(name = "is_true", return_raw)]
    pub fn is_true_told(
        ctx: NativeCallContext,
        condition: Dynamic,
        message: ImmutableString,
    ) -> Raw<bool> {
        let holds = condition.as_bool() == Ok(true);
        let text = || format!("{} is not true", compact(&condition));
        check(&ctx, holds, "check.is_true", &message, text, &[("actual", &condition)])
    }

    /// Checks that a condition is false.
    ///
    /// `check::is_false(condition: boolean, message?: string) -> boolean`
    ///
    /// Arguments: `condition`; `message` is put before the text of the failure. Returns whether the check held.
    /// Units: none.
    /// Errors: none in a test; elsewhere `check.is_false`.
    /// Legacy: none; `assertions.assertFalse` that goes on.
    ///
    /// ```rhai
    /// assert(check::is_false(2 < 1));
    /// ```
    #[rhai_fn(name = "is_false", return_raw)]
    pub fn is_false(ctx: NativeCallContext, condition: Dynamic) -> Raw<bool> {
        is_false_told(ctx, condition, ImmutableString::new())
    }

    #[rhai_fn(name = "is_false", return_raw)]
    pub fn is_false_told(
        ctx: NativeCallContext,
        condition: Dynamic,
        message: ImmutableString,
    ) -> Raw<bool> {
        let holds = condition.as_bool() == Ok(false);
        let text = || format!("{} is not false", compact(&condition));
        check(&ctx, holds, "check.is_false", &message, text, &[("actual", &condition)])
    }

    /// Checks that two values are equal; numbers are compared by value, maps and arrays by content.
    ///
    /// `check::equal(actual: any, expected: any, message?: string) -> boolean`
    ///
    /// Arguments: `actual`, what there is; `expected`, what there should be; `message` is put before the text of the failure. Returns whether the check held.
    /// Units: none.
    /// Errors: none in a test; elsewhere `check.equal`.
    /// Legacy: none; `assertions.assertEqual` that goes on.
    ///
    /// ```rhai
    /// assert(check::equal(#{ a: [1] }, #{ a: [1] }));
    /// ```
    #[rhai_fn(name = "equal", return_raw)]
    pub fn equal(ctx: NativeCallContext, actual: Dynamic, expected: Dynamic) -> Raw<bool> {
        equal_told(ctx, actual, expected, ImmutableString::new())
    }

    #[rhai_fn(name = "equal", return_raw)]
    pub fn equal_told(
        ctx: NativeCallContext,
        actual: Dynamic,
        expected: Dynamic,
        message: ImmutableString,
    ) -> Raw<bool> {
        let holds = are_equal(&ctx, &actual, &expected)?;
        let text = || format!("{} is not {}", compact(&actual), compact(&expected));
        check(
            &ctx,
            holds,
            "check.equal",
            &message,
            text,
            &[("actual", &actual), ("expected", &expected)],
        )
    }

    /// Checks that two values differ.
    ///
    /// `check::not_equal(actual: any, unwanted: any, message?: string) -> boolean`
    ///
    /// Arguments: `actual`, what there is; `unwanted`, what there should not be; `message` is put before the text of the failure. Returns whether the check held.
    /// Units: none.
    /// Errors: none in a test; elsewhere `check.not_equal`.
    /// Legacy: none; `assertions.assertNotEqual` that goes on.
    ///
    /// ```rhai
    /// assert(check::not_equal(1, "1"));
    /// ```
    #[rhai_fn(name = "not_equal", return_raw)]
    pub fn not_equal(ctx: NativeCallContext, actual: Dynamic, unwanted: Dynamic) -> Raw<bool> {
        not_equal_told(ctx, actual, unwanted, ImmutableString::new())
    }

    #[rhai_fn(name = "not_equal", return_raw)]
    pub fn not_equal_told(
        ctx: NativeCallContext,
        actual: Dynamic,
        unwanted: Dynamic,
        message: ImmutableString,
    ) -> Raw<bool> {
        let holds = !are_equal(&ctx, &actual, &unwanted)?;
        let text = || format!("{} is what it should not be", compact(&actual));
        check(&ctx, holds, "check.not_equal", &message, text, &[("actual", &actual)])
    }

    /// Checks that a regular expression is found in a text.
    ///
    /// `check::matches(actual: string, pattern: string, message?: string) -> boolean`
    ///
    /// Arguments: `pattern` as for `test::is_found`; `message` is put before the text of the failure. Returns whether the check held.
    /// Units: none.
    /// Errors: none in a test; elsewhere `check.matches`; `test.bad_pattern`.
    /// Legacy: none; `assertions.assertMatch` that goes on.
    ///
    /// ```rhai
    /// assert(check::matches("abc", "^a.c$"));
    /// ```
    #[rhai_fn(name = "matches", return_raw)]
    pub fn matches(ctx: NativeCallContext, actual: Dynamic, pattern: ImmutableString) -> Raw<bool> {
        matches_told(ctx, actual, pattern, ImmutableString::new())
    }

    #[rhai_fn(name = "matches", return_raw)]
    pub fn matches_told(
        ctx: NativeCallContext,
        actual: Dynamic,
        pattern: ImmutableString,
        message: ImmutableString,
    ) -> Raw<bool> {
        let holds = matches_pattern(&ctx, &actual, &pattern)?;
        let text = || format!("{} does not match {pattern}", compact(&actual));
        check(
            &ctx,
            holds,
            "check.matches",
            &message,
            text,
            &[("actual", &actual), ("pattern", &Dynamic::from(pattern.clone()))],
        )
    }

    /// Checks that a regular expression is not found in a text.
    ///
    /// `check::not_matches(actual: string, pattern: string, message?: string) -> boolean`
    ///
    /// Arguments: `pattern` as for `test::is_found`; `message` is put before the text of the failure. Returns whether the check held.
    /// Units: none.
    /// Errors: none in a test; elsewhere `check.not_matches`; `test.bad_pattern`.
    /// Legacy: none; `assertions.assertNotMatch` that goes on.
    ///
    /// ```rhai
    /// assert(check::not_matches("abc", "^b"));
    /// ```
    #[rhai_fn(name = "not_matches", return_raw)]
    pub fn not_matches(
        ctx: NativeCallContext,
        actual: Dynamic,
        pattern: ImmutableString,
    ) -> Raw<bool> {
        not_matches_told(ctx, actual, pattern, ImmutableString::new())
    }

    #[rhai_fn(name = "not_matches", return_raw)]
    pub fn not_matches_told(
        ctx: NativeCallContext,
        actual: Dynamic,
        pattern: ImmutableString,
        message: ImmutableString,
    ) -> Raw<bool> {
        let holds = !matches_pattern(&ctx, &actual, &pattern)?;
        let text = || format!("{} matches {pattern}", compact(&actual));
        check(
            &ctx,
            holds,
            "check.not_matches",
            &message,
            text,
            &[("actual", &actual), ("pattern", &Dynamic::from(pattern.clone()))],
        )
    }

    /// Checks the type of a value.
    ///
    /// `check::type_is(actual: any, wanted: string, message?: string) -> boolean`
    ///
    /// Arguments: `wanted`, what `type_of` gives, such as `string`, `i64`, `map`; `message` is put before the text of the failure. Returns whether the check held.
    /// Units: none.
    /// Errors: none in a test; elsewhere `check.type_is`.
    /// Legacy: none; `assertions.assertTypeOf` that goes on.
    ///
    /// ```rhai
    /// assert(check::type_is(1, "i64"));
    /// ```
    #[rhai_fn(name = "type_is", return_raw)]
    pub fn type_is(ctx: NativeCallContext, actual: Dynamic, wanted: ImmutableString) -> Raw<bool> {
        type_is_told(ctx, actual, wanted, ImmutableString::new())
    }

    #[rhai_fn(name = "type_is", return_raw)]
    pub fn type_is_told(
        ctx: NativeCallContext,
        actual: Dynamic,
        wanted: ImmutableString,
        message: ImmutableString,
    ) -> Raw<bool> {
        let holds = type_name(&ctx, &actual) == wanted.as_str();
        let text = || {
            format!("{} is of type {}, not {wanted}", compact(&actual), type_name(&ctx, &actual))
        };
        check(&ctx, holds, "check.type_is", &message, text, &[("actual", &actual)])
    }

    /// Checks that there is no value.
    ///
    /// `check::is_unit(actual: any, message?: string) -> boolean`
    ///
    /// Arguments: `actual`; `message` is put before the text of the failure. Returns whether the check held.
    /// Units: none.
    /// Errors: none in a test; elsewhere `check.is_unit`.
    /// Legacy: none; `assertions.assertNull`, `assertUndefined` that goes on.
    ///
    /// ```rhai
    /// assert(check::is_unit(()));
    /// ```
    #[rhai_fn(name = "is_unit", return_raw)]
    pub fn is_unit(ctx: NativeCallContext, actual: Dynamic) -> Raw<bool> {
        is_unit_told(ctx, actual, ImmutableString::new())
    }

    #[rhai_fn(name = "is_unit", return_raw)]
    pub fn is_unit_told(
        ctx: NativeCallContext,
        actual: Dynamic,
        message: ImmutableString,
    ) -> Raw<bool> {
        let holds = actual.is_unit();
        let text = || format!("{} is not ()", compact(&actual));
        check(&ctx, holds, "check.is_unit", &message, text, &[("actual", &actual)])
    }

    /// Checks that there is a value.
    ///
    /// `check::not_unit(actual: any, message?: string) -> boolean`
    ///
    /// Arguments: `actual`; `message` is put before the text of the failure. Returns whether the check held.
    /// Units: none.
    /// Errors: none in a test; elsewhere `check.not_unit`.
    /// Legacy: none; `assertions.assertNotNull`, `assertNotUndefined` that goes on.
    ///
    /// ```rhai
    /// assert(check::not_unit(1));
    /// ```
    #[rhai_fn(name = "not_unit", return_raw)]
    pub fn not_unit(ctx: NativeCallContext, actual: Dynamic) -> Raw<bool> {
        not_unit_told(ctx, actual, ImmutableString::new())
    }

    #[rhai_fn(name = "not_unit", return_raw)]
    pub fn not_unit_told(
        ctx: NativeCallContext,
        actual: Dynamic,
        message: ImmutableString,
    ) -> Raw<bool> {
        let holds = !actual.is_unit();
        let text = || "there is no value".to_owned();
        check(&ctx, holds, "check.not_unit", &message, text, &[])
    }

    /// Notes a failure.
    ///
    /// `check::fail(message: string) -> boolean`
    ///
    /// Arguments: `message`, what went wrong. Returns false.
    /// Units: none.
    /// Errors: none in a test; elsewhere `check.fail`.
    /// Legacy: none; `assertions.fail` that goes on.
    ///
    /// ```rhai
    /// try { check::fail("no leader"); } catch (e) { assert_eq(e.kind, "check.fail"); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn fail(ctx: NativeCallContext, message: &str) -> Raw<bool> {
        check(&ctx, false, "check.fail", &ImmutableString::new(), || message.to_owned(), &[])
    }

    /// Checks that a function ends without an error.
    ///
    /// `check::passes(action: function) -> boolean`
    ///
    /// Arguments: `action`, called without arguments: any assertions and waits. Its error is noted. Returns whether there was none.
    /// Units: none.
    /// Errors: none in a test; elsewhere what `action` raises.
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert(check::passes(|| agency::current().leader()));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn passes(ctx: NativeCallContext, action: FnPtr) -> Raw<bool> {
        let error = match action.call_within_context::<Dynamic>(&ctx, ()) {
            Ok(_) => return Ok(true),
            Err(error) => error,
        };
        // a deadline ends the run whatever is done with it
        if matches!(error.unwrap_inner(), EvalAltResult::ErrorTerminated(..)) {
            return Err(error);
        }
        let thrown = match error.unwrap_inner() {
            EvalAltResult::ErrorRuntime(value, _) => value.clone(),
            other => Dynamic::from(other.to_string()),
        };
        note(&ctx, normalize(thrown))?;
        Ok(false)
    }
}
