//! The role of a server in a term of a log.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::entry::{Content, Entry};
use super::follower::Follower;
use super::kept::{Change, Kept};
use super::leader::Leader;
use super::message::{Acknowledgement, Append, Committed};
use crate::standin::model::ServerId;
use crate::standin::model::log::{
    LocalStatus, ParticipantState, ParticipantsConfig, Term, TermIndex,
};

/// What the Plan says of a log, and the incarnations of servers that are known.
#[derive(Clone, Copy, Debug)]
pub(in crate::standin) struct Assignment<'a> {
    /// The term, with its leader.
    pub(in crate::standin) term: &'a Term,
    /// Who takes part.
    pub(in crate::standin) config: &'a ParticipantsConfig,
    /// The incarnations.
    pub(in crate::standin) reboot_ids: &'a BTreeMap<ServerId, u64>,
}

/// An incarnation of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::standin) struct Incarnation {
    /// The server.
    pub(in crate::standin) server: ServerId,
    /// The number of the incarnation.
    pub(in crate::standin) reboot_id: u64,
}

/// The server does not lead the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server does not lead the log")]
pub(in crate::standin) struct NotLeader;

/// A participant of a log in a term.
#[derive(Clone, Debug)]
pub(in crate::standin) struct Participant {
    pub(super) me: Incarnation,
    pub(super) term: u64,
    pub(super) kept: Kept,
    pub(super) commit_index: u64,
    pub(super) role: Role,
    pub(super) changes: Vec<Change>,
    /// Whether the changes have to be on disk.
    sync: bool,
    /// The last entry that is known to be on disk.
    synced: u64,
}

#[derive(Clone, Debug)]
pub(super) enum Role {
    Leader(Box<Leader>),
    Follower(Follower),
}

impl Participant {
    /// Starts a participant as the Plan wants it: as the leader if this very incarnation is
    /// planned to be, else as a follower. `commit_index` is what it knew before.
    pub(in crate::standin) fn start(
        me: Incarnation,
        plan: Assignment<'_>,
        kept: Kept,
        commit_index: u64,
        now: Instant,
    ) -> Self {
        let leader = plan.term.leader.as_ref();
        let leads = leader.is_some_and(|leader| {
            leader.server_id == me.server && leader.reboot_id == me.reboot_id
        });
        let follower = Follower::of(leader.map(|leader| leader.server_id.clone()));
        let commit_index = commit_index.clamp(kept.base().index, kept.last().index);
        let mut participant = Self {
            me,
            term: plan.term.term,
            kept,
            commit_index,
            role: Role::Follower(follower),
            changes: Vec::new(),
            sync: false,
            synced: 0,
        };
        if leads {
            participant.lead(plan, now);
        }
        participant
    }

    /// Changes what is kept.
    pub(super) fn change(&mut self, change: Change) -> bool {
        let fits = self.kept.apply(&change);
        if fits {
            self.changes.push(change);
            let last = self.kept.last().index;
            self.synced = self.synced.min(last);
            self.commit_index = self.commit_index.min(last);
        }
        fits
    }

    /// The last entry that is on disk as soon as what has changed is stored.
    pub(super) fn synced(&self) -> u64 {
        if self.sync { self.kept.last().index } else { self.synced }
    }

    /// Adds an entry at the end.
    pub(super) fn push(&mut self, content: Content) -> u64 {
        let index = self.kept.last().index.saturating_add(1);
        let entry = Entry { index, term: self.term, content };
        self.change(Change::Append(entry.into()));
        index
    }

    /// Has the changes so far on disk before anybody hears of them.
    pub(super) fn want_sync(&mut self) {
        self.sync = true;
    }

    /// Takes the changes that have not been stored, and whether they have to be on disk. Nothing
    /// that tells of them may leave before they are stored.
    pub(in crate::standin) fn take_changes(&mut self) -> (Vec<Change>, bool) {
        let sync = std::mem::take(&mut self.sync);
        if sync {
            self.synced = self.kept.last().index;
        }
        (std::mem::take(&mut self.changes), sync)
    }

    /// What a leader sends it.
    pub(in crate::standin) fn append(&mut self, message: &Append) -> Acknowledgement {
        Follower::append(self, message)
    }

    /// Adds entries of clients; gives their indices.
    ///
    /// # Errors
    /// The participant does not lead.
    pub(in crate::standin) fn insert(
        &mut self,
        contents: Vec<Content>,
        sync: bool,
        now: Instant,
    ) -> Result<Vec<u64>, NotLeader> {
        Leader::insert(self, contents, sync, now)
    }

    /// Tells that nothing up to this index is needed any more.
    ///
    /// # Errors
    /// The participant does not lead.
    pub(in crate::standin) fn release(&mut self, index: u64) -> Result<(), NotLeader> {
        self.leader().ok_or(NotLeader)?;
        let index = index.min(self.commit_index);
        if index > self.kept.released() {
            self.change(Change::Release(index));
        }
        Ok(())
    }

    /// Drops what nobody needs any more.
    pub(in crate::standin) fn compact(&mut self) {
        let needed = self.lowest_index_to_keep();
        let up_to = self.kept.released().min(self.commit_index).min(needed.saturating_sub(1));
        if up_to > self.kept.base().index {
            self.change(Change::Compact(up_to));
        }
    }

    /// The first entry that some participant may still need.
    pub(in crate::standin) fn lowest_index_to_keep(&self) -> u64 {
        let known = self.commit_index.saturating_add(1);
        match &self.role {
            Role::Leader(leader) => leader.lowest_acknowledged().saturating_add(1).min(known),
            Role::Follower(_) => known,
        }
    }

    pub(super) fn leader(&self) -> Option<&Leader> {
        match &self.role {
            Role::Leader(leader) => Some(leader),
            Role::Follower(_) => None,
        }
    }

    /// Whether it leads.
    pub(in crate::standin) fn leads(&self) -> bool {
        self.leader().is_some()
    }

    /// The term.
    pub(in crate::standin) fn term(&self) -> u64 {
        self.term
    }

    /// The incarnation of the server that it was started with.
    pub(in crate::standin) fn reboot_id(&self) -> u64 {
        self.me.reboot_id
    }

    /// What it keeps.
    pub(in crate::standin) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The last entry that it knows to be committed.
    pub(in crate::standin) fn commit_index(&self) -> u64 {
        self.commit_index
    }

    /// The last entry that is committed and who has it; nothing before this leader has committed
    /// anything.
    pub(in crate::standin) fn committed(&self) -> Option<Committed> {
        let leader = self.leader().filter(|leader| leader.is_established())?;
        Some(Committed { commit_index: self.commit_index, quorum: leader.quorum.clone() })
    }

    /// How far it is.
    pub(in crate::standin) fn state(&self) -> ParticipantState {
        match &self.role {
            Role::Leader(leader) => leader.state(),
            Role::Follower(follower) if !follower.heard_commit => ParticipantState::Connecting,
            Role::Follower(_) if !self.kept.snapshot_available() => {
                ParticipantState::AcquiringSnapshot
            }
            Role::Follower(_) => ParticipantState::ServiceOperational,
        }
    }

    /// What it says of itself to the agency.
    pub(in crate::standin) fn local_status(&self) -> LocalStatus {
        LocalStatus {
            term: self.term,
            spearhead: self.spearhead(),
            state: self.state(),
            snapshot_available: self.kept.snapshot_available(),
            reboot_id: self.me.reboot_id,
        }
    }

    /// Its last entry.
    pub(in crate::standin) fn spearhead(&self) -> TermIndex {
        self.kept.last()
    }
}

impl Participant {
    /// Whether the Plan wants another participant than this one.
    pub(in crate::standin) fn must_restart(&self, me: &Incarnation, plan: Assignment<'_>) -> bool {
        let generation = self.leader().map(|leader| leader.active.config.generation);
        self.term != plan.term.term
            || self.me != *me
            // A log of the same name was removed and another one made before this was noticed.
            || generation.is_some_and(|active| active > plan.config.generation)
    }

    /// Whether any of these servers takes part, as far as this participant has to know.
    pub(in crate::standin) fn concerns(&self, servers: &BTreeSet<ServerId>) -> bool {
        let active = self.leader().map(|leader| &leader.active.config.participants);
        active.is_some_and(|active| servers.iter().any(|id| active.contains_key(id)))
    }
}

impl Participant {
    /// Whether nobody leads in this term, or an incarnation of this server that is gone.
    pub(in crate::standin) fn is_leaderless(&self) -> bool {
        match &self.role {
            Role::Leader(_) => false,
            Role::Follower(follower) => {
                follower.leader.as_ref().is_none_or(|leader| *leader == self.me.server)
            }
        }
    }

    /// Those who follow this leader.
    pub(in crate::standin) fn followers(&self) -> Vec<ServerId> {
        self.leader().into_iter().flat_map(|leader| leader.followers.keys().cloned()).collect()
    }
}
