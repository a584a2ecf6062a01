//! Shapes of answers, and what requests are refused with.

use std::error::Error;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value as Json, json};

use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

/// `{error:false, code, …}` with the members of an object.
pub(super) fn members(status: StatusCode, members: Json) -> Response {
    let mut body = json!({ "error": false, "code": status.as_u16() });
    if let (Some(body), Json::Object(members)) = (body.as_object_mut(), members) {
        body.extend(members);
    }
    answer::json(status, &body)
}

/// `{error:false, code:200, …}`.
pub(super) fn ok(more: Json) -> Answer {
    Ok(members(StatusCode::OK, more))
}

/// `{error:false, code:200, result}`.
pub(super) fn result(result: impl Into<Json>) -> Answer {
    ok(json!({ "result": result.into() }))
}

/// The request makes no sense.
pub(super) fn bad(message: impl Into<String>) -> ApiError {
    ApiError::numbered(StatusCode::BAD_REQUEST, 10, message)
}

/// What the request speaks of is not there.
pub(super) fn missing(number: u32, message: impl Into<String>) -> ApiError {
    ApiError::numbered(StatusCode::NOT_FOUND, number, message)
}

/// The request may not be made.
pub(super) fn forbidden(message: impl Into<String>) -> ApiError {
    ApiError::Forbidden { message: message.into() }
}

/// Something is not, or not any more, as it has to be.
pub(super) fn precondition_failed(message: impl Into<String>) -> ApiError {
    ApiError::numbered(StatusCode::PRECONDITION_FAILED, 412, message)
}

/// What was waited for did not happen in time.
pub(super) fn timed_out(message: impl Into<String>) -> ApiError {
    ApiError::numbered(StatusCode::REQUEST_TIMEOUT, 408, message)
}

/// The agency does not answer; the text tells all causes.
pub(super) fn unavailable(error: &dyn Error) -> ApiError {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    ApiError::numbered(StatusCode::SERVICE_UNAVAILABLE, 503, text)
}

/// The members of a request's body; `null` counts as absent.
#[derive(Clone, Debug, Default)]
pub(super) struct Body(Map<String, Json>);

impl Body {
    /// Reads the body, which must be an object.
    pub(super) async fn of(call: &Call) -> Result<Self, ApiError> {
        match json(call).await? {
            Some(Json::Object(members)) => Ok(Self(members)),
            _ => Err(bad("the body must be an object")),
        }
    }

    /// As [`Self::of`], but there may be no body, which is as good as an empty object.
    pub(super) async fn or_empty(call: &Call) -> Result<Self, ApiError> {
        if call.body.is_empty() { Ok(Self::default()) } else { Self::of(call).await }
    }

    /// A member as it came.
    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Whether there is such a member, be it `null`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A member that has to be a text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        self.typed(name, "a string", Json::as_str)
    }

    /// A member that has to be an unsigned number.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        self.typed(name, "a number that is whole and not negative", whole)
    }

    /// A member that has to be a bool.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        self.typed(name, "a bool", Json::as_bool)
    }

    /// A member that has to be an array of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, ApiError> {
        self.typed(name, "an array of strings", |value| {
            value.as_array()?.iter().map(Json::as_str).collect()
        })
    }

    /// A member that has to be an object.
    pub(super) fn object(&self, name: &str) -> Result<Option<Self>, ApiError> {
        self.typed(name, "an object", |value| value.as_object().cloned().map(Self))
    }

    /// A text that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name)?.ok_or_else(|| bad(format!("'{name}' is missing")))
    }

    fn typed<'a, T>(
        &'a self,
        name: &str,
        wanted: &str,
        read: impl FnOnce(&'a Json) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| bad(format!("'{name}' must be {wanted}")))
    }
}

impl From<Map<String, Json>> for Body {
    fn from(members: Map<String, Json>) -> Self {
        Self(members)
    }
}

/// The whole number that a value is; clients write such with a fraction, too.
pub(super) fn whole(value: &Json) -> Option<u64> {
    let double = || {
        let double = value.as_f64()?;
        // exact up to 2^53, like every number of JavaScript
        (double.fract() == 0.0 && (0.0..9e15).contains(&double)).then_some(double as u64)
    };
    value.as_u64().or_else(double)
}

/// The body of a request; nothing if it is empty.
pub(super) async fn json(call: &Call) -> Result<Option<Json>, ApiError> {
    Ok(call.value().await?.map(Json::from))
}
