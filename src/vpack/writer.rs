//! From values to bytes.

use crate::agency::value::{Object, Value};

use super::head::{self, LONGEST_HEAD, SHORT_STRING_MAX};

/// The bytes of a value.
///
/// Arrays whose members have equal size do without an index table, as do
/// objects with one attribute. A double that is not finite becomes null. Needs
/// stack in proportion to the nesting of the value.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut writer = Writer { bytes: Vec::new(), members: Vec::new() };
    writer.value(value);
    writer.bytes
}

struct Writer {
    bytes: Vec<u8>,
    /// Where the members begin of all arrays and objects that are open, those of
    /// the innermost last.
    members: Vec<usize>,
}

/// An array or object whose members are being written.
#[derive(Clone, Copy)]
struct Open {
    offset: usize,
    first_member: usize,
}

impl Writer {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.bytes.push(head::NULL),
            Value::Bool(false) => self.bytes.push(head::FALSE),
            Value::Bool(true) => self.bytes.push(head::TRUE),
            Value::Int(number) => self.int(*number),
            Value::UInt(number) => self.uint(*number),
            Value::Double(number) if number.is_finite() => {
                self.bytes.push(head::DOUBLE);
                self.bytes.extend_from_slice(&number.to_bits().to_le_bytes());
            }
            Value::Double(_) => self.bytes.push(head::NULL),
            Value::String(text) => self.text(text),
            Value::Array(elements) => self.array(elements),
            Value::Object(object) => self.object(object),
        }
    }

    fn int(&mut self, number: i64) {
        match u64::try_from(number) {
            Ok(number) => self.uint(number),
            Err(_) if number >= -6 => self.bytes.push(head::SMALL_NEGATIVE + (number + 6) as u8),
            Err(_) => {
                let unused = (number.leading_ones() as usize - 1) / 8;
                self.sized(head::INT, &number.to_le_bytes(), 8 - unused);
            }
        }
    }

    fn uint(&mut self, number: u64) {
        if number <= 9 {
            self.bytes.push(head::SMALL + number as u8);
        } else {
            let unused = number.leading_zeros() as usize / 8;
            self.sized(head::UINT, &number.to_le_bytes(), 8 - unused);
        }
    }

    /// A type whose first byte tells the size of what follows.
    fn sized(&mut self, first: u8, bytes: &[u8; 8], size: usize) {
        self.bytes.push(first + size as u8 - 1);
        self.bytes.extend(&bytes[..size]);
    }

    fn text(&mut self, text: &str) {
        if text.len() <= SHORT_STRING_MAX {
            self.bytes.push(head::STRING + text.len() as u8);
        } else {
            self.bytes.push(head::LONG_STRING);
            self.bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        }
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn array(&mut self, elements: &[Value]) {
        if elements.is_empty() {
            self.bytes.push(head::EMPTY_ARRAY);
            return;
        }
        let open = self.open();
        for element in elements {
            self.members.push(self.bytes.len());
            self.value(element);
        }
        if self.are_even(open) {
            self.close_plain(open);
        } else {
            self.close_indexed(open, head::INDEXED_ARRAY);
        }
    }

    fn object(&mut self, object: &Object) {
        if object.is_empty() {
            self.bytes.push(head::EMPTY_OBJECT);
            return;
        }
        let open = self.open();
        // The order of an object's keys is that of a sorted index table.
        for (name, value) in object.iter() {
            self.members.push(self.bytes.len());
            self.text(name);
            self.value(value);
        }
        if object.len() == 1 {
            self.close_compact(open, head::COMPACT_OBJECT);
        } else {
            self.close_indexed(open, head::SORTED_OBJECT);
        }
    }

    /// Begins an array or object, with room for the longest head.
    fn open(&mut self) -> Open {
        let offset = self.bytes.len();
        self.bytes.extend_from_slice(&[0; LONGEST_HEAD]);
        Open { offset, first_member: self.members.len() }
    }

    /// Whether all members have the same size.
    fn are_even(&self, open: Open) -> bool {
        let begins = &self.members[open.first_member..];
        let ends = begins.iter().skip(1).copied().chain(std::iter::once(self.bytes.len()));
        let mut sizes = begins.iter().zip(ends).map(|(begin, end)| end - begin);
        let first = sizes.next();
        sizes.all(|size| Some(size) == first)
    }

    /// Bytes of all members.
    fn content(&self, open: Open) -> usize {
        self.bytes.len() - open.offset - LONGEST_HEAD
    }

    fn close_plain(&mut self, open: Open) {
        let content = self.content(open);
        let (layout, width) = narrowest(|width| 1 + width + content);
        self.shorten_head(open, 1 + width);
        let length = self.bytes.len() - open.offset;
        self.bytes[open.offset] = head::ARRAY + layout;
        self.put(open.offset + 1, length, width);
        self.members.truncate(open.first_member);
    }

    fn close_indexed(&mut self, open: Open, first: u8) {
        let content = self.content(open);
        let count = self.members.len() - open.first_member;
        // With eight bytes the number of members stands at the end.
        let (layout, width) = narrowest(|width| 1 + 2 * width + content + count * width);
        let head = if width < 8 { 1 + 2 * width } else { 1 + width };
        let removed = self.shorten_head(open, head);
        for member in self.members.drain(open.first_member..) {
            let entry = (member - removed - open.offset) as u64;
            self.bytes.extend_from_slice(&entry.to_le_bytes()[..width]);
        }
        if width == 8 {
            self.bytes.extend_from_slice(&(count as u64).to_le_bytes());
        } else {
            self.put(open.offset + 1 + width, count, width);
        }
        let length = self.bytes.len() - open.offset;
        self.bytes[open.offset] = first + layout;
        self.put(open.offset + 1, length, width);
    }

    /// For one member.
    fn close_compact(&mut self, open: Open, head: u8) {
        let content = self.content(open);
        let length = |groups: usize| (1 + groups + content + 1) as u64;
        // The length in groups of seven bits; eight of them hold any.
        let groups = (1..8).find(|groups| length(*groups) >> (7 * groups) == 0).unwrap_or(8);
        self.shorten_head(open, 1 + groups);
        let mut rest = length(groups);
        self.bytes[open.offset] = head;
        for group in 1..=groups {
            let more = if group < groups { 0x80 } else { 0 };
            self.bytes[open.offset + group] = (rest & 0x7f) as u8 | more;
            rest >>= 7;
        }
        self.bytes.push(1);
        self.members.truncate(open.first_member);
    }

    /// Moves the members towards a head of `head` bytes; tells by how much.
    fn shorten_head(&mut self, open: Open, head: usize) -> usize {
        let removed = LONGEST_HEAD - head;
        if removed > 0 {
            self.bytes.copy_within(open.offset + LONGEST_HEAD.., open.offset + head);
            self.bytes.truncate(self.bytes.len() - removed);
        }
        removed
    }

    fn put(&mut self, at: usize, number: usize, width: usize) {
        self.bytes[at..at + width].copy_from_slice(&(number as u64).to_le_bytes()[..width]);
    }
}

/// The first of the four layouts that holds its own length, and its width.
fn narrowest(length: impl Fn(usize) -> usize) -> (u8, usize) {
    let fits = |width: &usize| (length(*width) as u64) >> (8 * width) == 0;
    [1, 2, 4].into_iter().enumerate().find(|(_, w)| fits(w)).map_or((3, 8), |(n, w)| (n as u8, w))
}
