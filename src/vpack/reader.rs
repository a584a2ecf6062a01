//! From bytes to values.

use std::sync::Arc;

use crate::agency::intern::intern;
use crate::agency::value::{Object, Value};

use super::error::VpackError;
use super::head::{self, Head, LONGEST_HEAD};

/// Deepest nesting of arrays and objects, as in JSON.
const MAX_DEPTH: usize = 200;

/// Members for which room is made before they are seen; a number that the input
/// states is no reason to allocate more.
const FORESEEN: usize = 64;

/// Reads one value, which has to be all there is.
///
/// # Errors
/// A value that is cut off or inconsistent, has an attribute twice, nests deeper
/// than 200 levels, contains a type without a JSON form or a string that is not
/// UTF-8; bytes after the value.
pub fn decode(bytes: &[u8]) -> Result<Value, VpackError> {
    let mut reader = Reader { bytes, at: 0, depth: 0 };
    let value = reader.value(bytes.len())?;
    if reader.at < bytes.len() {
        return Err(VpackError::Trailing { offset: reader.at });
    }
    Ok(value)
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// The next byte.
    at: usize,
    /// The arrays and objects around it.
    depth: usize,
}

/// A value that is being read.
#[derive(Clone, Copy)]
struct Spot {
    offset: usize,
    head: u8,
}

impl Spot {
    fn truncated(self) -> VpackError {
        VpackError::Truncated { offset: self.offset, head: Some(self.head) }
    }

    fn wrong_length(self) -> VpackError {
        VpackError::WrongLength { offset: self.offset, head: self.head }
    }

    fn wrong_count(self) -> VpackError {
        VpackError::WrongCount { offset: self.offset, head: self.head }
    }

    fn wrong_index(self) -> VpackError {
        VpackError::WrongIndex { offset: self.offset, head: self.head }
    }

    fn is_object(self) -> bool {
        matches!(Head::of(self.head), Some(Head::IndexedObject(_)))
    }
}

/// Where the parts of an array or object are; offsets from the start of the
/// input, ends exclusive.
struct Layout {
    spot: Spot,
    /// How many members there are; `None` if as many as fit.
    count: Option<usize>,
    /// The members and, if they have one, their index table.
    body_end: usize,
    /// Bytes of an entry of the index table; 0 without one.
    entry: usize,
    /// The whole.
    end: usize,
}

impl Layout {
    /// Where the members end. A single member may do without an index table, so
    /// that only reading it tells.
    fn members_end(&self) -> Result<usize, VpackError> {
        match self.count {
            Some(count) if count > 1 => {
                let table = count.checked_mul(self.entry);
                let end = table.and_then(|table| self.body_end.checked_sub(table));
                end.ok_or_else(|| self.spot.wrong_count())
            }
            _ => Ok(self.body_end),
        }
    }
}

impl<'a> Reader<'a> {
    /// Reads the value that begins here and ends at `end` at the latest.
    fn value(&mut self, end: usize) -> Result<Value, VpackError> {
        let spot = self.spot(end)?;
        let Some(head) = Head::of(spot.head) else {
            return Err(VpackError::NoJsonForm { offset: spot.offset, head: spot.head });
        };
        match head {
            Head::EmptyArray => self.nested(spot, |_| Ok(Value::from(Vec::new()))),
            Head::EmptyObject => self.nested(spot, |_| Ok(Value::Object(Object::new()))),
            Head::Null => Ok(Value::Null),
            Head::Bool(flag) => Ok(Value::Bool(flag)),
            Head::Small(number) => Ok(Value::Int(number)),
            Head::Int(size) => Ok(Value::Int(self.int(spot, size, end)?)),
            Head::UInt(size) => Ok(self.uint(spot, size, end)?.into()),
            Head::Date => Ok(Value::Int(self.int(spot, 8, end)?)),
            Head::Double => {
                let double = f64::from_bits(self.uint(spot, 8, end)?);
                Ok(if double.is_finite() { Value::Double(double) } else { Value::Null })
            }
            Head::String(length) => Ok(self.text(spot, length, end)?.into()),
            Head::LongString => Ok(self.long_text(spot, end)?.into()),
            Head::Array(width) => {
                let layout = self.plain(spot, width, end)?;
                self.nested(spot, |reader| reader.array(&layout))
            }
            Head::IndexedArray(width) => {
                let layout = self.indexed(spot, width, end)?;
                self.nested(spot, |reader| reader.array(&layout))
            }
            Head::CompactArray => {
                let layout = self.compact(spot, end)?;
                self.nested(spot, |reader| reader.array(&layout))
            }
            Head::IndexedObject(width) => {
                let layout = self.indexed(spot, width, end)?;
                self.nested(spot, |reader| reader.object(&layout))
            }
            Head::CompactObject => {
                let layout = self.compact(spot, end)?;
                self.nested(spot, |reader| reader.object(&layout))
            }
        }
    }

    /// Takes the first byte of a value.
    fn spot(&mut self, end: usize) -> Result<Spot, VpackError> {
        let offset = self.at;
        match self.bytes.get(offset) {
            Some(head) if offset < end => {
                self.at += 1;
                Ok(Spot { offset, head: *head })
            }
            _ => Err(VpackError::Truncated { offset, head: None }),
        }
    }

    fn take(&mut self, spot: Spot, length: usize, end: usize) -> Result<&'a [u8], VpackError> {
        if length > end.saturating_sub(self.at) {
            return Err(spot.truncated());
        }
        let bytes = self.bytes.get(self.at..self.at + length).ok_or_else(|| spot.truncated())?;
        self.at += length;
        Ok(bytes)
    }

    /// An integer without sign of up to eight bytes, the lowest first.
    fn uint(&mut self, spot: Spot, size: usize, end: usize) -> Result<u64, VpackError> {
        let bytes = self.take(spot, size, end)?;
        Ok(little_endian(bytes))
    }

    fn int(&mut self, spot: Spot, size: usize, end: usize) -> Result<i64, VpackError> {
        let unused = 64 - 8 * size as u32;
        // The shifts spread the sign over the bytes that are not there.
        Ok((self.uint(spot, size, end)? << unused) as i64 >> unused)
    }

    /// A length or count that has to fit into memory.
    fn size(&mut self, spot: Spot, width: usize, end: usize) -> Result<usize, VpackError> {
        usize::try_from(self.uint(spot, width, end)?).map_err(|_| spot.truncated())
    }

    fn text(&mut self, spot: Spot, length: usize, end: usize) -> Result<&'a str, VpackError> {
        let bytes = self.take(spot, length, end)?;
        std::str::from_utf8(bytes).map_err(|_| VpackError::NotUtf8 { offset: spot.offset })
    }

    fn long_text(&mut self, spot: Spot, end: usize) -> Result<&'a str, VpackError> {
        let length = self.size(spot, 8, end)?;
        self.text(spot, length, end)
    }

    /// An attribute name.
    fn name(&mut self, end: usize) -> Result<Arc<str>, VpackError> {
        let spot = self.spot(end)?;
        let number = match Head::of(spot.head) {
            Some(Head::String(length)) => return Ok(intern(self.text(spot, length, end)?)),
            Some(Head::LongString) => return Ok(intern(self.long_text(spot, end)?)),
            Some(Head::Small(number)) => u64::try_from(number).ok(),
            Some(Head::UInt(size)) => Some(self.uint(spot, size, end)?),
            _ => None,
        };
        let name = number.and_then(head::translate);
        name.map(Into::into).ok_or(VpackError::WrongName { offset: spot.offset, head: spot.head })
    }

    /// Reads the members of an array or object.
    fn nested(
        &mut self,
        spot: Spot,
        members: impl FnOnce(&mut Self) -> Result<Value, VpackError>,
    ) -> Result<Value, VpackError> {
        if self.depth == MAX_DEPTH {
            return Err(VpackError::TooDeep { offset: spot.offset, head: spot.head });
        }
        self.depth += 1;
        let value = members(self)?;
        self.depth -= 1;
        Ok(value)
    }

    /// Where a value ends by the length it states.
    fn stated_end(&self, spot: Spot, length: usize, end: usize) -> Result<usize, VpackError> {
        match spot.offset.checked_add(length) {
            Some(stated) if stated > end => Err(spot.truncated()),
            Some(stated) if stated > self.at => Ok(stated),
            Some(_) => Err(spot.wrong_length()),
            None => Err(spot.truncated()),
        }
    }

    /// Head, length, padding, members.
    fn plain(&mut self, spot: Spot, width: usize, end: usize) -> Result<Layout, VpackError> {
        let length = self.size(spot, width, end)?;
        let end = self.stated_end(spot, length, end)?;
        self.skip_padding(spot, end);
        Ok(Layout { spot, count: None, body_end: end, entry: 0, end })
    }

    /// Head, length, number of members, padding, members, index table. With
    /// eight bytes for each number, the number of members stands at the end.
    fn indexed(&mut self, spot: Spot, width: usize, end: usize) -> Result<Layout, VpackError> {
        let length = self.size(spot, width, end)?;
        let end = self.stated_end(spot, length, end)?;
        let (count, body_end) = if width < 8 {
            (self.size(spot, width, end)?, end)
        } else {
            let body_end = end - 8;
            if body_end < self.at {
                return Err(spot.wrong_length());
            }
            let begin = std::mem::replace(&mut self.at, body_end);
            let count = self.size(spot, width, end)?;
            self.at = begin;
            (count, body_end)
        };
        self.skip_padding(spot, body_end);
        self.counted(Layout { spot, count: Some(count), body_end, entry: width, end })
    }

    /// Head, length, members, number of members; the numbers in as few groups
    /// of seven bits as they need, the second one backwards.
    fn compact(&mut self, spot: Spot, end: usize) -> Result<Layout, VpackError> {
        let length = self.groups(spot, end, |at| Some(at + 1))?;
        let end = self.stated_end(spot, length, end)?;
        let begin = std::mem::replace(&mut self.at, end - 1);
        let count = self.groups(spot, end, |at| (at > begin).then(|| at - 1))?;
        // One byte further back than the number.
        let body_end = std::mem::replace(&mut self.at, begin) + 1;
        self.counted(Layout { spot, count: Some(count), body_end, entry: 0, end })
    }

    /// A number in groups of seven bits, the lowest first; the eighth bit says
    /// that another one follows. `next` tells where.
    fn groups(
        &mut self,
        spot: Spot,
        end: usize,
        next: impl Fn(usize) -> Option<usize>,
    ) -> Result<usize, VpackError> {
        let mut number = 0_u64;
        for shift in (0..=56).step_by(7) {
            let byte = match self.bytes.get(self.at) {
                Some(byte) if self.at < end => *byte,
                _ => return Err(spot.truncated()),
            };
            self.at = next(self.at).ok_or_else(|| spot.wrong_length())?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(number).map_err(|_| spot.truncated());
            }
        }
        // More than 63 bits.
        Err(spot.truncated())
    }

    /// Checks that so many members, of one byte at least, can be there.
    fn counted(&self, layout: Layout) -> Result<Layout, VpackError> {
        let room = layout.members_end()?.saturating_sub(self.at);
        match layout.count {
            Some(count) if count == 0 || count > room => Err(layout.spot.wrong_count()),
            _ => Ok(layout),
        }
    }

    /// No value begins with a zero byte, so those after a short head fill it up.
    fn skip_padding(&mut self, spot: Spot, end: usize) {
        let end = end.min(spot.offset + LONGEST_HEAD);
        while self.at < end && self.bytes.get(self.at) == Some(&0) {
            self.at += 1;
        }
    }

    fn array(&mut self, layout: &Layout) -> Result<Value, VpackError> {
        let mut elements = Vec::with_capacity(layout.count.unwrap_or(0).min(FORESEEN));
        self.members(layout, |reader, end| {
            elements.push(reader.value(end)?);
            Ok(())
        })?;
        Ok(elements.into())
    }

    fn object(&mut self, layout: &Layout) -> Result<Value, VpackError> {
        let mut children = Vec::with_capacity(layout.count.unwrap_or(0).min(FORESEEN));
        self.members(layout, |reader, end| {
            let name = reader.name(end)?;
            children.push((name, reader.value(end)?));
            Ok(())
        })?;
        Object::from_unique(children)
            .map(Value::Object)
            .map_err(|name| VpackError::DuplicateName { offset: layout.spot.offset, name })
    }

    /// Reads member after member and checks that they are what the head and the
    /// index table say.
    fn members(
        &mut self,
        layout: &Layout,
        mut member: impl FnMut(&mut Self, usize) -> Result<(), VpackError>,
    ) -> Result<(), VpackError> {
        let Layout { spot, count, entry, .. } = *layout;
        let members_end = layout.members_end()?;
        let mut offsets = Vec::new();
        match count {
            None => {
                let begin = self.at;
                member(self, members_end)?;
                let size = self.at - begin;
                while self.at < members_end {
                    let begin = self.at;
                    member(self, members_end)?;
                    if self.at - begin != size {
                        return Err(spot.wrong_length());
                    }
                }
            }
            Some(count) => {
                for _ in 0..count {
                    if self.at == members_end {
                        return Err(spot.wrong_count());
                    }
                    if entry > 0 {
                        offsets.push((self.at - spot.offset) as u64);
                    }
                    member(self, members_end)?;
                }
            }
        }
        let table = self.take(spot, layout.body_end - self.at, layout.body_end)?;
        self.at = layout.end;
        match table {
            // One member is found without a table.
            [] if entry == 0 || count == Some(1) => Ok(()),
            _ if entry == 0 || table.len() != offsets.len() * entry => Err(spot.wrong_count()),
            _ if lists(table, entry, &offsets, spot.is_object()) => Ok(()),
            _ => Err(spot.wrong_index()),
        }
    }
}

/// Whether an index table has one entry for each member: those of arrays in
/// order, those of objects in any order, since readers differ in what they take
/// for sorted.
fn lists(table: &[u8], entry: usize, offsets: &[u64], is_object: bool) -> bool {
    let entries = table.chunks_exact(entry).map(little_endian);
    if entries.clone().eq(offsets.iter().copied()) {
        return true;
    }
    let mut sorted: Vec<u64> = entries.collect();
    sorted.sort_unstable();
    is_object && sorted == offsets
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
