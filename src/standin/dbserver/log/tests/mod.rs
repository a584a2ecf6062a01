//! Participants among themselves, with a network that is made up.

mod commit;
mod life;
mod replication;
mod simulation;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::message::Append;
use super::participant::{Assignment, Incarnation, Participant};
use crate::standin::model::ServerId;
use crate::standin::model::log::{Flags, Leader, ParticipantsConfig, PlanConfig, Term};

/// A configuration of servers with default flags.
pub(super) fn config(generation: u64, write_concern: u64, servers: &[&str]) -> ParticipantsConfig {
    let participants = servers.iter().map(|id| (ServerId::from(*id), Flags::default()));
    ParticipantsConfig {
        generation,
        config: PlanConfig { effective_write_concern: write_concern, wait_for_sync: false },
        participants: participants.collect(),
    }
}

/// A term, with a leader of an incarnation or without one.
pub(super) fn term(term: u64, leader: Option<(&str, u64)>) -> Term {
    let leader = leader.map(|(id, reboot_id)| Leader { server_id: id.into(), reboot_id });
    Term { term, leader }
}

/// The participants of a log, and messages that always arrive.
pub(super) struct Group {
    pub(super) now: Instant,
    pub(super) term: Term,
    pub(super) config: ParticipantsConfig,
    pub(super) reboot_ids: BTreeMap<ServerId, u64>,
    pub(super) servers: BTreeMap<ServerId, Participant>,
    /// Those who take nothing and say nothing.
    pub(super) suspended: Vec<&'static str>,
}

impl Group {
    /// A log that was just made; the first server leads.
    pub(super) fn new(write_concern: u64, servers: &[&'static str]) -> Self {
        let mut group = Self {
            now: Instant::now(),
            term: term(1, Some((servers[0], 1))),
            config: config(1, write_concern, servers),
            reboot_ids: servers.iter().map(|id| ((*id).into(), 1)).collect(),
            servers: BTreeMap::new(),
            suspended: Vec::new(),
        };
        group.follow_plan();
        group
    }

    /// Has all servers that run do what the Plan says.
    pub(super) fn follow_plan(&mut self) {
        let plan =
            Assignment { term: &self.term, config: &self.config, reboot_ids: &self.reboot_ids };
        for id in self.config.participants.keys() {
            if self.suspended.iter().any(|suspended| **suspended == **id) {
                continue;
            }
            let me = Incarnation { server: id.clone(), reboot_id: self.reboot_ids[id] };
            match self.servers.get_mut(id) {
                Some(running) if !running.must_restart(&me, plan) => {
                    running.configure(plan, self.now);
                }
                old => {
                    let (kept, commit) =
                        old.map(|p| (p.kept().clone(), p.commit_index())).unwrap_or_default();
                    let started = Participant::start(me, plan, kept, commit, self.now);
                    self.servers.insert(id.clone(), started);
                }
            }
        }
        self.servers.retain(|id, _| self.config.participants.contains_key(id));
    }

    fn runs(&self, id: &str) -> bool {
        self.servers.contains_key(id) && !self.suspended.contains(&id)
    }

    /// Exchanges messages until nothing is left to say.
    pub(super) fn talk(&mut self) {
        for _ in 0..1000 {
            let mut silent = true;
            for from in self.servers.keys().cloned().collect::<Vec<_>>() {
                if self.runs(&from) {
                    silent &= !self.talk_from(&from);
                }
            }
            if silent {
                return;
            }
        }
        panic!("they talk without end");
    }

    fn talk_from(&mut self, from: &str) -> bool {
        let mut said = false;
        for to in self.servers[from].due(self.now) {
            let sender = self.servers.get_mut(from).unwrap();
            let Some(message) = sender.message_for(&to, self.now) else { continue };
            if self.runs(&to) {
                said = true;
                let answer = self.servers.get_mut(&to).unwrap().append(&message);
                self.servers.get_mut(from).unwrap().acknowledged(&to, answer, self.now);
            } else {
                let Append { term, sequence, .. } = message;
                self.servers.get_mut(from).unwrap().lost(&to, term, sequence, self.now);
            }
        }
        let leader = self.servers.get_mut(from).unwrap();
        said | leader.recover()
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    /// Does what the Plan says and exchanges messages.
    pub(super) fn settle(&mut self) {
        self.follow_plan();
        self.talk();
    }

    pub(super) fn at(&mut self, id: &str) -> &mut Participant {
        self.servers.get_mut(id).unwrap()
    }
}
