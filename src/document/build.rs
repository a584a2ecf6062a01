//! From text to tape. The parser is serde_json's; this only notes where it found what.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::tape::{Member, Node, Range, Span, Tape, text_of};
use super::{DEEPEST, DocumentError, GoOn};

/// The longest text: positions in it, and in the decoded strings behind it, fit into 32 bits.
const LONGEST: usize = (u32::MAX / 2) as usize;

/// So many values are noted between two questions whether to go on.
const VALUES_BETWEEN_QUESTIONS: u32 = 4096;

/// Makes the tape of `text` and the node of the whole.
pub(super) fn build(text: String, go_on: GoOn<'_>) -> Result<(Tape, Node), DocumentError> {
    if text.len() > LONGEST {
        return Err(DocumentError::TooLarge { length: text.len(), most: LONGEST });
    }
    let stopped = Cell::new(false);
    let mut builder = Builder {
        text: &text,
        go_on,
        stopped: &stopped,
        until_question: VALUES_BETWEEN_QUESTIONS,
        decoded: String::new(),
        items: Vec::new(),
        members: Vec::new(),
        open_items: Vec::new(),
        open_members: Vec::new(),
    };
    let mut parser = serde_json::Deserializer::from_str(&text);
    // levels are counted here: the parser's own limit is lower
    parser.disable_recursion_limit();
    let root = Seed { builder: &mut builder, level: 0 }
        .deserialize(&mut parser)
        .and_then(|root| parser.end().map(|()| root));
    let root = root.map_err(|error| match stopped.get() {
        true => DocumentError::Stopped,
        false => DocumentError::Malformed { reason: error.to_string() },
    })?;
    let Builder { mut decoded, mut items, mut members, .. } = builder;
    decoded.shrink_to_fit();
    items.shrink_to_fit();
    members.shrink_to_fit();
    Ok((Tape::new(text, decoded, items, members), root))
}

struct Builder<'t> {
    text: &'t str,
    go_on: GoOn<'t>,
    stopped: &'t Cell<bool>,
    until_question: u32,
    decoded: String,
    items: Vec<Node>,
    members: Vec<Member>,
    /// What was found of the arrays and objects that are not closed yet.
    open_items: Vec<Node>,
    open_members: Vec<Member>,
}

impl Builder<'_> {
    fn count<E: Error>(&mut self) -> Result<(), E> {
        self.until_question -= 1;
        if self.until_question == 0 {
            self.until_question = VALUES_BETWEEN_QUESTIONS;
            if (self.go_on)().is_break() {
                self.stopped.set(true);
                return Err(E::custom("stopped"));
            }
        }
        Ok(())
    }

    /// Where a string lies that the parser found as it is in the text.
    fn borrowed<E: Error>(&self, found: &str) -> Result<Span, E> {
        let at = found.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        span(at, found.len())
    }

    fn decoded<E: Error>(&mut self, found: &str) -> Result<Span, E> {
        let at = self.text.len() + self.decoded.len();
        self.decoded.push_str(found);
        span(at, found.len())
    }

    fn close_array<E: Error>(&mut self, from: usize) -> Result<Node, E> {
        let at = self.items.len();
        self.items.extend(self.open_items.drain(from..));
        range(at, self.items.len()).map(Node::Array)
    }

    /// Sorts the members of an object by key; of equal keys the last one counts.
    fn close_object<E: Error>(&mut self, from: usize) -> Result<Node, E> {
        let at = self.members.len();
        let (text, decoded) = (self.text, &self.decoded);
        let key = |member: &Member| text_of(text, decoded, member.key);
        let found = &mut self.open_members[from..];
        // as most programs write them
        if !found.is_sorted_by(|a, b| key(a) < key(b)) {
            found.sort_by(|a, b| key(a).cmp(key(b)));
        }
        for member in self.open_members.drain(from..) {
            match self.members[at..].last_mut() {
                Some(last) if key(last) == key(&member) => *last = member,
                _ => self.members.push(member),
            }
        }
        range(at, self.members.len()).map(Node::Object)
    }
}

fn small<E: Error>(number: usize) -> Result<u32, E> {
    u32::try_from(number).map_err(|_| E::custom("too many values for one document"))
}

fn span<E: Error>(at: usize, length: usize) -> Result<Span, E> {
    Ok(Span { at: small(at)?, length: small(length)? })
}

fn range<E: Error>(at: usize, end: usize) -> Result<Range, E> {
    Ok(Range { at: small(at)?, length: small(end - at)? })
}

/// Stands for the next value of the text.
struct Seed<'b, 't> {
    builder: &'b mut Builder<'t>,
    level: usize,
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Node, D::Error> {
        self.builder.count()?;
        parser.deserialize_any(self)
    }
}

impl Seed<'_, '_> {
    fn below<E: Error>(&self) -> Result<usize, E> {
        match self.level < DEEPEST {
            true => Ok(self.level + 1),
            false => Err(E::custom(format!("more than {DEEPEST} levels of nesting"))),
        }
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = Node;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Node, E> {
        Ok(Node::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Integer(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Node, E> {
        #[allow(clippy::cast_precision_loss, reason = "as scripts get all such numbers")]
        Ok(i64::try_from(number).map_or(Node::Float(number as f64), Node::Integer))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Float(number))
    }

    fn visit_borrowed_str<E: Error>(self, found: &'de str) -> Result<Node, E> {
        self.builder.borrowed(found).map(Node::Text)
    }

    fn visit_str<E: Error>(self, found: &str) -> Result<Node, E> {
        self.builder.decoded(found).map(Node::Text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Node, A::Error> {
        let (level, from) = (self.below()?, self.builder.open_items.len());
        while let Some(node) = array.next_element_seed(Seed { builder: self.builder, level })? {
            self.builder.open_items.push(node);
        }
        self.builder.close_array(from)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Node, A::Error> {
        let (level, from) = (self.below()?, self.builder.open_members.len());
        while let Some(key) = object.next_key_seed(KeySeed(self.builder))? {
            let node = object.next_value_seed(Seed { builder: self.builder, level })?;
            self.builder.open_members.push(Member { key, node });
        }
        self.builder.close_object(from)
    }
}

/// Stands for the next key of an object.
struct KeySeed<'b, 't>(&'b mut Builder<'t>);

impl<'de> DeserializeSeed<'de> for KeySeed<'_, '_> {
    type Value = Span;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Span, D::Error> {
        parser.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed<'_, '_> {
    type Value = Span;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, found: &'de str) -> Result<Span, E> {
        self.0.borrowed(found)
    }

    fn visit_str<E: Error>(self, found: &str) -> Result<Span, E> {
        self.0.decoded(found)
    }
}
