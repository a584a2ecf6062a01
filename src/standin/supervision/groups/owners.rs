//! Which groups have a collection or a log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The owners of collections, or those of logs.
#[derive(Debug, Default)]
pub(super) struct Owners {
    groups: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    parts: BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

impl Owners {
    /// Notes all that a group has now.
    pub(super) fn note(&mut self, group: &Arc<str>, parts: Vec<Arc<str>>) {
        self.forget(group);
        for part in &parts {
            self.groups.entry(part.clone()).or_default().insert(group.clone());
        }
        self.parts.insert(group.clone(), parts);
    }

    /// Forgets a group.
    pub(super) fn forget(&mut self, group: &str) {
        for part in self.parts.remove(group).into_iter().flatten() {
            if let Some(groups) = self.groups.get_mut(&part) {
                groups.remove(group);
                if groups.is_empty() {
                    self.groups.remove(&part);
                }
            }
        }
    }

    /// The groups that have one of these.
    pub(super) fn of<'a>(
        &'a self,
        parts: &'a BTreeSet<Arc<str>>,
    ) -> impl Iterator<Item = &'a Arc<str>> {
        parts.iter().filter_map(|part| self.groups.get(part)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_of_all_groups_that_have_it_now() {
        let id = |id: &str| Arc::<str>::from(id);
        let mut owners = Owners::default();
        owners.note(&id("1"), vec![id("a"), id("b")]);
        owners.note(&id("2"), vec![id("b"), id("b")]);
        let of = |owners: &Owners, part: &str| -> Vec<String> {
            owners.of(&BTreeSet::from([id(part)])).map(ToString::to_string).collect()
        };
        assert_eq!(
            (of(&owners, "a"), of(&owners, "b")),
            (vec!["1".into()], vec!["1".into(), "2".into()])
        );
        owners.note(&id("1"), vec![id("c")]);
        assert_eq!((of(&owners, "a"), of(&owners, "c")), (vec![], vec!["1".to_owned()]));
        owners.forget("1");
        owners.forget("2");
        assert!(owners.groups.is_empty() && owners.parts.is_empty());
    }
}
