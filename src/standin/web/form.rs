//! The form of an answer, and requests that are not looked at.

use axum::body::Body;
use axum::http::{Method, Request};
use axum::response::Response;

use super::answer::{self, Answer, Format};
use super::body;
use super::error::ApiError;

/// The form that the client wishes for its answer.
pub(in crate::standin) struct Form {
    format: Format,
    without_body: bool,
}

impl Form {
    pub(in crate::standin) fn wished(request: &Request<Body>) -> Self {
        Self {
            format: Format::accepted(request.headers()),
            without_body: request.method() == Method::HEAD,
        }
    }

    pub(in crate::standin) fn give(self, answer: Answer) -> Response {
        let response = answer.unwrap_or_else(ApiError::into_response);
        let mut response = answer::encode(response, self.format);
        if self.without_body {
            *response.body_mut() = Body::empty();
        }
        response
    }
}

/// Answers a request that is not looked at any further.
pub(in crate::standin) async fn refuse(
    request: Request<Body>,
    error: ApiError,
    body_limit: usize,
) -> Response {
    let form = Form::wished(&request);
    // Read in any case: a connection with an unread body cannot go on.
    body::discard(request.into_body(), body_limit).await;
    form.give(Err(error))
}
