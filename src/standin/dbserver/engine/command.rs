//! What the engine is asked for.

use tokio::sync::{mpsc, oneshot};

use super::running::{LogError, Running};
use crate::standin::dbserver::log::entry::Content;
use crate::standin::dbserver::log::message::{Acknowledgement, Append, Committed};
use crate::standin::dbserver::store::LogName;

/// What the engine is asked for.
pub(super) enum Command {
    /// Messages of another server.
    Append { messages: Vec<(LogName, Append)>, reply: oneshot::Sender<Vec<Acknowledgement>> },
    /// New entries.
    Insert {
        log: LogName,
        contents: Vec<Content>,
        sync: bool,
        reply: oneshot::Sender<Result<Inserted, LogError>>,
    },
    /// To tell once an entry is committed.
    Wait { log: LogName, index: u64, reply: oneshot::Sender<Result<Committed, LogError>> },
    /// A change to one log.
    Change(LogName, OnLog),
    /// A look at all logs.
    Look(OnLogs),
}

/// What is told once everything is stored that was there when it was decided.
pub(super) type Told = Box<dyn FnOnce() + Send>;
type OnLog = Box<dyn FnOnce(Option<&mut Running>) -> Told + Send>;
type OnLogs = Box<dyn FnOnce(&mut dyn Iterator<Item = (&LogName, &Running)>) -> Told + Send>;

/// Entries that are in the log of the leader.
#[derive(Debug)]
pub(in crate::standin) struct Inserted {
    /// Their indices.
    pub(in crate::standin) indices: Vec<u64>,
    /// Tells once they are committed.
    pub(in crate::standin) committed: oneshot::Receiver<Result<Committed, LogError>>,
}

/// The way to the engine.
#[derive(Clone, Debug)]
pub(in crate::standin) struct Engine {
    commands: mpsc::UnboundedSender<Command>,
}

impl Engine {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Command>) {
        let (commands, waiting) = mpsc::unbounded_channel();
        (Self { commands }, waiting)
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, LogError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).map_err(|_| LogError::Ended)?;
        answer.await.map_err(|_| LogError::Ended)
    }

    /// Takes messages of another server; what they say is stored when this returns.
    pub(in crate::standin) async fn append(
        &self,
        messages: Vec<(LogName, Append)>,
    ) -> Result<Vec<Acknowledgement>, LogError> {
        self.ask(|reply| Command::Append { messages, reply }).await
    }

    /// Adds entries to a log that is led here.
    pub(in crate::standin) async fn insert(
        &self,
        log: LogName,
        contents: Vec<Content>,
        sync: bool,
    ) -> Result<Inserted, LogError> {
        self.ask(|reply| Command::Insert { log, contents, sync, reply }).await?
    }

    /// Waits until an entry of a log that is led here is committed.
    pub(in crate::standin) async fn committed(
        &self,
        log: LogName,
        index: u64,
    ) -> Result<Committed, LogError> {
        self.ask(|reply| Command::Wait { log, index, reply }).await?
    }

    /// Does something with a log; what it changes and sees is stored when this returns.
    pub(in crate::standin) async fn with<T: Send + 'static>(
        &self,
        log: LogName,
        act: impl FnOnce(&mut Running) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let asked = self.ask(|reply| {
            Command::Change(
                log,
                Box::new(move |running| {
                    let outcome = running.ok_or(LogError::Unknown).and_then(act);
                    // whoever asked may have gone
                    Box::new(move || drop(reply.send(outcome)))
                }),
            )
        });
        asked.await?
    }

    /// Looks at all logs of a database; what it sees is stored when this returns.
    pub(in crate::standin) async fn all<T: Send + 'static>(
        &self,
        database: String,
        look: impl Fn(&Running) -> T + Send + 'static,
    ) -> Result<Vec<(u64, T)>, LogError> {
        self.ask(|reply| {
            Command::Look(Box::new(move |logs| {
                let mut found: Vec<(u64, T)> = logs
                    .filter(|(name, _)| *name.database == *database)
                    .map(|(name, running)| (name.log, look(running)))
                    .collect();
                found.sort_by_key(|(log, _)| *log);
                Box::new(move || drop(reply.send(found)))
            }))
        })
        .await
    }
}
