//! What clients did and what they saw, in the order in which it began and ended.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// What a key is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Is incremented.
    Counter,
    /// Is set and swapped.
    Register,
    /// Grows at its end.
    List,
}

/// A key of the agency that the clients work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub kind: Kind,
    pub number: u64,
}

impl Key {
    /// Where it is in the tree.
    pub fn path(self) -> String {
        format!("/faults/{:?}/{}", self.kind, self.number)
    }

    /// Its value in what a read of its path gave.
    pub fn content_in(self, tree: &Value) -> Content {
        let found = tree.pointer(&self.path());
        match found {
            None => Content::Nothing,
            Some(Value::Array(list)) => {
                Content::List(list.iter().map(|e| e.as_u64().unwrap()).collect())
            }
            Some(other) => Content::Number(other.as_u64().unwrap()),
        }
    }
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    Nothing,
    Number(u64),
    List(Vec<u64>),
}

/// What is to be done to a key.
#[derive(Clone, Debug)]
pub enum Operation {
    Increment,
    Set(u64),
    /// Sets if the value is the old one.
    Swap {
        old: Content,
        new: u64,
    },
    Push(u64),
    Read,
}

/// What came of an operation, as the client tells.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was done; what was there, if it was a read.
    Done(Option<Content>),
    /// The condition did not hold.
    Refused,
    /// It was done or not, or will be.
    Unknown,
    /// It certainly was not done.
    Nothing,
}

/// One operation of one client.
#[derive(Clone, Debug)]
pub struct Event {
    pub client: u64,
    pub key: Key,
    pub operation: Operation,
    pub outcome: Outcome,
    /// The id of the transaction; reads have none.
    pub id: Option<String>,
    /// The index that was acknowledged.
    pub index: Option<u64>,
    /// Its place among all beginnings and ends.
    pub begin: u64,
    pub end: u64,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, key, operation, outcome, begin, end, .. } = self;
        write!(f, "{begin:6} to {end:6}: client {client}: {key:?} {operation:?}: {outcome:?}")?;
        self.index.map_or(Ok(()), |index| write!(f, " at {index}"))?;
        self.id.as_ref().map_or(Ok(()), |id| write!(f, " as {id}"))
    }
}

/// All operations of a scenario.
#[derive(Default)]
pub struct History {
    clock: AtomicU64,
    events: Mutex<Vec<Event>>,
}

impl History {
    /// The place of whatever happens now among all beginnings and ends.
    pub fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    pub fn add(&self, event: Event) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }

    /// What has happened so far.
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
