//! Encoding of answers.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::agency::json as codec;
use crate::agency::value::{Object, Value};

use super::error::ApiError;

/// What a handler gives back.
pub(super) type Answer = Result<Response, ApiError>;

/// An answer with a JSON body that is already encoded.
pub(super) fn raw_json(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

/// An answer with a value of the agency as its body.
pub(super) fn value(status: StatusCode, value: &Value) -> Response {
    let mut body = Vec::new();
    codec::write(value, &mut body);
    raw_json(status, body)
}

/// An answer with a small fixed body.
pub(super) fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    value(status, &Value::from(body.clone()))
}

/// An object of the given members.
pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let members = members.into_iter().map(|(k, v)| (Arc::from(k), v));
    Value::Object(members.collect::<Object>())
}

/// An array of the given elements.
pub(super) fn array(elements: Vec<Value>) -> Value {
    Value::Array(Arc::new(elements))
}

/// An index of the agency's log.
pub(super) fn index(index: u64) -> Value {
    match i64::try_from(index) {
        Ok(index) => Value::Int(index),
        Err(_) => Value::UInt(index),
    }
}
