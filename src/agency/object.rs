//! Objects that share what they have in common with their copies.

use std::fmt;
use std::sync::Arc;

use imbl::OrdMap;

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
        self.is_same(other) || (self.len() == other.len() && self.iter().eq(other.iter()))
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

    #[test]
    fn from_unique_names_the_key_that_is_there_twice() {
        let pairs = vec![(Arc::from("x"), Value::Null), (Arc::from("x"), Value::Null)];
        assert_eq!(Object::from_unique(pairs).unwrap_err().as_ref(), "x");
    }
}
