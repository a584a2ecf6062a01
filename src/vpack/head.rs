//! The first byte of a value, which tells its type and layout.

pub(super) const EMPTY_ARRAY: u8 = 0x01;
/// Arrays of members of equal size; the four widths of a length follow on each
/// other, as below.
pub(super) const ARRAY: u8 = 0x02;
pub(super) const INDEXED_ARRAY: u8 = 0x06;
pub(super) const EMPTY_OBJECT: u8 = 0x0a;
pub(super) const SORTED_OBJECT: u8 = 0x0b;
pub(super) const UNSORTED_OBJECT: u8 = 0x0f;
pub(super) const COMPACT_ARRAY: u8 = 0x13;
pub(super) const COMPACT_OBJECT: u8 = 0x14;
pub(super) const NULL: u8 = 0x18;
pub(super) const FALSE: u8 = 0x19;
pub(super) const TRUE: u8 = 0x1a;
pub(super) const DOUBLE: u8 = 0x1b;
pub(super) const DATE: u8 = 0x1c;
/// Integers of one byte; those of two to eight bytes follow.
pub(super) const INT: u8 = 0x20;
pub(super) const UINT: u8 = 0x28;
/// 0; 1 to 9 follow.
pub(super) const SMALL: u8 = 0x30;
/// -6; -5 to -1 follow.
pub(super) const SMALL_NEGATIVE: u8 = 0x3a;
/// The empty string; strings of up to [`SHORT_STRING_MAX`] bytes follow.
pub(super) const STRING: u8 = 0x40;
pub(super) const LONG_STRING: u8 = 0xbf;
pub(super) const SHORT_STRING_MAX: usize = 126;

/// Where the members of a padded array or object begin; what stands before is
/// the longest head.
pub(super) const LONGEST_HEAD: usize = 9;

/// The type and layout of a value that has a JSON form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    EmptyArray,
    EmptyObject,
    /// Members of equal size without index table; bytes of the length.
    Array(usize),
    /// Bytes of the length, of the number of members, and of an index entry.
    IndexedArray(usize),
    IndexedObject(usize),
    CompactArray,
    CompactObject,
    Null,
    Bool(bool),
    Double,
    Date,
    /// Bytes of the number.
    Int(usize),
    UInt(usize),
    /// The number itself.
    Small(i64),
    /// Bytes of the text.
    String(usize),
    LongString,
}

impl Head {
    /// What a first byte says; nothing if the type has no JSON form.
    pub(super) fn of(byte: u8) -> Option<Self> {
        // The width of the `n`th of four layouts that differ in it alone.
        let width = |first: u8| 1 << (byte - first);
        let size = |first: u8| usize::from(byte - first) + 1;
        Some(match byte {
            EMPTY_ARRAY => Self::EmptyArray,
            ARRAY..=0x05 => Self::Array(width(ARRAY)),
            INDEXED_ARRAY..=0x09 => Self::IndexedArray(width(INDEXED_ARRAY)),
            EMPTY_OBJECT => Self::EmptyObject,
            SORTED_OBJECT..=0x0e => Self::IndexedObject(width(SORTED_OBJECT)),
            UNSORTED_OBJECT..=0x12 => Self::IndexedObject(width(UNSORTED_OBJECT)),
            COMPACT_ARRAY => Self::CompactArray,
            COMPACT_OBJECT => Self::CompactObject,
            NULL => Self::Null,
            FALSE => Self::Bool(false),
            TRUE => Self::Bool(true),
            DOUBLE => Self::Double,
            DATE => Self::Date,
            INT..=0x27 => Self::Int(size(INT)),
            UINT..=0x2f => Self::UInt(size(UINT)),
            SMALL..=0x39 => Self::Small(i64::from(byte - SMALL)),
            SMALL_NEGATIVE..=0x3f => Self::Small(i64::from(byte) - 0x40),
            STRING..=0xbe => Self::String(usize::from(byte - STRING)),
            LONG_STRING => Self::LongString,
            _ => return None,
        })
    }
}

/// The attribute name that a number stands for.
pub(super) fn translate(number: u64) -> Option<&'static str> {
    match number {
        1 => Some("_key"),
        2 => Some("_rev"),
        3 => Some("_id"),
        4 => Some("_from"),
        5 => Some("_to"),
        _ => None,
    }
}

/// Words for a value by its first byte.
pub(super) fn describe(byte: Option<u8>) -> String {
    let Some(byte) = byte else { return "a value".to_owned() };
    let name = match byte {
        0x00 => "nothing",
        EMPTY_ARRAY..=0x09 | COMPACT_ARRAY => "an array",
        EMPTY_OBJECT..=0x12 | COMPACT_OBJECT => "an object",
        0x17 => "an illegal value",
        NULL => "a null",
        FALSE | TRUE => "a boolean",
        DOUBLE => "a double",
        DATE => "a date",
        0x1d => "an external value",
        0x1e => "the smallest key",
        0x1f => "the greatest key",
        INT..=0x3f => "an integer",
        STRING..=LONG_STRING => "a string",
        0xc0..=0xc7 => "binary data",
        0xc8..=0xd7 => "a packed decimal",
        0xee | 0xef => "a tagged value",
        0xf0..=0xff => "a custom type",
        _ => "a reserved type",
    };
    format!("{name} (type 0x{byte:02x})")
}
