//! `POST /_api/agency/read`.

use axum::http::StatusCode;

use crate::agency::value::Value;

use super::super::store::Store;
use super::dispatch::Call;
use super::leader;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;

/// Answers one tree per query, from what is committed.
pub(super) async fn read(mut call: Call) -> Answer {
    let body = call.parse_body().await?.map_err(ApiError::bad_request)?;
    leader::serving(&call).await?;
    let Some(Value::Array(queries)) = body else {
        return Err(ApiError::bad_request("Expecting array of arrays as body for reads"));
    };
    if let [only] = queries.as_slice()
        && !matches!(only, Value::Array(_))
    {
        return Err(ApiError::NotAQuery);
    }
    let store = call.agent.machine.with(|r| r.store());
    let results: Result<Vec<Value>, ApiError> = queries
        .iter()
        .filter_map(|query| match query {
            Value::Array(paths) => Some(run_query(&store, paths)),
            _ => None,
        })
        .collect();
    Ok(answer::value(StatusCode::OK, &answer::array(results?)))
}

/// Reads one query's paths.
///
/// # Errors
/// A path that is not a string.
pub(super) fn run_query(store: &Store, paths: &[Value]) -> Result<Value, ApiError> {
    let paths: Option<Vec<&str>> = paths
        .iter()
        .map(|path| match path {
            Value::String(path) => Some(&**path),
            _ => None,
        })
        .collect();
    match paths {
        Some(paths) => Ok(store.read(&paths)),
        None => Err(ApiError::bad_request("Expecting type String")),
    }
}
