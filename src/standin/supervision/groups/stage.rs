//! Which groups are looked at in a round.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::decision::{Servers, decide, waits_for_servers};
use super::group::{Complaints, Group};
use super::owners::Owners;
use super::view::DatabaseView;
use crate::agency::value::Value;
use crate::standin::model::{ServerId, Tree};
use crate::standin::supervision::agency::LeadershipLost;
use crate::standin::supervision::health_map::HealthMap;
use crate::standin::supervision::ids::Ids;
use crate::standin::supervision::round::Round;

/// What is remembered from round to round.
#[derive(Debug, Default)]
pub(in crate::standin::supervision) struct GroupsState {
    health: HealthMap,
    databases: BTreeMap<Arc<str>, DatabaseState>,
}

#[derive(Debug, Default)]
struct DatabaseState {
    /// What there was in the last round.
    view: DatabaseView,
    /// The groups that are to be looked at even if nothing changes.
    again: BTreeSet<Arc<str>>,
    groups: BTreeMap<Arc<str>, Seen>,
    collections: Owners,
    logs: Owners,
}

/// What a group was when it was looked at.
#[derive(Debug, Default)]
struct Seen {
    complaints: Complaints,
    /// Whether it has to be looked at again once other servers are well.
    waits: bool,
}

/// Carries out what is to be done about each group next.
pub(in crate::standin::supervision) fn supervise(
    state: &mut GroupsState,
    ids: &mut Ids,
    round: &mut Round<'_>,
) -> Result<(), LeadershipLost> {
    let tree = round.tree()?;
    let servers = Servers { health: HealthMap::of(&tree), cleaned: cleaned(&tree) };
    state.notice(&servers.health);
    let wanted = tree.children("/arango/Target/CollectionGroups");
    let wanted: BTreeSet<&str> =
        wanted.map(|(database, _)| database).filter(|database| !database.is_empty()).collect();
    state.databases.retain(|database, _| wanted.contains(&**database));
    let mut transactions = Vec::new();
    for database in wanted {
        let view = DatabaseView::of(&tree, database);
        let known = state.databases.entry(database.into()).or_default();
        for id in known.due(&view) {
            let seen = known.groups.entry(id.clone()).or_default();
            let Some(group) = seen.read(&view, database, &id) else {
                continue;
            };
            seen.waits = waits_for_servers(&group, &servers);
            if !ids.reserve(round, group.ids_to_draw())? {
                known.again.insert(id);
                continue;
            }
            if let Some(action) = decide(database, &group, &servers, ids, round.random) {
                tracing::debug!(database, group = &*id, ?action, "a group is changed");
                transactions.push(action.transaction(database, &group.target));
            }
        }
        known.view = view;
    }
    if !transactions.is_empty() {
        // Where one is refused, somebody has changed the group: it is looked at again.
        round.write(&transactions)?;
    }
    Ok(())
}

impl GroupsState {
    /// Sees to it that all groups are looked at for which a change of health may matter.
    fn notice(&mut self, health: &HealthMap) {
        let (before, now) = (self.health.servers(), health.servers());
        let other_servers = !before.map(|(id, _)| id).eq(now.map(|(id, _)| id));
        for database in self.databases.values_mut().filter(|_| *health != self.health) {
            let due = database.groups.iter().filter(|(_, seen)| seen.waits || other_servers);
            database.again.extend(due.map(|(id, _)| id.clone()));
        }
        self.health = health.clone();
    }
}

impl DatabaseState {
    /// The groups that have to be looked at.
    fn due(&mut self, view: &DatabaseView) -> BTreeSet<Arc<str>> {
        let changes = self.view.changes(view);
        let mut due = std::mem::take(&mut self.again);
        due.extend(self.collections.of(&changes.collections).cloned());
        due.extend(self.logs.of(&changes.logs).cloned());
        due.extend(changes.groups);
        due.retain(|id| {
            if view.has_group(id) {
                self.collections.note(id, view.collections(id));
                self.logs.note(id, view.logs(id));
                return true;
            }
            self.groups.remove(id);
            self.collections.forget(id);
            self.logs.forget(id);
            false
        });
        due
    }
}

impl Seen {
    /// What a group is, if it can be read. What is wrong with it is logged once.
    fn read(&mut self, view: &DatabaseView, database: &str, id: &str) -> Option<Group> {
        let mut complaints = Complaints::default();
        let group = Group::read(view, id, &mut complaints);
        for complaint in complaints.0.iter().filter(|new| !self.complaints.0.contains(*new)) {
            tracing::error!(database, group = id, "{complaint}");
        }
        self.complaints = complaints;
        group
    }
}

/// The servers that are, or are to be, without data.
fn cleaned(tree: &Tree) -> BTreeSet<ServerId> {
    let lists = ["/arango/Target/CleanedServers", "/arango/Target/ToBeCleanedServers"];
    let servers = lists.iter().filter_map(|path| tree.get(path)?.as_array()).flatten();
    servers.filter_map(Value::as_str).map(ServerId::from).collect()
}
