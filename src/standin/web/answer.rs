//! Answers and their encoding.
//!
//! Handlers answer with values; what becomes of them on the wire depends on the
//! request alone and is done in one place, after the handler.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::agency::json as codec;
use crate::agency::value::{Object, Value};
use crate::vpack;

use super::error::ApiError;

/// What a handler gives back.
pub(in crate::standin) type Answer = Result<Response, ApiError>;

/// The content of an answer that is not encoded yet.
#[derive(Clone)]
enum Content {
    Value(Value),
    /// No body, but the type that it would have.
    Nothing,
}

/// A way to write values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::standin) enum Format {
    Json,
    VelocyPack,
}

impl Format {
    /// The media type that stands for VelocyPack, as the only and whole value of
    /// a header.
    const VELOCYPACK: &[u8] = b"application/x-velocypack";

    /// The format that a client wishes.
    pub(in crate::standin) fn accepted(headers: &HeaderMap) -> Self {
        Self::named(headers.get(header::ACCEPT))
    }

    /// The format of a request's body.
    pub(in crate::standin) fn sent(headers: &HeaderMap) -> Self {
        Self::named(headers.get(header::CONTENT_TYPE))
    }

    fn named(media_type: Option<&HeaderValue>) -> Self {
        match media_type {
            Some(media_type) if media_type == Self::VELOCYPACK => Self::VelocyPack,
            _ => Self::Json,
        }
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::VelocyPack => "application/x-velocypack",
        })
    }

    fn encode(self, value: &Value) -> Vec<u8> {
        match self {
            Self::Json => {
                let mut body = Vec::new();
                codec::write(value, &mut body);
                body
            }
            Self::VelocyPack => vpack::encode(value),
        }
    }
}

/// Encodes the content of an answer, if it is not encoded already.
pub(in crate::standin) fn encode(mut response: Response, format: Format) -> Response {
    let Some(content) = response.extensions_mut().remove::<Content>() else { return response };
    if let Content::Value(value) = content {
        *response.body_mut() = Body::from(format.encode(&value));
    }
    response.headers_mut().insert(header::CONTENT_TYPE, format.content_type());
    response
}

fn with_content(status: StatusCode, content: Content) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.extensions_mut().insert(content);
    response
}

/// An answer to another agent, encoded in the way of their own.
pub(in crate::standin) fn raw_json(body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, Format::Json.content_type());
    response
}

/// An answer with the type of a body, but none.
pub(in crate::standin) fn nothing(status: StatusCode) -> Response {
    with_content(status, Content::Nothing)
}

/// An answer with a value of the agency as its body.
pub(in crate::standin) fn value(status: StatusCode, value: &Value) -> Response {
    with_content(status, Content::Value(value.clone()))
}

/// An answer with a small fixed body.
pub(in crate::standin) fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    value(status, &Value::from(body.clone()))
}

/// An object of the given members.
pub(in crate::standin) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let members = members.into_iter().map(|(k, v)| (Arc::from(k), v));
    Value::Object(members.collect::<Object>())
}

/// An array of the given elements.
pub(in crate::standin) fn array(elements: Vec<Value>) -> Value {
    Value::Array(Arc::new(elements))
}

/// An index of the agency's log.
pub(in crate::standin) fn index(index: u64) -> Value {
    match i64::try_from(index) {
        Ok(index) => Value::Int(index),
        Err(_) => Value::UInt(index),
    }
}
