//! One call of a script's function for each part: cheaper than a loop of the script's own.

use rhai::{Array, Dynamic, EvalAltResult, FnPtr, Map, NativeCallContext};

use super::convert::{check_at, part};
use crate::document::{Document, View};
use crate::natives::{NativeContext, NativeError};

type Called<T> = Result<T, Box<EvalAltResult>>;

/// Calls `function` with each element, or with key and value of each member.
fn call_each(
    ctx: &NativeCallContext,
    document: &Document,
    function: &FnPtr,
    mut take: impl FnMut(&Document, Option<&str>, Dynamic) -> Called<()>,
) -> Called<()> {
    let position = ctx.call_position();
    let run = NativeContext::of(ctx).map_err(|error| error.into_engine_error(position))?;
    for place in 0..document.len().unwrap_or_default() {
        check_at(&run, place).map_err(|error| error.into_engine_error(position))?;
        let Some(found) = document.part_at(place) else { break };
        let key = document.key_at(place);
        let result = match key {
            Some(key) => function.call_within_context(ctx, (key.to_owned(), part(&found)))?,
            None => function.call_within_context(ctx, (part(&found),))?,
        };
        take(&found, key, result)?;
    }
    Ok(())
}

fn answer(ctx: &NativeCallContext, result: &Dynamic) -> Called<bool> {
    result.as_bool().map_err(|other| {
        let message = format!("the function must return a boolean, not {other}");
        NativeError::wrong_type(message).into_engine_error(ctx.call_position())
    })
}

pub(super) fn for_each(
    ctx: &NativeCallContext,
    document: &Document,
    function: &FnPtr,
) -> Called<()> {
    call_each(ctx, document, function, |_, _, _| Ok(()))
}

pub(super) fn map(ctx: &NativeCallContext, document: &Document, function: &FnPtr) -> Called<Array> {
    let mut results = Array::with_capacity(document.len().unwrap_or_default());
    call_each(ctx, document, function, |_, _, result| {
        results.push(result);
        Ok(())
    })?;
    Ok(results)
}

pub(super) fn filter(
    ctx: &NativeCallContext,
    document: &Document,
    function: &FnPtr,
) -> Called<Dynamic> {
    let (mut items, mut members) = (Array::new(), Map::new());
    call_each(ctx, document, function, |found, key, result| {
        if answer(ctx, &result)? {
            match key {
                Some(key) => drop(members.insert(key.into(), part(found))),
                None => items.push(part(found)),
            }
        }
        Ok(())
    })?;
    Ok(match document.view() {
        View::Object => members.into(),
        _ => items.into(),
    })
}
