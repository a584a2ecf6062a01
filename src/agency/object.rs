//! Objects that share what they have in common with their copies.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use imbl::OrdMap;
use imbl::ordmap::DiffItem;

use super::value::Value;

/// Objects with up to this many keys are sorted vectors, wider ones trees.
const NARROW: usize = 64;

/// A JSON object. Its keys are in ascending byte order; a clone costs O(1), and
/// a change to one of two clones copies at most a few dozen children.
#[derive(Clone)]
pub struct Object(Children);

#[derive(Clone)]
enum Children {
    Narrow(Arc<Vec<(Arc<str>, Value)>>),
    Wide(Arc<OrdMap<Arc<str>, Value>>),
}

impl Object {
    /// An object without keys.
    pub fn new() -> Self {
        Self(Children::Narrow(Arc::default()))
    }

    /// Whether both share their children in memory; equal objects need not.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Children::Narrow(a), Children::Narrow(b)) => Arc::ptr_eq(a, b),
            (Children::Wide(a), Children::Wide(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        match &self.0 {
            Children::Narrow(children) => children.len(),
            Children::Wide(children) => children.len(),
        }
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match &self.0 {
            Children::Narrow(children) => {
                let position = find(children, key).ok()?;
                children.get(position).map(|(_, value)| value)
            }
            Children::Wide(children) => children.get(key),
        }
    }

    /// The value of a key, to be changed in this object alone.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        match &mut self.0 {
            Children::Narrow(children) => {
                let position = find(children, key).ok()?;
                Arc::make_mut(children).get_mut(position).map(|(_, value)| value)
            }
            Children::Wide(children) if children.contains_key(key) => {
                Arc::make_mut(children).get_mut(key)
            }
            Children::Wide(_) => None,
        }
    }

    /// The value of a key, to be changed in this object alone; `{}` if there is none yet.
    pub fn child_mut(&mut self, key: &str) -> &mut Value {
        if self.get(key).is_none() {
            self.insert(key.into(), Value::Object(Self::new()));
        }
        self.get_mut(key).expect("the key was inserted if it was missing")
    }

    /// Sets the value of a key; gives the one it had.
    pub fn insert(&mut self, key: Arc<str>, value: Value) -> Option<Value> {
        if let Children::Narrow(children) = &self.0
            && children.len() >= NARROW
            && find(children, &key).is_err()
        {
            self.0 = Children::Wide(Arc::new(children.iter().cloned().collect()));
        }
        match &mut self.0 {
            Children::Narrow(children) => match find(children, &key) {
                Ok(position) => {
                    let slot = Arc::make_mut(children).get_mut(position)?;
                    Some(std::mem::replace(&mut slot.1, value))
                }
                Err(position) => {
                    Arc::make_mut(children).insert(position, (key, value));
                    None
                }
            },
            Children::Wide(children) => Arc::make_mut(children).insert(key, value),
        }
    }

    /// Removes a key; gives the value it had.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        match &mut self.0 {
            Children::Narrow(children) => {
                let position = find(children, key).ok()?;
                Some(Arc::make_mut(children).remove(position).1)
            }
            Children::Wide(children) if children.contains_key(key) => {
                Arc::make_mut(children).remove(key)
            }
            Children::Wide(_) => None,
        }
    }

    /// Keys and values in ascending byte order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        let (narrow, wide) = match &self.0 {
            Children::Narrow(children) => (Some(children.iter().map(|(k, v)| (k, v))), None),
            Children::Wide(children) => (None, Some(children.iter())),
        };
        narrow.into_iter().flatten().chain(wide.into_iter().flatten())
    }

    /// The keys in ascending byte order.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<str>> {
        self.iter().map(|(key, _)| key)
    }

    /// The keys whose values are not the same here and in `newer`, in ascending byte order, with
    /// both values. What both share in memory is skipped, so that the cost follows what has
    /// changed since one was a copy of the other. Values that are equal without being shared may
    /// be among them.
    pub fn diff<'a>(
        &'a self,
        newer: &'a Self,
    ) -> impl Iterator<Item = (&'a Arc<str>, Option<&'a Value>, Option<&'a Value>)> {
        let (mut wide, mut merged) = (None, None);
        match (&self.0, &newer.0) {
            (Children::Wide(a), Children::Wide(b)) => {
                wide = Some(a.diff(b).map(|item| match item {
                    DiffItem::Add(key, new) => (key, None, Some(new)),
                    DiffItem::Update { old, new } => (old.0, Some(old.1), Some(new.1)),
                    DiffItem::Remove(key, old) => (key, Some(old), None),
                }));
            }
            _ if self.is_same(newer) => {}
            _ => merged = Some(merge(self.iter(), newer.iter())),
        }
        wide.into_iter().flatten().chain(merged.into_iter().flatten())
    }

    /// Builds an object from keys and values; gives back a key that is there twice.
    pub(crate) fn from_unique(mut children: Vec<(Arc<str>, Value)>) -> Result<Self, Arc<str>> {
        children.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        if let Some(pair) = children.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(pair[0].0.clone());
        }
        Ok(Self::from_sorted(children))
    }

    fn from_sorted(mut children: Vec<(Arc<str>, Value)>) -> Self {
        children.shrink_to_fit();
        Self(if children.len() <= NARROW {
            Children::Narrow(Arc::new(children))
        } else {
            Children::Wide(Arc::new(children.into_iter().collect()))
        })
    }
}

/// Two ascending rows of keys and values, key by key, without values that are the same.
fn merge<'a>(
    old: impl Iterator<Item = (&'a Arc<str>, &'a Value)>,
    new: impl Iterator<Item = (&'a Arc<str>, &'a Value)>,
) -> impl Iterator<Item = (&'a Arc<str>, Option<&'a Value>, Option<&'a Value>)> {
    let (mut old, mut new) = (old.peekable(), new.peekable());
    std::iter::from_fn(move || {
        let order = match (old.peek(), new.peek()) {
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        let old = if order.is_le() { old.next() } else { None };
        let new = if order.is_ge() { new.next() } else { None };
        let (key, _) = old.or(new)?;
        Some((key, old.map(|(_, value)| value), new.map(|(_, value)| value)))
    })
    .filter(|(_, old, new)| !matches!((old, new), (Some(old), Some(new)) if old.is_same(new)))
}

fn find(children: &[(Arc<str>, Value)], key: &str) -> Result<usize, usize> {
    children.binary_search_by(|(candidate, _)| (**candidate).cmp(key))
}

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            // skips what both share
            (Children::Wide(a), Children::Wide(b)) => a == b,
            _ => self.is_same(other) || (self.len() == other.len() && self.iter().eq(other.iter())),
        }
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Of a key that is there more than once, the last value stays.
impl FromIterator<(Arc<str>, Value)> for Object {
    fn from_iter<T: IntoIterator<Item = (Arc<str>, Value)>>(children: T) -> Self {
        let mut children: Vec<_> = children.into_iter().collect();
        children.reverse();
        children.sort_by(|(a, _), (b, _)| a.cmp(b));
        children.dedup_by(|(later, _), (kept, _)| later == kept);
        Self::from_sorted(children)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(keys: usize) -> Object {
        (0..keys).map(|i| (Arc::from(format!("k{i:04}")), Value::Int(i as i64))).collect()
    }

    #[test]
    fn narrow_and_wide_objects_behave_alike() {
        for size in [0, 1, NARROW - 1, NARROW, NARROW + 1, 1000] {
            let mut object = wide(size);
            let before = object.clone();
            assert_eq!(object.len(), size);
            assert_eq!(object.insert("a".into(), Value::Null), None);
            assert_eq!(object.insert("a".into(), Value::Bool(true)), Some(Value::Null));
            assert_eq!(object.get("a"), Some(&Value::Bool(true)));
            *object.get_mut("a").unwrap() = Value::Int(7);
            assert!(object.get_mut("b").is_none());
            assert_eq!(object.keys().next().map(|k| &**k), Some("a"));
            assert_eq!(object.remove("a"), Some(Value::Int(7)));
            assert_eq!(object.remove("a"), None);
            assert_eq!(object, before);
            assert_eq!(before, wide(size));
        }
    }

    #[test]
    fn keys_are_in_byte_order_and_the_last_of_equal_ones_stays() {
        let pairs = [("b", 1), ("a/", 2), ("a-", 3), ("b", 4), ("é", 5)];
        let object: Object =
            pairs.into_iter().map(|(k, v)| (Arc::from(k), Value::Int(v))).collect();
        let keys: Vec<&str> = object.keys().map(|k| &**k).collect();
        assert_eq!(keys, ["a-", "a/", "b", "é"]);
        assert_eq!(object.get("b"), Some(&Value::Int(4)));
    }

    /// Keys that differ, found by looking at all of them.
    fn differing(old: &Object, new: &Object) -> Vec<(Arc<str>, Option<Value>, Option<Value>)> {
        let keys: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
        let both = |key: &Arc<str>| (old.get(key).cloned(), new.get(key).cloned());
        let rows = keys.into_iter().map(|key| (key.clone(), both(key).0, both(key).1));
        rows.filter(|(_, old, new)| old != new).collect()
    }

    #[test]
    fn diff_tells_the_keys_that_differ_whatever_the_widths() {
        for size in [0, 1, NARROW - 1, NARROW, NARROW + 1, 1000] {
            let old = wide(size);
            assert_eq!(old.diff(&old.clone()).count(), 0);
            for step in [1, 7, 100] {
                let mut new = old.clone();
                for i in (0..size).step_by(step) {
                    match i % 3 {
                        0 => drop(new.remove(&format!("k{i:04}"))),
                        1 => drop(new.insert(format!("k{i:04}").into(), Value::Null)),
                        _ => drop(new.insert(format!("k{i:04}x").into(), Value::Null)),
                    }
                }
                for (old, new) in [(&old, &new), (&new, &old)] {
                    let owned = old.diff(new).map(|(k, a, b)| (k.clone(), a.cloned(), b.cloned()));
                    assert_eq!(owned.collect::<Vec<_>>(), differing(old, new), "{size} {step}");
                    assert_eq!(old == new, differing(old, new).is_empty());
                }
            }
        }
    }

    #[test]
    fn diff_finds_what_changed_in_a_long_row_of_changes() {
        use proptest::prelude::*;
        proptest!(|(changes in proptest::collection::vec((0..400_usize, any::<bool>()), 0..40))| {
            let old = wide(300);
            let mut new = old.clone();
            for (i, remove) in changes {
                let key = format!("k{i:04}");
                if remove { new.remove(&key); } else { new.insert(key.into(), Value::Bool(true)); }
            }
            let told: Vec<_> =
                old.diff(&new).map(|(k, a, b)| (k.clone(), a.cloned(), b.cloned())).collect();
            prop_assert_eq!(told, differing(&old, &new));
        });
    }

    #[test]
    fn from_unique_names_the_key_that_is_there_twice() {
        let pairs = vec![(Arc::from("x"), Value::Null), (Arc::from("x"), Value::Null)];
        assert_eq!(Object::from_unique(pairs).unwrap_err().as_ref(), "x");
    }
}
