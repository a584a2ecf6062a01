//! VelocyPack, the binary form of JSON values that ArangoDB's servers and
//! drivers speak.
//!
//! [`decode`] reads every layout that the format knows: packed and padded
//! heads, index tables of every width, sorted or not, and the compact forms.
//! It trusts nothing: a value whose lengths, counts, index tables or names do
//! not fit is refused, and neither time nor memory exceed a small multiple of
//! the input's size.
//!
//! What has no JSON form is refused as well: binary data, packed decimals,
//! tagged values, custom types, pointers to other memory, and the smallest and
//! greatest key. Two types get one: a date becomes its milliseconds since 1970,
//! a double that is not finite becomes null.
//!
//! [`encode`] writes the shortest integers, keeps whole doubles doubles, spells
//! out attribute names, and gives objects a sorted index table, so that readers
//! find an attribute without a walk over all of them.
//!
//! ```
//! use agencysh::agency::value::Value;
//! use agencysh::vpack;
//!
//! let value = Value::from(vec![Value::Int(1), Value::Double(1.0)]);
//! let bytes = vpack::encode(&value);
//! assert_eq!(vpack::decode(&bytes), Ok(value));
//! ```

mod error;
mod head;
mod reader;
mod writer;

#[cfg(test)]
mod tests;

pub use error::VpackError;
pub use reader::decode;
pub use writer::encode;
