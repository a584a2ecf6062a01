//! `POST /_api/agency/transact` and `transient`: reads and writes, mixed.

use axum::http::StatusCode;

use crate::agency::entry::LogEntry;
use crate::agency::value::{Object, Value};

use super::super::spearhead::{ChunkError, JudgedOne, TOO_DEEP, is_too_deep};
use super::super::store::{OperationError, Store};
use super::super::{lock, now_millis};
use super::dispatch::Call;
use super::leader;
use super::read::run_query;
use super::write::envelope;
use crate::standin::web::answer::{self, Answer};
use crate::standin::web::error::ApiError;

/// After so many items other requests get their turn.
const ITEMS_AT_ONCE: usize = 250;

/// One element of the request.
enum Item<'a> {
    Read(&'a [Value]),
    Write(Write<'a>),
    /// Neither: leaves no result.
    Nothing,
}

/// A write transaction of the request.
struct Write<'a> {
    operations: &'a Object,
    preconditions: Option<&'a Value>,
    client_id: Option<&'a std::sync::Arc<str>>,
    surplus: bool,
}

/// What became of a write.
enum Written {
    Applied,
    PreconditionFailed(Vec<String>),
    OperationFailed,
}

impl<'a> Item<'a> {
    fn parse(element: &'a Value) -> Result<Self, ApiError> {
        let Value::Array(parts) = element else {
            return Err(ApiError::bad_request("Expecting type Array"));
        };
        match parts.first() {
            None => Err(ApiError::bad_request("Index out of bounds")),
            Some(Value::String(_)) => Ok(Self::Read(parts)),
            Some(Value::Object(operations)) => Ok(Self::Write(Write {
                operations,
                preconditions: parts.get(1),
                client_id: match parts.get(2) {
                    Some(Value::String(id)) if !id.is_empty() => Some(id),
                    _ => None,
                },
                surplus: parts.len() > 3,
            })),
            Some(_) => Ok(Self::Nothing),
        }
    }
}

impl Write<'_> {
    /// Runs the write; on anything but success the store stays as it was.
    fn run(&self, store: &mut Store) -> Result<Written, ApiError> {
        if self.surplus {
            return Err(ApiError::bad_request("Too many elements in transaction"));
        }
        if self.operations.is_empty() {
            return Err(ApiError::bad_request("Index out of bounds"));
        }
        if is_too_deep(self.operations) {
            return Err(ApiError::bad_request(TOO_DEEP));
        }
        match self.preconditions {
            None => {}
            Some(Value::Object(preconditions)) => {
                let failing =
                    store.check(preconditions).map_err(|e| ApiError::bad_request(e.to_string()))?;
                if !failing.is_empty() {
                    return Ok(Written::PreconditionFailed(failing));
                }
            }
            Some(_) => return Err(ApiError::bad_request("Expecting Object slice")),
        }
        match store.apply(self.operations) {
            Ok(()) => Ok(Written::Applied),
            Err(OperationError::Failed { .. }) => Ok(Written::OperationFailed),
            Err(structural) => Err(ApiError::bad_request(structural.to_string())),
        }
    }

    fn entry(&self) -> LogEntry {
        LogEntry {
            request: Value::Object(self.operations.clone()),
            client_id: self.client_id.cloned(),
            epoch_millis: now_millis(),
        }
    }

    fn touches_agency(&self) -> bool {
        self.operations.keys().any(|key| matches!(key.find(".agency"), Some(0 | 1)))
    }
}

/// What the failing paths hold.
fn observed(store: &Store, paths: &[String]) -> Value {
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    store.read(&paths)
}

/// Reads and writes on the write-ahead store; answers when all is committed that the results rest
/// on, be they applied, refused or read. Nobody waits who only reads.
pub(super) async fn transact(mut call: Call) -> Answer {
    let elements = envelope(&mut call).await?;
    let ongoing = call.agent.ongoing.register(&elements);
    let term = leader::serving(&call).await?;
    let forbidden = elements.iter().any(
        |element| matches!(Item::parse(element), Ok(Item::Write(write)) if write.touches_agency()),
    );
    if forbidden {
        return Err(ApiError::Forbidden { message: "forbidden".to_owned() });
    }
    let mut results = Vec::new();
    let mut status = StatusCode::OK;
    let mut rests_on = 0;
    let mut writes = false;
    for (position, element) in elements.iter().enumerate() {
        if position % ITEMS_AT_ONCE == ITEMS_AT_ONCE - 1 {
            tokio::task::yield_now().await;
        }
        let done = transact_item(&call, term, element)?;
        if done.written == Some(0) {
            status = StatusCode::PRECONDITION_FAILED;
        }
        writes |= done.written.is_some();
        rests_on = rests_on.max(done.rests_on);
        results.extend(done.result);
    }
    drop(ongoing);
    if writes {
        call.agent.committed(rests_on, Some(term)).await?;
    }
    Ok(answer::value(status, &answer::array(results)))
}

/// What became of one item.
#[derive(Default)]
struct Done {
    result: Option<Value>,
    /// The index of a write, 0 if it was refused.
    written: Option<u64>,
    /// The last index that it saw.
    rests_on: u64,
}

/// Runs one item.
fn transact_item(call: &Call, term: u64, element: &Value) -> Result<Done, ApiError> {
    let write = match Item::parse(element)? {
        Item::Nothing => return Ok(Done::default()),
        Item::Read(paths) => {
            let spearhead = lock(&call.agent.spearhead);
            if spearhead.term != Some(term) {
                return Err(ApiError::LeadershipLost);
            }
            let (store, rests_on) = (spearhead.store.clone(), spearhead.last_index());
            drop(spearhead);
            return Ok(Done { result: Some(run_query(&store, paths)?), written: None, rests_on });
        }
        Item::Write(write) => write,
    };
    let written = call.agent.write_one(term, |store| {
        let result = write.run(store).map(|written| match written {
            Written::Applied => None,
            Written::PreconditionFailed(paths) => Some(observed(store, &paths)),
            Written::OperationFailed => Some(answer::object([])),
        });
        let applied = matches!(result, Ok(None));
        (applied.then(|| write.entry()), result)
    });
    match written {
        Err(ChunkError::LeadershipLost) => Err(ApiError::LeadershipLost),
        Err(ChunkError::Malformed(message)) => Err(ApiError::bad_request(message)),
        Ok(JudgedOne { index, rests_on, result }) => {
            let refusal = result?;
            let result = refusal.unwrap_or_else(|| answer::index(index));
            Ok(Done { result: Some(result), written: Some(index), rests_on })
        }
    }
}

/// Reads and writes on the leader's transient store.
pub(super) async fn transient(mut call: Call) -> Answer {
    let elements = envelope(&mut call).await?;
    leader::serving(&call).await?;
    let mut results = Vec::new();
    let mut transient = lock(&call.agent.transient);
    for element in elements.iter() {
        match Item::parse(element)? {
            Item::Nothing => {}
            Item::Read(paths) => results.push(run_query(&transient, paths)?),
            Item::Write(write) => {
                let written = write.run(&mut transient)?;
                results.push(Value::Bool(matches!(written, Written::Applied)));
            }
        }
    }
    drop(transient);
    Ok(answer::value(StatusCode::OK, &answer::array(results)))
}
