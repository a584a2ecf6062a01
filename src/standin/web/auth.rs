//! Who may ask: superuser tokens (protocol §11).

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, header};

use super::authentication::Authentication;
use super::error::ApiError;
use super::route::Path;
use crate::auth;

static OMIT: HeaderName = HeaderName::from_static("x-omit-www-authenticate");

/// Paths that answer without a token, by how they begin.
const OPEN: [&str; 3] = ["/_admin/server/availability", "/_open/", "/_admin/aardvark/"];

/// `Err` unless the request may be answered. It is checked before anything is looked for, so
/// that a stranger does not learn what there is.
pub(in crate::standin) fn check(
    authentication: Option<&Authentication>,
    head: &Parts,
) -> Result<(), ApiError> {
    let Some(authentication) = authentication else { return Ok(()) };
    let raw_path = head.uri.path();
    if head.method == Method::OPTIONS || is_open(&Path::new(raw_path).text) {
        return Ok(());
    }
    let token = head.headers.get(header::AUTHORIZATION).and_then(bearer);
    let claims = token.and_then(|token| auth::verify(token, authentication.secrets()).ok());
    if claims.is_some_and(|claims| claims.allows(raw_path)) {
        return Ok(());
    }
    Err(ApiError::Unauthorized { silent: head.headers.contains_key(&OMIT) })
}

fn is_open(path: &str) -> bool {
    !path.starts_with("/_") || OPEN.iter().any(|open| path.starts_with(open))
}

/// The token of a header `bearer TOKEN`; the scheme in any case.
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;
    use crate::auth::Secret;

    fn verdict(method: &str, path: &str, token: Option<&str>) -> Result<(), ApiError> {
        let secrets = vec![Secret::new(b"s3cret").unwrap()];
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        check(Some(&Authentication::new(secrets)), &head)
    }

    #[test]
    fn a4_only_some_paths_and_options_are_open() {
        for path in [
            "/",
            "/foo",
            "/_admin/server/availability",
            "/_db/_system/_admin/server/availability",
            "/_open/auth",
            "/_admin/aardvark/index.html",
        ] {
            assert_eq!(verdict("GET", path, None), Ok(()), "{path}");
        }
        for path in ["/_api/version", "//_api//version", "/_admin/status", "/_nope", "/_db/x/_api"]
        {
            assert!(verdict("GET", path, None).is_err(), "{path}");
            assert_eq!(verdict("OPTIONS", path, None), Ok(()), "{path}");
        }
    }

    #[test]
    fn a1_the_scheme_is_read_in_any_case() {
        let token = auth::sign(&Secret::new(b"s3cret").unwrap(), "x", None).unwrap();
        for scheme in ["bearer", "Bearer", "BEARER"] {
            assert_eq!(verdict("GET", "/_api/version", Some(&format!("{scheme} {token}"))), Ok(()));
        }
        for header in ["", &token, &format!("basic {token}"), &format!("bearer{token}")] {
            assert!(verdict("GET", "/_api/version", Some(header)).is_err(), "{header}");
        }
    }
}
