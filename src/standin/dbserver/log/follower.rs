//! Takes what the leader sends.

use super::kept::Change;
use super::message::{Acknowledgement, Append, AppendResult, Snapshot};
use super::participant::{Participant, Role};
use crate::standin::model::ServerId;
use crate::standin::model::log::TermIndex;

/// No log gets as far as this: what a snapshot stands in for ends before.
const BEYOND: u64 = u64::MAX / 2;

/// A follower in a term.
#[derive(Clone, Debug)]
pub(super) struct Follower {
    /// Whom it follows; nobody while a leader is to be elected.
    pub(super) leader: Option<ServerId>,
    /// Whether the leader of this term has told of a commit.
    pub(super) heard_commit: bool,
}

impl Follower {
    pub(super) fn of(leader: Option<ServerId>) -> Self {
        Self { leader, heard_commit: false }
    }

    /// Takes a message, if it is of the leader that is followed.
    pub(super) fn append(participant: &mut Participant, message: &Append) -> Acknowledgement {
        let followed = match &participant.role {
            Role::Follower(follower) => follower.leader.as_ref() == Some(&message.leader),
            Role::Leader(_) => false,
        };
        // One that does not know yet that it is another incarnation will begin anew, and would
        // forget what it has heard.
        let is_meant = message.incarnation <= participant.me.reboot_id;
        let result = if !followed || !is_meant || message.term != participant.term {
            AppendResult::NotFollowing
        } else {
            participant.take(message)
        };
        if let AppendResult::Stored(up_to) = result {
            participant.learn(message, up_to);
        }
        Acknowledgement {
            term: message.term,
            sequence: message.sequence,
            result,
            snapshot_available: participant.kept.snapshot_available(),
            commit_index: participant.commit_index,
        }
    }
}

impl Participant {
    fn take(&mut self, message: &Append) -> AppendResult {
        match message.snapshot {
            Some(snapshot) if snapshot.last.index >= BEYOND => AppendResult::NotFollowing,
            Some(snapshot) => self.take_snapshot(snapshot),
            None => self.take_entries(message),
        }
    }

    fn take_snapshot(&mut self, snapshot: Snapshot) -> AppendResult {
        let has_it = self.kept.base().index >= snapshot.last.index
            || self.kept.term_at(snapshot.last.index) == Some(snapshot.last.term);
        if self.kept.snapshot_available() && has_it {
            // A message that was long under way: what came after it stays.
            return AppendResult::Stored(snapshot.last);
        }
        let (last, available) = match snapshot {
            Snapshot { last, complete: true } => (last, true),
            Snapshot { complete: false, .. } => (TermIndex::default(), false),
        };
        self.change(Change::Reset(last));
        self.change(Change::Snapshot(available));
        if available {
            self.commit_index = last.index;
        }
        AppendResult::Stored(last)
    }

    fn take_entries(&mut self, message: &Append) -> AppendResult {
        let previous = message.previous;
        let (base, last) = (self.kept.base(), self.kept.last());
        if previous.index > last.index {
            return AppendResult::Conflict(last.index);
        }
        if previous.index >= base.index && self.kept.term_at(previous.index) != Some(previous.term)
        {
            return self.conflict(previous.index);
        }
        for entry in &message.entries {
            match self.kept.term_at(entry.index) {
                Some(term) if term == entry.term => {}
                // What was dropped here was committed, so the leader has it as well.
                None if entry.index < base.index && entry.term <= base.term => {}
                _ if entry.index <= base.index => return self.start_over(),
                Some(_) => {
                    self.change(Change::Truncate(entry.index));
                    self.change(Change::Append(entry.clone()));
                }
                None => {
                    if !self.change(Change::Append(entry.clone())) {
                        return AppendResult::Conflict(self.kept.last().index);
                    }
                }
            }
        }
        if previous.index == 0 && !self.kept.snapshot_available() {
            self.change(Change::Snapshot(true));
        }
        AppendResult::Stored(message.entries.last().map_or(previous, |entry| entry.place()))
    }

    /// The entry at this index is not the leader's: none of its term may be.
    fn conflict(&mut self, index: u64) -> AppendResult {
        let base = self.kept.base().index;
        if index <= base {
            return self.start_over();
        }
        let term = self.kept.term_at(index);
        let mut before = index - 1;
        while before > base && self.kept.term_at(before) == term {
            before -= 1;
        }
        AppendResult::Conflict(before)
    }

    /// What was dropped here is not what the leader has: only somebody who names leaders by hand
    /// brings this about.
    fn start_over(&mut self) -> AppendResult {
        self.change(Change::Reset(TermIndex::default()));
        self.change(Change::Snapshot(false));
        AppendResult::Conflict(0)
    }

    /// Learns what else the leader knows about entries up to `up_to`, which are the same there.
    fn learn(&mut self, message: &Append, up_to: TermIndex) {
        let committed = message.commit_index.min(up_to.index).min(self.kept.last().index);
        self.commit_index = self.commit_index.max(committed);
        if let Role::Follower(follower) = &mut self.role {
            // An entry of this leader's is committed, be it here or not yet.
            follower.heard_commit |= message.commit_index > 0;
        }
        let released = message.released.min(self.commit_index);
        if released > self.kept.released() {
            self.change(Change::Release(released));
        }
        if message.sync {
            self.want_sync();
        }
    }
}
