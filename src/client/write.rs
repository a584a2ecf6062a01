//! Writes: every transaction has an id, so that its fate can be asked for.

use serde_json::Value;

use super::answer::Answer;
use super::outcome::{Transaction, WriteOutcome};
use super::request::{Call, Failure};
use super::retry::Budget;
use super::{AgencyClient, ClientError};
use crate::http::HttpError;

impl AgencyClient {
    /// Sends transactions in one request and tells what became of each.
    ///
    /// When the answer gets lost, the agency is asked for their fate; only those
    /// that did not happen are sent again. Ids that the caller brings must be new.
    /// Agents do not recognise what they have done already: a network that delivers a request
    /// after its connection was given up, and after that question, has it done twice.
    ///
    /// # Errors
    /// [`ClientError::UnknownOutcome`] when nobody could tell in time; otherwise nothing happened.
    pub fn write(&self, transactions: &[Transaction]) -> Result<WriteOutcome, ClientError> {
        self.check_writable()?;
        let mut budget = self.budget();
        let client_ids: Vec<String> = transactions
            .iter()
            .map(|one| {
                // agents do not keep the empty id
                one.client_id.clone().filter(|id| !id.is_empty()).unwrap_or_else(fresh_id)
            })
            .collect();
        let mut results = vec![0; transactions.len()];
        let mut open: Vec<usize> = (0..transactions.len()).collect();
        loop {
            let body: Vec<Value> =
                open.iter().map(|&at| transactions[at].envelope(&client_ids[at])).collect();
            let body = serde_json::to_vec(&body).map_err(|error| unencodable(&error))?;
            let call = Call { repeatable: false, ..Call::post("/_api/agency/write", &body) };
            let cause = match self.request(&call, &mut budget) {
                Ok(answer) => match write_results(&answer, open.len()) {
                    Ok(indices) => {
                        for (&at, index) in open.iter().zip(indices) {
                            results[at] = index;
                        }
                        return Ok(WriteOutcome { status: answer.status, results, client_ids });
                    }
                    Err(error @ ClientError::BadAnswer { .. }) => error,
                    Err(error) => return Err(error),
                },
                Err(Failure::Final(error)) if open.len() == transactions.len() => {
                    return Err(error);
                }
                Err(Failure::Final(error)) => return Err(unknown(client_ids, error)),
                Err(Failure::Ambiguous(cause)) => cause,
            };
            let ids: Vec<String> = open.iter().map(|&at| client_ids[at].clone()).collect();
            let fates = match self.fates(&ids, &cause, &mut budget)? {
                Some(fates) if are_told_apart(&ids, &fates) => fates,
                _ => return Err(unknown(client_ids, cause)),
            };
            for (&at, index) in open.iter().zip(fates) {
                results[at] = index;
            }
            open.retain(|&at| results[at] == 0);
            if open.is_empty() {
                return Ok(WriteOutcome { status: 200, results, client_ids });
            }
            if !budget.pause()? {
                return Err(match open.len() == transactions.len() {
                    true => self.too_late(&budget, cause),
                    false => unknown(client_ids, cause),
                });
            }
        }
    }

    /// Runs reads and writes in one request on the leader's newest state; one result per item.
    ///
    /// Items are `["/path", …]` or `[operations, preconditions, id]`, paths absolute.
    ///
    /// # Errors
    /// [`ClientError::UnknownOutcome`] when the answer got lost and some writes happened.
    pub fn transact(&self, items: &[Value]) -> Result<(u16, Vec<Value>), ClientError> {
        let mut items = items.to_vec();
        let mut client_ids = Vec::new();
        for item in &mut items {
            if let Some(parts) =
                item.as_array_mut().filter(|parts| parts.first().is_some_and(Value::is_object))
            {
                client_ids.push(with_id(parts));
            }
        }
        if !client_ids.is_empty() {
            self.check_writable()?;
        }
        let reads = items.len() - client_ids.len();
        let body = serde_json::to_vec(&items).map_err(|error| unencodable(&error))?;
        let call = Call {
            repeatable: client_ids.is_empty(),
            ..Call::post("/_api/agency/transact", &body)
        };
        let mut budget = self.budget();
        loop {
            let cause = match self.request(&call, &mut budget) {
                Ok(answer) => match array_of(&answer, items.len()) {
                    Ok(results) => return Ok((answer.status, results)),
                    Err(error @ ClientError::BadAnswer { .. }) if !client_ids.is_empty() => error,
                    Err(error) => return Err(error),
                },
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Ambiguous(cause)) => cause,
            };
            match self.fates(&client_ids, &cause, &mut budget)? {
                Some(fates) if fates.iter().all(|index| *index == 0) => {
                    if !budget.pause()? {
                        return Err(self.too_late(&budget, cause));
                    }
                }
                Some(fates)
                    if reads == 0
                        && fates.iter().all(|index| *index > 0)
                        && are_told_apart(&client_ids, &fates) =>
                {
                    return Ok((200, fates.into_iter().map(Value::from).collect()));
                }
                _ => return Err(unknown(client_ids, cause)),
            }
        }
    }

    /// The error of a write that certainly did not happen, and that there is no time to send again.
    fn too_late(&self, budget: &Budget<'_>, cause: ClientError) -> ClientError {
        match cause {
            ClientError::Http(source) => ClientError::Timeout {
                after: budget.spent(),
                endpoints: self.endpoints().join(", "),
                source: Some(source),
            },
            other => other,
        }
    }

    /// Runs reads and writes on the leader's transient store; booleans for writes, trees for reads.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn transient(&self, items: &[Value]) -> Result<Vec<Value>, ClientError> {
        if items.iter().any(|item| !is_read(item)) {
            self.check_writable()?;
        }
        let body = serde_json::to_vec(items).map_err(|error| unencodable(&error))?;
        let mut budget = self.budget();
        let answer = self
            .request(&Call::post("/_api/agency/transient", &body), &mut budget)
            .map_err(Failure::into_error)?;
        array_of(&answer, items.len())
    }

    /// The log index of each client id; 0 for ids that no applied transaction carries.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn inquire(&self, client_ids: &[String]) -> Result<Vec<u64>, ClientError> {
        let mut budget = self.budget();
        self.inquire_within(client_ids, &mut budget)
    }

    fn inquire_within(
        &self,
        client_ids: &[String],
        budget: &mut Budget<'_>,
    ) -> Result<Vec<u64>, ClientError> {
        let body = serde_json::to_vec(client_ids).map_err(|error| unencodable(&error))?;
        let answer = self
            .request(&Call::post("/_api/agency/inquire", &body), budget)
            .map_err(Failure::into_error)?;
        write_results(&answer, client_ids.len())
    }

    /// What became of transactions whose answer got lost; `None` when nobody can tell.
    ///
    /// Nobody waits any more for a request that ran out of time, but it may still lie unread in
    /// an agent's socket. So whoever knows nothing of it is asked a second time.
    fn fates(
        &self,
        client_ids: &[String],
        cause: &ClientError,
        budget: &mut Budget<'_>,
    ) -> Result<Option<Vec<u64>>, ClientError> {
        let fates = self.fates_now(client_ids, budget)?;
        let may_be_unread = matches!(cause, ClientError::Http(HttpError::Timeout { .. }));
        match fates {
            Some(fates) if may_be_unread && fates.contains(&0) => match budget.settle()? {
                true => self.fates_now(client_ids, budget),
                false => Ok(None),
            },
            fates => Ok(fates),
        }
    }

    fn fates_now(
        &self,
        client_ids: &[String],
        budget: &mut Budget<'_>,
    ) -> Result<Option<Vec<u64>>, ClientError> {
        match self.inquire_within(client_ids, budget) {
            Ok(fates) => Ok(Some(fates)),
            Err(ClientError::Stopped(stop)) => Err(stop.into()),
            Err(_) => Ok(None),
        }
    }
}

/// Whether fates tell of each transaction: those that share an id have one index together.
fn are_told_apart(client_ids: &[String], fates: &[u64]) -> bool {
    client_ids
        .iter()
        .zip(fates)
        .enumerate()
        .all(|(at, (id, index))| *index == 0 || !client_ids[..at].contains(id))
}

fn unknown(client_ids: Vec<String>, source: ClientError) -> ClientError {
    ClientError::UnknownOutcome { client_ids, source: Box::new(source) }
}

pub(super) fn unencodable(error: &serde_json::Error) -> ClientError {
    ClientError::BadArgument { reason: error.to_string() }
}

fn fresh_id() -> String {
    format!("agencysh:{}", uuid::Uuid::new_v4())
}

/// The id of a write item, made up and put in when it has none that agents keep.
fn with_id(parts: &mut Vec<Value>) -> String {
    if let Some(id) = parts.get(2).and_then(Value::as_str).filter(|id| !id.is_empty()) {
        return id.to_owned();
    }
    let id = fresh_id();
    if parts.len() == 1 {
        parts.push(Value::Object(serde_json::Map::new()));
    }
    match parts.get_mut(2) {
        Some(place) => *place = Value::String(id.clone()),
        None => parts.push(Value::String(id.clone())),
    }
    id
}

/// The numbers of `{"results":[…]}`, as many as asked for.
fn write_results(answer: &Answer, expected: usize) -> Result<Vec<u64>, ClientError> {
    let body = answer.json()?;
    let results: Option<Vec<u64>> = body
        .get("results")
        .and_then(Value::as_array)
        .and_then(|results| results.iter().map(Value::as_u64).collect());
    results
        .filter(|results| results.len() == expected)
        .ok_or_else(|| answer.refused_or_bad(&body, "not one result per transaction"))
}

/// The elements of an array, as many as asked for.
fn array_of(answer: &Answer, expected: usize) -> Result<Vec<Value>, ClientError> {
    match answer.json()? {
        Value::Array(items) if items.len() == expected => Ok(items),
        body => Err(answer.refused_or_bad(&body, "not one result per item")),
    }
}

/// Whether an item of a transaction asks for paths and changes nothing.
fn is_read(item: &Value) -> bool {
    item.as_array().is_some_and(|parts| parts.iter().all(Value::is_string))
}
