//! DB-servers that do the least a supervision can rely on: they acknowledge terms, lead, commit
//! configurations, and do nothing while they are suspended. Their logs hold no data.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::World;
use crate::agency::de::from_value;
use crate::standin::model::log::{
    CurrentLeader, Leader, LocalStatus, LogCurrent, LogPlan, ParticipantState, ParticipantsConfig,
    TermIndex,
};
use crate::standin::model::{ServerId, Transaction, Tree, paths};

type LogId = (String, String);

/// What a server has of a log.
#[derive(Clone, Debug, PartialEq)]
struct Participant {
    term: u64,
    reboot_id: u64,
    spearhead: TermIndex,
    /// What the last entry of this leader is about.
    active: Option<(u64, BTreeMap<ServerId, u64>)>,
}

/// All DB-servers of a world.
#[derive(Debug, Default)]
pub(in crate::standin::supervision) struct DbServers {
    servers: BTreeMap<ServerId, BTreeMap<LogId, Participant>>,
    suspended: BTreeSet<ServerId>,
}

impl DbServers {
    /// Servers that have registered and are well.
    pub(in crate::standin::supervision) fn register(world: &mut World, ids: &[&str]) -> Self {
        let mut servers = Self::default();
        for id in ids {
            world.set(&format!("/arango/Plan/DBServers/{id}"), json!("none"));
            world.set(&format!("/arango/Current/DBServers/{id}"), json!("none"));
            world.set(&paths::reboot_id(id), json!(1));
            world.set(&paths::health(id), json!({"Status": "GOOD", "SyncStatus": "SERVING"}));
            servers.servers.insert((*id).into(), BTreeMap::new());
        }
        servers
    }

    /// A server does nothing from now on.
    pub(in crate::standin::supervision) fn suspend(&mut self, id: &str) {
        self.suspended.insert(id.into());
    }

    /// A server goes on.
    pub(in crate::standin::supervision) fn resume(&mut self, id: &str) {
        self.suspended.remove(id);
    }

    /// Lets every running server look at every log once.
    pub(in crate::standin::supervision) fn maintain(&mut self, world: &mut World) {
        let tree = world.tree();
        let mut plans: BTreeMap<LogId, LogPlan> = BTreeMap::new();
        for (database, logs) in tree.children("/arango/Plan/ReplicatedLogs") {
            for (id, plan) in logs.as_object().into_iter().flat_map(|logs| logs.iter()) {
                if let Ok(plan) = from_value(plan)
                    && !id.is_empty()
                {
                    plans.insert((database.to_owned(), id.to_string()), plan);
                }
            }
        }
        for (server, logs) in &mut self.servers {
            if !self.suspended.contains(server) {
                logs.retain(|id, _| {
                    let participants = plans.get(id).map(|it| &it.participants_config.participants);
                    participants.is_some_and(|participants| participants.contains_key(server))
                });
            }
        }
        for (log, plan) in &plans {
            self.maintain_log(world, log, plan);
        }
    }

    fn maintain_log(&mut self, world: &mut World, log: &LogId, plan: &LogPlan) {
        let Some(term) = plan.term() else { return };
        let tree = world.tree();
        let running: Vec<ServerId> = self.running(plan).cloned().collect();
        for server in &running {
            let leads = is_leader(&tree, plan, server);
            if self.start(&tree, log, term, server, leads) {
                let state = if leads {
                    ParticipantState::Unconfigured
                } else {
                    ParticipantState::Connecting
                };
                self.report_status(world, log, server, state);
            }
        }
        let leader = running.iter().find(|server| is_leader(&tree, plan, server));
        if let Some(leader) = leader {
            self.lead(world, log, plan, leader);
        }
    }

    fn running(&self, plan: &LogPlan) -> impl Iterator<Item = &ServerId> {
        let participants = &plan.participants_config.participants;
        let running = self.servers.keys().filter(|server| !self.suspended.contains(*server));
        running.filter(|server| participants.contains_key(*server))
    }

    /// Starts a participant in a term, unless it runs in it with the same incarnation.
    fn start(&mut self, tree: &Tree, log: &LogId, term: u64, server: &str, leads: bool) -> bool {
        let Some(reboot_id) = tree.number(&paths::reboot_id(server)) else { return false };
        let logs = self.servers.get_mut(server).expect("it runs");
        let before = logs.get(log);
        if before.is_some_and(|it| it.term == term && it.reboot_id == reboot_id) {
            return false;
        }
        let mut spearhead = before.map_or(TermIndex::default(), |it| it.spearhead);
        if leads {
            spearhead = TermIndex { term, index: spearhead.index + 1 };
        }
        logs.insert(log.clone(), Participant { term, reboot_id, spearhead, active: None });
        true
    }

    /// Replicates what the leader has, and commits it if the rules allow.
    fn lead(&mut self, world: &mut World, log: &LogId, plan: &LogPlan, leader: &ServerId) {
        let tree = world.tree();
        let Some(term) = plan.term() else { return };
        let config = &plan.participants_config;
        let known = |id: &ServerId| tree.number(&paths::reboot_id(id));
        let reboot_ids: BTreeMap<ServerId, u64> =
            config.participants.keys().map(|id| (id.clone(), known(id).unwrap_or(0))).collect();
        let own = self.participant(leader, log);
        let active = Some((config.generation, reboot_ids.clone()));
        if own.active != active {
            if own.active.is_some() {
                own.spearhead.index += 1;
            }
            own.active = active;
        }
        let spearhead = own.spearhead;
        let acknowledged: Vec<ServerId> = self
            .running(plan)
            .filter(|id| {
                let participant = self.servers[*id].get(log);
                participant.is_some_and(|it| it.term == term && Some(it.reboot_id) == known(id))
            })
            .cloned()
            .collect();
        for id in &acknowledged {
            self.participant(id, log).spearhead = spearhead;
        }
        let forced = config.participants.iter().filter(|(_, flags)| flags.forced);
        let all_forced = { forced }.all(|(id, _)| acknowledged.contains(id));
        let counted = config.participants.iter().filter(|(_, flags)| flags.allowed_in_quorum);
        let counted = counted.filter(|(id, _)| acknowledged.contains(*id)).count() as u64;
        let current = self.current(world, log);
        if !all_forced || counted < config.config.effective_write_concern {
            if current.leader.is_none_or(|it| it.term != term || it.server_id != *leader) {
                report_leader(world, log, leader, term, None);
            }
            return;
        }
        if current.safe_reboot_ids.as_ref() != Some(&reboot_ids) {
            let path = format!("{}/safeRebootIds", paths::current_log(&log.0, &log.1));
            report(world, log, term, Transaction::new().set(path, &reboot_ids));
        }
        if current.leader.is_none_or(|it| {
            it.term != term
                || it.server_id != *leader
                || it.committed_participants_config.as_ref() != Some(config)
        }) {
            report_leader(world, log, leader, term, Some(config.clone()));
        }
        for id in acknowledged {
            self.report_status(world, log, &id, ParticipantState::ServiceOperational);
        }
    }

    fn participant(&mut self, server: &str, log: &LogId) -> &mut Participant {
        let logs = self.servers.get_mut(server).expect("it runs");
        logs.get_mut(log).expect("it has been started")
    }

    fn current(&self, world: &World, log: &LogId) -> LogCurrent {
        let path = paths::current_log(&log.0, &log.1);
        world.tree().read(&path).and_then(Result::ok).unwrap_or_default()
    }

    /// Tells how far a participant is, unless that is known.
    fn report_status(
        &mut self,
        world: &mut World,
        log: &LogId,
        server: &str,
        state: ParticipantState,
    ) {
        let told = self.current(world, log).local_status.remove(server);
        let Participant { term, reboot_id, spearhead, .. } = *self.participant(server, log);
        if told.is_some_and(|it| (it.term, it.state, it.reboot_id) == (term, state, reboot_id)) {
            return;
        }
        let status = LocalStatus { term, spearhead, state, snapshot_available: true, reboot_id };
        let path = format!("{}/localStatus/{server}", paths::current_log(&log.0, &log.1));
        report(world, log, term, Transaction::new().set(path, &status));
    }
}

/// Whether this incarnation of a server leads.
fn is_leader(tree: &Tree, plan: &LogPlan, server: &str) -> bool {
    let Some(reboot_id) = tree.number(&paths::reboot_id(server)) else { return false };
    plan.leader() == Some(&Leader { server_id: server.into(), reboot_id })
}

fn report_leader(
    world: &mut World,
    log: &LogId,
    leader: &ServerId,
    term: u64,
    committed: Option<ParticipantsConfig>,
) {
    let leader = CurrentLeader {
        server_id: leader.clone(),
        term,
        leadership_established: committed.is_some(),
        committed_participants_config: committed,
        commit_status: None,
    };
    let path = format!("{}/leader", paths::current_log(&log.0, &log.1));
    report(world, log, term, Transaction::new().set(path, &leader));
}

/// Writes something to Current, if the term is still the planned one.
fn report(world: &mut World, log: &LogId, term: u64, report: Transaction) {
    let planned = format!("{}/currentTerm/term", paths::plan_log(&log.0, &log.1));
    world.attempt(report.increment(paths::CURRENT_VERSION).when_equal(planned, term));
}
