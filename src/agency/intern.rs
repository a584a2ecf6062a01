//! Short texts that come again and again: they are kept once.
//!
//! A tree repeats its attribute names, server ids and states thousands of times. Each thread
//! remembers the last of them that it saw, in a table of fixed size, so that values which it
//! reads share them.

use std::cell::RefCell;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

/// Longer texts are rarely the same.
const LONGEST: usize = 48;

const SLOTS: usize = 1024;

thread_local! {
    static LATEST: RefCell<Vec<Option<Arc<str>>>> = const { RefCell::new(Vec::new()) };
}

/// The text, shared with others that are the same where that is easily done.
pub(crate) fn intern(text: &str) -> Arc<str> {
    if text.len() > LONGEST {
        return text.into();
    }
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(text);
    let shared = LATEST.try_with(|latest| {
        let mut latest = latest.borrow_mut();
        if latest.is_empty() {
            latest.resize(SLOTS, None);
        }
        let slot = &mut latest[hash as usize % SLOTS];
        match slot {
            Some(known) if **known == *text => Arc::clone(known),
            _ => Arc::clone(slot.insert(text.into())),
        }
    });
    // A thread that is ending remembers nothing any more.
    shared.unwrap_or_else(|_| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_short_texts_are_the_same() {
        assert!(Arc::ptr_eq(&intern("theLeader"), &intern("theLeader")));
        let long = "x".repeat(LONGEST + 1);
        assert!(!Arc::ptr_eq(&intern(&long), &intern(&long)));
        for number in 0..3 * SLOTS {
            let text = number.to_string();
            assert_eq!(*intern(&text), *text);
        }
    }
}
