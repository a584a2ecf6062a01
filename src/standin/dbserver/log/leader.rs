//! Replicates, commits, hands over configurations.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::commit::{CommitStatus, Voter, Votes};
use super::entry::{Content, Meta};
use super::kept::Change;
use super::message::{Acknowledgement, Append, AppendResult, Quorum, Snapshot};
use super::participant::{Assignment, NotLeader, Participant, Role};
use super::progress::{InFlight, Progress};
use crate::standin::model::ServerId;
use crate::standin::model::log::{ParticipantState, ParticipantsConfig, TermIndex};

/// Entries in one message at most.
const MOST_ENTRIES: usize = 1000;
/// Bytes in one message, roughly; an entry that is larger goes alone.
const MOST_BYTES: usize = 1 << 20;

/// A configuration that went into the log, with the incarnations of its servers.
#[derive(Clone, Debug)]
pub(super) struct Configuration {
    pub(super) config: ParticipantsConfig,
    pub(super) reboot_ids: BTreeMap<ServerId, u64>,
}

/// A leader in its term.
#[derive(Clone, Debug)]
pub(super) struct Leader {
    me: ServerId,
    pub(super) followers: BTreeMap<ServerId, Progress>,
    /// What is in force.
    pub(super) active: Arc<Configuration>,
    /// What was committed last.
    pub(super) committed: Option<Arc<Configuration>>,
    /// The configurations that are not committed, and the indices of their entries.
    handed_over: VecDeque<(u64, Arc<Configuration>)>,
    /// The entries of this term that are not committed, and when they were made.
    uncommitted: VecDeque<(u64, Instant)>,
    /// Who had the last committed entry when it was committed.
    pub(super) quorum: Quorum,
    recovered: bool,
    sequence: u64,
}

impl Leader {
    /// Whether an entry of this term is committed.
    pub(super) fn is_established(&self) -> bool {
        self.committed.is_some()
    }

    pub(super) fn state(&self) -> ParticipantState {
        match (self.is_established(), self.recovered) {
            (false, _) => ParticipantState::Unconfigured,
            (true, false) => ParticipantState::RecoveryInProgress,
            (true, true) => ParticipantState::ServiceOperational,
        }
    }

    /// What all participants have.
    pub(super) fn lowest_acknowledged(&self) -> u64 {
        self.followers
            .values()
            .map(|progress| progress.acknowledged.index)
            .min()
            .unwrap_or(u64::MAX)
    }

    /// When the oldest entry that is not committed was made.
    pub(super) fn uncommitted_since(&self) -> Option<Instant> {
        self.uncommitted.front().map(|(_, time)| *time)
    }

    pub(super) fn votes(&self, term: u64, last: TermIndex) -> Votes {
        let config = &self.active.config;
        let voters = config.participants.iter().map(|(id, flags)| {
            let (acknowledged, snapshot_available) = match self.followers.get(id) {
                _ if *id == self.me => (last, true),
                Some(progress) => (progress.acknowledged, progress.snapshot_available),
                None => (TermIndex::default(), false),
            };
            (id.clone(), Voter { flags: *flags, acknowledged, snapshot_available })
        });
        let write_concern = config.config.effective_write_concern;
        Votes { term, write_concern, voters: voters.collect() }
    }

    /// Adds entries of clients.
    pub(super) fn insert(
        participant: &mut Participant,
        contents: Vec<Content>,
        sync: bool,
        now: Instant,
    ) -> Result<Vec<u64>, NotLeader> {
        let Role::Leader(_) = &participant.role else { return Err(NotLeader) };
        let indices = contents.into_iter().map(|content| participant.propose(content, now));
        let indices = indices.collect();
        if sync {
            participant.want_sync();
        }
        participant.advance();
        Ok(indices)
    }

    /// Takes a configuration: those who left are forgotten, those who are new or another
    /// incarnation begin anew.
    fn take(&mut self, configuration: Arc<Configuration>, index: u64) {
        let (old, new) = (&self.active, &configuration);
        self.followers.retain(|id, _| {
            new.config.participants.contains_key(id)
                && old.reboot_ids.get(id) == new.reboot_ids.get(id)
        });
        for id in new.config.participants.keys().filter(|id| **id != self.me) {
            self.followers.entry(id.clone()).or_insert_with(|| Progress::new(index));
        }
        self.active = Arc::clone(&configuration);
        self.handed_over.push_back((index, configuration));
    }
}

impl Configuration {
    fn new(me: &ServerId, own: u64, plan: Assignment<'_>) -> Self {
        let ids = plan.config.participants.keys().map(|id| {
            let known = plan.reboot_ids.get(id).copied().unwrap_or(0);
            (id.clone(), if id == me { own } else { known })
        });
        Self { reboot_ids: ids.collect(), config: plan.config.clone() }
    }
}

impl Participant {
    /// Becomes the leader.
    pub(super) fn lead(&mut self, plan: Assignment<'_>, now: Instant) {
        if !self.kept.snapshot_available() {
            self.change(Change::Snapshot(true));
        }
        let configuration = Arc::new(Configuration::new(&self.me.server, self.me.reboot_id, plan));
        self.role = Role::Leader(Box::new(Leader {
            me: self.me.server.clone(),
            followers: BTreeMap::new(),
            active: Arc::clone(&configuration),
            committed: None,
            handed_over: VecDeque::new(),
            uncommitted: VecDeque::new(),
            quorum: Quorum::default(),
            recovered: false,
            // Far from the numbers of whoever led here in this term before.
            sequence: self.kept.last().index.wrapping_mul(1 << 20),
        }));
        let leader = self.me.server.clone();
        let first = Meta::FirstEntryOfTerm { leader, participants: plan.config.clone() };
        self.hand_over(configuration, first, now);
    }

    /// Hands over what the Plan says to a leader: a new generation, or new incarnations. Nothing
    /// happens to a follower.
    pub(in crate::standin) fn configure(&mut self, plan: Assignment<'_>, now: Instant) {
        let Some(active) = self.leader().map(|leader| Arc::clone(&leader.active)) else { return };
        let (me, own) = (&self.me.server, self.me.reboot_id);
        let newer = plan.config.generation > active.config.generation;
        let config = if newer { plan.config } else { &active.config };
        let next = Configuration::new(me, own, Assignment { config, ..plan });
        if !newer && next.reboot_ids == active.reboot_ids {
            return;
        }
        let update = Meta::UpdateInnerTermConfig {
            participants: next.config.clone(),
            safe_reboot_ids: next.reboot_ids.clone(),
        };
        self.hand_over(Arc::new(next), update, now);
    }

    fn hand_over(&mut self, configuration: Arc<Configuration>, entry: Meta, now: Instant) {
        let next = self.kept.last().index.saturating_add(1);
        if let Role::Leader(leader) = &mut self.role {
            leader.take(configuration, next);
        }
        self.propose(Content::Meta(entry), now);
        self.advance();
    }

    fn propose(&mut self, content: Content, now: Instant) -> u64 {
        let index = self.push(content);
        if let Role::Leader(leader) = &mut self.role {
            leader.uncommitted.push_back((index, now));
            if leader.active.config.config.wait_for_sync {
                self.want_sync();
            }
        }
        index
    }

    /// Commits what may be committed.
    pub(super) fn advance(&mut self) {
        let last = self.kept.last();
        let Role::Leader(leader) = &mut self.role else { return };
        let votes = leader.votes(self.term, last);
        let Some(index) = votes.committable().filter(|index| *index > self.commit_index) else {
            return;
        };
        self.commit_index = index;
        leader.quorum = Quorum { index, term: self.term, quorum: votes.quorum(index, &leader.me) };
        while leader.uncommitted.front().is_some_and(|(made, _)| *made <= index) {
            leader.uncommitted.pop_front();
        }
        while let Some((_, configuration)) = leader.handed_over.pop_front_if(|(at, _)| *at <= index)
        {
            leader.committed = Some(configuration);
        }
    }

    /// The state of a leader is rebuilt, as far as there is any: it serves. False if there was
    /// nothing to do.
    pub(in crate::standin) fn recover(&mut self) -> bool {
        match &mut self.role {
            Role::Leader(leader) if leader.is_established() && !leader.recovered => {
                leader.recovered = true;
                true
            }
            _ => false,
        }
    }

    /// The followers that a message is due to.
    pub(in crate::standin) fn due(&self, now: Instant) -> Vec<ServerId> {
        let Some(leader) = self.leader() else { return Vec::new() };
        let followers = leader.followers.iter();
        let due = followers.filter(|(_, progress)| {
            progress.retry.is_none_or(|time| time <= now) && self.has_news(progress)
        });
        due.map(|(id, _)| id.clone()).collect()
    }

    fn has_news(&self, progress: &Progress) -> bool {
        progress.in_flight.is_none()
            && (!progress.heard
                || progress.next <= self.kept.last().index
                || progress.told != self.tells())
    }

    /// Commit index and released index, as followers are told.
    fn tells(&self) -> (u64, u64) {
        match self.leader() {
            Some(leader) if leader.is_established() => (self.commit_index, self.kept.released()),
            _ => (0, 0),
        }
    }

    /// The message that is due to a follower; it counts as sent.
    pub(in crate::standin) fn message_for(&mut self, to: &str, now: Instant) -> Option<Append> {
        let progress = self.leader()?.followers.get(to)?;
        if progress.retry.is_some_and(|time| time > now) || !self.has_news(progress) {
            return None;
        }
        let tells = self.tells();
        let base = self.kept.base();
        let next = progress.next;
        let snapshot = (next <= base.index)
            .then_some(Snapshot { last: base, complete: !progress.snapshot_available });
        let previous = match snapshot {
            Some(_) => TermIndex::default(),
            None => {
                let index = next.saturating_sub(1);
                TermIndex { term: self.kept.term_at(index)?, index }
            }
        };
        let mut entries = Vec::new();
        let mut bytes = 0;
        if snapshot.is_none() {
            for entry in self.kept.from(next).take(MOST_ENTRIES) {
                bytes += entry.weight();
                if bytes > MOST_BYTES && !entries.is_empty() {
                    break;
                }
                entries.push(Arc::clone(entry));
            }
        }
        let Role::Leader(leader) = &mut self.role else { return None };
        leader.sequence = leader.sequence.wrapping_add(1);
        let sequence = leader.sequence;
        let incarnation = leader.active.reboot_ids.get(to).copied().unwrap_or(0);
        let progress = leader.followers.get_mut(to)?;
        progress.in_flight = Some(InFlight { sequence, tells });
        progress.retry = None;
        Some(Append {
            leader: leader.me.clone(),
            term: self.term,
            incarnation,
            sequence,
            previous,
            entries,
            commit_index: tells.0,
            released: tells.1,
            sync: leader.active.config.config.wait_for_sync,
            snapshot,
        })
    }

    /// What a follower answered. Answers to anything but the message that is under way do not
    /// count: they may be of an incarnation that is gone.
    pub(in crate::standin) fn acknowledged(
        &mut self,
        by: &str,
        answer: Acknowledgement,
        now: Instant,
    ) {
        let last = self.kept.last().index;
        let Role::Leader(leader) = &mut self.role else { return };
        let Some(progress) = leader.followers.get_mut(by) else { return };
        let answered = (self.term == answer.term).then_some(answer.sequence);
        let Some(sent) = progress.in_flight.filter(|sent| Some(sent.sequence) == answered) else {
            return;
        };
        match answer.result {
            AppendResult::Stored(up_to) if up_to.index <= last => {
                progress.taken();
                progress.heard = true;
                progress.acknowledged = up_to;
                progress.next = up_to.index + 1;
                progress.told = sent.tells;
                progress.snapshot_available = answer.snapshot_available;
                progress.commit_index = answer.commit_index;
                self.advance();
            }
            AppendResult::Conflict(agreed) => {
                progress.taken();
                progress.next =
                    progress.next.saturating_sub(1).min(agreed.saturating_add(1)).max(1);
                if agreed < progress.acknowledged.index {
                    progress.acknowledged = TermIndex::default();
                }
            }
            AppendResult::Stored(_) | AppendResult::NotFollowing => progress.refused(now),
        }
    }

    /// A message did not arrive, or its answer did not.
    pub(in crate::standin) fn lost(&mut self, to: &str, term: u64, sequence: u64, now: Instant) {
        let Role::Leader(leader) = &mut self.role else { return };
        if let Some(progress) = leader.followers.get_mut(to)
            && self.term == term
            && progress.in_flight.is_some_and(|sent| sent.sequence == sequence)
        {
            progress.refused(now);
        }
    }

    /// Why the newest entry is not committed.
    pub(super) fn commit_status(&self) -> CommitStatus {
        let last = self.kept.last();
        match self.leader() {
            Some(leader) if leader.uncommitted_since().is_some() => {
                leader.votes(self.term, last).obstacle(last)
            }
            _ => CommitStatus::NothingToCommit,
        }
    }

    /// When this participant has to be looked at again though nothing happens.
    pub(in crate::standin) fn alarm(&self, patience: Duration, now: Instant) -> Option<Instant> {
        let leader = self.leader()?;
        let overdue = leader.uncommitted_since().map(|since| since + patience);
        let retries = leader.followers.values().filter_map(|progress| progress.retry);
        retries.chain(overdue).filter(|time| *time > now).min()
    }
}
