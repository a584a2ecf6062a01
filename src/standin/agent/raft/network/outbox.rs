//! What is on its way to one other agent: at most one message with entries at a time.
//!
//! A leader's entries leave while they are still being written to its own disk (Ongaro's
//! dissertation, §10.2.1). openraft asks for them to be sent only when that is done, and then
//! finds the message under way, or answered. It counts the leader's own copy no sooner than before.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use openraft::raft::AppendEntriesResponse;
use tokio::sync::oneshot;

use super::super::types::{AppendRequest, LogId, Vote};
use super::transport::{AppendAnswer, Line, TransportError};

/// An agent that has answered within this time needs no heartbeat.
const FRESH: Duration = Duration::from_millis(10);

/// What is committed is told with the next entries, or after this time without any.
const COMMIT_DELAY: Duration = Duration::from_millis(2);

/// The message box of one other agent.
pub(super) struct Outbox {
    line: Arc<Line>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The leadership that all of this belongs to.
    vote: Option<Vote>,
    /// The last entry that the agent has; unknown after a message that failed.
    stored: Option<LogId>,
    /// The last entry that it knows to be committed.
    told: Option<LogId>,
    /// The last entry that it should know to be committed.
    committed: Option<LogId>,
    /// Whether a task waits to tell it.
    telling: bool,
    /// When entries were sent last.
    sent: Option<Instant>,
    sending: Option<Sending>,
    /// Messages begun so far.
    begun: u64,
}

/// Entries under way. Dropped, they are not waited for any more.
struct Sending {
    number: u64,
    first: Option<LogId>,
    last: Option<LogId>,
    /// Whether openraft has asked for them.
    asked: bool,
    answer: oneshot::Receiver<AppendAnswer>,
}

/// What a message is about, beyond its entries.
#[derive(Clone, Copy)]
struct Head {
    sent: Instant,
    vote: Vote,
    committed: Option<LogId>,
    last: Option<LogId>,
}

impl Head {
    fn of(message: &AppendRequest) -> Self {
        Self {
            sent: Instant::now(),
            vote: message.vote,
            committed: message.leader_commit,
            last: message.entries.last().map(|e| e.log_id).or(message.prev_log_id),
        }
    }
}

impl State {
    /// Begins anew if another leadership has begun.
    fn enter(&mut self, vote: Vote) {
        if self.vote != Some(vote) {
            let (telling, begun) = (self.telling, self.begun);
            *self = Self { vote: Some(vote), telling, begun, ..Self::default() };
        }
    }

    fn begin(&mut self, message: &AppendRequest, asked: bool) -> oneshot::Sender<AppendAnswer> {
        let (answered, answer) = oneshot::channel();
        self.sent = Some(Instant::now());
        self.begun += 1;
        self.sending = Some(Sending {
            number: self.begun,
            first: message.entries.first().map(|e| e.log_id),
            last: message.entries.last().map(|e| e.log_id),
            asked,
            answer,
        });
        answered
    }
}

impl Outbox {
    pub(super) fn new(line: Arc<Line>) -> Arc<Self> {
        Arc::new(Self { line, state: Mutex::default() })
    }

    pub(super) fn line(&self) -> &Arc<Line> {
        &self.line
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to send what a leader has just appended, if the agent has all that comes before
    /// and nothing else is under way to it.
    fn begin_ahead(&self, message: &AppendRequest) -> Option<oneshot::Sender<AppendAnswer>> {
        let mut state = self.lock();
        let ready = state.vote == Some(message.vote)
            && state.stored.is_some()
            && state.stored == message.prev_log_id
            && state.sending.is_none();
        ready.then(|| state.begin(message, false))
    }

    /// Sends entries. Those that are under way are waited for instead, if they begin with the
    /// same one: openraft waits no longer than a heartbeat interval and then asks again for
    /// them and those that came after them. `slow` is called then.
    pub(super) async fn append(
        self: &Arc<Self>,
        message: AppendRequest,
        slow: impl FnOnce(),
    ) -> AppendAnswer {
        let last = message.entries.last().map(|e| e.log_id);
        let (number, again) = self.start(message);
        if again {
            slow();
        }
        let (sent, answer) = poll_fn(|context| {
            let mut state = self.lock();
            let Some(sending) = state.sending.as_mut().filter(|s| s.number == number) else {
                // Another leadership has begun.
                return Poll::Ready((None, Err(self.line.silent())));
            };
            let Poll::Ready(answer) = Pin::new(&mut sending.answer).poll(context) else {
                return Poll::Pending;
            };
            let sent = sending.last;
            state.sending = None;
            Poll::Ready((sent, answer.unwrap_or_else(|_| Err(self.line.silent()))))
        })
        .await;
        match answer? {
            AppendEntriesResponse::Success if sent < last => {
                Ok(AppendEntriesResponse::PartialSuccess(sent))
            }
            answer => Ok(answer),
        }
    }

    /// Sends a message unless it is under way. Its number, and whether openraft has waited for
    /// it before.
    fn start(self: &Arc<Self>, message: AppendRequest) -> (u64, bool) {
        let mut state = self.lock();
        state.enter(message.vote);
        let first = message.entries.first().map(|e| e.log_id);
        if let Some(sending) = state.sending.as_mut().filter(|s| s.first == first) {
            return (sending.number, std::mem::replace(&mut sending.asked, true));
        }
        let answered = state.begin(&message, true);
        let number = state.begun;
        drop(state);
        self.line.peers.sending(self.line.target);
        let outbox = Arc::clone(self);
        tokio::spawn(async move {
            let head = Head::of(&message);
            let body = outbox.line.encode(&message);
            drop(message);
            outbox.deliver(head, body, answered).await;
        });
        (number, false)
    }

    /// Posts entries and notes the answer.
    async fn deliver(
        &self,
        head: Head,
        body: Result<Bytes, TransportError>,
        mut answered: oneshot::Sender<AppendAnswer>,
    ) {
        let post = async { self.line.append(body?, true).await };
        let answer = tokio::select! {
            answer = post => answer,
            () = answered.closed() => return,
        };
        self.note(head, &answer);
        // Nobody waits any more if another leadership has begun.
        let _ = answered.send(answer);
    }

    fn note(&self, head: Head, answer: &AppendAnswer) {
        let Line { peers, target, .. } = &*self.line;
        let mut state = self.lock();
        let current = state.vote == Some(head.vote);
        let stored = match answer {
            Ok(AppendEntriesResponse::Success) => {
                peers.answered(*target, head.sent, head.last.map(|l| l.index));
                if current {
                    state.told = state.told.max(head.committed);
                }
                head.last
            }
            Ok(AppendEntriesResponse::HigherVote(_)) | Err(_) => None,
            Ok(_) => {
                peers.answered(*target, head.sent, None);
                None
            }
        };
        if current {
            state.stored = stored;
        }
    }

    /// Whether a message without entries need not be sent now: the agent has just answered.
    /// What it should know to be committed, it is told soon.
    pub(super) fn needs_no_beat(self: &Arc<Self>, message: &AppendRequest) -> bool {
        let contact = self.line.peers.contact(self.line.target);
        let fresh = FRESH.min(self.line.heartbeat() / 4);
        let mut state = self.lock();
        if state.vote != Some(message.vote)
            || state.stored.is_none()
            || state.stored < message.prev_log_id
            || contact.answered.is_none_or(|at| at.elapsed() > fresh)
        {
            return false;
        }
        state.committed = state.committed.max(message.leader_commit);
        if state.told < state.committed && !state.telling {
            state.telling = true;
            let outbox = Arc::clone(self);
            tokio::spawn(async move { outbox.tell_committed().await });
        }
        true
    }

    /// Tells the agent what is committed, once no entries have been sent for a while.
    async fn tell_committed(&self) {
        loop {
            let quiet_at = self.lock().sent.map(|at| at + COMMIT_DELAY);
            match quiet_at.filter(|at| *at > Instant::now()) {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => break,
            }
        }
        let message = {
            let mut state = self.lock();
            state.telling = false;
            let (Some(vote), Some(stored)) = (state.vote, state.stored) else { return };
            if state.told >= state.committed {
                return;
            }
            AppendRequest {
                vote,
                prev_log_id: Some(stored),
                entries: Vec::new(),
                leader_commit: state.committed,
            }
        };
        // If it fails, the next heartbeat tells it.
        if let Ok(AppendEntriesResponse::Success) = self.line.beat(&message).await {
            let mut state = self.lock();
            if state.vote == Some(message.vote) {
                state.told = state.told.max(message.leader_commit);
            }
        }
    }
}

/// The message boxes of all other agents. Clones share them.
#[derive(Clone, Default)]
pub struct Outboxes(Arc<Mutex<Vec<Arc<Outbox>>>>);

impl std::fmt::Debug for Outboxes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outboxes").finish_non_exhaustive()
    }
}

impl Outboxes {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Outbox>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The message box of the agent at the end of `line`.
    pub(super) fn of(&self, line: Line) -> Arc<Outbox> {
        let mut all = self.lock();
        all.retain(|outbox| {
            outbox.line.target != line.target || outbox.line.endpoint == line.endpoint
        });
        if let Some(known) = all.iter().find(|outbox| outbox.line.target == line.target) {
            return Arc::clone(known);
        }
        let outbox = Outbox::new(Arc::new(line));
        all.push(Arc::clone(&outbox));
        outbox
    }

    /// Begins to send what a leader has just appended to every agent that is ready for it.
    pub fn send_ahead(&self, message: AppendRequest) {
        let mut ready: Vec<_> = self
            .lock()
            .iter()
            .filter_map(|outbox| Some((Arc::clone(outbox), outbox.begin_ahead(&message)?)))
            .collect();
        let Some((last, answered)) = ready.pop() else { return };
        tokio::spawn(async move {
            let head = Head::of(&message);
            let body = last.line.encode(&message);
            drop(message);
            for (outbox, answered) in ready {
                outbox.line.peers.sending(outbox.line.target);
                // What cannot be encoded is not sent to anybody.
                if let Ok(body) = &body {
                    let body = Ok(body.clone());
                    tokio::spawn(async move { outbox.deliver(head, body, answered).await });
                }
            }
            last.line.peers.sending(last.line.target);
            last.deliver(head, body, answered).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::post;
    use openraft::{CommittedLeaderId, Entry, EntryPayload};
    use tokio::sync::mpsc;

    use super::super::transport::Transport;
    use super::*;
    use crate::standin::agent::config::AgentConfig;
    use crate::standin::agent::pool::Pool;
    use crate::standin::agent::raft::types::TypeConfig;

    type Seen = mpsc::UnboundedReceiver<AppendRequest>;

    fn log_id(index: u64) -> LogId {
        LogId::new(CommittedLeaderId::new(1, 7), index)
    }

    /// What a leader sends when it appends entry `index`.
    fn message(index: u64) -> AppendRequest {
        AppendRequest {
            vote: Vote::new_committed(1, 7),
            prev_log_id: index.checked_sub(1).map(log_id),
            entries: vec![Entry::<TypeConfig> {
                log_id: log_id(index),
                payload: EntryPayload::Blank,
            }],
            leader_commit: index.checked_sub(1).map(log_id),
        }
    }

    /// Message boxes for one agent that says yes to everything, and what it is sent.
    async fn one_agent() -> (Outboxes, Arc<Outbox>, Seen) {
        let (tell, seen) = mpsc::unbounded_channel();
        let append = move |body: Bytes| async move {
            let _ = tell.send(serde_json::from_slice(&body).unwrap());
            serde_json::to_string(&AppendEntriesResponse::<u64>::Success).unwrap()
        };
        let route = format!("{}{}", super::super::PRIVATE_PREFIX, super::super::APPEND);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().route(&route, post(append));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let config = AgentConfig::new("AGNT-a", "tcp://127.0.0.1:1", Vec::new());
        let outboxes = Outboxes::default();
        let outbox = outboxes.of(Line {
            transport: Transport::new(&config),
            peers: Arc::default(),
            pool: Pool::new(Vec::new()),
            target: 8,
            endpoint: url,
            address: String::new(),
        });
        (outboxes, outbox, seen)
    }

    fn never_slow() {
        panic!("the message was waited for before");
    }

    #[tokio::test]
    async fn entries_sent_ahead_are_not_sent_again() {
        let (outboxes, outbox, mut seen) = one_agent().await;
        assert!(matches!(
            outbox.append(message(0), never_slow).await,
            Ok(AppendEntriesResponse::Success)
        ));
        outboxes.send_ahead(message(1));
        assert_eq!(seen.recv().await.unwrap().entries[0].log_id, log_id(0));
        assert_eq!(seen.recv().await.unwrap().entries[0].log_id, log_id(1));
        assert!(matches!(
            outbox.append(message(1), never_slow).await,
            Ok(AppendEntriesResponse::Success)
        ));
        assert!(outbox.append(message(2), never_slow).await.is_ok());
        assert_eq!(seen.recv().await.unwrap().entries[0].log_id, log_id(2));
    }

    #[tokio::test]
    async fn nothing_is_sent_ahead_to_an_agent_that_lacks_what_comes_before() {
        let (outboxes, outbox, mut seen) = one_agent().await;
        outboxes.send_ahead(message(1));
        assert!(outbox.append(message(0), never_slow).await.is_ok());
        outboxes.send_ahead(message(2));
        assert!(outbox.append(message(1), never_slow).await.is_ok());
        let first = seen.recv().await.unwrap().entries[0].log_id;
        let second = seen.recv().await.unwrap().entries[0].log_id;
        assert_eq!((first, second), (log_id(0), log_id(1)));
    }

    #[tokio::test]
    async fn an_agent_that_has_just_answered_is_told_the_commit_soon() {
        let (_outboxes, outbox, mut seen) = one_agent().await;
        // A busy machine may take too long for an answer to be fresh.
        for index in 0..100 {
            let mut beat = message(index + 1);
            beat.entries.clear();
            assert!(index > 0 || !outbox.needs_no_beat(&beat), "nobody has answered yet");
            assert!(outbox.append(message(index), never_slow).await.is_ok());
            seen.recv().await.unwrap();
            if outbox.needs_no_beat(&beat) {
                let told = seen.recv().await.unwrap();
                assert_eq!(told.leader_commit, Some(log_id(index)));
                assert!(told.entries.is_empty());
                return;
            }
        }
        panic!("no answer was fresh");
    }
}
