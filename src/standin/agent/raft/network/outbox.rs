//! What is on its way to one other agent: at most one message with entries at a time.
//!
//! A leader's entries leave while they are still being written to its own disk (Ongaro's
//! dissertation, §10.2.1). openraft asks for them to be sent only when that is done, and then
//! finds the message under way, or answered. It counts the leader's own copy no sooner than before.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use openraft::raft::AppendEntriesResponse;
use tokio::sync::{Notify, oneshot};

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
    /// Tells whoever waits for an answer to look again.
    news: Notify,
}

#[derive(Default)]
struct State {
    /// The leadership that all of this belongs to.
    vote: Option<Vote>,
    /// The last entry that the agent is known to have.
    stored: Option<LogId>,
    /// Whether the last message with entries went well.
    well: bool,
    /// The last entry that it knows to be committed.
    told: Option<LogId>,
    /// The last entry that it should know to be committed.
    committed: Option<LogId>,
    /// Whether a task waits to tell it.
    telling: bool,
    /// When entries were sent last.
    sent: Option<Instant>,
    /// The message under way, or one that went wrong until openraft learns of it.
    sending: Option<Sending>,
    /// Messages begun so far.
    begun: u64,
}

/// Entries under way. When it is dropped, they are not waited for any more.
struct Sending {
    number: u64,
    first: Option<LogId>,
    /// Whether openraft has asked for them.
    asked: bool,
    /// The answer, unless all went well.
    failed: Option<AppendAnswer>,
    _wanted: oneshot::Sender<()>,
}

/// A message to be delivered.
struct Parcel {
    number: u64,
    /// Closed when nobody waits any more.
    wanted: oneshot::Receiver<()>,
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

    fn begin(&mut self, message: &AppendRequest, asked: bool) -> Parcel {
        let (keep, wanted) = oneshot::channel();
        self.sent = Some(Instant::now());
        self.begun += 1;
        self.sending = Some(Sending {
            number: self.begun,
            first: message.entries.first().map(|e| e.log_id),
            asked,
            failed: None,
            _wanted: keep,
        });
        Parcel { number: self.begun, wanted }
    }

    /// What openraft is told at once: entries that were sent ahead may be there already.
    fn known(&self, first: Option<LogId>, last: Option<LogId>) -> Option<AppendAnswer> {
        match self.stored {
            stored if stored >= last => Some(Ok(AppendEntriesResponse::Success)),
            stored if stored >= first => Some(Ok(AppendEntriesResponse::PartialSuccess(stored))),
            _ => None,
        }
    }
}

impl Outbox {
    pub(super) fn new(line: Arc<Line>) -> Arc<Self> {
        Arc::new(Self { line, state: Mutex::default(), news: Notify::new() })
    }

    pub(super) fn line(&self) -> &Arc<Line> {
        &self.line
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to send what a leader has just appended, if the agent has all that comes before
    /// and nothing else is under way to it.
    fn begin_ahead(&self, message: &AppendRequest) -> Option<Parcel> {
        let mut state = self.lock();
        let ready = state.vote == Some(message.vote)
            && state.well
            && state.stored == message.prev_log_id
            && state.sending.is_none();
        ready.then(|| state.begin(message, false))
    }

    /// Sends entries, unless the agent has them. Those that are under way are waited for
    /// instead, if they begin with the same one: openraft waits no longer than a heartbeat
    /// interval and then asks again for them and those that came after them. `slow` is called
    /// then.
    pub(super) async fn append(
        self: &Arc<Self>,
        message: AppendRequest,
        slow: impl FnOnce(),
    ) -> AppendAnswer {
        let vote = message.vote;
        let first = message.entries.first().map(|e| e.log_id);
        let last = message.entries.last().map(|e| e.log_id);
        let (number, again) = match self.start(message, first, last) {
            Ok(started) => started,
            Err(known) => return known,
        };
        if again {
            slow();
        }
        loop {
            let mut news = pin!(self.news.notified());
            news.as_mut().enable();
            {
                let mut state = self.lock();
                if state.vote == Some(vote)
                    && let Some(known) = state.known(first, last)
                {
                    return known;
                }
                match &mut state.sending {
                    Some(sending) if sending.number == number => {
                        if let Some(failed) = sending.failed.take() {
                            state.sending = None;
                            return failed;
                        }
                    }
                    // Another leadership has begun.
                    _ => return Err(self.line.silent()),
                }
            }
            news.await;
        }
    }

    /// Sends a message unless it is under way: its number, and whether openraft has waited for
    /// it before. The answer, if that is known.
    fn start(
        self: &Arc<Self>,
        message: AppendRequest,
        first: Option<LogId>,
        last: Option<LogId>,
    ) -> Result<(u64, bool), AppendAnswer> {
        let mut state = self.lock();
        state.enter(message.vote);
        if let Some(known) = state.known(first, last) {
            return Err(known);
        }
        if let Some(sending) =
            state.sending.as_mut().filter(|s| s.first == first && s.failed.is_none())
        {
            return Ok((sending.number, std::mem::replace(&mut sending.asked, true)));
        }
        let parcel = state.begin(&message, true);
        drop(state);
        let number = parcel.number;
        self.line.peers.sending(self.line.target);
        let outbox = Arc::clone(self);
        tokio::spawn(async move {
            let head = Head::of(&message);
            let body = outbox.line.encode(&message);
            drop(message);
            outbox.deliver(parcel, head, body).await;
        });
        Ok((number, false))
    }

    /// Posts entries and notes the answer.
    async fn deliver(&self, mut parcel: Parcel, head: Head, body: Result<Bytes, TransportError>) {
        let post = async { self.line.append(body?, true).await };
        let answer = tokio::select! {
            answer = post => answer,
            _ = &mut parcel.wanted => return,
        };
        self.note(parcel.number, head, answer);
        self.news.notify_waiters();
    }

    fn note(&self, number: u64, head: Head, answer: AppendAnswer) {
        let Line { peers, target, .. } = &*self.line;
        let success = matches!(answer, Ok(AppendEntriesResponse::Success));
        if success {
            peers.answered(*target, head.sent, head.last.map(|l| l.index));
        } else if !matches!(answer, Ok(AppendEntriesResponse::HigherVote(_)) | Err(_)) {
            peers.answered(*target, head.sent, None);
        }
        let mut state = self.lock();
        if state.vote != Some(head.vote) {
            return;
        }
        state.well = success;
        if success {
            state.stored = state.stored.max(head.last);
            state.told = state.told.max(head.committed);
        }
        let Some(sending) = state.sending.as_mut().filter(|s| s.number == number) else { return };
        if success {
            state.sending = None;
        } else {
            sending.failed = Some(answer);
        }
    }

    /// Whether a message without entries need not be sent now: the agent has just answered.
    /// What it should know to be committed, it is told soon.
    pub(super) fn needs_no_beat(self: &Arc<Self>, message: &AppendRequest) -> bool {
        let contact = self.line.peers.contact(self.line.target);
        let fresh = FRESH.min(self.line.heartbeat() / 4);
        let mut state = self.lock();
        if state.vote != Some(message.vote)
            || !state.well
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
        let Some((last, parcel)) = ready.pop() else { return };
        tokio::spawn(async move {
            let head = Head::of(&message);
            let body = last.line.encode(&message);
            drop(message);
            for (outbox, parcel) in ready {
                outbox.line.peers.sending(outbox.line.target);
                let body = match &body {
                    Ok(body) => Ok(body.clone()),
                    Err(_) => Err(outbox.line.silent()),
                };
                tokio::spawn(async move { outbox.deliver(parcel, head, body).await });
            }
            last.line.peers.sending(last.line.target);
            last.deliver(parcel, head, body).await;
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
