//! Servers that are suspended and restarted, a network that delays, loses and repeats, and a Plan
//! that changes the term: whatever was committed stays.
//!
//! The Plan follows the rules of elections: in a term without a leader, so many servers have to
//! have confirmed it that one of them has every committed entry, and the one with the last entry
//! leads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::super::entry::{Content, Entry};
use super::super::kept::Kept;
use super::super::message::{Acknowledgement, Append};
use super::super::participant::{Assignment, Incarnation, Participant};
use super::{config, term};
use crate::standin::model::ServerId;
use crate::standin::model::log::{ParticipantsConfig, Term, TermIndex};

const SERVERS: [&str; 3] = ["a", "b", "c"];
const WRITE_CONCERN: u64 = 2;
/// After this time a message counts as lost, in milliseconds.
const PATIENCE: u64 = 300;

/// What arrives sooner or later.
#[derive(Clone, Debug)]
enum Packet {
    Request { from: ServerId, to: ServerId, message: Box<Append> },
    Answer { to: ServerId, from: ServerId, answer: Acknowledgement },
    Lost { at: ServerId, to: ServerId, term: u64, sequence: u64 },
}

struct Server {
    participant: Option<Participant>,
    stored: Kept,
    reboot_id: u64,
    runs: bool,
    /// What it knows of the Plan.
    plan: (Term, ParticipantsConfig, BTreeMap<ServerId, u64>),
    /// What arrived while it was suspended.
    backlog: Vec<Packet>,
}

struct World {
    random: StdRng,
    start: Instant,
    now: u64,
    packets: BTreeMap<(u64, u64), Packet>,
    count: u64,
    servers: BTreeMap<ServerId, Server>,
    term: Term,
    config: ParticipantsConfig,
    committed: BTreeMap<u64, Arc<Entry>>,
    leaders: BTreeMap<u64, BTreeSet<(ServerId, u64)>>,
    faults: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let term = term(1, Some(("a", 1)));
        let config = config(1, WRITE_CONCERN, &SERVERS);
        let reboot_ids: BTreeMap<ServerId, u64> =
            SERVERS.iter().map(|id| ((*id).into(), 1)).collect();
        let server = || Server {
            participant: None,
            stored: Kept::default(),
            reboot_id: 1,
            runs: true,
            plan: (term.clone(), config.clone(), reboot_ids.clone()),
            backlog: Vec::new(),
        };
        Self {
            random: StdRng::seed_from_u64(seed),
            start: Instant::now(),
            now: 0,
            packets: BTreeMap::new(),
            count: 0,
            servers: SERVERS.iter().map(|id| ((*id).into(), server())).collect(),
            term,
            config,
            committed: BTreeMap::new(),
            leaders: BTreeMap::new(),
            faults: true,
        }
    }

    fn time(&self) -> Instant {
        self.start + Duration::from_millis(self.now)
    }

    fn chance(&mut self, of: u32) -> bool {
        self.random.random_range(0..of) == 0
    }

    fn post(&mut self, delay: u64, packet: Packet) {
        self.count += 1;
        self.packets.insert((self.now + delay, self.count), packet);
    }

    /// Sends something that may be lost, delayed or repeated.
    fn send(&mut self, packet: Packet) {
        let delay = |random: &mut StdRng| match random.random_range(0..20) {
            0 => random.random_range(0..2000),
            _ => random.random_range(1..30),
        };
        if self.faults && self.chance(10) {
            return;
        }
        let first = delay(&mut self.random);
        self.post(first, packet.clone());
        if self.faults && self.chance(10) {
            let second = delay(&mut self.random);
            self.post(second, packet);
        }
    }

    fn reboot_ids(&self) -> BTreeMap<ServerId, u64> {
        self.servers.iter().map(|(id, server)| (id.clone(), server.reboot_id)).collect()
    }

    /// A server learns of the Plan, and does what it says.
    fn learn(&mut self, id: &ServerId) {
        let reboot_ids = self.reboot_ids();
        let (term, config, now) = (self.term.clone(), self.config.clone(), self.time());
        let server = self.servers.get_mut(id).unwrap();
        server.plan = (term, config, reboot_ids);
        let plan =
            Assignment { term: &server.plan.0, config: &server.plan.1, reboot_ids: &server.plan.2 };
        let me = Incarnation { server: id.clone(), reboot_id: server.reboot_id };
        match &mut server.participant {
            Some(running) if !running.must_restart(&me, plan) => running.configure(plan, now),
            old => {
                let commit = old.as_ref().map_or(0, |running| running.commit_index());
                *old = Some(Participant::start(me, plan, server.stored.clone(), commit, now));
            }
        }
        self.settle(id);
    }

    /// Stores what has changed, checks what must hold, and sends what is due.
    fn settle(&mut self, id: &ServerId) {
        let now = self.time();
        let server = self.servers.get_mut(id).unwrap();
        let Some(participant) = &mut server.participant else { return };
        for change in participant.take_changes().0 {
            assert!(server.stored.apply(&change));
        }
        assert_eq!(server.stored, *participant.kept());
        let terms: Vec<u64> = server.stored.from(0).map(|entry| entry.term).collect();
        assert!(terms.is_sorted(), "{terms:?}");
        participant.recover();
        if participant.leads() {
            let leaders = self.leaders.entry(participant.term()).or_default();
            leaders.insert((id.clone(), server.reboot_id));
            assert_eq!(leaders.len(), 1, "{leaders:?}");
        }
        if participant.committed().is_some() {
            for index in participant.kept().base().index + 1..=participant.commit_index() {
                let entry = participant.kept().get(index).unwrap();
                let known = self.committed.entry(index).or_insert_with(|| entry.clone());
                assert_eq!(known, entry);
            }
            let last = self.committed.keys().next_back().copied().unwrap_or(0);
            let newest = self.leaders.keys().next_back().copied();
            assert!(
                participant.spearhead().index >= last || Some(participant.term()) < newest,
                "a leader lacks what is committed"
            );
        }
        let mut messages = Vec::new();
        for to in participant.due(now) {
            let message = participant.message_for(&to, now);
            messages.extend(message.map(|message| (to, Box::new(message))));
        }
        for (to, message) in messages {
            let lost = Packet::Lost {
                at: id.clone(),
                to: to.clone(),
                term: message.term,
                sequence: message.sequence,
            };
            self.post(PATIENCE, lost);
            self.send(Packet::Request { from: id.clone(), to, message });
        }
    }

    fn deliver(&mut self, packet: Packet) {
        let now = self.time();
        let receiver = match &packet {
            Packet::Request { to, .. } | Packet::Answer { to, .. } => to.clone(),
            Packet::Lost { at, .. } => at.clone(),
        };
        let server = self.servers.get_mut(&receiver).unwrap();
        if !server.runs {
            server.backlog.push(packet);
            return;
        }
        let Some(participant) = &mut server.participant else { return };
        match packet {
            Packet::Request { from, to, message } => {
                let answer = participant.append(&message);
                self.settle(&to);
                self.send(Packet::Answer { to: from, from: to, answer });
            }
            Packet::Answer { to, from, answer } => {
                participant.acknowledged(&from, answer, now);
                self.settle(&to);
            }
            Packet::Lost { at, to, term, sequence } => {
                participant.lost(&to, term, sequence, now);
                self.settle(&at);
            }
        }
    }

    fn resume(&mut self, id: &ServerId) {
        let server = self.servers.get_mut(id).unwrap();
        server.runs = true;
        for packet in std::mem::take(&mut server.backlog) {
            self.deliver(packet);
        }
    }

    /// The Plan, as the supervision changes it.
    fn supervise(&mut self) {
        if let Some(leader) = &self.term.leader {
            let server = &self.servers[&leader.server_id];
            let is_gone = server.reboot_id != leader.reboot_id;
            if is_gone || !server.runs || self.chance(200) {
                self.term = term(self.term.term + 1, None);
            }
            return;
        }
        let confirmed = self.servers.iter().filter(|(_, server)| {
            let participant = server.participant.as_ref();
            server.runs && participant.is_some_and(|p| p.term() == self.term.term)
        });
        let confirmed: Vec<(TermIndex, ServerId, u64)> = confirmed
            .map(|(id, server)| (server.stored.last(), id.clone(), server.reboot_id))
            .collect();
        if confirmed.len() as u64 >= SERVERS.len() as u64 + 1 - WRITE_CONCERN
            && let Some((_, id, reboot_id)) = confirmed.iter().max()
        {
            self.term = term(self.term.term + 1, Some((id, *reboot_id)));
            self.config.generation += 1;
        }
    }

    fn any_server(&mut self) -> ServerId {
        SERVERS[self.random.random_range(0..SERVERS.len())].into()
    }

    fn disturb(&mut self) {
        let id = self.any_server();
        match self.random.random_range(0..60) {
            0 => self.servers.get_mut(&id).unwrap().runs = false,
            1..=3 => self.resume(&id),
            4 => {
                let server = self.servers.get_mut(&id).unwrap();
                server.reboot_id += 1;
                server.participant = None;
                server.backlog.clear();
                server.runs = true;
            }
            5 => {
                self.config.generation += 1;
                let flags = self.config.participants.get_mut(&id).unwrap();
                flags.forced = !flags.forced;
            }
            6..=20 => {
                let now = self.time();
                let server = self.servers.get_mut(&id).unwrap();
                if let Some(participant) = server.participant.as_mut().filter(|_| server.runs) {
                    let payload = Content::Payload(self.count.into());
                    let _ = participant.insert(vec![payload], false, now);
                    self.settle(&id);
                }
            }
            21..=24 => {
                let server = self.servers.get_mut(&id).unwrap();
                if let Some(participant) = server.participant.as_mut().filter(|_| server.runs) {
                    let known = participant.commit_index();
                    let _ = participant.release(known.saturating_sub(3));
                    participant.compact();
                    self.settle(&id);
                }
            }
            _ => {}
        }
    }

    fn step(&mut self) {
        self.now += self.random.random_range(1..10);
        while let Some(entry) = self.packets.first_entry().filter(|e| e.key().0 <= self.now) {
            let packet = entry.remove();
            self.deliver(packet);
        }
        if self.faults {
            self.disturb();
        }
        if self.chance(4) {
            self.supervise();
        }
        let id = self.any_server();
        if self.servers[&id].runs {
            self.learn(&id);
        }
    }

    /// Lets all faults end, and waits until all have the same.
    fn heal(&mut self) {
        self.faults = false;
        for flags in self.config.participants.values_mut() {
            flags.forced = false;
        }
        self.config.generation += 1;
        for id in SERVERS {
            self.resume(&id.into());
        }
        for _ in 0..20_000 {
            self.step();
            let dropped = self.servers.values().map(|server| server.stored.base().index).max();
            let mut logs = self.servers.values().map(|server| {
                let committed = server.participant.as_ref().map(|p| p.commit_index());
                let entries = server.stored.from(dropped.unwrap_or(0) + 1).cloned();
                (server.stored.last(), committed, entries.collect::<Vec<_>>())
            });
            let first = logs.next().unwrap();
            let all = Some(first.0.index);
            if first.1 == all && logs.all(|log| log == first) {
                return;
            }
        }
        panic!("the logs never become the same");
    }
}

#[test]
fn what_is_committed_is_never_lost_or_changed() {
    let mut entries = 0;
    let mut terms = 0;
    let mut drops = 0;
    for seed in 0..30 {
        let mut world = World::new(seed);
        for _ in 0..1500 {
            world.step();
        }
        world.heal();
        let (_, last) = world.servers.first_key_value().unwrap();
        let dropped = last.stored.base().index;
        for (index, entry) in world.committed.range(dropped + 1..) {
            assert_eq!(last.stored.get(*index), Some(entry), "seed {seed}");
        }
        drops += u64::from(dropped > 0);
        entries += world.committed.len();
        terms += world.leaders.len();
    }
    // the world is lively enough to show something
    assert!(
        entries > 2000 && terms > 150 && drops > 15,
        "{entries} entries, {terms} terms with a leader, {drops} compactions"
    );
}
