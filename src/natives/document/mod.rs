//! `Document`: a large JSON value that scripts read in place.
//!
//! What has no parts becomes an ordinary value when it is reached; arrays and objects stay
//! documents, which cost a pointer.

mod access;
mod convert;
mod each;
mod query;

use rhai::plugin::*;
use rhai::{Array, Dynamic, FnPtr, INT, ImmutableString};

use super::json::steps;
use super::{NativeError, NativeResult, Raw, call};
use crate::document::View;

pub(super) use access::register;
pub(super) use convert::{equals, go_on, part, read, same, stopped, value};
pub(super) use query::query;

/// The part at a path; `()` when there is none.
pub(super) fn get(document: &Document, path: &Dynamic) -> NativeResult<Dynamic> {
    let steps = steps(path)?;
    let found = document.at(steps.iter().map(ImmutableString::as_str));
    Ok(found.as_ref().map_or(Dynamic::UNIT, part))
}

fn must_be(document: &Document, wanted: View<'_>, what: &str) -> NativeResult<()> {
    if document.view() == wanted {
        return Ok(());
    }
    let other = if wanted == View::Object { "an array" } else { "an object" };
    Err(NativeError::wrong_type(format!("the document is {other}, not {what}")))
}

pub use crate::document::Document;

#[export_module(manifest)]
#[allow(unreachable_pub, reason = "the macro exports pub functions only")]
#[allow(clippy::unwrap_used, reason = "the macro takes apart what the engine has checked")]
pub(super) mod natives {
    /// Reads a part of a document by its path.
    ///
    /// `document.get(path: array | string) -> any`
    ///
    /// Arguments: `path`, an array of keys and indexes, or a text such as `/a/0/b`.
    /// Units: indexes count from 0; `()` when there is nothing at the path.
    /// Errors: `argument.type` for a path of another type.
    /// Legacy: none; `_.get(value, path)`.
    ///
    /// ```rhai
    /// let doc = json::parse_doc(`{"a": [{"b": 7}]}`);
    /// assert_eq(doc.get("/a/0/b"), 7);
    /// assert_eq(doc.get(["a", 1]), ());
    /// assert_eq(doc.a[-1].b, 7);
    /// ```
    #[rhai_fn(global, pure, name = "get", return_raw)]
    pub fn get_native(
        ctx: NativeCallContext,
        document: &mut Document,
        path: Dynamic,
    ) -> Raw<Dynamic> {
        call(&ctx, "document::get", |_| get(document, &path))
    }

    /// The keys of an object, sorted.
    ///
    /// `document.keys() -> array`
    ///
    /// Arguments: none.
    /// Units: none.
    /// Errors: `argument.type` when the document is an array.
    /// Legacy: `Object.keys(value)`.
    ///
    /// ```rhai
    /// assert_eq(json::parse_doc(`{"b": 1, "a": 2}`).keys(), ["a", "b"]);
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn keys(ctx: NativeCallContext, document: &mut Document) -> Raw<Array> {
        call(&ctx, "document::keys", |run| {
            must_be(document, View::Object, "an object")?;
            convert::keys(run, document)
        })
    }

    /// The elements of an array, or the values of an object in the order of its sorted keys.
    ///
    /// `document.values() -> array`
    ///
    /// Arguments: none.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `Object.values(value)`.
    ///
    /// ```rhai
    /// assert_eq(json::parse_doc(`{"b": 1, "a": 2}`).values(), [2, 1]);
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn values(ctx: NativeCallContext, document: &mut Document) -> Raw<Array> {
        call(&ctx, "document::values", |run| convert::parts(run, document))
    }

    /// The number of elements or members.
    ///
    /// `document.len() -> integer`
    ///
    /// Arguments: none.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `value.length`, `Object.keys(value).length`.
    ///
    /// ```rhai
    /// assert_eq(json::parse_doc("[1, 2]").len(), 2);
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn len(ctx: NativeCallContext, document: &mut Document) -> Raw<INT> {
        call(&ctx, "document::len", |_| {
            Ok(INT::try_from(document.len().unwrap_or_default()).unwrap_or(INT::MAX))
        })
    }

    /// Whether there is nothing in it.
    ///
    /// `document.is_empty() -> boolean`
    ///
    /// Arguments: none.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `_.isEmpty(value)`.
    ///
    /// ```rhai
    /// assert(json::parse_doc("{}").is_empty());
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn is_empty(ctx: NativeCallContext, document: &mut Document) -> Raw<bool> {
        call(&ctx, "document::is_empty", |_| Ok(document.is_empty()))
    }

    /// Whether an object has a key, or an array an element: what `wanted in document` asks.
    ///
    /// `document.contains(wanted: any) -> boolean`
    ///
    /// Arguments: `wanted`, a key or the value of an element.
    /// Units: none.
    /// Errors: none.
    /// Legacy: `value.hasOwnProperty(key)`, `value.includes(element)`.
    ///
    /// ```rhai
    /// assert("a" in json::parse_doc(`{"a": null}`));
    /// assert(!(7 in json::parse_doc("[1, 2]")));
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn contains(ctx: NativeCallContext, document: &mut Document, wanted: Dynamic) -> Raw<bool> {
        call(&ctx, "document::contains", |run| access::contains(run, document, &wanted))
    }

    /// The ordinary value with everything in it, which can be changed.
    ///
    /// `document.value() -> array | map`
    ///
    /// Arguments: none.
    /// Units: takes several times the memory of the text.
    /// Errors: none.
    /// Legacy: none.
    ///
    /// ```rhai
    /// let all = json::parse_doc(`{"a": [1]}`).value();
    /// all.a.push(2);
    /// assert_eq(all.a, [1, 2]);
    /// ```
    #[rhai_fn(global, pure, name = "value", return_raw)]
    pub fn value_native(ctx: NativeCallContext, document: &mut Document) -> Raw<Dynamic> {
        call(&ctx, "document::value", |run| value(run, document))
    }

    /// As `value`, for an object.
    ///
    /// `document.to_map() -> map`
    ///
    /// Arguments: none.
    /// Units: takes several times the memory of the text.
    /// Errors: `argument.type` when the document is an array.
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert_eq(json::parse_doc(`{"a": 1}`).to_map(), #{ a: 1 });
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn to_map(ctx: NativeCallContext, document: &mut Document) -> Raw<Dynamic> {
        call(&ctx, "document::to_map", |run| {
            must_be(document, View::Object, "an object")?;
            value(run, document)
        })
    }

    /// As `value`, for an array.
    ///
    /// `document.to_array() -> array`
    ///
    /// Arguments: none.
    /// Units: takes several times the memory of the text.
    /// Errors: `argument.type` when the document is an object.
    /// Legacy: none.
    ///
    /// ```rhai
    /// assert_eq(json::parse_doc("[1, [2]]").to_array(), [1, [2]]);
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn to_array(ctx: NativeCallContext, document: &mut Document) -> Raw<Dynamic> {
        call(&ctx, "document::to_array", |run| {
            must_be(document, View::Array, "an array")?;
            value(run, document)
        })
    }

    /// Calls a function with each element of an array, or with key and value of each member.
    ///
    /// `document.for_each(function: function) -> ()`
    ///
    /// Arguments: `function`, of one parameter for arrays, of two for objects.
    /// Units: none.
    /// Errors: what the function raises.
    /// Legacy: `value.forEach(f)`, `_.forEach(value, f)`; key and value are the other way round there.
    ///
    /// ```rhai
    /// let sum = 0;
    /// json::parse_doc(`{"a": 1, "b": 2}`).for_each(|key, value| { sum += value });
    /// assert_eq(sum, 3);
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn for_each(ctx: NativeCallContext, document: &mut Document, function: FnPtr) -> Raw<()> {
        each::for_each(&ctx, document, &function)
    }

    /// What a function makes of each element, or of key and value of each member.
    ///
    /// `document.map(function: function) -> array`
    ///
    /// Arguments: `function`, of one parameter for arrays, of two for objects.
    /// Units: none.
    /// Errors: what the function raises.
    /// Legacy: `value.map(f)`, `_.map(value, f)`.
    ///
    /// ```rhai
    /// assert_eq(json::parse_doc("[1, 2]").map(|x| x * 10), [10, 20]);
    /// assert_eq(json::parse_doc(`{"a": 1}`).map(|key, value| key + value), ["a1"]);
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn map(ctx: NativeCallContext, document: &mut Document, function: FnPtr) -> Raw<Array> {
        each::map(&ctx, document, &function)
    }

    /// The elements or members that a function wants.
    ///
    /// `document.filter(function: function) -> array | map`
    ///
    /// Arguments: `function`, of one parameter for arrays, of two for objects; returns a boolean.
    /// Units: none.
    /// Errors: `argument.type` when it returns something else; what the function raises.
    /// Legacy: `value.filter(f)`, `_.pickBy(value, f)`.
    ///
    /// ```rhai
    /// assert_eq(json::parse_doc("[1, 2, 3]").filter(|x| x > 1), [2, 3]);
    /// assert_eq(json::parse_doc(`{"a": 1, "b": 2}`).filter(|key, value| value > 1), #{ b: 2 });
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn filter(
        ctx: NativeCallContext,
        document: &mut Document,
        function: FnPtr,
    ) -> Raw<Dynamic> {
        each::filter(&ctx, document, &function)
    }

    /// All results of a jq program on the document, which is not converted for it.
    ///
    /// `document.query(program: string) -> array`
    ///
    /// Arguments: `program`, in the language of jq, of at most 8192 bytes. Members of objects come sorted by key;
    /// `input`, `env` and modules are not there.
    /// Units: the results are ordinary values: maps, arrays, integers, floats.
    /// Errors: `query.syntax` for a text that is no program; `query.failed` for an error that the program does not catch
    /// (both number 10).
    /// Legacy: none.
    ///
    /// ```rhai
    /// let doc = json::parse_doc(`{"shards": {"s1": ["A", "B"], "s2": ["B"]}}`);
    /// assert_eq(doc.query(".shards[] | length"), [2, 1]);
    /// assert_eq(doc.query("[.shards | to_entries[] | select(.value[0] == \"B\").key]")[0], ["s2"]);
    /// ```
    #[rhai_fn(global, pure, name = "query", return_raw)]
    pub fn query_native(
        ctx: NativeCallContext,
        document: &mut Document,
        program: &str,
    ) -> Raw<Array> {
        call(&ctx, "document::query", |run| query(run, document, program))
    }
}
