//! How the language itself reaches into a document: `doc.a`, `doc["a"]`, `doc[0]`, `for`, `in`, `==`.

use std::any::TypeId;

use rhai::{
    Array, Dynamic, Engine, EvalAltResult, INT, ImmutableString, Map, Module, NativeCallContext,
    Position,
};

use super::convert::{check_at, equals, part, same};
use crate::document::{Document, View};
use crate::natives::{NativeContext, NativeError, NativeResult, Raw, call};

pub(super) const TYPE_NAME: &str = "Document";

/// Teaches `engine` all of it.
pub(in crate::natives) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<Document>(TYPE_NAME)
        .register_indexer_get(member)
        .register_indexer_get(element)
        .register_indexer_set(refuse_member)
        .register_indexer_set(refuse_element)
        .register_fn("==", |ctx: NativeCallContext, a: Document, b: Document| {
            call(&ctx, "==", |run| same(run, &a, &b))
        })
        .register_fn("!=", |ctx: NativeCallContext, a: Document, b: Document| {
            call(&ctx, "!=", |run| Ok(!same(run, &a, &b)?))
        })
        .register_fn("to_string", text)
        .register_fn("to_debug", text);
    let mut iterators = Module::new();
    iterators.set_iter_result(TypeId::of::<Document>(), |document| elements(document.cast()));
    engine.register_global_module(iterators.into());
    compare_with::<Map>(engine);
    compare_with::<Array>(engine);
}

fn compare_with<T: rhai::Variant + Clone>(engine: &mut Engine) {
    let equal = |a: &Document, b: T| equals(a, &Dynamic::from(b));
    engine
        .register_fn("==", move |a: Document, b: T| equal(&a, b))
        .register_fn("==", move |a: T, b: Document| equal(&b, a))
        .register_fn("!=", move |a: Document, b: T| !equal(&a, b))
        .register_fn("!=", move |a: T, b: Document| !equal(&b, a));
}

fn text(document: &mut Document) -> String {
    serde_json::to_string(document).unwrap_or_default()
}

fn raise<T>(ctx: &NativeCallContext, error: NativeError) -> Raw<T> {
    Err(error.into_engine_error(ctx.call_position()))
}

fn member(ctx: NativeCallContext, document: &mut Document, key: &str) -> Raw<Dynamic> {
    if let Some(found) = document.member(key) {
        return Ok(part(&found));
    }
    match document.view() {
        View::Object => Ok(Dynamic::UNIT),
        _ => raise(
            &ctx,
            NativeError::wrong_type(format!(
                "an array has no member '{key}'; its {} elements have numbers",
                document.len().unwrap_or_default()
            )),
        ),
    }
}

fn element(ctx: NativeCallContext, document: &mut Document, index: INT) -> Raw<Dynamic> {
    if document.view() == View::Object {
        let message = format!("the members of an object have keys, not numbers: [\"{index}\"]");
        return raise(&ctx, NativeError::wrong_type(message));
    }
    let length = document.len().unwrap_or_default();
    match place(index, length).and_then(|place| document.item(place)) {
        Some(found) => Ok(part(&found)),
        None => {
            let position = ctx.call_position();
            Err(EvalAltResult::ErrorArrayBounds(length, index, position).into())
        }
    }
}

/// Where an index points to; negative ones count from the end, as in arrays.
fn place(index: INT, length: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(place) => Some(place),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

fn refuse_member(
    ctx: NativeCallContext,
    document: &mut Document,
    key: &str,
    new: Dynamic,
) -> Raw<()> {
    refuse(&ctx, document.member(key), &format!("'{key}'"), &new)
}

fn refuse_element(
    ctx: NativeCallContext,
    document: &mut Document,
    index: INT,
    new: Dynamic,
) -> Raw<()> {
    let old = place(index, document.len().unwrap_or_default());
    refuse(&ctx, old.and_then(|place| document.item(place)), &index.to_string(), &new)
}

/// The engine puts a part back after a method was called on it: that changes nothing, and may be.
fn refuse(ctx: &NativeCallContext, old: Option<Document>, what: &str, new: &Dynamic) -> Raw<()> {
    let unchanged = match (&old, new.read_lock::<Document>()) {
        (Some(old), Some(new)) => old.is_same(&new),
        (Some(old), None) => !old.is_container() && equals(old, new),
        (None, _) => new.is_unit(),
    };
    if unchanged {
        return Ok(());
    }
    raise(
        ctx,
        NativeError::arango(
            "document.read_only",
            10,
            format!("{what} cannot be set: a document is read only; its .value() can be changed"),
        ),
    )
}

/// The elements of an array, one after the other.
fn elements(document: Document) -> Box<dyn Iterator<Item = Raw<Dynamic>>> {
    if document.view() == View::Object {
        let message = "an object cannot be walked through; use its .keys() or .values() instead";
        let error = NativeError::wrong_type(message).into_engine_error(Position::NONE);
        return Box::new(std::iter::once(Err(error)));
    }
    let mut next = 0;
    Box::new(std::iter::from_fn(move || {
        let found = document.item(next)?;
        next += 1;
        Some(Ok(part(&found)))
    }))
}

/// `wanted in document`: a key of an object, or an element of an array.
pub(super) fn contains(
    run: &NativeContext,
    document: &Document,
    wanted: &Dynamic,
) -> NativeResult<bool> {
    if document.view() == View::Object {
        let key = wanted.read_lock::<ImmutableString>();
        return Ok(key.is_some_and(|key| document.member(&key).is_some()));
    }
    for (place, found) in document.parts().enumerate() {
        check_at(run, place)?;
        let equal = match wanted.read_lock::<Document>() {
            Some(wanted) => same(run, &found, &wanted)?,
            None => equals(&found, wanted),
        };
        if equal {
            return Ok(true);
        }
    }
    Ok(false)
}
