//! Judges a history: is there an order of the operations that explains all that was seen?

use std::collections::BTreeMap;
use std::fmt::Write;

use todc_utils::{Action, History as Actions, WGLChecker};

use crate::history::{Event, Key, Outcome};
use crate::model::OneKey;

/// Checks that the history of each key is linearizable: a history of several keys is so if the
/// history of each is. Says which are not.
pub fn violations(events: &[Event]) -> Vec<String> {
    let mut keys: BTreeMap<Key, Vec<&Event>> = BTreeMap::new();
    for event in events.iter().filter(|event| counts(event)) {
        keys.entry(event.key).or_default().push(event);
    }
    let broken = keys.into_iter().filter(|(_, events)| !is_linearizable(events));
    broken.map(|(key, events)| describe(key, &events)).collect()
}

/// What certainly did not happen explains nothing.
fn counts(event: &Event) -> bool {
    !matches!(event.outcome, Outcome::Nothing)
}

/// The checker knows complete histories only. An operation of unknown outcome ends behind
/// everything else there: it may have been done at any time since it began, or not at all.
fn is_linearizable(events: &[&Event]) -> bool {
    let mut actions = Vec::new();
    for (process, event) in events.iter().enumerate() {
        let end = match event.outcome {
            Outcome::Unknown => u64::MAX,
            _ => event.end,
        };
        actions.push((event.begin, (process, Action::Call((*event).clone()))));
        actions.push((end, (process, Action::Response((*event).clone()))));
    }
    actions.sort_by_key(|(at, _)| *at);
    let actions = actions.into_iter().map(|(_, action)| action).collect();
    WGLChecker::<OneKey>::is_linearizable(Actions::from_actions(actions))
}

fn describe(key: Key, events: &[&Event]) -> String {
    let mut text = format!("the history of {key:?} is not linearizable:\n");
    for event in events {
        let _ = writeln!(text, "  {event}");
    }
    text
}

/// The checker finds what it is there for.
mod tests {
    use super::*;
    use crate::history::{Content, Kind, Operation};

    const KEY: Key = Key { kind: Kind::Counter, number: 0 };

    fn event(operation: Operation, outcome: Outcome, begin: u64, end: u64) -> Event {
        Event { client: 0, key: KEY, operation, outcome, id: None, index: None, begin, end }
    }

    fn read(number: u64, begin: u64, end: u64) -> Event {
        let seen = if number == 0 { Content::Nothing } else { Content::Number(number) };
        event(Operation::Read, Outcome::Done(Some(seen)), begin, end)
    }

    fn is_good(events: &[Event]) -> bool {
        violations(events).is_empty()
    }

    #[test]
    fn a_lost_and_a_doubled_increment_are_found() {
        let once = event(Operation::Increment, Outcome::Done(None), 0, 1);
        assert!(is_good(&[once.clone(), read(1, 2, 3)]));
        assert!(!is_good(&[once.clone(), read(0, 2, 3)]));
        assert!(!is_good(&[once, read(2, 2, 3)]));
    }

    #[test]
    fn an_increment_of_unknown_outcome_may_be_done_once_at_any_time() {
        let unknown = event(Operation::Increment, Outcome::Unknown, 0, 1);
        assert!(is_good(&[unknown.clone(), read(0, 2, 3)]));
        assert!(is_good(&[unknown.clone(), read(0, 2, 3), read(1, 4, 5)]));
        assert!(!is_good(&[unknown.clone(), read(1, 2, 3), read(0, 4, 5)]));
        assert!(!is_good(&[unknown, read(2, 2, 3)]));
    }

    #[test]
    fn what_was_called_off_must_not_be_there() {
        let off = event(Operation::Increment, Outcome::Nothing, 0, 1);
        assert!(is_good(&[off.clone(), read(0, 2, 3)]));
        assert!(!is_good(&[off, read(1, 2, 3)]));
    }

    #[test]
    fn a_swap_is_refused_only_if_something_else_is_there() {
        let set = event(Operation::Set(7), Outcome::Done(None), 0, 1);
        let swap = |outcome| {
            let old = Content::Number(7);
            event(Operation::Swap { old, new: 8 }, outcome, 2, 3)
        };
        assert!(is_good(&[set.clone(), swap(Outcome::Done(None)), read(8, 4, 5)]));
        assert!(!is_good(&[set.clone(), swap(Outcome::Refused)]));
        let set_before = event(Operation::Set(9), Outcome::Done(None), 0, 3);
        assert!(is_good(&[set, set_before, swap(Outcome::Refused)]));
    }
}
