//! Writes: every transaction has an id, so that its fate can be asked for.

use serde_json::Value;

use super::outcome::{Transaction, WriteOutcome};
use super::request::{Answer, Call, Failure};
use super::retry::Budget;
use super::{AgencyClient, ClientError};

impl AgencyClient {
    /// Sends transactions in one request and tells what became of each.
    ///
    /// When the answer gets lost, the agency is asked for their fate; only those
    /// that did not happen are sent again.
    ///
    /// # Errors
    /// [`ClientError::UnknownOutcome`] when nobody could tell in time; otherwise nothing happened.
    pub fn write(&self, transactions: &[Transaction]) -> Result<WriteOutcome, ClientError> {
        let mut budget = Budget::new(&self.shared.deadline, self.shared.options.timeout);
        let client_ids: Vec<String> =
            transactions.iter().map(|one| one.client_id.clone().unwrap_or_else(fresh_id)).collect();
        let mut results = vec![0; transactions.len()];
        let mut open: Vec<usize> = (0..transactions.len()).collect();
        loop {
            let body: Vec<Value> =
                open.iter().map(|&at| transactions[at].envelope(&client_ids[at])).collect();
            let body = serde_json::to_vec(&body).map_err(|error| unencodable(&error))?;
            let call = Call { repeatable: false, ..Call::post("/_api/agency/write", &body) };
            match self.request(&call, &mut budget) {
                Ok(answer) => {
                    for (&at, index) in open.iter().zip(write_results(&answer, open.len())?) {
                        results[at] = index;
                    }
                    return Ok(WriteOutcome { status: answer.status, results, client_ids });
                }
                Err(Failure::Final(error)) if open.len() == transactions.len() => {
                    return Err(error);
                }
                Err(Failure::Final(error)) => return Err(unknown(client_ids, error)),
                Err(Failure::Ambiguous(cause)) => {
                    let ids: Vec<String> = open.iter().map(|&at| client_ids[at].clone()).collect();
                    let fates = self.fates(&ids, cause, &mut budget)?;
                    for (&at, index) in open.iter().zip(fates) {
                        results[at] = index;
                    }
                    open.retain(|&at| results[at] == 0);
                    if open.is_empty() {
                        return Ok(WriteOutcome { status: 200, results, client_ids });
                    }
                    budget.reset_pauses();
                }
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
        let reads = items.len() - client_ids.len();
        let body = serde_json::to_vec(&items).map_err(|error| unencodable(&error))?;
        let call = Call {
            repeatable: client_ids.is_empty(),
            ..Call::post("/_api/agency/transact", &body)
        };
        let mut budget = Budget::new(&self.shared.deadline, self.shared.options.timeout);
        loop {
            match self.request(&call, &mut budget) {
                Ok(answer) => return array_of(&answer).map(|results| (answer.status, results)),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Ambiguous(cause)) => {
                    let lost = cause.to_string();
                    let fates = self.fates(&client_ids, cause, &mut budget)?;
                    if fates.iter().all(|index| *index > 0) && reads == 0 {
                        return Ok((200, fates.into_iter().map(Value::from).collect()));
                    }
                    if fates.iter().any(|index| *index > 0) {
                        let source = ClientError::BadArgument {
                            reason: format!("the answer got lost: {lost}"),
                        };
                        return Err(unknown(client_ids, source));
                    }
                    budget.reset_pauses();
                }
            }
        }
    }

    /// Runs reads and writes on the leader's transient store; booleans for writes, trees for reads.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn transient(&self, items: &[Value]) -> Result<Vec<Value>, ClientError> {
        let body = serde_json::to_vec(items).map_err(|error| unencodable(&error))?;
        let mut budget = Budget::new(&self.shared.deadline, self.shared.options.timeout);
        let answer = self
            .request(&Call::post("/_api/agency/transient", &body), &mut budget)
            .map_err(Failure::into_error)?;
        array_of(&answer)
    }

    /// The log index of each client id; 0 for ids that no applied transaction carries.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn inquire(&self, client_ids: &[String]) -> Result<Vec<u64>, ClientError> {
        let mut budget = Budget::new(&self.shared.deadline, self.shared.options.timeout);
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

    /// What became of transactions whose answer got lost.
    fn fates(
        &self,
        client_ids: &[String],
        cause: ClientError,
        budget: &mut Budget<'_>,
    ) -> Result<Vec<u64>, ClientError> {
        match self.inquire_within(client_ids, budget) {
            Ok(fates) => Ok(fates),
            Err(ClientError::Stopped(stop)) => Err(stop.into()),
            Err(_) => Err(unknown(client_ids.to_vec(), cause)),
        }
    }
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

/// The id of a write item, made up and added when it has none.
fn with_id(parts: &mut Vec<Value>) -> String {
    if let Some(id) = parts.get(2).and_then(Value::as_str) {
        return id.to_owned();
    }
    let id = fresh_id();
    if parts.len() == 1 {
        parts.push(Value::Object(serde_json::Map::new()));
    }
    if parts.len() == 2 {
        parts.push(Value::String(id.clone()));
    }
    id
}

/// The numbers of `{"results":[…]}`, as many as asked for.
fn write_results(answer: &Answer, expected: usize) -> Result<Vec<u64>, ClientError> {
    let body = answer.json()?;
    if let Some(error_num) = body.get("errorNum").and_then(Value::as_i64) {
        return Err(ClientError::Refused {
            endpoint: answer.endpoint.clone(),
            status: answer.status,
            error_num: Some(error_num),
            message: body
                .get("errorMessage")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
        });
    }
    let results: Option<Vec<u64>> = body
        .get("results")
        .and_then(Value::as_array)
        .and_then(|results| results.iter().map(Value::as_u64).collect());
    results
        .filter(|results| results.len() == expected)
        .ok_or_else(|| answer.bad("not one result per transaction"))
}

fn array_of(answer: &Answer) -> Result<Vec<Value>, ClientError> {
    match answer.json()? {
        Value::Array(items) => Ok(items),
        _ => Err(answer.bad("no array")),
    }
}
