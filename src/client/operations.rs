//! A method for each everyday operation.
//!
//! Paths are relative to `/arango` unless they begin with `/`.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::outcome::{Outcome, Transaction};
use super::paths::take;
use super::request::{Call, Failure};
use super::retry::Budget;
use super::write::unencodable;
use super::{AgencyClient, ClientError};
use crate::agency::path::absolute;

/// What is wrong with an answer to a read that has not one tree for its one query.
pub(super) const NOT_ONE_RESULT: &str = "not one result per query";

impl AgencyClient {
    /// Reads several paths at once: one tree with all that was found, at full paths.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn read(&self, paths: &[&str]) -> Result<Value, ClientError> {
        let paths: Vec<String> = paths.iter().map(|path| absolute(path)).collect();
        self.read_absolute(&json!([paths]))
    }

    fn read_absolute(&self, queries: &Value) -> Result<Value, ClientError> {
        let mut budget = self.budget();
        self.read_within(queries, &mut budget)
    }

    fn read_within(&self, queries: &Value, budget: &mut Budget<'_>) -> Result<Value, ClientError> {
        let answer = self.read_answer(queries, budget)?;
        match answer.json()? {
            Value::Array(mut trees) if trees.len() == 1 => Ok(trees.swap_remove(0)),
            body => Err(answer.refused_or_bad(&body, NOT_ONE_RESULT)),
        }
    }

    /// The answer to a read as it came.
    pub(super) fn read_answer(
        &self,
        queries: &Value,
        budget: &mut Budget<'_>,
    ) -> Result<Answer, ClientError> {
        let body = serde_json::to_vec(queries).map_err(|error| unencodable(&error))?;
        self.request(&Call::post("/_api/agency/read", &body), budget).map_err(Failure::into_error)
    }

    /// The value at an absolute path, read within a given time.
    pub(super) fn get_within(
        &self,
        path: &str,
        budget: &mut Budget<'_>,
    ) -> Result<Option<Value>, ClientError> {
        Ok(take(self.read_within(&json!([[path]]), budget)?, path))
    }

    /// The value at a path; `None` when nothing is there.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn get(&self, path: &str) -> Result<Option<Value>, ClientError> {
        let path = absolute(path);
        Ok(take(self.read_absolute(&json!([[path]]))?, &path))
    }

    /// Whether anything is at the path; `null`, `{}` and `[]` count.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn exists(&self, path: &str) -> Result<bool, ClientError> {
        self.get(path).map(|found| found.is_some())
    }

    /// Replaces the value at a path; returns the log index.
    ///
    /// # Errors
    /// [`ClientError::OperationFailed`] for values with `/` in an object's key, and others.
    pub fn set(&self, path: &str, value: Value) -> Result<u64, ClientError> {
        self.operate(path, json!({"op": "set", "new": value}))
    }

    /// Removes what is at a path, if anything; returns the log index.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn remove(&self, path: &str) -> Result<u64, ClientError> {
        self.operate(path, json!({"op": "delete"}))
    }

    /// Adds `step` to the number at a path; returns the log index.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn increment(&self, path: &str, step: i64) -> Result<u64, ClientError> {
        self.operate(path, json!({"op": "increment", "step": step}))
    }

    /// Appends to the array at a path; returns the log index.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn push(&self, path: &str, value: Value) -> Result<u64, ClientError> {
        self.operate(path, json!({"op": "push", "new": value}))
    }

    /// Drops the last element of the array at a path; returns the log index.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn pop(&self, path: &str) -> Result<u64, ClientError> {
        self.operate(path, json!({"op": "pop"}))
    }

    /// Inserts at the front of the array at a path; returns the log index.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn prepend(&self, path: &str, value: Value) -> Result<u64, ClientError> {
        self.operate(path, json!({"op": "prepend", "new": value}))
    }

    /// Drops the first element of the array at a path; returns the log index.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn shift(&self, path: &str) -> Result<u64, ClientError> {
        self.operate(path, json!({"op": "shift"}))
    }

    /// Removes all elements that equal `value` from the array at a path; returns the log index.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn erase(&self, path: &str, value: Value) -> Result<u64, ClientError> {
        self.operate(path, json!({"op": "erase", "val": value}))
    }

    /// Replaces all elements that equal `old` in the array at a path; returns the log index.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn replace(&self, path: &str, old: Value, new: Value) -> Result<u64, ClientError> {
        self.operate(path, json!({"op": "replace", "val": old, "new": new}))
    }

    /// Sets `new` if the value at the path equals `old`; `None` stands for nothing there.
    ///
    /// False when something else was there.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn cas(&self, path: &str, old: Option<Value>, new: Value) -> Result<bool, ClientError> {
        let path = absolute(path);
        self.swap(&path, old, new)
    }

    pub(super) fn swap(
        &self,
        path: &str,
        old: Option<Value>,
        new: Value,
    ) -> Result<bool, ClientError> {
        let condition = match old {
            None => json!({"oldEmpty": true}),
            // to agents nothing equals an empty object
            Some(Value::Object(members)) if members.is_empty() => {
                json!({"old": {}, "oldEmpty": false})
            }
            Some(old) => json!({"old": old}),
        };
        let transaction =
            Transaction::single(path, json!({"op": "set", "new": new})).when(path, condition);
        match self.write(&[transaction])?.outcome(0) {
            Outcome::Applied { .. } => Ok(true),
            Outcome::PreconditionFailed => Ok(false),
            Outcome::Forbidden => Err(ClientError::Forbidden { path: path.to_owned() }),
            Outcome::OperationFailed => Err(ClientError::OperationFailed { path: path.to_owned() }),
        }
    }

    /// Reads, lets `change` compute a new value, and sets it if nobody else was faster; else again.
    ///
    /// `change` gets `None` when nothing is there; when it returns `None` nothing is written.
    /// Returns the value that is there afterwards.
    ///
    /// # Errors
    /// What `change` returns; [`ClientError::Conflict`] after too many tries.
    pub fn update<E: From<ClientError>>(
        &self,
        path: &str,
        mut change: impl FnMut(Option<&Value>) -> Result<Option<Value>, E>,
    ) -> Result<Option<Value>, E> {
        let path = absolute(path);
        let mut budget = self.budget();
        let mut attempts = 0;
        loop {
            let old = self.get(&path)?;
            let Some(new) = change(old.as_ref())? else { return Ok(old) };
            if self.swap(&path, old, new.clone())? {
                return Ok(Some(new));
            }
            attempts += 1;
            let more = attempts < self.shared.options.max_conflicts
                && budget.pause().map_err(ClientError::from)?;
            if !more {
                return Err(ClientError::Conflict { path, attempts }.into());
            }
        }
    }

    /// Runs one operator at one path; returns the log index.
    fn operate(&self, path: &str, operation: Value) -> Result<u64, ClientError> {
        let path = absolute(path);
        match self.write(&[Transaction::single(&path, operation)])?.outcome(0) {
            Outcome::Applied { index } => Ok(index),
            Outcome::Forbidden => Err(ClientError::Forbidden { path }),
            Outcome::PreconditionFailed | Outcome::OperationFailed => {
                Err(ClientError::OperationFailed { path })
            }
        }
    }

    /// A transaction as scripts write it, with absolute paths.
    ///
    /// # Errors
    /// [`ClientError::BadArgument`] for anything but `[operations, preconditions?, id?]`.
    pub fn transaction(element: &Value) -> Result<Transaction, ClientError> {
        let bad = |reason: &str| ClientError::BadArgument {
            reason: format!("a transaction is [operations, preconditions?, client id?]: {reason}"),
        };
        let parts = element.as_array().ok_or_else(|| bad("it must be an array"))?;
        if parts.is_empty() || parts.len() > 3 {
            return Err(bad("it must have one to three elements"));
        }
        let operations = parts[0].as_object().ok_or_else(|| bad("operations must be a map"))?;
        if operations.is_empty() {
            return Err(bad("operations must not be empty"));
        }
        let none = Map::new();
        let preconditions = match parts.get(1) {
            None => &none,
            Some(given) => given.as_object().ok_or_else(|| bad("preconditions must be a map"))?,
        };
        let client_id = match parts.get(2) {
            None => None,
            Some(given) => Some(
                given.as_str().ok_or_else(|| bad("the client id must be a string"))?.to_owned(),
            ),
        };
        Ok(Transaction {
            operations: absolute_keys(operations),
            preconditions: absolute_keys(preconditions),
            client_id,
        })
    }

    /// An item of `transact` as scripts write it, with absolute paths.
    ///
    /// # Errors
    /// [`ClientError::BadArgument`] for anything but a list of paths or a transaction.
    pub fn item(element: &Value) -> Result<Value, ClientError> {
        let paths: Option<Vec<&str>> = element
            .as_array()
            .filter(|parts| !parts.is_empty())
            .and_then(|parts| parts.iter().map(Value::as_str).collect());
        if let Some(paths) = paths {
            return Ok(paths.into_iter().map(|path| Value::String(absolute(path))).collect());
        }
        let transaction = Self::transaction(element)?;
        let mut item = vec![transaction.operations, transaction.preconditions];
        item.extend(transaction.client_id.map(Value::String));
        Ok(Value::Array(item))
    }
}

fn absolute_keys(members: &Map<String, Value>) -> Value {
    members.iter().map(|(path, value)| (absolute(path), value.clone())).collect()
}
