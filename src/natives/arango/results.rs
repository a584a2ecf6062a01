//! Answers as scripts see them, and the look at whether they are errors.

use rhai::{Dynamic, INT, ImmutableString, Map};

use super::error::{Failed, kind_of};
use crate::connection::{Answer, Content};
use crate::natives::{ErrorName, NativeError, NativeResult, from_json};

/// What a plain verb returns: the body, or a map with the status when there is none.
pub(super) fn plain(answer: Answer) -> Dynamic {
    if let Some(parsed) = answer.parsed {
        return from_json(parsed);
    }
    match answer.content {
        Content::Text(text) => text.into(),
        Content::Bytes(bytes) => Dynamic::from_blob(bytes),
        Content::Empty => status(&answer).into(),
    }
}

/// What a plain verb returns when there is no answer.
pub(super) fn plain_failure(failed: Failed) -> Map {
    failure(failed, 500)
}

/// What a raw verb returns.
pub(super) fn raw(answer: Answer) -> Map {
    let mut map = status(&answer);
    let headers: Map = answer
        .headers
        .into_iter()
        .map(|(name, value)| (name.as_str().into(), value.into()))
        .collect();
    map.insert("headers".into(), headers.into());
    if let Some(parsed) = answer.parsed {
        map.insert("parsed_body".into(), from_json(parsed));
    }
    match answer.content {
        Content::Text(text) => map.insert("body".into(), text.into()),
        Content::Bytes(bytes) => map.insert("body".into(), Dynamic::from_blob(bytes)),
        Content::Empty => None,
    };
    map
}

/// What a raw verb returns when there is no answer.
pub(super) fn raw_failure(failed: Failed) -> Map {
    let mut map = failure(failed, 0);
    map.insert("headers".into(), Map::new().into());
    map
}

fn status(answer: &Answer) -> Map {
    let mut map = Map::new();
    map.insert("code".into(), INT::from(answer.status).into());
    map.insert("error".into(), answer.is_error().into());
    if answer.is_error() {
        map.insert("error_num".into(), answer.error_num().into());
        map.insert("error_message".into(), answer.error_message().to_owned().into());
    }
    map
}

fn failure(failed: Failed, code: INT) -> Map {
    let mut map = Map::new();
    map.insert("code".into(), code.into());
    map.insert("error".into(), true.into());
    map.insert("error_num".into(), failed.number.into());
    map.insert("error_message".into(), failed.message.into());
    map
}

/// A result without its `error` member.
///
/// # Errors
/// The result is an error, or none at all.
pub(super) fn check(result: Dynamic) -> NativeResult<Dynamic> {
    if result.is_unit() {
        let error = NativeError::internal("arango.no_result", "there is no result to check");
        return Err(error.with_code(500));
    }
    let Some(mut map) = result.read_lock::<Map>().map(|map| map.clone()) else {
        return Ok(result);
    };
    if is_error(&map) {
        return Err(raised(&map));
    }
    map.remove("error");
    Ok(map.into())
}

fn is_error(map: &Map) -> bool {
    map.get("error").is_some_and(|flag| flag.as_bool() == Ok(true))
}

/// The error that a map tells: that of the server's body if there is one in it.
fn raised(map: &Map) -> NativeError {
    let body = map.get("parsed_body").and_then(|body| body.read_lock::<Map>());
    let source = body.as_deref().filter(|body| is_error(body)).unwrap_or(map);
    let int = |key: &str| source.get(key).and_then(|value| value.as_int().ok());
    let text =
        |key: &str| source.get(key).and_then(|value| value.clone().into_immutable_string().ok());
    // the server's spelling, else that of this host
    let number = int("errorNum").or_else(|| int("error_num")).unwrap_or(1);
    let message = text("errorMessage")
        .or_else(|| text("error_message"))
        .unwrap_or_else(|| ImmutableString::from("the server tells of an error without a message"));
    let code = int("code").or_else(|| map.get("code").and_then(|code| code.as_int().ok()));
    let error = if number == 17 {
        NativeError::plain("arango.type", ErrorName::TypeError, message)
    } else {
        let kind = kind_of(number).filter(|_| int("errorNum").is_none());
        NativeError::arango(kind.unwrap_or("arango.error"), number, message)
    };
    let error = error.with("response", map.clone());
    // without an answer there is no status
    match code.filter(|code| *code > 0 && map.contains_key("code")) {
        Some(code) => error.with_code(code),
        None => error,
    }
}
