//! Requests to a member, read and allowed, and whoever answers them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;

use super::answer::Answer;
use super::error::ApiError;
use super::form::Form;
use super::route::{self, Path};
use super::{Authentication, body};
use crate::agency::value::Value;

/// A request with its body.
#[derive(Debug)]
pub(in crate::standin) struct Call {
    /// The method.
    pub(in crate::standin) method: Method,
    /// The database of a `/_db/<name>` prefix; `_system` without one.
    pub(in crate::standin) database: String,
    /// The path without that prefix.
    pub(in crate::standin) path: Path,
    /// The query.
    pub(in crate::standin) query: Option<String>,
    /// The headers.
    pub(in crate::standin) headers: HeaderMap,
    /// The whole body.
    pub(in crate::standin) body: Bytes,
}

impl Call {
    /// The value of a query parameter.
    pub(in crate::standin) fn parameter(&self, name: &str) -> Option<String> {
        route::parameter(self.query.as_deref(), name)
    }

    /// Whether a query parameter says `true`; what it is without that parameter is given.
    pub(in crate::standin) fn flag(&self, name: &str, otherwise: bool) -> bool {
        match self.parameter(name).as_deref() {
            Some("true" | "1" | "yes" | "on" | "y") => true,
            Some("false" | "0" | "no" | "off" | "n") => false,
            _ => otherwise,
        }
    }

    /// The body, in the format of its content type; nothing if it is empty.
    pub(in crate::standin) async fn value(&self) -> Result<Option<Value>, ApiError> {
        let parsed = body::parse(&self.headers, self.body.clone()).await?;
        parsed.map_err(|message| ApiError::Numbered {
            status: StatusCode::BAD_REQUEST,
            number: 600,
            message: format!("the body cannot be read: {message}"),
        })
    }
}

/// What a service is about to answer.
pub(in crate::standin) type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Whoever answers requests.
pub(in crate::standin) trait Service: Send + Sync + 'static {
    /// Who may ask; everybody without it.
    fn authentication(&self) -> Option<&Authentication>;

    /// The largest body, in bytes.
    fn body_limit(&self) -> usize;

    /// Answers a request that may be asked.
    fn answer(self: Arc<Self>, call: Call) -> Answering;
}

/// The router of a service that answers at once and defers nothing, for tests of one by itself.
#[cfg(test)]
pub(in crate::standin) fn router<S: Service>(service: Arc<S>) -> axum::Router {
    axum::Router::new().fallback(serve::<S>).with_state(service)
}

#[cfg(test)]
async fn serve<S: Service>(
    axum::extract::State(service): axum::extract::State<Arc<S>>,
    request: Request<Body>,
) -> Response {
    let (head, body) = request.into_parts();
    let allowed = super::auth::check(service.authentication(), &head);
    let request = Request::from_parts(head, body);
    match allowed {
        Ok(()) => respond(service, request).await,
        Err(error) => super::form::refuse(request, error, service.body_limit()).await,
    }
}

/// Answers a request that may be asked.
pub(in crate::standin) async fn respond<S: Service>(
    service: Arc<S>,
    request: Request<Body>,
) -> Response {
    let form = Form::wished(&request);
    let (head, body) = request.into_parts();
    // Read in any case: a connection with an unread body cannot go on.
    let read = body::read(&head.headers, body, service.body_limit()).await;
    let answer = match read {
        Err(error) => Err(error),
        Ok(_) if head.method == Method::OPTIONS => Ok(allowed_methods()),
        Ok(body) => {
            let path = Path::new(head.uri.path());
            let database = path.database.as_deref().unwrap_or("_system");
            let database = percent_encoding::percent_decode_str(database).decode_utf8_lossy();
            let call = Call {
                method: head.method,
                database: database.into_owned(),
                path,
                query: head.uri.query().map(str::to_owned),
                headers: head.headers,
                body,
            };
            service.answer(call).await
        }
    };
    form.give(answer)
}

/// What is answered to `OPTIONS`.
pub(in crate::standin) fn allowed_methods() -> Response {
    let mut response = Response::new(Body::empty());
    response.headers_mut().insert(
        header::ALLOW,
        header::HeaderValue::from_static("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
    );
    response
}
