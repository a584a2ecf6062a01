//! A log that runs here, with whoever waits for it.

use std::collections::VecDeque;
use std::time::Instant;

use tokio::sync::oneshot;

use crate::standin::dbserver::log::message::Committed;
use crate::standin::dbserver::log::participant::Participant;
use crate::standin::model::ServerId;

/// Why a log does not do as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::standin) enum LogError {
    /// No such log takes part here.
    #[error("the replicated log is not known to this server")]
    Unknown,
    /// Another server leads.
    #[error("this server does not lead the replicated log")]
    NotLeader,
    /// Nobody leads, or this server does no more.
    #[error("the replicated log has no leader")]
    NoLeader,
    /// Its entries are not for clients.
    #[error("the implementation of the replicated log does not take entries of clients")]
    OtherImplementation,
    /// The server ends.
    #[error("the server ends")]
    Ended,
}

/// Who is told of a commit.
pub(super) type Waiter = oneshot::Sender<Result<Committed, LogError>>;

/// A log that runs here.
#[derive(Debug)]
pub(in crate::standin) struct Running {
    pub(in crate::standin) participant: Participant,
    /// Whether clients may write to it.
    pub(super) takes_entries: bool,
    /// Who waits for which entry.
    waiters: VecDeque<(u64, Waiter)>,
    pub(super) reporting: Reporting,
    /// Whether it is another incarnation of the server since the last report: nothing is taken
    /// from the leader before that is written.
    pub(super) unannounced: bool,
    /// When it is looked at again though nothing happens.
    pub(super) alarm: Option<Instant>,
    /// Who had everything when that was last looked at.
    pub(super) in_sync: Option<Vec<ServerId>>,
}

/// What becomes of the last report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reporting {
    /// Another one may be written.
    Idle,
    /// It is being written.
    Writing,
    /// It is written, but not in the view yet.
    Written,
    /// It was not written; the next one waits.
    Paused(Instant),
}

impl Running {
    pub(super) fn new(participant: Participant, takes_entries: bool) -> Self {
        Self {
            participant,
            takes_entries,
            waiters: VecDeque::new(),
            reporting: Reporting::Idle,
            unannounced: false,
            alarm: None,
            in_sync: None,
        }
    }

    /// Another participant takes the place of the one so far.
    pub(super) fn replace(&mut self, participant: Participant) {
        self.dismiss(LogError::NoLeader);
        self.unannounced |= self.participant.reboot_id() != participant.reboot_id();
        self.participant = participant;
    }

    /// Tells once an entry is committed.
    pub(super) fn wait(&mut self, index: u64, waiter: Waiter) {
        self.waiters.push_back((index, waiter));
    }

    /// Tells those whose entry is committed.
    pub(super) fn tell(&mut self) {
        // Some may have gone, from a log to which nothing is added.
        self.waiters.retain(|(_, waiter)| !waiter.is_closed());
        if self.waiters.is_empty() {
            return;
        }
        let Some(committed) = self.participant.committed() else { return };
        let (ready, waiting): (VecDeque<_>, _) = std::mem::take(&mut self.waiters)
            .into_iter()
            .partition(|(index, _)| *index <= committed.commit_index);
        self.waiters = waiting;
        for (_, waiter) in ready {
            // whoever waited may have gone
            let _ = waiter.send(Ok(committed.clone()));
        }
    }

    /// Tells everybody that it comes to nothing.
    pub(super) fn dismiss(&mut self, why: LogError) {
        for (_, waiter) in self.waiters.drain(..) {
            let _ = waiter.send(Err(why));
        }
    }
}

impl Running {
    /// Whether clients may add entries.
    pub(in crate::standin) fn takes_entries(&self) -> bool {
        self.takes_entries
    }

    /// Tells that entries are needed no more.
    pub(in crate::standin) fn release(&mut self, index: u64) -> Result<(), LogError> {
        self.participant.release(index).map_err(|_| self.not_leader())
    }

    /// Why the log takes nothing here.
    pub(super) fn not_leader(&self) -> LogError {
        if self.participant.is_leaderless() { LogError::NoLeader } else { LogError::NotLeader }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::standin::dbserver::log::kept::Kept;
    use crate::standin::dbserver::log::participant::{Assignment, Incarnation};
    use crate::standin::model::log::{Leader, ParticipantsConfig, PlanConfig, Term};

    /// A log that PRMR-a leads alone.
    pub(in crate::standin::dbserver::engine) fn led() -> Running {
        let me = Incarnation { server: "PRMR-a".into(), reboot_id: 1 };
        let leader = Leader { server_id: me.server.clone(), reboot_id: 1 };
        let term = Term { term: 1, leader: Some(leader) };
        let config = ParticipantsConfig {
            generation: 1,
            config: PlanConfig { effective_write_concern: 1, wait_for_sync: true },
            participants: [(me.server.clone(), Default::default())].into(),
        };
        let reboot_ids = BTreeMap::from([(me.server.clone(), 1)]);
        let plan = Assignment { term: &term, config: &config, reboot_ids: &reboot_ids };
        Running::new(Participant::start(me, plan, Kept::default(), 0, Instant::now()), true)
    }

    #[test]
    fn c4_12_a_poll_that_nobody_waits_for_any_more_takes_no_room() {
        let mut running = led();
        let (kept, waiting) = oneshot::channel();
        running.wait(7, kept);
        for _ in 0..100 {
            let (waiter, _) = oneshot::channel();
            running.wait(7, waiter);
            running.tell();
        }
        assert_eq!(running.waiters.len(), 1);
        drop(waiting);
        running.tell();
        assert!(running.waiters.is_empty());
    }
}
