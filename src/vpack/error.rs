//! Why bytes are no VelocyPack value with a JSON form.

use std::sync::Arc;

use super::head;

/// What is wrong, and where: `offset` counts bytes from 0, and `head` is the
/// first byte of the value there, which tells its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VpackError {
    /// A value goes on beyond the input or beyond the array or object it is in.
    #[error("{} at offset {offset} is cut off", head::describe(*head))]
    Truncated {
        /// Where the value begins.
        offset: usize,
        /// Its first byte; `None` where a value has no byte at all.
        head: Option<u8>,
    },
    /// More bytes follow the value.
    #[error("the value ends at offset {offset}, but there is more")]
    Trailing {
        /// Where the value ends.
        offset: usize,
    },
    /// A type without a JSON form, or none at all.
    #[error("{} at offset {offset} has no JSON form", head::describe(Some(*head)))]
    NoJsonForm {
        /// Where the value begins.
        offset: usize,
        /// Its first byte.
        head: u8,
    },
    /// The members of an array or object do not fill the length it states, or
    /// have different sizes where there is no index table.
    #[error("{} at offset {offset} states a length that its members do not have", head::describe(Some(*head)))]
    WrongLength {
        /// Where the value begins.
        offset: usize,
        /// Its first byte.
        head: u8,
    },
    /// An array or object states a number of members that it does not have.
    #[error("{} at offset {offset} states a number of members that it does not have", head::describe(Some(*head)))]
    WrongCount {
        /// Where the value begins.
        offset: usize,
        /// Its first byte.
        head: u8,
    },
    /// An index table does not list the members.
    #[error("the index table of {} at offset {offset} does not list its members", head::describe(Some(*head)))]
    WrongIndex {
        /// Where the value begins.
        offset: usize,
        /// Its first byte.
        head: u8,
    },
    /// An attribute name is neither a string nor one of the numbers that stand
    /// for names.
    #[error("{} at offset {offset} is no attribute name", head::describe(Some(*head)))]
    WrongName {
        /// Where the name begins.
        offset: usize,
        /// Its first byte.
        head: u8,
    },
    /// An object has the same attribute twice.
    #[error("the object at offset {offset} has more than one attribute \"{name}\"")]
    DuplicateName {
        /// Where the object begins.
        offset: usize,
        /// The name.
        name: Arc<str>,
    },
    /// A string is not UTF-8.
    #[error("the string at offset {offset} is not UTF-8")]
    NotUtf8 {
        /// Where the string begins.
        offset: usize,
    },
    /// Arrays and objects nest deeper than the limit.
    #[error("too deep nesting in {} at offset {offset}", head::describe(Some(*head)))]
    TooDeep {
        /// Where the value begins that would be one level too deep.
        offset: usize,
        /// Its first byte.
        head: u8,
    },
}

impl VpackError {
    /// The stable kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "vpack.truncated",
            Self::Trailing { .. } => "vpack.trailing",
            Self::NoJsonForm { .. } => "vpack.no_json_form",
            Self::WrongLength { .. } => "vpack.wrong_length",
            Self::WrongCount { .. } => "vpack.wrong_count",
            Self::WrongIndex { .. } => "vpack.wrong_index",
            Self::WrongName { .. } => "vpack.wrong_name",
            Self::DuplicateName { .. } => "vpack.duplicate_name",
            Self::NotUtf8 { .. } => "vpack.not_utf8",
            Self::TooDeep { .. } => "vpack.too_deep",
        }
    }
}
