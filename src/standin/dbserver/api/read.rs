//! Status and entries.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};

use super::{in_time, number, result};
use crate::standin::dbserver::engine::LogError;
use crate::standin::dbserver::log::entry::Entry;
use crate::standin::dbserver::log::kept::Kept;
use crate::standin::dbserver::server::DbServer;
use crate::standin::dbserver::store::LogName;
use crate::standin::web::answer::Answer;
use crate::standin::web::error::ApiError;
use crate::standin::web::service::Call;

/// Entries in an answer unless asked for another number.
const LIMIT: u64 = 10;

/// The local status of all logs of a database.
pub(super) async fn all(server: &DbServer, call: &Call) -> Answer {
    let look = server.engine.all(call.database.clone(), |running| running.participant.status());
    let all = look.await?.into_iter().map(|(log, status)| (log.to_string(), status));
    result(StatusCode::OK, Json::Object(all.collect::<Map<_, _>>()))
}

/// The local status of a log.
pub(super) async fn status(server: &DbServer, log: LogName) -> Answer {
    let status = server.engine.with(log, |running| Ok(running.participant.status()));
    result(StatusCode::OK, status.await?)
}

/// Some entries of a log.
async fn entries(
    server: &DbServer,
    log: LogName,
    choose: impl FnOnce(&Kept) -> Vec<Arc<Entry>> + Send + 'static,
) -> Answer {
    let chosen = server.engine.with(log, |running| Ok(choose(running.participant.kept())));
    result(StatusCode::OK, json!(chosen.await?))
}

fn at_most(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// The first entries.
pub(super) async fn head(server: &DbServer, call: &Call, log: LogName) -> Answer {
    let limit = at_most(number(call, "limit")?.unwrap_or(LIMIT));
    entries(server, log, move |kept| kept.from(0).take(limit).cloned().collect()).await
}

/// The last entries.
pub(super) async fn tail(server: &DbServer, call: &Call, log: LogName) -> Answer {
    let limit = number(call, "limit")?.unwrap_or(LIMIT);
    entries(server, log, move |kept| {
        let after_last = kept.last().index.saturating_add(1);
        kept.from(after_last.saturating_sub(limit)).cloned().collect()
    })
    .await
}

/// The entries between two indices.
pub(super) async fn slice(server: &DbServer, call: &Call, log: LogName) -> Answer {
    let start = number(call, "start")?.unwrap_or(0);
    let stop = number(call, "stop")?.unwrap_or(start.saturating_add(LIMIT + 1));
    entries(server, log, move |kept| {
        kept.from(start).take_while(|entry| entry.index < stop).cloned().collect()
    })
    .await
}

/// The entries from an index on, once that one is committed.
pub(super) async fn poll(server: &DbServer, call: &Call, log: LogName) -> Answer {
    let first = number(call, "first")?.unwrap_or(0);
    let end = first.saturating_add(number(call, "limit")?.unwrap_or(LIMIT));
    let waiting = server.engine.committed(log.clone(), first);
    let committed = in_time(server, waiting).await?.commit_index;
    entries(server, log, move |kept| {
        let wanted = kept.from(first).take_while(|entry| entry.index < end);
        wanted.take_while(|entry| entry.index <= committed).cloned().collect()
    })
    .await
}

/// One entry.
pub(super) async fn entry(server: &DbServer, log: LogName, index: &str) -> Answer {
    let index: u64 = index
        .parse()
        .map_err(|_| ApiError::Refused { message: format!("'{index}' is no index of an entry") })?;
    let entry = server.engine.with(log, move |running| {
        Ok::<_, LogError>(running.participant.kept().get(index).cloned())
    });
    match entry.await? {
        Some(entry) => result(StatusCode::OK, json!(entry)),
        None => Err(ApiError::NotFound),
    }
}
