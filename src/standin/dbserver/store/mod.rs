//! What a server keeps of its logs.
//!
//! * `error`: why it cannot
//! * `journal`: the file of a server that keeps it on disk
//! * `record`: what the file consists of

mod error;
mod journal;
mod record;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

pub(in crate::standin) use error::StoreError;
use journal::Journal;
pub(in crate::standin) use record::Record;

use super::log::kept::Kept;

/// A log of a database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub(in crate::standin) struct LogName {
    /// The database.
    pub(in crate::standin) database: Arc<str>,
    /// The number of the log.
    pub(in crate::standin) log: u64,
}

impl std::fmt::Display for LogName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.database, self.log)
    }
}

/// What is kept of all logs of a server. Clones share it: what a server in this process keeps in
/// memory is there for its next incarnation.
#[derive(Clone, Debug, Default)]
pub(in crate::standin) struct LogStore {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    logs: BTreeMap<LogName, Kept>,
    journal: Option<Journal>,
}

impl LogStore {
    /// Keeps logs in memory.
    pub(in crate::standin) fn in_memory() -> Self {
        Self::default()
    }

    /// Keeps logs in a directory, and goes on from what is there.
    ///
    /// # Errors
    /// The directory cannot be used, another server uses it, or the journal is damaged.
    pub(in crate::standin) fn on_disk(directory: &Path) -> Result<Self, StoreError> {
        let (journal, logs) = Journal::open(directory)?;
        let shared = Shared { logs, journal: Some(journal) };
        Ok(Self { shared: Arc::new(Mutex::new(shared)) })
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The logs of which something is kept.
    pub(in crate::standin) fn names(&self) -> Vec<LogName> {
        self.shared().logs.keys().cloned().collect()
    }

    /// What is kept of a log.
    pub(in crate::standin) fn kept(&self, log: &LogName) -> Option<Kept> {
        self.shared().logs.get(log).cloned()
    }

    /// Keeps what changed. It survives the process then, and with `sync` the machine.
    ///
    /// # Errors
    /// It cannot be written; nobody may hear of it.
    pub(in crate::standin) async fn write(
        &self,
        records: Vec<Record>,
        sync: bool,
    ) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        if self.shared().journal.is_none() {
            return self.shared().write(records, sync);
        }
        let store = self.clone();
        let writing = tokio::task::spawn_blocking(move || store.shared().write(records, sync));
        writing.await.unwrap_or(Err(StoreError::Ended))
    }
}

impl Shared {
    fn write(&mut self, records: Vec<Record>, sync: bool) -> Result<(), StoreError> {
        if let Some(journal) = &mut self.journal {
            journal.write(&records, sync)?;
        }
        for record in records {
            match record.changes {
                None => drop(self.logs.remove(&record.log)),
                Some(changes) => {
                    let kept = self.logs.entry(record.log).or_default();
                    for change in &changes {
                        kept.apply(change);
                    }
                }
            }
        }
        if let Some(journal) = self.journal.as_mut().filter(|journal| journal.is_long()) {
            let all = self
                .logs
                .iter()
                .map(|(log, kept)| Record { log: log.clone(), changes: Some(kept.changes()) });
            journal.rewrite(&all.collect::<Vec<_>>())?;
        }
        Ok(())
    }
}
