//! Looks at all servers.

use std::collections::HashSet;

use super::acknowledged::{Acknowledged, Heartbeats, heartbeat};
use super::expiry::Expiry;
use super::health::{self, Effect};
use super::record::{Record, short_name};
use crate::standin::model::server::{Role, Status};
use crate::standin::model::{ServerId, Transaction, Tree, paths};
use crate::standin::supervision::agency::LeadershipLost;
use crate::standin::supervision::ids::Ids;
use crate::standin::supervision::round::Round;

/// What a leadership remembers of the servers.
#[derive(Debug, Default)]
pub(in crate::standin::supervision) struct Servers {
    pub(super) heartbeats: Heartbeats,
    pub(super) expiry: Expiry,
    /// Whether the health is looked at, or heartbeats are still waited for.
    pub(super) watching: bool,
    told_of_waiting: bool,
    told_of: HashSet<ServerId>,
}

/// Servers have so long to be heard of by a new leader, in seconds.
const PATIENCE: f64 = 55.0;

/// The same in grace periods, for short ones.
const PATIENCE_IN_GRACE_PERIODS: f64 = 5.5;

/// All planned servers: DB-servers, then coordinators.
pub(super) fn planned(tree: &Tree) -> impl Iterator<Item = &str> {
    let of = |role: Role| tree.children(plan_path(role)).map(|(id, _)| id);
    of(Role::DbServer).chain(of(Role::Coordinator))
}

fn plan_path(role: Role) -> &'static str {
    match role {
        Role::DbServer => "/arango/Plan/DBServers",
        Role::Coordinator => "/arango/Plan/Coordinators",
    }
}

/// The role under which a server is planned.
pub(super) fn planned_as(tree: &Tree, id: &str) -> Option<Role> {
    let roles = [Role::DbServer, Role::Coordinator];
    roles.into_iter().find(|role| tree.has(&format!("{}/{id}", plan_path(*role))))
}

impl Servers {
    /// Notes how the servers are, and what follows from it.
    pub(in crate::standin::supervision) fn check(
        &mut self,
        round: &mut Round<'_>,
        ids: &mut Ids,
    ) -> Result<(), LeadershipLost> {
        let tree = round.tree()?;
        let transient = round.agency.transient();
        if !self.may_watch(round, &tree, &transient) {
            return Ok(());
        }
        let now = Acknowledged { led_for: round.led_for, time: round.now };
        let mut records = Transaction::new();
        let mut persisted = Vec::new();
        for id in planned(&tree) {
            let Some(name) = short_name(&tree, id) else {
                if self.told_of.insert(id.into()) {
                    tracing::info!(server = id, "no short name, its health is not looked at");
                }
                continue;
            };
            let role = Role::of(id);
            if role.is_none() && self.told_of.insert(id.into()) {
                tracing::error!(server = id, "the id begins with no known role");
            }
            let beat = heartbeat(&transient, id);
            let look = self.heartbeats.look(id, beat, now);
            let silence = look.acknowledged.map(|time| round.led_for.saturating_sub(time.led_for));
            let raw = health::raw_status(silence, round.settings);
            let before = Status::of(&tree, id);
            let status = match (look.first, before) {
                (true, Some(before)) => before,
                _ => health::told_status(role, before, raw),
            };
            let (acknowledged, stamp) = (look.acknowledged, round.stamp());
            let record = Record::of(&tree, id, name, beat, acknowledged, status, &stamp);
            records = records.set(paths::health(id), &record);
            let agrees = record.agrees_with(tree.get(&paths::health(id)));
            if !look.first && !agrees {
                tracing::debug!(server = id, status = status.name(), "health has changed");
                persisted.extend(change(round, ids, &tree, id, before, &record));
            }
        }
        persisted.extend(self.forget(&tree, &transient, &mut records));
        if !records.is_empty() {
            round.agency.write_transient(&records);
        }
        round.write(&persisted)?;
        Ok(())
    }

    /// Whether the leader has been in office for long enough to judge servers by their silence.
    fn may_watch(&mut self, round: &Round<'_>, tree: &Tree, transient: &Tree) -> bool {
        if self.watching {
            return true;
        }
        let patience = PATIENCE.min(PATIENCE_IN_GRACE_PERIODS * round.settings.grace_period);
        let all_heard = || planned(tree).all(|id| heartbeat(transient, id).is_some());
        self.watching = round.led_for.as_secs_f64() > patience || all_heard();
        if !self.watching && !std::mem::replace(&mut self.told_of_waiting, true) {
            tracing::info!("waiting for heartbeats after a change of leadership");
        }
        self.watching
    }

    /// Removes records of servers that are planned no more.
    fn forget(
        &mut self,
        tree: &Tree,
        transient: &Tree,
        records: &mut Transaction,
    ) -> Vec<Transaction> {
        const HEALTH: &str = "/arango/Supervision/Health";
        let gone = |id: &&str| planned_as(tree, id).is_none();
        self.heartbeats.keep(|id| planned_as(tree, id).is_some());
        for (id, _) in transient.children(HEALTH).filter(|(id, _)| gone(id)) {
            *records = std::mem::take(records).delete(paths::health(id));
        }
        let stale = tree.children(HEALTH).map(|(id, _)| id).filter(gone);
        stale.map(|id| unplanned(Transaction::new().delete(paths::health(id)), id)).collect()
    }
}

/// Only if a server is not planned.
fn unplanned(transaction: Transaction, id: &str) -> Transaction {
    let roles = [Role::DbServer, Role::Coordinator];
    roles.into_iter().fold(transaction, |transaction, role| {
        transaction.when_missing(format!("{}/{id}", plan_path(role)))
    })
}

/// Writes down a change, with all that it brings about. Nothing if that needs an id and there is
/// none.
fn change(
    round: &Round<'_>,
    ids: &mut Ids,
    tree: &Tree,
    id: &str,
    before: Option<Status>,
    record: &Record<'_>,
) -> Option<Transaction> {
    let plan = format!("{}/{id}", plan_path(planned_as(tree, id)?));
    let write = Transaction::new().set(paths::health(id), record).when_there(plan);
    Some(match health::effect(tree, id, Role::of(id), before, record.status) {
        Effect::Nothing => write,
        Effect::FailOver => {
            let job = ids.take()?.to_string();
            tracing::info!(server = id, job, "the server has failed, created a job for it");
            health::failover(write, id, &job, round.now, round.settings)
        }
        Effect::Recover => write.delete(health::failed_server(id)),
        Effect::LoseCoordinator => health::lose_coordinator(write, tree, id),
    })
}
