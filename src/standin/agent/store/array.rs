//! Changes to arrays.

use std::sync::Arc;

use crate::agency::value::Value;

use super::equality::same_element;

/// A change to an array. On anything else it begins with an empty array.
#[derive(Debug)]
pub(super) enum ArrayEdit {
    /// Appends an element.
    Push(Value),
    /// Inserts an element before all others.
    Prepend(Value),
    /// Drops the last element.
    Pop,
    /// Drops the first element.
    Shift,
    /// Appends an element, then drops from the front what is beyond the length.
    PushQueue(Value, usize),
    /// Removes all elements equal to a value.
    Erase(Value),
    /// Removes the element at a position, if there is one.
    EraseAt(usize),
    /// Replaces all elements equal to the first value by the second.
    Replace(Value, Value),
}

impl ArrayEdit {
    /// Changes the array in `slot`.
    pub(super) fn run(self, slot: &mut Value) {
        let mut array = match std::mem::take(slot) {
            Value::Array(array) => array,
            _ => Arc::default(),
        };
        self.change(Arc::make_mut(&mut array));
        *slot = Value::Array(array);
    }

    fn change(self, elements: &mut Vec<Value>) {
        match self {
            Self::Push(new) => elements.push(new),
            Self::Prepend(new) => elements.insert(0, new),
            Self::Pop => drop(elements.pop()),
            Self::Shift => drop(elements.drain(..elements.len().min(1))),
            Self::PushQueue(new, len) => {
                elements.push(new);
                elements.drain(..elements.len().saturating_sub(len));
            }
            Self::Erase(value) => elements.retain(|element| !same_element(element, &value)),
            Self::EraseAt(position) => {
                if position < elements.len() {
                    elements.remove(position);
                }
            }
            Self::Replace(value, new) => {
                for element in elements.iter_mut().filter(|e| same_element(e, &value)) {
                    *element = new.clone();
                }
            }
        }
    }
}
