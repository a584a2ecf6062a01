//! What a key must do when one operation comes after the other.

use todc_utils::Specification;

use crate::history::{Content, Event, Operation, Outcome};

/// One key, of whichever kind.
pub struct OneKey;

/// An operation with what came of it; nothing, if that is not known.
pub type Step = Event;

impl Specification for OneKey {
    type State = Content;
    type Operation = Step;

    fn init() -> Content {
        Content::Nothing
    }

    /// An operation of unknown outcome is good for whatever comes of it. That it may never have
    /// been done is the same as that it is done last: its end is put behind everything else.
    fn apply(step: &Step, before: &Content) -> (bool, Content) {
        let after = after(&step.operation, before);
        match &step.outcome {
            Outcome::Unknown => (true, after.unwrap_or_else(|| before.clone())),
            Outcome::Refused => (after.is_none(), before.clone()),
            Outcome::Done(seen) => match after {
                Some(after) if seen.as_ref().is_none_or(|seen| *seen == after) => (true, after),
                _ => (false, before.clone()),
            },
            Outcome::Nothing => (false, before.clone()),
        }
    }
}

/// What is there after an operation, unless its condition does not hold.
fn after(operation: &Operation, before: &Content) -> Option<Content> {
    match operation {
        Operation::Increment => match before {
            Content::Number(number) => Some(Content::Number(number + 1)),
            _ => Some(Content::Number(1)),
        },
        Operation::Set(new) => Some(Content::Number(*new)),
        Operation::Swap { old, new } => (old == before).then_some(Content::Number(*new)),
        Operation::Push(element) => {
            let mut list = match before {
                Content::List(list) => list.clone(),
                _ => Vec::new(),
            };
            list.push(*element);
            Some(Content::List(list))
        }
        Operation::Read => Some(before.clone()),
    }
}
