//! Begin and end of tests in the agency: `Testing/<name>/Begin` and `End`.

use std::time::{Duration, Instant};

use serde_json::json;
use time::OffsetDateTime;
use time::macros::format_description;

use super::stage::Stage;
use crate::client::Transaction;

/// How long a mark may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Where a test has its marks: `/` in its name makes no levels.
pub(super) fn key(test: &str) -> String {
    test.replace('/', "~")
}

/// Notes that a test begins; an end from an earlier run goes. Tells why it could not.
pub(super) fn begin(stage: &Stage, test: &str) -> Result<(), String> {
    let place = format!("/arango/Testing/{}", key(test));
    write(
        stage,
        json!({
            (format!("{place}/Begin")): {"op": "set", "new": now()},
            (format!("{place}/End")): {"op": "delete"},
        }),
    )
}

/// Notes that a test has ended.
pub(super) fn end(stage: &Stage, test: &str) -> Result<(), String> {
    let place = format!("/arango/Testing/{}/End", key(test));
    write(stage, json!({(place): {"op": "set", "new": now()}}))
}

fn write(stage: &Stage, operations: serde_json::Value) -> Result<(), String> {
    let began = Instant::now();
    let written = stage.write(&Transaction::new(operations), LIMIT);
    written.map_err(|problem| match began.elapsed() < LIMIT {
        true => format!("its mark could not be written: {problem}"),
        false => format!("its mark could not be written within {} s", LIMIT.as_secs()),
    })
}

/// ISO 8601 in UTC with milliseconds.
fn now() -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::now_utc().format(&format).unwrap_or_default()
}
