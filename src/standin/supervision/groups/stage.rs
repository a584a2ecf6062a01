//! Which groups are looked at in a round.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::decision::{Servers, decide, waits_for_servers};
use super::group::{Complaints, Group};
use super::view::{DatabaseView, Parts};
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
    /// Whether a group has to be looked at again.
    incomplete: bool,
    groups: BTreeMap<Arc<str>, Seen>,
}

/// What a group was when it was looked at.
#[derive(Debug, Default)]
struct Seen {
    /// Nothing if it has to be looked at again.
    parts: Option<Parts>,
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
    let (mut places, mut transactions) = (Vec::new(), Vec::new());
    for database in wanted {
        let name: Arc<str> = database.into();
        let view = DatabaseView::of(&tree, database);
        let known = state.databases.entry(name.clone()).or_default();
        for id in known.changed(&view) {
            let seen = known.groups.entry(id.clone()).or_default();
            let Some(group) = seen.read(&view, database, &id) else {
                continue;
            };
            seen.waits = waits_for_servers(&group, &servers);
            if !ids.reserve(round, group.ids_to_draw())? {
                known.look_again(&id);
                continue;
            }
            if let Some(action) = decide(database, &group, &servers, ids, round.random) {
                tracing::debug!(database, group = &*id, ?action, "a group is changed");
                transactions.push(action.transaction(database, &group.target));
                places.push((name.clone(), id));
            }
        }
        known.view = view;
    }
    let applied = if transactions.is_empty() { Vec::new() } else { round.write(&transactions)? };
    for ((database, id), _) in places.iter().zip(applied).filter(|(_, applied)| !applied) {
        if let Some(known) = state.databases.get_mut(database) {
            known.look_again(id);
        }
    }
    Ok(())
}

impl GroupsState {
    /// Sees to it that all groups are looked at for which a change of health may matter.
    fn notice(&mut self, health: &HealthMap) {
        let (before, now) = (self.health.servers(), health.servers());
        let other_servers = !before.map(|(id, _)| id).eq(now.map(|(id, _)| id));
        for database in self.databases.values_mut().filter(|_| *health != self.health) {
            for seen in database.groups.values_mut().filter(|seen| seen.waits || other_servers) {
                seen.parts = None;
                database.incomplete = true;
            }
        }
        self.health = health.clone();
    }
}

impl DatabaseState {
    /// The groups that are not as they were, or have to be looked at again.
    fn changed(&mut self, view: &DatabaseView) -> Vec<Arc<str>> {
        if self.view.is_same(view) && !self.incomplete {
            return Vec::new();
        }
        self.groups.retain(|id, _| view.has_group(id));
        let mut changed = Vec::new();
        for id in view.groups() {
            let seen = self.groups.entry(id.clone()).or_default();
            let parts = view.parts(id);
            if !seen.parts.as_ref().is_some_and(|known| known.is_same(&parts)) {
                seen.parts = Some(parts);
                changed.push(id.clone());
            }
        }
        self.incomplete = false;
        changed
    }

    /// Has a group looked at in the next round, even if nothing changes.
    fn look_again(&mut self, id: &str) {
        self.incomplete = true;
        if let Some(seen) = self.groups.get_mut(id) {
            seen.parts = None;
        }
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
