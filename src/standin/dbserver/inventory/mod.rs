//! What a server tells the agency about databases and shards.
//!
//! * `collections`: `Current/Collections`
//! * `databases`: `Current/Databases`, and what databases leave behind

mod collections;
mod databases;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::changes::{changed_below, changed_pairs};
use super::store::LogName;
use crate::standin::model::{ServerId, Transaction, Tree};

/// A collection: its database and its id.
type Collection = (Arc<str>, Arc<str>);

/// Term and servers of a log that is led here and whose leadership is established.
pub(in crate::standin) type Led = (u64, Vec<ServerId>);

/// What may have to be written, and what is being written.
#[derive(Debug)]
pub(super) struct Inventory {
    me: ServerId,
    /// Whether databases may have changed.
    databases: bool,
    /// Collections that may have changed.
    collections: BTreeSet<Collection>,
    /// Collections that keep shards in a log, as far as is known.
    by_log: HashMap<LogName, BTreeSet<Collection>>,
    /// What is being written, or is written and not in the view yet.
    under_way: BTreeSet<String>,
    awaited: BTreeMap<u64, Vec<String>>,
}

impl Inventory {
    pub(super) fn new(me: ServerId) -> Self {
        Self {
            me,
            databases: false,
            collections: BTreeSet::new(),
            by_log: HashMap::new(),
            under_way: BTreeSet::new(),
            awaited: BTreeMap::new(),
        }
    }

    /// Marks what has changed from one tree to the next.
    pub(super) fn observe(&mut self, before: &Tree, now: &Tree) {
        self.databases |=
            databases::PLACES.iter().any(|place| !changed_below(before, now, place).is_empty());
        for place in ["/arango/Plan/Collections", "/arango/Current/Collections"] {
            self.collections.extend(changed_pairs(before, now, place));
        }
        for (database, group) in changed_pairs(before, now, "/arango/Plan/CollectionGroups") {
            let members = format!("/arango/Plan/CollectionGroups/{database}/{group}/collections");
            let members = now.children(&members).map(|(id, _)| (database.clone(), id.into()));
            self.collections.extend(members);
        }
    }

    /// Marks everything, and forgets the logs of collections that are gone.
    pub(super) fn touch_all(&mut self, tree: &Tree) {
        self.by_log.clear();
        self.observe(&Tree::default(), tree);
    }

    /// Marks the collections of a log.
    pub(super) fn touch_log(&mut self, log: &LogName) {
        self.collections.extend(self.by_log.get(log).into_iter().flatten().cloned());
    }

    /// What has to be written, by the path that it is about. `led` tells of logs.
    pub(super) fn due(
        &mut self,
        tree: &Tree,
        led: impl Fn(&LogName) -> Option<Led>,
    ) -> Vec<(String, Transaction)> {
        let mut due = Vec::new();
        if std::mem::take(&mut self.databases) {
            due.extend(databases::due(tree, &self.me));
        }
        for (database, id) in std::mem::take(&mut self.collections) {
            for log in collections::logs(tree, &database, &id) {
                let log = LogName { database: database.clone(), log };
                self.by_log.entry(log).or_default().insert((database.clone(), id.clone()));
            }
            due.extend(collections::due(tree, &database, &id, &self.me, &led));
        }
        due.retain(|(path, _)| self.under_way.insert(path.clone()));
        due
    }

    /// Something is written at an index of the agency's log.
    pub(super) fn written(&mut self, path: String, index: u64, known: u64) {
        if index <= known {
            self.under_way.remove(&path);
            self.mark(&path);
        } else {
            self.awaited.entry(index).or_default().push(path);
        }
    }

    /// Something was not written; it is tried again when it is looked at again.
    pub(super) fn failed(&mut self, path: &str) {
        self.under_way.remove(path);
    }

    /// The view has come to an index.
    pub(super) fn reached(&mut self, index: u64) {
        while let Some(entry) = self.awaited.first_entry().filter(|entry| *entry.key() <= index) {
            for path in entry.remove() {
                self.under_way.remove(&path);
                self.mark(&path);
            }
        }
    }

    /// Has what a path is about looked at again: it may have changed while it was written.
    fn mark(&mut self, path: &str) {
        match path.strip_prefix(collections::PLACE).map(|rest| rest.split('/').collect::<Vec<_>>())
        {
            Some(keys) => {
                if let [_, database, id, ..] = keys[..] {
                    self.collections.insert((database.into(), id.into()));
                }
            }
            None => self.databases = true,
        }
    }
}
