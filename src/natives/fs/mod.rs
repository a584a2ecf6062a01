//! `fs`: files, directories and paths.
//!
//! One file a group of natives; what they do on the disk is in `disk`.

mod access;
pub(super) mod archives;
pub(super) mod directories;
mod disk;
pub(super) mod entries;
pub(super) mod looking;
pub(super) mod path_parts;
mod paths;
pub(super) mod reading;
pub(super) mod rows;
pub(super) mod temporary;
pub(super) mod writing;

pub(super) use access::{at, entry, to_write};
pub(super) use disk::{Staged, failed};
pub(super) use reading::read;
pub use temporary::TempDirectory;
