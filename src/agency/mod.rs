//! Values and wire types of the agency; no I/O.

pub mod de;
pub mod entry;
pub mod instant;
pub(crate) mod intern;
pub mod json;
mod object;
pub mod path;
pub mod value;
