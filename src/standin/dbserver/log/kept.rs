//! What a participant keeps: it survives terms, incarnations and the process.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::entry::Entry;
use crate::standin::model::log::TermIndex;

/// The entries of a participant, from some index on. Copies share the entries.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::standin) struct Kept {
    /// The last entry that was dropped; (0,0) if none was.
    base: TermIndex,
    /// What comes after it, without a gap.
    entries: VecDeque<Arc<Entry>>,
    /// What nobody needs any more ends here.
    released: u64,
    snapshot_available: bool,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            base: TermIndex::default(),
            entries: VecDeque::new(),
            released: 0,
            snapshot_available: true,
        }
    }
}

/// What changes in what is kept.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::standin) enum Change {
    /// An entry is added at the end.
    Append(Arc<Entry>),
    /// The entries from this index on are removed.
    Truncate(u64),
    /// The entries up to this index are dropped.
    Compact(u64),
    /// Up to this index nothing is needed any more.
    Release(u64),
    /// All entries are replaced by what ends here; (0,0) if they are just gone.
    Reset(TermIndex),
    /// Whether there is what was dropped.
    Snapshot(bool),
}

impl Kept {
    /// The last entry, be it dropped.
    pub(in crate::standin) fn last(&self) -> TermIndex {
        self.entries.back().map_or(self.base, |entry| entry.place())
    }

    /// The last entry that was dropped.
    pub(in crate::standin) fn base(&self) -> TermIndex {
        self.base
    }

    /// The index up to which nothing is needed any more.
    pub(in crate::standin) fn released(&self) -> u64 {
        self.released
    }

    /// Whether there is what was dropped.
    pub(in crate::standin) fn snapshot_available(&self) -> bool {
        self.snapshot_available
    }

    /// The term of an entry, also of the last one dropped and of the one before the first.
    pub(in crate::standin) fn term_at(&self, index: u64) -> Option<u64> {
        if index == self.base.index {
            return Some(self.base.term);
        }
        self.get(index).map(|entry| entry.term)
    }

    /// An entry.
    pub(in crate::standin) fn get(&self, index: u64) -> Option<&Arc<Entry>> {
        self.entries.get(self.position(index)?)
    }

    /// The entries from an index on.
    pub(in crate::standin) fn from(&self, index: u64) -> impl Iterator<Item = &Arc<Entry>> {
        let start = self.position(index.max(self.base.index.saturating_add(1)));
        self.entries.iter().skip(start.unwrap_or(usize::MAX))
    }

    /// Where an entry that is not dropped stands, if it is there.
    fn position(&self, index: u64) -> Option<usize> {
        usize::try_from(index.checked_sub(self.base.index)?.checked_sub(1)?).ok()
    }

    /// Changes what is kept. False if the change does not fit; nothing is changed then.
    pub(in crate::standin) fn apply(&mut self, change: &Change) -> bool {
        match change {
            Change::Append(entry) => {
                let fits = self.last().index.checked_add(1) == Some(entry.index);
                if fits {
                    self.entries.push_back(Arc::clone(entry));
                }
                fits
            }
            Change::Truncate(from) => match self.position(*from) {
                Some(position) => {
                    self.entries.truncate(position);
                    true
                }
                None => false,
            },
            Change::Compact(index) => match (self.term_at(*index), self.position(*index)) {
                (Some(term), Some(position)) => {
                    self.entries.drain(..=position);
                    self.base = TermIndex { term, index: *index };
                    true
                }
                _ => false,
            },
            Change::Release(index) => {
                self.released = *index;
                true
            }
            Change::Reset(base) => {
                self.entries.clear();
                self.base = *base;
                self.released = base.index;
                true
            }
            Change::Snapshot(available) => {
                self.snapshot_available = *available;
                true
            }
        }
    }

    /// What makes all this of nothing.
    pub(in crate::standin) fn changes(&self) -> Vec<Change> {
        let mut changes = vec![
            Change::Reset(self.base),
            Change::Snapshot(self.snapshot_available),
            Change::Release(self.released),
        ];
        changes.extend(self.entries.iter().map(|entry| Change::Append(Arc::clone(entry))));
        changes
    }
}

#[cfg(test)]
pub(in crate::standin) mod tests {
    use super::*;
    use crate::standin::dbserver::log::entry::Content;

    /// An entry with its index as payload.
    pub(in crate::standin) fn entry(term: u64, index: u64) -> Arc<Entry> {
        Arc::new(Entry { index, term, content: Content::Payload(index.into()) })
    }

    #[test]
    fn changes_that_do_not_fit_change_nothing() {
        let mut kept = Kept::default();
        for index in 1..=5 {
            assert!(kept.apply(&Change::Append(entry(1, index))));
        }
        assert!(kept.apply(&Change::Compact(2)));
        let before = kept.clone();
        for wrong in [
            Change::Append(entry(1, 5)),
            Change::Append(entry(1, 7)),
            Change::Truncate(2),
            Change::Truncate(0),
            Change::Compact(2),
            Change::Compact(6),
        ] {
            assert!(!kept.apply(&wrong), "{wrong:?}");
            assert_eq!(kept, before);
        }
    }

    #[test]
    fn what_is_kept_is_made_again_of_its_changes() {
        let mut kept = Kept::default();
        for index in 1..=9 {
            kept.apply(&Change::Append(entry(1 + index / 4, index)));
        }
        kept.apply(&Change::Release(6));
        kept.apply(&Change::Compact(4));
        kept.apply(&Change::Truncate(9));
        assert_eq!((kept.base().index, kept.last().index), (4, 8));
        assert_eq!((kept.term_at(4), kept.term_at(3), kept.term_at(9)), (Some(2), None, None));
        assert_eq!(kept.from(0).map(|e| e.index).collect::<Vec<_>>(), [5, 6, 7, 8]);
        assert_eq!(kept.from(7).map(|e| e.index).collect::<Vec<_>>(), [7, 8]);
        assert_eq!(kept.from(9).count(), 0);
        let mut again = Kept::default();
        assert!(kept.changes().iter().all(|change| again.apply(change)));
        assert_eq!(again, kept);
    }
}
