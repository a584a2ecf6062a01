//! Follows the Plan.

use std::collections::BTreeSet;
use std::time::Instant;

use super::Work;
use super::running::{LogError, Running};
use crate::agency::de::from_value;
use crate::agency::value::Value;
use crate::standin::dbserver::changes::{changed_below, changed_pairs, reboot_ids};
use crate::standin::dbserver::log::participant::{Assignment, Incarnation, Participant};
use crate::standin::dbserver::store::{LogName, Record};
use crate::standin::model::Tree;
use crate::standin::model::log::LogPlan;
use crate::standin::model::paths;

const PLAN_LOGS: &str = "/arango/Plan/ReplicatedLogs";
const CURRENT_LOGS: &str = "/arango/Current/ReplicatedLogs";

/// Whether a database has replicated logs.
pub(super) fn has_logs(tree: &Tree, database: &str) -> bool {
    tree.text(&format!("/arango/Plan/Databases/{database}/replicationVersion")) == Some("2")
}

impl Work {
    /// Looks at what has changed in the tree.
    pub(super) fn observe(&mut self, now: Instant) {
        let index = self.member.view.index();
        let tree = self.member.view.tree();
        if index == 0 || self.member.reboot_id() == 0 {
            return;
        }
        let known = reboot_ids(&tree);
        if let Some(own) = known.get(&self.member.id) {
            self.member.adopt_reboot_id(*own);
        }
        let restarted = self.member.reboot_id() != self.reboot_id;
        self.reboot_id = self.member.reboot_id();
        let before = std::mem::replace(&mut self.tree, tree);
        let is_first = self.index == 0;
        self.reached(index);

        let moved = if known == self.reboot_ids {
            BTreeSet::new()
        } else {
            let ids = known.keys().chain(self.reboot_ids.keys());
            let moved = ids.filter(|id| known.get(*id) != self.reboot_ids.get(*id)).cloned();
            let moved = moved.collect();
            self.reboot_ids = known;
            moved
        };

        let mut concerned: BTreeSet<LogName> = BTreeSet::new();
        for (database, id) in changed_pairs(&before, &self.tree, PLAN_LOGS) {
            match number_of(&id) {
                Some(log) => drop(concerned.insert(LogName { database, log })),
                None => {
                    tracing::error!(%database, %id, "a log of the Plan has no number for a key")
                }
            }
        }
        for database in changed_below(&before, &self.tree, "/arango/Plan/Databases") {
            if has_logs(&before, &database) != has_logs(&self.tree, &database) {
                let planned = format!("{PLAN_LOGS}/{database}");
                let ids = self.tree.children(&planned).filter_map(|(id, _)| number_of(id));
                concerned.extend(ids.map(|log| LogName { database: database.clone(), log }));
                let running = self.logs.keys().filter(|name| name.database == database);
                concerned.extend(running.cloned());
            }
        }
        if restarted || !moved.is_empty() {
            let of_moved = |running: &Running| restarted || running.participant.concerns(&moved);
            let running = self.logs.iter().filter(|(_, running)| of_moved(running));
            concerned.extend(running.map(|(name, _)| name.clone()));
        }
        if is_first {
            concerned.extend(self.store.names());
        }
        for name in concerned {
            self.look(&name, now);
        }
        for (database, id) in changed_pairs(&before, &self.tree, CURRENT_LOGS) {
            if let Some(log) = number_of(&id) {
                self.dirty.insert(LogName { database, log });
            }
        }
        self.inventory.observe(&before, &self.tree);
    }

    /// Does with a log what the Plan says.
    fn look(&mut self, name: &LogName, now: Instant) {
        let planned = paths::plan_log(&name.database, &name.log.to_string());
        let planned = self.tree.get(&planned).filter(|_| has_logs(&self.tree, &name.database));
        let Some(planned) = planned.cloned() else {
            self.complaints.remove(name);
            return self.forget(name);
        };
        let plan = match readable(name, &planned) {
            Ok(plan) => plan,
            Err(error) => {
                if self.complaints.insert(name.clone()) {
                    tracing::error!(log = %name, error, "a log of the Plan is unreadable");
                }
                return;
            }
        };
        self.complaints.remove(name);
        let config = &plan.participants_config;
        let Some(term) = &plan.current_term else { return self.forget(name) };
        if !config.participants.contains_key(&self.member.id) {
            return self.forget(name);
        }
        let assignment = Assignment { term, config, reboot_ids: &self.reboot_ids };
        let me = Incarnation { server: self.member.id.clone(), reboot_id: self.reboot_id };
        self.dirty.insert(name.clone());
        match self.logs.get_mut(name) {
            None => {
                let kept = self.store.kept(name);
                if kept.is_none() {
                    self.records.push(Record { log: name.clone(), changes: Some(Vec::new()) });
                }
                let kept = kept.unwrap_or_default();
                let participant = Participant::start(me, assignment, kept, 0, now);
                let takes_entries = plan.properties.implementation.kind == "black-hole";
                self.logs.insert(name.clone(), Running::new(participant, takes_entries));
            }
            Some(running) if running.participant.must_restart(&me, assignment) => {
                // What it has changed so far is stored all the same.
                store(name, &mut running.participant, &mut self.records, &mut self.sync);
                let old = &running.participant;
                let (kept, commit_index) = (old.kept().clone(), old.commit_index());
                running.replace(Participant::start(me, assignment, kept, commit_index, now));
            }
            Some(running) => running.participant.configure(assignment, now),
        }
    }

    /// Drops a log.
    fn forget(&mut self, name: &LogName) {
        let running = self.logs.remove(name);
        if let Some(mut running) = running {
            running.dismiss(LogError::NoLeader);
        } else if self.store.kept(name).is_none() {
            return;
        }
        self.inventory.touch_log(name);
        self.records.push(Record { log: name.clone(), changes: None });
    }
}

/// Takes what a participant has changed, to be stored.
pub(super) fn store(
    name: &LogName,
    participant: &mut Participant,
    records: &mut Vec<Record>,
    sync: &mut bool,
) {
    let (changes, on_disk) = participant.take_changes();
    *sync |= on_disk;
    if !changes.is_empty() {
        records.push(Record { log: name.clone(), changes: Some(changes) });
    }
}

/// The number that a key stands for, if it is written as such.
fn number_of(id: &str) -> Option<u64> {
    id.parse::<u64>().ok().filter(|number| number.to_string() == id)
}

fn readable(name: &LogName, planned: &Value) -> Result<LogPlan, String> {
    let plan: LogPlan = from_value(planned).map_err(|error| error.to_string())?;
    if plan.id != name.log {
        return Err(format!("its id is {}", plan.id));
    }
    Ok(plan)
}
