//! Which logs a round has to look at: those that changed, not all there are.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{LogEntry, LogKey};
use crate::agency::value::{Object, Value};
use crate::standin::model::{ServerId, Tree};

/// Where logs stand.
const ROOTS: [&str; 3] = [
    "/arango/Target/ReplicatedLogs",
    "/arango/Plan/ReplicatedLogs",
    "/arango/Current/ReplicatedLogs",
];

/// The logs that do not stand in one tree as they do in another. What both trees share is not
/// looked at.
pub(super) fn changed(old: &Tree, new: &Tree) -> BTreeSet<LogKey> {
    let nothing = Object::new();
    let object = |value: Option<&'_ Value>| value.and_then(Value::as_object).cloned();
    let mut changed = BTreeSet::new();
    for root in ROOTS {
        let (old, new) = (object(old.get(root)), object(new.get(root)));
        let (old, new) = (old.as_ref().unwrap_or(&nothing), new.as_ref().unwrap_or(&nothing));
        for (database, old, new) in old.diff(new) {
            let (old, new) = (object(old), object(new));
            let (old, new) = (old.as_ref().unwrap_or(&nothing), new.as_ref().unwrap_or(&nothing));
            let logs = old.diff(new).filter_map(|(id, _, _)| LogKey::new(database, id));
            changed.extend(logs);
        }
    }
    changed
}

/// Which logs mention which servers.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    logs: BTreeMap<ServerId, BTreeSet<LogKey>>,
    servers: BTreeMap<LogKey, BTreeSet<ServerId>>,
}

impl Mentions {
    /// The logs that mention a server.
    pub(super) fn of(&self, server: &str) -> impl Iterator<Item = &LogKey> {
        self.logs.get(server).into_iter().flatten()
    }

    /// Notes which servers a log mentions now.
    pub(super) fn note(&mut self, key: &LogKey, log: &LogEntry) {
        let planned = log.plan.iter().flat_map(|plan| {
            let participants = plan.participants_config.participants.keys();
            participants.chain(plan.leader().map(|leader| &leader.server_id))
        });
        let wanted = log.target.participants.keys().chain(&log.target.leader);
        let servers: BTreeSet<_> = wanted.chain(planned).cloned().collect();
        if self.servers.get(key) == Some(&servers) {
            return;
        }
        self.forget(key);
        for server in &servers {
            self.logs.entry(server.clone()).or_default().insert(key.clone());
        }
        self.servers.insert(key.clone(), servers);
    }

    /// The log is looked after no more.
    pub(super) fn forget(&mut self, key: &LogKey) {
        for server in self.servers.remove(key).into_iter().flatten() {
            if let Some(logs) = self.logs.get_mut(&server) {
                logs.remove(key);
                if logs.is_empty() {
                    self.logs.remove(&server);
                }
            }
        }
    }
}
