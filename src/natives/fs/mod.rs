//! `fs`: files, directories and paths.
//!
//! One file a group of natives; what they do on the disk is in `files`.

mod access;
pub(super) mod directories;
pub(super) mod entries;
mod files;
pub(super) mod looking;
pub(super) mod path_parts;
mod paths;
pub(super) mod reading;
pub(super) mod temporary;
pub(super) mod writing;

pub use temporary::TempDirectory;
