//! Runs all logs of a server: one task that follows the Plan, exchanges messages with other
//! servers, stores what changes, and only then lets anybody know of it.
//!
//! * `command`: what the engine is asked for
//! * `exchange`: messages to other servers
//! * `plan`: follows the Plan
//! * `reports`: writes to Current
//! * `running`: a log that runs

mod command;
mod exchange;
mod plan;
mod reports;
mod running;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

pub(in crate::standin) use command::Engine;
use command::{Command, Inserted, Told};
use exchange::Peer;
pub(super) use exchange::{Answers, Batch};
pub(in crate::standin) use running::LogError;
use running::{Reporting, Running};

use super::inventory::Inventory;
use super::log::message::{Acknowledgement, Append, AppendResult};
use super::store::{LogName, LogStore, Record, StoreError};
use crate::standin::member::Member;
use crate::standin::model::{ServerId, Tree};
use crate::standin::web::turned_true;

/// Commands that are dealt with before anything is stored, at most.
const MOST_COMMANDS: usize = 1000;

/// Times that tests shorten.
#[derive(Clone, Copy, Debug)]
pub(in crate::standin) struct Settings {
    /// How old an entry gets before the agency is told why it is not committed.
    pub(in crate::standin) commit_patience: Duration,
    /// How often everything is looked at though nothing has happened.
    pub(in crate::standin) wake_up: Duration,
    /// How long a client may wait for a commit. It may have gone without anybody noticing.
    pub(in crate::standin) longest_wait: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            commit_patience: Duration::from_secs(20),
            wake_up: Duration::from_secs(5),
            // less than coordinators wait for the answer
            longest_wait: Duration::from_secs(240),
        }
    }
}

/// Something that ran beside the engine.
enum Done {
    Exchange(exchange::Exchanged),
    Report(reports::Reported),
    Inventory(reports::Noted),
}

/// Everything that the engine works on.
pub(super) struct Work {
    member: Arc<Member>,
    store: LogStore,
    settings: Settings,
    commands: mpsc::UnboundedReceiver<Command>,
    logs: HashMap<LogName, Running>,
    /// The tree as it was last looked at, and its index.
    tree: Tree,
    index: u64,
    reboot_id: u64,
    reboot_ids: BTreeMap<ServerId, u64>,
    /// Logs in which something may have happened.
    dirty: BTreeSet<LogName>,
    /// Logs whose Plan is unreadable, which has been logged.
    complaints: BTreeSet<LogName>,
    peers: HashMap<ServerId, Peer>,
    running: JoinSet<Done>,
    alarms: BinaryHeap<Reverse<(Instant, LogName)>>,
    /// Logs whose report is written at an index that the view has not reached.
    awaited: BTreeMap<u64, Vec<LogName>>,
    inventory: Inventory,
    /// What is to be stored, and whether it has to be on disk.
    records: Vec<Record>,
    sync: bool,
    /// What is told once that is done.
    replies: Vec<Told>,
}

/// An engine that does not run yet, and the way to it.
pub(super) fn new(member: Arc<Member>, store: LogStore, settings: Settings) -> (Engine, Work) {
    let (engine, commands) = Engine::new();
    let work = Work {
        inventory: Inventory::new(member.id.clone()),
        member,
        store,
        settings,
        commands,
        logs: HashMap::new(),
        tree: Tree::default(),
        index: 0,
        reboot_id: 0,
        reboot_ids: BTreeMap::new(),
        dirty: BTreeSet::new(),
        complaints: BTreeSet::new(),
        peers: HashMap::new(),
        running: JoinSet::new(),
        alarms: BinaryHeap::new(),
        awaited: BTreeMap::new(),
        records: Vec::new(),
        sync: false,
        replies: Vec::new(),
    };
    (engine, work)
}

impl Work {
    /// Works until `shutdown` turns true.
    ///
    /// # Errors
    /// Something cannot be stored.
    pub(super) async fn run(mut self, shutdown: watch::Receiver<bool>) -> Result<(), StoreError> {
        let mut stopped = shutdown.clone();
        tokio::select! {
            ended = self.work() => ended,
            () = turned_true(&mut stopped) => Ok(()),
        }
    }

    async fn work(&mut self) -> Result<(), StoreError> {
        let mut changes = self.member.view.changes();
        changes.mark_changed();
        let mut wake_up = Instant::now() + self.settings.wake_up;
        loop {
            let mut commands = Vec::new();
            let mut done = None;
            let mut changed = false;
            let next = match self.next_alarm() {
                _ if !self.dirty.is_empty() => Instant::now(),
                alarm => alarm.unwrap_or(wake_up).min(wake_up),
            };
            tokio::select! {
                _ = self.commands.recv_many(&mut commands, MOST_COMMANDS) => {}
                // the view is the member's, which is here
                _ = changes.changed() => changed = true,
                Some(Ok(ended)) = self.running.join_next() => done = Some(ended),
                () = tokio::time::sleep_until(next.into()) => {}
            }
            let gate = self.member.gate.clone();
            gate.passed().await;
            let now = Instant::now();
            if now >= wake_up {
                wake_up = now + self.settings.wake_up;
                self.dirty.extend(self.logs.keys().cloned());
                self.inventory.touch_all(&self.tree);
                changed = true;
            }
            if changed || changes.has_changed().unwrap_or(false) {
                changes.borrow_and_update();
                self.observe(now);
            }
            for command in commands {
                self.obey(command, now);
            }
            while let Some(ended) = done {
                self.finish(ended, now);
                done = self.running.try_join_next().and_then(Result::ok);
            }
            self.ring(now);
            self.settle(now).await?;
        }
    }

    fn next_alarm(&self) -> Option<Instant> {
        let alarm = self.alarms.peek().map(|Reverse((time, _))| *time);
        let peers = self.peers.values().filter_map(Peer::wakes);
        peers.chain(alarm).min()
    }

    /// Marks the logs whose time has come.
    fn ring(&mut self, now: Instant) {
        while let Some(Reverse((time, _))) = self.alarms.peek()
            && *time <= now
            && let Some(Reverse((time, name))) = self.alarms.pop()
        {
            if let Some(running) = self.logs.get_mut(&name)
                && running.alarm == Some(time)
            {
                running.alarm = None;
                self.dirty.insert(name);
            }
        }
    }

    fn obey(&mut self, command: Command, now: Instant) {
        match command {
            Command::Append { messages, reply } => {
                let answers: Vec<_> =
                    messages.iter().map(|(name, message)| self.append(name, message)).collect();
                self.replies.push(Box::new(move || drop(reply.send(answers))));
            }
            Command::Insert { log, contents, sync, reply } => {
                let inserted = self.insert(&log, contents, sync, now);
                self.replies.push(Box::new(move || drop(reply.send(inserted))));
            }
            Command::Wait { log, index, reply } => match self.logs.get_mut(&log) {
                Some(running) if running.participant.leads() => {
                    running.wait(index, reply);
                    self.dirty.insert(log);
                }
                other => {
                    let error = other.map_or(LogError::Unknown, |running| running.not_leader());
                    let _ = reply.send(Err(error));
                }
            },
            Command::Change(name, act) => {
                let told = act(self.logs.get_mut(&name));
                self.replies.push(told);
                self.dirty.insert(name);
            }
            Command::Look(look) => {
                let told = look(&mut self.logs.iter());
                self.replies.push(told);
            }
        }
    }

    fn append(&mut self, name: &LogName, message: &Append) -> Acknowledgement {
        match self.logs.get_mut(name) {
            Some(running) if !running.unannounced => {
                self.dirty.insert(name.clone());
                running.participant.append(message)
            }
            _ => Acknowledgement {
                term: message.term,
                sequence: message.sequence,
                result: AppendResult::NotFollowing,
                snapshot_available: false,
                commit_index: 0,
            },
        }
    }

    fn insert(
        &mut self,
        name: &LogName,
        contents: Vec<super::log::entry::Content>,
        sync: bool,
        now: Instant,
    ) -> Result<Inserted, LogError> {
        let running = self.logs.get_mut(name).ok_or(LogError::Unknown)?;
        let indices = running.participant.insert(contents, sync, now);
        let indices = indices.map_err(|_| running.not_leader())?;
        let (waiter, committed) = oneshot::channel();
        running.wait(indices.last().copied().unwrap_or(0), waiter);
        self.dirty.insert(name.clone());
        Ok(Inserted { indices, committed })
    }

    /// Stores what has changed, then tells everybody.
    async fn settle(&mut self, now: Instant) -> Result<(), StoreError> {
        let dirty = std::mem::take(&mut self.dirty);
        for name in &dirty {
            if let Some(running) = self.logs.get_mut(name) {
                plan::store(name, &mut running.participant, &mut self.records, &mut self.sync);
            }
        }
        let records = std::mem::take(&mut self.records);
        self.store.write(records, std::mem::take(&mut self.sync)).await?;
        for reply in self.replies.drain(..) {
            reply();
        }
        for name in dirty {
            self.settle_log(name, now);
        }
        self.send(now);
        self.note();
        Ok(())
    }

    /// Lets everybody know how a log stands.
    fn settle_log(&mut self, name: LogName, now: Instant) {
        self.report(&name, now);
        let Some(running) = self.logs.get_mut(&name) else { return };
        running.tell();
        if running.participant.recover() {
            self.dirty.insert(name.clone());
        }
        for follower in running.participant.due(now) {
            self.peers.entry(follower).or_default().want(name.clone());
        }
        let in_sync = running.participant.in_sync();
        if in_sync != running.in_sync {
            running.in_sync = in_sync;
            self.inventory.touch_log(&name);
        }
        let paused = match running.reporting {
            Reporting::Paused(until) => Some(until),
            _ => None,
        };
        let alarm = running.participant.alarm(self.settings.commit_patience, now);
        let alarm = alarm.into_iter().chain(paused).min();
        if let Some(time) = alarm.filter(|_| alarm != running.alarm) {
            self.alarms.push(Reverse((time, name)));
        }
        running.alarm = alarm;
    }

    fn finish(&mut self, done: Done, now: Instant) {
        match done {
            Done::Exchange(exchanged) => self.exchanged(exchanged, now),
            Done::Report(reported) => self.reported(reported, now),
            Done::Inventory(noted) => self.noted(noted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::running::tests::led;
    use super::*;
    use crate::client::AgencyClient;
    use crate::deadline::Deadline;
    use crate::http::Endpoint;
    use crate::standin::member::{Gate, MemberAgency};

    /// A server without an agency, with a log that it leads.
    fn work() -> (Engine, Work, LogName, Deadline) {
        let deadline = Deadline::default();
        let nowhere = Endpoint::parse("tcp://127.0.0.1:1").unwrap();
        let client = AgencyClient::builder().endpoint(nowhere).build(deadline.clone()).unwrap();
        let agency = MemberAgency::start(client, Gate::default()).unwrap();
        let member = Arc::new(Member::of("PRMR-a", agency));
        let (engine, mut work) = new(member, LogStore::in_memory(), Settings::default());
        let name = LogName { database: "d".into(), log: 4 };
        work.logs.insert(name.clone(), led());
        (engine, work, name, deadline)
    }

    #[tokio::test]
    async fn c4_12_nobody_hears_of_anything_before_it_is_stored() {
        let (engine, mut work, log, deadline) = work();
        let now = Instant::now();
        let inserting = {
            let (engine, log) = (engine.clone(), log.clone());
            let ping = super::super::log::entry::Meta::Ping { message: None, time: String::new() };
            let contents = vec![super::super::log::entry::Content::Meta(ping)];
            tokio::spawn(async move { engine.insert(log, contents, false).await.unwrap().indices })
        };
        let last = |running: &Running| running.participant.kept().last().index;
        let looking = {
            let (engine, log) = (engine.clone(), log.clone());
            tokio::spawn(async move { engine.with(log, move |r| Ok(last(r))).await.unwrap() })
        };
        let all = tokio::spawn(async move { engine.all("d".to_owned(), last).await.unwrap() });
        for _ in 0..3 {
            let command = work.commands.recv().await.unwrap();
            work.obey(command, now);
        }
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert_eq!((inserting.is_finished(), looking.is_finished()), (false, false));
        assert!(!all.is_finished());
        assert_eq!(work.store.kept(&log), None);
        work.settle(now).await.unwrap();
        assert_eq!(work.store.kept(&log).unwrap().last().index, 2);
        assert_eq!(inserting.await.unwrap(), [2]);
        assert_eq!((looking.await.unwrap(), all.await.unwrap()), (2, vec![(4, 2)]));
        deadline.interrupt();
    }
}
