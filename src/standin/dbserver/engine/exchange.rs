//! Messages to other servers: those of all logs to one server go together, and one request at a
//! time.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use super::{Done, Work};
use crate::standin::dbserver::log::message::{Acknowledgement, Append};
use crate::standin::dbserver::store::LogName;
use crate::standin::member::PeerError;
use crate::standin::model::ServerId;

/// Where servers take such requests.
pub(in crate::standin) const APPEND: &str = "/_api/log/internal/append";

/// The time that a server has for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first pause after a request that came to nothing.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Doublings of that pause at most.
const DOUBLINGS: u32 = 4;
/// Messages in one request at most.
const MOST: usize = 400;
/// Bytes of entries in one request, roughly.
const MOST_BYTES: usize = 4 << 20;

/// Messages of several logs, on their way.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(in crate::standin) struct Batch {
    /// The server that they are meant for; ports are used again.
    pub(in crate::standin) to: ServerId,
    /// The messages.
    pub(in crate::standin) messages: Vec<Addressed>,
}

/// A message of a log.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::standin) struct Addressed {
    /// The log.
    #[serde(flatten)]
    pub(in crate::standin) log: LogName,
    /// The message.
    pub(in crate::standin) append: Append,
}

/// The answers, in the order of the messages.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(in crate::standin) struct Answers {
    #[serde(default)]
    pub(in crate::standin) answers: Vec<Acknowledgement>,
}

/// Another server.
#[derive(Debug, Default)]
pub(super) struct Peer {
    /// Logs that have something to tell it.
    wanting: BTreeSet<LogName>,
    busy: bool,
    retry: Option<Instant>,
    failures: u32,
}

impl Peer {
    /// A log has something to tell.
    pub(super) fn want(&mut self, log: LogName) {
        self.wanting.insert(log);
    }

    /// When it gets the next request after one came to nothing.
    pub(super) fn wakes(&self) -> Option<Instant> {
        self.retry.filter(|_| !self.busy && !self.wanting.is_empty())
    }

    fn is_ready(&self, now: Instant) -> bool {
        !self.busy && !self.wanting.is_empty() && self.retry.is_none_or(|time| time <= now)
    }

    fn failed(&mut self, now: Instant) {
        self.retry = Some(now + FIRST_PAUSE * (1 << self.failures.min(DOUBLINGS)));
        self.failures = self.failures.saturating_add(1);
    }
}

/// A request that is over.
pub(super) struct Exchanged {
    to: ServerId,
    /// The logs, with term and number of the message.
    sent: Vec<(LogName, u64, u64)>,
    answer: Result<(StatusCode, Answers), PeerError>,
}

impl Work {
    /// Sends what is due to all servers that can take it.
    pub(super) fn send(&mut self, now: Instant) {
        let ready = self.peers.iter().filter(|(_, peer)| peer.is_ready(now));
        let ready: Vec<ServerId> = ready.map(|(id, _)| id.clone()).collect();
        for to in ready {
            self.send_to(to, now);
        }
    }

    fn send_to(&mut self, to: ServerId, now: Instant) {
        let Some(peer) = self.peers.get_mut(&to) else { return };
        let registered = format!("/arango/Current/ServersRegistered/{to}/endpoint");
        let Some(endpoint) = self.tree.text(&registered).map(str::to_owned) else {
            peer.failed(now);
            if !self.reboot_ids.contains_key(&to) {
                // It was removed; who still needs it says so again.
                self.peers.remove(&to);
            }
            return;
        };
        let mut batch = Batch { to: to.clone(), messages: Vec::new() };
        let mut bytes = 0;
        while batch.messages.len() < MOST && bytes < MOST_BYTES {
            let Some(log) = peer.wanting.pop_first() else { break };
            let running = self.logs.get_mut(&log);
            let message = running.and_then(|running| running.participant.message_for(&to, now));
            if let Some(append) = message {
                bytes += append.entries.iter().map(|entry| entry.weight()).sum::<usize>();
                batch.messages.push(Addressed { log, append });
            }
        }
        if batch.messages.is_empty() {
            return;
        }
        peer.busy = true;
        let member = self.member.clone();
        self.running.spawn(async move {
            let sent = batch.messages.iter();
            let sent = sent.map(|m| (m.log.clone(), m.append.term, m.append.sequence)).collect();
            let answer =
                member.peers.send(&endpoint, Method::POST, APPEND, Some(&batch), PATIENCE).await;
            Done::Exchange(Exchanged { to, sent, answer })
        });
    }

    /// Takes the answers to a request.
    pub(super) fn exchanged(&mut self, exchanged: Exchanged, now: Instant) {
        let Exchanged { to, sent, answer } = exchanged;
        let Some(peer) = self.peers.get_mut(&to) else { return };
        peer.busy = false;
        let answers = match answer {
            Ok((StatusCode::OK, answers)) if answers.answers.len() == sent.len() => {
                peer.retry = None;
                peer.failures = 0;
                answers.answers
            }
            refused => {
                tracing::debug!(to = &*to, answer = ?refused, "a DB-server takes no entries");
                peer.failed(now);
                for (log, term, sequence) in sent {
                    if let Some(running) = self.logs.get_mut(&log) {
                        running.participant.lost(&to, term, sequence, now);
                        self.dirty.insert(log);
                    }
                }
                return;
            }
        };
        for ((log, ..), answer) in sent.into_iter().zip(answers) {
            if let Some(running) = self.logs.get_mut(&log) {
                running.participant.acknowledged(&to, answer, now);
                self.dirty.insert(log);
            }
        }
    }
}
