//! Large JSON values that stay text: parsed once, read in parts.
//!
//! A [`Document`] keeps the text it was made of and an index over it, the tape: 16 bytes for each
//! value, 24 for each member of an object. Nothing else is made until somebody asks for it.
//! Cloning one, or taking a part, copies a pointer.
//!
//! * `tape`: text and index
//! * `build`: from text to tape, with serde_json as the parser
//! * `compare`: equality
//! * `convert`: to and from other forms of JSON

mod build;
mod compare;
mod convert;
mod tape;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;

use tape::{Node, Tape};

/// How deep arrays and objects may nest. Agents take values of up to 200 levels, at paths of any
/// length; this many fit into the stack of any thread.
pub const DEEPEST: usize = 500;

/// Asked now and then during long work; `Break` ends it.
pub type GoOn<'a> = &'a dyn Fn() -> ControlFlow<()>;

/// Why a text is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The text is no JSON, or has something behind the value.
    #[error("{reason}")]
    Malformed {
        /// What the parser says, with line and column.
        reason: String,
    },
    /// The text is not UTF-8.
    #[error("not UTF-8 from byte {at} on")]
    NotUtf8 {
        /// Bytes before the first that is wrong.
        at: usize,
    },
    /// The index has no numbers for positions in such a long text.
    #[error("{length} bytes are more than the {most} that a document may have")]
    TooLarge {
        /// Bytes of the text.
        length: usize,
        /// The greatest length.
        most: usize,
    },
    /// Whoever asked for it wants no document any more.
    #[error("stopped")]
    Stopped,
}

/// A JSON value, or a part of one, that is read in place.
#[derive(Debug, Clone)]
pub struct Document {
    tape: Arc<Tape>,
    node: Node,
}

/// What a [`Document`] is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum View<'a> {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits into 64 bits with a sign.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(&'a str),
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Document {
    /// Reads a text; of several members with the same key the last one counts.
    ///
    /// # Errors
    /// [`DocumentError`]; `Stopped` when `go_on` says so.
    pub fn parse(text: String, go_on: GoOn<'_>) -> Result<Self, DocumentError> {
        build::build(text, go_on).map(|(tape, node)| Self { tape: Arc::new(tape), node })
    }

    /// Reads a text given as bytes, in place.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn from_bytes(bytes: Vec<u8>, go_on: GoOn<'_>) -> Result<Self, DocumentError> {
        let text = String::from_utf8(bytes)
            .map_err(|error| DocumentError::NotUtf8 { at: error.utf8_error().valid_up_to() })?;
        Self::parse(text, go_on)
    }

    /// What it is, and the value of what has no parts.
    pub fn view(&self) -> View<'_> {
        match self.node {
            Node::Null => View::Null,
            Node::Bool(flag) => View::Bool(flag),
            Node::Integer(number) => View::Integer(number),
            Node::Float(number) => View::Float(number),
            Node::Text(span) => View::Text(self.tape.text(span)),
            Node::Array(_) => View::Array,
            Node::Object(_) => View::Object,
        }
    }

    /// Whether it has parts.
    pub fn is_container(&self) -> bool {
        matches!(self.node, Node::Array(_) | Node::Object(_))
    }

    /// The number of elements or members; `None` for what has no parts.
    pub fn len(&self) -> Option<usize> {
        match self.node {
            Node::Array(range) | Node::Object(range) => Some(range.len()),
            _ => None,
        }
    }

    /// Whether it is an array or an object without anything in it.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The element of an array at `index`, from 0.
    pub fn item(&self, index: usize) -> Option<Self> {
        let Node::Array(range) = self.node else { return None };
        self.tape.items(range).get(index).map(|node| self.part(*node))
    }

    /// The member of an object.
    pub fn member(&self, key: &str) -> Option<Self> {
        let Node::Object(range) = self.node else { return None };
        self.tape.find(range, key).map(|node| self.part(node))
    }

    /// The part that a path leads to; the steps of arrays are numbers.
    pub fn at<'s>(&self, path: impl IntoIterator<Item = &'s str>) -> Option<Self> {
        path.into_iter().try_fold(self.clone(), |part, step| match part.node {
            Node::Array(_) => part.item(step.parse().ok()?),
            _ => part.member(step),
        })
    }

    /// The keys of an object, sorted; nothing for anything else.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.members().iter().map(|member| self.tape.text(member.key))
    }

    /// The elements of an array, or the values of an object in the order of its keys.
    pub fn part_at(&self, place: usize) -> Option<Self> {
        match self.node {
            Node::Object(_) => self.members().get(place).map(|member| self.part(member.node)),
            _ => self.item(place),
        }
    }

    /// The key of an object's member at a place of the order of its keys.
    pub fn key_at(&self, place: usize) -> Option<&str> {
        self.members().get(place).map(|member| self.tape.text(member.key))
    }

    /// Length of the text that the whole document was made of, in bytes.
    pub fn text_len(&self) -> usize {
        self.tape.text_len()
    }

    /// Whether both are the same part of the same document.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.tape, &other.tape) && self.node == other.node
    }

    fn members(&self) -> &[tape::Member] {
        match self.node {
            Node::Object(range) => self.tape.members(range),
            _ => &[],
        }
    }

    fn part(&self, node: Node) -> Self {
        Self { tape: Arc::clone(&self.tape), node }
    }
}
